"""Generalised linear models of amounts and fractions as a scikit-learn regressor."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import _check_sample_weight, check_array, check_is_fitted, column_or_1d, validate_data

from credit_risk._core.errors import ModelError
from credit_risk.models.beta_regression import squeeze
from credit_risk.models.covariance import Rows
from credit_risk.models.families import Family, family_of
from credit_risk.models.glm import GlmFit, fit_glm
from credit_risk.models.variance_power import PowerProfile, profile_variance_power
from credit_risk.scoring.steps import inverse_link, linear_value

Floats = NDArray[np.float64]


class GeneralizedLinearRegressor(RegressorMixin, BaseEstimator):
    """Tweedie or gamma regression of amounts, fractional logit or beta regression of fractions, with inference.

    Parameters have the meaning of the plan's model type `glm`. variance_power: of tweedie, or `profile`, the power of
    greatest likelihood. covariance: auto is hc1 for fractional and nonrobust for the others. squeeze:
    `smithson_verkuilen` takes fractions of 0 and 1 inside before beta regression.

    Attributes: result_ (GlmFit), family_, profile_ (PowerProfile or None), coef_ (k,), intercept_, n_features_in_.
    Predictions are those of the scoring authority, bit by bit.
    """

    def __init__(
        self,
        family: Literal["tweedie", "gamma", "fractional", "beta"] = "tweedie",
        *,
        link: Literal["log", "logit", "probit"] | None = None,
        variance_power: float | Literal["profile"] = 1.5,
        squeeze: Literal["none", "smithson_verkuilen"] = "none",
        covariance: Literal["auto", "nonrobust", "hc0", "hc1"] = "auto",
        confidence: float = 0.95,
    ):
        self.family = family
        self.link = link
        self.variance_power = variance_power
        self.squeeze = squeeze
        self.covariance = covariance
        self.confidence = confidence

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        exposure: ArrayLike | None = None,
    ) -> GeneralizedLinearRegressor:
        """Fit on X (n, k) of numbers, y (n,), prior weights, offset and exposure (n,). Rows of weight 0 are left out.

        Raises ValueError with every fault of y, weights, offset and terms.
        """
        x, outcome = validate_data(self, X, y, dtype=np.float64, y_numeric=True, ensure_min_samples=2)
        outcome = np.asarray(outcome, float)
        weights = _check_sample_weight(sample_weight, x, dtype=np.float64, ensure_non_negative=True)
        shift = self._offset(offset, exposure, len(x), "fit")
        self.offset_ = shift is not None
        used = weights > 0
        if self.family == "beta" and self.squeeze == "smithson_verkuilen":
            outcome = squeeze(outcome, int(used.sum()))
        names = [str(name) for name in self._feature_names()]
        given = {"weights": weights[used], "offset": None if shift is None else shift[used]}
        try:
            self.family_, self.profile_ = self._family(x[used], outcome[used], names, given)
            dependence = None if self.covariance == "auto" else Rows(self.covariance)
            options: dict[str, Any] = {"dependence": dependence, "confidence": self.confidence, **given}
            self.result_: GlmFit = fit_glm(x[used], outcome[used], names, self.family_, **options)
        except ModelError as error:
            raise ValueError(str(error)) from error
        self.coef_, self.intercept_ = self.result_.coef[1:], self.result_.intercept
        return self

    def predict(
        self, X: ArrayLike, offset: ArrayLike | None = None, exposure: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Expected outcome (n,). Raises ValueError where the model was fitted with an offset and none is given."""
        check_is_fitted(self)
        x = validate_data(self, X, dtype=np.float64, reset=False)
        shift = self._offset(offset, exposure, len(x), "predict")
        if self.offset_ != (shift is not None):
            word = "with" if self.offset_ else "without"
            raise ValueError(f"the model was fitted {word} an offset or exposure, so predict is called {word} one")
        terms = [{"coefficient": float(b)} for b in self.coef_]
        eta = linear_value({"intercept": self.intercept_, "terms": terms}, list(x.T), shift, len(x))
        return inverse_link(self.family_.link.name, eta)

    def _family(
        self, x: Floats, y: Floats, names: list[str], given: dict[str, Any]
    ) -> tuple[Family, PowerProfile | None]:
        if self.family == "tweedie" and self.variance_power == "profile":
            profile = profile_variance_power(x, y, names, **given, confidence=self.confidence)
            return family_of("tweedie", link=self.link, variance_power=profile.best), profile
        power = self.variance_power if self.family == "tweedie" else None
        return family_of(self.family, link=self.link, variance_power=power), None  # type: ignore[arg-type]

    def _offset(self, offset: ArrayLike | None, exposure: ArrayLike | None, rows: int, where: str) -> Floats | None:
        """Offset with ln(exposure) added (n,), or None where neither is given."""
        if offset is None and exposure is None:
            return None
        total = np.zeros(rows)
        for name, given in (("offset", offset), ("exposure", exposure)):
            if given is None:
                continue
            values = column_or_1d(check_array(given, ensure_2d=False, dtype=np.float64, input_name=name))
            if len(values) != rows:
                raise ValueError(f"{name} has {len(values)} values and X {rows} rows")
            if name == "exposure" and not (values > 0).all():
                raise ValueError(f"{where}: exposure must be above 0")
            total = total + (np.log(values) if name == "exposure" else values)
        return total

    def _feature_names(self) -> list[Any]:
        return list(getattr(self, "feature_names_in_", [f"x{i}" for i in range(self.n_features_in_)]))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        tags.regressor_tags.poor_score = True
        return tags
