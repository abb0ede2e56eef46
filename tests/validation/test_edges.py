"""Single edges moved over all distinct values, against trying every one by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.rebuild.edges import better_place, column, holds, information_value

TRENDS = ("ascending", "descending", "peak", "valley", "none")


def counted(values: np.ndarray, y: np.ndarray, w: np.ndarray, edges: list[float]) -> tuple[np.ndarray, np.ndarray]:
    good, bad = [], []
    for low, high in zip([-np.inf, *edges], [*edges, np.inf], strict=True):
        inside = (values >= low) & (values < high)
        good.append(w[inside & (y == 0)].sum())
        bad.append(w[inside & (y == 1)].sum())
    return np.array(good), np.array(bad)


def value_of(good: np.ndarray, bad: np.ndarray, totals: tuple[float, float]) -> float:
    if not (np.all(good > 0) and np.all(bad > 0)):
        return float("nan")
    p, q = good / totals[0], bad / totals[1]
    return float(np.sum((p - q) * np.log(p / q)))


def turns_once(rates: np.ndarray, trend: str) -> bool:
    """Whether some turn makes the rates rise up to it and fall after it (peak), or the other way round (valley)."""
    sign = 1 if trend == "peak" else -1
    r = sign * rates
    return any(np.all(np.diff(r[: k + 1]) >= -1e-12) and np.all(np.diff(r[k:]) <= 1e-12) for k in range(len(r)))


@given(st.lists(st.integers(0, 12), min_size=12, max_size=60), st.integers(0, 2**31), st.sampled_from(TRENDS))
def test_the_best_move_of_one_edge_is_found(values: list[int], seed: int, trend: str) -> None:
    rng = np.random.default_rng(seed)
    x, y, w = np.array(values, float), rng.integers(0, 2, len(values)), rng.uniform(0.5, 2, len(values))
    distinct = np.unique(x)
    if len(distinct) < 5 or y.min() == y.max():
        return
    edges = sorted(rng.choice(distinct[1:], 2, replace=False).tolist())
    movable = [bool(rng.integers(0, 4)), True]
    totals = (float(w[y == 0].sum()), float(w[y == 1].sum()))
    of = column(x, y.astype(float), w, np.ones(len(x), bool))
    assert information_value(of, edges) == pytest.approx(value_of(*counted(x, y, w, edges), totals), nan_ok=True)
    least, best = 0.1 * float(w.sum()), -np.inf
    for number in (0, 1):
        for place in distinct[1:] if movable[number] else ():
            moved = [place if i == number else edge for i, edge in enumerate(edges)]
            good, bad = counted(x, y, w, moved)
            # bins that the move does not touch are as they are
            light = np.any((good + bad)[number : number + 2] < least)
            if moved[0] < moved[1] and not light and holds(bad / (good + bad), trend):
                best = np.nanmax([best, value_of(good, bad, totals)])
    found = better_place(of, edges, trend, least, movable, -1.0)
    assert (found is None) == (best == -np.inf)
    if found is not None:
        assert found.information_value == pytest.approx(best)
        assert better_place(of, edges, trend, least, movable, best * (1 + 1e-9) + 1e-12) is None


@given(st.lists(st.integers(0, 4).map(lambda v: v / 4), min_size=1, max_size=6), st.sampled_from(TRENDS))
def test_trends_hold_as_they_are_defined(rates: list[float], trend: str) -> None:
    r = np.array(rates)
    expected = {
        "none": True,
        "ascending": bool(np.all(np.diff(r) >= 0)),
        "descending": bool(np.all(np.diff(r) <= 0)),
    }
    assert holds(r, trend) == expected.get(trend, turns_once(r, trend) if trend in ("peak", "valley") else True)
