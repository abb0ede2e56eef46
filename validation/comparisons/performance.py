"""Discrimination, calibration and their differences, computed again from our own scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from validation.comparisons.whole import compare_whole
from validation.findings import Finding, Outcome
from validation.rebuild import calibration, clustered, metrics
from validation.rebuild.calibration_plan import calibrated_on
from validation.rebuild.logistic import fit_logistic
from validation.rebuild.workspace import DEVELOPMENT, Workspace

DISCRIMINATION, CALIBRATION, COMPARISON = (
    "performance.discrimination",
    "performance.calibration",
    "performance.comparison",
)


@dataclass(frozen=True, slots=True)
class Headline:
    """One headline number of a model on a sample, the developer's (None where not stated) and the validator's."""

    model: str
    sample: str
    quantity: str
    developer: float | None
    validator: float


def compare_performance(space: Workspace) -> list[Headline]:
    """Compare AUC, Gini, KS and calibration of every model and sample; return the headline numbers."""
    own = {
        (name, sample): measure(space, model_id, sample)
        for model_id, name in space.package.candidate_ids.items()
        for sample in space.rows
    }
    _compare_table(space, DISCRIMINATION, _DISCRIMINATION, own)
    _compare_table(space, CALIBRATION, _CALIBRATION, own)
    _compare_differences(space)
    return _headlines(space, own)


_DISCRIMINATION = {
    "rows": "rows",
    "bad": "rows",
    "auc": "auc",
    "auc_lower": "interval",
    "auc_upper": "interval",
    "gini": "gini",
    "gini_lower": "interval",
    "gini_upper": "interval",
    "ks": "ks",
    "ks_lower": "interval",
    "ks_upper": "interval",
}
_CALIBRATION = {
    "rows": "rows",
    "bad_rate": "share",
    "mean_probability": "mean_probability",
    "brier": "brier",
    "log_loss": "log_loss",
    "slope": "calibration_test",
    "slope_lower": "calibration_test",
    "slope_upper": "calibration_test",
    "intercept": "calibration_test",
    "intercept_lower": "calibration_test",
    "intercept_upper": "calibration_test",
    "hosmer_lemeshow": "calibration_test",
    "hosmer_lemeshow_p_value": "calibration_test",
    "spiegelhalter_z": "calibration_test",
    "spiegelhalter_p_value": "calibration_test",
}
_OPTIONAL = ("interval", "calibration_test")


def measure(space: Workspace, model_id: str, sample: str) -> dict[str, float]:
    """Return our own measures of a model on the rows of a sample with a known outcome; empty with one class only."""
    rows = space.judged(model_id, sample)
    y, w = space.outcome[rows], space.weight[rows]
    bad = int(np.count_nonzero(y == 1))
    result: dict[str, float] = {"rows": len(rows), "bad": bad}
    if not 0 < bad < len(rows):
        return result
    result["bad_rate"] = float(np.sum(w * y) / np.sum(w))
    risk = space.output(model_id, "linear_score")
    if risk is not None:
        area = clustered.auc(y, risk.data[rows], space.cluster[rows], w, space.confidence)
        result |= {"auc": area.auc, "auc_lower": area.lower, "auc_upper": area.upper}
        result |= {key.replace("auc", "gini"): 2.0 * result[key] - 1.0 for key in ("auc", "auc_lower", "auc_upper")}
        result["ks"] = metrics.kolmogorov_smirnov(y, risk.data[rows], w)
        bounds = calibration.distance_bounds(y, risk.data[rows], w, space.cluster[rows], space.confidence)
        result["ks_lower"], result["ks_upper"] = bounds
    probability = space.output(model_id, "probability")
    if probability is not None:
        result |= _calibration(y, probability.data[rows], w, space.confidence)
        fitted = sample in (DEVELOPMENT, calibrated_on(space.package.plan))
        found = calibration.hosmer_lemeshow(y, probability.data[rows], w, fitted=fitted)
        result["hosmer_lemeshow"], result["hosmer_lemeshow_p_value"] = found
    return result


def _calibration(y: np.ndarray, p: np.ndarray, w: np.ndarray, confidence: float) -> dict[str, float]:
    z, p_value = metrics.spiegelhalter(y, p, w)
    found = {
        "mean_probability": float(np.sum(w * p) / np.sum(w)),
        "brier": metrics.brier(y, p, w),
        "log_loss": metrics.log_loss(y, p, w),
        "spiegelhalter_z": z,
        "spiegelhalter_p_value": p_value,
        "slope": np.nan,
    }
    inner = (p > 0) & (p < 1)
    return found | regressions(y, np.log(p) - np.log1p(-p), w, confidence) if inner.all() else found


def regressions(y: np.ndarray, linear: np.ndarray, w: np.ndarray, confidence: float) -> dict[str, float]:
    """Slope and intercept of the log-odds, with bounds; what cannot be fitted is left out."""
    a = calibration.intercept(y, linear, w)
    lower, upper = calibration.regression_bounds(y, linear, w, np.array([a]), confidence, slope=False)
    found = {"intercept": a, "intercept_lower": lower, "intercept_upper": upper}
    try:
        fit = fit_logistic(np.column_stack([np.ones(len(y)), linear]), y, w * (len(w) / np.sum(w)))
    except (np.linalg.LinAlgError, ValueError):
        return found
    if not fit.converged:
        return found
    lower, upper = calibration.regression_bounds(y, linear, w, fit.coefficient, confidence, slope=True)
    return found | {"slope": float(fit.coefficient[1]), "slope_lower": lower, "slope_upper": upper}


def _compare_table(
    space: Workspace, area: str, columns: Mapping[str, str], own: Mapping[Any, dict[str, float]]
) -> None:
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    rows = [row for row in table if (row["model"], row["sample"]) in own]
    stated = {(row["model"], row["sample"]) for row in rows}
    wanted = sorted(key for key, value in own.items() if "bad_rate" in value)
    for key in wanted:
        if key not in stated:
            _record_unstated(space, area, *key)
    labels = [f"{row['model']} {row['sample']}" for row in rows]
    for column, rule in columns.items():
        kept = [
            place
            for place, row in enumerate(rows)
            if not (rule in _OPTIONAL and (row[column] is None or np.isnan(_own(own, row, column))))
        ]
        developer = [rows[place][column] for place in kept]
        mine = [_own(own, rows[place], column) for place in kept]
        if kept:
            space.ledger.numbers(area, column, rule, developer, mine, [labels[place] for place in kept])
        elif rows:
            space.ledger.not_evaluable(f"{area}: {column}", "the package leaves the column empty")


def _record_unstated(space: Workspace, area: str, name: str, sample: str) -> None:
    test = f"{area}: {name} {sample}"
    finding = Finding(
        test=test,
        severity=space.policy.checks["evidence_missing"],
        quantity="row of the table",
        developer_value=None,
        validator_value=None,
        tolerance=None,
        statement=f"The table {area} says nothing about {name} on {sample}.",
        remedy="State the measures of every model on every sample.",
        evidence=(area,),
    )
    space.ledger.check(Outcome(test, "fail", 0, "stated", "the table has no such row", finding))


def _own(own: Mapping[Any, dict[str, float]], row: Mapping[str, Any], column: str) -> float:
    return own[row["model"], row["sample"]].get(column, np.nan)


_DIFFERENCE = {"auc_difference": "difference", "p_value": "p_value", "lower": "difference", "upper": "difference"}


def _compare_differences(space: Workspace) -> None:
    table = space.package.rows_of(COMPARISON)
    if table is None:
        return
    columns: dict[str, tuple[list[Any], list[float]]] = {name: ([], []) for name in _DIFFERENCE}
    labels, z = [], float(stats.norm.ppf(0.5 + space.confidence / 2.0))
    ids = {name: model_id for model_id, name in space.package.candidate_ids.items()}
    for row in table:
        if row["sample"] not in space.rows or {row["champion"], row["challenger"]} - set(ids):
            continue
        pair = [ids[row[key]] for key in ("champion", "challenger")]
        first_rows, second_rows = (space.judged(model_id, row["sample"]) for model_id in pair)
        rows = np.intersect1d(first_rows, second_rows)
        first, second = (space.output(model_id, "linear_score") for model_id in pair)
        if first is None or second is None:
            continue
        difference, error, p_value = clustered.auc_difference(
            space.outcome[rows], first.data[rows], second.data[rows], space.cluster[rows], space.weight[rows]
        )
        bounds = difference - z * error, difference + z * error
        for column, value in zip(_DIFFERENCE, (difference, p_value, *bounds), strict=True):
            columns[column][0].append(row[column])
            columns[column][1].append(value)
        labels.append(f"{row['champion']} and {row['challenger']} {row['sample']}")
    for column, rule in _DIFFERENCE.items():
        space.ledger.numbers(COMPARISON, column, rule, *columns[column], labels)
    _compare_pairs(space, table)


def _compare_pairs(space: Workspace, table: list[dict[str, Any]]) -> None:
    """The champion is held against every other model, on every sample that both can be judged on."""
    names = space.package.candidate_ids
    champion = names[space.package.champion_id]
    wanted = [
        (champion, name, sample)
        for model_id, name in names.items()
        for sample in space.rows
        if name != champion and _both_classes(space, model_id, sample)
    ]
    compare_whole(space, COMPARISON, [(row["champion"], row["challenger"], row["sample"]) for row in table], wanted)


def _both_classes(space: Workspace, model_id: str, sample: str) -> bool:
    rows = np.intersect1d(space.judged(space.package.champion_id, sample), space.judged(model_id, sample))
    return 0 < int(np.count_nonzero(space.outcome[rows] == 1)) < len(rows)


def _headlines(space: Workspace, own: Mapping[tuple[str, str], dict[str, float]]) -> list[Headline]:
    stated: dict[tuple[str, str], dict[str, Any]] = {}
    for area in (DISCRIMINATION, CALIBRATION):
        for row in space.package.rows_of(area) or []:
            stated.setdefault((row["model"], row["sample"]), {}).update(row)
    result = []
    for (model_id, sample), values in own.items():
        for quantity in ("auc", "gini", "ks", "mean_probability", "bad_rate", "brier"):
            if quantity in values:
                developer = stated.get((model_id, sample), {}).get(quantity)
                result.append(Headline(model_id, sample, quantity, developer, values[quantity]))
    return result
