"""Samples and leakage screen of amounts and fractions: the snapshot counted again."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.measures import metrics
from validation.measures.means import interval
from validation.measures.structure import amount_base, exposure_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace

SAMPLES, LEAKAGE, TRENDS = "samples.measures", "data.leakage", "classing.mean_expectations"
_COLUMNS = {
    "rows": "rows",
    "weight": "count",
    "mean": "mean",
    "mean_lower": "interval",
    "mean_upper": "interval",
    "rate": "mean",
    "standard_deviation": "mean",
    "minimum": "mean",
    "median": "mean",
    "maximum": "mean",
    "zero_share": "share",
    "one_share": "share",
}


def compare_samples(space: Workspace) -> None:
    """Compare rows, weights, means and their intervals of every sample, and of all rows together."""
    table = space.package.rows_of(SAMPLES)
    if table is None:
        space.ledger.not_evaluable(SAMPLES, "the package holds no such table")
        return
    names = [row["sample"] for row in table]
    space.ledger.words(SAMPLES, "samples", sorted(names), sorted([*space.rows, "all"]), "sample")
    every = np.sort(np.concatenate(list(space.rows.values())))
    own = {name: _sample(space, space.rows.get(name, every)) for name in names}
    for column, rule in _COLUMNS.items():
        space.ledger.numbers(
            SAMPLES, column, rule, [row[column] for row in table], [own[n][column] for n in names], names
        )


def _sample(space: Workspace, rows: np.ndarray) -> dict[str, float]:
    y, weight, kind = space.outcome[rows], space.weight[rows], space.package.outcome_type
    mean, error = metrics.ratio(weight * y, weight, space.cluster[rows])
    lower, upper = interval(np.array([mean]), np.array([error]), kind)
    rated = kind == "amount" and exposure_of(space) is not None
    whole = float(weight.sum())
    return {
        "rows": len(rows),
        "weight": whole,
        "mean": mean,
        "mean_lower": float(lower[0]),
        "mean_upper": float(upper[0]),
        "rate": float(weight @ y / (weight @ amount_base(space)[rows])) if rated else np.nan,
        "standard_deviation": float(np.sqrt(weight @ (y - mean) ** 2 / whole)),
        "minimum": float(y.min()),
        "median": float(np.median(y)),
        "maximum": float(y.max()),
        "zero_share": float(weight[y == 0].sum() / whole),
        "one_share": float(weight[y == 1].sum() / whole) if kind == "fraction" else np.nan,
    }


def compare_leakage(space: Workspace) -> None:
    """Compare the rank correlations of the screen and of the declared trends, and every suspicion and verdict."""
    table = space.package.rows_of(LEAKAGE)
    if table is None:
        space.ledger.not_evaluable(LEAKAGE, "the package holds no such table")
        return
    labels = [f"{row['characteristic']} {row['check']}" for row in table]
    flagged = [row["value"] is not None and row["value"] > row["threshold"] for row in table]
    space.ledger.words(LEAKAGE, "suspicion", [row["flagged"] for row in table], flagged, labels)
    pairs = [(row, _screened(space, row)) for row in table]
    kept = [(row, value) for row, value in pairs if value is not None]
    places = [f"{row['characteristic']} {row['check']}" for row, _ in kept]
    space.ledger.numbers(
        LEAKAGE, "rank correlations", "gini", [r["value"] for r, _ in kept], [v for _, v in kept], places
    )
    if len(kept) < len(pairs):
        space.ledger.not_evaluable(
            f"{LEAKAGE}: discrimination", "fine classes and derived columns are not in the package"
        )
    _compare_trends(space)


def _rates(space: Workspace) -> np.ndarray:
    rows = space.known(DEVELOPMENT)
    return space.outcome[rows] / amount_base(space)[rows]


def _screened(space: Workspace, row: dict[str, Any]) -> float | None:
    name = row["characteristic"]
    if name not in space.frame.columns or row["check"] not in ("rank correlation", "missing"):
        return None
    values = space.frame[name].iloc[space.known(DEVELOPMENT)]
    absent = values.isna().to_numpy()
    if row["check"] == "missing":
        found = metrics.rank_correlation(absent.astype(np.float64), _rates(space), 0.95)[0]
    else:
        found = metrics.rank_correlation(values.to_numpy(np.float64)[~absent], _rates(space)[~absent], 0.95)[0]
    return 0.0 if np.isnan(found) else abs(found)


def _compare_trends(space: Workspace) -> None:
    table = [row for row in space.package.rows_of(TRENDS) or [] if row["characteristic"] in space.frame.columns]
    if not table:
        space.ledger.not_evaluable(TRENDS, "no trend of a column of the source is declared")
        return
    confidence = space.package.setting("evaluation", "confidence", 0.95)
    labels = [row["characteristic"] for row in table]
    own = [_trend(space, row, confidence) for row in table]
    for place, column in enumerate(("rank_correlation", "lower", "upper")):
        space.ledger.numbers(TRENDS, column, "gini", [row[column] for row in table], [o[place] for o in own], labels)
    words = ["confirmed" if o[1] > 0 else "contradicted by the data" if o[2] < 0 else None for o in own]
    given = [row["verdict"] if row["verdict"] in ("confirmed", "contradicted by the data") else None for row in table]
    space.ledger.words(TRENDS, "verdict", given, words, labels)


def _trend(space: Workspace, row: dict[str, Any], confidence: float) -> tuple[float, float, float]:
    name, rows = row["characteristic"], space.known(DEVELOPMENT)
    values = space.frame[name].iloc[rows].to_numpy(np.float64)
    column = (space.package.plan.get("data") or {}).get("columns", {}).get(name) or {}
    codes = [float(code) for code in column.get("specials") or {}]
    known = ~np.isnan(values) & ~np.isin(values, codes)
    sign = 1.0 if row["expected_trend"] == "ascending" else -1.0
    return metrics.rank_correlation(sign * values[known], _rates(space)[known], confidence, space.weight[rows][known])
