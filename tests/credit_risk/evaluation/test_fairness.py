"""Protected groups and adverse impact: the published four-fifths examples, hand counts, other libraries."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.evaluation.fairness import (
    ADVERSE,
    NOT_BELOW,
    NOT_SIGNIFICANT,
    REFERENCE,
    adverse_impact_ratio,
    adverse_impact_table,
    fairness_group_table,
    four_fifths_verdict,
    protected_grouping,
    standardised_mean_difference,
)
from credit_risk.evaluation.samples import ScoredSample


def scored(seed: int, rows: int = 2000) -> tuple[ScoredSample, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    sex = np.where(rng.random(rows) < 0.4, 1.0, 2.0)
    age = rng.integers(21, 75, rows).astype(float)
    risk = rng.normal(-1.0, 1.0, rows) + 0.6 * (sex == 1)
    p = 1 / (1 + np.exp(-risk))
    y = (rng.random(rows) < p).astype(float)
    return ScoredSample(y, np.round(600 - 28.85 * risk), p, risk), sex, age


def test_uniform_guidelines_question_and_answer() -> None:
    # Selection rates 60, 45, 48, 51 %: 75 %, exactly 80 % (not adverse), 85 % of the highest rate.
    # Doubles make 0.48/0.6 = 0.8 and 24/30 against 0.8*x unsafe; whole numbers do not.
    for scale in (1, 7, 100, 1000):
        verdicts = [
            four_fifths_verdict(rate * scale, 100 * scale, 60 * scale, 100 * scale, 0.0) for rate in (45, 48, 51)
        ]
        assert verdicts == [ADVERSE, NOT_BELOW, NOT_BELOW]
    assert adverse_impact_ratio(45, 100, 60, 100)[0] == pytest.approx(0.75)
    assert four_fifths_verdict(479, 1000, 600, 1000, 0.2) == NOT_SIGNIFICANT


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 60))
def test_exactly_eighty_percent_is_never_adverse(k: int, extra: int, times: int) -> None:
    rows = 5 * k + extra
    assert four_fifths_verdict(4 * k * times, rows * times, 5 * k, rows, 0.0) == NOT_BELOW
    assert four_fifths_verdict(4 * k * times - 1, rows * times, 5 * k, rows, 0.0) == ADVERSE


def test_ratio_interval_and_test() -> None:
    ratio, lower, upper, p_value = adverse_impact_ratio(120, 300, 420, 700)
    assert ratio == pytest.approx((120 / 300) / (420 / 700))
    half = 1.959963984540054 * math.sqrt(1 / 120 - 1 / 300 + 1 / 420 - 1 / 700)
    assert (lower, upper) == pytest.approx((ratio * math.exp(-half), ratio * math.exp(half)))
    theirs = stats.contingency.relative_risk(120, 300, 420, 700).confidence_interval(0.95)
    assert (lower, upper) == pytest.approx((theirs.low, theirs.high))
    assert p_value == pytest.approx(fisher_by_hand(120, 300, 420, 700), rel=1e-9)


def fisher_by_hand(a: int, n: int, b: int, m: int) -> float:
    support = np.arange(max(0, a + b - m), min(n, a + b) + 1)
    pmf = stats.hypergeom.pmf(support, n + m, a + b, n)
    own = stats.hypergeom.pmf(a, n + m, a + b, n)
    return float(pmf[pmf <= own * (1 + 1e-7)].sum())


def test_ratio_without_approvals() -> None:
    ratio, lower, upper, p_value = adverse_impact_ratio(0, 50, 20, 50)
    assert ratio == 0.0
    assert math.isnan(lower)
    assert math.isnan(upper)
    assert p_value < 1e-5
    assert math.isnan(adverse_impact_ratio(3, 50, 0, 50)[0])
    with pytest.raises(CreditRiskError, match="counts do not fit"):
        adverse_impact_ratio(5, 4, 1, 2)


def test_interval_of_the_ratio_covers() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(1000):
        _, lower, upper, _ = adverse_impact_ratio(rng.binomial(200, 0.45), 200, rng.binomial(600, 0.6), 600)
        hits += lower <= 0.75 <= upper
    assert 0.93 <= hits / 1000 <= 0.97


def test_standardised_mean_difference() -> None:
    sample, sex, _ = scored(1)
    group = sex == 1
    expected = (sample.score[group].mean() - sample.score[~group].mean()) / sample.score.std()
    assert standardised_mean_difference(sample.score, group) == pytest.approx(expected)
    assert standardised_mean_difference(sample.score, ~group) == pytest.approx(-expected)
    assert standardised_mean_difference(3 * sample.score + 5, group) == pytest.approx(expected)
    assert math.isnan(standardised_mean_difference([1, 2], [1, 1]))
    assert math.isnan(standardised_mean_difference([0.1] * 3, [1, 0, 1]))


def test_group_table() -> None:
    sample, sex, age = scored(3)
    age[:60] = np.nan
    frame = fairness_group_table(
        {"development": sample}, {"SEX": {"development": sex}, "AGE": {"development": age}}, confidence=0.9
    )
    row = frame[(frame["attribute"] == "SEX") & (frame["group"] == "1")].iloc[0]
    inside = sex == 1
    assert (row["rows"], row["bad"]) == (inside.sum(), sample.y[inside].sum())
    assert row["bad_rate"] == pytest.approx(sample.y[inside].mean())
    assert row["mean_score"] == pytest.approx(sample.score[inside].mean())
    area = delong_interval(sample.y[inside], sample.risk[inside], confidence=0.9)
    assert (row["auc"], row["auc_lower"], row["auc_upper"]) == (area.auc, area.lower, area.upper)
    for _, part in frame.groupby("attribute"):
        assert part["rows"].sum() == 2000
        assert part["bad"].sum() == sample.y.sum()
    ages = frame.loc[frame["attribute"] == "AGE", "group"].tolist()
    assert len(ages) == 5
    assert ages[0].startswith("< ")
    assert ages[-1] == "missing"


def test_small_groups_are_not_evaluable() -> None:
    sample, sex, _ = scored(4)
    rare = sex.copy()
    rare[:40] = 3.0
    frame = fairness_group_table({"development": sample}, {"SEX": {"development": rare}}, min_bads=30)
    row = frame[frame["group"] == "3"].iloc[0]
    assert not row["evaluable"]
    assert row["rows"] == 40
    assert row[["bad_rate", "mean_score", "auc", "auc_lower", "standardised_mean_difference"]].isna().all()
    assert frame.loc[frame["group"] != "3", "evaluable"].all()


def test_adverse_impact_table() -> None:
    development, sex, _ = scored(5, rows=4000)
    other, other_sex, _ = scored(6, rows=1000)
    other_sex[:10] = 7.0
    frame = adverse_impact_table(
        {"development": development, "out_of_sample": other},
        {"SEX": {"development": sex, "out_of_sample": other_sex}},
        cut_off=640.0,
    )
    approved = development.score >= 640.0
    rates = {code: approved[sex == code].mean() for code in (1.0, 2.0)}
    assert rates[1.0] < rates[2.0]
    assert set(frame["reference_group"]) == {"2"}
    first = frame.iloc[0]
    assert first["adverse_impact_ratio"] == pytest.approx(rates[1.0] / rates[2.0])
    assert first["verdict"] == ADVERSE
    assert frame.iloc[1]["verdict"] == REFERENCE
    assert math.isnan(frame.iloc[1]["p_value"])
    tiny = frame[frame["group"] == "7"].iloc[0]
    assert tiny["verdict"] == "not evaluable: fewer than 30 rows"
    assert math.isnan(tiny["adverse_impact_ratio"])


def test_reference_group_is_the_callers_or_large_enough() -> None:
    sample, sex, _ = scored(7)
    groups = sex.copy()
    groups[np.argsort(-sample.score)[:35]] = 9.0  # 35 rows, all approved, below 2 % of the rows
    arguments = ({"development": sample}, {"SEX": {"development": groups}}, 640.0)
    assert set(adverse_impact_table(*arguments)["reference_group"]) == {"2"}
    assert set(adverse_impact_table(*arguments, references={"SEX": "1"})["reference_group"]) == {"1"}
    with pytest.raises(CreditRiskError, match="no such group"):
        adverse_impact_table(*arguments, references={"SEX": "5"})
    nobody = adverse_impact_table({"development": sample}, {"SEX": {"development": sex}}, 1e9)
    assert set(nobody["verdict"]) == {"not evaluable: nobody in the reference group is approved"}


def test_groupings() -> None:
    by_value = protected_grouping("M", ["single", None, "married", "missing"])
    assert by_value.groups == ('"missing"', "married", "single", "missing")
    assert by_value.assign(["new", None, "missing"]).tolist() == ["new", "missing", '"missing"']
    assert by_value.order(["new", "missing", "single"]) == ["single", "new", "missing"]
    codes = protected_grouping("SEX", [2.0, 1.0, 10.0, math.nan])
    assert codes.groups == ("1", "2", "10", "missing")
    assert protected_grouping("F", [True, False]).groups == ("False", "True")
    bands = protected_grouping("AGE", [20.0, 30.0], edges=[25, 35])
    assert bands.assign([24.999, 25.0, 34.0, 35.0, None]).tolist() == [
        "< 25", "[25, 35)", "[25, 35)", "≥ 35", "missing",
    ]  # fmt: skip
    quartiles = protected_grouping("AGE", np.arange(100.0))
    assert quartiles.edges == (25.0, 50.0, 75.0)
    assert protected_grouping("AGE", pd.Series(range(10))).edges is None
    with pytest.raises(CreditRiskError, match="ascend"):
        protected_grouping("AGE", [1.0], edges=[2, 2])
    with pytest.raises(CreditRiskError, match="finite numbers"):
        bands.assign(["x"])
    with pytest.raises(CreditRiskError, match="finite numbers"):
        protected_grouping("AGE", ["x"], edges=[1])


def test_attributes_must_fit_the_samples() -> None:
    sample, sex, _ = scored(8, rows=100)
    with pytest.raises(CreditRiskError) as caught:
        fairness_group_table({"development": sample}, {"SEX": {"development": sex[:9]}, "AGE": {}})
    assert [fault.found for fault in caught.value.faults] == ["9 values", "absent"]
    with pytest.raises(CreditRiskError, match="no such sample"):
        fairness_group_table({"other": sample}, {"SEX": {"other": sex}})
    with pytest.raises(CreditRiskError, match="cut-off"):
        adverse_impact_table({"development": sample}, {"SEX": {"development": sex}}, math.nan)
