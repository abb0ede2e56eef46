"""The simulator keeps its word: outcomes, decisions and selection follow the equations of its docstring."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import minimize_scalar
from sklearn.metrics import roc_auc_score

from credit_risk.datasets import outcome_drivers, simulate_portfolio

REGIMES = [("mar", False), ("mar", True), ("mar_misspecified", False), ("mnar", True), ("mnar", False)]


def _logistic(bad, design, weights=None):
    return sm.GLM(bad, design, family=sm.families.Binomial(), var_weights=weights).fit()


def _accepted_pd(index, z, rho, nodes=64):
    """P(bad | accepted) = E[Φ((f + ρu)/√(1 − ρ²)) | u > −z], by Gauss-Legendre over the quantiles of u."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    quantile = (points + 1) / 2
    u = -stats.norm.ppf(stats.norm.cdf(np.asarray(z))[:, None] * quantile[None, :])
    return stats.norm.cdf((np.asarray(index)[:, None] + rho * u) / np.sqrt(1 - rho**2)) @ (weights / 2)


@pytest.mark.parametrize(("selection", "instrument"), REGIMES)
def test_outcomes_follow_the_true_pd(kit, selection, instrument):
    portfolio = kit.plain(selection=selection, instrument=instrument)
    truth = portfolio.truth
    assert kit.calibrated(truth["true_pd"].to_numpy(), truth["bad"].to_numpy(), 20) > 1e-3
    assert stats.binomtest(int(truth["bad"].sum()), len(truth), 0.2).pvalue > 1e-3
    np.testing.assert_allclose(truth["true_pd"], stats.norm.cdf(truth["outcome_index"]), rtol=1e-12)
    assert ((truth["outcome_index"] + truth["unobserved_outcome"] > 0) == (truth["bad"] == 1)).all()


@pytest.mark.parametrize(("selection", "instrument"), REGIMES)
@pytest.mark.parametrize("rate", [0.3, 0.55])
def test_decisions_follow_the_acceptance_probability(kit, selection, instrument, rate):
    portfolio = kit.plain(selection=selection, instrument=instrument, acceptance_rate=rate)
    decided = (portfolio.applications["decision"] != "none").to_numpy()
    accepted = (portfolio.applications["decision"] == "accepted").to_numpy()[decided]
    probability = portfolio.truth["acceptance_probability"].to_numpy()[decided]
    assert kit.calibrated(probability, accepted, 20) > 1e-3
    assert stats.binomtest(int(accepted.sum()), int(decided.sum()), rate).pvalue > 1e-3


def test_both_indices_are_linear_in_the_drivers_of_the_record(kit):
    portfolio = kit.plain(selection="mnar", instrument=True, disparity=0.5)
    drivers = outcome_drivers(portfolio.applications).assign(
        const=1.0,
        underwriter_leniency=portfolio.applications["underwriter_leniency"],
        female=(portfolio.applications["sex"] == "female").astype(float),
    )
    for equation, name in (("outcome", "outcome_index"), ("acceptance", "acceptance_index")):
        coefficients = kit.coefficients(portfolio, equation)
        used = [term for term in coefficients.index if term in drivers]
        np.testing.assert_allclose(drivers[used] @ coefficients[used], portfolio.truth[name], atol=1e-12)


def test_missing_at_random_refits_to_the_truth_on_any_side_of_the_decision(kit):
    portfolio = kit.plain(selection="mar", instrument=True)
    booked = kit.booked(portfolio)
    rejected = (portfolio.applications["decision"] == "rejected").to_numpy()
    assert kit.wald(portfolio, np.ones(len(booked), dtype=bool)) > 1e-3
    assert kit.wald(portfolio, booked) > 1e-3
    assert kit.wald(portfolio, rejected) > 1e-3


@pytest.mark.parametrize("selection", ["mar_misspecified", "mnar"])
def test_the_other_regimes_do_not(kit, selection):
    portfolio = kit.plain(selection=selection)
    assert kit.wald(portfolio, kit.booked(portfolio)) < 1e-12


def test_not_at_random_the_booked_follow_the_bivariate_normal(kit):
    for instrument in (True, False):
        portfolio = kit.plain(selection="mnar", instrument=instrument)
        booked, truth = kit.booked(portfolio), portfolio.truth
        expected = _accepted_pd(truth["outcome_index"][booked], truth["acceptance_index"][booked], -0.6)
        bad = truth["bad"].to_numpy()[booked]
        assert kit.calibrated(expected, bad, 20) > 1e-3
        assert kit.calibrated(truth["true_pd"].to_numpy()[booked], bad, 20) < 1e-12


