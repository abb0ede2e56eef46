"""Selection: every characteristic has one row and one reason, and the reasons can be recomputed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from credit_risk._core.errors import ModelError
from credit_risk.models.logistic import fit_logistic, variance_inflation
from credit_risk.selection.search import SearchData, information_criterion, score_tests
from credit_risk.selection.spec import Forced, SelectionSpec
from credit_risk.selection.waterfall import Screened, Selection, select_characteristics

Woe = tuple[dict[str, np.ndarray], np.ndarray, dict[str, Screened]]
METHODS = ("backward", "forward", "stepwise")
CRITERIA = ("p_value", "aic", "bic")


@pytest.fixture(scope="module")
def woe() -> Woe:
    rng = np.random.default_rng(3)
    n = 5000
    base = rng.normal(size=(n, 4))
    columns = {
        "strong": base[:, 0],
        "twin": base[:, 0] + 0.05 * rng.normal(size=n),
        "second": base[:, 1],
        "noise": base[:, 2],
        "weak": base[:, 3],
    }
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 + base[:, 0] + 0.6 * base[:, 1]))).astype(float)
    values = {"strong": 0.8, "twin": 0.79, "second": 0.3, "noise": 0.1, "weak": 0.01}
    return columns, y, {name: Screened(iv, 0.3, 0.5, 0.0, 0.01) for name, iv in values.items()}


def steps_of(result: Selection) -> dict[str, str]:
    return dict(zip(result.waterfall["characteristic"], result.waterfall["step"], strict=True))


@pytest.mark.parametrize(("method", "criterion"), list(itertools.product(METHODS, CRITERIA)))
def test_every_method_finds_the_true_model(woe: Woe, method: str, criterion: str) -> None:
    columns, y, candidates = woe
    result = select_characteristics(candidates, columns, y, SelectionSpec(method=method, criterion=criterion))
    steps = steps_of(result)
    assert result.selected == ("strong", "second")
    assert steps["twin"] == "correlation"
    assert steps["weak"] == "information value"
    assert sorted(steps) == sorted(columns)
    assert result.waterfall["reason"].str.len().min() > 0


def test_survivors_pass_every_threshold(woe: Woe) -> None:
    columns, y, candidates = woe
    spec = SelectionSpec()
    result = select_characteristics(candidates, columns, y, spec)
    x = np.column_stack([columns[n] for n in result.selected])
    assert np.all(result.fit.coef[1:] < 0)
    assert np.all(result.fit.p_value[1:] <= spec.max_p_value)
    assert np.all(variance_inflation(x) <= spec.max_variance_inflation)


def test_include_and_exclude_bind_and_keep_their_reasons(woe: Woe) -> None:
    columns, y, candidates = woe
    spec = SelectionSpec(include=(Forced(name="noise", reason="policy", author="A. Risk"),), exclude=("strong",))
    result = select_characteristics(candidates, columns, y, spec)
    reasons = result.waterfall.set_index("characteristic")["reason"]
    assert "noise" in result.selected
    assert reasons["noise"] == "policy (A. Risk)"
    assert steps_of(result)["strong"] == "plan"


@pytest.mark.parametrize(
    ("changed", "spec", "step"),
    [
        ({"fine_gini": 0.99}, SelectionSpec(), "leakage"),
        ({"missing_share": 0.6}, SelectionSpec(max_missing_share=0.5), "missing share"),
        ({"gini": 0.02}, SelectionSpec(min_gini=0.05), "Gini"),
        ({"psi": 0.3}, SelectionSpec(max_psi=0.25), "stability"),
        ({"psi_over_time": 0.3}, SelectionSpec(max_psi_over_time=0.25), "stability over time"),
        ({"information_value": 2.5}, SelectionSpec(max_information_value=2.0), "information value"),
        ({"expectation": 0.49}, SelectionSpec(), "declared trend"),
    ],
)
def test_each_screen_is_told_by_its_name(woe: Woe, changed: dict, spec: SelectionSpec, step: str) -> None:
    columns, y, candidates = woe
    fields = {"information_value": 0.8, "gini": 0.3, "fine_gini": 0.5, "missing_share": 0.0, "psi": 0.01}
    result = select_characteristics({**candidates, "strong": Screened(**{**fields, **changed})}, columns, y, spec)
    assert steps_of(result)["strong"] == step


@pytest.mark.parametrize(
    ("changed", "spec"),
    [
        ({"psi": 0.3, "psi_over_time": 0.3}, SelectionSpec()),
        ({"expectation": 0.49}, SelectionSpec(expectation_check=False)),
        ({"expectation": 0.51}, SelectionSpec()),
        ({"information_value": 2.5}, SelectionSpec()),
        ({"psi_over_time": 0.3, "expectation": 0.4, "fine_gini": 0.99}, SelectionSpec(include=("strong",))),
    ],
)
def test_what_does_not_decide_does_not_remove(woe: Woe, changed: dict, spec: SelectionSpec) -> None:
    columns, y, candidates = woe
    fields = {"information_value": 0.8, "gini": 0.3, "fine_gini": 0.5, "missing_share": 0.0}
    result = select_characteristics({**candidates, "strong": Screened(**{**fields, **changed})}, columns, y, spec)
    assert steps_of(result)["strong"] == "final"


def test_the_waterfall_tells_suspicions_of_those_that_stay(woe: Woe) -> None:
    columns, y, candidates = woe
    told = {n: replace(c, suspicion="exact values") for n, c in candidates.items() if n in ("strong", "weak")}
    rows = select_characteristics({**candidates, **told}, columns, y, SelectionSpec()).waterfall
    assert rows.set_index("characteristic")["suspicion"].dropna().to_dict() == {
        "strong": "exact values",
        "weak": "exact values",
    }
    assert steps_of(select_characteristics(candidates, columns, y, SelectionSpec()))["strong"] == "final"


@pytest.mark.parametrize("method", [*METHODS, "all"])
def test_a_separator_leaves_and_is_told(woe: Woe, method: str) -> None:
    columns, y, candidates = woe
    knows = {**columns, "knows": 1.0 - 2.0 * y}
    spec = SelectionSpec(method=method)
    result = select_characteristics({**candidates, "knows": Screened(0.5, 0.9, 0.9, 0.0)}, knows, y, spec)
    assert steps_of(result)["knows"] == "separation"
    assert {"strong", "second"} <= set(result.selected)


def test_a_separator_leaves_in_the_words_of_its_bins(woe: Woe) -> None:
    columns, y, candidates = woe
    knows = {**columns, "knows": 1.0 - 2.0 * y}
    labels = {"knows": {1.0: ["paid"], -1.0: ["written off"]}}
    known = {**candidates, "knows": Screened(0.5, 0.9, 0.9, 0.0)}
    result = select_characteristics(known, knows, y, SelectionSpec(), labels=labels)
    reason = result.waterfall.set_index("characteristic").loc["knows", "reason"]
    assert f"complete separation of {len(y)} of {len(y)} rows, in the bins 'written off', 'paid'" in reason


def test_a_forced_separator_is_refused(woe: Woe) -> None:
    columns, y, candidates = woe
    knows = {**columns, "knows": 1.0 - 2.0 * y}
    with pytest.raises(ModelError, match="separates"):
        select_characteristics(
            {**candidates, "knows": Screened(0.5, 0.9, 0.9, 0.0)}, knows, y, SelectionSpec(include=("knows",))
        )


@pytest.mark.parametrize("method", ["pairwise", "clusters"])
def test_weights_equal_repeated_rows(woe: Woe, method: str) -> None:
    columns, y, candidates = woe
    count = np.random.default_rng(12).integers(1, 4, len(y))
    spec = SelectionSpec(correlation=method, max_correlation=0.9, max_p_value=0.5)
    weighted = select_characteristics(candidates, columns, y, spec, weights=count.astype(float)).waterfall
    repeated = {n: np.repeat(c, count) for n, c in columns.items()}
    plain = select_characteristics(candidates, repeated, np.repeat(y, count), spec).waterfall
    pd.testing.assert_frame_equal(weighted, plain, rtol=1e-6)


def test_clusters_are_chains_of_correlation() -> None:
    """a–b and b–c are correlated above the limit, a–c is not: pairwise keeps a and c, clusters keep a alone."""
    rng = np.random.default_rng(8)
    a, c = rng.normal(size=(2, 4000))
    columns = {"a": a, "b": a + c, "c": c + 0.3 * a}
    y = (rng.random(4000) < 1 / (1 + np.exp(1 + a + 0.8 * c))).astype(float)
    candidates = {n: Screened(iv, 0.3, 0.5, 0.0) for n, iv in {"a": 0.5, "b": 0.3, "c": 0.2}.items()}
    pairwise = select_characteristics(candidates, columns, y, SelectionSpec(max_correlation=0.65))
    clusters = select_characteristics(
        candidates, columns, y, SelectionSpec(max_correlation=0.65, correlation="clusters")
    )
    assert pairwise.selected == ("a", "c")
    assert clusters.selected == ("a",)
    assert "cluster" in clusters.waterfall.set_index("characteristic").loc["c", "reason"]


def test_score_test_equals_statsmodels(woe: Woe) -> None:
    columns, y, _ = woe
    data = SearchData(columns, y, None, 0.95)
    ours = score_tests(data, ["strong"], ["second", "noise"])
    model = sm.GLM(y, sm.add_constant(columns["strong"]), family=sm.families.Binomial()).fit()
    for name in ("second", "noise"):
        p_value = model.score_test(exog_extra=columns[name][:, None])[1]
        assert ours[name] == pytest.approx(float(np.squeeze(p_value)), rel=1e-6)


def test_information_criteria_equal_statsmodels(woe: Woe) -> None:
    columns, y, _ = woe
    names = ["strong", "second"]
    fit = fit_logistic(np.column_stack([columns[n] for n in names]), y, names)
    other = sm.Logit(y, sm.add_constant(np.column_stack([columns[n] for n in names]))).fit(disp=0)
    assert information_criterion(fit, "aic") == pytest.approx(other.aic, rel=1e-9)
    assert information_criterion(fit, "bic") == pytest.approx(other.bic, rel=1e-9)


@pytest.mark.parametrize("criterion", ["aic", "bic"])
def test_backward_ends_where_no_single_removal_helps(woe: Woe, criterion: str) -> None:
    columns, y, candidates = woe
    spec = SelectionSpec(criterion=criterion, min_information_value=0.0, sign_check=False)
    result = select_characteristics(candidates, columns, y, spec)
    data = SearchData(columns, y, None, 0.95)
    final = information_criterion(result.fit, criterion)
    for name in result.selected:
        rest = [n for n in result.selected if n != name]
        assert information_criterion(data.fit(rest), criterion) >= final


def test_nothing_left_is_one_clear_error(woe: Woe) -> None:
    columns, y, candidates = woe
    poor = dict.fromkeys(candidates, Screened(0.001, 0.3, 0.5, 0.0))
    with pytest.raises(ModelError, match="no characteristic passes the selection"):
        select_characteristics(poor, columns, y, SelectionSpec())
