"""Counts by bin and outcome give what the rows themselves give, weights included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.evaluation.area_under_curve import CONSTANT, TOO_FEW, delong_interval
from credit_risk.evaluation.cells import auc_of_cells, count_cells, count_cells_by
from credit_risk.evaluation.intervals import effective_rows, wilson_interval

BINS = 5
seeds = st.integers(0, 2**32 - 1)


def rows(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    ids = random.integers(0, BINS, n)
    y = (random.random(n) < 0.15 + 0.1 * ids).astype(float)
    y[:2], y[2:4] = 1.0, 0.0
    risk = random.permutation(np.array([0.0, 0.3, 0.3, 1.0, 2.0]))  # two bins of one risk
    return ids, y, random.uniform(0.1, 4.0, n), risk


@given(seeds, st.booleans())
def test_area_of_counts_is_that_of_the_rows(seed: int, weighted: bool) -> None:
    ids, y, w, risk = rows(seed)
    weights = w if weighted else None
    mine, theirs = auc_of_cells(count_cells(ids, y, weights, BINS), risk), delong_interval(y, risk[ids], weights)
    for name in ("auc", "standard_error", "lower", "upper"):
        assert getattr(mine, name) == pytest.approx(getattr(theirs, name), rel=1e-9, abs=1e-12), name
    assert mine.method == theirs.method


def test_area_where_there_is_nothing_to_estimate() -> None:
    ids, y, _, _ = rows(1)
    constant = auc_of_cells(count_cells(ids, y, None, BINS), np.ones(BINS))
    assert (constant.method, constant.auc, constant.lower) == (CONSTANT, 0.5, 0.5)
    few = auc_of_cells(count_cells(ids[:5], np.array([1.0, 0, 0, 0, 0]), None, BINS), np.arange(5.0) % 2)
    assert few.method == TOO_FEW
    with pytest.raises(ValueError, match="one good and one bad"):
        auc_of_cells(count_cells(ids, np.ones(len(ids)), None, BINS), np.ones(BINS))


@given(seeds)
def test_rates_have_wilsons_bounds_at_effective_rows(seed: int) -> None:
    ids, y, w, _ = rows(seed)
    ids[ids == 3] = 2  # an empty bin
    cells = count_cells(ids, y, w, BINS)
    rate, lower, upper = cells.rates(0.9)
    assert np.isnan([rate[3], lower[3], upper[3]]).all()
    for k in (0, 1, 2, 4):
        inside = ids == k
        mean, size = np.average(y[inside], weights=w[inside]), effective_rows(w[inside])
        assert (rate[k], cells.effective[k]) == pytest.approx((mean, size))
        bounds = wilson_interval([mean * size], [size], 0.9)
        assert (lower[k], upper[k]) == pytest.approx((bounds[0][0], bounds[1][0]))


@given(seeds, st.floats(1e-6, 1e6))
def test_the_unit_of_the_weights_does_not_matter(seed: int, unit: float) -> None:
    ids, y, w, risk = rows(seed)
    one, other = (count_cells(ids, y, weights, BINS) for weights in (w, w * unit))
    for mine, theirs in zip(one.rates(), other.rates(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-9)
    np.testing.assert_allclose(one.scaled, other.scaled, rtol=1e-9)
    np.testing.assert_allclose(one.effective, other.effective, rtol=1e-9)
    assert auc_of_cells(one, risk).lower == pytest.approx(auc_of_cells(other, risk).lower, rel=1e-9)


def test_groups_are_counted_apart_and_rows_of_none_left_out() -> None:
    ids, y, w, _ = rows(4)
    group = np.arange(len(ids)) % 4 - 1
    found = count_cells_by(ids, y, w, BINS, group, 3)
    for number, cells in enumerate(found):
        inside = group == number
        alone = count_cells(ids[inside], y[inside], w[inside], BINS)
        for part in ("rows", "weight", "squared"):
            np.testing.assert_array_equal(getattr(cells, part), getattr(alone, part))
    assert sum(cells.rows.sum() for cells in found) == np.count_nonzero(group >= 0)
