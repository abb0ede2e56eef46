"""Displays of calibration and of shifts: they hold the frames of their functions and draw every value of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import pyplot

from credit_risk._core.errors import CreditRiskError
from credit_risk.display import (
    CalibrationErrorsDisplay,
    CalibrationTestsDisplay,
    ContributionDisplay,
    DecompositionDisplay,
    GroupDependenceDisplay,
    ReliabilityDisplay,
    StabilityDisplay,
)
from credit_risk.evaluation.binned import bin_counts
from credit_risk.evaluation.calibration_test_table import calibration_tests_table, group_dependence_table
from credit_risk.evaluation.decomposition import decomposition_table, errors_table
from credit_risk.evaluation.reliability import reliability_table
from credit_risk.evaluation.stability import stability_bins_table, stability_table

RANDOM = np.random.default_rng(2)
P = RANDOM.beta(2, 12, 800)
Y = (RANDOM.random(800) < P).astype(float)
W = RANDOM.uniform(0.5, 2.0, 800)
COUNTS = {
    name: bin_counts({s: RANDOM.integers(0, 4, 500) for s in ("development", "out_of_sample", "out_of_time")})
    for name in ("score", "AGE")
}
LABELS = {name: ["a", "b", "c", "missing"] for name in COUNTS}


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    pyplot.close("all")


def test_frames_are_those_of_the_functions() -> None:
    held, weights = {"all rows": (Y, P)}, {"all rows": W}
    pairs = (
        (ReliabilityDisplay.from_predictions(Y, P, weights=W), reliability_table(held, weights=weights)),
        (CalibrationErrorsDisplay.from_predictions(Y, P), errors_table({"all rows": held})),
        (GroupDependenceDisplay.from_predictions(Y, P), group_dependence_table(held)),
        (
            CalibrationTestsDisplay.from_predictions(Y, {"m": P}, asset_correlation=0.1),
            calibration_tests_table({"m": held}, 0.1),
        ),
    )
    for display, frame in pairs:
        assert display.frame().equals(frame), type(display).__name__
        assert display.svg() == display.svg()
    parts = DecompositionDisplay.from_predictions(Y, {"m": P, "n": P**1.2}, rule="brier").frame()
    whole = decomposition_table({"m": held, "n": {"all rows": (Y, P**1.2)}})
    assert parts.equals(whole[whole["rule"] == "brier"])


def test_every_point_and_its_band_are_drawn() -> None:
    display = ReliabilityDisplay.from_predictions(Y, P)
    ax, frame = display.plot(), display.frame()
    for name in ("lower", "upper", "recalibrated"):
        assert any(np.array_equal(line.get_ydata(), frame[name]) for line in ax.lines), name
    assert len(ax.collections) == 1
    errors = CalibrationErrorsDisplay.from_predictions(Y, P)
    assert any(np.array_equal(line.get_ydata(), errors.frame()["value"]) for line in errors.plot().lines)


def test_p_values_that_are_not_evaluable_are_not_drawn() -> None:
    told = [text.get_text() for text in CalibrationTestsDisplay.from_predictions(Y, {"m": P}).plot().get_legend().texts]
    assert told == ["as if independent"]
    both = CalibrationTestsDisplay.from_predictions(Y, {"m": P}, asset_correlation=0.2).plot().get_legend().texts
    assert len(both) == 2


def test_bars_are_the_index_and_its_contributions() -> None:
    frame = stability_table(COUNTS)
    widths = sorted(bar.get_width() for bar in StabilityDisplay(frame).plot().patches)
    assert widths == pytest.approx(sorted(frame["psi"]))
    bins = stability_bins_table(COUNTS, LABELS)
    ax = ContributionDisplay(bins, quantity="AGE").plot()
    heights = sum(abs(bar.get_height()) for bar in ax.patches)
    assert heights == pytest.approx(frame.loc[frame["quantity"] == "AGE", "psi"].sum())
    assert ContributionDisplay(bins).title == "What moved: score"


def test_series_differ_without_colour() -> None:
    bars = StabilityDisplay(stability_table(COUNTS)).plot().patches
    assert len({bar.get_hatch() for bar in bars}) == 2
    two = reliability_table({"a": (Y[:400], P[:400]), "b": (Y[400:], P[400:])}, replicates=30)
    lines = [line for line in ReliabilityDisplay(two).plot().lines if line.get_linewidth() > 1.5]
    assert len({str(line.get_linestyle()) + str(line._unscaled_dash_pattern) for line in lines}) == 2  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [ReliabilityDisplay, CalibrationTestsDisplay, StabilityDisplay, ContributionDisplay])
def test_frames_without_columns_are_refused(kind: type[ReliabilityDisplay]) -> None:
    with pytest.raises(CreditRiskError, match="column is absent"):
        kind(stability_table(COUNTS)[["bins"]])
    with pytest.raises(CreditRiskError):
        ReliabilityDisplay.from_predictions(Y, P + 1)
