"""Which looks a plan declares, which of them have been taken by now, and what a look is that was not planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.monitoring.challenger.looks import FULL, LOOK_COLUMNS, NEITHER, open_looks, planned_looks
from credit_risk.strategy.always_valid import ALWAYS_VALID
from credit_risk.strategy.spending import CLOSEST, OBRIEN_FLEMING, spending_boundaries

SCHEDULED_COLUMNS = [*LOOK_COLUMNS, "status", "reason"]
"""A row each look that the plan declares, and one of the latest month where that is none of them.

look: its number in the plan, missing where it is not planned; at: the month at whose end it was, or is to be, taken.
status: one of STATUSES, reason in words.
"""
TAKEN, NOT_EVALUABLE, TO_COME, ENDED, UNPLANNED = "taken", "not evaluable", "to come", "after the end", "not planned"
STATUSES = (TAKEN, NOT_EVALUABLE, TO_COME, ENDED, UNPLANNED)
Look = Mapping[str, Any]
"""What was known at the end of a month: `at` YYYY-MM, `difference` and `standard_error`."""
Taker = Callable[[str], Look | None]
"""The look at the end of a month, None where it is not evaluable."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """months: at whose ends it is looked, or information: shares of it at which it is; spending always_valid: neither.

    planned_error: of the difference in AUC, at which the information is complete; significance: of all looks together.
    """

    months: tuple[str, ...] = ()
    information: tuple[float, ...] = ()
    spending: str = OBRIEN_FLEMING
    planned_error: float = 0.01
    significance: float = 0.05


@dataclass(frozen=True, slots=True)
class Scheduled:
    """table: SCHEDULED_COLUMNS; test: LOOK_COLUMNS of the looks that count, empty without one; taken: those looks."""

    table: pd.DataFrame
    test: pd.DataFrame
    taken: tuple[Look, ...]


def months_from(first: str, step: int, count: int) -> tuple[str, ...]:
    """`count` months, one each `step`, the first of them `step` - 1 after `first` (YYYY-MM)."""
    start = pd.Period(first, "M")
    return tuple(str(start + (k + 1) * step - 1) for k in range(count))


def scheduled(schedule: Schedule, months: Sequence[str], look_at: Taker) -> Scheduled:
    """The looks of a plan that have been taken by the end of the latest of `months`, and what is left.

    months: those whose ends have been seen, ascending. A planned look that is not evaluable, or at which no more was
    known than at the one before (CLOSEST of it counts as nothing), is left out and spends nothing (Lan and DeMets 1983:
    looks need not be those that were planned, as long as they do not depend on what was seen). Nothing is tested at a
    month that is not planned.
    """
    if schedule.spending == ALWAYS_VALID:
        return _open(schedule, months, look_at)
    rows, taken, places = _due(schedule, months, look_at)
    last = bool(schedule.months and places and places[-1] == len(schedule.months) - 1)
    test = _tested(schedule, taken, last).assign(look=[place + 1 for place in places])
    parts = [test.assign(status=TAKEN, reason=None)] if len(taken) else []
    complete = bool(len(test) and test.iloc[-1]["information"] >= FULL)
    parts.append(pd.DataFrame([_blank(schedule, row, complete) for row in rows], columns=SCHEDULED_COLUMNS))
    if schedule.information and not complete:
        parts[-1] = _foreseen(schedule, parts[-1], test)
    parts.append(_unplanned(schedule, months, taken, rows, complete, look_at))
    held = [part for part in parts if len(part)]
    table = pd.concat(held, ignore_index=True) if held else parts[-1]
    order = table["look"].astype(float).fillna(np.inf)
    table = table.assign(order=order).sort_values("order", kind="stable")[SCHEDULED_COLUMNS]
    return Scheduled(table, test, tuple(taken))


def _due(
    schedule: Schedule, months: Sequence[str], look_at: Taker
) -> tuple[list[tuple[int, str | None, str, str | None]], list[Look], list[int]]:
    """Looks that were not taken (place, month, status, reason), those that were, and their places in the plan."""
    rows: list[tuple[int, str | None, str, str | None]] = []
    taken: list[Look] = []
    places: list[int] = []
    if schedule.months:
        for place, month in enumerate(schedule.months):
            if month > (months[-1] if months else ""):
                rows.append((place, month, TO_COME, None))
            elif _full(schedule, taken):
                rows.append((place, month, ENDED, "the information was complete before"))
            else:
                found = look_at(month)
                why = _why_not(found, taken)
                if found is None or why is not None:
                    rows.append((place, month, NOT_EVALUABLE, why))
                else:
                    taken.append(found)
                    places.append(place)
        return rows, taken, places
    place, shares = 0, schedule.information
    for month in months:
        found = look_at(month) if place < len(shares) else None
        if found is None or _why_not(found, taken) is not None or _share(schedule, found) < shares[place] * FULL:
            continue
        reached = max(k for k, share in enumerate(shares) if _share(schedule, found) >= share * FULL)
        told = f"passed together with look {reached + 1}, at the end of {month}"
        rows += [(k, month, ENDED, told) for k in range(place, reached)]
        taken.append(found)
        places.append(reached)
        place = reached + 1
    rows += [(k, None, TO_COME, f"at {shares[k]:.0%} of the information") for k in range(place, len(shares))]
    return rows, taken, places


def _share(schedule: Schedule, look: Look) -> float:
    return float((schedule.planned_error / look["standard_error"]) ** 2)


def _full(schedule: Schedule, taken: Sequence[Look]) -> bool:
    return bool(taken) and _share(schedule, taken[-1]) >= FULL


def _why_not(found: Look | None, taken: Sequence[Look]) -> str | None:
    """Why a look cannot be taken, None where it can."""
    if found is None:
        return "too few outcomes were known"
    if any(found["standard_error"] >= one["standard_error"] for one in taken):
        return "no more was known than at the look before"
    if any(found["standard_error"] >= one["standard_error"] * np.sqrt(FULL) for one in taken):
        return f"the information grew by less than {CLOSEST:g} of itself since the look before"
    return None


def _tested(schedule: Schedule, taken: Sequence[Look], last: bool) -> pd.DataFrame:
    if not taken:
        return pd.DataFrame(columns=LOOK_COLUMNS)
    return planned_looks(
        [one["difference"] for one in taken],
        [one["standard_error"] for one in taken],
        schedule.planned_error,
        at=[one["at"] for one in taken],
        significance=schedule.significance,
        spending=schedule.spending,
        last=last,
    )


def _blank(schedule: Schedule, row: tuple[int, str | None, str, str | None], complete: bool) -> dict[str, Any]:
    """A look without a figure."""
    place, month, status, reason = row
    if status == TO_COME and complete:
        status, reason = ENDED, "the information was complete before"
    empty = dict.fromkeys(SCHEDULED_COLUMNS, np.nan)
    told = {"look": place + 1, "at": month, "status": status, "reason": reason, "rule": schedule.spending}
    return {**empty, **told, "reached": False, "favours": NEITHER}


def _foreseen(schedule: Schedule, rows: pd.DataFrame, test: pd.DataFrame) -> pd.DataFrame:
    """Boundaries of looks to come, were they taken at the shares of information that are planned."""
    ahead = rows["status"] == TO_COME
    shares = [schedule.information[int(look) - 1] for look in rows.loc[ahead, "look"]]
    if not shares:
        return rows
    behind = list(test["information"].astype(float))
    bounds = spending_boundaries([*behind, *shares], schedule.significance, schedule.spending)
    found = rows.copy()
    found.loc[ahead, "information"], found.loc[ahead, "boundary"] = shares, bounds.z[len(behind) :]
    found.loc[ahead, "spent"] = bounds.spent[len(behind) :]
    return found


def _unplanned(
    schedule: Schedule,
    months: Sequence[str],
    taken: Sequence[Look],
    rows: Sequence[tuple[int, str | None, str, str | None]],
    complete: bool,
    look_at: Taker,
) -> pd.DataFrame:
    """The latest month, where no look of the plan is at its end: told, flagged, and nothing is tested by it."""
    nothing = pd.DataFrame(columns=SCHEDULED_COLUMNS)
    known = {one["at"] for one in taken} | {month for _, month, status, _ in rows if status != TO_COME}
    if not months or months[-1] in known:
        return nothing
    found = look_at(months[-1])
    if found is None:
        return nothing
    ahead = [month or reason for _, month, status, reason in rows if status == TO_COME]
    then = "the test has ended" if complete or not ahead else f"the next is to be taken: {ahead[0]}"
    told = f"no look is planned at the end of {months[-1]}; {then}; nothing is decided by it"
    row: dict[str, Any] = dict.fromkeys(SCHEDULED_COLUMNS, np.nan)
    row |= {"at": found["at"], "estimate": found["difference"], "standard_error": found["standard_error"]}
    row |= {"information": _share(schedule, found), "z": found["difference"] / found["standard_error"]}
    row |= {"reached": False, "favours": NEITHER, "rule": schedule.spending, "status": UNPLANNED, "reason": told}
    return pd.DataFrame([row], columns=SCHEDULED_COLUMNS)


def _open(schedule: Schedule, months: Sequence[str], look_at: Taker) -> Scheduled:
    """A comparison that may be looked at at any time: every month, or those that are named."""
    taken: list[Look] = []
    for month in months:
        if schedule.months and month not in schedule.months:
            continue
        found = look_at(month)
        if found is not None and _why_not(found, taken) is None:
            taken.append(found)
    if not taken:
        return Scheduled(pd.DataFrame(columns=SCHEDULED_COLUMNS), pd.DataFrame(columns=LOOK_COLUMNS), ())
    test = open_looks(
        [one["difference"] for one in taken],
        [one["standard_error"] for one in taken],
        schedule.planned_error,
        at=[one["at"] for one in taken],
        significance=schedule.significance,
    )
    return Scheduled(test.assign(status=TAKEN, reason=None)[SCHEDULED_COLUMNS], test, tuple(taken))
