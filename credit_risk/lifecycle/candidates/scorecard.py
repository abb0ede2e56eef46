"""The scorecard of the selected characteristics: coefficients, points, reasons, model.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Evidence, absent, key_values, table
from credit_risk.binning.report import gini_of_bins
from credit_risk.lifecycle.candidates.fields import derivations, read_inputs, taken_names
from credit_risk.lifecycle.candidates.reasons import refuse_untold, scorecard_reasons
from credit_risk.lifecycle.candidates.training import SNAPSHOT, Asked, Candidate, FitContext, Floats, Training
from credit_risk.models.assemble import document, scorecard_steps, value_names
from credit_risk.models.constraints import CONDITIONAL, constraints_frame
from credit_risk.models.covariance import chosen_covariance
from credit_risk.models.covariance_told import covariance_items, covariance_notes
from credit_risk.models.logistic import LogisticFit, coefficient_frame, correlation_frame, fit_frame, with_profile
from credit_risk.models.separation import bin_labels
from credit_risk.models.spec import ScorecardSpec
from credit_risk.plan import Plan
from credit_risk.scaling.points import Scaling, bounds_frame, points_frame, points_table
from credit_risk.scaling.rounding import rounding_row
from credit_risk.scoring import compile_model
from credit_risk.selection.waterfall import Screened, Selection, select_characteristics


def fit_scorecard(spec: ScorecardSpec, context: FitContext) -> Candidate:
    """The scorecard of the selected characteristics: coefficients, points, reasons, model.json."""
    selection = context.selection(asked_by(spec, context.training))
    return replace(scorecard_of(spec, context, selection, context.model_file(spec)), selection=selection)


def scorecard_of(spec: ScorecardSpec, context: FitContext, selection: Selection, file: str) -> Candidate:
    """The scorecard of a selection that is made. file: of the package, where its model stands."""
    plan, training = context.plan, context.training
    names = selection.selected
    tables = {name: training.tables[name] for name in names}
    ids = {name: tables[name].assign(training.frame[name].to_numpy()) for name in names}
    woe = np.column_stack([tables[name].result.woe[ids[name]] for name in names])
    fit = selection.fit
    if spec.interval == "profile":
        fit = with_profile(fit, woe, training.y, weights=training.weights, confidence=spec.confidence)
    points = points_table(fit.intercept, {n: fit.coefficient(n) for n in names}, tables, training.scaling)
    reasons = scorecard_reasons(plan, training, points, ids)
    if spec.champion:
        refuse_untold(plan, spec.id, reasons)
    probability_from = plan.scaling.probability_from
    derived, inputs = derivations(names, training), read_inputs(names, training)
    values = value_names(taken_names(inputs, derived))
    steps = scorecard_steps(fit, tables, points, values, probability_from=probability_from)
    outputs = {
        "linear_score": values.linear_score if probability_from == "unrounded" else values.linear_score_of_points,
        "probability": values.probability,
        "score": values.score,
        "grade": None,
        "reasons": values.reasons,
    }
    model = document(
        context.identity(spec), "scorecard", inputs, [*derived, *steps, *reasons.steps(values.reasons)], outputs
    )
    notes = covariance_notes(fit, spec.confidence, spec.interval)
    tables_of = {
        "coefficients": (coefficient_frame(fit, woe, training.weights), notes),
        "fit": (fit_frame(fit), notes),
        "correlation": (correlation_frame(woe, names, training.weights), ()),
    }
    evidence = (
        *(
            table(f"scorecard.{kind}.{{model}}", frame, parameter=spec.id, inputs=SNAPSHOT, notes=told)
            for kind, (frame, told) in tables_of.items()
        ),
        key_values(
            "scorecard.covariance.{model}",
            covariance_items(fit, spec.covariance),
            parameter=spec.id,
            inputs=SNAPSHOT,
        ),
        _constraints(spec, fit),
        table(
            "scorecard.bounds.{model}", bounds_frame(points, ids, training.weights), parameter=spec.id, inputs=SNAPSHOT
        ),
        table("scorecard.points.{model}", points_frame(points, tables), parameter=spec.id, inputs=(file,)),
    )
    compiled = compile_model(model)
    return Candidate(spec.id, spec.type, model, compiled, evidence, tuple(names), values.linear_score, points, reasons)


def _constraints(spec: ScorecardSpec, fit: LogisticFit) -> Evidence:
    identifier = "scorecard.constraints.{model}"
    if spec.coefficients == "any":
        reason = "the plan bounds no coefficient of this candidate (coefficients: any)"
        return absent(identifier, "not_applicable", reason, parameter=spec.id)
    return table(identifier, constraints_frame(fit), parameter=spec.id, inputs=SNAPSHOT, notes=(CONDITIONAL,))


def asked_by(spec: ScorecardSpec, training: Training) -> Asked:
    """What a scorecard asks of selection. Raises ModelError where it names what is no predictor."""
    unknown = [name for name in spec.characteristics or () if name not in training.tables]
    if unknown:
        allowed = ", ".join(training.tables)
        message, path = "is no predictor", f"models.{spec.id}.characteristics"
        raise ModelError(
            [
                Fault(f"{n} {message}", code="unknown_characteristic", path=path, found=n, allowed=allowed)
                for n in unknown
            ]
        )
    return Asked(spec.confidence, spec.covariance, spec.characteristics, spec.coefficients)


def select(plan: Plan, training: Training, asked: Asked) -> Selection:
    """Selection of characteristics on development, as a scorecard asks for it."""
    tables, screens = training.tables, training.screens
    woe = {name: table.transform(training.frame[name].to_numpy()) for name, table in tables.items()}
    candidates = {
        name: Screened(
            table.information_value,
            gini_of_bins(table),
            table.fine_gini,
            _missing_share(training.frame[name], training.weights),
            psi=screens.psi.get(name),
            psi_over_time=screens.psi_over_time.get(name),
            expectation=screens.expectation.get(name),
            suspicion=screens.suspicions.get(name),
        )
        for name, table in tables.items()
    }
    return select_characteristics(
        candidates,
        woe,
        training.y,
        plan.selection,
        weights=training.weights,
        confidence=asked.confidence,
        dependence=chosen_covariance(asked.covariance, training.clusters),
        named=None if asked.characteristics is None else frozenset(asked.characteristics),
        bounded=asked.coefficients == "negative",
        labels=bin_labels(tables),
    )


def _missing_share(values: pd.Series, weights: Floats) -> float:
    """Share of the development weight without a value, wherever the classing puts it."""
    return float(np.sum(weights[values.isna().to_numpy()]) / np.sum(weights))


def rounding_frame(
    scaling: Scaling,
    scored: Mapping[str, tuple[Floats, Floats, Floats]],
    weights: Mapping[str, Floats] | None = None,
) -> pd.DataFrame:
    """Evidence `scaling.rounding_effect`. scored: by sample outcome, linear score before rounding, score (n,) each.

    weights: by sample (n,), which count in the Gini.
    """
    rows = []
    for sample, (y, linear, score) in scored.items():
        w = (weights or {}).get(sample)
        rows.append({"sample": sample, **rounding_row(scaling, y, linear, score, w)})
    return pd.DataFrame(rows)
