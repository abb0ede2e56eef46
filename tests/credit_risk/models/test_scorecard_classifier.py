"""ScorecardClassifier: scikit-learn's contract, statsmodels, optbinning, and scores as its model.json gives them."""

from __future__ import annotations

import io
import json
import math
import warnings
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import statsmodels.api as sm
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import estimator_checks_generator

import credit_risk as cr
from credit_risk._core import canonical_json
from credit_risk.models.scorecard_classifier import ScorecardClassifier
from credit_risk.package.schema import schema_faults

# scikit-learn skips this check unless scipy is set up for it; the classifier claims no arrays of other libraries
NOT_CLAIMED = ("check_array_api_input",)
# why an expected failure is one: the columns of the check separate the classes, and a scorecard would not be finite
ALONE, TOGETHER = "separates goods from bads by itself", "separates good from bad"
SEPARATED = {
    "check_sample_weights_shape": ALONE,
    "check_sample_weight_equivalence_on_dense_data": "classing leaves it one weight of evidence",
    "check_pipeline_consistency": ALONE,
    "check_classifiers_classes": ALONE,
    "check_transformer_data_not_an_array": ALONE,
    "check_transformer_general": ALONE,
    "check_transformer_preserve_dtypes": ALONE,
    "check_estimators_pickle": TOGETHER,
}
MANY_BINS = dict.fromkeys(
    (
        "check_dont_overwrite_parameters",
        "check_f_contiguous_array_estimator",
        "check_methods_sample_order_invariance",
        "check_methods_subset_invariance",
        "check_dict_unchanged",
        "check_fit2d_predict1d",
    ),
    TOGETHER,
)
COARSE = ScorecardClassifier(cr.Binner(max_bins=2, max_prebins=3, min_share=0.3), coefficients="negative")
Data = tuple[pd.DataFrame, np.ndarray]


def contract_checks() -> Iterator[Any]:
    """At defaults, where 20 rows in ten bins are separated, and with few bins, where they are not."""
    for label, one, expected in (
        ("default", ScorecardClassifier(), SEPARATED | MANY_BINS),
        ("coarse", COARSE, SEPARATED),
    ):
        for number, (estimator, check) in enumerate(estimator_checks_generator(one)):
            name = (check.func if isinstance(check, partial) else check).__name__
            if name not in NOT_CLAIMED:
                yield pytest.param(estimator, check, expected.get(name), id=f"{label}-{number}-{name}")


@pytest.mark.parametrize(("estimator", "check", "reason"), list(contract_checks()))
def test_scikit_learn_contract(estimator: Any, check: Any, reason: str | None) -> None:
    if reason is None:
        check(estimator)
        return
    with pytest.raises(ValueError, match=reason):
        check(estimator)


@pytest.fixture(scope="module")
def data() -> Data:
    rng = np.random.default_rng(11)
    n = 4000
    frame = pd.DataFrame({"income": rng.lognormal(8, 0.5, n), "age": rng.integers(18, 80, n).astype(float)})
    frame["arrears"] = rng.poisson(0.7, n).astype(float)
    frame["home"] = rng.choice(["own", "rent", "parents"], n, p=[0.5, 0.4, 0.1])
    frame["noise"] = 1.0
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    frame.loc[rng.random(n) < 0.05, "arrears"] = -9.0
    risk = -1.1 * (np.log(frame["income"]) - 8) + 0.7 * frame["arrears"].clip(0) + 0.6 * (frame["home"] == "rent") - 1.4
    return frame, np.where(rng.random(n) < 1 / (1 + np.exp(-risk)), "default", "a paid loan")


@pytest.fixture(scope="module")
def fitted(data: Data) -> ScorecardClassifier:
    return ScorecardClassifier(cr.Binner(max_bins=5, specials={"arrears": [-9]})).fit(*data)


