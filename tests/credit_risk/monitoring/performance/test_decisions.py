"""Decisions, objectives and profit: by hand counts, other libraries' intervals, and simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.performance.decisions import (
    DECISION_COLUMNS,
    DEVELOPMENT_RATE_COLUMNS,
    approved_of,
    decision_table,
)
from credit_risk.monitoring.performance.labels import labels_of_months
from credit_risk.monitoring.performance.objectives import OBJECTIVE_COLUMNS, Objective, objective_table
from credit_risk.monitoring.performance.profit import PROFIT_COLUMNS, Amounts, profit_table
from tests.credit_risk.monitoring.performance.vintage_rows import WINDOW, vintages


def test_override_rates_are_of_those_the_score_put_on_their_side() -> None:
    said = np.array([1] * 6 + [0] * 4 + [-1] * 2)
    done = np.array([1, 1, 1, 1, 0, -1, 0, 0, 0, 1, 1, 0])
    frame = decision_table(done, said, least_rows=1).set_index("measure")
    assert frame.loc["approval_rate", ["rows", "events"]].tolist() == [11, 6]
    assert frame.loc["model_approval_rate", ["rows", "events"]].tolist() == [10, 6]
    assert frame.loc["high_side_override_rate", ["rows", "events"]].tolist() == [5, 1]
    assert frame.loc["low_side_override_rate", ["rows", "events"]].tolist() == [4, 1]
    assert frame.loc["override_rate", ["rows", "events"]].tolist() == [9, 2]


def test_rates_against_development_have_newcombes_interval() -> None:
    done = np.array([1] * 130 + [0] * 70)
    base = pd.DataFrame([("all", "approval_rate", 1000.0, 0.7)], columns=DEVELOPMENT_RATE_COLUMNS)
    frame = decision_table(done, development=base)
    assert list(frame.columns) == DECISION_COLUMNS
    row = frame.iloc[0]
    lower, upper = proportion_confint(130, 200, method="wilson")
    assert (row["lower"], row["upper"]) == pytest.approx((lower, upper))
    lower, upper = confint_proportions_2indep(130, 200, 700, 1000, method="newcomb", compare="diff")
    assert (row["difference_lower"], row["difference_upper"]) == pytest.approx((lower, upper))
    assert row["p_value"] == pytest.approx(stats.chi2_contingency([[130, 70], [700, 300]], correction=False).pvalue)
    known = base.assign(rows=np.nan)
    z = (0.65 - 0.7) / np.sqrt(0.7 * 0.3 / 200)
    assert decision_table(done, development=known)["p_value"][0] == pytest.approx(2 * stats.norm.sf(abs(z)))


def test_periods_and_small_groups() -> None:
    done = np.array([1, 0] * 150)
    period = np.array(["2025-01"] * 260 + ["2025-02"] * 40, dtype=object)
    frame = decision_table(done, None, period).set_index("period")
    assert frame.loc["2025-02", "status"] == "not evaluable"
    assert frame.loc["2025-02", "reason"] == "40 rows, fewer than 100"
    assert frame.loc["2025-01", "status"] == "evaluable"
    assert np.isnan(frame.loc["all", "difference"])


def test_words_of_the_bank_are_told_apart() -> None:
    found = approved_of(["ok", "no", "withdrawn", None, "OK"], {"ok"}, {"no"})
    assert found.approved.tolist() == [1, 0, -1, -1, -1]
    assert found.words == {"OK": 1, "missing": 1, "withdrawn": 1}
    with pytest.raises(CreditRiskError, match="both approved and declined"):
        approved_of([], {"a"}, {"a"})
    with pytest.raises(CreditRiskError, match="not a decision"):
        decision_table([1.0, 2.0])


def test_objectives_are_measured_and_judged() -> None:
    rng = np.random.default_rng(1)
    rows = 4000
    log = {
        "latency": rng.exponential(100.0, rows),
        "status": np.where(rng.random(rows) < 0.01, "error", "ok").astype(object),
        "cost": rng.gamma(2.0, 3.0, rows),
        "amount": rng.gamma(2.0, 300.0, rows),
    }
    log["latency"][:5] = np.nan
    aims = [
        Objective("volume", "operational", "rows", "at_least", 5000),
        Objective("slow", "operational", "quantile", "at_most", 400.0, ("latency",), level=0.95),
        Objective("errors", "operational", "share", "at_most", 0.001, ("status",), value="error"),
        Objective("review", "business", "mean", "at_most", 7.0, ("cost",)),
        Objective("total", "business", "sum", "at_least", 1.0, ("amount",)),
        Objective("cost income", "business", "ratio", "at_most", 0.02, ("cost", "amount")),
    ]
    frame = objective_table(aims, log, rows)
    assert list(frame.columns) == OBJECTIVE_COLUMNS
    found = frame.set_index("objective")
    assert found["verdict"].tolist() == ["missed", "met", "missed", "met", "met", "met"]
    assert found.loc["slow", "missing"] == 5
    assert found.loc["slow", "lower"] < 100 * np.log(20) < found.loc["slow", "upper"]
    assert found.loc["slow", "value"] == np.quantile(log["latency"][5:], 0.95, method="inverted_cdf")
    told = stats.bootstrap((log["cost"], log["amount"]), lambda a, b, axis=-1: a.sum(axis) / b.sum(axis), paired=True,
                           n_resamples=200, rng=np.random.default_rng(2)).confidence_interval  # fmt: skip
    assert found.loc["cost income", ["lower", "upper"]].tolist() == pytest.approx([told.low, told.high], rel=0.015)
    assert bool(found.loc["errors", "beyond_chance"])
    assert found.loc["total", "value"] == pytest.approx(log["amount"].sum())


def test_quantile_bounds_cover_whatever_the_distribution() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(400):
        aim = Objective("q", "operational", "quantile", "at_most", 9.0, ("x",), level=0.9)
        row = objective_table([aim], {"x": rng.pareto(1.5, 150)}, 150).iloc[0]
        inside += row["lower"] <= stats.lomax.ppf(0.9, 1.5) <= row["upper"]
    assert inside / 400 >= 0.92


def test_objectives_are_refused() -> None:
    with pytest.raises(CreditRiskError, match="2 faults"):
        Objective("q", "operational", "quantile", "at_most", float("nan"), ("x",), level=None)
    mean = Objective("m", "business", "mean", "at_most", 1.0, ("x",))
    with pytest.raises(CreditRiskError, match="no such column"):
        objective_table([mean], {}, 3)
    with pytest.raises(CreditRiskError, match="not numeric"):
        objective_table([mean], {"x": np.array(["a"] * 3)}, 3)
    nothing = objective_table([mean], {"x": np.full(3, np.nan)}, 3).iloc[0]
    assert (nothing["verdict"], nothing["rows"], nothing["missing"]) == ("not evaluable", 0, 3)


def test_profit_of_immature_accounts_is_that_which_comes() -> None:
    """What will be earned and lost lies within the interval; what is known so far does not tell it."""
    one = vintages(61)
    labels = labels_of_months(one.time, one.event, WINDOW)
    reviewed = np.arange(len(one.risk)) % 4 == 0
    frame = profit_table(labels, Amounts(100.0, 1500.0, 20.0, "EUR"), np.full(len(one.risk), 0.05), reviewed)
    assert list(frame.columns) == PROFIT_COLUMNS
    found = frame.set_index("measure")
    bads, rows = one.outcome.sum(), len(one.risk)
    comes = {"earned": 100.0 * (rows - bads), "lost": 1500.0 * bads, "review_cost": 20.0 * reviewed.sum()}
    for name in ("earned", "lost"):
        assert found.loc[name, "total_lower"] < comes[name] < found.loc[name, "total_upper"]
    profit = comes["earned"] - comes["lost"] - comes["review_cost"]
    assert found.loc["profit", "total_lower"] < profit < found.loc["profit", "total_upper"]
    assert found.loc["profit", "expected_total"] == pytest.approx(
        rows * (0.95 * 100 - 0.05 * 1500) - comes["review_cost"]
    )
    assert found.loc["lost", "total_lower"] > 1500.0 * one.event.sum()
    early = profit_table(labels.part(one.vintage == 5), Amounts(1.0, 1.0))
    assert (early["status"] == np.where(early["measure"] == "review_cost", "evaluable", "not evaluable")).all()
    with pytest.raises(CreditRiskError, match="below 0"):
        profit_table(labels, Amounts(-1.0, 1.0))


def test_an_amount_of_each_account_is_the_sum_where_everything_is_known() -> None:
    event = np.array([True, False, False, True])
    labels = labels_of_months(np.where(event, 2.0, 12.0), event, 12)
    found = profit_table(labels, Amounts([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0])).set_index("measure")
    assert found.loc["profit", "total"] == pytest.approx(2 + 3 - 10 - 40)
    assert found.loc["earned", "total"] == pytest.approx(5.0)


def test_rates_of_applicants_who_come_again_have_the_variance_of_clusters() -> None:
    """Against the sandwich variance of a regression on a constant; and as plain rates where nobody comes again."""
    rng = np.random.default_rng(4)
    names = rng.integers(0, 300, 1000)
    done = (rng.random(300)[names] < 0.6).astype(int)
    said = rng.integers(0, 2, 1000)
    frame = decision_table(done, said, applicants=names.astype(str), least_rows=1).set_index("measure")
    for measure, event, inside in (
        ("approval_rate", done == 1, np.ones(1000, bool)),
        ("low_side_override_rate", done == 1, said == 0),
    ):
        y, codes = event[inside].astype(float), names[inside]
        fit = sm.OLS(y, np.ones(len(y))).fit(cov_type="cluster", cov_kwds={"groups": codes})
        size = y.mean() * (1 - y.mean()) / fit.bse[0] ** 2
        lower, upper = proportion_confint(y.mean() * size, size, method="wilson")
        row = frame.loc[measure]
        assert row["rate"] == pytest.approx(y.mean())
        assert (row["lower"], row["upper"]) == pytest.approx((lower, upper), rel=2e-3)
        assert row["half_width"] > 1.3 * (proportion_confint(y.sum(), len(y), method="wilson")[1] - y.mean())
    plain = decision_table(done, said)
    for alone in (np.arange(1000).astype(str), np.full(1000, None, dtype=object)):
        pd.testing.assert_frame_equal(decision_table(done, said, applicants=alone), plain, rtol=1e-12)
    with pytest.raises(CreditRiskError, match="together"):
        decision_table(done, said, weights=np.linspace(1, 2, 1000), applicants=names)