def test_rho_is_what_it_says(kit):
    for rho in (-0.6, 0.35):
        portfolio = kit.plain(selection="mnar", instrument=True, rho=rho)
        truth, booked = portfolio.truth, kit.booked(portfolio)
        assert abs(np.corrcoef(truth["unobserved_decision"], truth["unobserved_outcome"])[0, 1] - rho) < 0.01
        index, z = truth["outcome_index"].to_numpy()[booked], truth["acceptance_index"].to_numpy()[booked]
        bad = truth["bad"].to_numpy()[booked] == 1

        def loss(value, index=index, z=z, bad=bad):
            probability = np.clip(_accepted_pd(index, z, value, 24), 1e-12, 1 - 1e-12)
            return -np.log(np.where(bad, probability, 1 - probability)).sum()

        found = minimize_scalar(loss, bounds=(-0.95, 0.95), method="bounded", options={"xatol": 1e-3}).x
        assert abs(found - rho) < 0.04


# METHODS section 1, Monte Carlo: mean PD of the model on the booked over the actual bad rate, through the door.
@pytest.mark.parametrize(
    ("selection", "instrument", "published", "tolerance"),
    [("mar", False, 1.02, 0.02), ("mar_misspecified", False, 0.86, 0.04), ("mnar", True, 0.49, 0.06),
     ("mnar", False, 0.36, 0.06)],
)  # fmt: skip
def test_known_good_bad_model_is_biased_as_in_the_prototype(kit, selection, instrument, published, tolerance):
    portfolio = kit.plain(selection=selection, instrument=instrument)
    design, bad, booked = kit.design(portfolio), portfolio.truth["bad"], kit.booked(portfolio)
    known = _logistic(bad[booked], design[booked]).predict(design)
    oracle = _logistic(bad, design).predict(design)
    assert abs(known.mean() / bad.mean() - published) < tolerance
    assert oracle.mean() / bad.mean() == pytest.approx(1.0, abs=1e-6)
    assert abs(roc_auc_score(bad, oracle) - 0.806) < 0.015  # .803 to .809 in the prototype
    assert roc_auc_score(bad, known) <= roc_auc_score(bad, oracle) + 1e-4


def test_weighting_mends_misspecified_selection_at_random_and_harms_otherwise(kit):
    auc, ratio = {}, {}
    for selection in ("mar_misspecified", "mnar"):
        portfolio = kit.plain(selection=selection)
        design, bad, booked = kit.design(portfolio), portfolio.truth["bad"], kit.booked(portfolio)
        weights = 1 / np.maximum(portfolio.truth["acceptance_probability"][booked], 0.02)
        fits = {
            "known": _logistic(bad[booked], design[booked]),
            "weighted": _logistic(bad[booked], design[booked], weights),
            "oracle": _logistic(bad, design),
        }
        auc[selection] = {name: roc_auc_score(bad, fit.predict(design)) for name, fit in fits.items()}
        ratio[selection] = {name: fit.predict(design).mean() / bad.mean() for name, fit in fits.items()}
    gained = auc["mar_misspecified"]["weighted"] - auc["mar_misspecified"]["known"]
    assert gained > 2 / 3 * (auc["mar_misspecified"]["oracle"] - auc["mar_misspecified"]["known"])
    assert abs(ratio["mar_misspecified"]["weighted"] - 1) < 0.05
    assert auc["mnar"]["weighted"] < auc["mnar"]["known"]


def test_instrument_moves_acceptance_and_not_the_outcome(kit):
    portfolio = kit.plain(selection="mnar", instrument=True)
    leniency = portfolio.applications["underwriter_leniency"]
    accepted = (portfolio.applications["decision"] == "accepted").astype(float)
    assert np.corrcoef(leniency, accepted)[0, 1] > 0.2
    design = kit.design(portfolio).assign(leniency=leniency)
    assert abs(_logistic(portfolio.truth["bad"], design).tvalues["leniency"]) < 3.5
    assert _logistic(accepted, design).tvalues["leniency"] > 50
    assert abs(np.corrcoef(outcome_drivers(portfolio.applications).T, leniency)[-1, :-1]).max() < 4 / np.sqrt(100_000)


def test_without_instrument_there_is_no_such_column_and_the_applicants_are_the_same(kit):
    with_it, without = kit.plain(selection="mnar", instrument=True), kit.plain(selection="mnar", instrument=False)
    assert "underwriter_leniency" not in without.applications
    names = without.columns.query("table == 'applications' and role in ('characteristic', 'protected')")["column"]
    pd.testing.assert_frame_equal(with_it.applications[names], without.applications[names], check_exact=True)
    pd.testing.assert_series_equal(with_it.truth["bad"], without.truth["bad"])


def test_sex_matters_through_its_proxy_only(kit):
    for disparity in (0.0, 0.6):
        portfolio = kit.plain(disparity=disparity)
        female = (portfolio.applications["sex"] == "female").astype(float)
        design = kit.design(portfolio).assign(female=female)
        decided = (portfolio.applications["decision"] != "none").to_numpy()
        accepted = (portfolio.applications["decision"] == "accepted").astype(float)
        assert abs(_logistic(portfolio.truth["bad"], design).tvalues["female"]) < 3.5
        effect = _logistic(accepted[decided], design[decided]).tvalues["female"]
        assert (effect < -30) if disparity else (abs(effect) < 3.5)
    table = pd.crosstab(portfolio.applications["occupation"], female).to_numpy()
    assert np.sqrt(stats.chi2_contingency(table).statistic / table.sum()) > 0.3  # Cramér's V of the proxy
    age = portfolio.applications["age_band"].astype("category").cat.codes
    assert stats.spearmanr(portfolio.applications["oldest_trade_months"], age).statistic > 0.5


