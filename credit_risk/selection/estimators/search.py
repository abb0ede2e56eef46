"""Selection by the search for a model: forward, backward or stepwise logistic regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk.selection.estimators.base import ColumnSelector, Forced, Record
from credit_risk.selection.estimators.redundant import numbers, ranked, without_constants
from credit_risk.selection.redundancy import independent
from credit_risk.selection.search import SearchData, SearchRules, search

Floats = NDArray[np.float64]
Sign = Literal["negative", "positive"]
Method = Literal["stepwise", "forward", "backward", "all"]
Criterion = Literal["p_value", "aic", "bic"]
SIGNS: Mapping[str, float] = {"negative": -1.0, "positive": 1.0}


class StepwiseSelector(ColumnSelector):
    """Find the columns of a logistic regression: forward, backward or stepwise, by p-value, AIC or BIC.

    X are finite numbers, such as weights of evidence. A column enters on Rao's score test and leaves on Wald's test
    (max_p_value), or as the criterion falls; method "all" lets only the sign and the inflation decide. sign: what every
    coefficient must be, "negative" as on weights of evidence (the regression is of the second class in sorted order,
    bad); a mapping of columns to signs leaves the others free, None leaves all free. max_variance_inflation: None lets
    it not decide. include, exclude as in `InformationValueSelector`. A column that separates the classes leaves and is
    told, for it has no finite coefficient. Weights count as repeated rows, the n of BIC as rows.

    Attributes: support_, waterfall_ (in the order of X; coefficients are per standard deviation, the value of a column
    that stays is its p-value), classes_, n_features_in_, feature_names_in_.
    """

    def __init__(
        self,
        *,
        method: Method = "stepwise",
        criterion: Criterion = "p_value",
        max_p_value: float = 0.05,
        sign: Sign | Mapping[str, Sign] | None = "negative",
        max_variance_inflation: float | None = None,
        include: Forced = None,
        exclude: Forced = None,
    ):
        self.method = method
        self.criterion = criterion
        self.max_p_value = max_p_value
        self.sign = sign
        self.max_variance_inflation = max_variance_inflation
        self.include = include
        self.exclude = exclude

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> StepwiseSelector:
        """Search among the columns of X (n, k) for the model of y (n,), with weights (n,).

        Raises ValueError where a parameter is out of range or names an unknown column, FrameError (a ValueError) where
        X holds text or missing values, ModelError where a forced column separates the classes or a fit does not
        converge.
        """
        self._check_parameters()
        rows, record = self._rows(X, y, sample_weight), Record()
        assert rows.y is not None
        names = list(rows.frame.columns)
        kept = self._forced(names, record)
        rules = self._rules(names, kept)
        columns = numbers(rows)
        order = without_constants(ranked(record.left(names), columns, rows, "gini"), columns, record)
        order = independent(order, columns, record.drop, kept=kept)
        scaled = {name: _scaled(columns[name], rows.weights) for name in order}
        left, fit = search(order, SearchData(scaled, rows.y, rows.weights, 0.95), rules, record.drop)
        by_p_value = fit is not None and self.criterion == "p_value" and self.method != "all"
        values = dict(zip(left, map(float, fit.p_value[1:]), strict=True)) if fit is not None and by_p_value else {}
        self._finish(names, record, kept, values=values, threshold=self.max_p_value if by_p_value else None)
        return self

    def _rules(self, names: list[str], kept: Mapping[str, str]) -> SearchRules:
        named = self.sign if isinstance(self.sign, Mapping) else {}
        unknown = sorted(set(named) - set(names))
        if unknown:
            raise ValueError(f"sign names unknown columns {unknown}; there are {names}")
        return SearchRules(
            method=self.method,
            criterion=self.criterion,
            max_p_value=self.max_p_value,
            max_variance_inflation=self.max_variance_inflation,
            expected_sign=SIGNS[self.sign] if isinstance(self.sign, str) else None,
            signs={name: SIGNS[sign] for name, sign in named.items()},
            kept=frozenset(kept),
        )

    def _check_parameters(self) -> None:
        signs = self.sign.values() if isinstance(self.sign, Mapping) else [] if self.sign is None else [self.sign]
        wrong = [
            f"{parameter} is {value!r}; allowed: {', '.join(allowed)}"
            for parameter, value, allowed in (
                ("method", self.method, get_args(Method)),
                ("criterion", self.criterion, get_args(Criterion)),
                *(("sign", sign, get_args(Sign)) for sign in signs),
            )
            if value not in allowed
        ]
        if not 0 < self.max_p_value <= 1:
            wrong.append(f"max_p_value is {self.max_p_value!r}; allowed: above 0, at most 1")
        if self.max_variance_inflation is not None and not self.max_variance_inflation >= 1:
            wrong.append(f"max_variance_inflation is {self.max_variance_inflation!r}; allowed: at least 1, or None")
        if wrong:
            raise ValueError("; ".join(wrong))


def _scaled(values: Floats, weights: Floats | None) -> Floats:
    """Values (n,) with mean 0 and standard deviation 1, so that their scale decides nothing."""
    centred = values - np.average(values, weights=weights)
    return centred / np.sqrt(np.average(centred**2, weights=weights))
