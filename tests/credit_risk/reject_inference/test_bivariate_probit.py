"""Bivariate probit: against another maximiser and likelihood, differences, the simulated truth; what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal, norm

from credit_risk._core.errors import CreditRiskError, ModelError
from credit_risk.evaluation import auc
from credit_risk.reject_inference import Decided
from credit_risk.reject_inference.bivariate_probit import (
    bivariate_probit_rows,
    fit_bivariate_probit,
    probability_given_rejection,
)
from credit_risk.reject_inference.correlation_profile import BORDER, FLAT, GRID, TWO_MODES, _warnings
from credit_risk.reject_inference.probit_likelihood import (
    by_fisher_z,
    joint_likelihood,
    maximise_at,
    probit_data,
)
from credit_risk.reject_inference.probit_tables import (
    PROBIT_COLUMNS,
    PROFILE_COLUMNS,
    TEST_COLUMNS,
    correlation_profile_table,
    probit_table,
    probit_test_table,
)
from tests.credit_risk.reject_inference.probit_worlds import TRUE_BETA, TRUE_GAMMA, world


@pytest.fixture(scope="module")
def fitted():
    of = world(0)
    return of, fit_bivariate_probit(of.decided, of.z, of.x, instrument="officer")


def data_of(of):
    ones = np.ones((len(of.x), 1))
    z, x = np.hstack([ones, of.z.to_numpy()]), np.hstack([ones, of.x.to_numpy()])
    return probit_data(z, x, of.decided.y, of.decided.accepted, of.decided.weights)


def test_likelihood_against_scipy_row_by_row():
    of = world(3, n=60)
    y = of.decided.y.copy()
    y[np.flatnonzero(of.decided.known)[:5]] = np.nan  # accepted, not taken up
    w = np.random.default_rng(1).uniform(0.5, 2, 60)
    of = replace(of, decided=Decided(y, of.decided.accepted, w))
    data, coef, rho = data_of(of), np.concatenate([TRUE_GAMMA, TRUE_BETA]), -0.4
    d, o = data.z @ TRUE_GAMMA, np.column_stack([np.ones(60), of.x]) @ TRUE_BETA
    total = 0.0
    for i in range(60):
        if np.isfinite(y[i]):
            q = 2 * y[i] - 1
            cov = [[1, q * rho], [q * rho, 1]]
            total += w[i] * np.log(multivariate_normal.cdf([d[i], q * o[i]], cov=cov, abseps=1e-12, releps=1e-12))
        else:
            total += w[i] * norm.logcdf(d[i] if of.decided.accepted[i] else -d[i])
    assert joint_likelihood(data, coef, rho).value == pytest.approx(total, abs=1e-8)


def test_gradient_and_hessian_are_those_of_differences():
    of = world(4, n=400)
    data = data_of(of)
    random = np.random.default_rng(2)
    for rho in (-0.7, 0.0, 0.5):
        theta = np.append(np.concatenate([TRUE_GAMMA, TRUE_BETA]) + random.normal(0, 0.1, 11), np.arctanh(rho))

        def at(point, data=data):
            return by_fisher_z(joint_likelihood(data, point[:-1], np.tanh(point[-1]), rows=True), np.tanh(point[-1]))

        told = at(theta)
        steps = 1e-5 * np.eye(len(theta))
        slope = [(at(theta + s).value - at(theta - s).value) / 2e-5 for s in steps]
        curve = [(at(theta + s).gradient - at(theta - s).gradient) / 2e-5 for s in steps]
        assert told.gradient == pytest.approx(np.array(slope), rel=1e-6, abs=1e-5)
        assert told.hessian == pytest.approx(np.array(curve), rel=1e-6, abs=1e-4)
        assert told.scores.sum(axis=0) == pytest.approx(told.gradient, abs=1e-9)


def test_another_maximiser_finds_the_same_maximum(fitted):
    of, fit = fitted
    data = data_of(of)

    def minus(theta):
        return -joint_likelihood(data, theta[:-1], np.tanh(theta[-1])).value / len(of.x)

    start = np.concatenate([fit.gamma * 0.9, fit.beta * 1.1, [0.0]])
    found = minimize(minus, start, method="BFGS", options={"gtol": 1e-5, "maxiter": 200})
    assert -found.fun * len(of.x) == pytest.approx(fit.log_likelihood, abs=1e-2)
    assert -found.fun * len(of.x) <= fit.log_likelihood + 1e-8
    assert np.tanh(found.x[-1]) == pytest.approx(fit.rho, abs=0.01)
    at = joint_likelihood(data, np.concatenate([fit.gamma, fit.beta]), fit.rho)
    assert at.value == pytest.approx(fit.log_likelihood, abs=1e-8)
    assert np.abs(at.gradient).max() < 1e-3


@pytest.mark.parametrize("case", ["plain", "weighted"])
def test_against_r(case):
    """tests/reference/bivariate_probit: R's optim on a likelihood by R's integrate."""
    folder = Path(__file__).parents[2] / "reference" / "bivariate_probit"
    rows = pd.read_csv(folder / "rows.csv")
    told = pd.read_csv(folder / "expected.csv")
    told = told[told["case"] == case].set_index("term")
    decided = Decided(rows["bad"], rows["accepted"], rows["w"] if case == "weighted" else None)
    assert decided.accepted.sum() > decided.known.sum()  # accepted without an outcome are among them
    fit = fit_bivariate_probit(decided, rows[["x1", "lean"]], rows[["x1", "x2"]], instrument="lean")
    ours = np.concatenate([fit.gamma, fit.beta, [np.arctanh(fit.rho)]])
    assert fit.log_likelihood == pytest.approx(told["value"]["log_likelihood"], abs=1e-6)
    assert fit.log_likelihood >= told["value"]["log_likelihood"] - 1e-8
    assert ours == pytest.approx(told["value"][:7].to_numpy(), abs=2e-4)
    assert fit.standard_error == pytest.approx(told["standard_error"][:7].to_numpy(), rel=2e-3)
    profile = dict(zip(fit.profile.rho.tolist(), fit.profile.log_likelihood.tolist(), strict=True))
    for rho in (-0.9, 0.0, 0.5):
        assert profile[rho] == pytest.approx(told["value"][f"profile.{rho:g}"], abs=1e-6)


def test_covariance_is_that_of_the_columns_as_they_were(fitted):
    """By the numerical derivative of the gradient on columns that were not standardised, and of other units."""
    of, fit = fitted
    data = data_of(of)
    theta = np.concatenate([fit.gamma, fit.beta, [np.arctanh(fit.rho)]])

    def gradient(point):
        rho = np.tanh(point[-1])
        return by_fisher_z(joint_likelihood(data, point[:-1], rho), rho).gradient

    steps = 1e-5 * np.eye(len(theta))
    hessian = np.array([(gradient(theta + s) - gradient(theta - s)) / 2e-5 for s in steps])
    assert fit.covariance == pytest.approx(np.linalg.inv(-hessian), rel=1e-4, abs=1e-9)
    units = fit_bivariate_probit(of.decided, of.z, of.x.assign(a=of.x["a"] * 1000 + 5), instrument="officer")
    assert units.beta[1] == pytest.approx(fit.beta[1] / 1000, rel=1e-7)
    assert units.beta[0] == pytest.approx(fit.beta[0] - 5 * fit.beta[1] / 1000, rel=1e-7)
    assert units.standard_error[7] == pytest.approx(fit.standard_error[7] / 1000, rel=1e-6)
    assert units.rho == pytest.approx(fit.rho, abs=1e-8)


def test_profile_is_a_likelihood_ratio_interval(fitted):
    of, fit = fitted
    assert fit.rho_lower < fit.rho < fit.rho_upper
    assert fit.warnings == ()
    data, start = data_of(of), np.concatenate([fit.gamma, fit.beta])
    for bound in (fit.rho_lower, fit.rho_upper):
        _, found, converged = maximise_at(data, bound, start)
        assert converged
        assert 2 * (fit.log_likelihood - found.value) == pytest.approx(3.841459, abs=1e-4)
    frame = correlation_profile_table(fit)
    assert tuple(frame.columns) == PROFILE_COLUMNS
    assert frame["rho"].is_monotonic_increasing
    assert frame.loc[frame["maximum"], "relative"].tolist() == [0.0]
    assert (frame["relative"] <= 0).all()
    between = (frame["rho"] >= fit.rho_lower) & (frame["rho"] <= fit.rho_upper)
    assert frame["inside"].tolist() == between.tolist()


def test_simulated_truth_is_recovered(fitted):
    of, fit = fitted
    errors = fit.standard_error
    assert np.abs((fit.gamma - TRUE_GAMMA) / errors[:6]).max() < 3.5
    assert np.abs((fit.beta - TRUE_BETA) / errors[6:-1]).max() < 3.5
    rejected = of.decided.rejected
    p = fit.probability_if_rejected(of.z, of.x)
    assert p[rejected].mean() == pytest.approx(of.bad[rejected].mean(), abs=0.05)
    # told apart from the model of known outcomes, which has half of it
    assert fit.probability_if_accepted(of.z, of.x)[rejected].mean() < 0.75 * of.bad[rejected].mean()
    both = p * (1 - fit.acceptance(of.z)) + fit.probability_if_accepted(of.z, of.x) * fit.acceptance(of.z)
    assert both == pytest.approx(fit.probability(of.x), abs=1e-10)


def test_the_short_way_finds_the_same_maximum(fitted):
    of, fit = fitted
    quick = probability_given_rejection(of.decided, of.z, of.x)
    assert quick == pytest.approx(fit.probability_if_rejected(of.z, of.x), abs=1e-6)


def covered(seeds):
    hits = 0
    for seed in seeds:
        of = world(seed, n=4000)
        fit = fit_bivariate_probit(of.decided, of.z, of.x, instrument="officer")
        hits += abs(fit.rho + 0.6) <= 2 * fit.rho_standard_error
    return hits


def test_simulated_correlation_is_within_two_standard_errors():
    assert covered(range(8)) >= 6


@pytest.mark.slow
def test_simulated_correlation_is_within_two_standard_errors_in_ninety_of_a_hundred():
    assert covered(range(100)) >= 90


def test_a_misspecified_index_without_an_instrument_ends_in_catastrophe():
    """METHODS.md section 1: ρ̂ = .90 where ρ = 0, AUC .67; the warning of the module's documentation."""
    found = []
    for seed in range(3):
        of = world(seed, rho=0.0, instrument=False, square=True)
        fit = fit_bivariate_probit(of.decided, of.z, of.x, instrument=None, identified_by_form_alone=True)
        door = world(seed + 1000, rho=0.0, instrument=False, square=True, n=20_000)
        found.append((fit.rho, auc(door.bad, fit.probability(door.x))))
        assert "no_instrument" in fit.warnings
        assert fit.rho_lower > 0.5  # sure of what is false
    rho, area = np.mean(found, axis=0)
    assert rho == pytest.approx(0.90, abs=0.12)
    assert area == pytest.approx(0.67, abs=0.04)


