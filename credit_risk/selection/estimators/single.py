"""Selection of columns each by itself: information value, Gini, share of missing values."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.binning.transformers import Binner
from credit_risk.selection.estimators.base import ColumnSelector, Forced, Record, forced_reasons
from credit_risk.selection.estimators.classes import classes_of
from credit_risk.selection.screens import WaterfallLog, passes
from credit_risk.selection.spec import Forced as ForcedSpec
from credit_risk.selection.spec import SelectionSpec


class InformationValueSelector(ColumnSelector):
    """Keep columns whose information value, Gini and share of missing values lie within bounds.

    Every column is classed by a clone of `binner` (by default `Binner()`), numbers and text alike; with classed=True
    each distinct value is a class, as after `Binner` or `WoeTransformer`. Bounds have the meaning of the plan's
    `selection`; max_gini bounds the Gini of the fine classes, above which a column is suspected to know the outcome.
    include, exclude: columns that stay or leave whatever the bounds say, a list or a mapping to reasons.

    Attributes: support_, waterfall_ (why each left, most informative first), measures_ (what was measured),
    binner_ (the fitted Binner, None where classed), classes_, n_features_in_, feature_names_in_.
    """

    _takes_text = True

    def __init__(
        self,
        *,
        min_information_value: float = 0.02,
        max_information_value: float | None = None,
        min_gini: float = 0.0,
        max_gini: float = 0.95,
        max_missing_share: float = 1.0,
        classed: bool = False,
        binner: Binner | None = None,
        include: Forced = None,
        exclude: Forced = None,
    ):
        self.min_information_value = min_information_value
        self.max_information_value = max_information_value
        self.min_gini = min_gini
        self.max_gini = max_gini
        self.max_missing_share = max_missing_share
        self.classed = classed
        self.binner = binner
        self.include = include
        self.exclude = exclude

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> InformationValueSelector:
        """Measure the columns of X (n, k) on y (n,), whose second class in sorted order is bad, with weights (n,).

        Raises what `Binner.fit` raises, and ValueError where a bound is out of range or a forced column unknown.
        """
        rows = self._rows(X, y, sample_weight)
        assert rows.y is not None
        names = list(rows.frame.columns)
        self._forced(names, Record())
        spec = SelectionSpec(
            min_information_value=self.min_information_value,
            max_information_value=self.max_information_value,
            min_gini=self.min_gini,
            max_gini=self.max_gini,
            max_missing_share=self.max_missing_share,
            include=forced_specs(self.include, "include"),
            exclude=forced_specs(self.exclude, "exclude"),
        )
        found = classes_of(rows.frame, rows.y, rows.weights, classed=self.classed, binner=self.binner)
        log = WaterfallLog(found.screened)
        left = [name for name in names if passes(name, found.woe[name], spec, log)]
        self.binner_ = found.binner
        self.waterfall_ = log.frame(left, spec.included).drop(columns="suspicion")
        self.measures_ = measures_frame(found.screened)
        self.support_ = pd.Index(names).isin(left)
        return self


def forced_specs(forced: Forced, parameter: str) -> tuple[ForcedSpec, ...]:
    """Forced columns as a plan states them."""
    return tuple(ForcedSpec(name=n, reason=r) for n, r in forced_reasons(forced, parameter).items())


def measures_frame(screened: Any) -> pd.DataFrame:
    """Information value, Gini of classes and of fine classes, share of missing values, by column in the order of X."""
    rows = [
        (name, item.information_value, item.gini, item.fine_gini, item.missing_share) for name, item in screened.items()
    ]
    return pd.DataFrame(rows, columns=["characteristic", "information_value", "gini", "fine_gini", "missing_share"])
