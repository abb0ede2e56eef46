"""A sample by keys: the same whatever the order and the cuts, even by chance, and the validator's."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from credit_risk.monitoring.run.sampled import Sample
from validation.monitoring.domain import sampled

SEED = 20261127


def drawn(keys: list[str | None], cap: int, cuts: list[int]) -> list[tuple[str, int]]:
    sample = Sample(cap, SEED)
    rows = len(keys)
    for start, end in itertools.pairwise(sorted({0, rows, *(min(one, rows) for one in cuts)})):
        sample.add(pa.table({"_key": pa.array(keys[start:end], pa.string()), "x": np.arange(start, end)}))
    found = sample.rows()
    return [] if found is None else list(zip(found["_key"].to_pylist(), found["x"].to_pylist(), strict=True))


@settings(max_examples=80, deadline=None)
@given(
    keys=st.lists(st.text(min_size=1, max_size=4), unique=True, max_size=60),
    cap=st.integers(1, 20),
    cuts=st.lists(st.integers(0, 60), max_size=6),
    seed=st.integers(0, 100),
)
def test_neither_order_nor_cuts_change_it(keys: list[str], cap: int, cuts: list[int], seed: int) -> None:
    numbers = {key: hashlib.sha256(f"{SEED}\0{key}".encode()).digest()[:8] for key in keys}
    wanted = sorted(sorted(keys, key=lambda key: numbers[key])[:cap])
    shuffled: list[str | None] = list(np.random.default_rng(seed).permutation(np.array(keys, object)))
    found = drawn([*shuffled, None], cap, cuts)
    assert [key for key, _ in found] == wanted
    assert [shuffled[row] for _, row in found] == wanted
    places = np.arange(len(keys))
    again = sampled(np.array(shuffled, object), places, cap)
    assert sorted(shuffled[one] for one in again) == wanted  # type: ignore[type-var]


def test_keys_in_a_row_are_drawn_evenly() -> None:
    keys: list[str | None] = [f"2026-{one:06d}" for one in range(20_000)]
    rows = np.array([row for _, row in drawn(keys, 2_000, list(range(0, 20_000, 700)))])
    assert len(rows) == 2_000
    assert stats.chisquare(np.bincount(rows // 1_000, minlength=20)).pvalue > 1e-4
    assert stats.chisquare(np.bincount(rows % 10, minlength=10)).pvalue > 1e-4


def test_rows_without_a_key_are_left_out() -> None:
    assert drawn([None, None], 3, [1]) == []
    assert drawn(["a"], 3, []) == [("a", 0)]
