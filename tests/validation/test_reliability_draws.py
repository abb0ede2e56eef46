"""Draws of the reliability curve: more of them decide where a quantile of the first ones lies off the rate of most."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from validation.compare import Ledger
from validation.comparisons.reliability import CURVE, DRAWS, MORE_DRAWS, SEED, _compare_curve, _drawn
from validation.policy import read_policy
from validation.rebuild import isotonic

RATE = 0.008


def rows(seed: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, probability and weight of 500 rows; the safest one is bad in 1 of 125 draws."""
    random = np.random.default_rng(seed)
    p = np.append(RATE, np.sort(random.uniform(0.0085, 0.6, 499)))
    return (random.random(500) < p).astype(np.float64), p, np.ones(500)


def test_rates_at_places_are_those_of_the_whole_curves() -> None:
    _, p, w = rows()
    whole = isotonic.drawn(p, w, 20, 5)
    places = np.array([0, 3, 499])
    found = isotonic.rates_drawn(p, w, 20, 5, places)
    assert np.array_equal(found, np.array([one.rate[whole.cell[places]] for one in whole.curves]))


@pytest.mark.parametrize(("stated", "breaches"), [(0.0003, 0), (0.3, 1)])
def test_a_rate_that_is_zero_in_most_draws_may_be_stated_off_zero(stated: float, breaches: int) -> None:
    """The quantile of the developer's draws stands just off 0 where 10 of 400 are; none of ours need be."""
    columns, policy = rows(), read_policy()
    first = isotonic.curve(*columns)
    none = [one for one in _drawn(("card", "out_of_sample"), columns).curves if one.rate[0] == 0.0]
    draws = isotonic.Draws(tuple((none * 2)[:DRAWS]), np.arange(500))  # as seldom happens: no draw has the first bad
    more = isotonic.rates_drawn(*columns[1:], MORE_DRAWS, SEED + 1, np.array([0]))
    assert 0.5 * RATE < np.mean(more > 0) < 2 * RATE
    space: Any = SimpleNamespace(
        confidence=0.95, ledger=Ledger(policy), package=SimpleNamespace(setting=lambda room, key, default: default)
    )
    told = {"sample": "out_of_sample", "probability": RATE, "recalibrated": 0.0, "lower": 0.0, "upper": stated}
    told |= {"block": 1, "block_rows": int(np.sum(first.rows[first.block == 0])), "outside": False}
    _compare_curve(space, [told], {"out_of_sample": (first, draws)}, {"out_of_sample": columns})
    found = {one.quantity: one.breaches for one in space.ledger.comparisons if one.area == CURVE}
    assert found["upper"] == breaches
    assert found["lower"] == 0
