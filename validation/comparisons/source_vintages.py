"""Vintages, maturity and the performance window held against our own count of the performance history."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from validation.rebuild.source.made import Made
from validation.rebuild.source.vintages import Maturity, maturity, openings, rises, vintages
from validation.rebuild.workspace import Workspace

FACTS, VINTAGES, MATURITY, WINDOW = "outcome.history", "outcome.vintages", "outcome.maturity", "outcome.window"
TABLES = (VINTAGES, MATURITY, WINDOW)
VINTAGE_RULES = {
    "opened": "rows",
    "accounts": "rows",
    "bad": "rows",
    "bad_rate": "share",
    "bad_rate_lower": "interval",
    "bad_rate_upper": "interval",
}
VINTAGE_COLUMNS = ("cohort", "month_on_book", *VINTAGE_RULES, "complete")
MATURITY_RULES = {
    "at_risk": "rows",
    "bad": "rows",
    "bad_rate": "share",
    "increment": "share",
    "increment_share": "share",
}
NAMED = re.compile(r"month (\d+)")


def compare_vintages(space: Workspace, made: Made) -> None:
    """Compare every figure of the three tables, and what `outcome.history` says of openings."""
    if made.history is None:
        return
    found = openings(made.history, made.table, space.package.plan)
    _compare_openings(space, found.facts)
    own = [dict(zip(VINTAGE_COLUMNS, row, strict=True)) for row in vintages(made.history, found)]
    _compare(space, VINTAGES, ("cohort", "month_on_book"), VINTAGE_RULES, own, ("complete",))
    spec = space.package.plan["outcome"]["windows"]["maturity"]
    curve = maturity(made.history, found, spec)
    _compare(space, MATURITY, ("month_on_book",), MATURITY_RULES, _curve(curve, spec["months"]))
    _compare_window(space, curve)


def not_recounted(space: Workspace, reason: str) -> None:
    """Tell the tables of the history that the package holds as not evaluable."""
    for area in TABLES:
        if space.package.rows_of(area) is not None:
            space.ledger.not_evaluable(area, reason)


def _compare_openings(space: Workspace, facts: Mapping[str, int]) -> None:
    stated = {row["item"]: str(row["value"]) for row in space.package.rows_of(FACTS) or []}
    told = [name for name in stated if name.startswith(("accounts with a date", "accounts opened before"))]
    told += [name for name in stated if name.endswith((", opened then", ", opened at the first"))]
    names = sorted({*told, *facts})
    own = [str(facts[name]) if name in facts else None for name in names]
    space.ledger.words(FACTS, "openings", [stated.get(name) for name in names], own, names)


def _curve(curve: Maturity, ahead: int) -> list[dict[str, Any]]:
    rows = []
    for place, rise in enumerate(rises(curve.rate, ahead).tolist()):
        rate = float(curve.rate[place])
        known = rise == rise
        rows.append(
            {
                "month_on_book": int(curve.month[place]),
                "at_risk": int(curve.at_risk[place]),
                "bad": int(curve.bad[place]),
                "bad_rate": rate,
                "increment": rise if known else None,
                "increment_share": rise / rate if known and rate > 0 else None,
            }
        )
    return rows


def _compare(
    space: Workspace,
    area: str,
    keys: Sequence[str],
    rules: Mapping[str, str],
    own: Sequence[Mapping[str, Any]],
    words: Sequence[str] = (),
) -> None:
    """Compare a table row by row, in its order; where there is none, we have no rows either."""
    table = space.package.rows_of(area)
    if table is None:
        if area not in space.package.evidence:
            space.ledger.not_evaluable(area, "the package holds no such table")
        elif own:
            space.ledger.words(area, "rows", [None], [f"{len(own)} rows"], ["rows"])
        return
    stated, mine = ([" ".join(str(row[key]) for key in keys) for row in side] for side in (table, own))
    space.ledger.words(area, "rows", stated, mine, mine)
    if stated != mine:
        return
    for column, rule in rules.items():
        pair = [row[column] for row in table], [row[column] for row in own]
        space.ledger.numbers(area, column, rule, *pair, mine)
    for column in words:
        space.ledger.words(area, column, [row[column] for row in table], [row[column] for row in own], mine)


def _compare_window(space: Workspace, curve: Maturity) -> None:
    table = space.package.rows_of(WINDOW)
    if table is None:
        space.ledger.not_evaluable(WINDOW, "the package holds no such table")
        return
    stated = {row["item"]: str(row["value"]) for row in table}
    own = {
        "performance window, months": str(space.package.plan["outcome"]["windows"]["performance_months"]),
        "recommended, months": "not reached" if curve.window is None else str(curve.window),
    }
    space.ledger.words(WINDOW, "months", [stated.get(name) for name in own], list(own.values()), list(own))
    if curve.window is not None:
        named = NAMED.findall(stated.get("rule", ""))
        space.ledger.words(WINDOW, "end of the curve", named[-1:], [str(curve.month[-1])], ["end of the curve"])
