"""The leakage screen: the checks that the snapshot allows, computed again; the suspicion where a number is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from validation.comparisons.fine_classing import fine_gini_of
from validation.comparisons.held import held_classings
from validation.rebuild import metrics
from validation.rebuild.times import dated_column
from validation.rebuild.workspace import DEVELOPMENT, Workspace

AREA = "data.leakage"
FINE = "discrimination"
PURE_RATE = 0.98
THRESHOLDS = {FINE: 0.75, "exact values": 0.05, "pure values": 0.2, "missing": 0.5}
"""Of the screen, above which a number is a suspicion; no plan sets them."""


def compare_leakage(space: Workspace) -> None:
    """Compare Gini of fine classes and of being missing, bads in pure values, later dates, and every suspicion."""
    table = space.package.rows_of(AREA)
    if table is None:
        space.ledger.not_evaluable(AREA, "the package holds no such table")
        return
    labels = [f"{row['characteristic']} {row['check']}" for row in table]
    flagged = [row["value"] is not None and row["value"] > row["threshold"] for row in table]
    space.ledger.words(AREA, "suspicion", [row["flagged"] for row in table], flagged, labels)
    bounded = [(row, label) for row, label in zip(table, labels, strict=True) if row["check"] in THRESHOLDS]
    given, own_thresholds = [row["threshold"] for row, _ in bounded], [THRESHOLDS[row["check"]] for row, _ in bounded]
    space.ledger.words(AREA, "thresholds", given, own_thresholds, [label for _, label in bounded])
    developer: list[Any] = []
    own: list[float] = []
    places: list[str] = []
    left_out: dict[str, None] = {}
    ginis: tuple[list[float], list[float], list[str]] = ([], [], [])
    held = held_classings(space)
    for row, place in zip(table, labels, strict=True):
        if row["check"] == FINE and row["role"] == "predictor":
            own_gini = fine_gini_of(space, held.get(row["characteristic"]))
            if own_gini is not None:
                ginis[0].append(row["value"])
                ginis[1].append(own_gini)
                ginis[2].append(place)
                continue
        value = _recomputed(space, row)
        if value is None:
            left_out[row["check"] if row["characteristic"] in space.frame.columns else row["characteristic"]] = None
            continue
        developer.append(row["value"])
        own.append(value)
        places.append(place)
    space.ledger.numbers(AREA, "missing, pure values and later dates", "gini", developer, own, places)
    space.ledger.numbers(AREA, "Gini of the fine classes", "gini", *ginis)
    if left_out:
        reason = "the column or its fine classes are not in the package"
        space.ledger.not_evaluable(f"{AREA}: {', '.join(left_out)}", reason)


def _recomputed(space: Workspace, row: dict[str, Any]) -> float | None:
    """Return our value of a row, or None where the package does not hold what it is made of."""
    name, rows = row["characteristic"], space.known(DEVELOPMENT)
    if name not in space.frame.columns:
        return None
    values, outcome = space.frame[name].iloc[rows], space.outcome[rows]
    if row["check"] == "missing":
        area = metrics.auc(outcome, values.isna().to_numpy(np.float64))
        return abs(2.0 * area.auc - 1.0)
    if row["check"] == "pure values":
        return _pure(values, outcome)
    if row["check"] == "later date":
        date = dated_column(space.package.plan, space.frame)
        return None if date is None else later_share(values, space.frame[date].iloc[rows])
    return None


def _pure(values: pd.Series, outcome: np.ndarray) -> float:
    """Return the greatest share of all bads in one value, or on one side of a cut, that is almost only bads."""
    total = float(outcome.sum())
    if not float(np.mean(outcome)) < PURE_RATE / 2:
        return 0.0
    known = values.notna().to_numpy()
    codes, levels = pd.factorize(values[known], sort=True)
    size = np.bincount(codes, minlength=len(levels)).astype(np.float64)
    bad = np.bincount(codes, outcome[known], len(levels))
    ranges = [(size, bad)]
    if values.dtype.kind == "f" and len(levels) > 2:
        ranges += [(np.cumsum(size), np.cumsum(bad)), (np.cumsum(size[::-1]), np.cumsum(bad[::-1]))]
    found = [float(b[b >= PURE_RATE * s].max(initial=0.0)) for s, b in ranges]
    return max(found) / total


def later_share(dates: pd.Series, decision: pd.Series) -> float:
    """Return the share of dates (n,), as text of year, month and day, that are later than those of the decision."""
    known = (dates.notna() & decision.notna()).to_numpy()
    if not known.any():
        return 0.0
    first, second = dates[known].astype(str), decision[known].astype(str)
    size = min(10, int(first.str.len().min()), int(second.str.len().min()))
    return float(np.mean(first.str[:size].to_numpy() > second.str[:size].to_numpy()))