def designed(fitted: ScorecardClassifier, frame: pd.DataFrame) -> np.ndarray:
    """Weights of evidence of the scorecard, from a transformer fitted apart."""
    columns = [fitted.tables_[n].transform(frame[n].to_numpy()) for n in fitted.tables_]
    return sm.add_constant(np.column_stack(columns))


def test_it_is_public() -> None:
    assert cr.ScorecardClassifier is ScorecardClassifier


def test_classing_is_that_of_the_transformer(data: Data, fitted: ScorecardClassifier) -> None:
    frame, y = data
    woe = cr.WoeTransformer(max_bins=5, specials={"arrears": [-9]}).fit_transform(frame, y)
    np.testing.assert_array_equal(designed(fitted, frame)[:, 1:], woe[list(fitted.tables_)].to_numpy())
    assert fitted.left_out_.to_numpy().tolist() == [["noise", "classing leaves it one weight of evidence"]]


@pytest.mark.parametrize("options", [{}, {"covariance": "hc0"}, {"confidence": 0.9}])
def test_inference_is_that_of_statsmodels(data: Data, options: dict[str, Any]) -> None:
    frame, y = data
    fitted = ScorecardClassifier(**options).fit(frame, y)
    model = sm.Logit((y == "default").astype(float), designed(fitted, frame))
    kind = options.get("covariance", "nonrobust")
    result = model.fit(disp=0, tol=1e-12, cov_type="nonrobust" if kind == "nonrobust" else kind.upper())
    table = fitted.summary()
    np.testing.assert_allclose(table["coefficient"], result.params, rtol=1e-8)
    np.testing.assert_allclose(table["standard_error"], result.bse, rtol=1e-7)
    np.testing.assert_allclose(table["p_value"], result.pvalues, rtol=1e-6, atol=1e-12)
    bounds = result.conf_int(1 - options.get("confidence", 0.95))
    np.testing.assert_allclose(table[["lower", "upper"]], bounds, rtol=1e-7)
    items = dict(zip(fitted.fit_statistics_["item"], fitted.fit_statistics_["value"], strict=True))
    assert items["log likelihood"] == pytest.approx(result.llf, abs=1e-8)
    assert (fitted.coef_.shape, fitted.intercept_.shape) == ((1, 4), (1,))
    np.testing.assert_array_equal(np.r_[fitted.intercept_, fitted.coef_[0]], table["coefficient"])


