"""Scores taken apart into miscalibration, discrimination and uncertainty; errors of calibration beside their chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation._groups import class_numbers, quantile_edges
from credit_risk.evaluation.isotonic import RULES, Recalibration, Rule, decomposition_of, recalibrate, summed_score
from credit_risk.evaluation.reliability import REPLICATES, CalibratedDraws, Diagnosis, Predictions, diagnose

DECOMPOSITION_COLUMNS = [
    *("model", "sample", "rule", "score", "miscalibration", "discrimination", "uncertainty"),
    *("chance_miscalibration", "p_value"),
]
ERROR_COLUMNS = ["model", "sample", "measure", "value", "chance_mean", "chance_level", "p_value"]
ECE_GROUPS = 10
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class CalibrationErrors:
    """Distances |recalibrated − predicted| over rows: mean (ici), median (e50), 90 % point (e90), greatest (e_max).

    ece: Σ share·|bad rate − mean probability| over 10 quantile groups. All are above 0 where calibration is perfect.
    """

    ici: float
    e50: float
    e90: float
    e_max: float
    ece: float


def calibration_errors(y: ArrayLike, probability: ArrayLike, weights: ArrayLike | None = None) -> CalibrationErrors:
    """Integrated calibration index and its kin, on the isotonic curve, and the expected calibration error.

    Austin and Steyerberg (2019), Statistics in Medicine 38, 4051-4065, whose curve is a smooth one. Biased upwards: set
    against what calibrated rows give (`errors_table`). Raises CreditRiskError as `recalibrate` does.
    """
    return CalibrationErrors(*_errors(recalibrate(y, probability, weights)))


def decomposition_table(
    predictions: Predictions,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.decomposition`, one row a model, sample and score (Brier, log loss).

    predictions: {model: {sample: (y, probability)}}; weights: {sample: weights (n,)}. `chance_miscalibration`: 95 %
    point of the miscalibration of draws under calibration; p_value: (1 + draws at least as miscalibrated)/(1 + draws),
    the sample counted in the cells of the draws. An infinite score is missing, and noted. Raises CreditRiskError with
    the faults of all models and samples.
    """
    return decomposition_of_diagnoses(diagnose(predictions, replicates=replicates, seed=seed, weights=weights))


def decomposition_of_diagnoses(diagnoses: Sequence[Diagnosis]) -> pd.DataFrame:
    """`decomposition_table` of diagnoses already made."""
    rows: list[dict[str, Any]] = []
    infinite = []
    for one in diagnoses:
        for rule in RULES:
            parts = decomposition_of(one.fit, rule)
            chance = _miscalibrations(one.draws, rule)
            told = (parts.score, parts.miscalibration, parts.discrimination, parts.uncertainty)
            if math.isinf(parts.score):
                infinite.append(f"{one.model}, {one.sample}: log loss is infinite: a prediction of 0 or 1 was wrong")
                told = (math.nan, math.nan, *told[2:])
            counted = decomposition_of(one.draws.observed(one.fit), rule).miscalibration
            ends = (float(np.quantile(chance, LEVEL)), _p_value(chance, counted))
            rows.append(dict(zip(DECOMPOSITION_COLUMNS, (one.model, one.sample, rule, *told, *ends), strict=True)))
    frame = pd.DataFrame(rows, columns=DECOMPOSITION_COLUMNS)
    frame.attrs["notes"] = (
        "score = miscalibration - discrimination + uncertainty (CORP)",
        _drawn(diagnoses),
        *infinite,
    )
    return frame


def errors_table(
    predictions: Predictions,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.calibration_errors`, one row a model, sample and measure of `CalibrationErrors`.

    chance_mean, chance_level: mean and 95 % point of the measure in draws under calibration. Arguments, p_value and
    errors as in `decomposition_table`.
    """
    return errors_of_diagnoses(diagnose(predictions, replicates=replicates, seed=seed, weights=weights))


def errors_of_diagnoses(diagnoses: Sequence[Diagnosis]) -> pd.DataFrame:
    """`errors_table` of diagnoses already made."""
    rows: list[dict[str, Any]] = []
    names = tuple(CalibrationErrors.__dataclass_fields__)
    for one in diagnoses:
        parts = (_errors(one.fit), _errors(one.draws.observed(one.fit)), _drawn_errors(one.draws))
        for name, value, counted, chance in zip(names, *parts, strict=True):
            ends = (float(chance.mean()), float(np.quantile(chance, LEVEL)), _p_value(chance, counted))
            rows.append(dict(zip(ERROR_COLUMNS, (one.model, one.sample, name, value, *ends), strict=True)))
    frame = pd.DataFrame(rows, columns=ERROR_COLUMNS)
    frame.attrs["notes"] = (
        "all of these are biased upwards, the expected calibration error also by its groups: compare with chance",
        f"expected calibration error: at most {ECE_GROUPS} quantile groups; the others on the isotonic curve",
        _drawn(diagnoses),
    )
    return frame


def _drawn(diagnoses: Sequence[Diagnosis]) -> str:
    count = len(diagnoses[0].draws.bad) if diagnoses else 0
    return f"chance: {count} draws of outcomes under the stated probabilities, rows independent"


def _miscalibrations(draws: CalibratedDraws, rule: Rule) -> Floats:
    """Miscalibration of each draw, (replicates,)."""
    pair = (summed_score(rule, p, draws.bad, draws.weight) for p in (draws.probability, draws.recalibrated))
    given, best = (part.sum(axis=1) for part in pair)
    return np.asarray(np.maximum(given - best, 0.0) / draws.weight.sum(), np.float64)


def _errors(fit: Recalibration) -> tuple[float, ...]:
    gap = np.abs(fit.recalibrated - fit.probability)[None, :]
    group = class_numbers(fit.probability, _edges(fit.probability, fit.weight))
    found = _measures(gap, fit.weight, (fit.bad - fit.weight * fit.probability)[None, :], group)
    return tuple(float(one[0]) for one in found)


def _drawn_errors(draws: CalibratedDraws) -> tuple[Floats, ...]:
    gap = np.abs(draws.recalibrated - draws.probability)
    group = class_numbers(draws.probability, _edges(draws.probability, draws.weight))
    return _measures(gap, draws.weight, draws.bad - draws.weight * draws.probability, group)


def _edges(probability: Floats, weight: Floats) -> Floats:
    return quantile_edges(probability, ECE_GROUPS, weight)


def _measures(gap: Floats, weight: Floats, excess: Floats, group: np.ndarray) -> tuple[Floats, ...]:
    """ICI, E50, E90, E max and ECE of each line of gaps and excesses (m, k) with weights and groups (k,)."""
    whole = weight.sum()
    order = np.argsort(gap, axis=1, kind="stable")
    ordered, mass = np.take_along_axis(gap, order, axis=1), np.cumsum(weight[order], axis=1)
    points = []
    for share in (0.5, 0.9):
        place = np.argmax(mass >= share * whole * (1.0 - 1e-12), axis=1)
        points.append(np.take_along_axis(ordered, place[:, None], axis=1)[:, 0])
    sums = np.add.reduceat(excess, np.flatnonzero(np.diff(group, prepend=-1)), axis=1)
    ece = np.abs(sums).sum(axis=1) / whole
    return (gap @ weight / whole, *points, ordered[:, -1], ece)


def _p_value(chance: Floats, value: float) -> float:
    """Share of draws at least as great, the sample counted; what differs by rounding alone counts as equal."""
    return float((1 + np.count_nonzero(chance >= value - 1e-9 * abs(value) - 1e-15)) / (1 + len(chance)))