def test_a_misspecified_index_is_found_where_there_is_an_instrument():
    of = world(1, rho=0.0, square=True)
    fit = fit_bivariate_probit(of.decided, of.z, of.x, instrument="officer")
    assert "form_doubtful" in fit.warnings
    assert any("squares of the indices" in note for note in bivariate_probit_rows(of.decided, fit, of.z, of.x).notes)
    right = of.x.assign(a2=of.x["a"] ** 2)
    assert "form_doubtful" not in fit_bivariate_probit(of.decided, of.z, right, instrument="officer").warnings


def test_rows_are_each_reject_as_bad_and_as_good(fitted):
    of, fit = fitted
    rows = bivariate_probit_rows(of.decided, fit, of.z, of.x)
    rejected = int(of.decided.rejected.sum())
    assert rows.method == "bivariate_probit"
    assert len(rows) == int(of.decided.known.sum()) + 2 * rejected
    bad = rows.inferred & (rows.y == 1)
    assert rows.weight[bad] == pytest.approx(fit.probability_if_rejected(of.z, of.x)[rows.place[bad]])
    assert rows.weight[rows.inferred].sum() == pytest.approx(rejected)
    assert not of.decided.accepted[rows.place[rows.inferred]].any()


def test_weights_count_as_frequencies_and_clusters_widen():
    random = np.random.default_rng(5)
    n = 1500
    of = world(7, n=n)
    times = random.integers(1, 4, n)
    weighted = fit_bivariate_probit(
        Decided(of.decided.y, of.decided.accepted, times), of.z, of.x, instrument="officer", covariance="nonrobust"
    )
    place = np.repeat(np.arange(n), times)
    repeated = Decided(of.decided.y[place], of.decided.accepted[place], clusters=place)
    again = fit_bivariate_probit(
        repeated, of.z.iloc[place], of.x.iloc[place], instrument="officer", covariance="nonrobust"
    )
    assert weighted.log_likelihood == pytest.approx(again.log_likelihood, abs=1e-6)
    assert weighted.rho == pytest.approx(again.rho, abs=1e-6)
    assert weighted.covariance == pytest.approx(again.covariance, rel=1e-5, abs=1e-10)
    clustered = fit_bivariate_probit(repeated, of.z.iloc[place], of.x.iloc[place], instrument="officer")
    assert clustered.dependence.kind == "cluster"
    assert clustered.rho == again.rho
    assert clustered.rho_standard_error > 1.2 * again.rho_standard_error
    assert clustered.profile.threshold > 1.4 * again.profile.threshold
    assert clustered.rho_upper - clustered.rho_lower > again.rho_upper - again.rho_lower


