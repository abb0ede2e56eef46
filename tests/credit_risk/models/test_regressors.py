"""GeneralizedLinearRegressor keeps scikit-learn's contract and predicts as the fits do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import GammaRegressor, TweedieRegressor
from sklearn.utils.estimator_checks import estimator_checks_generator

import credit_risk as cr
from credit_risk.models.regressors import GeneralizedLinearRegressor
from tests.credit_risk.models import glm_reference as r

# the regressor claims numpy and pandas only, and scikit-learn skips this check unless scipy is set up for it
NOT_CLAIMED = ("check_array_api_input",)
EXACT = "its outcome is a function of its two columns: nothing is left to estimate a dispersion from, which is refused"
EXPECTED_FAILURES = {
    "check_sample_weights_shape": EXACT,
    "check_sample_weights_not_overwritten": EXACT,
    "check_sample_weight_equivalence_on_dense_data": "more columns than rows, which no unpenalised model fits: refused",
}


def contract_checks() -> Iterator[Any]:
    for regressor in (GeneralizedLinearRegressor(), GeneralizedLinearRegressor("gamma")):
        for number, (estimator, check) in enumerate(estimator_checks_generator(regressor)):
            name = (check.func if isinstance(check, partial) else check).__name__
            if name not in NOT_CLAIMED:
                reason = EXPECTED_FAILURES.get(name)
                marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
                yield pytest.param(estimator, check, id=f"{regressor.family}-{number}-{name}", marks=marks)


@pytest.mark.parametrize(("estimator", "check"), list(contract_checks()))
def test_scikit_learn_contract(estimator: Any, check: Any) -> None:
    check(estimator)


def test_it_is_public() -> None:
    assert cr.GeneralizedLinearRegressor is GeneralizedLinearRegressor


def test_equals_scikit_learn() -> None:
    x, weights = r.matrix(), r.data()["weight"].to_numpy(float)
    for ours, theirs, outcome in (
        (GeneralizedLinearRegressor(variance_power=1.5), TweedieRegressor(power=1.5, link="log", alpha=0.0), "loss"),
        (GeneralizedLinearRegressor("gamma"), GammaRegressor(alpha=0.0), "severity"),
    ):
        y = r.data()[outcome].to_numpy()
        theirs.set_params(tol=1e-12, max_iter=10_000, solver="newton-cholesky")
        fitted = ours.fit(x, y, weights)
        np.testing.assert_allclose(fitted.coef_, theirs.fit(x, y, weights).coef_, rtol=1e-6)
        np.testing.assert_allclose(fitted.predict(x), fitted.result_.mean(x), rtol=1e-12)


@pytest.mark.parametrize("name", list(r.FITS))
def test_is_the_fit_of_that_name(name: str) -> None:
    outcome, family, power, link, _, _ = r.FITS[name]
    weights, offset = r.weights_and_offset(name)
    model = GeneralizedLinearRegressor(family, link=link, variance_power=power or 1.5)
    model.fit(r.matrix(), r.data()[outcome], weights, offset)
    assert model.result_.coef.tolist() == r.fit(name).coef.tolist()


def test_weights_of_zero_are_rows_left_out() -> None:
    x, y = r.matrix(), r.data()["severity"].to_numpy()
    weights = (np.arange(500) % 3 > 0).astype(float)
    one = GeneralizedLinearRegressor("gamma").fit(x, y, weights)
    other = GeneralizedLinearRegressor("gamma").fit(x[weights > 0], y[weights > 0])
    assert one.coef_.tolist() == other.coef_.tolist()


def test_exposure_is_an_offset_of_its_logarithm_and_is_asked_for() -> None:
    x, y, exposure = r.matrix(), r.data()["loss"].to_numpy(), r.data()["exposure"].to_numpy()
    one = GeneralizedLinearRegressor(variance_power=1.4).fit(x, y, exposure=exposure)
    other = GeneralizedLinearRegressor(variance_power=1.4).fit(x, y, offset=np.log(exposure))
    np.testing.assert_array_equal(one.coef_, other.coef_)
    np.testing.assert_allclose(one.predict(x, exposure=2 * exposure), 2 * one.predict(x, exposure=exposure))
    with pytest.raises(ValueError, match="fitted with an offset or exposure"):
        one.predict(x)
    with pytest.raises(ValueError, match="fitted without an offset"):
        GeneralizedLinearRegressor().fit(x, y).predict(x, exposure=exposure)
    with pytest.raises(ValueError, match="exposure must be above 0"):
        one.predict(x, exposure=np.zeros(500))
    with pytest.raises(ValueError, match="offset has 2 values"):
        GeneralizedLinearRegressor().fit(x, y, offset=[1.0, 2.0])


def test_profile_and_names() -> None:
    frame = pd.DataFrame(r.matrix(), columns=list(r.TERMS))
    model = clone(GeneralizedLinearRegressor(variance_power="profile")).fit(frame, r.data()["loss"])
    assert model.profile_ is not None
    assert model.family_.variance_power == model.profile_.best
    assert model.result_.terms == ("intercept", *r.TERMS)


def test_squeeze_is_asked_for() -> None:
    x, y = r.matrix(), r.data()["fraction"].to_numpy()
    with pytest.raises(ValueError, match="smithson_verkuilen"):
        GeneralizedLinearRegressor("beta").fit(x, y)
    model = GeneralizedLinearRegressor("beta", squeeze="smithson_verkuilen").fit(x, y)
    other = GeneralizedLinearRegressor("beta").fit(x, (y * 499 + 0.5) / 500)
    assert model.coef_.tolist() == other.coef_.tolist()
