"""The scorecard of the selected characteristics: coefficients, points, reasons, model.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Evidence, absent, key_values, table
from credit_risk.binning.report import gini_of_bins
from credit_risk.binning.table import BinningTable
from credit_risk.explanation.reasons import ReasonCodes
from credit_risk.lifecycle.candidates.first_stage import FirstStage, first_stage, sources
from credit_risk.lifecycle.candidates.reasons import refuse_untold, scorecard_reasons, told
from credit_risk.lifecycle.candidates.staged_reasons import Staged, staged_reasons
from credit_risk.lifecycle.candidates.training import SNAPSHOT, Asked, Candidate, FitContext, Floats, Stage, Training
from credit_risk.models.assemble import ValueNames, document, scorecard_steps, value_names
from credit_risk.models.constraints import CONDITIONAL, constraints_frame
from credit_risk.models.covariance import chosen_covariance
from credit_risk.models.covariance_told import covariance_items, covariance_notes
from credit_risk.models.logistic import LogisticFit, coefficient_frame, correlation_frame, fit_frame, with_profile
from credit_risk.models.separation import bin_labels
from credit_risk.models.spec import ScorecardSpec
from credit_risk.plan import Plan
from credit_risk.scaling.points import PointsTable, Scaling, bounds_frame, points_frame, points_name, points_table
from credit_risk.scaling.rounding import rounding_row
from credit_risk.scoring import compile_model
from credit_risk.selection.waterfall import Screened, Selection, select_characteristics

TWO_STAGE = "two_stage"
STAGE_POINTS = "points of this stage"
STAGE_NOTE = "of the second stage alone: the score is that of the first stage plus these points"
FROM_OFFSET = (
    "second stage: every fit starts from the log-odds of the first stage, with coefficient 1, and tests take those as "
    "known; 'the constant' is the first stage with a constant"
)


def fit_scorecard(spec: ScorecardSpec, context: FitContext) -> Candidate:
    """The scorecard of the selected characteristics: coefficients, points, reasons, model.json."""
    first = first_stage(spec, context)
    selection = context.selection(asked_by(spec, context.training), None if first is None else first.offset)
    found = scorecard_of(spec, context, selection, context.model_file(spec), first)
    return replace(found, selection=selection)


def scorecard_of(
    spec: ScorecardSpec, context: FitContext, selection: Selection, file: str, first: FirstStage | None = None
) -> Candidate:
    """The scorecard of a selection that is made, on top of a first stage where there is one.

    file: of the package, where its model stands.
    """
    plan, training = context.plan, context.training
    names = selection.selected
    tables = {name: training.tables[name] for name in names}
    ids = {name: tables[name].assign(training.frame[name].to_numpy()) for name in names}
    woe = np.column_stack([tables[name].result.woe[ids[name]] for name in names])
    fit = selection.fit
    if spec.interval == "profile":
        offset = None if first is None else first.offset
        fit = with_profile(fit, woe, training.y, weights=training.weights, confidence=spec.confidence, offset=offset)
    coefficients = {n: fit.coefficient(n) for n in names}
    second = first is not None
    points = points_table(fit.intercept, coefficients, tables, training.scaling, second_stage=second)
    fitted = Fitted(fit, tables, ids, woe, points)
    made = _alone(spec, context, fitted) if first is None else _on_top(spec, context, fitted, first)
    if spec.champion:
        refuse_untold(plan, spec.id, made.reasons)
    evidence = _evidence(spec, training, fitted, file, second_stage=second)
    compiled = compile_model(made.model)
    return Candidate(
        spec.id,
        spec.type,
        made.model,
        compiled,
        evidence,
        made.characteristics,
        made.unrounded,
        points,
        made.reasons,
        remark=overlap_remark(made.stages),
        stages=made.stages,
        offset=made.offset,
        regression=fit,
    )


def overlap_remark(stages: Sequence[Stage]) -> str:
    """What a modeller must hear of two stages at once: characteristics that both of them use."""
    first = {name for stage in stages[:-1] for name in stage.characteristics}
    both = [name for name in (stages[-1].characteristics if stages else ()) if name in first]
    return f"used by both stages: {', '.join(both)}" if both else ""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted scorecard: by characteristic classing and bins (n,) of development; weights of evidence (n, k)."""

    fit: LogisticFit
    tables: Mapping[str, BinningTable]
    ids: Mapping[str, NDArray[np.int64]]
    woe: Floats
    points: PointsTable


@dataclass(frozen=True, slots=True)
class Made:
    """model.json of a scorecard with its reasons; the rest as in Candidate."""

    model: dict[str, Any]
    reasons: ReasonCodes | None
    characteristics: tuple[str, ...]
    unrounded: str
    stages: tuple[Stage, ...] = ()
    offset: str | None = None


