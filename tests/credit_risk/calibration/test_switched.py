"""Maps by label: one shift of all of them, the order within each, and steps that stand once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import (
    AnchoredMap,
    BetaMap,
    IdentityMap,
    LogisticMap,
    StepMap,
    SwitchedMap,
    anchor_switched,
)

LOW, HIGH = LogisticMap(0.5, -1.0), BetaMap(0.8, 1.2, 0.3)
STEPS = StepMap((0.0,), (0.1, 0.4))


def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    label = random.choice(np.array(["a", "b", "c", None], dtype=object), 500)
    return random.normal(-1.0, 1.0, 500), label, random.integers(1, 4, 500).astype(float)


def by_hand(score: np.ndarray, label: np.ndarray, shift: float = 0.0) -> np.ndarray:
    """a: a line in log-odds, b: beta, all others: steps; moved by one shift."""
    p = np.where(score < 0.0, 0.1, 0.4)
    p = np.where(label == "a", expit(0.5 * score - 1.0), p)
    q = expit(score)
    p = np.where(label == "b", expit(0.8 * np.log(q) - 1.2 * np.log1p(-q) + 0.3), p)
    return expit(logit(p) + shift)


def test_each_label_has_its_map_and_all_others_the_default() -> None:
    score, label, _ = rows()
    switched = SwitchedMap({"a": LOW, "b": HIGH}, STEPS)
    np.testing.assert_allclose(switched.probability(score, label), by_hand(score, label), rtol=1e-12)
    moved = switched.shifted(-0.7)
    np.testing.assert_allclose(moved.probability(score, label), by_hand(score, label, -0.7), rtol=1e-12)
    with pytest.raises(CalibrationError, match="one label a row"):
        switched.probability(score, label[1:])


@pytest.mark.parametrize("target", [0.05, 0.4])
def test_one_shift_gives_all_rows_the_target(target: float) -> None:
    score, label, w = rows()
    found = anchor_switched(SwitchedMap({"a": LOW, "b": HIGH}, STEPS), score, label, target, w)
    own = brentq(lambda d: np.average(by_hand(score, label, d), weights=w) - target, -20, 20, xtol=1e-13)
    assert found.shift == pytest.approx(own, abs=1e-10)
    assert found.mean_after == pytest.approx(target, abs=1e-9)
    assert np.average(found.map.probability(score, label), weights=w) == found.mean_after
    assert found.mean_before == pytest.approx(np.average(by_hand(score, label), weights=w), abs=1e-12)
    odds = logit(target) - logit(found.mean_before)
    assert found.odds_shift == pytest.approx(odds, abs=1e-12)
    assert found.mean_by_odds_shift == pytest.approx(np.average(by_hand(score, label, odds), weights=w), abs=1e-12)


def test_order_is_told_within_each_map() -> None:
    score = np.array([-1.0, -0.5, 0.5, 1.0, 0.5])
    label = ["a", "a", "x", "x", "a"]
    report = SwitchedMap({"a": LOW}, STEPS).order(score, label)
    assert (report.order, report.distinct_scores, report.distinct_probabilities) == ("non_decreasing", 5, 4)
    assert SwitchedMap({"a": LOW}, HIGH).order(score, label).order == "strictly_increasing"
    with pytest.raises(CalibrationError, match="break the order"):
        SwitchedMap({"a": LogisticMap(-0.5, 0.0)}, HIGH).order(score, label)


def test_what_anchored_maps_begin_with_stands_once() -> None:
    bands = SwitchedMap({"x": AnchoredMap(STEPS, 0.2), "y": AnchoredMap(STEPS, -0.1)}, AnchoredMap(STEPS, 0.0))
    steps = bands.steps("s", "band", "p")
    assert [step["type"] for step in steps] == ["calibrate"] * 4 + ["switch"]
    assert [step["method"] for step in steps[:4]] == ["piecewise_constant", "logistic", "logistic", "logistic"]
    assert len({step["input"] for step in steps[1:4]}) == 1
    assert SwitchedMap({}, IdentityMap()).steps("s", "band", "p") == IdentityMap().steps("s", "p")
