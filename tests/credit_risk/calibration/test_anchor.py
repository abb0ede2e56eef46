"""Long-run anchors by solving, and the odds shift that is no anchor."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import anchor_map, anchor_shift, bayes_odds_shift, fit_map
from tests.credit_risk.calibration.samples import sample


def measured_portfolio() -> np.ndarray:
    """Normal log-odds for which the odds shift to .04 is −.720 and the solved shift −.784, as was measured."""
    quantiles = norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    mean = expit(logit(0.04) + 0.720)

    def with_spread(spread: float) -> np.ndarray:
        centre = brentq(lambda c: expit(c + spread * quantiles).mean() - mean, -9.0, 0.0)
        return centre + spread * quantiles

    def missed(spread: float) -> float:
        return float(expit(with_spread(spread) - 0.784).mean() - 0.04)

    return with_spread(brentq(missed, 0.2, 3.0))


def test_the_measured_example() -> None:
    log_odds = measured_portfolio()
    anchor = anchor_map(None, log_odds, 0.04)
    assert round(anchor.shift, 3) == -0.784
    assert round(anchor.odds_shift, 3) == -0.720
    assert round(anchor.mean_by_odds_shift, 4) == 0.0424  # neither was put in
    assert anchor.mean_after == pytest.approx(0.04, abs=1e-12)
    assert round(anchor.mean_before, 4) == 0.0789
    assert bayes_odds_shift(anchor.mean_before, 0.04) == anchor.odds_shift


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(-12.0, 6.0), st.integers(1, 5)), min_size=1, max_size=40),
    st.floats(1e-6, 1.0 - 1e-6),
)
def test_the_mean_is_the_target_and_weights_are_repeated_rows(rows: list[tuple[float, int]], target: float) -> None:
    s, w = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    shift = anchor_shift(s, target, w)
    assert np.average(expit(s + shift), weights=w) == pytest.approx(target, rel=1e-9)
    assert shift == pytest.approx(anchor_shift(np.repeat(s, w), target), abs=1e-9)
    assert anchor_shift(s, min(target * 1.01, 0.999999), w) >= shift - 1e-9


@pytest.mark.parametrize("method", ["none", "logistic", "beta", "isotonic", "centred_isotonic", "venn_abers"])
def test_every_map_can_be_anchored(method: str) -> None:
    s, y = sample(600, 1, digits=1)
    w = np.random.default_rng(2).uniform(0.5, 2.0, len(s))
    fit = fit_map(method, s, y, w)
    anchor = anchor_map(fit.map, s, 0.03, w)
    assert anchor.method == method
    assert np.average(anchor.map.probability(s), weights=w) == pytest.approx(0.03, rel=1e-10)
    assert anchor.map.order_kept() == fit.map.order_kept()


def test_the_odds_shift_undoes_a_resampling() -> None:
    """Keep each good with probability k: the log-odds of every row move by −ln k, whatever they are."""
    p, kept = np.array([0.02, 0.1, 0.4]), 0.2
    sampled = p / (p + kept * (1.0 - p))
    population, drawn = p.mean(), float(p.sum() / (p + kept * (1.0 - p)).sum())
    moved = expit(logit(sampled) + bayes_odds_shift(drawn, population))
    np.testing.assert_allclose(moved, p, rtol=1e-12)
    assert bayes_odds_shift(drawn, population) == pytest.approx(math.log(kept))


@pytest.mark.parametrize("target", [0.0, 1.0, -0.1, math.nan, True, "4 %"])
def test_rates_of_0_and_1_are_refused(target: float) -> None:
    for call in (lambda: anchor_shift([0.0], target), lambda: bayes_odds_shift(0.1, target)):
        with pytest.raises(CalibrationError, match=r"not a rate(.|\n)*neither included"):
            call()


def test_bad_rows_are_refused() -> None:
    with pytest.raises(CalibrationError, match=r"log_odds(.|\n)*first: 2(.|\n)*zero or negative"):
        anchor_shift([0.0, math.inf], 0.1, [1.0, 0.0])


def test_a_constant_score_is_shifted_to_the_target() -> None:
    assert anchor_shift(np.full(7, -1.5), 0.04) == pytest.approx(logit(0.04) + 1.5, abs=1e-12)
