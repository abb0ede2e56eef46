"""Vintages, maturity of the bad rate and the window that it recommends, from the history (SPECIFICATION 5.0)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild import metrics
from validation.rebuild.source.columns import typed
from validation.rebuild.source.files import SourceTable
from validation.rebuild.source.history import History, HistoryError
from validation.rebuild.source.performance import NEVER, row_months
from validation.rebuild.source.readings import text_of

WIDTHS = (1, 3, 6, 12, 24, 60)
COHORTS = 6
CONFIDENCE = 0.95
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Openings:
    """Month of opening, first month observed and month of the first event (NEVER: none) of each account, (a,).

    `dated`: whether openings are dates of the rows, and not first months of the history. `facts` by item of
    `outcome.history`, where they are.
    """

    opening: Integers
    entry: Integers
    event: Integers
    dated: bool
    facts: Mapping[str, int]

    def of(self, kept: NDArray[np.bool_]) -> Openings:
        """The accounts of `kept` (a,)."""
        return Openings(self.opening[kept], self.entry[kept], self.event[kept], self.dated, self.facts)


@dataclass(frozen=True, slots=True)
class Maturity:
    """Of months on book k, from the first to the last shown: accounts at risk, events, and the bad rate up to k, (k,).

    `window` in months, None where it is not reached.
    """

    month: Integers
    at_risk: Integers
    bad: Integers
    rate: NDArray[np.float64]
    window: int | None


def openings(history: History, table: SourceTable, plan: Mapping[str, Any]) -> Openings:
    """When the accounts of the history were opened: by the date of their rows where there is one, else at first."""
    happened = history.event.any(axis=1)
    event = np.where(happened, history.start + np.argmax(history.event, axis=1), NEVER)
    found = _dates(history, table, plan)
    if found is None:
        return Openings(history.first, np.maximum(history.first, history.start), event, False, {})
    earliest, latest = found
    known = earliest < NEVER
    opening = np.minimum(earliest, history.first)[known]
    later, several = (int(np.count_nonzero(known & mask)) for mask in (earliest > history.first, earliest < latest))
    facts = {
        "accounts with a date of opening": len(opening),
        "accounts opened before the history begins": int(np.count_nonzero(opening < history.start)),
        "accounts with a record before their date, opened then": later,
        "accounts whose rows have several dates, opened at the first": several,
    }
    facts = {name: count for place, (name, count) in enumerate(facts.items()) if place < 2 or count}
    return Openings(opening, np.maximum(opening, history.start), event[known], True, facts)


def _dates(history: History, table: SourceTable, plan: Mapping[str, Any]) -> tuple[Integers, Integers] | None:
    """Earliest (NEVER: none) and latest month of the rows of each account, None where no row has a date."""
    data, name = plan["data"], plan["outcome"]["history"]["account"] or plan["data"]["key"]
    if data["date"] is None or not history.dated or not {data["date"], name} <= set(table.columns):
        return None
    column = typed(table.columns[data["date"]], data["columns"].get(data["date"], {}), data["number_format"])
    try:
        months = row_months(column, history)
    except HistoryError:
        return None
    owner = table.columns[name]
    place = np.array([*(history.accounts.get(text_of(level), -1) for level in owner.levels), -1], dtype=np.int64)
    account = place[owner.codes]
    there = (account >= 0) & (months < NEVER)
    if not there.any():
        return None
    earliest, latest = (np.full(len(history.first), start, dtype=np.int64) for start in (NEVER, -NEVER))
    np.minimum.at(earliest, account[there], months[there])
    np.maximum.at(latest, account[there], months[there])
    return earliest, latest


def vintages(history: History, found: Openings) -> Iterator[list[Any]]:
    """Rows of `outcome.vintages`, in the order of cohorts and months on book."""
    seen = found.of(found.opening >= history.start)
    if not len(seen.opening):
        return
    shift = 0 if history.dated else history.start
    whole = seen.opening - shift
    width = next((w for w in WIDTHS if whole.max() // w - whole.min() // w < COHORTS), WIDTHS[-1])
    for number in np.unique(whole // width).tolist():
        inside = seen.of(whole // width == number)
        reach, age = history.until - inside.opening, inside.event - inside.opening
        longest, opened = int(reach.max()), len(reach)
        months = np.arange(longest + 1)
        observed = opened - np.searchsorted(np.sort(reach), months)
        bad, out = (np.searchsorted(np.sort(side), months, "right") for side in (age, np.maximum(age, reach + 1)))
        name = _cohort(history, number * width + shift, width)
        for k, (rows, events) in enumerate(zip(observed.tolist(), (bad - out).tolist(), strict=True)):
            rate = events / rows
            yield [name, k, opened, rows, events, rate, *metrics.wilson(events, rows, CONFIDENCE), rows == opened]


def _cohort(history: History, start: int, width: int) -> str:
    last = min(start + width - 1, history.end)
    if last <= start:
        return history.month_text(start)
    if history.dated and width in (3, 12):
        return str(start // 12) if width == 12 else f"{start // 12} Q{start % 12 // 3 + 1}"
    return f"{history.month_text(start)} to {history.month_text(last)}"


def maturity(history: History, found: Openings, spec: Mapping[str, Any]) -> Maturity:
    """The product-limit bad rate of all accounts by months on book, with late entry, and its window.

    Kaplan and Meier (1958); accounts enter at their first month observed and leave at an event or with observation.
    """
    if found.dated:
        found = found.of(~((found.opening < history.start) & (found.event <= history.start)))
    entry, reach, age = (
        side - found.opening for side in (found.entry, np.full_like(found.entry, history.until), found.event)
    )
    leaves = np.minimum(reach, age)
    took_part = (leaves >= entry) & (reach >= 0)
    length = int(reach.max(initial=-1)) + 1
    comes = np.bincount(entry[took_part], minlength=length + 1)[: length + 1].cumsum()
    gone = np.bincount(leaves[took_part] + 1, minlength=length + 2)[: length + 1].cumsum()
    at_risk = (comes - gone)[:length]
    bad = np.bincount(age[took_part & (age <= reach)], minlength=length)[:length]
    enough = at_risk >= max(spec["min_accounts"], 1)
    if not enough.any():
        none = np.zeros(0, dtype=np.int64)
        return Maturity(none, none, none, np.zeros(0), None)
    first = int(np.argmax(enough))
    last = first + int(np.argmin(np.append(enough[first:], False)))
    shown = slice(first, last)
    rate = 1.0 - np.cumprod(1.0 - bad[shown] / at_risk[shown])
    months = np.arange(first, last)
    return Maturity(months, at_risk[shown], bad[shown], rate, _window(months, rate, spec))


def rises(rate: NDArray[np.float64], ahead: int) -> NDArray[np.float64]:
    """(k,) rise of the bad rate over the months ahead, NaN where the curve ends before."""
    return np.append(rate[ahead:], np.full(min(ahead, len(rate)), np.nan)) - rate


def _window(months: Integers, rate: NDArray[np.float64], spec: Mapping[str, Any]) -> int | None:
    """The recommended window; None where the curve has none, or where its last months decide."""
    ahead = spec["months"]
    whole, before = _flat(rate, ahead, spec["share"]), _flat(rate[: max(len(rate) - ahead, 0)], ahead, spec["share"])
    if not len(rate) or rate[-1] == 0.0 or whole is None or before is None or abs(before - whole) > ahead:
        return None
    return int(months[whole])


def _flat(rate: NDArray[np.float64], ahead: int, share: float) -> int | None:
    """Place from which the curve rises by less than the share and by at most half the steepest rise."""
    if len(rate) <= ahead:
        return None
    rise = rate[ahead:] - rate[:-ahead]
    left = len(rate) - 1 - np.arange(len(rise))
    most = np.maximum(rise, (rate[-1] - rate[: len(rise)]) / left * ahead)
    steepest = int(np.argmax(rise))
    flat = (most < share * rate[: len(rise)]) & (most <= rise[steepest] / 2) & (np.arange(len(rise)) > steepest)
    return int(np.argmax(flat)) if flat.any() else None