def _alone(spec: ScorecardSpec, context: FitContext, fitted: Fitted) -> Made:
    plan, training, names = context.plan, context.training, list(fitted.tables)
    reasons = scorecard_reasons(plan, training, fitted.points, fitted.ids)
    read = sources(names, training)
    values = value_names(read.taken)
    own = plan.scaling.probability_from
    steps = scorecard_steps(fitted.fit, fitted.tables, fitted.points, values, probability_from=own)
    outputs = {**_outputs(plan, values), "reasons": values.reasons}
    steps = [*read.derived, *steps, *reasons.steps(values.reasons)]
    model = document(context.identity(spec), "scorecard", read.inputs, steps, outputs)
    return Made(model, reasons, tuple(names), values.linear_score)


def _on_top(spec: ScorecardSpec, context: FitContext, fitted: Fitted, first: FirstStage) -> Made:
    """A scorecard whose log-odds are added to those of a first stage, and its points to the first stage's score."""
    plan, training, names = context.plan, context.training, list(fitted.tables)
    read = first.sources(names, training)
    values, inside = value_names(read.taken), first.inside(read.taken, training.scaling)
    own = plan.scaling.probability_from
    steps = scorecard_steps(fitted.fit, fitted.tables, fitted.points, values, probability_from=own, start=inside.start)
    outputs = _outputs(plan, values)
    model = document(context.identity(spec), TWO_STAGE, read.inputs, [*read.derived, *inside.steps, *steps], outputs)
    compiled = compile_model(model)
    last = Stage(values.linear_score, fitted.points, {name: points_name(name) for name in names})
    stages = (*inside.stages(model, compiled, read.taken), last)
    reasons = staged_reasons(plan, training, Staged(model, compiled, stages, read.taken))
    characteristics = tuple(dict.fromkeys([*first.characteristics, *names]))
    explained = told(model, reasons, values.reasons)
    return Made(explained, reasons, characteristics, values.linear_score, stages, inside.start.linear)


def _outputs(plan: Plan, values: ValueNames) -> dict[str, Any]:
    rounded = plan.scaling.probability_from == "rounded"
    return {
        "linear_score": values.linear_score_of_points if rounded else values.linear_score,
        "probability": values.probability,
        "score": values.score,
        "grade": None,
        "reasons": None,
    }


def _evidence(
    spec: ScorecardSpec, training: Training, fitted: Fitted, file: str, *, second_stage: bool
) -> tuple[Evidence, ...]:
    fit, woe, names = fitted.fit, fitted.woe, list(fitted.tables)
    notes = covariance_notes(fit, spec.confidence, spec.interval)
    if second_stage:
        notes = (*notes, FROM_OFFSET)
    tables_of = {
        "coefficients": (coefficient_frame(fit, woe, training.weights), notes),
        "fit": (fit_frame(fit), notes),
        "correlation": (correlation_frame(woe, names, training.weights), ()),
    }
    bounds = bounds_frame(fitted.points, fitted.ids, training.weights, STAGE_POINTS if second_stage else "score")
    points = points_frame(fitted.points, fitted.tables)
    own = (STAGE_NOTE,) if second_stage else ()
    named: dict[str, Any] = {"parameter": spec.id}
    covariance = covariance_items(fit, spec.covariance)
    return (
        *(
            table(f"scorecard.{kind}.{{model}}", frame, inputs=SNAPSHOT, notes=told, **named)
            for kind, (frame, told) in tables_of.items()
        ),
        key_values("scorecard.covariance.{model}", covariance, inputs=SNAPSHOT, **named),
        _constraints(spec, fit),
        table("scorecard.bounds.{model}", bounds, inputs=SNAPSHOT, notes=own, **named),
        table("scorecard.points.{model}", points, inputs=(file,), notes=own, **named),
    )


def _constraints(spec: ScorecardSpec, fit: LogisticFit) -> Evidence:
    identifier = "scorecard.constraints.{model}"
    if spec.coefficients == "any":
        reason = "the plan bounds no coefficient of this candidate (coefficients: any)"
        return absent(identifier, "not_applicable", reason, parameter=spec.id)
    return table(identifier, constraints_frame(fit), parameter=spec.id, inputs=SNAPSHOT, notes=(CONDITIONAL,))


def asked_by(spec: ScorecardSpec, training: Training) -> Asked:
    """What a scorecard asks of selection. Raises ModelError where it names what is no predictor."""
    refuse_unknown(spec.characteristics or (), training, spec.id)
    offset = None if spec.offset is None else repr(spec.offset)
    return Asked(spec.confidence, spec.covariance, spec.characteristics, spec.coefficients, offset)


def refuse_unknown(names: Sequence[str], training: Training, model: str) -> None:
    """Raise ModelError with every characteristic named for a candidate that is no predictor."""
    unknown = [name for name in names if name not in training.tables]
    if unknown:
        allowed = ", ".join(training.tables)
        message, path = "is no predictor", f"models.{model}.characteristics"
        raise ModelError(
            [
                Fault(f"{n} {message}", code="unknown_characteristic", path=path, found=n, allowed=allowed)
                for n in unknown
            ]
        )


def select(plan: Plan, training: Training, asked: Asked, offset: Floats | None = None) -> Selection:
    """Selection of characteristics on development, as a scorecard asks for it; offset (n,): of every fit, or None."""
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
        offset=offset,
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
