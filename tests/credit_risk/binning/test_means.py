"""Classing on amounts and fractions against enumeration, against the classing of a binary outcome, and by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from credit_risk._core.errors import ModelError
from credit_risk.binning.classing import Trend, class_frame
from credit_risk.binning.mean_table import mean_rows
from credit_risk.binning.means import class_means
from credit_risk.binning.spec import ClassingSpec
from credit_risk.evaluation.measured import mean_interval

SPEC = ClassingSpec()


def information(groups: list[np.ndarray], y: np.ndarray, base: np.ndarray, kind: str) -> float:
    """Σ (s − e)·ln(s/e) from the definition."""
    total = 0.0
    lost, held = (y, 1 - y) if kind == "fraction" else (y, base)
    for rows in groups:
        s, e = lost[rows].sum() / lost.sum(), held[rows].sum() / held.sum()
        total += (s - e) * np.log(s / e)
    return total


def best_by_enumeration(x: np.ndarray, y: np.ndarray, base: np.ndarray, kind: str, trend: str, least: float) -> float:
    distinct, best = np.unique(x), -np.inf
    for k in range(SPEC.max_bins):
        for cuts in combinations(distinct[1:], k):
            index = np.searchsorted(cuts, x, side="right")
            groups = [np.flatnonzero(index == i) for i in range(k + 1)]
            if min(len(g) for g in groups) < least or any(y[g].sum() == 0 for g in groups):
                continue
            means = np.array([y[g].sum() / base[g].sum() for g in groups])
            steps = np.diff(means)
            if (steps < -1e-12).any() if trend == "ascending" else (steps > 1e-12).any():
                continue
            best = max(best, information(groups, y, base, kind))
    return best


@pytest.mark.parametrize("kind", ["amount", "fraction"])
@pytest.mark.parametrize("seed", range(12))
def test_cuts_are_the_best_of_all(kind: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    x = generator.integers(0, 9, 120).astype(float)
    exposure = generator.uniform(0.5, 2, 120)
    y = (
        generator.beta(1 + x / 4, 4)
        if kind == "fraction"
        else generator.gamma(1.0, 5 + x) * (generator.random(120) < 0.7)
    )
    base = exposure if kind == "amount" else np.ones(120)
    table = class_means(pd.DataFrame({"x": x}), y, kind, settings=SPEC, exposure=exposure)["x"]
    expected = max(best_by_enumeration(x, y, base, kind, trend, 6) for trend in ("ascending", "descending"))
    assert table.information_value == pytest.approx(expected, rel=1e-9)
    assert table.engine == "exact"


def test_value_of_a_bin_is_what_the_specification_says() -> None:
    x = np.array([1.0, 1, 1, 2, 2, 2, np.nan, -9.0])
    amounts, exposure = np.array([0.0, 1, 2, 4, 5, 9, 3, 6]), np.array([1.0, 2, 1, 1, 2, 1, 4, 2])
    frame = pd.DataFrame({"x": x})
    table = class_means(frame, amounts, "amount", settings=SPEC, exposure=exposure, specials={"x": [-9.0]})["x"]
    assert [b.label for b in table.bins] == ["< 2", "≥ 2", "special -9", "missing"]
    mean = 30 / 14
    np.testing.assert_allclose(table.result.value, np.log(np.array([3 / 4, 18 / 4, 6 / 2, 3 / 4]) / mean))
    np.testing.assert_allclose(table.transform(np.array([1.0, np.nan, -9.0])), table.result.value[[0, 3, 2]])
    fractions = amounts / 10
    table = class_means(frame, fractions, "fraction", settings=SPEC, specials={"x": [-9.0]})["x"]
    np.testing.assert_allclose(table.result.value, logit([0.1, 0.6, 0.6, 0.3]) - logit(fractions.mean()))


def test_a_fraction_of_nought_and_one_is_a_binary_outcome() -> None:
    generator = np.random.default_rng(3)
    frame = pd.DataFrame(
        {"x": generator.integers(0, 12, 800).astype(float), "c": generator.choice(list("abcdef"), 800)}
    )
    y = (generator.random(800) < 0.1 + 0.05 * frame["x"]).astype(float)
    ours = class_means(frame, y, "fraction", settings=SPEC)
    theirs = class_frame(frame, y, settings=SPEC)
    for name in frame:
        assert ours[name].bins == theirs[name].bins
        np.testing.assert_allclose(ours[name].result.value, -theirs[name].result.woe, atol=1e-12)
        assert ours[name].information_value == pytest.approx(theirs[name].information_value)
        assert ours[name].result.rule == theirs[name].result.rule


@given(st.floats(1e-6, 1e9), st.floats(1e-3, 1e3))
def test_units_of_amounts_weights_and_exposure_change_nothing(scale: float, other: float) -> None:
    generator = np.random.default_rng(5)
    frame = pd.DataFrame({"x": generator.normal(size=300)})
    y = generator.gamma(1.0, np.exp(frame["x"])) * (generator.random(300) < 0.6)
    exposure = generator.uniform(0.5, 3, 300)
    one = class_means(frame, y, "amount", settings=SPEC, exposure=exposure)["x"]
    two = class_means(
        frame, y * scale, "amount", settings=SPEC, exposure=exposure * other, weights=np.full(300, other)
    )["x"]
    assert one.bins == two.bins
    np.testing.assert_allclose(one.result.value, two.result.value, atol=1e-9)


@pytest.mark.parametrize("trend", ["ascending", "descending", "peak", "valley"])
def test_declared_trend_is_kept(trend: str) -> None:
    generator = np.random.default_rng(6)
    x = generator.uniform(-1, 1, 500)
    y = generator.gamma(2.0, 1 + x**2)
    trends = {"x": Trend(trend, "plan")}
    table = class_means(pd.DataFrame({"x": x}), y, "amount", settings=SPEC, trends=trends)["x"]
    steps = np.sign(np.diff(table.mean[:-1]))
    turns = np.flatnonzero(np.diff(steps))
    assert table.trend == trend
    if trend in ("ascending", "descending"):
        assert (steps >= 0).all() if trend == "ascending" else (steps <= 0).all()
    else:
        assert len(turns) <= 1
        if trend == "valley":
            assert len(turns) == 1
            assert steps[0] < 0


def test_empty_and_pure_bins() -> None:
    """A code without rows is neutral; a code whose amounts are all zero is told as adjusted, and finite."""
    x = np.array([1.0, 2, 3, 4] * 25 + [-8.0] * 10)
    y = np.array([1.0, 2, 3, 4] * 25 + [0.0] * 10)
    table = class_means(pd.DataFrame({"x": x}), y, "amount", settings=SPEC, specials={"x": [-8.0, -7.0]})["x"]
    assert table.result.rule[-3:] == ("zero_cell_adjusted", "neutral", "neutral")
    assert np.isfinite(table.result.value).all()
    assert table.result.value[-3] == pytest.approx(np.log((0.5 / 110) / (10.5 / 110)))


def test_a_copy_of_the_outcome_is_suspected() -> None:
    generator = np.random.default_rng(7)
    y = generator.beta(0.6, 1.8, 900)
    frame = pd.DataFrame({"copy": np.exp(3 * y), "noise": generator.normal(size=900)})
    tables = class_means(frame, y, "fraction", settings=SPEC)
    assert tables["copy"].fine_gini > 0.95
    assert tables["noise"].fine_gini < 0.3
    assert 0 <= tables["noise"].gini < tables["copy"].gini


def test_intervals_cover_the_mean() -> None:
    """Monte Carlo: 95 % intervals of a bin's mean, for both kinds."""
    generator = np.random.default_rng(9)
    for kind, draw, mean in (
        ("amount", lambda: generator.gamma(0.8, 5.0, 200), 4.0),
        ("fraction", lambda: generator.beta(0.5, 1.5, 200), 0.25),
    ):
        hits = 0
        for _ in range(400):
            y = draw()
            error = np.array([y.std(ddof=1) / np.sqrt(200)])
            lower, upper = mean_interval(np.array([y.mean()]), error, kind, 0.95)
            hits += bool(lower[0] <= mean <= upper[0])
        assert hits / 400 == pytest.approx(0.95, abs=0.03)


def test_what_cannot_be_classed() -> None:
    with pytest.raises(ValueError, match="every amount is zero"):
        mean_rows(np.zeros(5), "amount")
    with pytest.raises(ValueError, match="or one"):
        mean_rows(np.ones(5), "fraction")
    x, y = np.arange(40.0) % 2, np.arange(40.0)
    with pytest.raises(ModelError, match="cannot be classed"):
        class_means(pd.DataFrame({"x": x}), y, "amount", settings=ClassingSpec(min_bins=4))
    one = class_means(pd.DataFrame({"x": np.full(40, np.nan)}), y, "amount", settings=SPEC)["x"]
    assert one.information_value == 0
    assert one.trend == "none"
