"""Venn–Abers against isotonic regression refitted twice for every score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import isotonic_regression

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import fit_map
from tests.credit_risk.calibration.samples import sample


def refitted(s: np.ndarray, y: np.ndarray, w: np.ndarray, at: np.ndarray) -> np.ndarray:
    """p₁ / (1 − p₀ + p₁) of each score of `at`, by two isotonic regressions each."""
    result = []
    for score in at:
        pair = []
        for label in (0.0, 1.0):
            scores, places = np.unique(np.append(s, score), return_inverse=True)
            weight = np.bincount(places, np.append(w, 1.0))
            mean = np.bincount(places, np.append(w, 1.0) * np.append(y, label)) / weight
            pair.append(isotonic_regression(mean, weights=weight).x[np.searchsorted(scores, score)])
        result.append(pair[1] / (1.0 - pair[0] + pair[1]))
    return np.array(result)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000), st.integers(5, 50), st.sampled_from([0, 1, 6]), st.booleans())
def test_every_score_is_two_isotonic_regressions(seed: int, rows: int, digits: int, whole: bool) -> None:
    random = np.random.default_rng(seed)
    s = np.round(random.normal(size=rows), digits)
    y = (random.random(rows) < 1.0 / (1.0 + np.exp(-s))).astype(float)
    w = random.integers(1, 4, rows).astype(float) if whole else random.uniform(0.3, 3.0, rows)
    assume(len(np.unique(s)) > 1 and 0.0 < y.mean() < 1.0)
    places = np.unique(s, return_inverse=True)[1]
    weight = np.bincount(places, w)
    if np.ptp(isotonic_regression(np.bincount(places, w * y) / weight, weights=weight).x) < 1e-9:
        with pytest.raises(CalibrationError, match="pools all scores into one block"):
            fit_map("venn_abers", s, y, w)
        return
    fit = fit_map("venn_abers", s, y, w)
    known = np.unique(s)
    at = np.concatenate([known, (known[1:] + known[:-1]) / 2.0, [known[0] - 1.0, known[-1] + 1.0]])
    at = np.concatenate([at, np.nextafter(known, 9.0), np.nextafter(known, -9.0)])
    np.testing.assert_allclose(fit.map.probability(at), refitted(s, y, w, at), rtol=0, atol=2e-12)
    assert fit.order.order == "non_decreasing"


def test_scores_that_are_neighbouring_doubles() -> None:
    s = np.array([0.0, np.nextafter(0.0, 1.0), 1.0, 2.0])
    y, w = np.array([0.0, 1.0, 0.0, 1.0]), np.ones(4)
    at = np.append(s, [0.5, 1.5])
    np.testing.assert_allclose(fit_map("venn_abers", s, y).map.probability(at), refitted(s, y, w, at), atol=1e-12)


def test_separated_classes_have_probabilities_within_0_and_1() -> None:
    s = np.arange(10.0)
    fit = fit_map("venn_abers", s, s > 4.5)
    assert fit.map.probability([-5.0])[0] == pytest.approx(1 / 7)  # (0, 1/6): a bad put before five goods
    assert fit.map.probability([20.0])[0] == pytest.approx(6 / 7)


def test_many_rows_make_few_steps() -> None:
    s, y = sample(20_000, 1)
    fit = fit_map("venn_abers", s, y)
    assert fit.notes[0] == f"{len(fit.map.y)} steps"
    assert len(fit.map.y) < 1500
    isotonic = fit_map("isotonic", s, y).map.probability(s)
    assert np.abs(fit.map.probability(s) - isotonic).mean() < 0.01