def test_frames(fitted):
    _, fit = fitted
    frame = probit_table(fit)
    assert tuple(frame.columns) == PROBIT_COLUMNS
    assert frame["term"].tolist() == [*fit.decision_terms, *fit.outcome_terms, "rho"]
    last = frame.iloc[-1]
    assert (last["estimate"], last["lower"], last["upper"]) == (fit.rho, fit.rho_lower, fit.rho_upper)
    tests = probit_test_table(fit)
    assert tuple(tests.columns) == TEST_COLUMNS
    assert tests["test"].tolist() == ["instrument", "instrument_likelihood_ratio", "independence", "form"]
    wald, ratio = tests["statistic"][:2]
    assert ratio == pytest.approx(wald, rel=0.5)
    assert tests["strength"][0] == wald


def test_a_second_maximum_is_told():
    rho = np.array(GRID)
    hill = -((rho - 0.6) ** 2) * 5
    assert _warnings(rho, hill, 0.6, 0.4) == ((), None)
    two = np.maximum(hill, -0.3 - (rho + 0.5) ** 2 * 20)
    assert _warnings(rho, two, 0.6, 0.4) == ((TWO_MODES,), -0.5)
    rising = np.where(rho < -0.5, two.min() - 0.5 - rho, hill)  # rises again to the other end
    assert _warnings(rho, rising, 0.6, 1.2) == ((FLAT, TWO_MODES), -0.99)


