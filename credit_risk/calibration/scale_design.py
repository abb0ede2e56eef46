"""Design of a master scale: the bounds that tell grades apart best under declared constraints, found exactly.

Rows are put in fine bins of the probability; a scale is a partition of them into neighbouring intervals. The number of
grades is the greatest that keeps every constraint, and among all partitions of that number the one with the fewest
grades that a split shows to be mixed and, among those, the highest likelihood of the outcome is taken: dynamic
programming over the last two bounds, since a constraint couples a grade with its neighbour only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from credit_risk._core.errors import Fault, ModelError
from credit_risk.calibration.scale_limit import ROUNDING, best_within
from credit_risk.evaluation._arrays import Arguments
from credit_risk.evaluation._groups import class_numbers, quantile_edges
from credit_risk.evaluation.graded import HALF
from credit_risk.evaluation.proportions import two_proportions

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
WHERE = "rating_scale.design"


@dataclass(frozen=True, slots=True)
class ScaleRules:
    """Constraints of a design. least, most: numbers of grades; shares are of the (weighted) rows; bads are counted.

    heterogeneity: level at which neighbours must differ (two proportions, pooled variance, two-sided); None: bad rates
    need only rise. homogeneity: level of the test of the two halves of a grade; mixed: `refuse` grades that fail it,
    `avoid` them as far as the number of grades allows, or only `report` them. fine_bins: at most so many. herfindahl:
    greatest sum of squared shares of the grades; None: no limit.
    """

    least: int = 3
    most: int = 12
    min_share: float = 0.02
    max_share: float = 0.30
    min_bads: int = 10
    heterogeneity: float | None = 0.05
    homogeneity: float = 0.05
    mixed: str = "avoid"
    fine_bins: int = 100
    herfindahl: float | None = None


@dataclass(frozen=True, slots=True)
class TriedScale:
    """The best scale of one number of grades. edges: None, and the rest NaN, where none keeps the constraints.

    log_likelihood: of the outcome at the bad rates of the grades, weights scaled to Kish's size; herfindahl: sum of
    squared shares; mixed: grades whose halves differ; greatest_p: greatest p-value between neighbours.
    """

    grades: int
    edges: tuple[float, ...] | None
    log_likelihood: float = math.nan
    information_criterion: float = math.nan
    herfindahl: float = math.nan
    largest_share: float = math.nan
    mixed: int | None = None
    greatest_p: float = math.nan


@dataclass(frozen=True, slots=True)
class ScaleDesign:
    """The scale that was chosen, beside the best one of every number of grades that was tried."""

    edges: tuple[float, ...]
    tried: tuple[TriedScale, ...]
    fine_bins: int

    @property
    def grades(self) -> int:
        """Number of grades."""
        return len(self.edges) + 1


def design_scale(
    probability: ArrayLike, y: ArrayLike, rules: ScaleRules | None = None, weights: ArrayLike | None = None
) -> ScaleDesign:
    """Design a scale on probability (n,), y (n,) of 0 and 1 and weights (n,).

    Raises CreditRiskError for arrays of the wrong kind; ModelError where there are fewer distinct probabilities than
    grades, and where no scale keeps the constraints, naming those without which one would.
    """
    rules = rules or ScaleRules()
    arguments = Arguments()
    p, outcome = arguments.probabilities(probability), arguments.outcome(y)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    _check(rules)
    distinct = len(np.unique(p))
    if distinct < rules.least:
        found, allowed = f"{distinct} distinct probabilities", f"{rules.least} or more"
        raise ModelError(_fault("fewer distinct probabilities than grades", "too_few_values", found, allowed))
    cells = _cells(p, outcome, np.ones(len(p)) if w is None else w, rules.fine_bins)
    tried = _search(cells, rules)
    kept = [one for one in tried if one.edges is not None]
    if not kept:
        raise ModelError(_infeasible(cells, rules))
    edges = kept[-1].edges
    assert edges is not None
    return ScaleDesign(edges, tuple(tried), len(cells.edges) + 1)


@dataclass(frozen=True, slots=True)
class _Cells:
    """Every interval of fine bins from bound i to bound j (m + 1, m + 1), meaningful where i < j. edges: (m - 1)."""

    edges: Floats
    share: Floats
    bad: Floats
    rate: Floats
    size: Floats
    likelihood: Floats
    split_p: Floats
    rows: float


def _cells(p: Floats, y: Floats, w: Floats, fine: int) -> _Cells:
    edges = _amid(quantile_edges(p, fine, w), np.unique(p))
    bins, m = class_numbers(p, edges), len(edges) + 1
    parts = {"n": np.ones(len(p)), "bad": y, "w": w, "ww": w * w, "wy": w * y}
    sums = {name: _between(np.bincount(bins, value, m).astype(np.float64)) for name, value in parts.items()}
    total, squared = float(w.sum()), float((w * w).sum())
    rate = _ratio(sums["wy"], sums["w"])
    scale = total / squared  # weights that sum to Kish's size
    likelihood = scale * (special.xlogy(sums["wy"], rate) + special.xlog1py(sums["w"] - sums["wy"], -rate))
    return _Cells(
        edges,
        sums["w"] / total,
        sums["bad"],
        rate,
        _ratio(sums["w"] ** 2, sums["ww"]),
        likelihood,
        _split_tests(p, y, w, edges),
        total * scale,
    )


def _amid(edges: Floats, distinct: Floats) -> Floats:
    """Edges that stand on a value put halfway to the value below it, so that rounding moves no value over an edge.

    Scorecards give few distinct probabilities, and another engine's exponential may differ in the last bit.
    """
    below = distinct[np.searchsorted(distinct, edges) - 1]
    half = below + HALF * (edges - below)
    return np.where(half > below, half, edges)


def _between(values: Floats) -> Floats:
    """Sum of values (m,) from bound i to bound j (m + 1, m + 1)."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.maximum(sums[None, :] - sums[:, None], 0.0)


