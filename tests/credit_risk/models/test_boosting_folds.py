"""Folds left out: the curve against models trained one by one, early stopping against its definition."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss, roc_auc_score

from credit_risk._core.errors import ModelError
from credit_risk.models.boosting import Bounds, fit_boosting
from credit_risk.models.boosting_folds import FoldCurve, fold_curve, make_folds, measure, stopping_place
from credit_risk.models.boosting_rows import BoostingRows, boosting_rows
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.scoring.steps import evaluate_trees

SPEC = MonotoneBoostingSpec(id="b", type="monotone_boosting", trees=40, learning_rate=0.3, min_child_weight=1.0)
BOUNDS = Bounds((1, 0))
Data = tuple[pd.DataFrame, np.ndarray, np.ndarray, BoostingRows, np.ndarray]


@pytest.fixture(scope="module")
def data() -> Data:
    rng = np.random.default_rng(11)
    frame = pd.DataFrame({"x": rng.normal(size=1500).round(1), "z": rng.normal(size=1500).round(1)})
    y = (rng.random(1500) < 1 / (1 + np.exp(1 - frame["x"]))).astype(float)
    weights = rng.integers(1, 4, 1500).astype(float)
    return frame, y, weights, boosting_rows(frame, y, weights=weights), make_folds(y, 4, 20261120)


@pytest.mark.parametrize("metric", ["auc", "log_loss"])
def test_each_place_of_the_curve_is_a_model_of_that_many_trees(data: Data, metric) -> None:
    frame, y, weights, rows, folds = data
    curve = fold_curve(rows, folds, BOUNDS, SPEC, metric=metric, rounds=[1, 7, 40])
    assert curve.rounds == (1, 7, 40)
    for k in range(4):
        kept, out = folds != k, folds == k
        for column, trees in enumerate(curve.rounds):
            spec = SPEC.model_copy(update={"trees": trees})
            fit = fit_boosting(frame[kept], y[kept], [1, 0], spec, weights=weights[kept])
            margin = evaluate_trees(fit.step(), frame[out].to_numpy())
            score = roc_auc_score if metric == "auc" else log_loss
            risk = margin if metric == "auc" else 1 / (1 + np.exp(-margin))
            theirs = score(y[out], risk, sample_weight=weights[out])
            assert curve.values[k, column] == pytest.approx(theirs, abs=1e-12)
    np.testing.assert_allclose(curve.mean, curve.values.mean(axis=0))
    np.testing.assert_allclose(curve.standard_error, curve.values.std(axis=0, ddof=1) / 2)


def stopped_by_definition(values: np.ndarray, patience: int) -> int | None:
    best, since = np.inf, 0
    for place, value in enumerate(values):
        if value < best:
            best, since = value, 0
        else:
            since += 1
        if since == patience:
            return place
    return None


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 12), st.booleans())
@settings(max_examples=200, deadline=None)
def test_stopping_is_that_of_the_definition(losses: list[int], patience: int, rising: bool) -> None:
    values = np.array([losses, losses], float) * (-1.0 if rising else 1.0)
    curve = FoldCurve("auc" if rising else "log_loss", tuple(range(1, len(losses) + 1)), values)
    assert stopping_place(curve, patience) == stopped_by_definition(np.array(losses, float), patience)


@pytest.mark.parametrize("patience", [1, 3, 10])
def test_an_early_stop_is_the_beginning_of_the_whole_curve(data: Data, patience: int) -> None:
    _, _, _, rows, folds = data
    whole = fold_curve(rows, folds, BOUNDS, SPEC, metric="log_loss")
    early = fold_curve(rows, folds, BOUNDS, SPEC, metric="log_loss", patience=patience)
    place = stopping_place(whole, patience)
    assert place is not None
    assert early.rounds == whole.rounds[: place + 1]
    np.testing.assert_array_equal(early.values, whole.values[:, : place + 1])
    assert early.best == int(np.argmin(whole.mean[: place + 1]))


def test_rows_without_weight_differences_are_measured_as_unweighted() -> None:
    rng = np.random.default_rng(0)
    y, margin = (rng.random(300) < 0.4).astype(float), rng.normal(size=300).round(1)
    assert measure("auc", y, margin, np.full(300, 2.0)) == pytest.approx(roc_auc_score(y, margin), abs=1e-14)
    p = 1 / (1 + np.exp(-margin))
    assert measure("log_loss", y, margin, None) == pytest.approx(log_loss(y, p), abs=1e-12)


def test_folds_keep_clusters_whole_and_classes_in_each() -> None:
    rng = np.random.default_rng(4)
    clusters = rng.integers(0, 200, 1000)
    y = (rng.random(1000) < 0.3).astype(float)
    folds = make_folds(y, 5, 7, clusters)
    assert pd.Series(folds).groupby(clusters).nunique().max() == 1
    assert sorted(set(folds)) == [0, 1, 2, 3, 4]
    np.testing.assert_array_equal(folds, make_folds(y, 5, 7, clusters))
    assert (folds != make_folds(y, 5, 8, clusters)).any()


def test_folds_that_would_lack_a_class_are_refused() -> None:
    y = np.zeros(100)
    y[:3] = 1
    with pytest.raises(ModelError, match="would lack goods or bads") as caught:
        make_folds(y, 5, 1)
    assert "0 bads" in caught.value.faults[0].found
