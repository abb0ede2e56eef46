"""The loss of the baselines, from log-odds of any size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import log_loss

from credit_risk.lifecycle.baselines import margin_loss


def test_loss_is_that_of_the_probabilities() -> None:
    rng = np.random.default_rng(1)
    margin, y = rng.normal(size=500), (rng.random(500) < 0.3).astype(float)
    assert margin_loss(y, margin) == pytest.approx(log_loss(y, expit(margin)), rel=1e-12)
    weights = rng.uniform(0.5, 3, 500)
    expected = log_loss(y, expit(margin), sample_weight=weights)
    assert margin_loss(y, margin, weights) == pytest.approx(expected, rel=1e-12)


def test_certain_and_wrong_is_as_dear_as_the_log_odds_say() -> None:
    assert expit(800.0) == 1.0
    assert margin_loss(np.array([0.0, 1.0, 1.0]), np.array([800.0, 800.0, -400.0])) == pytest.approx(400.0, rel=1e-15)
