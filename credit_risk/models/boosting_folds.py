"""What trees are worth on folds of development that they were not trained on, after each number of trees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.evaluation.area_under_curve import auc
from credit_risk.models.boosting import Bounds, Grower
from credit_risk.models.boosting_rows import BoostingRows
from credit_risk.models.boosting_spec import Metric, MonotoneBoostingSpec
from credit_risk.models.raw_trees import Tree, tree_arrays
from credit_risk.sampling.samples import DEVELOPMENT, fold_labels
from credit_risk.scoring.steps import pack_tree, walk_tree

Floats = NDArray[np.float64]
Report = Callable[[str], None]
CHUNK = 25


def silent(words: str) -> None:
    """A report that goes nowhere."""


@dataclass(frozen=True, slots=True)
class FoldCurve:
    """values (folds, rounds): the metric on each fold left out, after the numbers of trees in `rounds`."""

    metric: Metric
    rounds: tuple[int, ...]
    values: Floats

    @property
    def mean(self) -> Floats:
        """(rounds,) mean of the folds."""
        return np.mean(self.values, axis=0)

    @property
    def standard_error(self) -> Floats:
        """(rounds,) standard error of the mean over the folds (divisor folds − 1)."""
        return np.std(self.values, axis=0, ddof=1) / np.sqrt(len(self.values))

    @property
    def best(self) -> int:
        """Place in `rounds` of the best mean, the fewest trees where several are equal."""
        return int(np.argmin(self.mean if self.metric == "log_loss" else -self.mean))


def make_folds(y: Floats, folds: int, seed: int, clusters: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Fold 0 … folds − 1 of each development row (n,), stratified by outcome, clusters in one fold, by the plan's seed.

    Raises ModelError where a fold would lack goods or bads.
    """
    labels = np.full(len(y), DEVELOPMENT, dtype=object)
    found = fold_labels(labels, y, folds, seed, clusters)
    counts = [np.bincount(found[y == value], minlength=folds) for value in (0.0, 1.0)]
    if min(int(c.min()) for c in counts) == 0:
        told = ", ".join(f"{g:,} goods and {b:,} bads" for g, b in zip(*counts, strict=True))
        message = "a fold of development would lack goods or bads"
        raise ModelError(Fault(message, code="folds", path="models", found=told, remedy="write fewer folds"))
    return found


def fold_curve(
    rows: BoostingRows,
    folds: NDArray[np.int64],
    bounds: Bounds,
    spec: MonotoneBoostingSpec,
    *,
    metric: Metric,
    rounds: Sequence[int] | None = None,
    patience: int | None = None,
) -> FoldCurve:
    """Train on all folds but one, for each in turn, and measure on the one.

    folds (n,) in the order that the rows were given in. rounds: numbers of trees to measure at, ascending; by default
    every one up to `spec.trees`. With patience, growing ends once the best mean lies `patience` trees back.
    """
    wanted = tuple(range(1, spec.trees + 1)) if rounds is None else tuple(rounds)
    assigned = folds[rows.source]
    parts = [_Part(rows, assigned == k, bounds, spec) for k in np.unique(folds)]
    columns: list[Floats] = []
    grown = 0
    while grown < wanted[-1]:
        ahead = min(wanted[-1] - grown, patience or CHUNK)
        at = [r for r in wanted if grown < r <= grown + ahead]
        columns.append(np.array([part.grow(grown, ahead, at, metric) for part in parts]))
        grown += ahead
        curve = _curve(metric, wanted, columns)
        stop = None if patience is None else stopping_place(curve, patience)
        if stop is not None:
            return FoldCurve(metric, curve.rounds[: stop + 1], curve.values[:, : stop + 1])
    return _curve(metric, wanted, columns)


def stopping_place(curve: FoldCurve, patience: int) -> int | None:
    """The first place where the best mean so far lies `patience` trees back; None where that is nowhere yet."""
    means = curve.mean if curve.metric == "log_loss" else -curve.mean
    best = 0
    for place, mean in enumerate(means.tolist()):
        best = place if mean < means[best] else best
        if curve.rounds[place] - curve.rounds[best] >= patience:
            return place
    return None


def _curve(metric: Metric, wanted: tuple[int, ...], columns: Sequence[Floats]) -> FoldCurve:
    values = np.concatenate(columns, axis=1)
    return FoldCurve(metric, wanted[: values.shape[1]], values)


class _Part:
    """One fold left out: trees grown on the others, and its own rows scored as they grow."""

    def __init__(
        self, rows: BoostingRows, left_out: NDArray[np.bool_], bounds: Bounds, spec: MonotoneBoostingSpec
    ) -> None:
        kept, self._out = rows.part(~left_out), rows.part(left_out)
        self._grower = Grower(kept, bounds, spec)
        p = kept.base_score
        start = np.log(p) - np.log1p(-p)
        self._margin = np.full(len(self._out.y), start) if self._out.offset is None else self._out.offset.copy()
        self._flat = np.ascontiguousarray(self._out.x.T.astype(np.float64)).reshape(-1)

    def grow(self, grown: int, ahead: int, at: Sequence[int], metric: Metric) -> list[float]:
        """Add `ahead` trees to the `grown` that stand; the metric after each number of trees in `at`."""
        found, wanted = [], set(at)
        for place, raw in enumerate(self._grower.grow(ahead), start=grown + 1):
            self._margin = self._margin + leaf_values(tree_arrays(raw), self._flat, len(self._margin))
            if place in wanted:
                found.append(measure(metric, self._out.y, self._margin, self._out.weights))
        return found


def leaf_values(tree: Tree, flat: Floats, rows: int) -> Floats:
    """Value (n,) of the leaf that each row ends in; flat: the feature matrix, feature after feature."""
    packed = pack_tree(tree)
    return packed.value.take(walk_tree(packed, flat, rows))


def staged_margins(
    rows: BoostingRows, trees: Sequence[Tree], base_margin: float, rounds: Sequence[int]
) -> list[Floats]:
    """Margins (n,) of the rows after each number of trees in `rounds`, ascending."""
    flat = np.ascontiguousarray(rows.x.T.astype(np.float64)).reshape(-1)
    margin = np.full(len(rows.y), base_margin)
    margin = margin if rows.offset is None else margin + rows.offset
    found, wanted = [], set(rounds)
    for place, tree in enumerate(trees, start=1):
        margin = margin + leaf_values(tree, flat, len(rows.y))
        if place in wanted:
            found.append(margin)
    return found


def measure(metric: Metric, y: Floats, margin: Floats, weights: Floats | None) -> float:
    """Area under the curve, or mean of ln(1 + e^m) − y·m, of margins (n,); weights (n,) or None."""
    if metric == "auc":
        return auc(y, margin, None if weights is None or np.ptp(weights) == 0 else weights)
    losses = np.logaddexp(0.0, margin) - y * margin
    return float(np.average(losses, weights=weights))
