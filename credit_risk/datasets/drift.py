"""Switches that change the world from a month on: the population, the law of default, or the data as recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import Fault
from credit_risk.datasets.months import is_month, month_number

Floats = NDArray[np.float64]
DataFault = Literal["missing", "scaled", "unseen_category"]


@dataclass(frozen=True, slots=True)
class PopulationShift:
    """Other people apply; P(bad | characteristics) stays as it was.

    `bureau` and `income` are shifts in standard deviations of bureau risk (upwards is worse) and of log income
    (upwards is better); `broker_share` is the share of applications of all channels that now come through brokers.
    From month `start` (YYYY-MM) to `end` inclusive (None: to the last), reached in `ramp` equal monthly steps.
    """

    start: str
    end: str | None = None
    ramp: int = 0
    bureau: float = 0.5
    income: float = -0.25
    broker_share: float = 0.2


@dataclass(frozen=True, slots=True)
class ConceptDrift:
    """P(bad | characteristics) changes; the applicants stay as they were.

    `decay`: share by which the coefficients of bureau and capacity shrink (1: they no longer matter). `level`: added to
    the probit index of everyone. Dates and ramp as in PopulationShift.
    """

    start: str
    end: str | None = None
    ramp: int = 0
    decay: float = 0.5
    level: float = 0.0


@dataclass(frozen=True, slots=True)
class DataQualityBreak:
    """The record is wrong, the applicants and the law of default are as they were.

    fault `missing`: the value is lost; `scaled`: a number arrives times `factor` (special codes, which are negative,
    stay as they are); `unseen_category`: a label arrives that never occurred before. It strikes `share` of the rows,
    evenly at random. The old score reads the record, as it does in a bank; the outcome follows the true values.
    """

    start: str
    end: str | None = None
    column: str = "income"
    fault: DataFault = "missing"
    share: float = 1.0
    factor: float = 100.0


Drift = PopulationShift | ConceptDrift | DataQualityBreak
UNSEEN_LABEL = "unrecognised"

_RANGES: dict[str, tuple[float, float]] = {
    "bureau": (-3.0, 3.0),
    "income": (-3.0, 3.0),
    "broker_share": (0.0, 1.0),
    "decay": (-1.0, 2.0),
    "level": (-3.0, 3.0),
    "share": (0.0, 1.0),
    "factor": (1e-6, 1e6),
}


def intensity(drift: Drift, start: str, months: int) -> Floats:
    """(months,) share of the full effect in each month of application: 0 before, up to 1 after `ramp` steps."""
    since = np.arange(months) + month_number(start) - month_number(drift.start)
    ramp = getattr(drift, "ramp", 0)
    effect = np.clip((since + 1) / (ramp + 1), 0.0, 1.0)
    if drift.end is not None:
        effect[since > month_number(drift.end) - month_number(drift.start)] = 0.0
    return np.asarray(effect, dtype=np.float64)


def drift_faults(
    drifts: tuple[object, ...],
    start: str | None,
    months: int | None,
    numeric: tuple[str, ...],
    categories: tuple[str, ...],
) -> Iterator[Fault]:
    """Everything wrong with the switches; the dates are checked where start and months are usable themselves."""
    for position, drift in enumerate(drifts):
        path = f"drift[{position}]"
        if not isinstance(drift, PopulationShift | ConceptDrift | DataQualityBreak):
            allowed = "PopulationShift, ConceptDrift or DataQualityBreak"
            yield Fault("not a drift switch", "drift_type", path=path, found=type(drift).__name__, allowed=allowed)
            continue
        yield from _date_faults(drift, path, start, months)
        yield from _number_faults(drift, path)
        if isinstance(drift, DataQualityBreak):
            yield from _break_faults(drift, path, numeric, categories)


def _date_faults(drift: Drift, path: str, start: str | None, months: int | None) -> Iterator[Fault]:
    valid = True
    for name in ("start", "end"):
        value = getattr(drift, name)
        if not (is_month(value) or (name == "end" and value is None)):
            valid = False
            yield Fault("not a month", "month", path=f"{path}.{name}", found=repr(value), allowed="YYYY-MM")
    if not valid:
        return
    if drift.end is not None and month_number(drift.end) < month_number(drift.start):
        found = f"{drift.start} to {drift.end}"
        yield Fault("ends before it starts", "drift_dates", path=f"{path}.end", found=found)
    if start is not None and months is not None:
        since = month_number(drift.start) - month_number(start)
        if not 0 <= since < months:
            allowed = f"a month among the {months} months from {start}"
            yield Fault(
                "starts outside the months of application", "drift_dates", path=f"{path}.start",
                found=drift.start, allowed=allowed,
            )  # fmt: skip


def _number_faults(drift: Drift, path: str) -> Iterator[Fault]:
    for field in fields(drift):
        value = getattr(drift, field.name)
        if field.name == "ramp" and not (type(value) is int and 0 <= value <= 600):
            yield Fault("not a number of months", "range", path=f"{path}.ramp", found=repr(value), allowed="0 to 600")
        if field.name in _RANGES:
            low, high = _RANGES[field.name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                yield Fault(
                    "not in range", "range", path=f"{path}.{field.name}", found=repr(value), allowed=f"{low} to {high}"
                )


def _break_faults(
    drift: DataQualityBreak, path: str, numeric: tuple[str, ...], categories: tuple[str, ...]
) -> Iterator[Fault]:
    if drift.fault not in get_args(DataFault):
        allowed = ", ".join(get_args(DataFault))
        yield Fault("unknown fault", "choice", path=f"{path}.fault", found=repr(drift.fault), allowed=allowed)
        return
    columns = {"missing": numeric + categories, "scaled": numeric, "unseen_category": categories}[drift.fault]
    if drift.column not in columns:
        yield Fault(
            f"no column that {drift.fault} applies to", "choice", path=f"{path}.column",
            found=repr(drift.column), allowed=", ".join(columns),
        )  # fmt: skip
