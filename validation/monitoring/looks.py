"""Looks at challengers, taken again: which the plan has, differences as known on their days, boundaries and ends."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from validation.monitoring.accepts import Accepts, accepts_of
from validation.monitoring.bench import Bench
from validation.monitoring.outcomes import LEAST_FOLLOWED, labels_beside
from validation.monitoring.production import CHALLENGER
from validation.monitoring.tables import compare_table, not_recomputed
from validation.rebuild import censored, experiment
from validation.rebuild.censored import Labels

Floats = NDArray[np.float64]
Row = dict[str, Any]
RESULT, ALWAYS_VALID = ":probability", "always_valid"
TAKEN, NOT_EVALUABLE, TO_COME, ENDED, UNPLANNED = "taken", "not evaluable", "to come", "after the end", "not planned"
FULL = 1.0 - 1e-6
"""Share of the information from which it is complete; a look at which it grew by less than the rest is none."""
NUMBERS = {
    "estimate": "difference", "standard_error": "standard_error", "information": "standard_error", "z": "z",
    "boundary": "standard_error", "spent": "p_value", "p_value": "p_value", "lower": "standard_error",
    "upper": "standard_error",
}  # fmt: skip
WORDS = ("status", "reached", "favours", "rule")


@dataclass(frozen=True, slots=True)
class Look:
    """What was known at the end of a month: rows (k,) of production that were decided, their labels, the difference."""

    at: str
    rows: NDArray[np.int64]
    labels: Labels
    gap: float
    error: float


@dataclass(frozen=True, slots=True)
class Taken:
    """Looks of one challenger that count, rows of the table of all of them, and the last of those that count."""

    looks: tuple[Look, ...]
    table: list[Row]
    last: Row | None


def compare_looks(bench: Bench) -> dict[str, Taken]:
    """Compare `monitoring.looks` with looks of our own; returns these by challenger."""
    table, window = bench.run.table("looks"), bench.settings.window
    frame = bench.production.frame
    names = [one for one in frame.columns if one.startswith(CHALLENGER) and one.endswith(RESULT)]
    if table is None or bench.outcomes is None or window is None or "probability" not in frame or not names:
        not_recomputed(bench.ledger, bench.run, "looks", "name --challenger and --outcomes as the run did")
        return {}
    accepts = accepts_of(bench)
    if isinstance(accepts, str):
        not_recomputed(bench.ledger, bench.run, "looks", accepts)
        return {}
    found = {
        name.removeprefix(CHALLENGER).removesuffix(RESULT): _of(bench, frame[name].to_numpy(np.float64), accepts)
        for name in sorted(names)
    }
    rows = [{"challenger": name, **row} for name, one in found.items() for row in one.table]
    own = pd.DataFrame(rows, dtype=object) if rows else "no look is evaluable yet"
    known = [("challenger", list(found))]
    compare_table(bench.ledger, bench.run, "looks", own, ["challenger", "look", "at"], NUMBERS, WORDS, among=known)
    return found


def _of(bench: Bench, second: Floats, accepts: Accepts) -> Taken:
    """All looks of a challenger by the plan."""
    spec: Mapping[str, Any] = (bench.package.plan.get("monitoring") or {}).get("challengers") or {}
    frame = bench.production.frame
    both = np.flatnonzero(np.isfinite(frame["probability"].to_numpy(np.float64)) & np.isfinite(second))
    assert bench.outcomes is not None
    until = bench.outcomes["observed_until"].reindex(pd.Index(frame["key"].iloc[both])).max()
    if not len(both) or until is pd.NaT:
        return Taken((), [], None)
    first = frame["time"].iloc[both].min().tz_localize(None).normalize()
    months = [f"{day:%Y-%m}" for day in pd.date_range(first, until, freq="ME")]

    @cache
    def look(month: str) -> Look | None:
        return _look(bench, second, both, accepts, month)

    if not spec or spec.get("spending") == ALWAYS_VALID:
        return _open(bench, spec, months, look)
    return _planned(bench, spec, months, look)


def _look(bench: Bench, second: Floats, both: NDArray[np.int64], accepts: Accepts, month: str) -> Look | None:
    """The comparison with what was known at the end of a month, None where it is not evaluable."""
    day = pd.Period(month, "M").end_time.normalize()
    frame, late = bench.production.frame, bench.outcomes
    assert late is not None
    decided = (frame["time"].dt.tz_localize(None).dt.floor("D") <= day).to_numpy()
    rows = both[decided[both]]
    then = late.assign(
        bad_date=late["bad_date"].where(late["bad_date"] <= day), observed_until=late["observed_until"].clip(upper=day)
    )
    labels = labels_beside(frame.iloc[rows].reset_index(drop=True), then)
    found = difference(bench, labels, frame["probability"].to_numpy(np.float64)[rows], second[rows], accepts, rows)
    return None if found is None else Look(month, rows, labels, *found)


def difference(
    bench: Bench, labels: Labels, first: Floats, second: Floats, accepts: Accepts, rows: NDArray[np.int64]
) -> tuple[float, float] | None:
    """Difference in AUC of rows of production and its error, None where too little is known."""
    keep = accepts.keep[rows]
    own = labels.part(np.flatnonzero(keep))
    if not own.usable.any():
        return None
    mass = None if accepts.mass is None else accepts.mass[rows][keep]
    one = censored.follow(own, float(bench.settings.window or 0), mass)
    few = min(int(one.bad.sum()), int(one.good.sum())) < max(bench.settings.min_bads, 2)
    if few or one.followed < LEAST_FOLLOWED:
        return None
    (a, mine), (b, other) = (censored.area_parts(one, x[keep][own.usable]) for x in (first, second))
    return b - a, float(np.sqrt(np.sum(one.summed(other - mine) ** 2)))


def _row(look: int | None, at: str | None, status: str, rule: str, **told: Any) -> Row:
    nothing: Row = dict.fromkeys(NUMBERS, math.nan)
    head = {"look": look, "at": at, "status": status, "rule": rule, "reached": False, "favours": "neither"}
    return {**nothing, **head, **told}


def _grown(found: Look | None, taken: list[tuple[int, Look]]) -> bool:
    """Whether a look is evaluable, and more is known at it than at those before."""
    return found is not None and all(found.error < one.error * math.sqrt(FULL) for _, one in taken)


def _open(bench: Bench, spec: Mapping[str, Any], months: list[str], look: Callable[[str], Look | None]) -> Taken:
    """A comparison that may be looked at at any time: at each month at whose end more is known."""
    level = float(spec.get("error") or bench.settings.significance)
    planned = float(spec.get("planned_error", 0.01))
    taken: list[tuple[int, Look]] = []
    for month in months:
        found = look(month)
        if found is not None and _grown(found, taken):
            taken.append((len(taken) + 1, found))
    times = np.array([(planned / one.error) ** 2 for _, one in taken])
    z = np.array([one.gap / one.error for _, one in taken])
    bounds = experiment.at_any_time(times, level)
    chance = experiment.valid_p_values(z, times, level)
    rows, low, high = [], -math.inf, math.inf
    for (number, one), time, bound, p_value in zip(taken, times, bounds, chance, strict=True):
        low, high = max(low, one.gap - bound * one.error), min(high, one.gap + bound * one.error)
        told = {"information": time, "boundary": bound, "p_value": p_value, "lower": low, "upper": high}
        rows.append(_row(number, one.at, TAKEN, ALWAYS_VALID, **_figures(one), **told))
    return Taken(tuple(one for _, one in taken), _ends(rows), rows[-1] if rows else None)


def _planned(bench: Bench, spec: Mapping[str, Any], months: list[str], look: Callable[[str], Look | None]) -> Taken:
    """Looks at the ends of declared months, or at shares of the information; a month that is none of them."""
    rule, planned = str(spec.get("spending", "obrien_fleming")), float(spec.get("planned_error", 0.01))
    level, shares = float(spec.get("error") or bench.settings.significance), list(spec.get("look_information") or ())
    ahead = [] if shares else list(spec.get("look_months") or _regular(bench, spec))
    due = _by_information if shares else _by_month
    rows, taken = due(shares or ahead, months, look, rule, planned)
    times = np.minimum(np.array([(planned / one.error) ** 2 for _, one in taken]), 1.0)
    if taken and ahead and taken[-1][0] == len(ahead):
        times[-1] = 1.0
    complete = bool(len(times)) and times[-1] >= FULL
    waiting = [row for row in rows if row["status"] == TO_COME]
    for row in waiting if complete else ():
        row["status"] = ENDED
    gone = experiment.spent(times, level, rule) if len(times) else times
    bounds = experiment.boundaries(times, gone)
    own = []
    for (number, one), time, bound, used in zip(taken, times, bounds, gone, strict=True):
        told = {"information": time, "boundary": bound, "spent": used}
        told |= {"lower": one.gap - bound * one.error, "upper": one.gap + bound * one.error}
        chance = 2.0 * float(stats.norm.sf(abs(one.gap / one.error)))
        own.append(_row(number, one.at, TAKEN, rule, **_figures(one), **told, p_value=chance))
    if shares and waiting and not complete:
        every = np.append(times, [shares[row["look"] - 1] for row in waiting])
        error = experiment.spent(every, level, rule)
        foreseen = zip(waiting, every[len(times) :], experiment.boundaries(every, error)[len(times) :],
                       error[len(times) :], strict=True)  # fmt: skip
        for row, time, bound, used in foreseen:
            row |= {"information": time, "boundary": bound, "spent": used}
    own = _ends(own)
    last = own[-1] if own else None
    known = {row["at"] for row in (*own, *rows) if row["status"] != TO_COME and not (complete and row in waiting)}
    found = look(months[-1]) if months and months[-1] not in known else None
    if found is not None:
        share = (planned / found.error) ** 2
        rows.append(_row(None, found.at, UNPLANNED, rule, **_figures(found), information=share))
    return Taken(tuple(one for _, one in taken), [*own, *rows], last)


Due = tuple[list[Row], list[tuple[int, Look]]]


def _by_month(
    ahead: list[str], months: list[str], look: Callable[[str], Look | None], rule: str, planned: float
) -> Due:
    rows: list[Row] = []
    taken: list[tuple[int, Look]] = []
    for number, month in enumerate(ahead, 1):
        if not months or month > months[-1]:
            rows.append(_row(number, month, TO_COME, rule))
        elif taken and (planned / taken[-1][1].error) ** 2 >= FULL:
            rows.append(_row(number, month, ENDED, rule))
        else:
            found = look(month)
            if found is not None and _grown(found, taken):
                taken.append((number, found))
            else:
                rows.append(_row(number, month, NOT_EVALUABLE, rule))
    return rows, taken


def _by_information(
    shares: list[float], months: list[str], look: Callable[[str], Look | None], rule: str, planned: float
) -> Due:
    rows: list[Row] = []
    taken: list[tuple[int, Look]] = []
    place = 0
    for month in months:
        found = look(month) if place < len(shares) else None
        if found is None or not _grown(found, taken):
            continue
        passed = sum((planned / found.error) ** 2 >= share * FULL for share in shares)
        if passed > place:
            rows += [_row(number, month, ENDED, rule) for number in range(place + 1, passed)]
            taken.append((passed, found))
            place = passed
    return rows + [_row(number, None, TO_COME, rule) for number in range(place + 1, len(shares) + 1)], taken


def _regular(bench: Bench, spec: Mapping[str, Any]) -> list[str]:
    step, count = int(spec.get("months_between_looks", 1)), int(spec.get("looks", 12))
    start = pd.Period(bench.production.periods[0], "M")
    return [str(start + (k + 1) * step - 1) for k in range(count)]


def _figures(one: Look) -> Row:
    return {"estimate": one.gap, "standard_error": one.error, "z": one.gap / one.error}


def _ends(rows: list[Row]) -> list[Row]:
    """Whom the test has ended for, at the look that reached its boundary first and at all after it."""
    side = None
    for row in rows:
        if side is None and abs(row["z"]) >= row["boundary"]:
            side = "challenger" if row["z"] > 0 else "champion"
        row |= {"reached": side is not None, "favours": side or "neither"}
    return rows
