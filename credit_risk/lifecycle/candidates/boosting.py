"""Monotone boosting on every classed predictor, constrained by the classing's trends."""

from __future__ import annotations

from dataclasses import replace

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import key_values, table
from credit_risk.lifecycle.candidates.fields import derivations, feature_frame, read_inputs, taken_names
from credit_risk.lifecycle.candidates.training import Candidate, FitContext, Training
from credit_risk.models.assemble import boosting_features, boosting_steps, document, value_names
from credit_risk.models.boosting import fit_boosting, parameter_items
from credit_risk.models.monotonicity import monotonicity_frame
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.plan import Plan
from credit_risk.scoring import compile_model


def fit_monotone_boosting(spec: MonotoneBoostingSpec, context: FitContext) -> Candidate:
    """Monotone boosting on every classed predictor, constrained by the classing's trends."""
    training = boosting_training(context.plan, context.training)
    names = list(training.tables)
    derived, inputs = derivations(names, training), read_inputs(names, training)
    taken = taken_names(inputs, derived)
    values, probability_from = value_names(taken), context.plan.scaling.probability_from
    preparation, features, constraints = boosting_features(training.tables, taken)
    matrix = feature_frame(training.frame, inputs, [*derived, *preparation], features)
    fit = fit_boosting(matrix, training.y, constraints, spec, weights=training.weights)
    outputs = {
        "linear_score": values.linear_score if probability_from == "unrounded" else values.linear_score_of_points,
        "probability": values.probability,
        "score": values.score,
        "grade": None,
        "reasons": None,
    }
    steps = [*derived, *boosting_steps(fit, preparation, training.scaling, values, probability_from=probability_from)]
    model = document(context.identity(spec), "monotone_boosting", inputs, steps, outputs)
    evidence = (
        key_values("boosting.parameters.{model}", dict(parameter_items(fit)), parameter=spec.id),
        table("boosting.importance.{model}", fit.importance, parameter=spec.id),
        table(
            "boosting.monotonicity.{model}",
            monotonicity_frame(fit.trees, fit.features, fit.constraints),
            parameter=spec.id,
        ),
    )
    compiled = compile_model(model)
    return Candidate(spec.id, spec.type, model, compiled, evidence, tuple(names), values.linear_score, boosting=fit)


def boosting_training(plan: Plan, training: Training) -> Training:
    """What boosting may use: what the plan includes, and what is neither excluded by it, nor suspected to know the

    outcome, nor left without a trend by classing, which leaves it one weight of evidence only.
    """
    limits = plan.selection
    kept = {
        name: table
        for name, table in training.tables.items()
        if name in limits.included
        or (name not in limits.excluded and table.fine_gini <= limits.max_gini and table.information_value > 0)
    }
    if not kept:
        remedy = "add predictors, or name one in selection.include"
        message = "no characteristic is left for boosting after classing and the screen for leakage"
        raise ModelError(Fault(message, code="nothing_selected", path="selection", remedy=remedy))
    return replace(training, tables=kept)
