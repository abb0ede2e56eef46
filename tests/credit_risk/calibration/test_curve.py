"""Maps as curves, and observed bands, against sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import beta

from credit_risk._core.errors import CalibrationError
from credit_risk.calibration import LogisticMap, StepMap, map_curves
from tests.credit_risk.calibration.samples import sample


def test_bands_are_weighted_rates_with_their_interval() -> None:
    s, y = sample(500, 1, digits=1)
    w = np.random.default_rng(2).uniform(0.5, 2.0, len(s))
    frame = map_curves({}, s, y, w, bands=4, confidence=0.9)
    seen = frame[frame["curve"] == "observed"].reset_index(drop=True)
    assert seen["weight"].sum() == pytest.approx(w.sum())
    np.testing.assert_allclose(seen["weight"] / w.sum(), 0.25, atol=0.03)
    order = np.argsort(s, kind="stable")
    first = order[: np.searchsorted(np.cumsum(w[order]), seen["weight"][0] - 1e-9) + 1]
    assert seen["linear_score"][0] == pytest.approx(np.average(s[first], weights=w[first]))
    rate = np.average(y[first], weights=w[first])
    assert seen["probability"][0] == pytest.approx(rate)
    effective = w[first].sum() ** 2 / np.square(w[first]).sum()
    interval = beta(rate * effective + 0.5, (1 - rate) * effective + 0.5).ppf([0.05, 0.95])
    np.testing.assert_allclose([seen["lower"][0], seen["upper"][0]], interval)


def test_curves_are_the_maps() -> None:
    s, y = sample(200, 3)
    maps = {"platt": LogisticMap(0.7, -0.1), "steps": StepMap((-3.0, -1.0), (0.01, 0.1, 0.3))}
    frame = map_curves(maps, s, y)
    for name, one in maps.items():
        part = frame[frame["curve"] == name]
        np.testing.assert_array_equal(part["probability"], one.probability(part["linear_score"]))
    before = frame[frame["curve"] == "before"]
    np.testing.assert_allclose(before["probability"], expit(before["linear_score"]), rtol=1e-12)
    steps = frame[frame["curve"] == "steps"]
    assert {-3.0, np.nextafter(-3.0, -9.0)} <= set(steps["linear_score"])


def test_ties_stay_in_one_band() -> None:
    s, y = np.repeat([-2.0, -1.0], 50), np.tile([0.0, 1.0], 50)
    seen = map_curves({}, s, y, bands=10)
    assert seen.loc[seen["curve"] == "observed", "linear_score"].tolist() == [-2.0, -1.0]


def test_bad_arguments_are_refused() -> None:
    s, y = sample(50, 4, intercept=1.0)
    with pytest.raises(CalibrationError, match="bands: not in range"):
        map_curves({}, s, y, bands=0)
    with pytest.raises(CalibrationError, match=r"a reserved name(.|\n)*before"):
        map_curves({"before": LogisticMap(1.0, 0.0)}, s, y)
