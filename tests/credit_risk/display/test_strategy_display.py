"""Displays of strategy hold the frame of the pure function and draw what it says."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from credit_risk.display import (
    BoundaryDisplay,
    CutOffDisplay,
    Display,
    ProfitDisplay,
    SwapSetDisplay,
    TwoScoreMatrixDisplay,
)
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.cut_offs import cut_off_table, cut_offs_of

RNG = np.random.default_rng(2)
SCORE = np.round(RNG.normal(550, 30, 800))
OTHER = SCORE + np.round(RNG.normal(0, 20, 800))
Y = (RNG.random(800) < 1 / (1 + np.exp((SCORE - 520) / 20))).astype(float)
W = RNG.uniform(0.5, 2, 800)


def displays(weights: np.ndarray | None) -> list[Display]:
    return [
        CutOffDisplay.from_predictions(Y, SCORE, weights, cut_offs=10),
        ProfitDisplay.from_predictions(Y, SCORE, weights, good=10.0, bad=80.0, cut_offs=[500.0, 540, 560]),
        SwapSetDisplay.from_predictions(Y, SCORE, OTHER, weights, cut_off=540),
        TwoScoreMatrixDisplay.from_predictions(Y, SCORE, OTHER, weights, bands=4),
    ]


@pytest.mark.parametrize("place", range(4))
def test_a_display_draws_its_frame(place: int) -> None:
    display = displays(W)[place]
    ax = display.plot()
    assert ax.get_xlabel()
    assert ax.get_ylabel()
    assert display.svg() == display.svg()
    plt.close("all")
    assert not display.frame().equals(displays(None)[place].frame())  # weights count


def test_the_frame_is_that_of_the_function() -> None:
    one = Applicants(SCORE, Y, W)
    pd.testing.assert_frame_equal(
        CutOffDisplay.from_predictions(Y, SCORE, W, cut_offs=10).frame(),
        cut_off_table({"sample": one}, cut_offs_of(SCORE, 10, W)),
    )


def test_the_swap_set_is_of_equal_acceptance_unless_a_cut_off_is_given() -> None:
    told = SwapSetDisplay.from_predictions(Y, SCORE, OTHER, cut_off=540).frame().set_index("cell")
    assert told["share"]["swapped in"] >= told["share"]["swapped out"]
    given = SwapSetDisplay.from_predictions(Y, SCORE, OTHER, cut_off=540, candidate_cut_off=600).frame()
    assert set(given["basis"]) == {"declared cut-offs"}


def test_boundaries_are_drawn_on_both_sides() -> None:
    display = BoundaryDisplay.from_looks(5)
    ax = display.plot()
    upper, lower = ax.lines[0].get_ydata(), ax.lines[1].get_ydata()
    assert np.asarray(upper) == pytest.approx(display.frame()["z"])
    assert np.asarray(lower) == pytest.approx(-display.frame()["z"])
    plt.close("all")


def test_a_sparse_cell_of_the_matrix_has_its_number_and_no_shade() -> None:
    frame = TwoScoreMatrixDisplay.from_predictions(Y, SCORE, OTHER, bands=3).frame()
    whole = TwoScoreMatrixDisplay(frame).plot().collections[0].get_array()
    place = int(frame.index[frame["known"] >= 30][0])
    frame.loc[place, ["rows", "known", "bad_rate"]] = [2, 2, 1.0]
    ax = TwoScoreMatrixDisplay(frame).plot()
    shades = ax.collections[0].get_array()
    assert np.ma.count_masked(shades) == np.ma.count_masked(whole) + 1
    assert shades.max() < 1.0
    assert [text.get_text() for text in ax.texts if text.get_text().split("\n")[-1] == "n=2"] == ["100.0%\nn=2"]
    plt.close("all")


def test_one_sample_of_a_swap_set_needs_no_legend() -> None:
    one = SwapSetDisplay.from_predictions(Y, SCORE, OTHER, cut_off=540).frame()
    assert SwapSetDisplay(one).plot().get_legend() is None
    two = pd.concat([one, one.assign(sample="other")], ignore_index=True)
    assert SwapSetDisplay(two).plot().get_legend() is not None
    plt.close("all")


def test_every_cell_of_the_matrix_has_its_number() -> None:
    ax = TwoScoreMatrixDisplay.from_predictions(Y, SCORE, OTHER, bands=3).plot()
    assert len([text for text in ax.texts if "n=" in text.get_text() or text.get_text() == "–"]) == 9
    plt.close("all")
