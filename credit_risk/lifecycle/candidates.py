"""Fit the candidates of a plan: each a model.json, its predictions through the scoring authority, and its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, key_values, table
from credit_risk.binning.table import BinningTable
from credit_risk.evaluation.area_under_curve import auc
from credit_risk.explanation.reasons import ReasonCodes, catalogue_frame, reason_codes
from credit_risk.models.assemble import (
    Identity,
    InputColumn,
    boosting_features,
    boosting_steps,
    document,
    scorecard_steps,
    value_names,
)
from credit_risk.models.boosting import BoostingFit, fit_boosting, parameter_items
from credit_risk.models.logistic import coefficient_frame, correlation_frame, fit_frame
from credit_risk.models.monotonicity import monotonicity_frame
from credit_risk.models.spec import MonotoneBoostingSpec, ScorecardSpec
from credit_risk.scaling.points import PointsTable, Scaling, points_frame, points_table, scaling_frame
from credit_risk.scoring import CompiledModel, compile_model
from credit_risk.selection.waterfall import Selection

Floats = NDArray[np.float64]
SNAPSHOT = ("data/snapshot.parquet",)


@dataclass(frozen=True, slots=True)
class Training:
    """What candidates are fitted on. frame: (n, columns) of inputs, y and weights (n,), tables: classing of predictors.

    inputs: every column that a model may read; derive_steps: steps that make derived characteristics from them;
    stability: greatest population stability index of each characteristic against another sample;
    overrides: rows of the manual changes of the classing.
    """

    frame: pd.DataFrame
    y: Floats
    weights: Floats
    tables: Mapping[str, BinningTable]
    inputs: Mapping[str, InputColumn]
    derive_steps: Mapping[str, dict[str, Any]]
    scaling: Scaling
    texts: Mapping[str, tuple[str, str]]
    stability: Mapping[str, float]
    overrides: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fitted candidate. model: its model.json; compiled: what scores it; evidence: what is told of it.

    unrounded: name of the value that holds the linear score before any rounding of points.
    """

    id: str
    type: str
    model: dict[str, Any]
    compiled: CompiledModel
    evidence: tuple[Evidence, ...]
    characteristics: tuple[str, ...]
    unrounded: str
    points: PointsTable | None = None
    reasons: ReasonCodes | None = None
    boosting: BoostingFit | None = None

    def __repr__(self) -> str:
        return f"Candidate({self.id!r}, {self.type}, {len(self.characteristics)} characteristics)"

    def predict(self, frame: pd.DataFrame) -> pd.DataFrame:
        """linear_score, probability, score and reasons of raw rows, through the scoring authority."""
        return self.compiled.score(frame)


def fit_scorecard(
    spec: ScorecardSpec,
    training: Training,
    selection: Selection,
    identity: Identity,
    *,
    probability_from: str,
    maximum_reasons: int,
    rank_step: float,
) -> Candidate:
    """The scorecard of the selected characteristics: coefficients, points, reasons, model.json."""
    fit, names = selection.fit, selection.selected
    tables = {name: training.tables[name] for name in names}
    ids = {name: tables[name].assign(training.frame[name].to_numpy()) for name in names}
    points = points_table(fit.intercept, {n: fit.coefficient(n) for n in names}, tables, training.scaling)
    reasons = reason_codes(
        points, ids, weights=training.weights, maximum=maximum_reasons, rank_step=rank_step, texts=training.texts
    )
    derived, inputs = _derivations(names, training), _inputs(names, training)
    values = value_names(_names(inputs, derived))
    steps = scorecard_steps(fit, tables, points, values, probability_from=probability_from)
    outputs = {
        "linear_score": values.linear_score if probability_from == "unrounded" else values.linear_score_of_points,
        "probability": values.probability,
        "score": values.score,
        "grade": None,
        "reasons": values.reasons,
    }
    model = document(identity, "scorecard", inputs, [*derived, *steps, reasons.step(values.reasons)], outputs)
    woe = np.column_stack([tables[name].result.woe[ids[name]] for name in names])
    evidence = (
        table("model.coefficients", coefficient_frame(fit, woe), inputs=SNAPSHOT, notes=(_interval_note(spec),)),
        table("model.fit", fit_frame(fit), inputs=SNAPSHOT),
        table("model.correlation", correlation_frame(woe, names), inputs=SNAPSHOT),
        table("model.points", points_frame(points, tables), inputs=("model.json",)),
        table("reasons.catalogue", catalogue_frame(reasons, points), inputs=("model.json",)),
    )
    compiled = compile_model(model)
    return Candidate(spec.id, spec.type, model, compiled, evidence, tuple(names), values.linear_score, points, reasons)


