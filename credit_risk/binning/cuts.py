"""Coarse cuts of ordinary values: limits and splits of the plan, in the unit of the rows, handed to either engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.binning.bins import number_text
from credit_risk.binning.coarse import CoarseCuts, coarse_cuts
from credit_risk.binning.columns import Rows
from credit_risk.binning.exact import AnyTrend, ExactResult, exact_cuts
from credit_risk.binning.feasibility import BOTH_CLASSES
from credit_risk.binning.limits import Limits
from credit_risk.binning.prebins import count_prebins, gini_of_classes, quantile_cuts
from credit_risk.binning.refine import exact_classing, lost_share
from credit_risk.binning.sorted_column import SortedColumn
from credit_risk.binning.spec import ClassingSpec

Floats = NDArray[np.float64]
ONE_BIN_IS_LEFT = frozenset(("min_count", "min_good", "min_bad", "trend", BOTH_CLASSES))
"""Limits that a single bin of all ordinary values is let off where they alone conflict; told as solver status."""
PLANNED = {"min_count": "min_share", "max_count": "max_share", "min_good": "min_goods", "min_bad": "min_bads"}


@dataclass(frozen=True, slots=True)
class Splits:
    """Edges that the plan gives, ascending values of the column. fixed: (f,) each opens a bin; candidates: (c,) the
    only others that may, None where any value may. taken: bins outside the column (fixed groups of categories) that
    count among those that the plan allows. shown: how an edge reads."""

    fixed: Floats = field(default_factory=lambda: np.empty(0))
    candidates: Floats | None = None
    taken: int = 0
    shown: Callable[[float], str] = number_text

    @property
    def among(self) -> Floats | None:
        """Where cuts may stand: candidates and fixed ones, None where anywhere."""
        return None if self.candidates is None else np.union1d(self.candidates, self.fixed)


def fine_gini(ordinary: SortedColumn | None, settings: ClassingSpec) -> float:
    """Gini of the fine classes of ordinary values; 0 where they hold one class only."""
    if ordinary is None:
        return 0.0
    return gini_of_classes(*ordinary.counts(quantile_cuts(ordinary.values, settings.max_prebins)))


def coarse_classes(
    characteristic: str,
    ordinary: SortedColumn | None,
    trend: str,
    settings: ClassingSpec,
    rows: Rows,
    test_scale: float,
    splits: Splits | None = None,
) -> CoarseCuts:
    """Coarse cuts of ordinary values under the settings of the characteristic.

    Raises ModelError, naming what conflicts, where no classing keeps them, or where a fixed split leaves no rows beside
    it. Where the values are too few for the least bin, one bin of them all is the answer, and the status tells it.
    """
    splits = splits or Splits()
    if ordinary is None or any(float(np.sum(part)) == 0 for part in ordinary.counts(np.empty(0))):
        _refuse_fixed(characteristic, splits.fixed, splits, "ordinary values hold one class only")
        return CoarseCuts(np.empty(0), "none needed", "ordinary values hold one class only", "none")
    _refuse_empty(characteristic, ordinary, splits)
    limits = limits_of(settings, rows, test_scale, splits.taken)
    totals = (rows.goods, rows.bads)
    if settings.engine == "exact":
        return _exact_cuts(characteristic, ordinary, trend, limits, totals, splits)
    among = quantile_cuts(ordinary.values, settings.max_prebins) if splits.among is None else splits.among
    prebins = count_prebins(ordinary, _parting(ordinary, np.union1d(among, splits.fixed)), splits.fixed)
    found = coarse_cuts(prebins, trend=trend, limits=limits, fixed=splits.fixed)
    found = _solved(characteristic, found, splits)
    return replace(found, iv_loss=_lost(ordinary, found.cuts, trend, limits, totals, splits))


def limits_of(settings: ClassingSpec, rows: Rows, test_scale: float = 1.0, taken: int = 0) -> Limits:
    """The limits of the settings in the unit of the rows; taken: bins that are there already."""
    total = rows.goods + rows.bads
    return Limits(
        min_bins=max(settings.min_bins - taken, 1),
        max_bins=settings.max_bins - taken,
        min_count=settings.min_share * total,
        max_count=None if settings.max_share == 1.0 else settings.max_share * total,
        min_good=settings.min_goods,
        min_bad=settings.min_bads,
        min_rate_difference=settings.min_rate_difference,
        max_p_value=settings.max_p_value,
        test_scale=test_scale,
    )


def limits_kept(
    characteristic: str,
    settings: ClassingSpec,
    rows: Rows,
    groups: Sequence[tuple[float, float]],
    *,
    others: bool,
) -> None:
    """Raise ModelError where fixed groups, of these goods and bads, break a limit of the settings on single bins.

    others: whether there are other categories, which need a bin besides.
    """
    if not groups:
        return
    limits, total = limits_of(settings, rows), rows.goods + rows.bads
    broken = []
    if len(groups) + others > settings.max_bins:
        beside = " beside other categories" if others else ""
        broken.append(f"max_bins {settings.max_bins} ({len(groups)} groups{beside})")
    for good, bad in groups:
        size = good + bad
        greatest = np.inf if limits.max_count is None else limits.max_count
        rules = (
            ("min_count", size, limits.min_count, size < limits.min_count),
            ("max_count", size, greatest, size > greatest),
            ("min_good", good, limits.min_good, good < limits.min_good),
            ("min_bad", bad, limits.min_bad, bad < limits.min_bad),
        )
        for name, held, limit, is_broken in rules:
            if is_broken:
                broken.append(f"{as_planned(name, limit, total, Splits())} (a group has {held:.6g})")
    if broken:
        raise infeasible(characteristic, f"no classing keeps fixed_groups with {'; '.join(broken)}")


def _exact_cuts(
    characteristic: str,
    ordinary: SortedColumn,
    trend: str,
    limits: Limits,
    totals: tuple[float, float],
    splits: Splits,
) -> CoarseCuts:
    """Cuts of the dynamic programme."""
    kind: AnyTrend = trend  # type: ignore[assignment]
    if splits.among is None:
        found = exact_classing(ordinary, trend=kind, limits=limits, totals=totals, fixed=splits.fixed)
        cuts, result, loss = found.cuts, found.result, _known(found.iv_loss)
    else:
        edges = _parting(ordinary, splits.among)
        fixed = tuple(int(i) + 1 for i in np.searchsorted(edges, splits.fixed))
        good, bad = ordinary.counts(edges)
        result = exact_cuts(good, bad, trend=kind, limits=replace(limits, fixed_cuts=fixed), totals=totals)
        cuts = edges[np.array(result.cuts, int) - 1]
        loss = _lost(ordinary, cuts, result.trend, limits, totals, splits) if result.optimal else None
    if result.optimal:
        return CoarseCuts(cuts, "exact", result.message, result.trend, iv_loss=loss)
    told = _told(result, sum(totals), splits)
    too_thin = result.conflict is None or ONE_BIN_IS_LEFT.issuperset(result.conflict.constraints)
    if too_thin and limits.min_bins == 1 and not len(splits.fixed) and not _too_heavy(ordinary, limits):
        return CoarseCuts(np.empty(0), "exact", f"one bin: {told}", "none")
    raise infeasible(characteristic, told)


def _lost(
    ordinary: SortedColumn, cuts: Floats, trend: str, limits: Limits, totals: tuple[float, float], splits: Splits
) -> float | None:
    """Share of information value that cuts, found among few candidates, may lose against all distinct values."""
    kind: AnyTrend = trend  # type: ignore[assignment]
    found = exact_classing(ordinary, trend=kind, limits=limits, totals=totals, fixed=splits.fixed)
    good, bad = (part / total for part, total in zip(ordinary.counts(cuts), totals, strict=True))
    if not (good.all() and bad.all()):
        return None
    return _known(lost_share(float(np.sum((good - bad) * np.log(good / bad))), found.upper_bound))


def _known(loss: float) -> float | None:
    return None if np.isnan(loss) else loss


def _too_heavy(ordinary: SortedColumn, limits: Limits) -> bool:
    """Whether one bin of all ordinary values is beyond the greatest weight."""
    return (
        limits.max_count is not None and float(sum(np.sum(c) for c in ordinary.counts(np.empty(0)))) > limits.max_count
    )


def infeasible(characteristic: str, told: str) -> ModelError:
    """The error of a characteristic whose settings cannot be kept together; told: which, and what would do."""
    remedy = "relax one of them under `classing` or `classing.characteristics`, or exclude the characteristic"
    message = f"{characteristic!r} cannot be classed: {told}"
    return ModelError(Fault(message, code="infeasible", path="classing", found=characteristic, remedy=remedy))


def _told(result: ExactResult, total: float, splits: Splits) -> str:
    def named(constraint: str, value: Any) -> str:
        return as_planned(constraint, value, total, splits)

    return "INFEASIBLE" if result.conflict is None else result.conflict.told(named)


def as_planned(constraint: str, value: Any, total: float, splits: Splits) -> str:
    """A constraint and its value in the words of the plan."""
    name = PLANNED.get(constraint, constraint)
    if constraint == "fixed_cuts":
        return f"fixed_splits {_list(splits.fixed, splits)}"
    if constraint in ("min_count", "max_count"):
        return f"{name} {value / total:.6g} ({value:.6g} rows)"
    if constraint in ("min_bins", "max_bins") and splits.taken:
        return f"{name} {value + splits.taken} ({splits.taken} of them fixed groups)"
    return f"{name} {value:.6g}" if isinstance(value, float) else name if value is True else f"{name} {value}"


def _solved(characteristic: str, cuts: CoarseCuts, splits: Splits) -> CoarseCuts:
    """The answer of optbinning, where there is one that keeps every limit."""
    if cuts.kept:
        return cuts
    fixed = f"; fixed_splits {_list(splits.fixed, splits)}" if len(splits.fixed) else ""
    raise infeasible(characteristic, f"{cuts.solver_status}{fixed}")


def _parting(ordinary: SortedColumn, edges: Floats) -> Floats:
    """Those of the edges that part rows: of several with no row between them, the first."""
    places = np.searchsorted(ordinary.values, edges)
    inside = (places > 0) & (places < len(ordinary.values))
    return edges[inside & (np.diff(places, prepend=0) > 0)]


def _refuse_empty(characteristic: str, ordinary: SortedColumn, splits: Splits) -> None:
    """A fixed split that leaves a bin without rows is none."""
    good, bad = ordinary.counts(splits.fixed)
    empty = np.flatnonzero(good + bad <= 0)
    if len(empty):
        edges = np.unique(np.maximum(empty - 1, 0))
        low, high = splits.shown(float(ordinary.values[0])), splits.shown(float(ordinary.values[-1]))
        why = f"a bin beside it would hold no rows; ordinary values run from {low} to {high}"
        _refuse_fixed(characteristic, splits.fixed[edges], splits, why)


def _refuse_fixed(characteristic: str, edges: Floats, splits: Splits, why: str) -> None:
    if not len(edges):
        return
    message = f"the fixed split of {characteristic!r} cannot be kept: {why}"
    path = f"classing.characteristics.{characteristic}.fixed_splits"
    remedy = "take it out, or move it among the values"
    raise ModelError(Fault(message, "fixed_split", path=path, found=_list(edges, splits), remedy=remedy))


def _list(edges: Iterable[float], splits: Splits) -> str:
    return ", ".join(splits.shown(float(edge)) for edge in edges)
