"""Stability of a classed characteristic over samples and over time: shares of its bins, group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.stability import population_stability_index

COLUMNS = [
    "characteristic",
    *("sample_psi", "sample", "sample_chance_level"),
    *("period_psi", "period", "period_rows", "period_chance_level", "periods_judged", "periods_not_judged"),
]


@dataclass(frozen=True, slots=True)
class GroupStability:
    """One group: its number of rows, PSI of its bins, the level that chance alone reaches; None where not judged."""

    group: str
    rows: float
    psi: float | None
    chance_level: float | None


def group_stability(
    ids: NDArray[np.int64],
    groups: NDArray[np.object_],
    *,
    reference: str | None = None,
    min_rows: int = 1,
    weights: NDArray[np.float64] | None = None,
) -> list[GroupStability]:
    """PSI of the bins `ids` (n,) between each of `groups` (n,) and the reference group, or the rest where it is None.

    Groups in sorted order; rows of the group None belong to none. A group with fewer rows than `min_rows`, or without
    rows to compare it with, is not judged. With weights (n,) shares are weighted, and a group counts as Kish's
    effective rows (Σw)²/Σw².
    """
    w = np.ones(len(ids)) if weights is None else weights
    bins = int(ids.max()) + 1 if len(ids) else 1
    codes, names = pd.factorize(groups, sort=True)
    known = codes >= 0
    cells = np.bincount(codes[known] * bins + ids[known], w[known], len(names) * bins)
    counts = cells.astype(np.float64).reshape(len(names), bins)
    squared = np.bincount(codes[known], w[known] ** 2, len(names)).astype(np.float64)
    sizes = np.bincount(codes[known], minlength=len(names))
    place = {str(name): i for i, name in enumerate(names)}
    found = []
    for name, i in place.items():
        if name == reference:
            continue
        others = np.arange(len(names)) != i if reference is None else np.arange(len(names)) == place[reference]
        base, rows = counts[others].sum(axis=0), float(sizes[i])
        if sizes[i] < min_rows or not base.sum() > 0 or not rows > 0:
            found.append(GroupStability(name, rows, None, None))
            continue
        sides = _scaled(base, float(squared[others].sum())), _scaled(counts[i], float(squared[i]))
        result = population_stability_index(*sides)
        found.append(GroupStability(name, rows, result.psi, result.chance_level))
    return found


def _scaled(counts: NDArray[np.float64], squared: float) -> NDArray[np.float64]:
    """Weights by bin (k,), scaled to sum to (Σw)²/Σw²; squared: Σw². Without weights these are the rows themselves."""
    total = float(counts.sum())
    return counts if total == squared else counts * (total / squared)


def worst(groups: Sequence[GroupStability]) -> GroupStability | None:
    """The group with the greatest PSI, the first of equals; None where none was judged."""
    judged = [group for group in groups if group.psi is not None]
    return max(judged, key=lambda group: group.psi or 0.0) if judged else None


def stability_frame(
    samples: Mapping[str, Sequence[GroupStability]], periods: Mapping[str, Sequence[GroupStability]]
) -> pd.DataFrame:
    """Evidence `selection.stability`: the worst sample and the worst period of each characteristic."""
    rows = []
    for name, found in samples.items():
        groups = periods.get(name, ())
        sample, period = worst(found), worst(groups)
        judged = sum(group.psi is not None for group in groups)
        rows.append(
            {
                "characteristic": name,
                **_told("sample", sample),
                **_told("period", period),
                "period_rows": None if period is None else period.rows,
                "periods_judged": judged,
                "periods_not_judged": len(groups) - judged,
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS).astype({"sample": object, "period": object})


def _told(kind: str, group: GroupStability | None) -> dict[str, Any]:
    psi, name, chance = (None, None, None) if group is None else (group.psi, group.group, group.chance_level)
    return {f"{kind}_psi": psi, kind: name, f"{kind}_chance_level": chance}
