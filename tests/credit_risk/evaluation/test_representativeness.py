"""χ² against scipy, PSI as elsewhere; equal populations are told apart at the nominal rate only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from credit_risk.evaluation.representativeness import chi_square_of_counts, representativeness_table

COUNTS = st.lists(st.integers(1, 500), min_size=2, max_size=8)


@given(COUNTS, st.data())
def test_chi_square_equals_scipy(expected: list[int], data: st.DataObject) -> None:
    actual = data.draw(st.lists(st.integers(0, 500), min_size=len(expected), max_size=len(expected)))
    if sum(actual) == 0:
        return
    ours = chi_square_of_counts(np.array(expected), np.array(actual))
    theirs = chi2_contingency([expected, actual], correction=False)
    assert ours[0] == pytest.approx(theirs.statistic, rel=1e-9, abs=1e-9)
    assert ours[1] == theirs.dof
    assert ours[2] == pytest.approx(theirs.pvalue, rel=1e-8, abs=1e-12)


def test_nothing_to_test_with_one_bin() -> None:
    assert chi_square_of_counts(np.array([5, 0]), np.array([7, 0])) == (0.0, 0, 1.0)


def test_the_nominal_rate_is_kept() -> None:
    rng = np.random.default_rng(5)
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    p_values = [
        chi_square_of_counts(rng.multinomial(2000, shares), rng.multinomial(900, shares))[2] for _ in range(2000)
    ]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.015)


def test_table_has_a_row_for_each_sample_but_the_reference() -> None:
    counts = {"x": {"development": np.array([50, 50]), "out_of_sample": np.array([30, 20])}}
    table = representativeness_table(counts)
    assert list(table["sample"]) == ["out_of_sample"]
    assert table.loc[0, "rows"] == 50
