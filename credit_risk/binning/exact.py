"""Exact coarse classing: the greatest information value that the trend and the limits allow."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk.binning.feasibility import Conflict, explain
from credit_risk.binning.limits import Limits, TrendName
from credit_risk.binning.programme import Solution, solve

Floats = NDArray[np.float64]
AnyTrend = TrendName | Literal["auto_monotonic", "auto"]
OPTIMAL = "OPTIMAL"
INFEASIBLE = "INFEASIBLE"
SHAPE_GAIN = 0.1
CANDIDATES: dict[str, tuple[TrendName, ...]] = {
    "auto": ("ascending", "descending", "peak", "valley"),
    "auto_monotonic": ("ascending", "descending"),
}


@dataclass(frozen=True, slots=True)
class ExactResult:
    """cuts: prebins that open a bin, after the first; trend: the one that was chosen; status: OPTIMAL or INFEASIBLE.

    candidates: trends that were tried and their greatest information value, −∞ where infeasible. conflict says which
    constraints cannot be kept together; without an answer cuts is empty and information_value NaN.
    """

    cuts: tuple[int, ...]
    information_value: float
    trend: TrendName
    status: str
    candidates: tuple[tuple[TrendName, float], ...]
    conflict: Conflict | None = None

    @property
    def optimal(self) -> bool:
        """Whether there is an answer; if so it is the optimum."""
        return self.status == OPTIMAL

    @property
    def message(self) -> str:
        """Status in words: the conflict, or the trends that were compared."""
        if self.conflict is not None:
            return f"{self.status}: {self.conflict}"
        if len(self.candidates) == 1:
            return self.status
        tried = ", ".join(f"{name} {value:.6g}" for name, value in self.candidates)
        return f"{self.status}; {self.trend} of {tried}"

    def merged(self, counts: ArrayLike) -> Floats:
        """(k,) sums of counts (n,) of the prebins over the bins."""
        values = np.asarray(counts, float)
        edges = [0, *self.cuts, len(values)]
        return np.array([np.sum(values[a:b]) for a, b in pairwise(edges)])


def exact_cuts(
    good: ArrayLike,
    bad: ArrayLike,
    *,
    trend: AnyTrend = "none",
    limits: Limits | None = None,
    totals: tuple[float, float] | None = None,
    weight: ArrayLike | None = None,
    shape_gain: float = SHAPE_GAIN,
) -> ExactResult:
    """Merge prebins so that the information value is the greatest that trend and limits allow; proved, not searched.

    good, bad: (n,) counts of the prebins in order, whole or weighted; all may be multiplied by one number, with the
    limits on weight, and the answer stays. totals: goods and bads that shares refer to, where there are rows outside
    the prebins (missing, special); by default the sums. weight: (n,) what limits on weight count, where it is not
    good + bad; then an answer that there is none comes without the conflict. trend speaks of the bad rate; equal
    neighbours keep every trend, and a monotone rate is also a peak and a valley. `auto` takes the better of ascending
    and descending (ties: ascending), unless the better of peak and valley has more than (1 + shape_gain) times its
    information value, or neither monotone trend is feasible; `auto_monotonic` looks at the monotone ones alone.
    Among equals (within 1e-12): fewest bins, then the last cut as early as possible, then the one before it, and so on.
    Ordered categories are prebins as they stand. Unordered ones are put in order of their bad rate first: under no
    other limit than max_bins some best classing is contiguous in that order (Breiman et al. 1984, theorem 4.5; Chou
    1991); with limits on weight it is the best among classings that keep the order.

    Raises ValueError on negative or infinite counts, no goods or no bads, totals below the sums, unknown trends.
    """
    g, b = np.asarray(good, float), np.asarray(bad, float)
    limits = limits or Limits()
    totals = totals or (float(np.sum(g)), float(np.sum(b)))
    _check(g, b, totals, trend, shape_gain)
    limits.check_prebins(len(g))
    tried: tuple[TrendName, ...] = CANDIDATES.get(trend) or (trend,)  # type: ignore[assignment]
    answers = solve(g, b, tried, limits, totals, None if weight is None else np.asarray(weight, float))
    values = {name: a.information_value if a.cuts is not None else -np.inf for name, a in answers.items()}
    chosen = _choose(values, shape_gain)
    candidates = tuple(values.items())
    answer: Solution = answers[chosen]
    if answer.cuts is None:
        conflict = explain(g, b, tried, limits, totals) if weight is None else None
        return ExactResult((), float("nan"), chosen, INFEASIBLE, candidates, conflict)
    return ExactResult(answer.cuts, answer.information_value, chosen, OPTIMAL, candidates)


def _choose(values: dict[TrendName, float], shape_gain: float) -> TrendName:
    """The rule of `auto`; with one trend, that one."""
    monotone: dict[TrendName, float] = {name: value for name, value in values.items() if name not in ("peak", "valley")}
    shaped: dict[TrendName, float] = {name: value for name, value in values.items() if name in ("peak", "valley")}
    if not monotone or not shaped:
        return _greatest(monotone or shaped)
    simple, shape = _greatest(monotone), _greatest(shaped)
    if values[simple] == -np.inf and values[shape] > -np.inf:
        return shape
    return shape if values[shape] > values[simple] * (1 + shape_gain) else simple


def _greatest(values: dict[TrendName, float]) -> TrendName:
    """First of those within 1e-12 of the greatest value."""
    best = max(values.values())
    return next(name for name, value in values.items() if value >= best - 1e-12)


def _check(good: Floats, bad: Floats, totals: tuple[float, float], trend: str, shape_gain: float) -> None:
    """Raise ValueError with everything that is wrong with the arguments."""
    faults = []
    if good.ndim != 1 or good.shape != bad.shape or len(good) == 0:
        raise ValueError(f"good and bad need one equal length of 1 or more, found shapes {good.shape} and {bad.shape}")
    if not (np.isfinite(good).all() and np.isfinite(bad).all() and (good >= 0).all() and (bad >= 0).all()):
        faults.append("counts must be finite and not negative")
    elif good.sum() <= 0 or bad.sum() <= 0:
        faults.append("information value needs at least one good and one bad")
    elif totals[0] < good.sum() * (1 - 1e-9) or totals[1] < bad.sum() * (1 - 1e-9):
        faults.append(f"totals {totals} are below the sums {(float(good.sum()), float(bad.sum()))}")
    if trend not in (*CANDIDATES, "ascending", "descending", "peak", "valley", "none"):
        faults.append(f"unknown trend {trend!r}")
    if not shape_gain >= 0:
        faults.append(f"shape_gain is {shape_gain}, allowed: 0 or more")
    if faults:
        raise ValueError("; ".join(faults))