def test_clustered_errors_are_those_of_statsmodels(data: Data) -> None:
    frame, y = data
    clusters = np.random.default_rng(2).integers(0, 900, len(y))
    fitted = ScorecardClassifier().fit(frame, y, clusters=[f"obligor {c}" for c in clusters])
    assert fitted.covariance_["covariance"] == "cluster"
    model = sm.Logit((y == "default").astype(float), designed(fitted, frame))
    result = model.fit(disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": clusters})
    np.testing.assert_allclose(fitted.summary()["standard_error"], result.bse, rtol=1e-7)
    with pytest.raises(ValueError, match="clusters: every row needs a label"):
        ScorecardClassifier().fit(frame, y, clusters=[None] * len(y))
    with pytest.raises(ValueError, match="intervals of the profile likelihood take rows as independent"):
        ScorecardClassifier(interval="profile").fit(frame, y, clusters=clusters)


def test_offset_is_that_of_statsmodels_and_asked_for_in_prediction(data: Data) -> None:
    frame, y = data
    offset = np.random.default_rng(3).normal(-1, 0.7, len(y))
    fitted = ScorecardClassifier(rounding="none").fit(frame, y, offset=offset)
    family = sm.families.Binomial()
    result = sm.GLM((y == "default").astype(float), designed(fitted, frame), family=family, offset=offset).fit(
        tol=1e-13
    )
    np.testing.assert_allclose(fitted.summary()["coefficient"], result.params, rtol=1e-8)
    np.testing.assert_allclose(fitted.predict_proba(frame, offset)[:, 1], result.fittedvalues, rtol=1e-9)
    assert fitted.to_model()["inputs"][-1]["name"] == "offset"
    factor = 20 / math.log(2)
    expected = 600 - factor * math.log(50) - factor * fitted.decision_function(frame, offset)
    np.testing.assert_allclose(fitted.score_points(frame, offset), expected, atol=1e-9)
    for call in (fitted.predict, fitted.predict_proba, fitted.decision_function, fitted.score_points):
        with pytest.raises(ValueError, match="fitted with an offset"):
            call(frame)
    with pytest.raises(ValueError, match="offset has 3 values"):
        fitted.predict(frame, offset[:3])
    with pytest.raises(ValueError, match="fitted without an offset"):
        ScorecardClassifier().fit(frame, y).predict(frame, offset)


def test_offset_and_points_are_rounded_apart(data: Data) -> None:
    frame, y = data
    offset = np.random.default_rng(3).normal(-1, 0.7, len(y))
    fitted = ScorecardClassifier(probability_from="rounded").fit(frame, y, offset=offset)
    factor = 20 / math.log(2)
    first = np.round(600 - factor * math.log(50) - factor * offset)
    own = fitted.points_.base_points + fitted.transform(frame).to_numpy().sum(axis=1)
    np.testing.assert_array_equal(fitted.score_points(frame, offset), first + own)
    expected = (600 - factor * math.log(50) - (first + own)) / factor
    np.testing.assert_allclose(fitted.decision_function(frame, offset), expected, atol=1e-9)


def test_coefficients_bounded_by_sign() -> None:
    """B is safe by itself and risky beside A, so that a bound on its sign holds it at zero."""
    rng = np.random.default_rng(5)
    a, c = rng.normal(size=3000), rng.normal(size=3000)
    b = 0.85 * a + 0.5 * rng.normal(size=3000)
    y = rng.random(3000) < 1 / (1 + np.exp(1.0 + 1.6 * a - 0.9 * b + 0.5 * c))
    frame = pd.DataFrame({"A": a, "B": b, "C": c})
    free = ScorecardClassifier().fit(frame, y)
    bounded = ScorecardClassifier(coefficients="negative").fit(frame, y)
    assert free.constraints_ is None
    assert free.result_.coefficient("B") > 0
    assert bounded.constraints_.set_index("characteristic")["binds"].to_dict() == {"A": False, "B": True, "C": False}
    assert (bounded.coef_ <= 0).all()
    alone = ScorecardClassifier(coefficients="negative").fit(frame[["A", "C"]], y)
    np.testing.assert_allclose(alone.predict_proba(frame[["A", "C"]]), bounded.predict_proba(frame), rtol=1e-8)
    assert bounded.points_table().query("characteristic == 'B'")["points"].eq(0).all()


def test_profile_intervals_are_roots_of_the_likelihood(data: Data) -> None:
    frame, y = data
    fitted = ScorecardClassifier(interval="profile").fit(frame[["income", "arrears"]], y)
    x, bad = designed(fitted, frame), (y == "default").astype(float)
    family = sm.families.Binomial()
    best = sm.GLM(bad, x, family=family).fit(tol=1e-13).llf
    table = fitted.summary()
    for i, end in ((1, "lower"), (2, "upper")):
        fixed = table[end][i] * x[:, i]
        held = sm.GLM(bad, np.delete(x, i, axis=1), family=family, offset=fixed).fit(tol=1e-13).llf
        assert 2 * (best - held) == pytest.approx(3.841458820694124, abs=1e-6)


def test_points_by_hand(data: Data, fitted: ScorecardClassifier) -> None:
    frame, _ = data
    factor = 20 / math.log(2)
    table = fitted.points_table()
    assert list(table["characteristic"].unique()) == ["base points", "income", "age", "arrears", "home"]
    base = table.iloc[0]
    assert base["unrounded_points"] == pytest.approx(600 - factor * math.log(50) - factor * fitted.intercept_[0])
    assert base["points"] == round(base["unrounded_points"])
    rent = table[(table["characteristic"] == "home") & (table["label"] == "rent")].iloc[0]
    woe = fitted.tables_["home"].transform(np.array(["rent"], object))[0]
    expected = -factor * fitted.result_.coefficient("home") * woe
    assert (rent["woe"], rent["unrounded_points"]) == pytest.approx((woe, expected))
    assert rent["points"] == round(expected)
    each = fitted.transform(frame)
    assert list(each.columns) == [f"points({name})" for name in fitted.tables_]
    np.testing.assert_array_equal(base["points"] + each.to_numpy().sum(axis=1), fitted.score_points(frame))
    bounds = fitted.score_bounds().set_index("item")
    assert bounds.loc["score", "least_occurring"] == fitted.score_points(frame).min()
    assert bounds.loc["score", "neutral_points"] == pytest.approx(fitted.score_points(frame).mean())


def test_points_are_those_of_optbinning(data: Data) -> None:
    """The same cuts, an unpenalised regression and the same scaling give the same scores before rounding."""
    frame, y = data
    numbers = frame[["income", "arrears"]]
    mine = ScorecardClassifier(rounding="none").fit(numbers, y)
    with redirect_stdout(io.StringIO()):
        import optbinning
    cuts = {n: [b.lower for b in t.bins if b.kind == "interval"][1:] for n, t in mine.tables_.items()}
    params = {n: {"user_splits": np.array(c, float), "user_splits_fixed": [True] * len(c)} for n, c in cuts.items()}
    process = optbinning.BinningProcess(list(numbers.columns), binning_fit_params=params)
    model = LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000)
    scaling = {"pdo": 20, "odds": 50, "scorecard_points": 600}
    theirs = optbinning.Scorecard(process, model, scaling_method="pdo_odds", scaling_method_params=scaling)
    with redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # optbinning writes to frames as pandas will not let it
        theirs.fit(numbers, (y == "default").astype(int))
        scores = theirs.score(numbers)
    np.testing.assert_allclose(mine.score_points(numbers), scores, atol=1e-3)


