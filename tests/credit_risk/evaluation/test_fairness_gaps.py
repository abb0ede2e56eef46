"""Errors, calibration, curves, intersections and age by group: against fairlearn, statsmodels and brute force."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equalized_odds_difference,
    selection_rate,
)
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_score, recall_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from credit_risk.evaluation.fairness import (
    REVIEW,
    adverse_impact_table,
    fairness_group_table,
    mean_difference_interval,
    ratio_interval,
)
from credit_risk.evaluation.fairness_curves import cut_offs_of_rates, fairness_curve_table, reference_by_score
from credit_risk.evaluation.fairness_gaps import (
    DIFFERS,
    SAME,
    Rate,
    age_table,
    calibration_gap_table,
    error_rate_table,
    rate_difference,
    rate_of,
)
from credit_risk.evaluation.fairness_intersections import holm, intersection_table
from credit_risk.evaluation.jurisdictions import joined, jurisdiction_table, jurisdictions_of
from credit_risk.evaluation.protected_groups import MISSING, group_attributes, intersect
from credit_risk.evaluation.samples import ScoredSample

CUT_OFF = 630.0


def portfolio(seed: int, rows: int = 3000, weights: bool = False) -> tuple[ScoredSample, dict[str, np.ndarray]]:
    rng = np.random.default_rng(seed)
    sex = np.where(rng.random(rows) < 0.4, "f", "m").astype(object)
    age = rng.integers(21, 80, rows).astype(float)
    risk = rng.normal(-1.0, 1.0, rows) + 0.5 * (sex == "f")
    p = 1 / (1 + np.exp(-risk))
    y = (rng.random(rows) < p).astype(float)
    w = rng.uniform(0.5, 4.0, rows) if weights else None
    return ScoredSample(y, np.round(600 - 28.85 * risk), p, risk, w), {"SEX": sex, "AGE": age}


def tables(seed: int, weights: bool = False) -> tuple[ScoredSample, pd.DataFrame, np.ndarray]:
    sample, columns = portfolio(seed, weights=weights)
    samples = {"development": sample}
    grouped = group_attributes({"SEX": {"development": columns["SEX"]}})
    frame = error_rate_table(samples, grouped.labels, CUT_OFF, groupings=grouped.groupings, references={"SEX": "m"})
    return sample, frame.set_index(["measure", "group"]), columns["SEX"]


@pytest.mark.parametrize("weights", [False, True])
def test_against_fairlearn(weights: bool) -> None:
    sample, frame, sex = tables(1, weights)
    refused, y = (sample.score < CUT_OFF).astype(int), sample.y.astype(int)
    w = {"sample_weight": sample.weights} if weights else {}
    of = {"true_positive_rate": recall_score, "positive_predictive_value": precision_score}
    for measure, metric in of.items():
        found = MetricFrame(metrics=metric, y_true=y, y_pred=refused, sensitive_features=sex, sample_params=w)
        for group, value in found.by_group.items():
            assert frame.loc[(measure, group), "value"] == pytest.approx(value, abs=1e-10)
    odds = equalized_odds_difference(y, refused, sensitive_features=sex, **w)
    gaps = [abs(frame.loc[(m, "f"), "difference"]) for m in ("true_positive_rate", "false_positive_rate")]
    assert max(gaps) == pytest.approx(odds, abs=1e-10)
    opportunity = equal_opportunity_difference(1 - y, 1 - refused, sensitive_features=sex, **w)
    assert abs(frame.loc[("good_approval_rate", "f"), "difference"]) == pytest.approx(opportunity, abs=1e-10)
    impact = adverse_impact_table({"development": sample}, {"SEX": {"development": sex}}, CUT_OFF)
    ratio = demographic_parity_ratio(y, 1 - refused, sensitive_features=sex, **w)
    assert impact["adverse_impact_ratio"].min() == pytest.approx(ratio, abs=1e-10)
    rates = MetricFrame(metrics=selection_rate, y_true=y, y_pred=1 - refused, sensitive_features=sex, sample_params=w)
    assert impact.set_index("group")["approval_rate"].to_dict() == pytest.approx(rates.by_group.to_dict(), abs=1e-10)


def test_intervals_are_those_of_statsmodels() -> None:
    sample, frame, sex = tables(2)
    bad, refused = sample.bad, sample.score < CUT_OFF
    counts = {g: (int((refused & bad & (sex == g)).sum()), int((bad & (sex == g)).sum())) for g in ("f", "m")}
    row = frame.loc[("true_positive_rate", "f")]
    assert (row["events"], row["rows"]) == counts["f"]
    assert (row["lower"], row["upper"]) == pytest.approx(proportion_confint(*counts["f"], method="wilson"))
    both = confint_proportions_2indep(*counts["f"], *counts["m"], compare="diff", method="newcomb")
    assert (row["difference_lower"], row["difference_upper"]) == pytest.approx(both, abs=1e-10)
    assert row["verdict"] == (DIFFERS if both[0] > 0 or both[1] < 0 else SAME)
    log = confint_proportions_2indep(40, 100, 150, 250, compare="ratio", method="log")
    assert ratio_interval(0.4, 100, 0.6, 250)[1:] == pytest.approx(log, abs=1e-10)


def test_small_cells_are_not_evaluable() -> None:
    sample, columns = portfolio(3)
    sex = columns["SEX"].copy()
    sex[:35] = "x"
    grouped = group_attributes({"SEX": {"development": sex}})
    told = error_rate_table(
        {"development": sample}, grouped.labels, CUT_OFF, groupings=grouped.groupings, references={"SEX": "x"}
    ).set_index(["measure", "group"])
    assert told.loc[("true_positive_rate", "x"), "verdict"] == "not evaluable: fewer than 30 rows"
    assert math.isnan(told.loc[("true_positive_rate", "x"), "value"])
    assert (
        told.loc[("true_positive_rate", "f"), "verdict"] == "not evaluable: fewer than 30 rows in the reference group"
    )
    assert not math.isnan(told.loc[("true_positive_rate", "f"), "value"])


def test_interval_of_the_mean_difference_covers_and_allows_for_clusters() -> None:
    rng = np.random.default_rng(4)
    truth, hits, single = 0.5 / math.sqrt(1 + 0.25 * 0.21), 0, 0
    for _ in range(400):
        group = rng.random(300) < 0.3
        score = rng.normal(0.5 * group, 1.0)
        found = mean_difference_interval(score, group)
        hits += found.lower <= truth <= found.upper
        twice = mean_difference_interval(np.tile(score, 2), np.tile(group, 2), clusters=np.tile(np.arange(300), 2))
        single += (twice.lower, twice.upper) == pytest.approx((found.lower, found.upper), abs=1e-12)
    assert 0.92 <= hits / 400 <= 0.98
    assert single == 400


def test_interval_of_the_mean_difference_is_the_infinitesimal_jackknife() -> None:
    rng = np.random.default_rng(5)
    score, group, w = rng.normal(size=60), rng.random(60) < 0.4, rng.uniform(0.5, 2.0, 60)
    found = mean_difference_interval(score, group, w)
    pulls = []
    for row in range(60):  # derivative of the measure by the weight of each row, times that weight
        values = []
        for step in (-1e-5, 1e-5):
            moved = w.copy()
            moved[row] += step
            values.append(mean_difference_interval(score, group, moved).value)
        pulls.append((values[1] - values[0]) / 2e-5 * w[row])
    half = 1.959963984540054 * math.sqrt(sum(p * p for p in pulls))
    assert found.upper - found.value == pytest.approx(half, rel=1e-6)


def test_calibration_within_groups() -> None:
    sample, columns = portfolio(6, weights=True)
    grouped = group_attributes({"SEX": {"development": columns["SEX"]}})
    frame = calibration_gap_table({"development": sample}, grouped.labels, groupings=grouped.groupings)
    row, inside = frame.set_index("group").loc["f"], columns["SEX"] == "f"
    w, residual = sample.weights[inside], (sample.y - sample.probability)[inside]
    assert row["gap"] == pytest.approx(np.average(residual, weights=w))
    assert row["bad_rate"] - row["mean_probability"] == pytest.approx(row["gap"])
    error = math.sqrt(np.sum((w * (residual - row["gap"])) ** 2)) / w.sum()
    assert row["gap_upper"] - row["gap"] == pytest.approx(1.959963984540054 * error)
    assert row["slope_lower"] < 1 < row["slope_upper"]
    off = ScoredSample(sample.y, sample.score, sample.probability * 0.5, sample.risk)
    told = calibration_gap_table({"development": off}, grouped.labels, groupings=grouped.groupings)
    assert set(told["verdict"]) == {"more bads than predicted"}


@pytest.mark.parametrize("weights", [False, True])
def test_curves_by_brute_force(weights: bool) -> None:
    sample, columns = portfolio(7, 800, weights)
    grouped = group_attributes({"SEX": {"development": columns["SEX"]}})
    frame = fairness_curve_table(
        {"development": sample}, grouped.labels, groupings=grouped.groupings, references={"SEX": "m"}
    )
    mass = np.ones(800) if sample.weights is None else sample.weights
    for row in frame[frame["group"] == "f"].itertuples():
        at = sample.score >= row.cut_off
        assert row.approval_rate == pytest.approx(mass[at].sum() / mass.sum())
        parts = {g: columns["SEX"] == g for g in ("f", "m")}
        rates = {g: mass[at & inside].sum() / mass[inside].sum() for g, inside in parts.items()}
        assert row.group_approval_rate == pytest.approx(rates["f"])
        assert row.adverse_impact_ratio == pytest.approx(rates["f"] / rates["m"])
        bad = parts["f"] & sample.bad
        assert row.true_positive_rate == pytest.approx(mass[bad & ~at].sum() / mass[bad].sum())
        if not math.isnan(row.positive_predictive_value):
            refused = parts["f"] & ~at
            assert row.positive_predictive_value == pytest.approx(mass[refused & bad].sum() / mass[refused].sum())
    assert len(frame[frame["group"] == "f"]) >= 15
    assert reference_by_score({"development": sample}, grouped.labels, grouped.groupings) == {"SEX": "m"}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60))
def test_cut_offs_approve_more_and_more(values: list[int]) -> None:
    cuts = cut_offs_of_rates(np.array(values, float), (0.25, 0.5, 0.75))
    assert 1 <= len(cuts) <= 3
    assert all(a > b for a, b in pairwise(cuts))
    assert set(cuts) <= set(map(float, values))
    shares = {v: sum(x >= v for x in values) / len(values) for v in values}
    nearest = min(abs(share - 0.5) for share in shares.values())
    assert any(abs(shares[int(cut)] - 0.5) == nearest for cut in cuts)


@given(st.lists(st.floats(0, 1) | st.just(math.nan), max_size=12))
def test_holm_is_that_of_statsmodels(values: list[float]) -> None:
    found, p = holm(values), np.array(values, float)
    known = ~np.isnan(p)
    assert np.isnan(found[~known]).all()
    if known.any():
        np.testing.assert_allclose(found[known], multipletests(p[known], method="holm")[1], atol=1e-12)


def test_two_attributes_together() -> None:
    sample, columns = portfolio(8, 4000)
    sex = columns["SEX"].copy()
    sex[:50] = None
    values = {"SEX": {"development": sex}, "AGE": {"development": columns["AGE"]}}
    grouped = group_attributes(values, edges={"AGE": [30.0, 62.0]})
    both = intersect(grouped)
    assert both.groupings["SEX × AGE"].groups == (
        "f × < 30", "f × [30, 62)", "f × ≥ 62", "m × < 30", "m × [30, 62)", "m × ≥ 62", MISSING,
    )  # fmt: skip
    frame = intersection_table(
        {"development": sample}, both, CUT_OFF, jurisdictions={"SEX": ("eu",), "AGE": ("us", "eu")}
    )
    assert frame["rows"].sum() == 4000
    assert set(frame["jurisdiction"]) == {"eu; us"}
    inside = (sex == "f") & (columns["AGE"] < 30)
    row = frame.set_index("group").loc["f × < 30"]
    assert (row["rows"], row["approved"]) == (inside.sum(), (inside & (sample.score >= CUT_OFF)).sum())
    known = frame["p_value"].notna()
    expected = multipletests(frame.loc[known, "p_value"], method="holm")[1]
    np.testing.assert_allclose(frame.loc[known, "adjusted_p_value"], expected)
    assert ((frame["result"] == REVIEW) <= (frame["adjusted_p_value"] < 0.05)).all()
    undeclared = intersection_table({"development": sample}, both, None)
    assert set(undeclared["result"]) == {"not evaluable"}
    assert undeclared["bad_rate"].notna().any()


def test_age_of_62_and_over() -> None:
    sample, columns = portfolio(9, 4000)
    age = columns["AGE"].copy()
    age[:100] = np.nan
    frame = age_table(
        {"development": sample}, "AGE", {"development": age}, CUT_OFF, jurisdictions={"AGE": ("us_ecoa",)}
    )
    row = frame.iloc[0]
    assert (row["elderly_rows"], row["younger_rows"]) == ((age >= 62).sum(), (age < 62).sum())
    known = np.isfinite(age)
    expected = mean_difference_interval(sample.score[known], age[known] >= 62)
    assert (row["difference"], row["difference_upper"]) == (expected.value, expected.upper)
    assert row["result"] == "pass"
    worse = ScoredSample(sample.y, sample.score - 40 * (age >= 62), sample.probability, sample.risk)
    told = age_table({"development": worse}, "AGE", {"development": age}, CUT_OFF).iloc[0]
    assert told["verdict"] == "62 and over: score lower, approved less than four fifths"
    assert told["result"] == REVIEW
    without = age_table({"development": worse}, "AGE", {"development": age}, None).iloc[0]
    assert without["verdict"] == "62 and over: score lower"
    assert math.isnan(without["elderly_approval_rate"])
    few = age_table({"development": sample}, "AGE", {"development": np.full(4000, 40.0)}, CUT_OFF).iloc[0]
    assert few["result"] == "not evaluable"


def test_jurisdictions() -> None:
    assert jurisdictions_of(["A", "B"]) == {"A": ("undeclared",), "B": ("undeclared",)}
    known = jurisdictions_of({"us_ecoa": ["A"], "eu": ["B", "A"], "kanton_zug": ["B"]})
    assert known == {"B": ("eu", "kanton_zug"), "A": ("eu", "us_ecoa")}
    assert joined(known, "A × B") == "eu; us_ecoa; kanton_zug"
    frame = jurisdiction_table(known, "A").set_index(["jurisdiction", "measure"])
    assert "no effects test since 21 July 2026" in frame.loc[("us_ecoa", "adverse_impact"), "purpose"]
    assert frame.loc[("us_ecoa", "age"), "citation"] == "15 USC 1691(b); 12 CFR 1002.6(b)(2)"
    assert ("kanton_zug", "age") not in frame.index
    assert "holds no standard" in frame.loc[("kanton_zug", "proxies"), "purpose"]


def test_rows_bear_their_jurisdictions() -> None:
    sample, columns = portfolio(10)
    values = {"SEX": {"development": columns["SEX"]}}
    known = {"SEX": ("eu", "us_ecoa")}
    for frame in (
        fairness_group_table({"development": sample}, values, jurisdictions=known),
        adverse_impact_table({"development": sample}, values, CUT_OFF, jurisdictions=known),
    ):
        assert set(frame["jurisdiction"]) == {"eu; us_ecoa"}
    plain = fairness_group_table({"development": sample}, values)
    assert set(plain["jurisdiction"]) == {"undeclared"}


def test_a_difference_of_rates_has_the_sign_of_its_bounds() -> None:
    inside = np.ones(50, bool)
    one, other = (rate_of(np.arange(50) < k, inside, None, 0.95) for k in (0, 50))
    value, lower, upper = rate_difference(one, other)
    assert (value, lower) == (-1.0, -1.0)
    assert -1.0 < upper < -0.8
    assert rate_of(inside, ~inside, None, 0.95).rows == 0
    assert isinstance(one, Rate)
