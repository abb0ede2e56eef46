"""Plots of calibration tables: what is drawn is what the frames hold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from credit_risk.calibration import (
    calibrate_to_external,
    choose_map,
    fit_segments,
    match_quasi_moments,
    moments_frame,
    pluto_tasche,
)
from credit_risk.display import (
    CalibrationChoiceDisplay,
    Display,
    ExternalRatesDisplay,
    LowDefaultDisplay,
    QuasiMomentDisplay,
    SegmentCalibrationDisplay,
)
from tests.credit_risk.calibration.samples import sample


def drawn(display: Display) -> tuple[Axes, dict[str, np.ndarray]]:
    """The axes, and heights of labelled lines."""
    ax = display.plot(Figure().add_subplot())
    return ax, {str(line.get_label()): np.asarray(line.get_ydata(), dtype=float) for line in ax.get_lines()}


def heights(ax: Axes) -> list[float]:
    return [float(bar.get_height()) for bar in ax.patches]


def test_methods_compared() -> None:
    s, y = sample(600, 1)
    w = np.random.default_rng(2).uniform(0.5, 2.0, len(s))
    display = CalibrationChoiceDisplay.from_predictions(y, s, weights=w, methods=["none", "logistic", "beta"], folds=3)
    means = choose_map(s, y, w, methods=["none", "logistic", "beta"], folds=3).means
    pd.testing.assert_frame_equal(display.frame(), means)
    ax, _ = drawn(display)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["none", "logistic", "beta"]
    ring = ax.collections[-1].get_offsets()
    assert np.asarray(ring)[0, 0] == means.loc[means["chosen"], "difference"].iloc[0]
    two = pd.concat([means.assign(model="a"), means.assign(model="b", mean=0.0)], ignore_index=True)
    assert CalibrationChoiceDisplay(two).frame()["model"].unique().tolist() == ["a"]
    assert CalibrationChoiceDisplay(two, model="b").frame()["mean"].tolist() == [0.0] * 3
    refused = means.assign(mean=[0.1, np.nan, 0.1])
    assert b"cannot be fitted" in CalibrationChoiceDisplay(refused).svg()


def test_external_rates() -> None:
    s, _ = sample(300, 3)
    band = np.digitize(s, [-2.0])
    rates = pd.DataFrame({"band": [0, 1], "rate": [0.05, 0.2], "count": [400, 200]})
    display = ExternalRatesDisplay.from_predictions(s, band, rates, form="linear")
    frame = calibrate_to_external(s, band, rates, form="linear").bands
    pd.testing.assert_frame_equal(display.frame(), frame)
    ax, lines = drawn(display)
    assert heights(ax) == [0.05, 0.2]
    np.testing.assert_array_equal(lines["mean probability after"], frame["mean_after"])
    without = ExternalRatesDisplay.from_predictions(s, band, rates.drop(columns="count"))
    assert b"95% interval" not in without.svg()


def test_quasi_moments_over_their_targets() -> None:
    s, y = sample(300, 5)
    display = QuasiMomentDisplay.from_predictions(y, s, rate=0.04, auc=0.7)
    row = moments_frame(match_quasi_moments(s, 0.04, 0.7), y, s)
    pd.testing.assert_frame_equal(display.frame(), row)
    ax, lines = drawn(display)
    one = row.iloc[0]
    assert lines["after"].tolist() == [1.0, 0.0]
    shown = {str(line.get_label()): np.asarray(line.get_xdata(), dtype=float) for line in ax.get_lines()}
    np.testing.assert_allclose(shown["after"], [1.0, 1.0], atol=1e-9)
    np.testing.assert_allclose(shown["observed"], [one["bad_rate"] / 0.04, one["observed_auc"] / 0.7])
    two = pd.concat([row.assign(model="a"), row.assign(model="b")], ignore_index=True)
    names = [label.get_text() for label in drawn(QuasiMomentDisplay(two))[0].get_yticklabels()]
    assert [name.split("\n")[0] for name in names] == ["a", "a", "b", "b"]


def test_segments() -> None:
    s, y = sample(900, 4)
    segment = np.where(np.arange(900) < 20, "tiny", "rest")
    display = SegmentCalibrationDisplay.from_predictions(y, s, segment)
    table = fit_segments("logistic", s, y, segment).table
    pd.testing.assert_frame_equal(display.frame(), table)
    ax, lines = drawn(display)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["rest", "tiny\n(pooled)"]
    assert lines["own map"].tolist() == table["mean_probability"][:1].tolist()
    assert lines["pooled map"].tolist() == table["mean_pooled"].tolist()


def test_segments_of_evidence_are_those_of_one_model() -> None:
    s, y = sample(900, 4)
    segment = np.where(np.arange(900) < 500, "most", None)
    one = fit_segments("logistic", s, y, segment, missing="pooled").table
    frame = pd.concat([one.assign(model="a"), one.assign(model="b", mean_pooled=0.9)])
    ax, lines = drawn(SegmentCalibrationDisplay(frame))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["most", "missing\n(pooled)"]
    assert lines["pooled map"].tolist() == one["mean_pooled"].tolist()
    assert drawn(SegmentCalibrationDisplay(frame, model="b"))[1]["pooled map"].tolist() == [0.9, 0.9]


def test_low_default_bounds() -> None:
    display = LowDefaultDisplay.from_counts([10, 1000], [5, 0], 0.5)
    table = pluto_tasche([10, 1000], [5, 0], 0.5).table
    pd.testing.assert_frame_equal(display.frame(), table)
    ax, lines = drawn(display)
    assert heights(ax) == table["upper_bound"].tolist()
    assert lines["observed default rate"].tolist() == [0.5, 0.0]
    assert lines["bound before raising"].tolist() == table["bound"][1:].tolist()
