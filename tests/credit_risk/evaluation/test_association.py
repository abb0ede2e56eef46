"""Pairs counted one by one; scipy's Somers' D and tau; numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from credit_risk.evaluation import auc, rank_association
from tests.credit_risk.evaluation.made_rows import derivative_error, made_weights, tied_rows


def test_pairs_one_by_one() -> None:
    y, risk = tied_rows()
    w = made_weights()
    for weights in (None, w):
        mass = np.ones(400) if weights is None else weights
        sign = np.sign(risk[y == 1][:, None] - risk[y == 0][None, :])
        pairs = mass[y == 1][:, None] * mass[y == 0][None, :]
        found = rank_association(y, risk, weights)
        shares = [float(pairs[sign == s].sum() / pairs.sum()) for s in (1, -1, 0)]
        assert [found.concordant, found.discordant, found.tied] == pytest.approx(shares, abs=1e-12)
        assert found.somers_d.value == pytest.approx(2 * auc(y, risk, weights) - 1, abs=1e-12)
        assert found.gamma.value == pytest.approx((shares[0] - shares[1]) / (shares[0] + shares[1]), abs=1e-12)


def test_scipy() -> None:
    y, risk = tied_rows()
    found = rank_association(y, risk)
    assert found.somers_d.value == pytest.approx(stats.somersd(y, risk).statistic, abs=1e-12)
    sign = np.sign(risk[:, None] - risk[None, :]) * np.sign(y[:, None] - y[None, :])
    assert found.tau_a.value == pytest.approx(sign.sum() / 2 / (400 * 399 / 2), abs=1e-12)


@pytest.mark.parametrize("measure", ["somers_d", "gamma", "tau_a"])
def test_error_is_that_of_numerical_derivatives(measure: str) -> None:
    y, risk = tied_rows()
    w = made_weights()
    found = getattr(rank_association(y, risk, w), measure)
    expected = derivative_error(lambda one: getattr(rank_association(y, risk, one), measure).value, w)
    assert found.standard_error == pytest.approx(expected, rel=0.006)
    assert found.lower < found.value < found.upper


def test_a_constant_has_no_gamma() -> None:
    y, _ = tied_rows()
    found = rank_association(y, np.ones(400))
    assert (found.tied, found.somers_d.value) == (1.0, 0.0)
    assert np.isnan(found.gamma.value)
