"""Migration between grades over a year: pairs found again by account and month, counted and tested our own way."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from validation.rebuild.workspace import Workspace

MATRIX, SUMMARY = "rating.migration", "rating.migration_summary"
NAN = float("nan")


def compare_migration(space: Workspace, grades: Sequence[str]) -> None:
    """Compare matrix and summary with our own; not evaluable where the package has none, or hides the account."""
    table, summary = space.package.rows_of(MATRIX), space.package.rows_of(SUMMARY)
    if table is None or summary is None:
        space.ledger.not_evaluable(MATRIX, "the package holds no such table")
        return
    keys = space.frame["_key"].tolist()
    if not all(isinstance(key, str) and "@" in key for key in keys):
        space.ledger.not_evaluable(MATRIX, "the keys do not name account and month")
        return
    counts = _counts(space, keys, list(grades))
    rows = [_row(counts, i, j) for i in range(len(grades)) for j in range(len(grades))]
    labels = [f"{a} to {b}" for a in grades for b in grades]
    stated = [f"{row['from']} to {row['to']}" for row in table]
    space.ledger.words(MATRIX, "grades", stated, labels, labels, [MATRIX])
    rules = {"count": "rows", "rate": "share", "neighbour_rate": "share", "statistic": "z", "p_value": "p_value"}
    for name, rule in rules.items():
        values = [row[name] for row in table]
        space.ledger.numbers(MATRIX, name, rule, values, [row[name] for row in rows], labels, [MATRIX])
    items = _summary(counts)
    space.ledger.words(SUMMARY, "items", [row["item"] for row in summary], list(items), "item", [SUMMARY])
    values, own = [row["value"] for row in summary], list(items.values())
    space.ledger.numbers(SUMMARY, "value", "share", values, own, list(items), [SUMMARY])


def _counts(space: Workspace, keys: Sequence[str], grades: list[str]) -> np.ndarray:
    """Return pairs (k, k) of rows of one account twelve months apart."""
    grade = space.output(space.package.champion_id, "grade")
    assert grade is not None
    seen: dict[str, dict[int, int]] = defaultdict(dict)
    for rows in space.rows.values():
        for row in rows.tolist():
            account, month = keys[row].rsplit("@", 1)
            year, dash, rest = month.partition("-")
            number = int(year) * 12 + int(rest) if dash else int(month)
            seen[account][number] = grades.index(grade.data[row])
    counts = np.zeros((len(grades), len(grades)))
    for months in seen.values():
        for number, before in months.items():
            if number + 12 in months:
                counts[before, months[number + 12]] += 1.0
    return counts


def _row(counts: np.ndarray, i: int, j: int) -> dict[str, Any]:
    """One cell against its neighbour nearer to the diagonal."""
    total = float(counts[i].sum())
    far = counts[i, j] / total if total else NAN
    near = NAN if i == j or not total else counts[i, j + (1 if j < i else -1)] / total
    spread = far + near - (far - near) ** 2  # p(1 − p) + q(1 − q) + 2pq
    z = (near - far) / math.sqrt(spread / total) if spread > 0 else NAN
    return {
        "count": counts[i, j],
        "rate": far,
        "neighbour_rate": near,
        "statistic": z,
        "p_value": float(stats.norm.cdf(z)) if math.isfinite(z) else NAN,
    }


def _summary(counts: np.ndarray) -> dict[str, float]:
    k, total = len(counts), float(counts.sum())
    moved = {"upper": [0.0, 0.0], "lower": [0.0, 0.0]}
    shares = {"upper": 0.0, "lower": 0.0}
    for i in range(k):
        for j in range(k):
            if i != j:
                side = "upper" if j > i else "lower"
                moved[side][0] += abs(i - j) * counts[i, j]
                moved[side][1] += max(i, k - 1 - i) * counts[i, j]
                shares[side] += counts[i, j] / total
    width = {side: one / most if most else NAN for side, (one, most) in moved.items()}
    return {
        "pairs of rows a year apart": total,
        "share that keeps its grade": float(np.trace(counts)) / total,
        "share that moves to a riskier grade": shares["upper"],
        "share that moves to a safer grade": shares["lower"],
        "weighted bandwidth, to riskier grades": width["upper"],
        "weighted bandwidth, to safer grades": width["lower"],
    }
