"""Numerical derivatives against derivatives on paper; standard errors from them against those from formulas."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.reference.second_technology.models import CASES, simulated
from validation.measures.families import Family, log_density
from validation.rebuild.calibration_errors import numerical_errors
from validation.rebuild.calibration_maps import fit_own
from validation.rebuild.logistic import log_likelihood
from validation.rebuild.numerical import _slopes, gradient, jacobian, standard_errors

MODELS = simulated()
NAMES = [" ".join(case) for case in CASES]


def test_a_polynomial_of_degree_four_has_exact_derivatives() -> None:
    def function(at: np.ndarray) -> np.ndarray:
        x, z = at
        return np.array([x**4 - 2 * x * z, z**3 + x, 5.0])

    found = jacobian(function, np.array([0.7, -1.3]), np.array([0.1, 0.2]))
    truth = [[4 * 0.7**3 + 2.6, -1.4], [1.0, 3 * 1.69], [0.0, 0.0]]
    np.testing.assert_allclose(found, truth, rtol=0, atol=1e-12)


def test_the_error_is_of_the_fourth_order() -> None:
    def miss(width: float) -> float:
        found = jacobian(lambda at: np.exp(at), np.array([0.4]), np.array([width]))
        return abs(float(found[0, 0]) / np.exp(0.4) - 1)

    assert 12 < miss(0.4) / miss(0.2) < 20


def test_the_score_is_the_derivative_of_the_likelihood() -> None:
    model = MODELS[0]
    at = model.own_coefficient + 0.1
    found = gradient(
        lambda beta: log_likelihood(model.x, model.y, model.weight, beta, model.offset), at, np.full(4, 1e-2)
    )
    score = model.x.T @ _slopes(model, Family("fractional", "logit", float("nan")), at, model.y)
    np.testing.assert_allclose(found, score, rtol=1e-7)


def test_the_score_of_gamma_is_the_derivative_of_its_likelihood() -> None:
    model = MODELS[5]
    one, at = Family("gamma", "log", 2.0), model.own_coefficient - 0.05

    def likelihood(beta: np.ndarray) -> float:
        mu = one.mean(model.x @ beta + model.offset)
        return float(np.sum(log_density(one, model.y, mu, 1.0 / model.weight)))

    found = gradient(likelihood, at, np.full(4, 1e-2))
    np.testing.assert_allclose(found, model.x.T @ _slopes(model, one, at, model.y), rtol=1e-6)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_standard_errors_are_those_of_the_formulas(model: object) -> None:
    held = next(one for one in MODELS if one is model)
    np.testing.assert_allclose(standard_errors(held), held.own_error, rtol=1e-8)


def test_a_wrong_estimate_gives_other_errors() -> None:
    moved = replace(MODELS[0], own_coefficient=MODELS[0].own_coefficient + 0.2)
    assert np.max(np.abs(standard_errors(moved) / MODELS[0].own_error - 1)) > 1e-4


def test_columns_that_are_one_have_no_errors() -> None:
    twice = replace(MODELS[0], x=MODELS[0].x[:, [0, 1, 1, 2]])
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        standard_errors(twice)
    nothing = replace(MODELS[0], x=MODELS[0].x * [1, 0, 1, 1])
    with pytest.raises(np.linalg.LinAlgError, match="singular"):
        standard_errors(nothing)


@pytest.mark.parametrize("method", ["intercept_shift", "logistic", "beta"])
@pytest.mark.parametrize("slope", [0.7, 1.0])
def test_errors_of_calibration_maps_are_those_of_the_formulas(method: str, slope: float) -> None:
    rng = np.random.default_rng(int(slope * 10))
    score, weight = rng.normal(-1.5, 1.2, 800), rng.uniform(0.3, 2, 800)
    y = (rng.random(800) < 1 / (1 + np.exp(-slope * score - 0.3))).astype(float)
    own = fit_own(method, score, y, weight)
    held = frozenset(name for name, error in own.errors.items() if np.isnan(error))
    for robust, errors in ((False, own.errors), (True, own.robust_errors)):
        found = numerical_errors(own.estimates, held, score, y, weight, robust=robust)
        assert list(found) == list(errors)
        np.testing.assert_allclose(list(found.values()), list(errors.values()), rtol=1e-8)


def test_a_parameter_at_a_bound_has_no_error() -> None:
    rng = np.random.default_rng(4)
    score = rng.normal(size=200)
    y = (rng.random(200) < 1 / (1 + np.exp(-score))).astype(float)
    found = numerical_errors({"a": 0.0, "b": 0.9, "c": 0.1}, frozenset("a"), score, y, np.ones(200), robust=False)
    assert [name for name, error in found.items() if np.isnan(error)] == ["a"]
