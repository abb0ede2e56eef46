"""Labels under delay: good, bad or not yet, each with its months of follow-up; what cannot be is a fault, and told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.monitoring.frames import FAULT_COLUMNS
from credit_risk.monitoring.performance.month_clock import (
    ANNIVERSARY,
    CALENDAR,
    Days,
    Floats,
    complete_calendar_months,
    days_of,
    months_by_anniversary,
    months_by_calendar,
)

GOOD, BAD, NOT_YET, UNOBSERVED, FAULTY = "good", "bad", "not yet", "unobserved", "fault"
STATES = (GOOD, BAD, NOT_YET, UNOBSERVED, FAULTY)
"""unobserved: no outcome has been delivered of the row; fault: what was delivered cannot be, see the faults."""

DEFECTS = {
    "no_decision_time": ("rows without a decision time", "deliver the time of the decision"),
    "outcome_before_decision": ("bad dates before the decision", "check the join of outcomes to decisions by key"),
    "observed_before_decision": ("observed until a day before the decision", "deliver observed_until of the account"),
    "outcome_after_observation": (
        "bad dates after observed_until",
        "deliver observed_until up to the bad date at least",
    ),
    "bad_without_observed_until": (
        "bad dates without observed_until: counting them alone would raise the bad rate",
        "deliver observed_until for every account",
    ),
    "clock_backwards": (
        "observed until an earlier day than was delivered before",
        "deliver outcomes in the order of their cut-off dates; an older file has come after a newer one",
    ),
    "outcome_withdrawn": (
        "bad dates delivered before, and now another or none",
        "say which is right; a cured account stays bad from the date on which it first was",
    ),
}
"""Message and remedy by code; a row has the first that holds."""

Mask = NDArray[np.bool_]
Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of rows (n,) at one moment; `state` follows from it at the outcome window.

    time (n,): months from the decision to the bad, or to the end of observation where there is none; NaN without an
    outcome and in a fault. event (n,): whether it is a bad. faulty (n,): what was delivered cannot be. window: months.
    clock: how months are counted. postponed: bads seen in a calendar month that had not ended, which count once it has.
    cluster (n,): whole numbers that are equal where rows are of one applicant, None where every row stands by itself.
    """

    time: Floats
    event: Mask
    faulty: Mask
    window: float
    clock: str = ANNIVERSARY
    postponed: int = 0
    cluster: Codes | None = None

    def __len__(self) -> int:
        return len(self.time)

    @property
    def usable(self) -> Mask:
        """Rows (n,) of which an outcome, be it not yet, is known."""
        return ~np.isnan(self.time)

    @property
    def state(self) -> NDArray[np.str_]:
        """One of STATES (n,): bad where the bad came within the window, good where observation reaches its end without.

        Not yet where neither; a bad after the window was good at its end.
        """
        known = np.where(
            self.event & (self.time <= self.window), BAD, np.where(self.time >= self.window, GOOD, NOT_YET)
        )
        return np.where(self.faulty, FAULTY, np.where(self.usable, known, UNOBSERVED))

    def at(self, months: float) -> Labels:
        """The same rows at another window."""
        _check_window(months)
        return replace(self, window=months)

    def part(self, rows: Mask | NDArray[np.int64]) -> Labels:
        """The rows of a mask (n,) or of places (k,)."""
        codes = None if self.cluster is None else self.cluster[rows]
        return replace(self, time=self.time[rows], event=self.event[rows], faulty=self.faulty[rows], cluster=codes)

    def of_applicants(self, names: ArrayLike | None) -> Labels:
        """The same rows, those of one applicant a cluster: names (n,), a missing one stands by itself; None: none do.

        Raises CreditRiskError on another length.
        """
        return replace(self, cluster=None if names is None else applicant_codes(names, len(self)))


def no_labels(window: float, *, clustered: bool) -> Labels:
    """Labels of no row, with clusters or without: what is said of how rows are counted follows from them."""
    nothing = np.zeros(0, bool)
    cluster = np.zeros(0, np.int64) if clustered else None
    return Labels(np.zeros(0), nothing, nothing, float(window), cluster=cluster)


def applicant_codes(names: ArrayLike, rows: int) -> Codes:
    """Whole numbers (n,) that are equal where names (n,) are; a row without one has a number of its own."""
    values = np.asarray(names, dtype=object)
    if values.shape != (rows,):
        found, allowed = f"shape {values.shape}", f"({rows},)"
        raise CreditRiskError(Fault("length differs", "length", path="applicant", found=found, allowed=allowed))
    codes, known = pd.factorize(values, use_na_sentinel=True)
    return np.where(codes < 0, len(known) + np.arange(rows), codes).astype(np.int64)


def labels_of_months(time: ArrayLike, event: ArrayLike, window: float, clock: str = ANNIVERSARY) -> Labels:
    """Labels of months of follow-up (n,) that are known, and of whether each ends with a bad (n,).

    Raises CreditRiskError on missing values, other lengths, or a window that is not positive.
    """
    months, bad = np.asarray(time, np.float64), np.asarray(event)
    _check_window(window)
    if months.ndim != 1 or months.shape != bad.shape or not np.isfinite(months).all() or bad.dtype != bool:
        found, allowed = f"shapes {months.shape} and {bad.shape}", "finite months (n,), true or false (n,)"
        raise CreditRiskError(Fault("not follow-up", "shape", path="time", found=found, allowed=allowed))
    return Labels(months, bad, np.zeros(len(months), bool), float(window), clock)