def test_rounding_effect(data: Data, fitted: ScorecardClassifier) -> None:
    frame, y = data
    told = fitted.rounding_effect(frame, y).iloc[0]
    bad = y == "default"
    exact = ScorecardClassifier(fitted.classing, rounding="none").fit(frame, y)
    assert told["gini_unrounded"] == pytest.approx(2 * roc_auc_score(bad, exact.predict_proba(frame)[:, 1]) - 1)
    assert told["gini_rounded"] == pytest.approx(2 * roc_auc_score(bad, -fitted.score_points(frame)) - 1)
    gap = np.abs(exact.score_points(frame) - fitted.score_points(frame)).max()
    assert 0 < told["maximum_difference"] == pytest.approx(gap)
    assert exact.rounding_effect(frame, y)["maximum_difference"][0] == pytest.approx(0, abs=1e-9)
    with pytest.raises(ValueError, match="y needs one of the classes"):
        fitted.rounding_effect(frame, np.where(bad, "default", "other"))


def test_model_json_is_valid_and_scores_the_same_bit_by_bit(data: Data, fitted: ScorecardClassifier) -> None:
    frame, y = data
    offset = np.random.default_rng(4).normal(0, 0.5, len(y))
    rounded = ScorecardClassifier(probability_from="rounded").fit(frame, y)
    second = ScorecardClassifier().fit(frame, y, offset=offset)
    for one, more in ((fitted, {}), (rounded, {}), (second, {"offset": offset})):
        stored = json.loads(canonical_json.to_bytes(one.to_model("card", "Card", "1.0.0")))
        assert schema_faults("model", stored, "model.json") == []
        scored = cr.compile_model(stored).score(frame.assign(**more))
        given = list(more.values())
        np.testing.assert_array_equal(scored["linear_score"], one.decision_function(frame, *given))
        np.testing.assert_array_equal(scored["probability"], one.predict_proba(frame, *given)[:, 1])
        np.testing.assert_array_equal(scored["score"], one.score_points(frame, *given))
    codes = fitted.to_model()["inputs"][2]["specials"]
    assert codes == [{"code": -9, "meaning": "-9"}]


