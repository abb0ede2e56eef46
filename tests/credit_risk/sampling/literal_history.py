"""The definitions of history.py and performance.py read literally, row by row, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

Row = dict[str, Any]
Marked = dict[Any, dict[int, tuple[int | None, bool]]]


def material(past_due: float, balance: float, spec: Any) -> bool:
    if spec.materiality is None:
        return True
    return past_due > spec.materiality.absolute and past_due > spec.materiality.relative * balance


def marked(rows: list[Row], spec: Any, definition: Any) -> Marked:
    """{account: {month: (days past due that count, event)}}."""
    together = defaultdict(list)
    for row in rows:
        together[(row["obligor"], row["month"])].append(row)
    result: Marked = defaultdict(dict)
    for row in rows:
        mates = together[(row["obligor"], row["month"])]
        if definition.level == "obligor":
            known = [mate["dpd"] for mate in mates if mate["dpd"] is not None]
            days = max(known) if known else None
            due = sum(mate["past_due"] for mate in mates if (mate["dpd"] or 0) > 0)
            if days and not material(due, sum(mate["balance"] for mate in mates), spec):
                days = 0
            event = (days is not None and days >= definition.days_past_due) or any(mate["flag"] for mate in mates)
        else:
            days, event = own(row, spec, definition)
            if definition.contagion_share is not None:
                bad = sum(mate["balance"] for mate in mates if own(mate, spec, definition)[1])
                event = event or bad > definition.contagion_share * sum(mate["balance"] for mate in mates)
        result[row["key"]][row["month"]] = (days, event)
    return dict(result)


def own(row: Row, spec: Any, definition: Any) -> tuple[int | None, bool]:
    days = row["dpd"]
    if days and not material(row["past_due"], row["balance"], spec):
        days = 0
    return days, (days is not None and days >= definition.days_past_due) or row["flag"]


def outcome(months: dict[int, tuple[int | None, bool]], t: int, until: int, definition: Any, windows: Any) -> str:
    """good, bad, indeterminate or excluded, of one account that has a history, observed at t."""
    first, last, window = min(months), max(months), windows.performance_months
    behavioural = windows.observation_points is not None or windows.observation_months > 0
    if t > last or (behavioural and t < first) or t + window > until:
        return "excluded"
    short = windows.observation_months > 0 and t - first + 1 < windows.observation_months
    if short or in_default(months, t, definition):
        return "excluded"
    seen = {month: value for month, value in months.items() if t < month <= t + window}
    events = [month for month, (_, event) in seen.items() if event]
    if events and (definition.ever or in_default(months, min(t + window, last), definition)):
        return "bad"
    worst = max((days for days, _ in seen.values() if days is not None), default=None)
    limit = definition.indeterminate
    if limit is not None and worst is not None and worst >= limit.days_past_due:
        return "indeterminate"
    if last < t + window:
        return definition.ended_early
    return "good" if seen else "excluded"


def in_default(months: dict[int, tuple[int | None, bool]], t: int, definition: Any) -> bool:
    """An event at t, or one before it that fewer than the months of probation have followed."""
    probation = definition.cure.months if definition.cure is not None else 1
    return any(months.get(month, (None, False))[1] for month in range(t - probation + 1, t + 1))
