"""External rates: recovered through-the-door probabilities, standard errors, goodness of the line, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import IdentityMap, LogisticMap, calibrate_to_external, fit_map
from credit_risk.datasets import Portfolio, outcome_drivers, simulate_portfolio
from credit_risk.evaluation import auc
from credit_risk.scoring import compile_model
from tests.credit_risk.calibration.test_maps import model_of

EDGES = np.array([540.0, 580.0, 610.0, 630.0, 650.0, 670.0, 695.0, 720.0, 755.0])


def bureau_band(portfolio: Portfolio) -> pd.Series:
    """Band of the bureau score of every applicant; `no score` where the bureau has none, or it is lost."""
    score = portfolio.applications["bureau_score"].to_numpy(dtype=float)
    place = np.searchsorted(EDGES, score, side="right")
    return pd.Series(np.where(score > 0.0, [f"band {k}" for k in place], "no score"), dtype=object)


def published_rates(truth: pd.DataFrame, band: pd.Series) -> pd.DataFrame:
    """What a bureau publishes of the applicants of others: the rates to a tenth of a percent, of very many."""
    groups = truth.groupby(band)["true_pd"]
    table = pd.DataFrame({"rate": groups.mean().round(3), "count": groups.size() * 50})
    return table.rename_axis("band").reset_index()


@pytest.mark.parametrize("selection", ["mar", "mnar"])
def test_accepts_and_bureau_rates_recover_the_through_the_door_probability(selection: str) -> None:
    """Within 5 % in every band, from accepted loans whose bad rate is up to 70 % too low in a band (mnar).

    Half of the applicants are those of others, of whom nothing but the rates is used.
    """
    portfolio = simulate_portfolio(applicants=120_000, months=24, seed=11, selection=selection)  # type: ignore[arg-type]
    own = portfolio.applications["applicant_id"].rank(method="dense").to_numpy() % 2 == 0
    band = bureau_band(portfolio)
    rates = published_rates(portfolio.truth[~own], band[~own])
    booked = portfolio.booked_accounts()["application_id"]
    accepted = portfolio.applications["application_id"].isin(booked).to_numpy()[own]
    true, y = (portfolio.truth.loc[own, name].to_numpy(dtype=float) for name in ("true_pd", "bad"))
    band = band[own].to_numpy()
    drivers = sm.add_constant(outcome_drivers(portfolio.applications)[own].to_numpy(dtype=float))
    model = sm.Logit(y[accepted], drivers[accepted]).fit(disp=0)
    score = drivers @ model.params
    of_accepts = fit_map("beta", score[accepted], y[accepted]).map

    fit = calibrate_to_external(score, band, rates, first=of_accepts)
    recovered = fit.probability(score, band)

    def off(probability: np.ndarray) -> np.ndarray:
        means = pd.DataFrame({"p": probability, "true": true}).groupby(band).mean()
        return (means["p"] / means["true"] - 1.0).to_numpy()

    assert np.abs(off(recovered)).max() < 0.05
    assert np.average(recovered) == pytest.approx(true.mean(), rel=0.02)
    if selection == "mnar":
        assert np.abs(off(of_accepts.probability(score))).min() > 0.35
        # By the score itself, which the rates do not identify: far nearer than before, but not within 5 %.
        tenth = pd.qcut(score, 10, labels=False)
        by_score = (
            pd.DataFrame({"p": recovered, "was": of_accepts.probability(score), "true": true}).groupby(tenth).mean()
        )
        assert np.abs(by_score["p"] / by_score["true"] - 1.0).max() < 0.35
        assert np.abs(by_score["was"] / by_score["true"] - 1.0).min() > 0.4
        assert np.abs(by_score["p"] / by_score["true"] - 1.0).iloc[3:].max() < 0.1
    assert auc(y, recovered) >= auc(y, expit(score)) - 0.002


def grouped(seed: int = 1) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """One score a band, so that the line is a logistic regression of grouped counts."""
    random = np.random.default_rng(seed)
    levels = np.array([-4.0, -3.0, -2.2, -1.0, 0.0])
    count = np.array([4000, 3000, 2000, 900, 400])
    bads = random.binomial(count, expit(0.8 * levels - 0.5))
    band = np.repeat(np.arange(5), 7)
    rates = pd.DataFrame({"band": np.arange(5), "rate": bads / count, "count": count})
    return levels[band], band, rates


@pytest.mark.parametrize("form", ["linear", "shift"])
def test_with_one_score_a_band_it_is_grouped_logistic_regression(form: str) -> None:
    s, band, rates = grouped()
    fit = calibrate_to_external(s, band, rates, form=form)  # type: ignore[arg-type]
    levels = np.unique(s)
    bads = (rates["rate"] * rates["count"]).to_numpy()
    response = np.column_stack([bads, rates["count"] - bads])
    design = np.column_stack([levels, np.ones(5)]) if form == "linear" else np.ones((5, 1))
    offset = None if form == "linear" else levels
    theirs = sm.GLM(response, design, family=sm.families.Binomial(), offset=offset).fit(tol=1e-13)
    np.testing.assert_allclose(fit.parameters["estimate"], theirs.params, rtol=1e-8)
    np.testing.assert_allclose(fit.parameters["standard_error"], theirs.bse, rtol=1e-6)
    assert fit.statistic == pytest.approx(theirs.pearson_chi2, rel=1e-8)
    assert fit.degrees_of_freedom == theirs.df_resid


def test_intercepts_give_each_band_its_rate() -> None:
    random = np.random.default_rng(2)
    s, band = random.normal(-2.0, 1.0, 900), random.integers(0, 3, 900)
    w = random.uniform(0.5, 2.0, 900)
    rates = pd.DataFrame({"band": [2, 0, 1], "rate": [0.2, 0.05, 0.1], "count": [5000, 800, 2000]})
    fit = calibrate_to_external(s, band, rates, w)
    q = fit.probability(s, band)
    for k, rate in zip(rates["band"], rates["rate"], strict=True):
        assert np.average(q[band == k], weights=w[band == k]) == pytest.approx(rate, rel=1e-12)
    assert fit.bands["band"].tolist() == [2, 0, 1]
    assert fit.bands["difference"].abs().max() < 1e-12
    assert np.isnan(fit.p_value)
    assert fit.mean_after == pytest.approx(np.average(q, weights=w))
    assert list(fit.parameters["parameter"]) == ["shift(2)", "shift(0)", "shift(1)"]


def test_standard_errors_are_those_of_repeated_worlds() -> None:
    """Rates are drawn from their counts, applicants from their population: 150 worlds."""
    random = np.random.default_rng(3)
    centres, count = np.array([-3.0, -2.0, -1.0]), np.array([3000, 2000, 1500])
    grid = random.normal(size=200_000)
    truth = np.array([expit(0.8 * (c + grid) - 0.2).mean() for c in centres])
    band = np.repeat(np.arange(3), 150)
    found: dict[str, list[np.ndarray]] = {"linear": [], "intercepts": []}
    told: dict[str, list[np.ndarray]] = {"linear": [], "intercepts": []}
    p_values = []
    for _ in range(150):
        s = centres[band] + random.normal(size=len(band))
        rates = pd.DataFrame({"band": np.arange(3), "rate": random.binomial(count, truth) / count, "count": count})
        for form in found:
            fit = calibrate_to_external(s, band, rates, form=form)  # type: ignore[arg-type]
            found[form].append(fit.parameters["estimate"].to_numpy())
            told[form].append(fit.parameters["standard_error"].to_numpy())
            if form == "linear":
                p_values.append(fit.p_value)
    for form, values in found.items():
        np.testing.assert_allclose(np.mean(told[form], axis=0), np.std(values, axis=0), rtol=0.2)
    np.testing.assert_allclose(np.mean(found["linear"], axis=0), [0.8, -0.2], atol=0.03)
    assert 0.01 < np.mean(np.array(p_values) < 0.05) < 0.12


def test_a_line_that_does_not_fit_the_bands_is_told_by_the_test() -> None:
    s, band, rates = grouped()
    rates.loc[2, "rate"] *= 1.5
    fit = calibrate_to_external(s, band, rates, form="linear")
    assert fit.p_value < 1e-6
    assert fit.bands["standardised_difference"].abs().idxmax() == 2


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.sampled_from(["linear", "shift", "intercepts"]))
def test_weights_are_repeated_applicants(seed: int, form: str) -> None:
    random = np.random.default_rng(seed)
    s, band = random.normal(-2.0, 1.5, 60) + np.arange(60) % 3, np.arange(60) % 3
    w = random.integers(1, 4, 60)
    rates = pd.DataFrame({"band": [0, 1, 2], "rate": [0.05, 0.1, 0.25], "share": [0.2, 0.5, 0.3]})
    one = calibrate_to_external(s, band, rates, w, form=form)  # type: ignore[arg-type]
    other = calibrate_to_external(np.repeat(s, w), np.repeat(band, w), rates, form=form)  # type: ignore[arg-type]
    np.testing.assert_allclose(one.parameters["estimate"], other.parameters["estimate"], rtol=1e-7)
    assert one.parameters["standard_error"].isna().all()
    assert "no standard errors, no test" in one.notes[0]


def test_a_band_without_applicants_is_told_and_left_out() -> None:
    s, band, rates = grouped()
    extra = pd.DataFrame({"band": [9], "rate": [0.5], "count": [10]})
    fit = calibrate_to_external(s, band, pd.concat([extra, rates]), form="linear")
    assert fit.notes == ("no applicants in band 9: not used",)
    pd.testing.assert_frame_equal(fit.parameters, calibrate_to_external(s, band, rates, form="linear").parameters)


def test_bad_rates_are_refused_together() -> None:
    s, band, rates = grouped()
    wrong = rates.assign(rate=[0.0, 1.5, 0.1, 0.1, 0.1], count=[0, 1, 1, 1, 1], band=[0, 1, 2, 2, 4])
    with pytest.raises(CalibrationError, match=r"3 faults(.|\n)*stands twice(.|\n)*0: 0.0, 1: 1.5(.|\n)*rates.count"):
        calibrate_to_external(s, band, wrong)
    with pytest.raises(CalibrationError, match=r"bands without a map or an external rate(.|\n)*4 \(7 rows\)"):
        calibrate_to_external(s, band, rates.iloc[:4])
    with pytest.raises(CalibrationError, match=r"columns are absent"):
        calibrate_to_external(s, band, rates[["band"]])
    with pytest.raises(CalibrationError, match=r"a line is fitted to the linear score itself"):
        calibrate_to_external(s, band, rates, form="linear", first=LogisticMap(1.0, 0.0))
    with pytest.raises(CalibrationError, match=r"unknown form"):
        calibrate_to_external(s, band, rates, form="spline")  # type: ignore[arg-type]
    with pytest.raises(CalibrationError, match=r"one band a row"):
        calibrate_to_external(s, band[:-1], rates)
    fit = calibrate_to_external(s, band, rates, first=IdentityMap())
    with pytest.raises(CalibrationError, match=r"or an external rate(.|\n)*7 \(1 rows\)"):
        fit.probability([0.0], [7])


def test_the_compiled_model_gives_the_same_doubles() -> None:
    s, band, rates = grouped()
    names = np.array(["a", "b", "c", "d", "e"])
    fit = calibrate_to_external(s, names[band], rates.assign(band=names), first=LogisticMap(0.7, -0.2))
    model = model_of(IdentityMap())
    model["inputs"].append({"name": "bureau", "type": "string", "specials": [], "description": ""})
    model["steps"] = [model["steps"][0], *fit.steps("linear_score", "bureau", "probability")]
    scored = compile_model(model).score(pd.DataFrame({"s": s, "bureau": names[band]}))["probability"]
    assert scored.tolist() == fit.probability(s, names[band]).tolist()


@pytest.mark.parametrize("form", ["linear", "shift"])
def test_rates_that_no_finite_map_reaches_are_refused(form: str) -> None:
    s, band, rates = grouped()
    with pytest.raises(CalibrationError, match=f"no finite {form} fits these rates"):
        calibrate_to_external(s, band, rates.assign(rate=0.0), form=form)  # type: ignore[arg-type]


def test_rates_that_fall_where_risk_rises_are_refused() -> None:
    s, band, rates = grouped()
    with pytest.raises(CalibrationError, match=r"break the order(.|\n)*slope -"):
        calibrate_to_external(s, band, rates.assign(rate=rates["rate"].to_numpy()[::-1]), form="linear")
