"""Migration between grades over a year: weighted bandwidths with their trend, and cells against their neighbours."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.battery.rows import BatteryRow, absent
from validation.battery.settle import Words, details, settle
from validation.comparisons import rating, rating_migration
from validation.rebuild.grades import holm
from validation.rebuild.workspace import Workspace

MIGRATION = (rating_migration.MATRIX,)
AHEAD = 12
Pairs = dict[str, NDArray[np.float64]]


def bandwidths(counts: NDArray[np.float64]) -> tuple[float, float]:
    """Return the weighted bandwidth to riskier and to safer grades of a matrix (k, k) of counts, safest first.

    Σ|i − j|·N_ij / Σ max(|i − K|, |i − 1|)·N_ij over one side of the diagonal (ECB instructions 2019, 2.5.5.1); NaN
    where nothing moves to that side.
    """
    k = len(counts)
    i, j = np.indices((k, k))
    most = np.maximum(i, k - 1 - i)
    found = []
    for side in (j > i, j < i):
        whole = float(np.sum((most * counts)[side]))
        found.append(float(np.sum((np.abs(i - j) * counts)[side])) / whole if whole > 0 else math.nan)
    return found[0], found[1]


def neighbour_test(far: float, near: float, rows: float) -> tuple[float, float]:
    """Return z = (p_near − p_far)/√([p_far(1 − p_far) + p_near(1 − p_near) + 2·p_far·p_near]/N) and Φ(z).

    A small p says that the cell farther from the diagonal holds more (ECB instructions 2019, 2.5.5.2). NaN where there
    is no row.
    """
    spread = far * (1.0 - far) + near * (1.0 - near) + 2.0 * far * near
    if not (rows > 0 and spread > 0):
        return math.nan, math.nan
    z = (near - far) / math.sqrt(spread / rows)
    return z, float(special.ndtr(z))


def kendall(values: NDArray[np.float64]) -> float:
    """Return the exact one-sided p-value of Mann and Kendall that values (n,) rise: P(inversions at most these)."""
    inversions = sum(int(a > b) for k, a in enumerate(values) for b in values[k + 1 :])
    ways = np.ones(1)
    for size in range(2, len(values) + 1):
        ways = np.convolve(ways, np.ones(size))
    return float(np.sum(ways[: inversions + 1]) / np.sum(ways))


def check_migration(space: Workspace, scale: rating.Scale) -> None:
    """Judge the champion's grades of the same account a year apart."""
    keys = space.frame["_key"].tolist()
    if not all(isinstance(key, str) and "@" in key for key in keys):
        reason = "the keys do not name account and month, so that no account is seen twice"
        absent(space.ledger, "migration", "weighted bandwidth", "all samples", reason)
        absent(space.ledger, "matrix_z", "cells against their neighbours", "all samples", reason)
        return
    held, accounts = _pairs(space, keys, scale.grades)
    total = sum(held.values(), np.zeros((len(scale.grades), len(scale.grades))))
    if not total.any():
        for area in ("migration", "matrix_z"):
            absent(space.ledger, area, "migration", "all samples", "no account is seen twice a year apart")
        return
    _check_trend(space, total, held)
    _check_cells(space, scale, total, accounts)


def _pairs(space: Workspace, keys: list[str], grades: list[str]) -> tuple[Pairs, NDArray[np.float64]]:
    """Return the matrices (k, k) of counts by year of the first month, and the accounts of each first grade (k,)."""
    value = space.output(space.package.champion_id, "grade")
    assert value is not None
    place = {name: k for k, name in enumerate(grades)}
    seen: dict[tuple[str, int], int] = {}
    for rows in space.rows.values():
        for row in rows.tolist():
            account, month = keys[row].rsplit("@", 1)
            year, dash, rest = month.partition("-")
            number = int(year) * AHEAD + int(rest) - 1 if dash else int(month)
            if value.data[row] in place:
                seen[account, number] = place[value.data[row]]
    held: Pairs = {}
    accounts: list[set[str]] = [set() for _ in grades]
    for (account, number), before in seen.items():
        after = seen.get((account, number + AHEAD))
        if after is not None:
            matrix = held.setdefault(f"{number // AHEAD}", np.zeros((len(grades), len(grades))))
            matrix[before, after] += 1.0
            accounts[before].add(account)
    return held, np.array([float(len(one)) for one in accounts])


