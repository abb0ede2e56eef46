"""Simpler boosting: less depth, fewer leaves, fewer trees, and the Gini that each costs on folds left out.

Fewer trees are the first trees of the same model, so that their margins are partial sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.models.boosting import BoostingFit, Bounds, fit_rows
from credit_risk.models.boosting_folds import fold_curve, measure, staged_margins
from credit_risk.models.boosting_rows import BoostingRows
from credit_risk.models.boosting_spec import MonotoneBoostingSpec, SimplicitySpec

Floats = NDArray[np.float64]
Report = Callable[[str], None]
COLUMNS = [
    "depth",
    "leaves_allowed",
    "trees",
    "leaves",
    "features",
    "gini_development",
    "gini_folds",
    "standard_error",
    "cost",
    "within_one_standard_error",
    "chosen",
]


@dataclass(frozen=True, slots=True)
class Simpler:
    """One model: its settings, all its leaves, the features it splits on, its Gini on development and on the folds."""

    depth: int
    leaves_allowed: int | None
    trees: int
    leaves: int
    features: int
    gini_development: float
    gini_folds: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Models compared, the places of the fitted one and of the one taken."""

    models: tuple[Simpler, ...]
    own: int
    taken: int

    @property
    def best(self) -> int:
        """Place of the best mean Gini of the folds, the one of fewest leaves where several are equal."""
        order = range(len(self.models))
        return min(order, key=lambda i: (-self.models[i].gini_folds, self.models[i].leaves, i))

    @property
    def limit(self) -> float:
        """The best mean less its standard error."""
        best = self.models[self.best]
        return best.gini_folds - best.standard_error


def compare_simpler(
    rows: BoostingRows,
    folds: NDArray[np.int64],
    bounds: Bounds,
    spec: MonotoneBoostingSpec,
    simplicity: SimplicitySpec,
    report: Report | None = None,
) -> Comparison:
    """Train each depth and number of leaves on development and on the folds, and measure each number of trees."""
    found: list[Simpler] = []
    for depth, leaves in variants(spec, simplicity):
        if report is not None:
            report(f"{spec.id}: depth {depth}" + (f", {leaves} leaves" if leaves else ""))
        found += _variant(rows, folds, bounds, spec.model_copy(update={"depth": depth, "leaves": leaves}), simplicity)
    own = next(
        i for i, m in enumerate(found) if (m.depth, m.leaves_allowed, m.trees) == (spec.depth, spec.leaves, spec.trees)
    )
    comparison = Comparison(tuple(found), own, own)
    if simplicity.rule == "none":
        return comparison
    return Comparison(comparison.models, own, simplest_within(comparison))


def simplest_within(comparison: Comparison) -> int:
    """The model of fewest leaves within one standard error of the best (Breiman et al. 1984, section 3.4.3).

    Of several the one with the fewest trees, then of least depth.
    """
    limit, models = comparison.limit, comparison.models
    within = [i for i, m in enumerate(models) if m.gini_folds >= limit]
    return min(within, key=lambda i: (models[i].leaves, models[i].trees, models[i].depth, i))


def variants(spec: MonotoneBoostingSpec, simplicity: SimplicitySpec) -> list[tuple[int, int | None]]:
    """Pairs of depth and leaves (None: as depth allows), the simplest first, the model's own last."""
    own = (spec.depth, spec.leaves)
    depths = simplicity.depths if simplicity.depths is not None else tuple(range(1, spec.depth + 1))
    if simplicity.leaves is not None:
        leaves: tuple[int, ...] = simplicity.leaves
    else:
        most = 2**spec.depth if spec.leaves is None else spec.leaves
        leaves = (most // 2,) if most >= 4 else ()
    found: list[tuple[int, int | None]] = [(depth, spec.leaves) for depth in sorted(set(depths))]
    found += [(spec.depth, count) for count in sorted(set(leaves))]
    return [*(pair for pair in dict.fromkeys(found) if pair != own), own]


def stages(trees: int, shares: Sequence[float]) -> list[int]:
    """Numbers of trees to measure at: the shares of `trees`, rounded up, and all of them."""
    return sorted({*(int(np.ceil(share * trees)) for share in shares), trees})


def simplicity_frame(comparison: Comparison) -> pd.DataFrame:
    """Evidence `boosting.simplicity.{model}`: what each simpler model has, and what it costs against the fitted one."""
    own, limit = comparison.models[comparison.own].gini_folds, comparison.limit
    rows = [
        (
            m.depth,
            m.leaves_allowed,
            m.trees,
            m.leaves,
            m.features,
            m.gini_development,
            m.gini_folds,
            m.standard_error,
            own - m.gini_folds,
            m.gini_folds >= limit,
            place == comparison.taken,
        )
        for place, m in enumerate(comparison.models)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _variant(
    rows: BoostingRows,
    folds: NDArray[np.int64],
    bounds: Bounds,
    spec: MonotoneBoostingSpec,
    simplicity: SimplicitySpec,
) -> list[Simpler]:
    at = stages(spec.trees, simplicity.trees)
    fit = fit_rows(rows, bounds, spec)
    curve = fold_curve(rows, folds, bounds, spec, metric="auc", rounds=at)
    margins = staged_margins(rows, fit.trees, fit.base_margin, at)
    return [
        Simpler(
            spec.depth,
            spec.leaves,
            trees,
            *_size(fit, trees),
            2.0 * measure("auc", rows.y, margins[k], rows.weights) - 1.0,
            2.0 * float(curve.mean[k]) - 1.0,
            2.0 * float(curve.standard_error[k]),
        )
        for k, trees in enumerate(at)
    ]


def _size(fit: BoostingFit, trees: int) -> tuple[int, int]:
    """Leaves of the first `trees` trees, and the features that they split on."""
    used = fit.trees[:trees]
    leaves = sum(left < 0 for tree in used for left in tree["left"])
    return leaves, len({f for tree in used for f in tree["feature"] if f >= 0})
