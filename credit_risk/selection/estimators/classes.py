"""The classes of a column that a selector judges: by a Binner of its own, or each distinct value where X is classed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from credit_risk.binning.prebins import gini_of_classes
from credit_risk.binning.report import gini_of_bins
from credit_risk.binning.transformers import Binner
from credit_risk.binning.woe import weight_of_evidence, weighted_counts
from credit_risk.selection.screens import Screened

Floats = NDArray[np.float64]
MOST_CLASSES = 200


@dataclass(frozen=True, slots=True)
class Classes:
    """ids and woe (n,) by column, what the screen knows of each, and the fitted Binner, None where X is classed."""

    ids: Mapping[str, NDArray[np.int64]]
    woe: Mapping[str, Floats]
    screened: Mapping[str, Screened]
    binner: Binner | None

    def assign(self, name: str, values: pd.Series) -> NDArray[np.int64]:
        """Class (m,) of other values (m,) of a column; where X is classed, their position among the distinct ones."""
        return distinct_ids(values) if self.binner is None else self.binner.tables_[name].assign(values.to_numpy())


def classes_of(
    frame: pd.DataFrame, y: Floats, weights: Floats | None, *, classed: bool, binner: Binner | None
) -> Classes:
    """Class the columns of `frame` (n, k) on y (n,) 0/1 with weights (n,).

    classed: every distinct value is a class, missing is another. Raises ValueError where such a column has more than
    200 distinct values, and what `Binner.fit` raises otherwise.
    """
    return _by_value(frame, y, weights) if classed else _by_binner(frame, y, weights, binner)


def _by_binner(frame: pd.DataFrame, y: Floats, weights: Floats | None, binner: Binner | None) -> Classes:
    fitted = (Binner() if binner is None else clone(binner)).fit(frame, y, weights)
    ids = {name: table.assign(frame[name].to_numpy()) for name, table in fitted.tables_.items()}
    return Classes(
        ids,
        {name: table.result.woe[ids[name]] for name, table in fitted.tables_.items()},
        {
            name: Screened(
                table.information_value,
                gini_of_bins(table),
                table.fine_gini,
                missing_share(frame[name], weights),
            )
            for name, table in fitted.tables_.items()
        },
        fitted,
    )


def _by_value(frame: pd.DataFrame, y: Floats, weights: Floats | None) -> Classes:
    refuse_unclassed(frame)
    w = np.ones(len(y)) if weights is None else weights
    ids, woe, screened = {}, {}, {}
    for name in frame.columns:
        index = distinct_ids(frame[name])
        good, bad = (weighted_counts(index, w * (y == kind), int(index.max()) + 1) for kind in (0, 1))
        result, gini = weight_of_evidence(good, bad), gini_of_classes(good, bad)
        ids[name], woe[name] = index, result.woe[index]
        screened[name] = Screened(result.total, gini, gini, missing_share(frame[name], weights))
    return Classes(ids, woe, screened, None)


def distinct_ids(values: pd.Series) -> NDArray[np.int64]:
    """Position (n,) of each value among the sorted distinct ones; missing is one more."""
    codes, levels = pd.factorize(values.to_numpy(), sort=True)
    return np.where(codes < 0, len(levels), codes).astype(np.int64)


def refuse_unclassed(frame: pd.DataFrame) -> None:
    """Raise ValueError, naming every column, where one has too many distinct values to be classed."""
    counts = {name: int(frame[name].nunique()) for name in frame.columns}
    many = [f"{name!r} ({count:,})" for name, count in counts.items() if count > MOST_CLASSES]
    if many:
        raise ValueError(
            f"classed=True, and columns have more than {MOST_CLASSES} distinct values: {', '.join(many)}; "
            "class them first, as Binner does, or set classed=False"
        )


def missing_share(values: pd.Series, weights: Floats | None) -> float:
    """Share of the weight (n,) without a value."""
    absent = values.isna().to_numpy()
    return float(np.mean(absent) if weights is None else np.sum(weights[absent]) / np.sum(weights))
