"""Quantile classes and spread of characteristics, also of values near the greatest double."""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from validation.battery.fairness import groups_of
from validation.battery.stability import raw_bins
from validation.rebuild.characteristics import Characteristic, classes_of, quantiles, spread
from validation.rebuild.screen import fine_groups
from validation.steps.values import Value

EXTREME = np.array([-1.7e308, -1e308, -1.0, 0.0, 1.0, 1e308, 1.7e308])


def test_quantiles_are_on_the_line_between_neighbours_without_overflow() -> None:
    at = np.linspace(0.0, 1.0, 25)
    exact = []
    for share in at:
        place = Fraction(float(share)) * (len(EXTREME) - 1)
        low = min(int(place), len(EXTREME) - 2)
        a, b = Fraction(EXTREME[low]), Fraction(EXTREME[low + 1])
        exact.append(float(a + (b - a) * (place - low)))
    assert quantiles(EXTREME, at) == pytest.approx(exact, rel=1e-12, abs=1e294)
    usual = np.random.default_rng(4).lognormal(8.0, 2.0, 999)
    assert np.array_equal(quantiles(usual, at), np.quantile(usual, at))


def test_spread_of_great_values_is_that_of_small_ones_times_their_unit() -> None:
    values, weight = np.array([-1.0, 0.5, 0.25, 1.0, -0.75]), np.ones(5)
    assert spread(values, weight) == pytest.approx(np.std(values, ddof=1), rel=1e-14)
    assert spread(values * 2.0**1020, weight) == math.ldexp(spread(values, weight), 1020)


def test_classes_of_great_values_hold_them_in_their_order() -> None:
    one = Characteristic("INCOME", Value("number", EXTREME, np.zeros(len(EXTREME), dtype=bool)))
    classes = classes_of(one, np.arange(len(EXTREME)), 3)
    assert classes.ids.tolist() == sorted(classes.ids.tolist())
    assert np.bincount(classes.ids).tolist() == [0, 2, 2, 3]


def test_groups_of_great_values_are_those_of_small_ones() -> None:
    """The median lies between values of either sign whose difference is no double."""
    half = np.random.default_rng(8).uniform(1.5, 1.99, 200)
    small = np.concatenate([half, -half])
    great = small * 2.0**1023
    rows = np.arange(len(small))
    assert np.array_equal(fine_groups(pd.Series(great)), fine_groups(pd.Series(small)))
    assert np.array_equal(raw_bins(great, rows), raw_bins(small, rows))
    mine, theirs = (_by_quarters(one) for one in (great, small))
    assert np.array_equal(mine, theirs)
    assert mine.sum(axis=1).tolist() == [100] * 4


def _by_quarters(values: np.ndarray) -> np.ndarray:
    """Members (4, n) of the groups of a protected number."""
    package = SimpleNamespace(plan={})
    space = SimpleNamespace(package=package, frame=pd.DataFrame({"AGE": values}), rows={})
    return np.array([one.mask for one in groups_of(space, "AGE")])  # type: ignore[arg-type]
