"""The plot of a rating scale: what is drawn is what the frame holds, and the frame is that of the functions."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from pandas.testing import assert_frame_equal

from credit_risk.calibration import ScaleRules, design_scale, given_scale, scale_frame
from credit_risk.display import DISPLAYS, RatingScaleDisplay
from credit_risk.evaluation.graded import GradedSample

RNG = np.random.default_rng(2)
P = RNG.beta(2.0, 6.0, 3_000)
Y = (RNG.random(3_000) < P).astype(float)
W = RNG.choice([0.5, 2.0], 3_000)


def test_a_scale_is_designed_where_none_is_given() -> None:
    rules = ScaleRules(3, 6)
    scale = given_scale(design_scale(P, Y, rules, W).edges, P, weights=W)
    found = RatingScaleDisplay.from_predictions(Y, P, rules=rules, weights=W, confidence=0.9)
    assert_frame_equal(found.frame(), scale_frame(scale, GradedSample(Y, scale.index(P), P, W), 0.9))
    again = RatingScaleDisplay.from_predictions(Y, P, scale=scale, weights=W, confidence=0.9)
    assert_frame_equal(again.frame(), found.frame())


def test_the_plot_shows_shares_rates_and_probabilities() -> None:
    display = RatingScaleDisplay.from_predictions(Y, P, rules=ScaleRules(3, 6), title="Scale")
    frame = display.frame()
    ax = display.plot(Figure().add_subplot())
    behind = next(other for other in ax.figure.axes if other is not ax)
    assert [bar.get_height() for bar in behind.patches] == frame["share"].tolist()
    lines = {str(line.get_label()): line.get_ydata() for line in ax.get_lines()}
    assert np.array_equal(lines["probability of the grade"], frame["probability"])
    assert [text.get_text() for text in ax.get_xticklabels()] == frame["grade"].tolist()
    (legend,) = [ax.get_legend()]
    assert [text.get_text() for text in legend.get_texts()] == [
        *("probability of the grade", "observed", "share of the rows (right)"),
    ]
    assert display.svg() == display.svg()
    assert DISPLAYS["rating.scale"] is RatingScaleDisplay
