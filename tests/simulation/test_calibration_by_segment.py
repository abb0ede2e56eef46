"""Calibration by segment where the truth is known: level by segment recovered, small segments no worse than pooled."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from credit_risk.calibration import SegmentFits, fit_segments

TRUTH = {"branch": (1.0, 0.0), "broker": (0.5, 0.7), "online": (1.4, -0.6), "tiny": (1.0, 1.5)}
SHARES = [0.4, 0.35, 0.246, 0.004]


def world(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Linear score, segment, true probability and outcome: logit of the truth is a line of its own by segment."""
    random = np.random.default_rng(seed)
    segment = random.choice(list(TRUTH), rows, p=SHARES)
    score = random.normal(-1.8, 1.1, rows)
    slope, intercept = (np.array([TRUTH[name][k] for name in segment]) for k in (0, 1))
    true = expit(slope * score + intercept)
    return score, segment, true, (random.random(rows) < true).astype(float)


def fitted(seed: int) -> tuple[SegmentFits, np.ndarray, np.ndarray, np.ndarray]:
    score, segment, _, y = world(seed, 12_000)
    fits = fit_segments("logistic", score, y, segment)
    new, label, true, _ = world(10_000 + seed, 40_000)
    return fits, new, label, true


def gaps(fits: SegmentFits, score: np.ndarray, label: np.ndarray, true: np.ndarray) -> dict[str, list[float]]:
    """By segment: mean probability over the true mean less 1, of the maps used and of the pooled one, on new rows."""
    found = {}
    for name in TRUTH:
        rows = label == name
        used = fits.probability(score[rows], label[rows]).mean()
        found[name] = [p / true[rows].mean() - 1.0 for p in (used, fits.pooled.map.probability(score[rows]).mean())]
    return found


def check(worlds: int) -> None:
    runs = [gaps(*fitted(seed)) for seed in range(worlds)]
    mean = {name: np.mean([run[name] for run in runs], axis=0) for name in TRUTH}
    for name in ("branch", "broker", "online"):
        own, pooled = mean[name]
        assert abs(own) < 0.03, (name, own)
        assert abs(pooled) > 0.1, (name, pooled)
    # Too few rows for a map of its own: the pooled map, with its error and no other.
    assert mean["tiny"][0] == mean["tiny"][1]
    assert mean["tiny"][0] < -0.3


def test_levels_of_segments_are_recovered() -> None:
    check(6)


@pytest.mark.slow
def test_levels_of_segments_are_recovered_in_many_worlds() -> None:
    check(100)


def test_true_lines_are_covered_by_their_standard_errors() -> None:
    """Within four standard errors in every world: the truth is a line, so that nothing but chance is left."""
    for seed in range(6):
        fits, *_ = fitted(seed)
        for name, fit in fits.own.items():
            table = fit.parameters
            left = (table["estimate"].to_numpy() - TRUTH[name]) / table["standard_error"].to_numpy()
            assert np.abs(left).max() < 4.0, (seed, name)
