"""Tests of proportions against scipy and statsmodels, and between whole numbers against their integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportions_ztest

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.calibration_tests import binomial_p_value, jeffreys_p_value
from credit_risk.evaluation.proportions import binomial_tail, fewer_bads, holm, jeffreys_tail, two_proportions

BAD, ROWS, PD = np.array([0, 6, 18, 40]), np.array([30, 56, 79, 40]), np.array([0.01, 0.03, 0.3, 0.9])


def test_tails_are_those_of_one_grade() -> None:
    singles = list(zip(BAD, ROWS, PD, strict=True))
    assert binomial_tail(BAD, ROWS, PD) == pytest.approx([binomial_p_value(*one) for one in singles], rel=1e-12)
    assert jeffreys_tail(BAD, ROWS, PD) == pytest.approx([jeffreys_p_value(*one) for one in singles], rel=1e-12)
    assert np.isnan(binomial_tail([0], [0], [0.1])).all()
    assert np.isnan(jeffreys_tail([0], [0], [0.1])).all()


def test_between_whole_numbers_the_tail_is_an_integral() -> None:
    density = integrate.quad(lambda x: stats.beta.pdf(x, 2.5, 20.0 - 2.5 + 1.0), 0.0, 0.1)[0]
    assert float(binomial_tail(2.5, 20.0, 0.1)) == pytest.approx(density, rel=1e-8)


def test_two_proportions_as_statsmodels() -> None:
    z, p = two_proportions(BAD[:-1] / ROWS[:-1], ROWS[:-1], BAD[1:] / ROWS[1:], ROWS[1:])
    for k in range(3):
        other_z, other_p = proportions_ztest(BAD[[k + 1, k]], ROWS[[k + 1, k]])
        assert (float(z[k]), float(p[k])) == pytest.approx((other_z, other_p), rel=1e-12)
    nothing = two_proportions([0.0, 0.2], [10.0, 0.0], [0.0, 0.5], [20.0, 4.0])
    assert np.isnan(nothing[0]).all()
    assert nothing[1].tolist() == [1.0, 1.0]


def test_reversed_neighbours_as_fishers_exact_test() -> None:
    found = fewer_bads(BAD[:-1], ROWS[:-1], BAD[1:], ROWS[1:])
    for k in range(3):
        table = [[BAD[k + 1], ROWS[k + 1] - BAD[k + 1]], [BAD[k], ROWS[k] - BAD[k]]]
        assert found[k] == pytest.approx(stats.fisher_exact(table, alternative="less").pvalue, rel=1e-9)
    assert np.isnan(fewer_bads([0], [0], [1], [3])).all()


def test_holm_as_statsmodels() -> None:
    p = np.array([0.01, 0.04, 0.03, 0.005, 0.9, 0.04])
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], rel=1e-12)
    with_missing = holm(np.insert(p, 2, np.nan))
    assert np.delete(with_missing, 2) == pytest.approx(multipletests(p, method="holm")[1])
    assert np.isnan(with_missing[2])
    assert np.isnan(holm([np.nan])).all()
    with pytest.raises(CreditRiskError, match="not p-values"):
        holm([0.2, 1.2])