def _ratio(one: Floats, other: Floats) -> Floats:
    return np.divide(one, other, out=np.zeros_like(one), where=other > 0)


def _split_tests(p: Floats, y: Floats, w: Floats, edges: Floats) -> Floats:
    """p-value of the two halves of every interval, split as `median_split` does; 1 without one."""
    distinct, place = np.unique(p, return_inverse=True)
    sums = [np.concatenate([[0.0], np.cumsum(np.bincount(place, v))]) for v in (w, w * w, w * y)]
    starts = np.concatenate([[0], np.searchsorted(distinct, edges), [len(distinct)]])
    low, high = np.broadcast_arrays(starts[:, None], starts[None, :])
    target = sums[0][low] + HALF * (sums[0][high] - sums[0][low])
    after = np.maximum(np.searchsorted(sums[0], target), low + 1)
    split = np.clip(np.minimum(after, high - 1), 0, len(distinct))
    parts = [[s[split] - s[low], s[high] - s[split]] for s in sums]
    rates = [_ratio(parts[2][k], parts[0][k]) for k in (0, 1)]
    sizes = [_ratio(parts[0][k] ** 2, parts[1][k]) for k in (0, 1)]
    _, tested = two_proportions(rates[0], sizes[0], rates[1], sizes[1])
    return np.where((split > low) & (split < high), tested, 1.0)


def _search(cells: _Cells, rules: ScaleRules) -> list[TriedScale]:
    """The best partition of each number of grades from 1 up to `most`; numbers from `least` on are told."""
    m = len(cells.edges) + 1
    allowed, mixed = _allowed(cells, rules), cells.split_p <= rules.homogeneity
    reach = float(np.ptp(cells.likelihood[np.triu_indices(m + 1, 1)])) * 2.0 + 1.0
    worth = cells.likelihood - (reach * mixed if rules.mixed == "avoid" else 0.0)
    worth = np.where(allowed, worth, -np.inf)
    pairs = [_rising(cells, rules, j) for j in range(m + 1)]
    best = np.full((m + 1, m + 1), -np.inf)
    best[0] = worth[0]
    came: list[NDArray[np.int64]] = []
    tried = [_told(cells, rules, 1, _followed(best, came))] if rules.least <= 1 else []
    for grades in range(2, rules.most + 1):
        following, back = np.full_like(best, -np.inf), np.zeros(best.shape, dtype=np.int64)
        for j in range(1, m):
            reached = np.where(pairs[j], best[:j, j][:, None], -np.inf)
            back[j, j + 1 :] = reached.argmax(axis=0)
            following[j, j + 1 :] = reached.max(axis=0) + worth[j, j + 1 :]
        best = following
        came.append(back)
        if grades >= rules.least:
            tried.append(_told(cells, rules, grades, _followed(best, came)))
    return _limited(cells, rules, worth, pairs, tried)


def _allowed(cells: _Cells, rules: ScaleRules) -> Flags:
    """Intervals that may be a grade."""
    found = np.triu(np.ones(cells.share.shape, dtype=bool), 1)
    found &= (cells.share >= rules.min_share) & (cells.share <= rules.max_share) & (cells.bad >= rules.min_bads)
    return found & (cells.split_p > rules.homogeneity) if rules.mixed == "refuse" else found


def _rising(cells: _Cells, rules: ScaleRules, j: int) -> Flags:
    """Whether the grade (i, j) may stand before the grade (j, k): (j, m - j)."""
    one, size = cells.rate[:j, j][:, None], cells.size[:j, j][:, None]
    other, other_size = cells.rate[j, j + 1 :][None, :], cells.size[j, j + 1 :][None, :]
    rising = one < other
    if rules.heterogeneity is None:
        return rising
    return rising & (two_proportions(one, size, other, other_size)[1] <= rules.heterogeneity)


