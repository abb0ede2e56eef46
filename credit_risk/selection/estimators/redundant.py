"""Selection among columns that say the same: pairs and clusters of correlation, variance inflation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation.area_under_curve import auc
from credit_risk.models.logistic import correlation_matrix, variance_inflation
from credit_risk.selection.estimators.base import ColumnSelector, Forced, Record, Rows
from credit_risk.selection.estimators.classes import classes_of
from credit_risk.selection.redundancy import deflated, independent, uncorrelated

Floats = NDArray[np.float64]
ONE_VALUE = "one value only"


class CorrelationSelector(ColumnSelector):
    """Of columns whose absolute correlation is above the threshold, keep the one that tells most of the outcome.

    X are finite numbers, such as weights of evidence. method: pairwise (of a pair the weaker leaves) or clusters (of a
    chain of correlated columns, single linkage, only the strongest stays). rank_by: gini (|2·AUC − 1| of the column) or
    information_value (each distinct value a class, as after `WoeTransformer`); without y the earlier column stays.
    include, exclude as in `InformationValueSelector`.

    Attributes: support_, waterfall_ (in the order of X; value is the greatest absolute correlation with one that
    stays), correlation_ (k, k; NaN for a column of one value, which stays), n_features_in_, feature_names_in_.
    """

    _needs_outcome = False

    def __init__(
        self,
        *,
        max_correlation: float = 0.8,
        method: Literal["pairwise", "clusters"] = "pairwise",
        rank_by: Literal["gini", "information_value"] = "gini",
        include: Forced = None,
        exclude: Forced = None,
    ):
        self.max_correlation = max_correlation
        self.method = method
        self.rank_by = rank_by
        self.include = include
        self.exclude = exclude

    def fit(self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> CorrelationSelector:
        """Correlate the columns of X (n, k) and rank them on y (n,), with weights (n,).

        Raises ValueError where a parameter is out of range or a forced column unknown, FrameError (a ValueError) where
        X holds text or missing values.
        """
        _check_choice("method", self.method, ("pairwise", "clusters"))
        _check_choice("rank_by", self.rank_by, ("gini", "information_value"))
        if not 0 < self.max_correlation <= 1:
            raise ValueError(f"max_correlation is {self.max_correlation!r}; allowed: above 0, at most 1")
        rows, record = self._rows(X, y, sample_weight), Record()
        names = list(rows.frame.columns)
        kept = self._forced(names, record)
        columns = numbers(rows)
        order = ranked(record.left(names), columns, rows, self.rank_by)
        varied = [name for name in order if np.ptp(columns[name]) > 0]
        reason = "which tells more of the outcome" if rows.y is not None else "which stands before it"
        left = uncorrelated(
            varied,
            columns,
            record.drop,
            threshold=self.max_correlation,
            method=self.method,
            kept=kept,
            weights=rows.weights,
            rank=reason,
        )
        self.correlation_ = _correlation(names, columns, rows.weights)
        place = {name: i for i, name in enumerate(names)}
        related = {n: _greatest(self.correlation_[place[n], [place[m] for m in left if m != n]]) for n in left}
        self._finish(names, record, kept, values=related, threshold=self.max_correlation)
        return self


class VarianceInflationSelector(ColumnSelector):
    """Leave out the column with the greatest variance inflation factor, one at a time, until all are within the bound.

    X are finite numbers, such as weights of evidence. Before that columns of one value leave, and so does a linear
    combination of columns that tell more of the outcome (|2·AUC − 1|), or that stand before it where there is no y.
    include, exclude as in `InformationValueSelector`.

    Attributes: support_, waterfall_ (in the order of X; value is the factor), n_features_in_, feature_names_in_.
    """

    _needs_outcome = False

    def __init__(self, *, max_variance_inflation: float = 5.0, include: Forced = None, exclude: Forced = None):
        self.max_variance_inflation = max_variance_inflation
        self.include = include
        self.exclude = exclude

    def fit(
        self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> VarianceInflationSelector:
        """Regress each column of X (n, k) on the others, with weights (n,); y (n,) ranks them.

        Raises ValueError where the bound is below 1 or a forced column unknown, FrameError (a ValueError) where X holds
        text or missing values.
        """
        if not self.max_variance_inflation >= 1:
            raise ValueError(f"max_variance_inflation is {self.max_variance_inflation!r}; allowed: at least 1")
        rows, record = self._rows(X, y, sample_weight), Record()
        names = list(rows.frame.columns)
        kept = self._forced(names, record)
        columns = numbers(rows)
        order = without_constants(ranked(record.left(names), columns, rows, "gini"), columns, record)
        order = independent(order, columns, record.drop, kept=kept)
        order = deflated(
            order,
            columns,
            record.drop,
            threshold=self.max_variance_inflation,
            kept=kept,
            weights=rows.weights,
        )
        factors: Mapping[str, float] = {}
        if order:
            matrix = np.column_stack([columns[name] for name in order])
            factors = dict(zip(order, map(float, variance_inflation(matrix, rows.weights)), strict=True))
        self._finish(names, record, kept, values=factors, threshold=self.max_variance_inflation)
        return self


def numbers(rows: Rows) -> dict[str, Floats]:
    """Columns (n,) by name."""
    return {name: rows.frame[name].to_numpy(np.float64) for name in rows.frame.columns}


def ranked(names: list[str], columns: Mapping[str, Floats], rows: Rows, rank_by: str) -> list[str]:
    """Names by what they tell of the outcome, the most first; in the given order where there is none, or at ties."""
    if rows.y is None:
        return names
    if rank_by == "information_value":
        screened = classes_of(rows.frame[names], rows.y, rows.weights, classed=True, binner=None).screened
        strength = {name: screened[name].information_value for name in names}
    else:
        strength = {name: abs(2 * auc(rows.y, columns[name], rows.weights) - 1) for name in names}
    return sorted(names, key=lambda name: -round(strength[name], 12))


def without_constants(names: list[str], columns: Mapping[str, Floats], record: Record) -> list[str]:
    """Names whose columns vary; the others are recorded."""
    for name in names:
        if np.ptp(columns[name]) == 0:
            record.drop(name, "constant", None, None, ONE_VALUE)
    return record.left(names)


def _correlation(names: list[str], columns: Mapping[str, Floats], weights: Floats | None) -> Floats:
    matrix = np.full((len(names), len(names)), np.nan)
    varied = [i for i, name in enumerate(names) if np.ptp(columns[name]) > 0]
    if varied:
        found = correlation_matrix(np.column_stack([columns[names[i]] for i in varied]), weights)
        matrix[np.ix_(varied, varied)] = found
    return matrix


def _greatest(row: Floats) -> float:
    return float(np.max(np.abs(row))) if len(row) else 0.0


def _check_choice(parameter: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{parameter} is {value!r}; allowed: {', '.join(allowed)}")
