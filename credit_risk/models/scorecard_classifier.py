"""The scorecard as a scikit-learn classifier; predictions and points are those of the scoring authority, bit by bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.utils import ClassifierTags
from sklearn.utils.validation import check_array, check_is_fitted, column_or_1d

from credit_risk._core.errors import ModelError
from credit_risk._core.spec import Spec
from credit_risk.binning.frames import kind_is_open, same_kind
from credit_risk.binning.inputs import binary_outcome, checked_columns, checked_labels, checked_weights, of_kinds
from credit_risk.binning.table import BinningTable
from credit_risk.binning.transformers import Binner
from credit_risk.models.assemble import Identity, InputColumn, document, scorecard_steps, value_names
from credit_risk.models.collinear import independent
from credit_risk.models.constraints import constraints_frame
from credit_risk.models.covariance import chosen_covariance
from credit_risk.models.covariance_told import covariance_items
from credit_risk.models.logistic import (
    LogisticFit,
    coefficient_frame,
    fit_bounded,
    fit_frame,
    fit_logistic,
    with_profile,
)
from credit_risk.models.separation import bin_labels
from credit_risk.models.spec import ScorecardSpec
from credit_risk.scaling.points import PointsTable, Scaling, bounds_frame, points_frame, points_name, points_table
from credit_risk.scaling.rounding import rounding_row
from credit_risk.scaling.spec import ScalingSpec
from credit_risk.scoring import CompiledModel, compile_model
from credit_risk.scoring.step_names import free_name

Floats = NDArray[np.float64]
USUAL: dict[str, Any] = {"trend": "auto", "max_bins": 10, "min_share": 0.03}
ONE_WEIGHT, LEFT_OUT = "classing leaves it one weight of evidence", ["characteristic", "reason"]
SUSPECT = 0.95


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a fit, those of weight 0 left out: columns, outcome, weights, offset and clusters (n,) or None."""

    frame: pd.DataFrame
    y: Floats
    weights: Floats
    offset: Floats | None
    clusters: NDArray[np.int64] | None


