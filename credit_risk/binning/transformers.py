"""Classing as scikit-learn transformers: raw columns in, bin ids or weights of evidence out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from credit_risk.binning.bins import Code
from credit_risk.binning.classing import Trend, class_frame
from credit_risk.binning.report import summary_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable

TrendName = Literal["ascending", "descending", "peak", "valley", "none"]


class Binner(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Class every column on a binary outcome; transforms values to bin ids (float64, one column a characteristic).

    Parameters have the meaning of the plan's `classing`. monotonic: trend of the bad rate by column name, where none is
    given it is mined; specials: special codes by column name, a bin each. The second class in sorted order is bad.

    Attributes: tables_ (BinningTable by column name), classes_, n_features_in_, feature_names_in_.
    """

    def __init__(
        self,
        *,
        engine: Literal["exact", "optbinning"] = "exact",
        trend: Literal["auto_monotonic", "auto", "none"] = "auto_monotonic",
        max_prebins: int = 20,
        min_bins: int = 1,
        max_bins: int = 6,
        min_share: float = 0.05,
        min_rate_difference: float = 0.0,
        max_p_value: float | None = None,
        rare_share: float = 0.01,
        zero_cell: float = 0.5,
        monotonic: Mapping[str, TrendName] | None = None,
        specials: Mapping[str, Sequence[Code]] | None = None,
    ):
        self.engine = engine
        self.trend = trend
        self.max_prebins = max_prebins
        self.min_bins = min_bins
        self.max_bins = max_bins
        self.min_share = min_share
        self.min_rate_difference = min_rate_difference
        self.max_p_value = max_p_value
        self.rare_share = rare_share
        self.zero_cell = zero_cell
        self.monotonic = monotonic
        self.specials = specials

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Binner:
        """Class the columns of X (n, k) on y (n,) with weights (n,). Numbers may be missing (NaN), text too (None).

        Raises ValueError where y has other than two classes, or where `monotonic` or `specials` name an unknown column.
        """
        frame = self._columns(X, reset=True, y=y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) != 2:
            count = len(self.classes_)
            raise ValueError(f"Only binary classification is supported: y needs two classes, it has {count} class(es)")
        weights = _check_sample_weight(sample_weight, frame, dtype=np.float64, ensure_non_negative=True)
        unknown = sorted({*(self.monotonic or {}), *(self.specials or {})} - set(frame.columns))
        if unknown:
            raise ValueError(f"unknown columns {unknown}; there are {list(frame.columns)}")
        settings = ClassingSpec(
            engine=self.engine,
            trend=self.trend,
            max_prebins=self.max_prebins,
            min_bins=self.min_bins,
            max_bins=self.max_bins,
            min_share=self.min_share,
            min_rate_difference=self.min_rate_difference,
            max_p_value=self.max_p_value,
            rare_share=self.rare_share,
            zero_cell=self.zero_cell,
        )
        trends = {name: Trend(trend, "declared") for name, trend in (self.monotonic or {}).items()}
        self.tables_: dict[str, BinningTable] = class_frame(
            frame,
            codes.astype(np.float64),
            settings=settings,
            weights=weights,
            trends=trends,
            specials=self.specials,
        )
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Bin ids (n, k). Raises NotFittedError, ValueError on other columns, infinite values or text for numbers."""
        check_is_fitted(self)
        frame = self._columns(X, reset=False)
        columns = [self._values(table, frame[name].to_numpy()) for name, table in self.tables_.items()]
        return np.column_stack(columns)

    def summary(self) -> pd.DataFrame:
        """Trend, bins, information value and Gini of each characteristic, most informative first."""
        check_is_fitted(self)
        return summary_frame(self.tables_)

    def _values(self, table: BinningTable, values: NDArray[Any]) -> NDArray[np.float64]:
        return table.assign(values).astype(np.float64)

    def _columns(self, X: ArrayLike, *, reset: bool, y: ArrayLike | None = None) -> pd.DataFrame:
        """X as a frame of float64 and object columns, named as scikit-learn names features."""
        options: dict[str, Any] = {"dtype": None, "ensure_all_finite": "allow-nan", "reset": reset}
        if y is None:
            checked = validate_data(self, X, **options)
        else:
            checked, _ = validate_data(self, X, y, **options)
        given = X if isinstance(X, pd.DataFrame) else pd.DataFrame(checked)
        frame = pd.DataFrame({str(name): _column(given.iloc[:, i]) for i, name in enumerate(self._names())})
        if not reset:
            numeric = {n: pd.api.types.is_numeric_dtype(frame[n]) for n in frame.columns}
            wrong = [n for n, table in self.tables_.items() if (table.kind == "numeric") != numeric[n]]
            if wrong:
                raise ValueError(f"columns {wrong} are of another type than in fit")
        return frame

    def _names(self) -> list[str]:
        return [str(name) for name in self.get_feature_names_out()]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.target_tags.required = True
        tags.target_tags.two_d_labels = False
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags


class WoeTransformer(Binner):
    """As `Binner`, and transforms to weights of evidence, ln(share of goods / share of bads); higher is safer."""

    def _values(self, table: BinningTable, values: NDArray[Any]) -> NDArray[np.float64]:
        return table.transform(values)


def _column(series: pd.Series) -> NDArray[Any]:
    """float64 where every value is a number or missing, otherwise text with None for missing."""
    if pd.api.types.is_bool_dtype(series) or pd.api.types.is_numeric_dtype(series):
        return series.to_numpy(np.float64, na_value=np.nan)
    values = series.to_numpy(object)
    missing = pd.isna(values)
    numbers = [v for v in values[~missing] if isinstance(v, (int, float, np.number)) and not isinstance(v, bool)]
    if len(numbers) == (~missing).sum() and len(numbers):
        return np.array([np.nan if m else float(v) for v, m in zip(values, missing, strict=True)])
    return np.array([None if m else str(v) for v, m in zip(values, missing, strict=True)], object)
