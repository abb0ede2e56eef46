"""Concentration by hand and by its bounds; its test by simulation; refusals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation.herfindahl import concentration, concentration_table, concentration_test

amounts = st.lists(st.floats(0, 1e6), min_size=2, max_size=15).filter(lambda held: sum(held) > 1e-3)


def test_by_hand() -> None:
    found = concentration([50, 30, 20, 0])
    assert found.herfindahl == pytest.approx(0.38)
    assert found.coefficient_of_variation == pytest.approx(np.sqrt(4 * (0.25**2 + 0.05**2 + 0.05**2 + 0.25**2)))
    assert found.herfindahl_index == pytest.approx(1 + np.log(0.38) / np.log(4))
    assert (found.grades, found.occupied, found.largest_share, found.total) == (4, 3, 0.5, 100.0)


@given(amounts)
def test_bounds_and_invariances(held: list[float]) -> None:
    found, k = concentration(held), len(held)
    assert 1 / k - 1e-12 <= found.herfindahl <= 1 + 1e-12
    assert -1e-9 <= found.herfindahl_index <= 1 + 1e-12
    assert found.herfindahl == pytest.approx((found.coefficient_of_variation**2 + 1) / k, rel=1e-12)
    shuffled, scaled = concentration(held[::-1]), concentration(np.array(held) * 3.0)
    assert shuffled.herfindahl_index == pytest.approx(found.herfindahl_index, abs=1e-12)
    assert scaled.herfindahl_index == pytest.approx(found.herfindahl_index, abs=1e-12)


def test_ends() -> None:
    assert concentration([7] * 5).herfindahl_index == pytest.approx(0.0, abs=1e-12)
    assert concentration([0, 0, 9]).herfindahl_index == pytest.approx(1.0)


def test_statistic_by_hand_and_its_direction() -> None:
    found = concentration_test(0.6, 0.9, 10)
    z = 3 * 0.3 / np.sqrt(0.81 * (0.5 + 0.81))
    assert found.statistic == pytest.approx(z)
    assert found.p_value == pytest.approx(stats.norm.sf(z))
    assert concentration_test(0.9, 0.6, 10).p_value > 0.5
    assert concentration_test(0.6, 0.6, 10).p_value == 0.5
    assert np.isnan(concentration_test(0.0, 0.0, 10).p_value)


def test_table_compares_with_the_reference() -> None:
    held = {"rows": {"development": [50, 30, 20], "out_of_time": [80, 15, 5]}}
    frame = concentration_table(held).set_index("sample")
    first, second = (concentration(held["rows"][name]).coefficient_of_variation for name in frame.index)
    assert frame.loc["out_of_time", "p_value"] == concentration_test(first, second, 3).p_value
    assert np.isnan(frame.loc["development", "p_value"])
    assert frame.loc["out_of_time", "largest_share"] == 0.8


def test_refusals() -> None:
    for held, text in (([1], "too few grades"), ([-1, 2], "negative"), ([0, 0], "nothing to share")):
        with pytest.raises(CreditRiskError, match=text):
            concentration(held)
    with pytest.raises(CreditRiskError, match="not coefficients"):
        concentration_test(-1.0, 0.5, 3)
    with pytest.raises(CreditRiskError, match="reference is absent"):
        concentration_table({"rows": {"x": [1, 2]}})
    with pytest.raises(CreditRiskError, match="grades differ"):
        concentration_table({"rows": {"development": [1, 2], "x": [1, 2, 3]}})