def test_the_probability_follows_rounded_points_where_asked(data: Data) -> None:
    frame, y = data
    card = ScorecardClassifier(probability_from="rounded").fit(frame, y)
    factor = 20 / math.log(2)
    odds = np.exp((card.score_points(frame) - (600 - factor * math.log(50))) / factor)
    np.testing.assert_allclose(card.predict_proba(frame)[:, 1], 1 / (1 + odds), rtol=1e-9)


def test_names_of_columns_never_clash_with_those_of_values(data: Data) -> None:
    frame, y = data
    clashing = frame.rename(columns={"income": "score", "age": "probability", "arrears": "linear_score"})
    offset = np.zeros(len(y))
    card = ScorecardClassifier().fit(clashing.assign(offset=clashing["score"] ** 2), y, offset=offset)
    plain = ScorecardClassifier().fit(frame, y)
    np.testing.assert_allclose(card.predict_proba(clashing.assign(offset=1.0), offset).sum(axis=1), 1)
    assert plain.score_points(frame).shape == (len(y),)


@pytest.mark.parametrize("kind", [pl.from_pandas, pa.Table.from_pandas, lambda f: f.convert_dtypes()])
def test_frames_of_any_kind_score_alike(data: Data, fitted: ScorecardClassifier, kind: Any) -> None:
    frame, y = data
    other = kind(frame)
    np.testing.assert_array_equal(fitted.score_points(other), fitted.score_points(frame))
    refitted = clone(fitted).fit(other, y)
    np.testing.assert_array_equal(refitted.predict_proba(other), fitted.predict_proba(frame))
    points = refitted.transform(other)
    assert type(points).__module__.split(".")[0] == type(other).__module__.split(".")[0]
    assert list(points.columns if isinstance(points, pd.DataFrame | pl.DataFrame) else points.column_names) == [
        f"points({name})" for name in fitted.tables_
    ]


def test_set_output_decides_the_kind_of_points(data: Data) -> None:
    frame, y = data
    card = ScorecardClassifier().fit(frame, y)
    assert isinstance(card.set_output(transform="polars").transform(frame), pl.DataFrame)
    pandas = card.set_output(transform="pandas").transform(pl.from_pandas(frame))
    assert list(pandas.columns) == list(card.get_feature_names_out())


def test_weights_are_repeated_rows_and_those_of_zero_left_out(data: Data) -> None:
    frame, y = data
    weights = np.random.default_rng(0).integers(0, 3, len(y))
    one = ScorecardClassifier().fit(frame, y, weights)
    rows = np.repeat(np.arange(len(y)), weights)
    other = ScorecardClassifier().fit(frame.iloc[rows], y[rows])
    np.testing.assert_allclose(one.predict_proba(frame), other.predict_proba(frame), rtol=1e-9)
    np.testing.assert_allclose(one.summary()["standard_error"], other.summary()["standard_error"], rtol=1e-7)
    np.testing.assert_array_equal(one.points_table()["points"], other.points_table()["points"])
    assert one.score_bounds()["neutral_points"][0] == other.score_bounds()["neutral_points"][0]


def test_it_stands_in_a_pipeline_and_a_search(data: Data) -> None:
    frame, y = data
    pipeline = make_pipeline(cr.InformationValueSelector(), ScorecardClassifier())
    assert cross_val_score(pipeline, frame, y, scoring="roc_auc", cv=3).mean() > 0.65
    grid = {"classing__max_bins": [2, 4], "coefficients": ["any", "negative"]}
    search = GridSearchCV(ScorecardClassifier(cr.Binner()), grid, cv=2, scoring="roc_auc").fit(frame, y)
    assert search.best_estimator_.classing_.max_bins == search.best_params_["classing__max_bins"]