def test_hard_policy_leaves_no_overlap(kit):
    portfolio = kit.plain(hard_policy=True)
    breach = outcome_drivers(portfolio.applications)["policy_breach"] == 1
    assert breach.sum() > 500
    assert set(portfolio.applications.loc[breach, "decision"]) == {"rejected", "none"}
    assert (portfolio.truth.loc[breach, "acceptance_probability"] == 0).all()
    soft = kit.plain()
    assert (soft.applications.loc[breach, "decision"] == "accepted").sum() > 50


def test_statuses_say_what_was_recommended_and_done(kit):
    table = kit.plain(selection="mnar", instrument=True).applications
    assert set(table["status"]) == {
        "booked", "not_taken_up", "withdrawn", "rejected", "overridden_high", "overridden_low"
    }  # fmt: skip
    expected = pd.Series("none", index=table.index)
    expected[(table["system_decision"] == "accept") & (table["decision"] == "rejected")] = "high_side"
    expected[(table["system_decision"] == "decline") & (table["decision"] == "accepted")] = "low_side"
    assert (table["override"] == expected).all()
    assert (table.loc[table["status"] == "overridden_high", "override"] == "high_side").all()
    assert (table.loc[table["status"] == "overridden_low", "override"] == "low_side").all()
    decision = table["status"].map(
        {"booked": "accepted", "not_taken_up": "accepted", "overridden_low": "accepted", "withdrawn": "none",
         "rejected": "rejected", "overridden_high": "rejected"}
    )  # fmt: skip
    assert (decision == table["decision"]).all()
    breach = outcome_drivers(table)["policy_breach"] == 1
    by_score = np.select(
        [breach | (table["old_score"] < 576), table["old_score"] < 624], ["decline", "refer"], "accept"
    )
    assert (table["system_decision"] == by_score).all()
    assert 0.02 < (table["override"] != "none").mean() < 0.15
    assert stats.binomtest(int((table["status"] == "withdrawn").sum()), len(table), 0.04).pvalue > 1e-3


def test_cycle_moves_default_through_time():
    portfolio = simulate_portfolio(
        applicants=200_000, months=60, cycle_amplitude=0.4, history_months=0, repeat_share=0.0
    )
    month = portfolio.applications["application_date"]
    true_pd = portfolio.truth["true_pd"].groupby(month).mean()
    bad = portfolio.truth["bad"].groupby(month).agg(["sum", "size"])
    cycle = portfolio.macro.set_index("month")["cycle"]
    ahead = pd.Series({m: cycle[cycle.index > m].iloc[:12].mean() for m in true_pd.index})
    assert np.corrcoef(true_pd, ahead)[0, 1] > 0.98
    assert true_pd.max() / true_pd.min() > 1.5
    z = (bad["sum"] - true_pd * bad["size"]) / np.sqrt(bad["size"] * true_pd * (1 - true_pd))
    assert (z.abs() < 4).all()


def test_applications_of_one_person_share_characteristics_and_fate():
    portfolio = simulate_portfolio(applicants=100_000, repeat_share=0.2, history_months=0, cycle_amplitude=0.0)
    table = portfolio.applications
    origin = table["applicant_id"].to_numpy() - 1
    repeat = origin != np.arange(len(table))
    assert stats.binomtest(int(repeat.sum()), len(table), 0.16).pvalue > 1e-4
    drawn_anew = {"amount_requested", "term_months", "purpose", "channel"}
    names = portfolio.columns.query("table == 'applications' and role in ('characteristic', 'protected')")["column"]
    for name in set(names) - drawn_anew:
        pd.testing.assert_series_equal(
            table[name][repeat].reset_index(drop=True), table[name].iloc[origin[repeat]].reset_index(drop=True)
        )
    assert (table["amount_requested"].to_numpy()[repeat] != table["amount_requested"].to_numpy()[origin[repeat]]).any()
    for name in ("unobserved_decision", "unobserved_outcome"):
        value = portfolio.truth[name].to_numpy()
        pairs = np.corrcoef(value[repeat], value[origin[repeat]])[0, 1]
        assert abs(pairs - 0.5) < 4 * 0.75 / np.sqrt(repeat.sum())
        assert stats.kstest(value, "norm").statistic < 0.01
    gap = table["application_date"].to_numpy()[repeat] - table["application_date"].to_numpy()[origin[repeat]]
    assert gap.max() <= np.timedelta64(215, "D")
