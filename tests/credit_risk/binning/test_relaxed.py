"""The programme of the bound, against every chain of points one by one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit_risk.binning.coarse import trend_holds
from credit_risk.binning.limits import TrendName
from credit_risk.binning.relaxed import Frame, States, best_chain, strict_chain

TOTAL, BADS = 100.0, 30.0
WOE = (-3.0, 3.0)


def made(
    seed: int, size: int, trend: TrendName, most: int, least: float, visit: int | None, fixed: bool
) -> tuple[States, Frame]:
    """Points of two parts (falling, then rising) for a valley, else of one; if fixed, one is a cut that must be."""
    rng = np.random.default_rng(seed)
    count = np.sort(rng.choice(np.arange(3, 98), size, replace=False)).astype(float)
    bad = np.sort(rng.uniform(1, BADS - 1, size))
    part = np.sort(rng.integers(0, 3, size)) if trend == "valley" else np.zeros(size, int)
    sign = np.where(part < 2, -1, 1) if trend == "valley" else np.full(size, {"ascending": 1, "none": -1}[trend])
    must = np.empty(0)
    if fixed:
        at = int(rng.integers(0, size))
        sign[at], must = 0, count[[at]]
    low, high = count - rng.uniform(0, 4, size), count + rng.uniform(0, 4, size)
    states = States(count, bad, sign, part, low, high, np.arange(size))
    return states, Frame(TOTAL, BADS, (TOTAL - BADS, BADS), least, most, must, WOE, trend, visit)


def worth(good: float, bad: float) -> float:
    """Divergence of a bin, by its tangent where the weight of evidence is beyond the bounds."""
    g, b = good / (TOTAL - BADS), bad / BADS
    w = float(np.clip(np.log(g / b), *WOE)) if g > 0 and b > 0 else WOE[1] if b <= 0 else WOE[0]
    return float(g * (w + 1 - np.exp(-w)) + b * (1 - w - np.exp(w)))


def chains(states: States, frame: Frame) -> list[tuple[tuple[int, ...], float, np.ndarray]]:
    """Every chain that keeps all but the trend: its points, its value and the bad rates of its bins."""
    found = []
    for size in range(frame.most):
        for chosen in itertools.combinations(range(len(states.count)), size):
            index = list(chosen)
            count, bad = np.r_[0, states.count[index], TOTAL], np.r_[0, states.bad[index], BADS]
            wide = np.r_[states.high[index], TOTAL] - np.r_[0, states.low[index]]
            visited = frame.visit is None or frame.visit in states.part[index]
            held = all(cut in count for cut in frame.fixed)
            if np.all(wide >= frame.least) and visited and held:
                rows, bads = np.diff(count), np.diff(bad)
                found.append((chosen, sum(map(worth, rows - bads, bads)), bads / rows))
    return found


problems = st.tuples(
    st.integers(0, 2**32 - 1),
    st.integers(1, 8),
    st.sampled_from(["ascending", "valley", "none"]),
    st.integers(1, 5),
    st.sampled_from([0.0, 10.0, 25.0]),
    st.sampled_from([None, 1]),
    st.booleans(),
)


def kept(states: States, frame: Frame, chosen: tuple[int, ...], rates: np.ndarray) -> bool:
    """Whether the first and the last cut keep the trend, unless they must be or are in the part to be visited."""
    if frame.trend == "none":
        return True
    ends = {0, len(chosen) - 1} if chosen else set()
    exempt = {i for i in ends if states.part[chosen[i]] == frame.visit or states.sign[chosen[i]] == 0}
    return all(states.sign[chosen[i]] * (rates[i + 1] - rates[i]) >= -1e-12 for i in ends - exempt)


@given(problems)
@settings(max_examples=200, deadline=None)
def test_the_best_chain_is_the_best_of_all(problem: tuple) -> None:
    states, frame = made(*problem)
    every = chains(states, frame)
    chain = best_chain(states, frame)
    best = max((value for chosen, value, rates in every if kept(states, frame, chosen, rates)), default=-np.inf)
    assert chain.value == (best if best == -np.inf else pytest.approx(best))
    if best > -np.inf:
        points = tuple(chain.states.tolist())
        value = next(value for chosen, value, rates in every if chosen == points and kept(states, frame, chosen, rates))
        assert value == pytest.approx(best)


@given(problems)
@settings(max_examples=150, deadline=None)
def test_no_chain_by_a_point_exceeds_what_is_told_of_it_whatever_its_trend(problem: tuple) -> None:
    states, frame = made(*problem)
    every, chain = chains(states, frame), best_chain(states, frame)
    for point in range(len(states.count)):
        best = max((value for chosen, value, _ in every if point in chosen), default=-np.inf)
        assert chain.through[point] >= best - 1e-9


@given(problems)
@settings(max_examples=150, deadline=None)
def test_a_strict_chain_keeps_the_trend_at_every_cut(problem: tuple) -> None:
    states, frame = made(*problem)
    free = Frame(*(getattr(frame, name) for name in Frame.__slots__[:-1]))
    every = [(chosen, value) for chosen, value, rates in chains(states, free) if trend_holds(rates, frame.trend)]
    value, points = strict_chain(states, frame)
    best = max((value for _, value in every), default=-np.inf)
    assert value == (best if best == -np.inf else pytest.approx(best))
    if best > -np.inf:
        assert tuple(points.tolist()) in [chosen for chosen, other in every if other == pytest.approx(best)]