class ScorecardClassifier(ClassifierMixin, TransformerMixin, BaseEstimator):
    """Scorecard: classing, weights of evidence, logistic regression with inference, points; raw columns in.

    classing: the Binner that classes the columns, with its settings, special codes and trends; None: up to ten bins of
    3 % of the weight or more, of trend `auto`, which also finds peaks and valleys. The other parameters have the
    meaning of the plan's model type `scorecard` and of its `scaling`. Every characteristic that classing gives more
    than one weight of evidence enters, unless it is a linear combination of others; selectors stand before the
    scorecard in a pipeline.
    The second class in sorted order is bad.

    Attributes: classing_ (fitted Binner), tables_ (BinningTable by characteristic of the scorecard), result_
    (LogisticFit), points_ (PointsTable), left_out_ (frame: characteristic, reason), covariance_ (what it is, why),
    constraints_ (frame, or None), fit_statistics_ (frame), coef_ (1, m) on weights of evidence, intercept_ (1,),
    classes_, n_features_in_, feature_names_in_.
    """

    def __init__(
        self,
        classing: Binner | None = None,
        *,
        coefficients: Literal["any", "negative"] = "any",
        covariance: Literal["auto", "nonrobust", "hc0", "hc1", "cluster"] = "auto",
        interval: Literal["wald", "profile"] = "wald",
        confidence: float = 0.95,
        points_to_double_odds: float = 20.0,
        base_score: float = 600.0,
        base_odds: float = 50.0,
        rounding: Literal["half_away_from_zero", "none"] = "half_away_from_zero",
        probability_from: Literal["unrounded", "rounded"] = "unrounded",
    ):
        self.classing = classing
        self.coefficients = coefficients
        self.covariance = covariance
        self.interval = interval
        self.confidence = confidence
        self.points_to_double_odds = points_to_double_odds
        self.base_score = base_score
        self.base_odds = base_odds
        self.rounding = rounding
        self.probability_from = probability_from

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
    ) -> ScorecardClassifier:
        """Class the columns of X (n, k), fit the logistic regression on y (n,), scale it to points.

        X as `Binner` takes it; sample_weight (n,) frequency-type, rows of weight 0 are left out; offset (n,) log-odds
        of the second class that rows start from; clusters (n,) labels, equal where rows belong together, for the
        covariance. Raises ValueError as `Binner.fit` does, where no characteristic is left, where goods and bads are
        separated (told by the labels of the bins that do it), and where a parameter is no setting of a plan.
        """
        scaling = self._scaling()
        frame = checked_columns(self, X, reset=True)
        self.classes_, outcome = binary_outcome(y, len(frame))
        rows = _rows(frame, outcome, checked_weights(sample_weight, frame), offset, clusters)
        classing = Binner(**USUAL) if self.classing is None else clone(self.classing)
        try:
            self.classing_: Binner = classing.fit(rows.frame, rows.y, rows.weights)
            ids, woe = self._classed(rows)
            self._fit_logistic(rows, ids, woe, scaling)
        except ModelError as error:
            raise ValueError(str(error)) from error
        self._compiled: CompiledModel = compile_model(self.to_model())
        return self

    def _classed(self, rows: _Rows) -> tuple[dict[str, NDArray[np.int64]], Floats]:
        """Bins (n,) of the characteristics that enter, by name, and their weights of evidence (n, m)."""
        left_out: list[tuple[str, str]] = []
        ids = {n: t.assign(rows.frame[n].to_numpy()) for n, t in self.classing_.tables_.items()}
        woe = {n: t.result.woe[ids[n]] for n, t in self.classing_.tables_.items()}
        left_out += [(n, _one_weight(self.classing_.tables_[n])) for n, values in woe.items() if np.ptp(values) == 0]
        names = [n for n in woe if np.ptp(woe[n]) > 0]
        names = independent(names, woe, lambda n, *told: left_out.append((n, str(told[-1]))), kept=())
        self.left_out_ = pd.DataFrame(left_out, columns=LEFT_OUT)
        if not names:
            told = "; ".join(f"{name}: {reason}" for name, reason in left_out)
            raise ValueError(f"no characteristic is left of the {self.n_features_in_} feature(s) of X: {told}")
        self.tables_: dict[str, BinningTable] = {n: self.classing_.tables_[n] for n in names}
        return {n: ids[n] for n in names}, np.column_stack([woe[n] for n in names])

    def _fit_logistic(
        self, rows: _Rows, ids: Mapping[str, NDArray[np.int64]], woe: Floats, scaling: ScalingSpec
    ) -> None:
        names = list(ids)
        made = fit_bounded if self.coefficients == "negative" else fit_logistic
        dependence = chosen_covariance(self.covariance, rows.clusters)
        shared: dict[str, Any] = {"weights": rows.weights, "confidence": self.confidence, "offset": rows.offset}
        fit = made(woe, rows.y, names, dependence=dependence, labels=bin_labels(self.tables_), **shared)
        if self.interval == "profile":
            fit = with_profile(fit, woe, rows.y, **shared)
        self.result_: LogisticFit = fit
        scale = Scaling(scaling.points_to_double_odds, scaling.base_score, scaling.base_odds, scaling.rounding)
        points = points_table(fit.intercept, {n: fit.coefficient(n) for n in names}, self.tables_, scale)
        self.offset_ = rows.offset is not None
        self.points_: PointsTable = _on_top(points, fit.intercept) if self.offset_ else points
        self.coef_, self.intercept_ = fit.coef[None, 1:], fit.coef[:1]
        self.fit_statistics_ = fit_frame(fit)
        self.covariance_ = covariance_items(fit, self.covariance)
        self.constraints_ = constraints_frame(fit) if self.coefficients == "negative" else None
        self._coefficients = coefficient_frame(fit, woe, rows.weights)
        self._bounds = bounds_frame(self.points_, ids, rows.weights)

    def decision_function(self, X: Any, offset: ArrayLike | None = None) -> Floats:
        """Log-odds of the second class (n,), from rounded points where the probability is.

        Raises ValueError where an offset is lacking, or given and not fitted.
        """
        return self._scored(X, offset)["linear_score"].to_numpy(float)

    def predict_proba(self, X: Any, offset: ArrayLike | None = None) -> Floats:
        """Probabilities (n, 2) of the classes in `classes_`; raises as `decision_function` does."""
        p = self._scored(X, offset)["probability"].to_numpy(float)
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Any, offset: ArrayLike | None = None) -> NDArray[Any]:
        """The class whose probability is above one half (n,)."""
        second = self.decision_function(X, offset) > 0
        return self.classes_[second.astype(int)]

    def score_points(self, X: Any, offset: ArrayLike | None = None) -> Floats:
        """Scores (n,) in points, which rise as risk falls: base points and those of the bins that a row falls into.

        With an offset, its own score in points stands in place of a part of the base points: the score at the base odds
        belongs to the offset, and the points of the scorecard are what it adds. Raises as `decision_function` does.
        """
        return self._scored(X, offset)["score"].to_numpy(float)

    def transform(self, X: Any) -> Any:
        """Points (n, m) of each characteristic, in a frame of the kind of X, or an array where X is one.

        `set_output` overrides. Base points and a row's points are its score, where there is no offset.
        """
        check_is_fitted(self)
        frame = self._columns(X)
        columns = [values[self.tables_[n].assign(frame[n].to_numpy())] for n, values in self.points_.points.items()]
        values = np.column_stack(columns)
        return same_kind(values, list(self.get_feature_names_out()), X) if kind_is_open(self) else values

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Names of the columns that `transform` gives: `points(characteristic)`. input_features is not looked at."""
        check_is_fitted(self)
        return np.array([points_name(name) for name in self.tables_], object)

    def points_table(self) -> pd.DataFrame:
        """The scorecard: base points, then points, weight of evidence, share and bad rate of every attribute."""
        check_is_fitted(self)
        return points_frame(self.points_, self.tables_)

    def summary(self) -> pd.DataFrame:
        """Coefficients with standard errors, tests, intervals, variance inflation and sign, by term."""
        check_is_fitted(self)
        return self._coefficients.copy()

    def score_bounds(self) -> pd.DataFrame:
        """Neutral points, least and greatest points, by characteristic and of the score (`scaling/points.py`)."""
        check_is_fitted(self)
        return self._bounds.copy()

    def rounding_effect(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, offset: ArrayLike | None = None
    ) -> pd.DataFrame:
        """Gini before and after rounding of points, and the greatest difference of a score, on rows X (n, k), y (n,).

        Raises ValueError where y holds anything but the classes of fit.
        """
        scored = self._scored(X, offset, unrounded=True)
        values = column_or_1d(y)
        if len(values) != len(scored) or not np.isin(values, self.classes_).all():
            raise ValueError(f"y needs one of the classes {list(self.classes_)} for each of {len(scored)} rows")
        weights = checked_weights(sample_weight, scored)
        bad = (values == self.classes_[1]).astype(float)
        linear, score = (scored[name].to_numpy(float) for name in ("unrounded", "score"))
        return pd.DataFrame([rounding_row(self.points_.scaling, bad, linear, score, weights)])

    def to_model(self, id: str = "scorecard", name: str | None = None, version: str = "0.1.0") -> dict[str, Any]:
        """The model as model.json holds it; `compile_model` of it predicts the same, bit by bit.

        With an offset, it is one more input.
        """
        check_is_fitted(self, "points_")
        identity = Identity(id, name or id, version, "probability of bad", f"the outcome is {self.classes_[1]}")
        codes = self.classing_.specials or {}
        kinds = {"numeric": "number", "categorical": "string"}
        inputs = [
            InputColumn(n, kinds[t.kind], {code: str(code) for code in codes.get(n, ())}, "")
            for n, t in self.tables_.items()
        ]
        offset = self._offset_name() if self.offset_ else None
        if offset is not None:
            inputs.append(InputColumn(offset, "number", {}, "log-odds that the row starts from"))
        values = value_names({column.name for column in inputs})
        steps = scorecard_steps(
            self.result_, self.tables_, self.points_, values, probability_from=self.probability_from
        )
        if offset is not None:
            steps = _second_stage(steps, offset, values.score, self.points_.scaling)
        of_points = self.probability_from == "rounded"
        outputs = {
            "linear_score": values.linear_score_of_points if of_points else values.linear_score,
            "probability": values.probability,
            "score": values.score,
            "grade": None,
            "reasons": None,
        }
        return document(identity, "scorecard", inputs, steps, outputs)

    def _scored(self, X: Any, offset: ArrayLike | None, *, unrounded: bool = False) -> pd.DataFrame:
        check_is_fitted(self)
        frame = self._columns(X)
        shift = _offset(offset, len(frame))
        if self.offset_ != (shift is not None):
            word = "with" if self.offset_ else "without"
            raise ValueError(f"the scorecard was fitted {word} an offset, so it predicts {word} one")
        if shift is not None:
            frame = frame.assign(**{self._offset_name(): shift})
        if not unrounded:
            return self._compiled.score(frame)
        values, outputs = self._compiled.values(frame), self._compiled.model["outputs"]
        linear = value_names(self._compiled.input_names).linear_score
        return pd.DataFrame({"unrounded": values[linear], "score": values[outputs["score"]]})

    def _columns(self, X: Any) -> pd.DataFrame:
        """The columns of the scorecard, held against those of fit."""
        kinds = {n: t.kind for n, t in self.classing_.tables_.items()}
        return of_kinds(checked_columns(self, X, reset=False), kinds)[list(self.tables_)]

    def _offset_name(self) -> str:
        return free_name("offset", set(self.tables_))

    def _scaling(self) -> ScalingSpec:
        """The parameters as the plan's `scaling`. Raises ValueError where they or the model's are no settings."""
        ScorecardSpec(id="scorecard", type="scorecard", **_own(self, ScorecardSpec))
        return ScalingSpec(**_own(self, ScalingSpec))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags


def _one_weight(table: BinningTable) -> str:
    """Why a characteristic has one weight of evidence, as far as the classing knows."""
    if not table.fine_gini >= SUSPECT:
        return ONE_WEIGHT
    gini = f"Gini of its fine classes {table.fine_gini:.4f}"
    return f"{ONE_WEIGHT}: it separates goods from bads by itself ({gini}), and a bin needs both"


def _on_top(points: PointsTable, intercept: float) -> PointsTable:
    """Points that add to those of an offset: the base points are of the constant alone."""
    base = -points.scaling.factor * intercept + 0.0
    return replace(points, unrounded_base=base, base_points=float(points.scaling.round(np.array([base]))[0]))


def _second_stage(steps: list[dict[str, Any]], offset: str, score: str, scaling: Scaling) -> list[dict[str, Any]]:
    """Steps of a scorecard with the offset in the linear score, and its points in the score."""
    taken = {step["output"] for step in steps if "output" in step} | {offset}
    first, own = free_name("offset_score", taken), free_name("stage_score", taken)
    made: list[dict[str, Any]] = []
    for step in steps:
        if step["id"] == "linear_score":
            made.append({**step, "offset": offset})
        elif step["id"] == "score":
            made += [_scaled(offset, first, scaling), {**step, "id": "stage_score", "output": own}]
            made.append({"id": "score", "type": "sum", "inputs": [first, own], "output": score})
        else:
            made.append(step)
    return made


def _scaled(source: str, output: str, scaling: Scaling) -> dict[str, Any]:
    return {
        "id": "offset_score",
        "type": "scale",
        "form": "linear",
        "input": source,
        "factor": scaling.factor,
        "offset": scaling.offset,
        "rounding": scaling.rounding,
        "scaling": scaling.as_dict(),
        "output": output,
    }


def _own(estimator: ScorecardClassifier, spec: type[Spec]) -> dict[str, Any]:
    """The parameters that a part of a plan has too."""
    return {name: getattr(estimator, name) for name in spec.model_fields if hasattr(estimator, name)}


def _rows(
    frame: pd.DataFrame, y: Floats, weights: Floats | None, offset: ArrayLike | None, clusters: ArrayLike | None
) -> _Rows:
    w, shift = np.ones(len(y)) if weights is None else weights, _offset(offset, len(y))
    numbers = None
    if clusters is not None:
        labels = checked_labels(clusters, len(y), "clusters")
        if any(label is None for label in labels):
            raise ValueError("clusters: every row needs a label")
        numbers = np.unique(labels.astype(str), return_inverse=True)[1].astype(np.int64)
    kept = w > 0
    return _Rows(
        frame[kept].reset_index(drop=True),
        y[kept],
        w[kept],
        None if shift is None else shift[kept],
        None if numbers is None else numbers[kept],
    )


def _offset(offset: ArrayLike | None, rows: int) -> Floats | None:
    if offset is None:
        return None
    values = column_or_1d(check_array(offset, ensure_2d=False, dtype=np.float64, input_name="offset"))
    if len(values) != rows:
        raise ValueError(f"offset has {len(values)} values and X {rows} rows")
    return np.asarray(values, float)