def test_linear_combinations_leave_and_are_told(data: Data) -> None:
    frame, y = data
    card = ScorecardClassifier().fit(frame.assign(again=frame["income"]), y)
    assert card.left_out_.to_numpy().tolist()[-1] == ["again", "a linear combination of income, age, arrears, home"]


def test_one_class_of_points_separates_in_the_words_of_its_bins(data: Data) -> None:
    """Quasi-complete: everyone with the code −9 is bad, and the other bin holds both."""
    _, y = data
    told = np.where(np.arange(len(y)) % 10 == 0, -9.0, 1.0)
    bad = np.where(told == -9, "default", y)
    card = ScorecardClassifier(cr.Binner(specials={"told": [-9]}))
    with pytest.raises(ValueError) as caught:
        card.fit(pd.DataFrame({"told": told}), bad)
    text = f"quasi-complete separation of {len(y) // 10} of {len(y)} rows, in the bins 'special -9'"
    assert "told: told separates good from bad" in str(caught.value)
    assert text in str(caught.value), str(caught.value)


def test_perfect_separation_is_told(data: Data) -> None:
    _, y = data
    knows = pd.DataFrame({"knows": np.where(y == "default", 2.0, 1.0), "code": np.where(y == "default", "b", "a")})
    with pytest.raises(ValueError, match=r"knows: .*separates goods from bads by itself \(Gini .* 1\.0000\)"):
        ScorecardClassifier().fit(knows[["knows"]], y)
    marked = pd.DataFrame({"mark": np.where(y == "default", -9.0, np.nan)})
    with pytest.raises(ValueError, match=r"complete separation of 4000 of 4000 rows, in the bins .*special -9"):
        ScorecardClassifier(cr.Binner(specials={"mark": [-9]})).fit(marked, y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="age"), "Feature names seen at fit time, yet now missing:\n- age"),
        (lambda f: f.assign(more=1.0), "Feature names unseen at fit time:\n- more"),
        (lambda f: f[["arrears", "age", "income", "home", "noise"]], "must be in the same order"),
        (lambda f: f.assign(age="old"), "'age' (text, in fit numeric)"),
        (lambda f: f.assign(home=1.0), "'home' (numeric, in fit text)"),
        (lambda f: f.assign(age=pd.Timestamp("2026-01-01")), "dates and times are no characteristic"),
        (lambda f: f.assign(income=np.inf, arrears=-np.inf), "2 faults"),
        (lambda f: f.iloc[:0], "Found array with 0 sample"),
    ],
)
def test_rows_that_cannot_be_scored_are_refused(
    data: Data, fitted: ScorecardClassifier, change: Any, message: str
) -> None:
    with pytest.raises(ValueError) as caught:
        fitted.score_points(change(data[0]))
    assert message in str(caught.value)


def test_categories_not_met_and_missing_values_are_scored(data: Data, fitted: ScorecardClassifier) -> None:
    rows = data[0].head(2).assign(home=["boat", None], income=np.nan)
    scores = fitted.score_points(rows)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(fitted.transform(rows)["points(home)"], [0.0, 0.0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"coefficients": "positive"}, "coefficients"),
        ({"covariance": "hac"}, "covariance"),
        ({"interval": "bayes"}, "interval"),
        ({"confidence": 1.0}, "confidence"),
        ({"points_to_double_odds": 0}, "points_to_double_odds"),
        ({"base_odds": -1}, "base_odds"),
        ({"rounding": "up"}, "rounding"),
        ({"probability_from": "grades"}, "probability_from"),
        ({"classing": cr.Binner(monotonic={"height": "ascending"})}, r"unknown columns \['height'\]"),
        ({"classing": cr.Binner(max_bins=0)}, "max_bins"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(data: Data, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ScorecardClassifier(**options).fit(*data)
