"""Classing as scikit-learn transformers: raw columns in, bin ids or weights of evidence out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted

from credit_risk.binning.bins import Code
from credit_risk.binning.classing import Trend, class_frame
from credit_risk.binning.finish import finished
from credit_risk.binning.frames import kind_is_open, same_kind
from credit_risk.binning.inputs import binary_outcome, checked_columns, checked_weights, of_kinds
from credit_risk.binning.report import summary_frame
from credit_risk.binning.settings_checks import settings_faults
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable

TrendName = Literal["ascending", "descending", "peak", "valley", "none"]


class Binner(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Class every column on a binary outcome; transforms values to bin ids (float64, one column a characteristic).

    Parameters have the meaning of the plan's `classing`. By column name: monotonic, trend of the bad rate, mined where
    none is given; specials, special codes; orders, all categories in their natural order; characteristics, settings as
    the plan's `classing.characteristics`. The second class in sorted order is bad.

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
        max_share: float = 1.0,
        min_goods: float = 0.0,
        min_bads: float = 0.0,
        min_rate_difference: float = 0.0,
        max_p_value: float | None = None,
        rare_share: float = 0.01,
        zero_cell: float = 0.5,
        missing: Literal["apart", "nearest_woe"] = "apart",
        special: Literal["apart", "nearest_woe"] = "apart",
        nearest_woe_below: float | None = None,
        unseen: Literal["neutral", "missing", "worst", "rare"] = "neutral",
        monotonic: Mapping[str, TrendName] | None = None,
        specials: Mapping[str, Sequence[Code]] | None = None,
        orders: Mapping[str, Sequence[str]] | None = None,
        characteristics: Mapping[str, Mapping[str, Any]] | None = None,
    ):
        self.engine = engine
        self.trend = trend
        self.max_prebins = max_prebins
        self.min_bins = min_bins
        self.max_bins = max_bins
        self.min_share = min_share
        self.max_share = max_share
        self.min_goods = min_goods
        self.min_bads = min_bads
        self.min_rate_difference = min_rate_difference
        self.max_p_value = max_p_value
        self.rare_share = rare_share
        self.zero_cell = zero_cell
        self.missing = missing
        self.special = special
        self.nearest_woe_below = nearest_woe_below
        self.unseen = unseen
        self.monotonic = monotonic
        self.specials = specials
        self.orders = orders
        self.characteristics = characteristics

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Binner:
        """Class the columns of X (n, k) on y (n,) with weights (n,).

        X is a frame of pandas, polars or Arrow, or an array; missing is null, NaN, None or pandas' NA. Decimals become
        the nearest double, truth values 0 and 1, categories that are numbers text. A column without any value is
        numeric. Raises FrameError, with all columns at once, for anything else (dates, nested values, mixed types,
        infinity), ValueError where y has other than two classes, where a parameter names an unknown column, or where
        the parameters are no settings of a plan.
        """
        frame = checked_columns(self, X, reset=True)
        self.classes_, outcome = binary_outcome(y, len(frame))
        weights = checked_weights(sample_weight, frame)
        given = (self.monotonic, self.specials, self.orders, self.characteristics)
        named = {name for one in given for name in one or {}}
        if unknown := sorted(named - set(frame.columns)):
            raise ValueError(f"unknown columns {unknown}; there are {list(frame.columns)}")
        settings = self._settings()
        declared = {name: settings.declared_trend(name) for name in frame.columns}
        trends = {name: Trend(trend, "declared") for name, trend in declared.items() if trend is not None}
        tables = class_frame(
            frame,
            outcome,
            settings=settings,
            weights=weights,
            trends=trends,
            specials=self.specials,
            orders=self.orders,
        )
        self.tables_: dict[str, BinningTable] = {n: finished(t, settings.of(n)) for n, t in tables.items()}
        return self

    def _settings(self) -> ClassingSpec:
        """The parameters as the plan's `classing`. Raises ValueError where they are not."""
        given = {name: getattr(self, name) for name in ClassingSpec.model_fields if hasattr(self, name)}
        given["monotonic"] = dict(self.monotonic or {})
        given["characteristics"] = {name: dict(own) for name, own in (self.characteristics or {}).items()}
        settings = ClassingSpec(**given)
        if faults := [f"{'.'.join(path)}: {fault.message}" for path, fault in settings_faults(given)]:
            raise ValueError("; ".join(faults))
        return settings

    def transform(self, X: Any) -> Any:
        """Bin ids (n, k), in a frame of the kind of X, or an array where X is one; `set_output` overrides.

        A pandas frame keeps its index. Raises NotFittedError, ValueError on other columns than in fit or text for
        numbers, FrameError (a ValueError) as in `fit`.
        """
        check_is_fitted(self)
        frame = of_kinds(checked_columns(self, X, reset=False), {n: t.kind for n, t in self.tables_.items()})
        columns = [self._values(table, frame[name].to_numpy()) for name, table in self.tables_.items()]
        values = np.column_stack(columns)
        return same_kind(values, self.get_feature_names_out(), X) if kind_is_open(self) else values

    def summary(self) -> pd.DataFrame:
        """Trend, bins, information value and Gini of each characteristic, most informative first."""
        check_is_fitted(self)
        return summary_frame(self.tables_)

    def _values(self, table: BinningTable, values: NDArray[Any]) -> NDArray[np.float64]:
        return table.assign(values).astype(np.float64)

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
