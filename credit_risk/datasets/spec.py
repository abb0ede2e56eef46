"""What a simulated portfolio is made of: every choice with its range, all faults told at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.datasets.characteristics import CATEGORIES, NUMERIC
from credit_risk.datasets.drift import Drift, drift_faults
from credit_risk.datasets.months import is_month

Selection = Literal["mar", "mar_misspecified", "mnar"]
DEFAULT_RHO = -0.6
PERFORMANCE_MONTHS = 12

_WHOLE: dict[str, tuple[int, int]] = {
    "applicants": (1, 50_000_000),
    "months": (1, 600),
    "seed": (0, 2**63 - 1),
    "follow_up": (0, 120),
    "cycle_months": (12, 600),
    "chunk_size": (1, 50_000_000),
}
_SHARES: dict[str, tuple[float, float]] = {
    "acceptance_rate": (0.02, 0.98),
    "bad_rate": (0.005, 0.8),
    "cycle_amplitude": (0.0, 2.0),
    "missing_share": (0.0, 0.5),
    "repeat_share": (0.0, 0.5),
    "disparity": (-3.0, 3.0),
}
_SWITCHES = ("instrument", "hard_policy")


@dataclass(frozen=True, slots=True)
class PortfolioSpec:
    """The arguments of `simulate_portfolio`, as given and checked; its docstring says what each means."""

    applicants: int
    months: int
    seed: int
    selection: Selection
    instrument: bool
    drift: tuple[Drift, ...]
    start: str
    acceptance_rate: float
    bad_rate: float
    rho: float | None
    follow_up: int
    history_months: int
    cycle_amplitude: float
    cycle_months: int
    missing_share: float
    repeat_share: float
    disparity: float
    hard_policy: bool
    chunk_size: int

    def __post_init__(self) -> None:
        """Raises CreditRiskError with every fault of every argument."""
        faults = list(_faults(self))
        if faults:
            raise CreditRiskError(faults)

    @property
    def correlation(self) -> float:
        """ρ of the unobserved parts of decision and outcome: 0 unless selection is mnar."""
        if self.selection != "mnar":
            return 0.0
        return DEFAULT_RHO if self.rho is None else float(self.rho)

    @property
    def horizon(self) -> int:
        """Months on book that are followed: those of the history, and 12 at least."""
        return max(self.history_months, PERFORMANCE_MONTHS)


def _faults(spec: PortfolioSpec) -> Iterator[Fault]:
    for name, (low, high) in _WHOLE.items():
        if not _whole(getattr(spec, name), low, high):
            yield _range(name, getattr(spec, name), f"a whole number from {low} to {high}")
    for name, (floor, top) in _SHARES.items():
        if not _number(getattr(spec, name), floor, top):
            yield _range(name, getattr(spec, name), f"a number from {floor} to {top}")
    if not (_whole(spec.history_months, 12, 120) or _whole(spec.history_months, 0, 0)):
        yield _range("history_months", spec.history_months, "12 to 120 months, or 0 for no history")
    for name in _SWITCHES:
        if not isinstance(getattr(spec, name), bool):
            yield Fault("not a switch", "type", path=name, found=repr(getattr(spec, name)), allowed="True or False")
    yield from _selection_faults(spec)
    if not is_month(spec.start):
        yield Fault("not a month", "month", path="start", found=repr(spec.start), allowed="YYYY-MM")
    start = spec.start if is_month(spec.start) else None
    months = spec.months if _whole(spec.months, *_WHOLE["months"]) else None
    numeric, categories = tuple(NUMERIC), tuple(CATEGORIES)
    yield from drift_faults(spec.drift, start, months, numeric, categories)


def _selection_faults(spec: PortfolioSpec) -> Iterator[Fault]:
    allowed = get_args(Selection)
    if spec.selection not in allowed:
        yield Fault(
            "unknown selection", "choice", path="selection", found=repr(spec.selection), allowed=", ".join(allowed)
        )
    if spec.rho is None:
        return
    if not _number(spec.rho, -0.99, 0.99) or spec.rho == 0:
        yield _range("rho", spec.rho, "a number from -0.99 to 0.99 other than 0, or None")
    elif spec.selection != "mnar" and spec.selection in allowed:
        remedy = "leave rho out, or choose selection='mnar'"
        yield Fault("rho is for selection 'mnar' only", "conflict", path="rho", found=repr(spec.rho), remedy=remedy)


def _whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _number(value: Any, low: float, high: float) -> bool:
    usable = isinstance(value, int | float) and not isinstance(value, bool)
    return usable and math.isfinite(value) and low <= value <= high


def _range(name: str, value: Any, allowed: str) -> Fault:
    return Fault("not in range", "range", path=name, found=repr(value), allowed=allowed)