def label_outcomes(
    decision_time: Any,
    bad_date: Any,
    observed_until: Any,
    window: float,
    *,
    clock: str = ANNIVERSARY,
    previous_observed_until: Any = None,
    previous_bad_date: Any = None,
    partition: str | ArrayLike = "outcomes",
) -> tuple[Labels, pd.DataFrame]:
    """Labels of rows (n,) and the faults among them, FAULT_COLUMNS: a row each partition, period and code.

    decision_time, bad_date (missing: not bad so far), observed_until (n,): dates or timestamps, read as UTC days; a bad
    on the day of the decision is one of month 0. window: months of the outcome. clock: `anniversary` counts months from
    the decision in fractions and loses nothing; `calendar` counts whole calendar months, as months on book of a
    performance history do, and a month counts once it has ended, its bads with it. previous_...: what was delivered of
    the same rows before. partition: where the rows came from, one text or (n,).

    Rows in a fault stay in, with the state `fault` and no follow-up: they are counted, and no measure reads them.
    Raises IntakeError where a column is not of dates, CreditRiskError on a window that is not positive, another clock,
    or lengths that differ.
    """
    _check_window(window)
    start, bad, until = (
        days_of(values, name)
        for values, name in ((decision_time, "_time"), (bad_date, "bad_date"), (observed_until, "observed_until"))
    )
    nothing = np.full(len(start), np.datetime64("NaT", "D"))
    before = nothing if previous_observed_until is None else days_of(previous_observed_until, "previous observed_until")
    was_bad = nothing if previous_bad_date is None else days_of(previous_bad_date, "previous bad_date")
    _check_shape((start, bad, until, before, was_bad), clock)
    code = _defects(start, bad, until, before, was_bad)
    event, late = ~np.isnat(bad), np.zeros(len(start), bool)
    if clock == ANNIVERSARY:
        time = months_by_anniversary(start, np.where(event, bad, until))
    else:
        age, reach = months_by_calendar(start, bad), complete_calendar_months(start, until)
        late = event & (age > reach) & (code == 0)
        event = event & ~late
        time = np.where(event, age, reach)
    faulty = code > 0
    time[faulty], event[faulty] = np.nan, False
    labels = Labels(time, event, faulty, float(window), clock, int(late.sum()))
    return labels, _fault_frame(code, start, partition)


def _defects(start: Days, bad: Days, until: Days, before: Days, was_bad: Days) -> NDArray[np.int8]:
    """The first defect of each row by its place in DEFECTS, from 1, 0 where there is none; comparisons with NaT are
    false."""
    has_bad, had_bad = ~np.isnat(bad), ~np.isnat(was_bad)
    holds = {
        "no_decision_time": np.isnat(start),
        "outcome_before_decision": bad < start,
        "observed_before_decision": until < start,
        "outcome_after_observation": bad > until,
        "bad_without_observed_until": has_bad & np.isnat(until),
        "clock_backwards": (until < before) | (np.isnat(until) & ~np.isnat(before)),
        "outcome_withdrawn": had_bad & ~(bad == was_bad),
    }
    code = np.zeros(len(start), np.int8)
    for number, name in enumerate(DEFECTS, 1):
        code[(code == 0) & holds[name]] = number
    return code


def _fault_frame(code: NDArray[np.int8], start: Days, partition: str | ArrayLike) -> pd.DataFrame:
    wrong = np.flatnonzero(code)
    where = partition if isinstance(partition, str) else np.asarray(partition)[wrong].astype(str)
    names = np.array(list(DEFECTS), dtype=object)[code[wrong] - 1]
    months = np.datetime_as_string(start[wrong].astype("datetime64[M]"))
    period = np.where(months == "NaT", "", months.astype(object))
    found = pd.DataFrame({"period": period, "code": names}).assign(partition=where)
    rows = found.groupby(["partition", "period", "code"], sort=True).size().reset_index(name="rows")
    rows["left_out"] = rows["rows"]
    rows["message"] = [DEFECTS[one][0] for one in rows["code"]]
    rows["remedy"] = [DEFECTS[one][1] for one in rows["code"]]
    return rows[FAULT_COLUMNS]


def _check_window(window: float) -> None:
    if isinstance(window, bool) or not (np.isfinite(window) and window > 0):
        found, allowed = repr(window), "months above 0"
        raise CreditRiskError(Fault("not an outcome window", "range", path="window", found=found, allowed=allowed))


def _check_shape(columns: Iterable[Days], clock: str) -> None:
    lengths = sorted({len(one) for one in columns})
    faults = []
    if len(lengths) > 1:
        faults.append(Fault("lengths differ", "length", path="_time", found=" and ".join(map(str, lengths))))
    if clock not in (ANNIVERSARY, CALENDAR):
        allowed = f"{ANNIVERSARY}, {CALENDAR}"
        faults.append(Fault("no such clock of months", "choice", path="clock", found=repr(clock), allowed=allowed))
    if faults:
        raise CreditRiskError(faults)
