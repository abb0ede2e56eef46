"""The selectors: held against other libraries, brute force and the plan's own selection; frames, pipelines, weights."""

from __future__ import annotations

import itertools
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from statsmodels.stats.outliers_influence import variance_inflation_factor

import credit_risk as cr
from credit_risk.binning.frames import FrameError

SELECTORS: dict[str, Any] = {
    "information_value": cr.InformationValueSelector(),
    "correlation": cr.CorrelationSelector(),
    "inflation": cr.VarianceInflationSelector(),
    "stability": cr.StabilitySelector(classed=True),
    "stepwise": cr.StepwiseSelector(),
    "whole": cr.CharacteristicSelector(classed=True),
}
WOE_SELECTORS = [name for name in SELECTORS if name != "information_value"]
ROWS = 3000


@pytest.fixture(scope="module")
def data() -> tuple[pd.DataFrame, np.ndarray]:
    """Four columns that tell something, one twin, one of noise, text with missing values; y is "bad" or "good"."""
    rng = np.random.default_rng(14)
    base = rng.normal(size=(ROWS, 4))
    region = rng.choice(["north", "south", "west"], ROWS, p=[0.5, 0.3, 0.2])
    logit = -1.2 + base[:, 0] + 0.6 * base[:, 1] + 0.9 * (region == "south")
    frame = pd.DataFrame(
        {
            "income": np.where(rng.random(ROWS) < 0.05, np.nan, -base[:, 0]),
            "twin": -base[:, 0] + 0.02 * rng.normal(size=ROWS),
            "age": base[:, 1],
            "noise": base[:, 2],
            "region": pd.Categorical(np.where(rng.random(ROWS) < 0.04, None, region)),
        },
        index=pd.Index(range(7, 7 + ROWS), name="applicant"),
    )
    return frame, np.where(rng.random(ROWS) < 1 / (1 + np.exp(-logit)), "bad", "a good")


@pytest.fixture(scope="module")
def woe(data: tuple[pd.DataFrame, np.ndarray]) -> pd.DataFrame:
    frame, y = data
    return cr.WoeTransformer().fit_transform(frame, y)


def steps(selector: Any) -> dict[str, str]:
    return selector.waterfall_.set_index("characteristic")["step"].to_dict()


