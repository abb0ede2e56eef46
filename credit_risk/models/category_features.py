"""Categories without a declared order in trees: which of them have a feature of their own, and the numbers of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.binning.table import BinningTable
from credit_risk.models.boosting_spec import CategoriesSpec
from credit_risk.models.tree_features import CATEGORY, TreeFeature

Floats = NDArray[np.float64]
COLUMNS = ["characteristic", "category", "feature", "bin_id", "categories", "rows", "bads", "bad_rate", "woe"]


def chosen_levels(
    tables: Mapping[str, BinningTable], frame: pd.DataFrame, spec: CategoriesSpec
) -> dict[str, tuple[str, ...]]:
    """Categories with a feature of their own, by characteristic, in the order of their text.

    tables: classings; frame (n, …): values of development. A category has one where its characteristic has no declared
    order, its class holds others too (else the weight of evidence tells it apart), it has `min_rows` rows, and it is
    among the `max_levels` most frequent of those, by text where rows are equal. Rows are counted, not weighted.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, table in tables.items():
        if table.has_order:
            continue
        shared = {text for one in table.bins if one.kind == "categories" and len(one.values) > 1 for text in one.values}
        counts = frame[name].dropna().value_counts()
        able = [(-int(n), str(text)) for text, n in counts.items() if text in shared and n >= spec.min_rows]
        found[name] = tuple(sorted(text for _, text in sorted(able)[: spec.max_levels]))
    return found


def categories_frame(
    features: Sequence[TreeFeature],
    tables: Mapping[str, BinningTable],
    frame: pd.DataFrame,
    y: Floats,
    weights: Floats,
) -> pd.DataFrame:
    """Evidence `boosting.categories.{model}`: for each characteristic its categories with a feature, then the others.

    frame (n, …), y, weights (n,) of development. rows, bads: counted; bad_rate: weighted. bin_id, woe: the class of the
    plan's classing that holds the category, None for the others, which `categories` counts.
    """
    found: list[tuple[Any, ...]] = []
    for name in dict.fromkeys(feature.characteristic for feature in features):
        table = tables[name]
        if table.has_order:
            continue
        column = frame[name].astype(object).where(frame[name].notna(), None).to_numpy(object)
        place = {text: one.id for one in table.bins for text in one.values}
        own = {str(f.category): f.name for f in features if f.characteristic == name and f.source == CATEGORY}
        for category, feature in own.items():
            held = np.equal(column, category).astype(bool)
            at = place[category]
            found.append((name, category, feature, at, 1, *_counts(held, y, weights), float(table.result.woe[at])))
        rest = {text for text in place if text not in own}
        held = np.array([value in rest for value in column.tolist()], bool)
        seen = len(set(column[held].tolist()))
        found.append((name, None, None, None, seen, *_counts(held, y, weights), None))
    return pd.DataFrame(found, columns=COLUMNS).astype({"bin_id": "Int64"})


def _counts(held: NDArray[np.bool_], y: Floats, weights: Floats) -> tuple[int, int, float | None]:
    rate = float(np.average(y[held], weights=weights[held])) if held.any() else None
    return int(np.count_nonzero(held)), int(np.count_nonzero(y[held] > 0)), rate