def test_a_flat_profile_and_the_border_are_told():
    flat = world(0, n=1500, rho=0.0, instrument=False)
    fit = fit_bivariate_probit(flat.decided, flat.z, flat.x, instrument=None, identified_by_form_alone=True)
    assert "flat" in fit.warnings
    random = np.random.default_rng(1)
    n = 3000
    v, moved, u = random.normal(size=(3, n))
    accepted = 0.3 + 0.5 * v + moved + u > 0
    bad = (-0.3 + 0.5 * v - u > 0).astype(float)  # the same error decides both: correlation -1
    decided = Decided(np.where(accepted, bad, np.nan), accepted)
    z, x = pd.DataFrame({"v": v, "officer": moved}), pd.DataFrame({"v": v})
    border = fit_bivariate_probit(decided, z, x, instrument="officer")
    assert BORDER in border.warnings
    assert border.rho_lower == -1.0
    assert np.isnan(border.rho_standard_error)
    assert np.isfinite(border.standard_error[:-1]).all()
    with pytest.raises(ModelError, match="at its border"):
        bivariate_probit_rows(decided, border, z, x)


def codes(error):
    return {fault.code for fault in error.value.faults}


def test_an_instrument_is_demanded_and_must_move_the_decision():
    of = world(2, n=1000)
    with pytest.raises(ModelError) as told:
        fit_bivariate_probit(of.decided, of.x, of.x, instrument=None)
    assert codes(told) == {"no_instrument"}
    noise = of.x.assign(officer=np.random.default_rng(8).normal(size=1000))
    with pytest.raises(ModelError, match="predicts nothing") as told:
        fit_bivariate_probit(of.decided, noise, of.x, instrument="officer")
    assert codes(told) == {"instrument_predicts_nothing"}
    with pytest.raises(ModelError) as told:
        fit_bivariate_probit(of.decided, of.z.assign(officer=1.0), of.x, instrument="officer")
    assert codes(told) == {"constant_term"}


def test_bad_input_is_told_at_once():
    of = world(2, n=600)
    z = of.z.assign(text="t", d=np.nan)
    x = of.x.assign(officer=of.z["officer"], b=3.0)
    with pytest.raises(ModelError) as told:
        fit_bivariate_probit(of.decided, z, x, instrument=["officer", "branch"])
    assert codes(told) == {"type", "missing", "constant_term", "column_absent", "instrument_in_outcome"}
    with pytest.raises(ModelError) as told:
        fit_bivariate_probit(of.decided, of.z.assign(e=of.z["a"] + of.z["b"]), of.x, instrument="officer")
    assert codes(told) == {"collinear"}
    with pytest.raises(ModelError) as told:
        fit_bivariate_probit(of.decided, of.z.iloc[:-1], of.x, instrument="officer")
    assert codes(told) == {"length"}
    with pytest.raises(CreditRiskError):
        fit_bivariate_probit(of.decided, of.z, of.x, instrument="officer", confidence=1.0)


def test_perfect_prediction_of_decision_and_outcome_is_refused():
    of = world(2, n=600)
    sure = of.decided.accepted.astype(float)
    z = of.z.assign(rule=sure)
    x = of.x.assign(after=np.where(of.decided.known, np.nan_to_num(of.decided.y), 0.5))
    with pytest.raises(ModelError) as told:
        fit_bivariate_probit(of.decided, z, x, instrument="officer")
    assert codes(told) == {"separated"}
    assert {fault.path for fault in told.value.faults} == {"decision", "outcome"}
    assert any("rule" in fault.message for fault in told.value.faults)
