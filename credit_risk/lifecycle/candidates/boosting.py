"""Monotone boosting on every classed predictor, bound in the directions that the plan declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Evidence, absent, key_values, table
from credit_risk.lifecycle.candidates.boosting_choice import Choice, Inputs, choose_settings
from credit_risk.lifecycle.candidates.fields import feature_frame
from credit_risk.lifecycle.candidates.first_stage import first_stage, sources
from credit_risk.lifecycle.candidates.reasons import refuse_untold, told, with_reasons
from credit_risk.lifecycle.candidates.scorecard import TWO_STAGE, overlap_remark, refuse_unknown
from credit_risk.lifecycle.candidates.staged_reasons import Staged, staged_reasons
from credit_risk.lifecycle.candidates.training import SNAPSHOT, Candidate, FitContext, Grown, Stage, Training
from credit_risk.lifecycle.trends import declared_trends
from credit_risk.models.assemble import boosting_steps, document, value_names
from credit_risk.models.boosting import BoostingFit, Bounds, fit_rows, parameter_items
from credit_risk.models.boosting_rows import boosting_rows
from credit_risk.models.category_features import categories_frame, chosen_levels
from credit_risk.models.interactions import feature_groups, interactions_frame
from credit_risk.models.missing_effect import missing_frame
from credit_risk.models.monotonicity import monotonicity_frame
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.models.tree_features import TreeFeature, constraints_frame, declared_unused, tree_features
from credit_risk.plan import Plan
from credit_risk.scoring import compile_model
from credit_risk.selection.waterfall import UNNAMED

CONTRADICTED = "contradicted by the data"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Features of the trees on development, (n, k), characteristics left out, with why; offset (n,), or None."""

    matrix: pd.DataFrame
    features: tuple[TreeFeature, ...]
    left_out: Mapping[str, str]
    offset: NDArray[np.float64] | None = None


def fit_monotone_boosting(spec: MonotoneBoostingSpec, context: FitContext) -> Candidate:
    """Monotone boosting on every classed predictor, bound in the directions that the plan declares."""
    plan, first = context.plan, first_stage(spec, context)
    training, left_out = boosting_training(plan, context.training, spec.characteristics, spec.id)
    names = list(training.tables)
    read = sources(names, training) if first is None else first.sources(names, training)
    offset = None if first is None else first.offset
    values, probability_from = value_names(read.taken), plan.scaling.probability_from
    declared = declared_trends(plan, names)
    levels, bound = chosen_levels(training.tables, training.frame, spec.categories), spec.categories.bound
    preparation, features = tree_features(training.tables, declared, spec.constraints, read.taken, levels, bound)
    made = [*read.derived, *preparation]
    matrix = feature_frame(training.frame, read.inputs, made, [f.name for f in features])
    prepared = Prepared(matrix, tuple(features), left_out, offset)
    rows = boosting_rows(matrix, training.y, weights=training.weights, offset=offset, max_bin=spec.max_bin)
    bounds = Bounds(tuple(f.direction for f in features), feature_groups(features, spec.interactions))
    inputs_of_choice = Inputs(rows, bounds, plan.samples.seed, training.clusters, context.journal, context.report)
    choice = choose_settings(spec, inputs_of_choice)
    fit = fit_rows(rows, bounds, choice.spec)
    outputs = {
        "linear_score": values.linear_score if probability_from == "unrounded" else values.linear_score_of_points,
        "probability": values.probability,
        "score": values.score,
        "grade": None,
        "reasons": None,
    }
    inside = None if first is None else first.inside(read.taken, training.scaling)
    start = None if inside is None else inside.start.linear
    own = boosting_steps(fit, preparation, training.scaling, values, probability_from=probability_from, offset=start)
    steps = [*read.derived, *(inside.steps if inside is not None else ()), *own]
    kind = "monotone_boosting" if first is None else TWO_STAGE
    model = document(context.identity(spec), kind, read.inputs, steps, outputs)
    by_characteristic = _by_characteristic(features)
    grown = Grown(model, compile_model(model), values.linear_score, by_characteristic, preparation, read.taken)
    stages: tuple[Stage, ...] = ()
    if first is None or inside is None:
        explained, reasons = with_reasons(context, spec, grown, values.reasons)
    else:
        stages = (*inside.stages(model, grown.compiled, read.taken), Stage(values.linear_score, grown=grown))
        reasons = staged_reasons(plan, context.training, Staged(model, grown.compiled, stages, read.taken))
        explained = told(model, reasons, values.reasons)
        if spec.champion:
            refuse_untold(plan, spec.id, reasons)
    evidence = (*_evidence(spec, context, training, prepared, fit, choice), *choice.evidence)
    return Candidate(
        spec.id,
        spec.type,
        explained,
        compile_model(explained),
        evidence,
        tuple(dict.fromkeys([*(() if first is None else first.characteristics), *names])),
        values.linear_score,
        reasons=reasons,
        boosting=fit,
        remark="; ".join(filter(None, (_remark(evidence), overlap_remark(stages)))),
        grown=grown,
        stages=stages,
        offset=start,
    )


