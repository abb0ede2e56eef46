"""Why no classing keeps the limits: the constraints that conflict, and the nearest value of each that would do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk.binning.limits import TREND_NAMES, Limits, TrendName
from credit_risk.binning.programme import solve

Floats = NDArray[np.float64]
LOOSEST: dict[str, Any] = {
    "forbidden_merges": (),
    "forbidden_cuts": (),
    "fixed_cuts": (),
    "max_p_value": None,
    "min_rate_difference": 0.0,
    "min_bad": 0.0,
    "min_good": 0.0,
    "max_count": None,
    "min_count": 0.0,
    "max_bins": None,
    "min_bins": 1,
}
BOTH_CLASSES = "goods and bads in every bin"
HALVINGS = 40


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A constraint of the conflict, what it is, and its nearest value with which all others can be kept.

    nearest is None where the constraint alone, however loose, does not do; `remove` says that it must go altogether.
    """

    constraint: str
    declared: Any
    nearest: Any = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Constraints that cannot be kept together, of which none is superfluous, and how each would have to give way."""

    relaxations: tuple[Relaxation, ...]
    total: float

    @property
    def constraints(self) -> tuple[str, ...]:
        """Names of the constraints that conflict."""
        return tuple(r.constraint for r in self.relaxations)

    def __str__(self) -> str:
        return self.told(self._named)

    def told(self, named: Callable[[str, Any], str]) -> str:
        """The conflict and its remedies in one sentence. named: words for a constraint and its value."""
        declared = " with ".join(named(r.constraint, r.declared) for r in self.relaxations)
        ways = [_way(r, named) for r in self.relaxations if r.remove or r.nearest is not None]
        remedy = ", or ".join(ways) if ways else "no single one of them; more than one must give way"
        return f"no classing keeps {declared}; what would do: {remedy}"

    def _named(self, constraint: str, value: Any) -> str:
        if constraint in ("min_count", "max_count"):
            return f"{constraint} {value:.6g} (share {value / self.total:.6g})"
        if constraint == BOTH_CLASSES:
            return constraint
        return f"{constraint} {value:.6g}" if isinstance(value, float) else f"{constraint} {value}"


def _way(relaxation: Relaxation, named: Callable[[str, Any], str]) -> str:
    if relaxation.constraint == BOTH_CLASSES:
        return "a zero_cell, so that a bin may lack goods or bads"
    if relaxation.remove:
        return f"without {named(relaxation.constraint, relaxation.declared)}"
    return named(relaxation.constraint, relaxation.nearest)


def explain(
    good: Floats, bad: Floats, trends: tuple[TrendName, ...], limits: Limits, totals: tuple[float, float]
) -> Conflict | None:
    """The conflict of an infeasible problem; None where a classing exists under one of the trends.

    Constraints are taken away one after another as long as nothing fits; those that are left conflict and none of
    them is superfluous (deletion filter, Chinneck 2008, section 6.2). Then each gives way alone, all others kept.
    """

    def fits(kind: tuple[TrendName, ...], tried: Limits) -> bool:
        return any(s.cuts is not None for s in solve(good, bad, kind, tried, totals).values())

    if fits(trends, limits):
        return None
    kept, kind, loose = [], trends, limits
    for name in _active(trends, limits):
        tried_kind, tried = _without(name, kind, loose)
        if fits(tried_kind, tried):
            kept.append(name)
        else:
            kind, loose = tried_kind, tried
    relaxations = tuple(_relax(name, trends, limits, fits, good, bad, totals) for name in kept)
    return Conflict(relaxations, float(np.sum(good) + np.sum(bad)))


def _active(trends: tuple[TrendName, ...], limits: Limits) -> list[str]:
    """Constraints that bind at all, in the order in which they are given up."""
    names = [name for name, loosest in LOOSEST.items() if getattr(limits, name) != loosest]
    trend = [] if "none" in trends else ["trend"]
    both = [BOTH_CLASSES] if limits.zero_cell is None else []
    return names[:3] + trend + both + names[3:] if len(names) > 3 else trend + both + names


def _without(name: str, trends: tuple[TrendName, ...], limits: Limits) -> tuple[tuple[TrendName, ...], Limits]:
    if name == "trend":
        return ("none",), limits
    if name == BOTH_CLASSES:
        return trends, replace(limits, zero_cell=0.5)
    return trends, replace(limits, **{name: LOOSEST[name]})


def _relax(
    name: str,
    trends: tuple[TrendName, ...],
    limits: Limits,
    fits: Callable[[tuple[TrendName, ...], Limits], bool],
    good: Floats,
    bad: Floats,
    totals: tuple[float, float],
) -> Relaxation:
    """How far one constraint must give way when all others are kept."""
    if name == "trend":
        others: list[TrendName] = [t for t in TREND_NAMES if t not in trends and t != "none" and fits((t,), limits)]
        trend = others or (["none"] if fits(("none",), limits) else [])
        return Relaxation(name, " or ".join(trends), " or ".join(trend) or None)
    if name == BOTH_CLASSES:
        return Relaxation(name, True, None, remove=fits(*_without(name, trends, limits)))
    declared = getattr(limits, name)
    if not fits(*_without(name, trends, limits)):
        return Relaxation(name, declared)
    if isinstance(declared, tuple):
        return Relaxation(name, declared, remove=True)
    if name in ("min_bins", "max_bins"):
        return Relaxation(name, declared, _nearest_bins(name, trends, limits, good, bad, totals))
    steps = _possible_values(name, good, bad)

    def does(value: float) -> bool:
        changed: dict[str, Any] = {name: value}
        return fits(trends, replace(limits, **changed))

    nearest = _nearest_between(name, declared, does) if steps is None else _nearest_step(name, declared, steps, does)
    return Relaxation(name, declared, nearest)


def _nearest_bins(
    name: str,
    trends: tuple[TrendName, ...],
    limits: Limits,
    good: Floats,
    bad: Floats,
    totals: tuple[float, float],
) -> int:
    """Most bins that are possible (for min_bins), or fewest (for max_bins)."""
    loose = replace(limits, **{name: LOOSEST[name]})
    answers = solve(good, bad, trends, loose, totals).values()
    possible = np.unique(np.concatenate([np.flatnonzero(a.by_bins > -np.inf) for a in answers]))
    if name == "min_bins":
        return int(possible.max())
    return int(possible[possible >= limits.min_bins].min())


def _possible_values(name: str, good: Floats, bad: Floats) -> Floats | None:
    """Weights that bins can have, ascending, for a limit on the weight of bins; None for other limits."""
    counts = {"min_count": good + bad, "max_count": good + bad, "min_good": good, "min_bad": bad}.get(name)
    if counts is None:
        return None
    below = np.concatenate([[0.0], np.cumsum(counts)])
    return np.unique((below[None, :] - below[:, None])[np.triu_indices(len(below), 1)])


def _nearest_step(name: str, declared: float, steps: Floats, does: Callable[[float], bool]) -> float:
    """Nearest of the possible values with which the problem fits; feasibility is monotone in it."""
    steps = steps[steps > declared] if name == "max_count" else steps[steps < declared][::-1]
    low, high = 0, len(steps) - 1
    while low < high:
        middle = (low + high) // 2
        if does(float(steps[middle])):
            high = middle
        else:
            low = middle + 1
    return float(steps[low]) if len(steps) and does(float(steps[low])) else float(LOOSEST[name] or 0.0)


def _nearest_between(name: str, declared: float, does: Callable[[float], bool]) -> float:
    """Nearest value of a limit on neighbours, by halving between the declared one and the loosest."""
    fits, fails = (1.0, declared) if name == "max_p_value" else (0.0, declared)
    for _ in range(HALVINGS):
        middle = (fits + fails) / 2
        fits, fails = (middle, fails) if does(middle) else (fits, middle)
    return fits