def _limited(
    cells: _Cells, rules: ScaleRules, worth: Floats, pairs: Sequence[Flags], tried: list[TriedScale]
) -> list[TriedScale]:
    """The best scales under the limit on concentration, searched only where one of those without it breaks it."""
    limit = rules.herfindahl
    if limit is None or not any(one.herfindahl > limit + ROUNDING for one in tried):
        return tried
    within = best_within(cells.share, worth, pairs, rules.most, limit)
    broken = {one.grades for one in tried if one.herfindahl > limit + ROUNDING}
    return [_told(cells, rules, one.grades, within.get(one.grades)) if one.grades in broken else one for one in tried]


def _followed(best: Floats, came: Sequence[NDArray[np.int64]]) -> tuple[int, ...] | None:
    """Bounds of the best partition, followed back from its last grade; None without one."""
    m = best.shape[0] - 1
    last = int(best[:, m].argmax())
    if not np.isfinite(best[last, m]):
        return None
    bounds = [m, last]
    for back in reversed(came):
        bounds.append(int(back[bounds[-1], bounds[-2]]))
    return tuple(bounds[::-1])


def _told(cells: _Cells, rules: ScaleRules, grades: int, bounds: tuple[int, ...] | None) -> TriedScale:
    """A partition by its bounds (grades + 1), with what its grades are; of None that there is none."""
    if bounds is None:
        return TriedScale(grades, None)
    low, high = np.array(bounds[:-1]), np.array(bounds[1:])
    share, rate, size = cells.share[low, high], cells.rate[low, high], cells.size[low, high]
    likelihood = math.fsum(cells.likelihood[low, high])
    _, between = two_proportions(rate[:-1], size[:-1], rate[1:], size[1:])
    return TriedScale(
        grades,
        tuple(float(cells.edges[b - 1]) for b in bounds[1:-1]),
        likelihood,
        grades * math.log(cells.rows) - 2.0 * likelihood,
        math.fsum(share * share),
        float(share.max()),
        int(np.count_nonzero(cells.split_p[low, high] <= rules.homogeneity)),
        float(between.max()) if grades > 1 else math.nan,
    )


def _check(rules: ScaleRules) -> None:
    faults = []
    if not 2 <= rules.least <= rules.most:
        faults.append(
            _fault("no such range of grades", "range", f"{rules.least} to {rules.most}", "2 or more, in order")
        )
    if rules.mixed not in ("refuse", "avoid", "report"):
        faults.append(_fault("not a way with mixed grades", "range", repr(rules.mixed), "refuse, avoid or report"))
    if not 0.0 <= rules.min_share <= rules.max_share <= 1.0:
        found = f"min_share {rules.min_share!r}, max_share {rules.max_share!r}"
        faults.append(_fault("shares do not fit", "range", found, "0 <= min_share <= max_share <= 1"))
    if rules.herfindahl is not None and not 0.0 < rules.herfindahl <= 1.0:
        faults.append(_fault("no such sum of squared shares", "range", f"{rules.herfindahl!r}", "above 0, at most 1"))
    if faults:
        raise ModelError(faults)


def _infeasible(cells: _Cells, rules: ScaleRules) -> Fault:
    """The constraints that bind, each with the most grades that would be possible without it."""
    loose = {
        f"min_share {rules.min_share:g}": replace(rules, min_share=0.0),
        f"max_share {rules.max_share:g}": replace(rules, max_share=1.0),
        f"min_bads {rules.min_bads}": replace(rules, min_bads=0),
    }
    if rules.heterogeneity is not None:
        loose[f"heterogeneity {rules.heterogeneity:g}"] = replace(rules, heterogeneity=None)
    if rules.mixed == "refuse":
        loose["mixed refuse"] = replace(rules, mixed="avoid")
    if rules.herfindahl is not None:
        loose[f"herfindahl {rules.herfindahl:g}"] = replace(rules, herfindahl=None)
    most = {name: _most(cells, other) for name, other in loose.items()}
    binding = [f"{name} (without it {count} grades)" for name, count in most.items() if count >= rules.least]
    told = ", ".join(binding) or f"together: {', '.join(loose)}, and bad rates that rise"
    reached = _most(cells, replace(rules, least=2))
    found = f"at most {reached} grades keep all constraints" if reached else "no scale of two grades or more keeps them"
    place = (
        " (max_share is a key of rating_scale itself)" if any(name.startswith("max_share") for name in binding) else ""
    )
    remedy = f"loosen what binds{place}, or ask for fewer grades"
    allowed = f"{rules.least} to {rules.most} grades"
    return _fault(f"no scale keeps the constraints; what binds: {told}", "infeasible", found, allowed, remedy)


def _most(cells: _Cells, rules: ScaleRules) -> int:
    return max((one.grades for one in _search(cells, rules) if one.edges is not None), default=0)


def _fault(message: str, code: str, found: str, allowed: str, remedy: str | None = None) -> Fault:
    return Fault(message, code=code, path=WHERE, found=found, allowed=allowed, remedy=remedy)