# ------------------------------------------------------------------------------------ frames, names, pipelines
def test_types_categories_and_index_stay(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    selector = cr.InformationValueSelector().fit(frame, y)
    chosen = selector.transform(frame)
    assert list(chosen.columns) == ["income", "twin", "age", "region"]
    pd.testing.assert_frame_equal(chosen, frame[chosen.columns])
    assert list(selector.get_feature_names_out()) == list(chosen.columns)
    assert selector.get_support().tolist() == [True, True, True, False, True]
    assert selector.get_support(indices=True).tolist() == [0, 1, 2, 4]


def test_the_kind_that_went_in_comes_out(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    selector = cr.InformationValueSelector()
    polars = pl.from_pandas(frame)
    arrow = polars.to_arrow()
    assert selector.fit_transform(polars, y).schema == polars.drop("noise").schema
    assert selector.fit_transform(arrow, y).schema == arrow.drop_columns("noise").schema
    array = frame.drop(columns="region").to_numpy()
    assert type(selector.fit_transform(array, y)) is np.ndarray
    assert list(selector.get_feature_names_out()) == ["x0", "x1", "x2"]
    assert type(clone(selector).set_output(transform="pandas").fit_transform(polars, y)) is pd.DataFrame
    assert type(clone(selector).set_output(transform="polars").fit_transform(frame, y)) is pl.DataFrame
    assert type(clone(selector).set_output(transform="polars").fit_transform(array, y)) is pl.DataFrame
    pandas = clone(selector).set_output(transform="pandas").fit_transform(frame, y)
    pd.testing.assert_frame_equal(pandas, frame.drop(columns="noise"))
    with config_context(transform_output="pandas"):
        assert type(clone(selector).fit_transform(arrow, y)) is pd.DataFrame


@pytest.mark.filterwarnings("ignore:fit was given no samples")
@pytest.mark.parametrize("name", WOE_SELECTORS)
@pytest.mark.parametrize("kind", ["pandas", "polars", "array"])
def test_every_selector_stands_in_a_pipeline(name: str, kind: str, data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    given = {"pandas": frame, "polars": pl.from_pandas(frame), "array": frame.astype(object).to_numpy()}[kind]
    model = make_pipeline(cr.WoeTransformer(), clone(SELECTORS[name]), LogisticRegression()).fit(given, y)
    assert model.score(given, y) > 0.7
    names = list(model[:-1].get_feature_names_out())
    if kind != "array":
        assert list(model[-1].feature_names_in_) == names
    assert model[-1].n_features_in_ == len(names) == model[1].support_.sum()
    assert len(model[1].waterfall_) == 5


def test_raw_columns_are_selected_before_they_are_classed(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    model = make_pipeline(cr.CharacteristicSelector(), cr.WoeTransformer(), LogisticRegression()).fit(frame, y)
    assert list(model[-1].feature_names_in_) == ["twin", "age", "region"]
    assert steps(model[0]) == {
        "twin": "final",
        "income": "correlation",
        "age": "final",
        "region": "final",
        "noise": "information value",
    }


def test_parameters_of_the_classing_can_be_searched(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    pipe = make_pipeline(
        cr.InformationValueSelector(binner=cr.Binner()), cr.CharacteristicSelector(), cr.WoeTransformer(),
        LogisticRegression(),
    )  # fmt: skip
    grid = {"informationvalueselector__binner__max_bins": [2, 5]}
    search = GridSearchCV(pipe, grid, cv=2, scoring="roc_auc").fit(frame, y)
    assert search.best_score_ > 0.7
    assert clone(pipe).get_params()["informationvalueselector__binner__max_bins"] == 6


def test_nothing_selected_is_a_warning_and_an_empty_frame(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    selector = cr.InformationValueSelector(min_information_value=10.0).fit(frame, y)
    for kind in (frame, pl.from_pandas(frame)):
        with pytest.warns(UserWarning, match="waterfall_ says why"):
            assert selector.transform(kind).shape[1] == 0


def test_other_columns_than_in_fit_are_refused(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    selector = cr.InformationValueSelector().fit(frame, y)
    with pytest.raises(ValueError, match="feature names"):
        selector.transform(frame.rename(columns={"age": "years"}))
    with pytest.raises(ValueError, match="feature names"):
        selector.transform(pl.from_pandas(frame).drop("age"))


# ------------------------------------------------------------------------------------------- each by itself
def test_information_value_and_gini_of_given_classes_by_hand(woe: pd.DataFrame, data: Any) -> None:
    bad = data[1] == "bad"
    selector = cr.InformationValueSelector(classed=True).fit(woe, bad)
    measures = selector.measures_.set_index("characteristic")
    for name in woe.columns:
        shares = pd.DataFrame({"value": woe[name], "bad": bad}).groupby("value")["bad"].agg(["sum", "size"])
        b, g = shares["sum"] / bad.sum(), (shares["size"] - shares["sum"]) / (~bad).sum()
        assert measures.loc[name, "information_value"] == pytest.approx(
            float(((g - b) * np.log(g / b)).sum()), rel=1e-9
        )
        area = cr.auc(bad.astype(float), -woe[name].to_numpy())
        assert measures.loc[name, "gini"] == pytest.approx(2 * area - 1, abs=1e-12)
    tables = cr.Binner().fit(*data).tables_
    for name, table in tables.items():
        assert measures.loc[name, "information_value"] == pytest.approx(table.information_value, rel=1e-9)


def test_each_bound_is_told(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    measures = cr.InformationValueSelector().fit(frame, y).measures_.set_index("characteristic")
    assert measures.loc["income", "missing_share"] == frame["income"].isna().mean()
    value = measures["information_value"]
    bounds: list[tuple[dict[str, Any], set[str], str]] = [
        ({"min_information_value": value["region"]}, {"noise"}, "information value"),
        ({"max_information_value": value["age"]}, {"income", "twin"}, "information value"),
        ({"min_gini": measures.loc["age", "gini"]}, {"region", "noise"}, "Gini"),
        ({"max_gini": measures.loc["age", "fine_gini"]}, {"income", "twin"}, "leakage"),
        ({"max_missing_share": 0.03}, {"income", "region"}, "missing share"),
    ]
    for bound, gone, step in bounds:
        selector = cr.InformationValueSelector(**{"min_information_value": 0.0, **bound}).fit(frame, y)
        left = selector.waterfall_[selector.waterfall_["decision"] == "left out"].set_index("characteristic")
        assert set(left.index) == gone, bound
        if bound.keys() != {"min_information_value"}:
            assert set(left["step"]) - {"information value", "classing"} <= {step}
        assert (left["step"] == step).any()
        assert (left["reason"].str.len() > 10).all()


def test_forced_columns_stay_or_leave_with_their_reasons(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    selector = cr.InformationValueSelector(include={"noise": "policy 7"}, exclude=["twin"]).fit(frame, y)
    told = selector.waterfall_.set_index("characteristic")
    assert told.loc["noise", ["decision", "reason"]].tolist() == ["selected", "policy 7"]
    assert told.loc["twin", ["decision", "reason"]].tolist() == ["left out", "in the parameter exclude"]


def test_more_distinct_values_than_classes_are_refused(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    with pytest.raises(ValueError, match=r"'twin' \(3,000\), 'age' \(3,000\)"):
        cr.InformationValueSelector(classed=True).fit(frame[["twin", "age", "region"]], y)


# ------------------------------------------------------------------------------------------------ redundancy
@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
def test_no_pair_above_the_threshold_is_left_and_every_loser_has_a_stronger_rival(threshold: float) -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(2000, 6)) @ rng.normal(size=(6, 9))
    y = (rng.random(2000) < 1 / (1 + np.exp(x[:, 0] - x[:, 4]))).astype(int)
    selector = cr.CorrelationSelector(max_correlation=threshold).fit(x, y)
    matrix = np.abs(np.corrcoef(x, rowvar=False))
    np.testing.assert_allclose(np.abs(selector.correlation_), matrix, rtol=1e-12)
    gini = [abs(2 * cr.auc(y, column) - 1) for column in x.T]
    left = selector.get_support(indices=True)
    assert all(matrix[i, j] <= threshold for i, j in itertools.combinations(left, 2))
    for i in set(range(9)) - set(left):
        assert any(matrix[i, j] > threshold and gini[j] > gini[i] for j in left)


def test_clusters_order_without_an_outcome_and_constants() -> None:
    rng = np.random.default_rng(8)
    a, c = rng.normal(size=(2, 4000))
    frame = pd.DataFrame({"c": c + 0.3 * a, "b": a + c, "a": a, "one": 1.0})
    pairwise = cr.CorrelationSelector(max_correlation=0.65).fit(frame)
    assert steps(pairwise) == {"c": "final", "b": "correlation", "a": "final", "one": "final"}
    clusters = cr.CorrelationSelector(max_correlation=0.65, method="clusters").fit(frame)
    assert steps(clusters) == {"c": "final", "b": "correlation", "a": "correlation", "one": "final"}
    assert "stands before" in pairwise.waterfall_.loc[1, "reason"]
    assert np.isnan(pairwise.correlation_[3]).all()
    kept = cr.CorrelationSelector(max_correlation=0.65, include=["b"]).fit(frame)
    assert {"b", "c"} <= set(kept.get_feature_names_out())


def test_rank_by_information_value(woe: pd.DataFrame, data: tuple[pd.DataFrame, np.ndarray]) -> None:
    selector = cr.CorrelationSelector(rank_by="information_value").fit(woe, data[1])
    value = {n: t.information_value for n, t in cr.Binner().fit(*data).tables_.items()}
    weaker = min(("income", "twin"), key=value.__getitem__)
    assert [name for name, step in steps(selector).items() if step == "correlation"] == [weaker]


def test_inflation_equals_statsmodels_and_the_greatest_leaves_first() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(1500, 5))
    x[:, 3] = x[:, 0] + x[:, 1] + 0.3 * rng.normal(size=1500)
    y = (rng.random(1500) < 0.3).astype(int)
    selector = cr.VarianceInflationSelector(max_variance_inflation=5.0).fit(x, y)
    factors = [variance_inflation_factor(sm.add_constant(x), i + 1) for i in range(5)]
    told = selector.waterfall_.set_index("characteristic")
    worst = f"x{int(np.argmax(factors))}"
    assert told.loc[worst, "step"] == "variance inflation"
    assert told.loc[worst, "value"] == pytest.approx(max(factors), rel=1e-9)
    rest = sm.add_constant(x[:, selector.support_])
    after = [variance_inflation_factor(rest, i + 1) for i in range(selector.support_.sum())]
    assert max(after) <= 5.0
    np.testing.assert_allclose(told.loc[selector.get_feature_names_out(), "value"], after, rtol=1e-9)


def test_constants_and_combinations_leave_by_name(woe: pd.DataFrame, data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame = woe.assign(one=2.5, sum=woe["age"] + woe["noise"])
    for selector in (cr.VarianceInflationSelector(), cr.StepwiseSelector(max_p_value=1.0)):
        told = steps(selector.fit(frame, data[1]))
        assert told["one"] == "constant"
        assert "collinearity" in told.values()


# ------------------------------------------------------------------------------------------------- stability
def test_months_against_the_rest_and_samples_against_development() -> None:
    rng = np.random.default_rng(11)
    month = rng.choice(["2024-01", "2024-02", "2024-03"], 3000)
    moved = rng.normal(size=3000) + 0.8 * (month == "2024-03")
    frame = pd.DataFrame({"moved": moved, "still": rng.normal(size=3000), "text": rng.choice(["a", "b"], 3000)})
    y = (rng.random(3000) < 1 / (1 + np.exp(1 - moved))).astype(int)
    selector = cr.StabilitySelector(max_psi=0.2).fit(frame, y, samples=month)
    told = selector.waterfall_.set_index("characteristic")
    assert told["decision"].to_dict() == {"moved": "left out", "still": "selected", "text": "selected"}
    assert told.loc["moved", "reason"].endswith("2024-03")
    ids = cr.Binner().fit(frame, y).transform(frame)["moved"]
    here, rest = (ids[part].value_counts(normalize=True) for part in (month == "2024-03", month != "2024-03"))
    by_hand = float(((here - rest) * np.log(here / rest)).sum())
    psi = selector.psi_.set_index(["characteristic", "sample"])["psi"]
    assert psi["moved", "2024-03"] == pytest.approx(by_hand, rel=1e-12) == told.loc["moved", "value"]
    against = cr.StabilitySelector(max_psi=0.2, reference="2024-01").fit(frame, y, samples=month)
    assert set(against.psi_["sample"]) == {"2024-02", "2024-03"}
    base = cr.Binner().fit(frame[month == "2024-01"], y[month == "2024-01"])
    assert against.binner_.tables_["moved"].bins == base.tables_["moved"].bins
    few = cr.StabilitySelector(max_psi=0.2, min_rows=2000).fit(frame, y, samples=month)
    assert few.support_.all()
    assert (few.waterfall_["reason"] == "too few rows in every sample to judge it").all()


def test_labels_are_asked_for_and_checked(woe: pd.DataFrame, data: tuple[pd.DataFrame, np.ndarray]) -> None:
    y = data[1]
    with pytest.warns(UserWarning, match="given no samples"):
        selector = cr.StabilitySelector(classed=True).fit(woe)
    assert selector.support_.all()
    assert selector.waterfall_["reason"].str.contains("no column was judged").all()
    with pytest.raises(ValueError, match=r"no sample; there are \['a'\]"):
        cr.StabilitySelector(reference="b").fit(woe, y, samples=["a"] * ROWS)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        cr.StabilitySelector().fit(woe, y, samples=["a"] * 3)
    with pytest.raises(ValueError, match="max_psi is set, and fit was given no samples"):
        cr.CharacteristicSelector(max_psi=0.25).fit(woe, y)
    with pytest.raises(ValueError, match="max_psi_over_time is set, and fit was given no periods"):
        cr.CharacteristicSelector(max_psi_over_time=0.25).fit(woe, y)


def test_samples_travel_through_a_pipeline(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    month = np.resize(["2024-01", "2024-02"], ROWS)
    pipe = make_pipeline(cr.WoeTransformer(), cr.StabilitySelector(classed=True), LogisticRegression())
    assert pipe.fit(frame, y, stabilityselector__samples=month)[1].psi_["psi"].notna().all()
    with config_context(enable_metadata_routing=True):
        routed = make_pipeline(
            cr.WoeTransformer().set_fit_request(sample_weight=False),
            cr.StabilitySelector(classed=True).set_fit_request(samples=True, sample_weight=False),
        )
        assert len(routed.fit(frame, y, samples=month)[1].psi_) == 10


# ---------------------------------------------------------------------------------------------------- search
@pytest.mark.parametrize("method", ["stepwise", "forward", "backward"])
@pytest.mark.parametrize("criterion", ["p_value", "aic", "bic"])
def test_the_search_ends_where_statsmodels_cannot_improve(method: str, criterion: str) -> None:
    rng = np.random.default_rng(21)
    x = rng.normal(size=(1200, 6))
    y = (rng.random(1200) < 1 / (1 + np.exp(1 - 0.9 * x[:, 0] + 0.5 * x[:, 3]))).astype(float)
    selector = cr.StepwiseSelector(method=method, criterion=criterion, sign=None).fit(x, y)
    chosen = selector.get_support(indices=True)
    assert {0, 3} <= set(chosen)
    fit = sm.Logit(y, sm.add_constant(x[:, chosen])).fit(disp=0)
    if criterion == "p_value":
        assert (fit.pvalues[1:] <= 0.05).all()
        told = selector.waterfall_.set_index("characteristic").loc[selector.get_feature_names_out(), "value"]
        np.testing.assert_allclose(told, fit.pvalues[1:], rtol=1e-5)
        return
    for i in range(6):
        other = sorted(set(chosen) ^ {i})
        value = getattr(sm.Logit(y, sm.add_constant(x[:, other])).fit(disp=0), criterion)
        assert value >= getattr(fit, criterion) - 1e-9


def test_signs_are_those_that_are_expected() -> None:
    rng = np.random.default_rng(3)
    x = pd.DataFrame(rng.normal(size=(2000, 3)), columns=["up", "down", "free"])
    y = (rng.random(2000) < 1 / (1 + np.exp(1 - x["up"] + x["down"] - 0.5 * x["free"]))).astype(int)
    chosen = {
        "negative": {"down"},
        "positive": {"up", "free"},
        None: {"up", "down", "free"},
    }
    for method, (sign, names) in itertools.product(("stepwise", "forward", "backward", "all"), chosen.items()):
        selector = cr.StepwiseSelector(method=method, sign=sign).fit(x, y)
        assert set(selector.get_feature_names_out()) == names, (method, sign)
        assert set(steps(selector).values()) <= {"final", "sign"}
    mapped = cr.StepwiseSelector(sign={"up": "negative", "down": "negative"}).fit(x, y)
    assert steps(mapped) == {"up": "sign", "down": "final", "free": "final"}
    assert "negative" in mapped.waterfall_.loc[0, "reason"]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(1e-4, 1e4), min_size=4, max_size=4), st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=4))
def test_the_scale_of_a_column_decides_nothing(scale: list[float], shift: list[float]) -> None:
    rng = np.random.default_rng(17)
    x = rng.normal(size=(600, 4))
    x[:, 3] += 0.5 * x[:, 0]
    y = (rng.random(600) < 1 / (1 + np.exp(1 + x[:, 0] + 0.4 * x[:, 1]))).astype(int)
    moved = x * np.array(scale) + np.array(shift)
    for selector in (
        cr.StepwiseSelector(),
        cr.VarianceInflationSelector(),
        cr.CorrelationSelector(max_correlation=0.4),
    ):
        assert selector.fit(x, y).support_.tolist() == clone(selector).fit(moved, y).support_.tolist()


def test_a_separator_is_told_and_leaves(data: tuple[pd.DataFrame, np.ndarray], woe: pd.DataFrame) -> None:
    y = data[1]
    frame = woe.assign(knows=np.where(y == "bad", -1.0, 1.0))
    for method in ("stepwise", "backward", "forward"):
        assert steps(cr.StepwiseSelector(method=method).fit(frame, y))["knows"] == "separation"
    with pytest.raises(cr.ModelError, match="separates"):
        cr.StepwiseSelector(include=["knows"]).fit(frame, y)


# ------------------------------------------------------------------------------------------------- the whole
def test_the_whole_equals_the_selection_of_a_plan(tmp_path: Path, data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    table = frame.astype({"region": object}).assign(y=(y == "bad").astype(int), opened="x")
    table["opened"] = [f"2024-{1 + i % 3:02d}-15" for i in range(ROWS)]
    table["leak"] = table["y"] + 0.1 * np.random.default_rng(1).normal(size=ROWS)
    (tmp_path / "plan.yaml").write_text(
        "model: {id: small}\ndata: {source: none.csv, date: opened}\noutcome: {column: y, bad: 1}\n"
        "selection: {max_psi: 0.5, max_psi_over_time: 0.5, max_gini: 1.0, min_period_rows: 100, method: stepwise}\n"
        "models: [{id: scorecard, type: scorecard, champion: true}]\n",
        encoding="utf-8",
    )
    development = cr.develop(cr.read_plan(tmp_path / "plan.yaml"), table)
    snapshot = development.snapshot
    names = ["income", "twin", "age", "noise", "region", "leak"]
    selector = cr.CharacteristicSelector(
        max_psi=0.5, max_psi_over_time=0.5, max_gini=1.0, min_period_rows=100, method="stepwise",
        random_state=development.plan.samples.seed,
    )  # fmt: skip
    selector.fit(snapshot[names], snapshot["_outcome"], samples=snapshot["_sample"], periods=snapshot["opened"].str[:7])
    pd.testing.assert_frame_equal(
        selector.waterfall_.assign(model="scorecard")[["model", *selector.waterfall_.columns]],
        development["selection.waterfall"].table,
        check_dtype=False,
        rtol=1e-12,
    )
    assert list(selector.get_feature_names_out()) == [n for n in names if n in development.selection.selected]
    assert selector.waterfall_.set_index("characteristic").loc["leak", "suspicion"] == "discrimination, pure values"
    stable = development["selection.stability"].table
    pd.testing.assert_frame_equal(
        selector.stability_.set_index("characteristic").loc[stable["characteristic"]].reset_index(),
        stable, check_dtype=False, rtol=1e-12,
    )  # fmt: skip


def test_the_trends_of_the_binner_are_the_expectations(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    wrong = cr.Binner(monotonic={"income": "ascending", "age": "ascending"})
    selector = cr.CharacteristicSelector(binner=wrong).fit(frame, y)
    assert steps(selector)["income"] == "declared trend"
    assert steps(selector)["age"] == "final"


def test_the_reference_is_what_is_selected_on(data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    samples = np.where(np.arange(ROWS) % 3 == 0, "test", "development")
    inside = samples == "development"
    whole = cr.CharacteristicSelector().fit(frame, y, samples=samples)
    part = cr.CharacteristicSelector().fit(frame[inside], y[inside])
    pd.testing.assert_frame_equal(whole.waterfall_, part.waterfall_)
    assert whole.stability_["sample"].eq("test").all()
    assert part.stability_["sample_psi"].isna().all()
    with pytest.raises(ValueError, match="no sample"):
        cr.CharacteristicSelector(reference="train").fit(frame, y, samples=samples)


# ------------------------------------------------------------------------------------- weights and bad input
@pytest.mark.filterwarnings("ignore:fit was given no samples")
@pytest.mark.parametrize("name", SELECTORS)
def test_weights_are_repeated_rows(name: str, woe: pd.DataFrame, data: tuple[pd.DataFrame, np.ndarray]) -> None:
    y = data[1]
    count = np.random.default_rng(6).integers(0, 4, ROWS)
    selector = clone(SELECTORS[name])
    given = data[0] if name == "information_value" else woe
    extra = {"samples": np.resize(["a", "b", "c"], ROWS)} if name == "stability" else {}
    weighted = clone(selector).fit(given, y, sample_weight=count.astype(float), **extra)
    repeated = {key: np.repeat(value, count) for key, value in extra.items()}
    plain = clone(selector).fit(given.iloc[np.repeat(np.arange(ROWS), count)], np.repeat(y, count), **repeated)
    columns = ["characteristic", "step", "decision", "value"]
    if name == "whole":  # the folds of its leakage screen are drawn by row
        columns = columns[:3]
    pd.testing.assert_frame_equal(weighted.waterfall_[columns], plain.waterfall_[columns], rtol=1e-5)


@pytest.mark.parametrize("name", ["correlation", "inflation", "stepwise"])
def test_text_and_missing_values_are_refused_at_once(name: str, data: tuple[pd.DataFrame, np.ndarray]) -> None:
    frame, y = data
    with pytest.raises(FrameError) as caught:
        clone(SELECTORS[name]).fit(frame, y)
    told = {fault.path: fault for fault in caught.value.faults}
    assert list(told) == ["column 'income'", "column 'region'"]
    assert "WoeTransformer" in str(caught.value)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        (cr.CorrelationSelector(method="pairs"), "method is 'pairs'; allowed: pairwise, clusters"),
        (cr.CorrelationSelector(rank_by="iv"), "rank_by is 'iv'"),
        (cr.CorrelationSelector(max_correlation=0.0), "max_correlation is 0.0"),
        (cr.VarianceInflationSelector(max_variance_inflation=0.5), "max_variance_inflation is 0.5"),
        (cr.StabilitySelector(max_psi=-1.0), "max_psi is -1.0"),
        (cr.StepwiseSelector(method="both", max_p_value=2.0), "method is 'both'.*max_p_value is 2.0"),
        (cr.StepwiseSelector(sign={"age": "up"}), "sign is 'up'"),
        (cr.StepwiseSelector(sign={"years": "negative"}), "unknown columns"),
        (cr.InformationValueSelector(min_gini=2.0), "min_gini"),
        (cr.InformationValueSelector(include=["years"]), r"unknown columns \['years'\]"),
        (cr.InformationValueSelector(include=["age"], exclude=["age"]), "in include and in exclude"),
        (cr.InformationValueSelector(include="age"), "not one text"),
        (cr.CharacteristicSelector(max_correlation=2.0), "max_correlation"),
    ],
)
def test_parameters_out_of_range_are_named(selector: Any, message: str, woe: pd.DataFrame, data: Any) -> None:
    with pytest.raises(ValueError, match=message):
        selector.fit(woe, data[1])


def test_fitting_warns_of_nothing(data: tuple[pd.DataFrame, np.ndarray], woe: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, selector in SELECTORS.items():
            given = data[0] if name == "information_value" else woe
            extra = {"samples": ["a"] * ROWS} if name == "stability" else {}
            clone(selector).fit(given, data[1], **extra)
