"""MonotoneBoostingClassifier keeps scikit-learn's contract, and predicts as its model.json does, bit by bit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xgboost
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

import credit_risk as cr
from credit_risk._core import canonical_json
from credit_risk.binning.classing import class_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.models.boosting import fit_boosting
from credit_risk.models.boosting_classifier import MonotoneBoostingClassifier
from credit_risk.package.schema import schema_faults

# the classifier claims numpy and pandas only, and scikit-learn skips this check unless scipy is set up for it
NOT_CLAIMED = ("check_array_api_input",)
Data = tuple[pd.DataFrame, np.ndarray]


def contract_checks() -> Iterator[Any]:
    for number, (estimator, check) in enumerate(estimator_checks_generator(MonotoneBoostingClassifier())):
        name = (check.func if isinstance(check, partial) else check).__name__
        if name not in NOT_CLAIMED:
            yield pytest.param(estimator, check, id=f"{number}-{name}")


@pytest.mark.parametrize(("estimator", "check"), list(contract_checks()))
def test_scikit_learn_contract(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def data() -> Data:
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"income": rng.lognormal(8, 0.5, 2000), "age": rng.integers(18, 80, 2000).astype(float)})
    frame["arrears"] = rng.poisson(0.7, 2000).astype(float)
    frame.loc[rng.random(2000) < 0.1, "age"] = np.nan
    risk = -1.2 * (np.log(frame["income"]) - 8) + 0.8 * frame["arrears"] - 1
    return frame, np.where(rng.random(2000) < 1 / (1 + np.exp(-risk)), "bad", "a good")


def small(**options: Any) -> MonotoneBoostingClassifier:
    return MonotoneBoostingClassifier(**{"trees": 20, **options})


def test_it_is_public() -> None:
    assert cr.MonotoneBoostingClassifier is MonotoneBoostingClassifier


def test_directions_hold_and_are_proved(data: Data) -> None:
    frame, y = data
    fitted = small(monotone={"income": "descending", "arrears": "ascending", "age": "none"}).fit(frame, y)
    proof = fitted.monotonicity()
    assert proof["feature"].tolist() == ["income", "arrears"]
    assert (proof["violations"] == 0).all()
    swept = pd.concat([frame.head(50).assign(income=value) for value in np.linspace(500, 20_000, 40)])
    risk = fitted.decision_function(swept).reshape(40, 50)
    assert (np.diff(risk, axis=0) <= 0).all()
    assert (np.diff(risk, axis=0) < 0).any()
    assert list(fitted.classes_) == ["a good", "bad"]
    assert fitted.feature_importances_.sum() == pytest.approx(1.0)
    assert fitted.feature_importances_[1] < fitted.feature_importances_[[0, 2]].min()


def test_is_the_fit_of_the_plans_boosting(data: Data) -> None:
    frame, y = data
    fitted = small(monotone={"income": "descending"}, interactions=[["income", "age"]], depth=2).fit(frame, y)
    direct = fit_boosting(frame, (y == "bad").astype(float), [-1, 0, 0], fitted._spec(), groups=[(0, 1), (2,)])
    assert fitted.result_.trees == direct.trees


def test_predictions_equal_xgboost_up_to_its_float32(data: Data) -> None:
    frame, y = data
    fitted = small().fit(frame, y)
    theirs = xgboost.XGBClassifier(
        n_estimators=20, max_depth=3, learning_rate=0.1, min_child_weight=10.0, max_bin=4096, n_jobs=1
    ).fit(frame, (y == "bad").astype(int))
    assert roc_auc_score(y == "bad", fitted.decision_function(frame)) == pytest.approx(
        roc_auc_score(y == "bad", theirs.predict_proba(frame)[:, 1]), abs=5e-3
    )


def test_a_reloaded_model_predicts_bit_by_bit(data: Data) -> None:
    frame, y = data
    fitted = small(monotone={"income": "descending"}).fit(frame, y)
    model = fitted.to_model("card", version="2")
    assert schema_faults("model", model, "model.json") == []
    again = cr.compile_model(json.loads(canonical_json.to_bytes(model)))
    scored = again.score(frame)
    assert scored["probability"].tolist() == fitted.predict_proba(frame)[:, 1].tolist()
    assert scored["linear_score"].tolist() == fitted.decision_function(frame).tolist()
    assert model["model"] == {"id": "card", "name": "card", "version": "2", "type": "monotone_boosting"}


def test_columns_named_like_the_models_own_values(data: Data) -> None:
    frame, y = data
    renamed = frame.set_axis(["linear_score", "probability", "offset"], axis=1)
    offset = np.full(len(y), 0.2)
    one, other = small().fit(frame, y, offset=offset), small().fit(renamed, y, offset=offset)
    assert one.predict_proba(frame, offset).tolist() == other.predict_proba(renamed, offset).tolist()


@pytest.mark.parametrize("kind", ["array", "polars", "arrow", "whole numbers"])
def test_frames_of_any_kind_give_the_same(data: Data, kind: str) -> None:
    frame, y = data
    one = small(monotone={"arrears": "ascending"}).fit(frame, y)
    if kind == "whole numbers":
        given: Any = frame.astype({"arrears": "Int64"})
    else:
        makers = {"array": pd.DataFrame.to_numpy, "polars": pl.from_pandas, "arrow": pa.Table.from_pandas}
        given = makers[kind](frame)
    name = "x2" if kind == "array" else "arrears"
    other = small(monotone={name: "ascending"}).fit(given, y)
    assert other.predict_proba(given).tolist() == one.predict_proba(frame).tolist()


def test_clone_pipeline_search_and_calibration(data: Data) -> None:
    frame, y = data
    mixed = frame.assign(home=np.where(np.arange(2000) % 3 == 0, "rent", "own"))
    pipeline = make_pipeline(
        cr.WoeTransformer().set_output(transform="pandas"), small(monotone={"income": "descending"})
    )
    assert cross_val_score(clone(pipeline), mixed, y, scoring="roc_auc", cv=3).mean() > 0.65
    search = GridSearchCV(small(), {"depth": [1, 2], "trees": [5, 10]}, cv=2, scoring="roc_auc").fit(frame, y)
    assert search.best_estimator_.result_.spec.depth == search.best_params_["depth"]
    calibrated = CalibratedClassifierCV(FrozenEstimator(small().fit(frame, y))).fit(frame, y)
    assert calibrated.predict_proba(frame).shape == (2000, 2)


def test_weights_of_zero_are_rows_left_out_and_threads_change_nothing(data: Data) -> None:
    frame, y = data
    weights = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    one = small(threads=3).fit(frame, y, weights)
    kept = weights > 0
    other = small().fit(frame[kept], y[kept], weights[kept])
    assert one.result_.trees == other.result_.trees


def test_an_offset_is_asked_for_where_it_was_fitted(data: Data) -> None:
    frame, y = data
    offset = np.random.default_rng(1).normal(-1, 0.5, len(y))
    fitted = small().fit(frame, y, offset=offset)
    plain = small().fit(frame, y)
    shifted = fitted.decision_function(frame, offset + 1)
    np.testing.assert_allclose(shifted - fitted.decision_function(frame, offset), 1.0, atol=1e-12)
    assert fitted.to_model()["inputs"][-1]["name"] == "offset"
    for call in (fitted.predict, fitted.predict_proba, fitted.decision_function):
        with pytest.raises(ValueError, match="fitted with an offset"):
            call(frame)
    with pytest.raises(ValueError, match="fitted without an offset"):
        plain.predict(frame, offset)
    with pytest.raises(ValueError, match="offset has 3 values"):
        fitted.predict(frame, offset[:3])
    with pytest.raises(ValueError, match="offset contains NaN"):
        small().fit(frame, y, offset=np.full(len(y), np.nan))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="age"), "Feature names seen at fit time, yet now missing:\n- age"),
        (lambda f: f.assign(more=1.0), "Feature names unseen at fit time:\n- more"),
        (lambda f: f[["arrears", "age", "income"]], "must be in the same order"),
        (lambda f: f.assign(age="old"), "'age' (text, in fit numeric)"),
        (lambda f: f.assign(age=pd.Timestamp("2026-01-01")), "age"),
        (lambda f: f.assign(income=np.inf, arrears=-np.inf), "2 faults"),
        (lambda f: f.iloc[:0], "Found array with 0 sample"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused(data: Data, change: Any, message: str) -> None:
    frame, y = data
    fitted = small().fit(frame, y)
    with pytest.raises(ValueError) as caught:
        fitted.predict_proba(change(frame))
    assert message in str(caught.value)


@pytest.fixture(scope="module")
def towns(data: Data) -> Data:
    """With a column of text between the numbers, whose eight categories matter and stand in few classes."""
    rng, frame = np.random.default_rng(7), data[0].copy()
    place = rng.integers(0, 8, len(frame))
    town = np.array([f"town {k}" for k in range(8)], dtype=object)[place]
    town[rng.random(len(frame)) < 0.05] = None
    frame.insert(1, "town", town)
    odd = np.array([1.2, -0.4, 0.1, 0.9, -1.1, 0.3, -0.2, 0.0])[place]
    risk = odd - 1.2 * (np.log(frame["income"]) - 8) - 1
    return frame, np.where(rng.random(len(frame)) < 1 / (1 + np.exp(-risk)), "bad", "a good")


def test_text_enters_as_in_a_plan(towns: Data) -> None:
    frame, y = towns
    bad = (y == "bad").astype(float)
    fitted = small(monotone={"income": "descending"}, categories={"min_rows": 50, "max_levels": 3}).fit(frame, y)
    table = class_frame(frame[["town"]], bad, settings=ClassingSpec())["town"]
    shared = {v for b in table.bins if len(b.values) > 1 for v in b.values}
    counts = frame["town"].value_counts()
    levels = sorted(sorted(shared, key=lambda v: (-counts[v], v))[:3])
    texts = frame["town"].astype(object).where(frame["town"].notna(), None).to_numpy()
    own = pd.DataFrame({"income": frame["income"], "woe": table.transform(texts)})
    own = own.assign(
        **{v: (frame["town"] == v).astype(float) for v in levels}, age=frame["age"], arrears=frame["arrears"]
    )
    direct = fit_boosting(own, bad, [-1, *[0] * 6], fitted._spec())
    assert fitted.result_.trees == direct.trees
    assert fitted.result_.features[1:5] == ("woe(town)", *(f"category(town, {v})" for v in levels))
    assert fitted.feature_importances_.shape == (4,)
    assert fitted.feature_importances_.sum() == pytest.approx(1.0)
    gains = direct.importance.set_index("feature")["gain_share"]
    assert fitted.feature_importances_[1] == pytest.approx(gains[["woe", *levels]].sum())


def test_a_reloaded_model_of_text_predicts_bit_by_bit_in_frames_of_any_kind(towns: Data) -> None:
    frame, y = towns
    fitted = small(interactions=[["town", "income"]]).fit(frame, y)
    document = canonical_json.to_bytes(fitted.to_model())
    assert schema_faults("model", json.loads(document), "model.json") == []
    new = frame.assign(town=np.where(np.arange(len(frame)) % 7 == 0, "never seen", frame["town"]))
    wanted = cr.compile_model(json.loads(document)).score(new)["probability"].to_numpy(float)
    for given in (new, pl.from_pandas(new), pa.Table.from_pandas(new)):
        np.testing.assert_array_equal(fitted.predict_proba(given)[:, 1], wanted)
    with pytest.raises(ValueError, match=r"'town' \(numeric, in fit text\)"):
        fitted.predict(frame.assign(town=1.0))
    with pytest.raises(ValueError, match="which has no order that a direction could follow"):
        small(monotone={"town": "ascending"}).fit(frame, y)
    with pytest.raises(ValueError, match="min_rows"):
        small(categories={"min_rows": 0}).fit(frame, y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"monotone": {"height": "ascending"}}, r"monotone: unknown columns \['height'\]; there are \['income'"),
        ({"monotone": {"age": "up"}}, "age: 'up'; allowed are ascending, descending, none"),
        ({"interactions": [["age", "height"]]}, "interactions: unknown columns"),
        ({"depth": 0}, "depth"),
        ({"max_bin": 500}, "max_bin"),
        ({"trees": "many"}, "trees"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(data: Data, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**options).fit(*data)


def test_alpha_is_refused_where_xgboost_takes_wrong_gains_from_it(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xgboost, "__version__", "3.3.0")
    with pytest.raises(ValueError, match=r"wrong gains from reg_alpha"):
        small(reg_alpha=1.0).fit(*data)
