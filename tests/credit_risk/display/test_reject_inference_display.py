"""Displays of reject inference hold the frame of the pure function and draw what it says."""

from __future__ import annotations

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from credit_risk.display import (
    ApplicantEvaluationDisplay,
    BalanceDisplay,
    Display,
    JointSupportDisplay,
    KickoutDisplay,
    MethodComparisonDisplay,
    OverlapBandDisplay,
    OverlapDisplay,
    RecommendationDisplay,
    SensitivityDisplay,
    SupportDisplay,
    TippingDisplay,
)
from credit_risk.reject_inference.overlap import balance_table
from credit_risk.reject_inference.recommendation import recommend
from credit_risk.reject_inference.sensitivity import sensitivity_table
from tests.credit_risk.reject_inference.four_worlds import NAMES, World, world

ONE = world("mar_misspecified", 900, 1)
WEIGHTED = world("mar_misspecified", 900, 1, weights=np.random.default_rng(2).uniform(0.5, 2, 900))


@cache
def displays(weighted: bool) -> list[Display]:
    one: World = WEIGHTED if weighted else ONE
    values, p, q = dict(zip(NAMES, one.x.T, strict=True)), one.probability, np.sqrt(one.probability)
    models = {"none": p, "other": np.clip(p + 0.1 * np.sin(np.arange(900)), 0, 1)}
    return [
        OverlapDisplay.from_predictions(one.decided, one.acceptance),
        OverlapBandDisplay.from_predictions(one.decided, one.acceptance),
        BalanceDisplay.from_predictions(one.decided, one.acceptance, values),
        SupportDisplay.from_predictions(one.decided, values),
        JointSupportDisplay.from_predictions(one.decided, one.x, p),
        SensitivityDisplay.from_predictions(one.decided, p, q),
        TippingDisplay.from_predictions(one.decided, p, q, good=10.0, bad=50.0),
        RecommendationDisplay(recommend(one.decided, one.x, one.acceptance, NAMES).table),
        ApplicantEvaluationDisplay.from_predictions(one.decided, models, p, prudence=(1.0, 2.0), draws=5),
        KickoutDisplay.from_predictions(one.decided, "none", models, p),
        MethodComparisonDisplay.from_predictions(one.decided, models, p, one.acceptance, draws=5),
    ]


@pytest.mark.parametrize("place", range(11))
def test_a_display_draws_its_frame(place: int) -> None:
    display = displays(True)[place]
    ax = display.plot()
    assert ax.get_title(loc="left") == display.default_title
    assert isinstance(display, RecommendationDisplay) or (ax.get_xlabel() and ax.get_ylabel())
    assert display.svg() == display.svg()
    plt.close("all")
    assert set(display.columns) <= set(display.frame().columns)
    assert not display.frame().equals(displays(False)[place].frame())  # weights count


def test_frames_are_those_of_the_functions() -> None:
    values = dict(zip(NAMES, ONE.x.T, strict=True))
    pd.testing.assert_frame_equal(
        BalanceDisplay.from_predictions(ONE.decided, ONE.acceptance, values).frame(),
        balance_table(ONE.decided, ONE.acceptance, values),
    )
    pd.testing.assert_frame_equal(
        SensitivityDisplay.from_predictions(ONE.decided, ONE.probability, ONE.probability, prudence=(1.0, 2.0)).frame(),
        sensitivity_table(ONE.decided, ONE.probability, ONE.probability, prudence=(1.0, 2.0)),
    )


def test_one_measure_is_shown_at_a_time() -> None:
    shown = ApplicantEvaluationDisplay.from_predictions(
        ONE.decided, {"none": ONE.probability}, ONE.probability, draws=5, measure="brier"
    )
    assert set(shown.frame()["measure"]) == {"brier"}
    assert shown.plot().get_ylabel() == "Brier, all applicants"
    plt.close("all")
