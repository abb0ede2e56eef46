"""Upper bounds of Pluto and Tasche: pools counted and bounds solved again, simulated ones within their range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from validation.rebuild import grades as own
from validation.rebuild import low_default
from validation.rebuild.workspace import Workspace

LOW = "rating.low_default"
COLUMNS = {
    **dict.fromkeys(("obligors", "defaults", "pooled_obligors", "pooled_defaults"), "rows"),
    "pooled_rate": "share",
    **dict.fromkeys(("bound", "upper_bound", "window_bound"), "mean_probability"),
}
Rows = list[dict[str, Any]]


def compare_low_default(space: Workspace, cells: Sequence[own.Cell], grades: Sequence[str]) -> list[float]:
    """Compare the table of bounds, and return the probabilities of the grades: of the window of the outcome."""
    asked = (space.package.plan.get("rating_scale") or {}).get("low_default") or {}
    table = space.package.rows_of(LOW)
    stated = [{}] * len(cells) if table is None or len(table) != len(cells) else table
    counts = [(float(c.rows), float(c.bad)) for c in cells]
    mine = _bounds(counts, asked, stated)
    if table is None:
        space.ledger.not_evaluable(LOW, "the package holds no such table")
        return [row["window_bound"] for row in mine]
    space.ledger.words(LOW, "grades", [row["grade"] for row in table], list(grades), "grade", [LOW])
    if len(table) == len(cells):
        for name, rule in COLUMNS.items():
            given = [row[name] for row in table]
            space.ledger.numbers(LOW, name, rule, given, [row[name] for row in mine], grades, [LOW])
        raised = [row["upper_bound"] > row["bound"] for row in mine]
        space.ledger.words(LOW, "raised", [row["raised"] for row in table], raised, grades, [LOW])
    return [row["window_bound"] for row in mine]


def _bounds(counts: Sequence[tuple[float, float]], asked: dict[str, Any], stated: Rows) -> Rows:
    level, correlation = float(asked.get("confidence", 0.9)), float(asked.get("asset_correlation", 0.0))
    years = int(asked.get("years", 1))
    paths = (float(asked.get("factor_correlation", 0.0)), int(asked.get("draws", 20_000)))
    rule = low_default.Years(level, correlation, years, *paths)
    simulated = years > 1 and correlation > 0.0
    factors = rule.factors() if simulated else np.zeros((0, years))
    rows: Rows = []
    for k, (n, d) in enumerate(counts):
        pool = [float(np.sum([one[side] for one in counts[k:]])) for side in (0, 1)]
        row = {"obligors": n, "defaults": d, "pooled_obligors": pool[0], "pooled_defaults": pool[1]}
        row["pooled_rate"] = pool[1] / pool[0]
        if simulated:
            row["bound"] = low_default.bound(pool[1], pool[0], rule, factors).settled(stated[k].get("bound"))
        else:
            within = own.most_prudent([pool[0]], [pool[1]], level, correlation)[0]
            row["bound"] = within if years == 1 or within == 1.0 else 1.0 - (1.0 - within) ** (1.0 / years)
        row["upper_bound"] = max([row["bound"], *(one["upper_bound"] for one in rows[-1:])])
        p = row["upper_bound"]
        if simulated:
            row["window_bound"] = low_default.window(p, rule, factors).settled(stated[k].get("window_bound"))
        else:
            row["window_bound"] = p if years == 1 else 1.0 - (1.0 - p) ** years
        rows.append(row)
    return rows
