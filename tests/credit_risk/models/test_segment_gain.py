"""Gains of separate models: the quick models against a general optimiser, the test against sums by hand."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from credit_risk.models.segment_gain import (
    MOST_CHARACTERISTICS,
    bin_logistic,
    compared,
    crossed_gain,
    fold_of,
    gain_rows,
    measure_gain,
    paired_test,
    quick_bins,
    quick_categories,
    row_likelihood,
)


def test_weights_of_bins_maximise_the_penalised_likelihood() -> None:
    random = np.random.default_rng(1)
    codes = [random.integers(0, size, 400) for size in (2, 4, 3)]
    y, w = (random.random(400) < 0.3).astype(float), random.uniform(0.5, 2.0, 400)
    found = np.concatenate(bin_logistic(codes, [2, 4, 3], y, w, [0.0, 5.0, 5.0]))
    design = np.column_stack([np.equal.outer(code, np.arange(size)) for code, size in zip(codes, (2, 4, 3))])
    penalty = np.repeat([0.0, 5.0, 5.0], [2, 4, 3])

    def loss(b: np.ndarray) -> float:
        eta = design @ b
        return float(-(w @ (y * eta - np.logaddexp(0.0, eta))) + 0.5 * penalty @ b**2)

    best = optimize.minimize(loss, np.zeros(9), method="BFGS", options={"gtol": 1e-9})
    assert loss(found) <= best.fun + 1e-9
    assert found == pytest.approx(best.x, abs=1e-5)


def test_a_bin_without_rows_has_no_weight() -> None:
    y = np.tile([0.0, 0.0, 1.0], 50)
    (constant, weights) = bin_logistic([np.zeros(150, int), np.tile([0, 2], 75)], [1, 3], y, np.ones(150), [0.0, 5.0])
    assert weights[1] == 0.0
    assert np.isfinite(constant).all()


def test_paired_test_of_independent_rows_is_that_of_their_mean() -> None:
    difference = np.random.default_rng(2).normal(0.1, 1.0, 300)
    total, error, p = paired_test(difference, np.arange(300))
    assert total == pytest.approx(difference.sum())
    assert error == pytest.approx(300 * stats.sem(difference))
    assert p == pytest.approx(stats.norm.sf(difference.mean() / stats.sem(difference)))


def test_rows_of_one_cluster_count_together() -> None:
    difference = np.random.default_rng(3).normal(size=100)
    twice = paired_test(np.repeat(difference, 2), np.repeat(np.arange(100), 2))
    once = paired_test(difference, np.arange(100))
    assert twice == pytest.approx((2 * once[0], 2 * once[1], once[2]))


def test_parts_are_drawn_by_cluster_from_the_hash_of_its_number() -> None:
    clusters = np.array([7, 3, 7, 9, 3])
    found = fold_of(clusters, 5, 3, "half")
    drawn = [int.from_bytes(hashlib.sha256(f"half:5:{k}".encode()).digest()[:8], "big") % 3 for k in range(3)]
    assert found.tolist() == [drawn[0], drawn[1], drawn[0], drawn[2], drawn[1]]
    assert np.bincount(fold_of(np.arange(3000), 0, 3, "fold")) == pytest.approx([1000] * 3, abs=120)


def _world(rows: int = 1500) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    x, segment = random.normal(size=(rows, 2)), random.integers(0, 2, rows)
    linear = np.where(segment == 1, -1.2 * x[:, 0], 1.2 * x[:, 0]) + 0.5 * x[:, 1] - 1.0
    return x, segment, (random.random(rows) < special.expit(linear)).astype(float)


def test_gain_is_the_difference_of_likelihoods_on_rows_that_taught_neither() -> None:
    x, segment, y = _world()
    none = np.zeros(len(y), bool)
    bins = np.column_stack([quick_bins(column, none)[0] for column in x.T])
    rows = gain_rows(bins, [6, 6], y)
    half = np.arange(len(y)) % 2 == 0
    gain = measure_gain(rows, segment, half, ~half)
    assert gain is not None
    assert gain.tested.tolist() == np.flatnonzero(~half).tolist()
    own = row_likelihood(y[~half], gain.linear_separate) - row_likelihood(y[~half], gain.linear_one)
    assert gain.gain == pytest.approx(own.sum())
    assert gain.gain == pytest.approx(gain.log_likelihood_separate - gain.log_likelihood_one)
    assert gain.p_value < 1e-6
    again = y.copy()
    again[~half] = 1.0 - again[~half]
    other = measure_gain(gain_rows(bins, [6, 6], again), segment, half, ~half)
    assert other is not None
    assert np.array_equal(other.linear_separate, gain.linear_separate)  # outcomes of tested rows teach nothing


def test_rows_that_only_teach_are_not_tested() -> None:
    x, segment, y = _world()
    bins, size = quick_bins(x[:, 0], np.zeros(len(y), bool))
    rows = gain_rows(bins[:, None], [size], y)
    part = np.where(np.arange(len(y)) < 500, -1, np.arange(len(y)) % 3)
    gain = crossed_gain(rows, segment, part)
    assert gain is not None
    assert gain.tested.tolist() == list(range(500, 1500))


def test_nothing_is_gained_by_the_same_models() -> None:
    x, _, y = _world(200)
    rows = gain_rows(np.zeros((200, 1), int), [1], y)
    gain = compared(rows, np.arange(200), x[:, 0], x[:, 0])
    assert (gain.gain, gain.standard_error, gain.p_value) == (0.0, 0.0, 1.0)


def test_a_segment_without_bads_cannot_be_measured() -> None:
    x, segment, y = _world(300)
    rows = gain_rows(quick_bins(x[:, 0], np.zeros(300, bool))[0][:, None], [6], np.where(segment == 1, 0.0, y))
    assert measure_gain(rows, segment, np.arange(300) % 2 == 0, np.arange(300) % 2 == 1) is None


@settings(max_examples=50)
@given(values=st.lists(st.one_of(st.none(), st.integers(-3, 3)), min_size=1, max_size=60))
def test_bins_hold_every_row_and_keep_the_order(values: list[int | None]) -> None:
    numbers = np.array([np.nan if v is None else float(v) for v in values])
    without = np.isnan(numbers)
    ids, size = quick_bins(numbers, without)
    assert set(ids.tolist()) <= set(range(size))
    assert np.all((ids == size - 1) == without)
    assert np.all(np.diff(ids[~without][np.argsort(numbers[~without], kind="stable")]) >= 0)


def test_rare_categories_share_a_bin() -> None:
    values = np.array(["a"] * 9 + ["b"] * 8 + ["c"] * 7 + ["d"] * 6 + ["e", "f", None], dtype=object)
    ids, size = quick_categories(values, np.array([v is None for v in values]))
    assert size == 6
    assert [ids[values == name][0] for name in "abcdef"] == [0, 1, 2, 3, 4, 4]
    assert ids[-1] == 5


def test_of_many_characteristics_the_strongest_are_used_and_the_others_change_nothing() -> None:
    x, segment, y = _world(1200)
    none, random = np.zeros(len(y), bool), np.random.default_rng(8)
    weaker = [quick_bins(0.3 * x[:, 1] + random.normal(size=len(y)), none)[0] for _ in range(30)]
    strong = [quick_bins(x[:, 0] + 0.1 * random.normal(size=len(y)), none)[0] for _ in range(MOST_CHARACTERISTICS)]
    part = np.arange(len(y)) % 2
    few = crossed_gain(gain_rows(np.column_stack(strong), [6] * len(strong), y), segment, part)
    many = crossed_gain(gain_rows(np.column_stack([*weaker, *strong]), [6] * (30 + len(strong)), y), segment, part)
    assert few is not None
    assert many is not None
    assert many.gain == pytest.approx(few.gain, abs=1e-9)