def _by_characteristic(features: Sequence[TreeFeature]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for feature in features:
        found.setdefault(feature.characteristic, []).append(feature.name)
    return {name: tuple(own) for name, own in found.items()}


def _evidence(
    spec: MonotoneBoostingSpec,
    context: FitContext,
    training: Training,
    prepared: Prepared,
    fit: BoostingFit,
    choice: Choice,
) -> tuple[Evidence, ...]:
    file, confidence = (context.model_file(spec),), context.plan.evaluation.confidence
    features, matrix, y = prepared.features, prepared.matrix, training.y
    weights = training.given_weights(context.plan.samples.weight)
    against = _declared_unused(context, prepared.left_out)
    constraints = constraints_frame(
        features, matrix, y, training.tables, prepared.left_out, confidence, weights, against
    )
    monotonicity = monotonicity_frame(fit.trees, fit.features, fit.constraints)
    margin = np.full(len(y), fit.base_margin) if prepared.offset is None else prepared.offset
    frame, tables = training.frame, training.tables
    missing = missing_frame(fit.trees, margin, features, matrix, frame, tables, y, training.weights)
    items = {**parameter_items(fit), **choice.settled}
    named: dict[str, Any] = {"parameter": spec.id}
    return (
        key_values("boosting.parameters.{model}", dict(items), inputs=("plan.json",), **named),
        table("boosting.constraints.{model}", constraints, inputs=SNAPSHOT, **named),
        _categories(spec, prepared, training),
        _interactions(spec, fit, file),
        table("boosting.importance.{model}", fit.importance, inputs=file, **named),
        table("boosting.monotonicity.{model}", monotonicity, inputs=file, notes=offset_notes(fit), **named),
        table("boosting.missing.{model}", missing, inputs=(*file, *SNAPSHOT), **named),
    )


def offset_notes(fit: BoostingFit) -> tuple[str, ...]:
    """What the proof does not cover where rows start from an offset."""
    words = "rows start from an offset: the direction binds what the trees add to it, not the sum of both"
    return (words,) if fit.has_offset else ()


def _categories(spec: MonotoneBoostingSpec, prepared: Prepared, training: Training) -> Evidence:
    identifier, asked = "boosting.categories.{model}", spec.categories
    frame = categories_frame(prepared.features, training.tables, training.frame, training.y, training.weights)
    if not len(frame):
        reason = "no characteristic of categories without a declared order"
        return absent(identifier, "not_applicable", reason, parameter=spec.id)
    rule = (
        f"a category has a feature of its own where its class holds others too and it has {asked.min_rows} rows, at "
        f"most {asked.max_levels} of a characteristic, the most frequent ones (models.{spec.id}.categories)"
    )
    return table(identifier, frame, parameter=spec.id, inputs=SNAPSHOT, notes=(rule,))


def _interactions(spec: MonotoneBoostingSpec, fit: BoostingFit, file: tuple[str, ...]) -> Evidence:
    identifier = "boosting.interactions.{model}"
    if fit.groups is None:
        reason = f"the plan lets every characteristic interact with every other (models.{spec.id}.interactions)"
        return absent(identifier, "not_applicable", reason, parameter=spec.id)
    frame = interactions_frame(fit.trees, fit.features, fit.groups)
    return table(identifier, frame, parameter=spec.id, inputs=file)


def _declared_unused(context: FitContext, names: Iterable[str]) -> dict[str, tuple[Any, ...]]:
    """What the data say to the declared trends of characteristics that are no features."""
    plan, whole = context.plan, context.training
    declared = declared_trends(plan, list(names))
    return declared_unused(declared, whole.tables, whole.frame, whole.y, whole.weights, plan.evaluation.confidence)


def _remark(evidence: tuple[Evidence, ...]) -> str:
    """What a modeller must hear at once: directions that the data contradict."""
    constraints = next(item for item in evidence if item.id.startswith("boosting.constraints.")).frame()
    contradicted = constraints.loc[constraints["verdict"].str.endswith(CONTRADICTED), "characteristic"]
    return f"declared against the data: {', '.join(contradicted)}" if len(contradicted) else ""


def boosting_training(
    plan: Plan, training: Training, named: Sequence[str] | None = None, model: str = ""
) -> tuple[Training, dict[str, str]]:
    """What boosting may use, and what it may not, with why. named: the only characteristics that `model` may use.

    It may use what the plan includes, and what is neither excluded by it, nor suspected to know the outcome, nor left
    without a trend by classing, which leaves it one weight of evidence only. Raises ModelError where nothing is left,
    or where a name is of no predictor.
    """
    limits = plan.selection
    refuse_unknown(named or (), training, model)
    left_out: dict[str, str] = {}
    for name, one in training.tables.items():
        if named is not None and name not in named:
            left_out[name] = UNNAMED
        elif name in limits.included:
            continue
        elif name in limits.excluded:
            left_out[name] = "excluded by the plan (selection.exclude)"
        elif one.fine_gini > limits.max_gini:
            left_out[name] = f"suspected to know the outcome: Gini {one.fine_gini:.4f} above selection.max_gini"
        elif not one.information_value > 0:
            left_out[name] = "no information value: classing leaves it one weight of evidence"
    kept = {name: one for name, one in training.tables.items() if name not in left_out}
    if not kept:
        remedy = "add predictors, or name one in selection.include"
        message = "no characteristic is left for boosting after classing and the screen for leakage"
        raise ModelError(Fault(message, code="nothing_selected", path="selection", remedy=remedy))
    return replace(training, tables=kept), left_out