def _check_trend(space: Workspace, total: NDArray[np.float64], held: Pairs) -> None:
    """The bandwidths of all years, and whether those of the years rise."""
    least = space.policy.cuts["minimum_grade_rows"].value
    enough = [matrix for _, matrix in sorted(held.items(), key=lambda item: int(item[0])) if matrix.sum() >= least]
    cut = space.policy.cuts["migration_trend_review"]
    for side, words in enumerate(("riskier", "safer")):
        test, value = f"weighted bandwidth to {words} grades", bandwidths(total)[side]
        series = np.array([bandwidths(matrix)[side] for matrix in enough])
        series = series[np.isfinite(series)]
        p_value = kendall(series) if len(series) >= space.policy.cuts["minimum_trend_years"].value else math.nan
        if math.isnan(p_value):
            outcome, reason = "not_evaluable", f"{len(series)} years of pairs tell no trend"
        else:
            outcome, reason = ("review" if p_value <= cut.value else "pass"), None
        row = BatteryRow(
            area="migration",
            test=test,
            population="all samples",
            statistic=f"bandwidth of {total.sum():.0f} pairs",
            outcome=outcome,
            value=value,
            p_value=p_value,
            cut=f"review where yearly bandwidths rise at p of at most {cut.value:g}",
            reason=reason,
        )
        told = f"The weighted bandwidth to {words} grades rises over {len(series)} years."
        settle(space, row, "migration_trend_review", Words(told, "Find what moves the grades.", MIGRATION))


def _check_cells(
    space: Workspace, scale: rating.Scale, total: NDArray[np.float64], accounts: NDArray[np.float64]
) -> None:
    """Each cell against its neighbour nearer to the diagonal; an account that is counted often counts once."""
    cut, least = space.policy.cuts["migration_cell_review"], space.policy.cuts["minimum_grade_rows"].value
    found = []
    for i, name in enumerate(scale.grades):
        whole = float(total[i].sum())
        if accounts[i] < least:
            continue
        shares = total[i] / whole
        places = [*pairwise(range(i, len(shares))), *pairwise(range(i, -1, -1))]
        for near, far in places:
            z, p_value = neighbour_test(float(shares[far]), float(shares[near]), float(accounts[i]))
            found.append((f"{name} to {scale.grades[far]}", z, p_value))
    adjusted = holm([p for _, _, p in found])
    test = "cells against their neighbours"
    if not any(math.isfinite(p) for p in adjusted):
        reason = f"no grade has {least:g} accounts that are seen a year later"
        absent(space.ledger, "matrix_z", test, "all samples", reason)
        return
    words = f"review at p of at most {cut.value:g}, Holm over cells"
    rows = [
        BatteryRow(
            area="matrix_z",
            test=f"migration {label}",
            population="all samples",
            statistic="z",
            outcome="review" if p <= cut.value else "pass",
            value=z,
            p_value=raw,
            cut=words,
        )
        for (label, z, raw), p in zip(found, adjusted, strict=True)
        if math.isfinite(p)
    ]
    details(space, rows)
    wrong = [row for row in rows if row.outcome == "review"]
    row = BatteryRow(
        area="matrix_z",
        test=test,
        population="all samples",
        statistic=f"cells that hold more than their nearer neighbour, of {len(rows)}",
        outcome="review" if wrong else "pass",
        value=float(len(wrong)),
        p_value=min(p for p in adjusted if math.isfinite(p)),
        cut=words,
    )
    told = f"{len(wrong)} of {len(rows)} cells hold more than their neighbour nearer to the diagonal."
    settle(space, row, "migration_cell_review", Words(told, "Explain the moves.", MIGRATION), compared=len(rows))
