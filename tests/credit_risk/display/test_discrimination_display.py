"""Displays of discrimination keep the frame that their room computes, and draw all of it."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from credit_risk import display, evaluation
from credit_risk._core.errors import CreditRiskError
from credit_risk.display import Display
from credit_risk.evaluation import ScoredSample
from credit_risk.evaluation.initial_auc import initial_auc_table
from credit_risk.evaluation.ranking_measures import measure_table

RNG = np.random.default_rng(2)
RISK = RNG.normal(size=1500)
PROBABILITY = 1 / (1 + np.exp(1.5 - RISK))
Y = (RNG.random(1500) < PROBABILITY).astype(float)
SCORE = np.round(600 - 28 * RISK)
W = RNG.uniform(0.5, 2.0, 1500)
GROUPS = pd.DataFrame(
    {"REGION": RNG.choice(["north", "south", "east"], 1500, p=[0.6, 0.38, 0.02]), "AGE": RNG.integers(18, 80, 1500)}
)
Made = Callable[[np.ndarray | None], Display]
MADE: dict[str, Made] = {
    "roc": lambda w: display.RocDisplay.from_predictions(Y, RISK, weights=w),
    "cap": lambda w: display.CapDisplay.from_predictions(Y, RISK, weights=w),
    "precision_recall": lambda w: display.PrecisionRecallDisplay.from_predictions(Y, RISK, weights=w),
    "lift": lambda w: display.LiftDisplay.from_predictions(Y, RISK, weights=w),
    "ks": lambda w: display.KsDisplay.from_predictions(Y, RISK, weights=w),
    "subpopulations": lambda w: display.SubpopulationDisplay.from_predictions(
        Y, RISK, PROBABILITY, GROUPS, weights=w, edges={"AGE": [30, 45, 60]}
    ),
    "cut_offs": lambda w: display.CutOffMeasuresDisplay.from_predictions(Y, SCORE, cut_off=600, weights=w),
    "discrimination": lambda w: display.DiscriminationDisplay.from_predictions(Y, {"a": RISK, "b": -SCORE}, weights=w),
    "calibration": lambda w: display.CalibrationDisplay.from_predictions(Y, PROBABILITY, weights=w),
    "bands": lambda w: display.ScoreBandDisplay.from_predictions(Y, SCORE, PROBABILITY, weights=w),
    "distribution": lambda w: display.ScoreDistributionDisplay.from_predictions(Y, SCORE, weights=w),
}


@pytest.mark.parametrize("name", MADE)
def test_from_predictions_takes_weights_and_draws(name: str) -> None:
    plain, weighted = MADE[name](None), MADE[name](W)
    numbers = plain.frame().select_dtypes("number")
    changed = weighted.frame().select_dtypes("number")
    assert numbers.shape != changed.shape or not np.allclose(numbers.fillna(0), changed.fillna(0))
    axes = plain.plot()
    assert axes.get_xlabel()
    plt.close(axes.figure)
    assert plain.svg() == MADE[name](None).svg()


def test_frames_are_those_of_the_rooms() -> None:
    ks = display.KsDisplay.from_predictions(Y, RISK).frame()
    assert np.abs(ks["good_share"] - ks["bad_share"]).max() == evaluation.ks(Y, RISK).statistic
    roc = display.RocDisplay.from_predictions(Y, RISK)
    assert roc.areas == {"all rows": evaluation.auc(Y, RISK)}
    lift = display.LiftDisplay.from_predictions(Y, RISK).frame().drop(columns="sample")
    pd.testing.assert_frame_equal(lift, evaluation.gains_table(Y, RISK))


def test_groups_that_are_not_evaluable_say_so() -> None:
    shown = MADE["subpopulations"](None)
    axes = shown.plot()
    assert [text.get_text() for text in axes.texts] == ["not evaluable"]
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert {"REGION: east", "AGE: [30, 45)", "AGE: ≥ 60"} <= set(labels)
    plt.close(axes.figure)
    for measure in ("ratio", "auc_difference", "ks"):
        axes = display.SubpopulationDisplay(shown.frame(), measure=measure).plot()
        plt.close(axes.figure)
    with pytest.raises(CreditRiskError, match="no such measure"):
        display.SubpopulationDisplay(shown.frame(), measure="mean")


def test_notes_on_what_is_not_evaluable_stand_clear_of_the_intervals() -> None:
    few = display.SubpopulationDisplay.from_predictions(Y, RISK, PROBABILITY, GROUPS)
    frame = few.frame()
    frame.loc[frame.index[:1], ["auc", "auc_lower", "auc_upper"]] = np.nan
    axes = display.SubpopulationDisplay(frame).plot()
    axes.figure.canvas.draw()
    notes = [text for text in axes.texts if "not evaluable" in text.get_text()]
    assert notes
    data = axes.transData.inverted()
    ends = [data.transform(text.get_window_extent().corners())[:, 0].max() for text in notes]
    assert max(ends) < np.nanmin(frame["auc_lower"])
    plt.close(axes.figure)


def test_tables_of_measures_have_plots() -> None:
    samples = {
        "development": ScoredSample(Y[:900], SCORE[:900], PROBABILITY[:900], RISK[:900]),
        "out_of_time": ScoredSample(Y[900:], SCORE[900:], PROBABILITY[900:], RISK[900:]),
    }
    measures = measure_table({"m": samples, "other": samples}, generator=np.random.default_rng(0))
    shown = display.MeasureDisplay(measures)
    assert set(shown.frame()["model"]) == {"m"}
    axes = shown.plot()
    texts = [text.get_text() for text in axes.texts]
    assert texts == ["development: not evaluable", "out of time: not evaluable"]  # no cut-off is declared
    plt.close(axes.figure)
    axes = display.InitialAucDisplay(initial_auc_table({"m": samples})).plot()
    assert "initial" in [text.get_text() for text in axes.get_legend().get_texts()]
    plt.close(axes.figure)
    pairs = {"m": {"all": (Y, RISK)}, "n": {"all": (Y, RISK + RNG.normal(size=1500))}}
    axes = display.ComparisonDisplay(evaluation.comparison_table("m", pairs)).plot()
    plt.close(axes.figure)
