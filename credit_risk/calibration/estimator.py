"""Calibration of a linear score as a scikit-learn classifier of one column."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_is_fitted, validate_data

from credit_risk._core.errors import CalibrationError
from credit_risk.binning.inputs import binary_outcome, checked_weights
from credit_risk.calibration.anchor import Anchor, anchor_map
from credit_risk.calibration.choice import Criterion, MapChoice, choose_map
from credit_risk.calibration.fit import MapFit, fit_map
from credit_risk.calibration.maps import CalibrationMap, Step

Floats = NDArray[np.float64]
CHOOSE = "choose"


class ProbabilityCalibrator(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Maps a linear score (log-odds of the second class, which is bad) to its probability, and keeps its order.

    Give it margins (`decision_function`), never probabilities: logistic calibration of probabilities is another, worse
    map. Parameters: method, one of `fit_map`, or `choose` for cross-validation by criterion, folds, seed and
    one_standard_error as in `choose_map`; smoothing of labels (logistic); target, a long-run bad rate to which the mean
    probability of the rows of `fit` is anchored, or None.

    X is one column (n, 1), or `column` says which of its columns is the score (a name in a frame, a place in an array)
    and the others are passed over. Attributes: map_ (CalibrationMap), fit_ (MapFit), choice_ (MapChoice or None),
    anchor_ (Anchor or None), classes_, n_features_in_, feature_names_in_.
    """

    def __init__(
        self,
        method: str = "logistic",
        *,
        column: str | int | None = None,
        smoothing: bool = False,
        target: float | None = None,
        criterion: Criterion = "log_loss",
        folds: int = 5,
        seed: int = 0,
        one_standard_error: bool = True,
    ):
        self.method = method
        self.column = column
        self.smoothing = smoothing
        self.target = target
        self.criterion = criterion
        self.folds = folds
        self.seed = seed
        self.one_standard_error = one_standard_error

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> ProbabilityCalibrator:
        """Fit to scores X (n, 1), y (n,) of two classes and weights (n,); rows of weight 0 are left out.

        Raises ValueError where X is not of finite numbers, the column is not known, y has other than two classes, or
        the map cannot be fitted (CalibrationError is the cause: separation, a map that would break the score's order).
        """
        score = self._column(X, reset=True)
        self.classes_, outcome = binary_outcome(y, len(score))
        weights = checked_weights(sample_weight, score)
        kept = np.ones(len(score), bool) if weights is None else weights > 0
        score, outcome = score[kept], outcome[kept]
        if len(np.unique(outcome)) < 2:
            raise ValueError("y has one class only in the rows whose weight is above 0")
        weights = None if weights is None else weights[kept]
        try:
            self.choice_: MapChoice | None = None
            self.fit_: MapFit = self._fitted(score, outcome, weights)
            self.anchor_: Anchor | None = (
                None if self.target is None else anchor_map(self.fit_.map, score, self.target, weights)
            )
        except CalibrationError as error:
            raise ValueError(str(error)) from error
        self.map_: CalibrationMap = self.fit_.map if self.anchor_ is None else self.anchor_.map
        return self

    def _fitted(self, score: Floats, outcome: Floats, weights: Floats | None) -> MapFit:
        if self.method != CHOOSE:
            settings = {"smoothing": self.smoothing} if self.method == "logistic" else {}
            return fit_map(self.method, score, outcome, weights, **settings)
        self.choice_ = choose_map(
            score,
            outcome,
            weights,
            criterion=self.criterion,
            folds=self.folds,
            seed=self.seed,
            one_standard_error=self.one_standard_error,
        )
        return self.choice_.fit

    def predict_proba(self, X: Any) -> Floats:
        """Probabilities (n, 2) of the classes in `classes_`."""
        p = self._probability(X)
        return np.column_stack([1.0 - p, p])

    def decision_function(self, X: Any) -> Floats:
        """Log-odds (n,) of the second class after calibration."""
        p = self._probability(X)
        log_odds: Floats = np.log(p) - np.log1p(-p)
        return log_odds

    def predict(self, X: Any) -> NDArray[Any]:
        """The class whose probability is above one half (n,)."""
        second = self.decision_function(X) > 0.0
        return self.classes_[second.astype(int)]

    def transform(self, X: Any) -> Floats:
        """Probability of the second class as a column (n, 1)."""
        return self._probability(X)[:, None]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """The name of the column that `transform` gives."""
        check_is_fitted(self)
        return np.array(["probability"], dtype=object)

    def steps(self, source: str, output: str) -> list[Step]:
        """Steps of model.json from the linear score `source` to the probability `output`."""
        check_is_fitted(self)
        return self.map_.steps(source, output)

    def _probability(self, X: Any) -> Floats:
        check_is_fitted(self)
        try:
            return self.map_.probability(self._column(X, reset=False))
        except CalibrationError as error:
            raise ValueError(str(error)) from error

    def _column(self, X: Any, *, reset: bool) -> Floats:
        x = validate_data(self, X, dtype=np.float64, reset=reset)
        if self.column is None and x.shape[1] != 1:
            raise ValueError(
                f"X must be one column, the linear score, or `column` name one of its {x.shape[1]} features"
            )
        place = 0 if self.column is None else self._place()
        column: Floats = x[:, place]
        return column

    def _place(self) -> int:
        names = list(getattr(self, "feature_names_in_", range(self.n_features_in_)))
        if self.column not in names:
            raise ValueError(f"X has no column {self.column!r}; it has {', '.join(map(str, names))}")
        return names.index(self.column)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags
