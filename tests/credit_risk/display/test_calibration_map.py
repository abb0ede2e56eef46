"""The plot of calibration maps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from credit_risk._core.errors import CreditRiskError
from credit_risk.calibration import LogisticMap, fit_map, map_curves
from credit_risk.display import CalibrationMapDisplay
from tests.credit_risk.calibration.samples import sample


def test_no_calibration_is_a_straight_line_and_bands_stand_at_their_rates() -> None:
    s, y = sample(800, 1)
    display = CalibrationMapDisplay.from_predictions(y, s, {"double": LogisticMap(2.0, 1.0)}, bands=5)
    pd.testing.assert_frame_equal(display.frame(), map_curves({"double": LogisticMap(2.0, 1.0)}, s, y, bands=5))
    ax = display.plot(Figure().add_subplot())
    lines = {line.get_label(): line for line in ax.get_lines()}
    x, height = lines["no calibration"].get_data()
    np.testing.assert_allclose(height, x, atol=1e-9)
    x, height = lines["double"].get_data()
    np.testing.assert_allclose(height, 2.0 * np.asarray(x) + 1.0, atol=1e-6)
    rate = display.frame().query("curve == 'observed'")["probability"]
    np.testing.assert_allclose(lines["observed bad rate"].get_ydata(), np.log(rate / (1 - rate)))
    assert all(label.get_text().endswith("%") for label in ax.get_yticklabels())


def test_without_maps_it_is_the_logistic_map_of_the_sample() -> None:
    s, y = sample(400, 2)
    w = np.random.default_rng(3).uniform(0.5, 2.0, len(s))
    frame = CalibrationMapDisplay.from_predictions(y, s, weights=w).frame()
    fitted = frame[frame["curve"] == "logistic"]
    expected = fit_map("logistic", s, y, w).map.probability(fitted["linear_score"])
    np.testing.assert_array_equal(fitted["probability"], expected)


def test_bands_without_bads_show_their_interval() -> None:
    s = np.linspace(-5.0, 0.0, 200)
    y = np.where((s > -2.0) & (np.arange(200) % 3 == 0), 1.0, 0.0)
    display = CalibrationMapDisplay.from_predictions(y, s, {})
    assert (display.frame()["probability"] == 0.0).any()
    assert b"observed bad rate" in display.svg()
    assert display.svg() == display.svg()


def test_evidence_without_bands_is_drawn() -> None:
    frame = pd.DataFrame({"curve": ["before"] * 2 + ["after"] * 2, "linear_score": [-1.0, 1.0] * 2})
    frame["probability"] = [0.27, 0.73, 0.2, 0.5]
    ax = CalibrationMapDisplay(frame).plot(Figure().add_subplot())
    assert [line.get_label() for line in ax.get_lines()] == ["no calibration", "after"]
    with pytest.raises(CreditRiskError, match="probability: column is absent"):
        CalibrationMapDisplay(frame.drop(columns="probability"))
