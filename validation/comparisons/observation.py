"""Rows by observation point, counted again from the snapshot."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from validation.rebuild import metrics
from validation.rebuild.times import time_column
from validation.rebuild.workspace import Workspace
from validation.tables import SAMPLES

AREA = "samples.observation_points"
COLUMNS = {"rows": "rows", "good": "rows", "bad": "rows", "neither": "rows", "bad_rate": "share"}
BOUNDS = ("bad_rate_lower", "bad_rate_upper")
YEAR_MONTH = re.compile(r"([0-9]{4})-?([0-9]{2})\b")


def compare_points(space: Workspace) -> None:
    """Compare rows, outcomes, bad rates and samples of each observation point with our counts."""
    table = space.package.rows_of(AREA)
    if table is None:
        space.ledger.not_evaluable(AREA, "the package holds no such table")
        return
    column = time_column(space.package.plan)
    if column is None or column not in space.frame:
        space.ledger.not_evaluable(AREA, "the snapshot has no column with the observation point")
        return
    points = _months(space, column)
    stated = [row["observation_point"] for row in table]
    found = list(dict.fromkeys(point for point in points.tolist() if point is not None))
    space.ledger.words(AREA, "observation points", sorted(stated), sorted(found), "observation point")
    own = [_counts(space, points == name) for name in stated]
    for name, rule in {**COLUMNS, **dict.fromkeys(SAMPLES, "rows")}.items():
        space.ledger.numbers(AREA, name, rule, [row[name] for row in table], [item[name] for item in own], stated)
    if abs(_confidence(space) - 0.95) < 1e-12:
        for name in BOUNDS:
            mine = [item[name] for item in own]
            space.ledger.numbers(AREA, name, "interval", [row[name] for row in table], mine, stated)


def _confidence(space: Workspace) -> float:
    return space.package.setting("evaluation", "confidence", 0.95)


def _months(space: Workspace, column: str) -> np.ndarray:
    """Month of each row as text, 2026-11 of dates or a whole number, None where missing."""
    history = (space.package.plan.get("outcome") or {}).get("history") or {}
    dated = history.get("date") is not None
    result: list[str | None] = []
    for value in space.frame[column].tolist():
        if value is None or value != value:
            result.append(None)
            continue
        text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
        match = YEAR_MONTH.match(text) if dated else None
        result.append(f"{match[1]}-{match[2]}" if match else text)
    return np.array([*result, None], dtype=object)[:-1]


def _counts(space: Workspace, here: np.ndarray) -> dict[str, Any]:
    y, sample = space.outcome[here], space.frame["_sample"].to_numpy(object)[here]
    good, bad = int(np.count_nonzero(y == 0)), int(np.count_nonzero(y == 1))
    w = space.weight[here]
    whole = float(np.sum(w[np.isfinite(y)]))
    rate = float(np.sum(w[y == 1])) / whole if good + bad else np.nan
    size = metrics.effective_size(whole, float(np.sum(w[np.isfinite(y)] ** 2)))
    lower, upper = metrics.wilson(rate * size, size)
    result: dict[str, Any] = {
        "rows": len(y),
        "good": good,
        "bad": bad,
        "neither": len(y) - good - bad,
        "bad_rate": rate if good + bad else None,
        "bad_rate_lower": None if np.isnan(lower) else lower,
        "bad_rate_upper": None if np.isnan(upper) else upper,
    }
    return result | {name: int(np.count_nonzero(sample == name)) for name in SAMPLES}
