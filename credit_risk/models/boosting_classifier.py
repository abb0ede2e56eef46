"""Monotone boosting as a scikit-learn classifier; predictions are those of the scoring authority, bit by bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d, validate_data

from credit_risk._core.errors import ModelError
from credit_risk.binning.classing import class_frame
from credit_risk.binning.frames import columns_of, is_frame
from credit_risk.binning.inputs import binary_outcome, checked_weights, input_names, of_kinds, same_columns
from credit_risk.binning.spec import ClassingSpec
from credit_risk.models.assemble import Identity, InputColumn, document, link_step
from credit_risk.models.boosting import BoostingFit, fit_boosting
from credit_risk.models.boosting_spec import CategoriesSpec
from credit_risk.models.category_features import chosen_levels
from credit_risk.models.interactions import feature_groups
from credit_risk.models.monotonicity import monotonicity_frame
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.models.tree_features import TreeFeature, tree_features
from credit_risk.scoring import CompiledModel, compile_model
from credit_risk.scoring.step_names import free_name

Floats = NDArray[np.float64]
Direction = Literal["ascending", "descending", "none"]
SIGNS = {"ascending": 1, "descending": -1, "none": 0}


class MonotoneBoostingClassifier(ClassifierMixin, BaseEstimator):
    """Gradient-boosted trees, monotone where asked, trained so that neither row order nor threads change them.

    Parameters have the meaning of the plan's model type `monotone_boosting`. monotone: by column, how the probability
    of the second class moves with the value (`ascending`, `descending`); interactions: groups of columns that may stand
    in one path of a tree, a column that none names standing alone; categories: the plan's settings of categories, its
    defaults where None; threads: of training. Columns of a frame are numbers, missing as NaN, or text, which enters as
    the plan's does: classed by default settings, as weight of evidence, frequent categories of a class with others with
    a feature of their own. Arrays hold numbers. The second class in sorted order is bad.

    Attributes: result_ (BoostingFit), tables_ (classing of each column of text), classes_, feature_importances_ (k,)
    shares of gain by column, n_features_in_, feature_names_in_. Arrays have columns x0, x1, ….
    """

    def __init__(
        self,
        *,
        monotone: Mapping[str, Direction] | None = None,
        interactions: Sequence[Sequence[str]] | None = None,
        categories: Mapping[str, Any] | None = None,
        trees: int = 200,
        depth: int = 3,
        leaves: int | None = None,
        learning_rate: float = 0.1,
        min_child_weight: float = 10.0,
        reg_lambda: float = 1.0,
        reg_alpha: float = 0.0,
        gamma: float = 0.0,
        max_bin: int = 256,
        threads: int = 1,
    ):
        self.monotone = monotone
        self.interactions = interactions
        self.categories = categories
        self.trees = trees
        self.depth = depth
        self.leaves = leaves
        self.learning_rate = learning_rate
        self.min_child_weight = min_child_weight
        self.reg_lambda = reg_lambda
        self.reg_alpha = reg_alpha
        self.gamma = gamma
        self.max_bin = max_bin
        self.threads = threads

    def fit(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, offset: ArrayLike | None = None
    ) -> MonotoneBoostingClassifier:
        """Train on X (n, k), y (n,) of two classes, weights (n,); offset (n,) log-odds that rows start from.

        X is a frame of pandas, polars or Arrow, or an array; rows of weight 0 are left out. Raises ValueError where X
        holds anything but numbers (infinite ones are refused) and text, where `monotone` or `interactions` name an
        unknown column, or `monotone` one of text, where y has other than two classes, where a parameter is no
        setting of a plan, and for `reg_alpha` where the installed xgboost takes wrong gains from it.
        """
        frame = self._columns(X, reset=True)
        self.classes_, outcome = binary_outcome(y, len(frame))
        weights = checked_weights(sample_weight, frame)
        shift = _offset(offset, len(frame))
        names = list(frame.columns)
        self._check_names(frame)
        kept = np.ones(len(frame), bool) if weights is None else weights > 0
        given = [None if a is None else a[kept] for a in (weights, shift)]
        frame, outcome = frame[kept].reset_index(drop=True), outcome[kept]
        self._kinds = {n: "numeric" if pd.api.types.is_numeric_dtype(frame[n]) else "categorical" for n in names}
        try:
            spec = self._spec()
            self._prepare(frame, outcome, given[0], spec)
            self.result_: BoostingFit = fit_boosting(
                prepared(frame, self._inputs(), self._steps, self._features),
                outcome,
                [feature.direction for feature in self._features],
                spec,
                weights=given[0],
                offset=given[1],
                groups=feature_groups(self._features, self.interactions),
                threads=self.threads,
            )
        except ModelError as error:
            raise ValueError(str(error)) from error
        self._compiled: CompiledModel = compile_model(self.to_model())
        gains, owner = self.result_.importance, {f.name: f.characteristic for f in self._features}
        shares = gains["gain_share"].groupby(gains["feature"].map(owner)).sum()
        self.feature_importances_ = shares.loc[names].to_numpy(float)
        return self

    def decision_function(self, X: Any, offset: ArrayLike | None = None) -> Floats:
        """Log-odds of the second class (n,). Raises ValueError where an offset is lacking, or given and not fitted."""
        return self._scored(X, offset)["linear_score"].to_numpy(float)

    def predict_proba(self, X: Any, offset: ArrayLike | None = None) -> Floats:
        """Probabilities (n, 2) of the classes in `classes_`; raises as `decision_function` does."""
        p = self._scored(X, offset)["probability"].to_numpy(float)
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Any, offset: ArrayLike | None = None) -> NDArray[Any]:
        """The class whose probability is above one half (n,)."""
        second = self.decision_function(X, offset) > 0
        return self.classes_[second.astype(int)]

    def _scored(self, X: Any, offset: ArrayLike | None) -> pd.DataFrame:
        check_is_fitted(self)
        frame = self._columns(X, reset=False)
        shift = _offset(offset, len(frame))
        if self.result_.has_offset != (shift is not None):
            word = "with" if self.result_.has_offset else "without"
            raise ValueError(f"the trees were fitted {word} an offset, so they predict {word} one")
        if shift is not None:
            frame = frame.assign(**{self._offset_name(): shift})
        return self._compiled.score(frame)

    def to_model(self, id: str = "boosting", name: str | None = None, version: str = "0.1.0") -> dict[str, Any]:
        """The model as model.json holds it; `compile_model` of it predicts the same, bit by bit.

        With an offset, it is one more input.
        """
        check_is_fitted(self, "result_")
        identity = Identity(id, name or id, version, "probability of bad", f"the outcome is {self.classes_[1]}")
        inputs = self._inputs()
        offset = self._offset_name() if self.result_.has_offset else None
        if offset is not None:
            inputs.append(InputColumn(offset, "number", {}, "log-odds that the row starts from"))
        taken = {column.name for column in inputs} | {feature.name for feature in self._features}
        linear, probability = free_name("linear_score", taken), free_name("probability", taken)
        steps = [*self._steps, self.result_.step(linear, offset), link_step(linear, probability)]
        outputs = {"linear_score": linear, "probability": probability, "score": None, "grade": None, "reasons": None}
        return document(identity, "monotone_boosting", inputs, steps, outputs)

    def monotonicity(self) -> pd.DataFrame:
        """The exact check of every bound column: pairs of leaves compared, and those that break its direction."""
        check_is_fitted(self)
        fit = self.result_
        return monotonicity_frame(fit.trees, fit.features, fit.constraints)

    def _offset_name(self) -> str:
        return free_name("offset", {*self._kinds, *self.result_.features})

    def _spec(self) -> MonotoneBoostingSpec:
        own = {name: getattr(self, name) for name in MonotoneBoostingSpec.model_fields if hasattr(self, name)}
        own |= {"interactions": None, "categories": CategoriesSpec(**(self.categories or {}))}
        return MonotoneBoostingSpec(id="boosting", type="monotone_boosting", **own)

    def _inputs(self) -> list[InputColumn]:
        types = {"numeric": "number", "categorical": "string"}
        return [InputColumn(name, types[kind], {}, "") for name, kind in self._kinds.items()]

    def _check_names(self, frame: pd.DataFrame) -> None:
        asked, names = dict(self.monotone or {}), list(frame.columns)
        _refuse_unknown("monotone", asked, names)
        wrong = sorted(f"{name}: {word!r}" for name, word in asked.items() if word not in SIGNS)
        if wrong:
            raise ValueError(f"monotone: {', '.join(wrong)}; allowed are {', '.join(SIGNS)}")
        text = [name for name in asked if SIGNS[asked[name]] and not pd.api.types.is_numeric_dtype(frame[name])]
        if text:
            raise ValueError(f"monotone: columns {text} hold text, which has no order that a direction could follow")
        _refuse_unknown("interactions", [name for group in self.interactions or () for name in group], names)

    def _prepare(self, frame: pd.DataFrame, y: Floats, weights: Floats | None, spec: MonotoneBoostingSpec) -> None:
        """Classing of text, the steps that make features, and the features, in the order of the columns."""
        text = [name for name, kind in self._kinds.items() if kind == "categorical"]
        self.tables_ = class_frame(frame[text], y, settings=ClassingSpec(), weights=weights) if text else {}
        telling = {name: table for name, table in self.tables_.items() if table.information_value > 0}
        levels = chosen_levels(telling, frame, spec.categories)
        self._steps: list[dict[str, Any]] = []
        self._features: list[TreeFeature] = []
        for name in self._kinds:
            if name in self.tables_:
                taken = {*self._kinds, *(feature.name for feature in self._features)}
                one = {name: self.tables_[name]}
                steps, features = tree_features(one, {}, "declared", taken, levels, spec.categories.bound)
                self._steps += steps
                self._features += features
            else:
                sign = SIGNS[(self.monotone or {}).get(name, "none")]
                self._features.append(TreeFeature(name, name, sign, "monotone" if sign else "none"))

    def _columns(self, X: Any, *, reset: bool) -> pd.DataFrame:
        """X as a frame of float64 columns under the names of fit."""
        if not is_frame(X):
            x = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=reset)
            return columns_of(x, input_names(self))
        same_columns(self, X, reset=reset)
        frame = columns_of(X, input_names(self))
        return frame if reset else of_kinds(frame, self._kinds)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags


def prepared(
    frame: pd.DataFrame, inputs: Sequence[InputColumn], steps: Sequence[dict[str, Any]], features: Sequence[TreeFeature]
) -> pd.DataFrame:
    """Features (n, k) of columns, made by the same steps that make them in scoring."""
    unnamed = Identity("features", "features", "0", "", "")
    values = compile_model(document(unnamed, "monotone_boosting", inputs, steps, {})).values(frame)
    return pd.DataFrame({feature.name: np.asarray(values[feature.name], float) for feature in features})


def _offset(offset: ArrayLike | None, rows: int) -> Floats | None:
    if offset is None:
        return None
    values = column_or_1d(check_array(offset, ensure_2d=False, dtype=np.float64, input_name="offset"))
    if len(values) != rows:
        raise ValueError(f"offset has {len(values)} values and X {rows} rows")
    return values


def _refuse_unknown(parameter: str, asked: Any, names: Sequence[str]) -> None:
    unknown = sorted(set(asked) - set(names))
    if unknown:
        raise ValueError(f"{parameter}: unknown columns {unknown}; there are {list(names)}")
