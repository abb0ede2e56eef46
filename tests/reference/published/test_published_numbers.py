"""Published numbers of validation, to their printed digits: one test a source, the source named beside it."""

from __future__ import annotations

import numpy as np
import pytest

from credit_risk.evaluation.calibration_tests import (
    binomial_p_value,
    hosmer_lemeshow_of_grades,
    jeffreys_p_value,
)
from credit_risk.evaluation.fairness import NOT_BELOW, adverse_impact_ratio, four_fifths_verdict
from credit_risk.evaluation.migration import matrix_weighted_bandwidth
from credit_risk.evaluation.portfolio_tests import capped_probability, portfolio_normal_test
from credit_risk.evaluation.stability import population_stability_index, psi_of_shares
from credit_risk.scaling.points import Scaling


def digits(value: float, places: int) -> float:
    return float(f"{value:.{places}f}")


def test_jeffreys_by_grade_and_portfolio() -> None:
    """MathWorks, Risk Management Toolbox (R2026a), Jeffreys test of PD: ten grades, rejected at 5 % or not."""
    count = [56, 79, 68, 54, 45, 40, 40, 34, 37, 47]
    bad = [6, 18, 16, 21, 11, 14, 10, 13, 19, 22]
    pd_ = [0.027845, 0.07689, 0.12764, 0.17523, 0.2268, 0.27502, 0.327, 0.37635, 0.41964, 0.47274]
    found = [jeffreys_p_value(d, n, p) for d, n, p in zip(bad, count, pd_, strict=True)]
    assert [int(one < 0.05) for one in found] == [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    printed = ("0.00209", "0.000013", "0.0069", "0.000096", "0.377", "0.145", "0.851", "0.465", "0.124", "0.524")
    for one, text in zip(found, printed, strict=True):
        assert digits(one, len(text) - 2) == float(text)
    mean = float(np.dot(count, pd_)) / sum(count)
    assert f"{jeffreys_p_value(sum(bad), sum(count), mean):.2e}" == "2.06e-05"


def test_jeffreys_and_binomial_of_one_grade() -> None:
    """200 obligors, 7 defaults, PD 2.5 %: both p-values as published, within a unit of their 14th and 15th digit."""
    assert abs(jeffreys_p_value(7, 200, 0.025) - 0.17785270439906) < 1e-14
    assert abs(binomial_p_value(7, 200, 0.025) - 0.235945960229294) < 1e-15


def test_jeffreys_of_very_few() -> None:
    """Rösch and Scheule, Deep Credit Risk: 6 obligors, 2 defaults, PD 3.67 %."""
    assert digits(jeffreys_p_value(2, 6, 0.0367), 4) == 0.0044


def test_matrix_weighted_bandwidth() -> None:
    """MathWorks, Risk Management Toolbox, migration matrices: to better grades .3306, to worse .6066."""
    matrix = [[10, 8, 15, 9, 10], [11, 9, 13, 9, 8], [0, 10, 10, 11, 10], [0, 0, 9, 11, 11], [0, 0, 0, 11, 10]]
    found = matrix_weighted_bandwidth(matrix)
    assert (digits(found.lower, 4), digits(found.upper, 4)) == (0.3306, 0.6066)


def test_portfolio_and_capped_probabilities() -> None:
    """Djurovic: Hosmer-Lemeshow with G degrees .0271, portfolio z .3889; capped at the observed rates .0756 and .0859.

    Published for the capped ones: .0753 and .0858, from rates with more digits than are printed.
    """
    count, bad = [47, 95, 68, 53, 37], [3, 20, 17, 24, 28]
    pd_ = [0.0307, 0.1161, 0.2907, 0.5514, 0.7648]
    grouped = hosmer_lemeshow_of_grades(count, bad, pd_, fitted=False)
    assert (grouped.degrees, digits(grouped.p_value, 4)) == (5, 0.0271)
    assert digits(portfolio_normal_test(count, bad, pd_).p_value, 4) == 0.3889
    capped = capped_probability(count, bad, pd_)
    pair = (
        hosmer_lemeshow_of_grades(count, bad, capped, fitted=False).p_value,
        portfolio_normal_test(count, bad, capped).p_value,
    )
    assert [digits(one, 4) for one in pair] == [0.0756, 0.0859]
    assert pair == pytest.approx([0.0753, 0.0858], abs=5e-4)


def test_stability_index() -> None:
    """Siddiqi's shape of table, shares as printed (development sums to 1.01): .1807; published .18."""
    before, after = [0.22, 0.24, 0.07, 0.48], [0.35, 0.31, 0.05, 0.29]
    found = float(psi_of_shares(before, after).sum())
    assert (digits(found, 4), digits(found, 2)) == (0.1807, 0.18)
    normalised = population_stability_index(np.array(before) * 100, np.array(after) * 100)
    assert digits(normalised.psi, 2) == 0.18


def test_scaling() -> None:
    """600 points at odds 50:1, 20 points to double the odds: factor and offset; and the offset at odds 30:1."""
    scaling = Scaling(20.0, 600.0, 50.0)
    assert (digits(scaling.factor, 4), digits(scaling.offset, 4)) == (28.8539, 487.1229)
    assert digits(Scaling(20.0, 600.0, 30.0).offset, 4) == 501.8622


def test_hanley_mcneil() -> None:
    """Hanley and McNeil (1982), Radiology 143: area .893 of 51 abnormal and 58 normal, standard error .032."""
    area, bads, goods = 0.893, 51, 58
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = (bads - 1) * (first - area**2) + (goods - 1) * (second - area**2)
    error = np.sqrt((area * (1 - area) + spread) / (bads * goods))
    assert digits(float(error), 4) == 0.0325


def test_traffic_light_of_1996() -> None:
    """Basel Committee (1996), backtesting of value at risk: 250 days, 1 %: yellow from 5 on, red from 10 on."""
    assert digits(binomial_p_value(5, 250, 0.01), 4) == 0.1078
    assert digits(binomial_p_value(10, 250, 0.01), 5) == 0.00025


@pytest.mark.parametrize(("selected", "ratio", "below"), [(45, 0.75, True), (48, 0.80, False), (51, 0.85, False)])
def test_four_fifths_at_the_boundary(selected: int, ratio: float, below: bool) -> None:
    """Uniform Guidelines, Questions and Answers, no. 11: 60 % against 45, 48 and 51 %: exactly 80 % is not adverse."""
    for scale in (1, 7, 1000):
        found = adverse_impact_ratio(selected * scale, 100 * scale, 60 * scale, 100 * scale)
        verdict = four_fifths_verdict(selected * scale, 100 * scale, 60 * scale, 100 * scale, found[3])
        assert found[0] == pytest.approx(ratio, abs=1e-15)
        assert (verdict != NOT_BELOW) == below