def fit_monotone_boosting(spec: MonotoneBoostingSpec, training: Training, identity: Identity) -> Candidate:
    """Monotone boosting on every classed predictor, constrained by the classing's trends."""
    names = list(training.tables)
    derived, inputs = _derivations(names, training), _inputs(names, training)
    taken = _names(inputs, derived)
    values = value_names(taken)
    preparation, features, constraints = boosting_features(training.tables, taken)
    matrix = _feature_frame(training.frame, inputs, [*derived, *preparation], features)
    fit = fit_boosting(matrix, training.y, constraints, spec, weights=training.weights)
    outputs = {
        "linear_score": values.linear_score,
        "probability": values.probability,
        "score": values.score,
        "grade": None,
        "reasons": None,
    }
    steps = [*derived, *boosting_steps(fit, preparation, training.scaling, values)]
    model = document(identity, "monotone_boosting", inputs, steps, outputs)
    evidence = (
        key_values("challenger.parameters.{model}", dict(parameter_items(fit)), parameter=spec.id),
        table("challenger.importance.{model}", fit.importance, parameter=spec.id),
        table(
            "challenger.monotonicity.{model}",
            monotonicity_frame(fit.trees, fit.features, fit.constraints),
            parameter=spec.id,
        ),
    )
    compiled = compile_model(model)
    return Candidate(spec.id, spec.type, model, compiled, evidence, tuple(names), values.linear_score, boosting=fit)


def _names(inputs: Sequence[InputColumn], derived: Sequence[dict[str, Any]]) -> set[str]:
    """Names that a model's own values may not bear."""
    return {column.name for column in inputs} | {step["output"] for step in derived}


def _interval_note(spec: ScorecardSpec) -> str:
    return f"Wald intervals at confidence {spec.confidence!r}, from the inverse observed information"


def _derivations(names: Sequence[str], training: Training) -> list[dict[str, Any]]:
    """Derive steps that the named characteristics need, each before its use, in the order of the plan."""
    needed: set[str] = set()
    pending = [name for name in names if name in training.derive_steps]
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += [r for r in _references(training.derive_steps[name]["expression"]) if r in training.derive_steps]
    return [step for name, step in training.derive_steps.items() if name in needed]


def _inputs(names: Sequence[str], training: Training) -> list[InputColumn]:
    """Source columns that the named characteristics read, in the order of the source."""
    read = {name for name in names if name not in training.derive_steps}
    for step in _derivations(names, training):
        read |= {r for r in _references(step["expression"]) if r not in training.derive_steps}
    return [column for name, column in training.inputs.items() if name in read]


def _references(expression: Mapping[str, Any]) -> list[str]:
    if "ref" in expression:
        return [expression["ref"]]
    return [name for argument in expression.get("args", []) for name in _references(argument)]


def _feature_frame(
    frame: pd.DataFrame, inputs: Sequence[InputColumn], steps: Sequence[dict[str, Any]], features: Sequence[str]
) -> pd.DataFrame:
    """Features of boosting (n, k) as numbers, made by the same steps that will make them in production."""
    unnamed = Identity("features", "features", "0", "", "")
    values = compile_model(document(unnamed, "monotone_boosting", inputs, steps, {})).values(frame)
    return pd.DataFrame({name: np.asarray(values[name], float) for name in features})


def common_evidence(training: Training) -> list[Evidence]:
    """Evidence on scaling, the same for every candidate."""
    return [table("scaling.parameters", scaling_frame(training.scaling), inputs=("plan.json",))]


def rounding_frame(scaling: Scaling, scored: Mapping[str, tuple[Floats, Floats, Floats]]) -> pd.DataFrame:
    """Evidence `scaling.rounding_effect`. scored: by sample outcome, linear score before rounding, score (n,) each."""
    rows = []
    for sample, (y, linear, score) in scored.items():
        known = np.isfinite(y)
        exact = scaling.offset - scaling.factor * linear
        rows.append(
            {
                "sample": sample,
                "gini_unrounded": 2 * auc(y[known], linear[known]) - 1,
                "gini_rounded": 2 * auc(y[known], -score[known]) - 1,
                "maximum_difference": float(np.max(np.abs(exact - score))),
            }
        )
    return pd.DataFrame(rows)
