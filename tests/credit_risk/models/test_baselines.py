"""The baselines are what anyone gets from scikit-learn's pipeline and xgboost's own estimator."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

from credit_risk.models.baselines import BOOSTING, LOGISTIC, fit_baselines


def world(rows: int = 800) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=rows), rng.normal(3, 2, size=rows)
    a[rng.random(rows) < 0.2] = np.nan
    kind = rng.choice(["x", "y", "z"], rows)
    eta = -1 + np.nan_to_num(a) + 0.3 * b - 0.8 * (kind == "x")
    y = (rng.random(rows) < 1 / (1 + np.exp(-eta))).astype(float)
    return pd.DataFrame({"a": a, "b": b, "kind": kind}), y, rng.integers(1, 3, rows).astype(float)


def test_logistic_regression_is_that_of_a_pipeline() -> None:
    frame, y, weights = world()
    rows = pd.concat([frame, pd.DataFrame({"a": [np.nan], "b": [1.0], "kind": ["new"]})], ignore_index=True)
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    pipeline = make_pipeline(
        make_column_transformer((numbers, ["a", "b"]), (OneHotEncoder(handle_unknown="ignore"), ["kind"])),
        LogisticRegression(max_iter=1000),
    )
    pipeline.fit(frame, y, logisticregression__sample_weight=weights)
    margins, notes = fit_baselines(frame, y, weights, rows)
    assert margins[LOGISTIC] == pytest.approx(pipeline.decision_function(rows), abs=1e-4)
    assert notes == ()


def test_boosting_is_xgboost_at_its_defaults_and_repeats() -> None:
    frame, y, weights = world()
    margins, _ = fit_baselines(frame, y, weights, frame)
    theirs = XGBClassifier(enable_categorical=True, n_jobs=1).fit(
        frame.assign(kind=frame["kind"].astype("category")), y, sample_weight=weights
    )
    probability = theirs.predict_proba(frame.assign(kind=frame["kind"].astype("category")))[:, 1]
    assert 1 / (1 + np.exp(-margins[BOOSTING])) == pytest.approx(probability, abs=1e-6)
    assert np.array_equal(fit_baselines(frame, y, weights, frame)[0][BOOSTING], margins[BOOSTING])
