"""Every table of evaluation, calibration, rating and strategy has a plot, or a reason why it has none."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from credit_risk import display
from credit_risk._core.errors import CreditRiskError
from credit_risk._core.evidence import catalogue
from credit_risk.calibration.master_scale import MasterScale
from credit_risk.display import DISPLAYS, Display
from credit_risk.display.without_plot import WITHOUT_PLOT
from credit_risk.evaluation import (
    age_table,
    comparison_table,
    grade_validation_table,
    migration_matrix,
    migration_table,
    population_stability_index,
)
from credit_risk.evaluation.graded import GradedSample
from credit_risk.evaluation.samples import ScoredSample

ROOMS = ("calibration", "rating", "long_run", "performance", "stability", "fairness", "strategy")
OF_FRAMES = {
    *("AlternativesDisplay", "ProxyDisplay", "ProxyModelDisplay"),  # a search; bins of predictors by group
    *("BaselineDifferenceDisplay", "BaselineDisplay", "MeasureGroupDisplay"),  # of baselines and groups in a plan
    *("BoundaryDisplay", "LowDefaultDisplay"),  # of a design, and of counts: from_looks, from_counts
    *("ClassingDisplay", "ClassingPeriodsDisplay", "ClassingSamplesDisplay", "CoefficientDisplay"),  # of a fit
    *("ContributionDisplay", "DependenceDisplay", "ImportanceDisplay"),  # of bins, and of attributions
    *("CorrelationProfileDisplay", "ProbitDisplay", "ProcedureErrorsDisplay", "SelfLearningDisplay"),  # of fits
    "RecommendationDisplay",  # of findings
    *("MaturityDisplay", "RollRateDisplay", "VintageDisplay"),  # of a history
}
RNG = np.random.default_rng(8)
N = 1200
RISK = RNG.normal(size=N)
P = 1 / (1 + np.exp(1.5 - RISK))
Y = (RNG.random(N) < P).astype(float)
SCORE = np.round(600 - 28 * RISK)
OTHER = SCORE + np.round(RNG.normal(0, 15, N))
W = RNG.uniform(0.5, 2.0, N)
AGE = RNG.uniform(20.0, 80.0, N)
SEGMENT = RNG.choice(["north", "south"], N)
STATUS = np.where(SCORE > 590, "booked", "rejected").astype(object)
STATUS[RNG.random(N) < 0.05] = "overridden_low"
SCALE = MasterScale(("A", "B", "C"), (0.1, 0.3), (0.05, 0.18, 0.45), "given")
LATER = np.clip(SCALE.index(P) + RNG.integers(-1, 2, N), 0, 2)


def grades(ids: np.ndarray) -> np.ndarray:
    return np.array(SCALE.grades, object)[ids]


def displays(w: np.ndarray | None) -> dict[str, Display]:
    by = None if w is None else {"development": w, "later": w}
    return {
        "measures": display.MeasureDisplay.from_predictions(Y, SCORE, cut_off=590, replicates=20, weights=w),
        "initial": display.InitialAucDisplay.from_predictions((Y, SCORE), {"later": (Y, OTHER)}, weights=by),
        "comparison": display.ComparisonDisplay.from_predictions(
            Y, {"one": -SCORE, "two": -OTHER}, champion="one", weights=w
        ),
        "age": display.AgeDisplay.from_predictions(Y, SCORE, AGE, cut_off=590, weights=w),
        "stability": display.StabilityDisplay.from_predictions(SCORE, {"later": OTHER + 5}, weights=by),
        "grades": display.GradeValidationDisplay.from_predictions(Y, P, SCALE, weights=w),
        "migration": display.MigrationDisplay.from_predictions(grades(SCALE.index(P)), grades(LATER), SCALE.grades, w),
        "overrides": display.OverridesDisplay.from_predictions(Y, SCORE, P, STATUS, w, policy=0.1),
        "pair": display.PairDisplay.from_predictions(Y, SCORE, OTHER, w, names=("bureau", "card")),
        "segment_maps": display.SegmentMapsDisplay.from_predictions(Y, RISK, SEGMENT, weights=w),
        "lorenz": display.LorenzDisplay.from_predictions(Y, P, weights=w),
        "means": display.MeanCurveDisplay.from_predictions(Y, P, kind="fraction", weights=w),
    }


def test_every_table_and_figure_has_a_plot_or_a_reason() -> None:
    every = {name for name, entry in catalogue().items() if name.split(".")[0] in ROOMS and entry.kind != "statement"}
    assert every - set(DISPLAYS) == set(WITHOUT_PLOT) & every
    assert not set(WITHOUT_PLOT) & set(DISPLAYS)


@pytest.mark.parametrize("name", sorted({one.__name__ for one in DISPLAYS.values()}))
def test_displays_are_made_from_predictions_where_their_table_is(name: str) -> None:
    assert hasattr(getattr(display, name), "from_predictions") == (name not in OF_FRAMES)


@pytest.mark.parametrize("name", displays(None))
def test_a_display_draws_its_frame_and_weights_count(name: str) -> None:
    shown, plain = displays(W)[name], displays(None)[name]
    ax = shown.plot()
    assert ax.get_xlabel()
    plt.close("all")
    assert shown.svg() == shown.svg()
    assert not shown.frame().equals(plain.frame())
    assert set(shown.columns) <= set(shown.frame())


def test_frames_are_those_of_the_functions() -> None:
    found = {name: one.frame() for name, one in displays(W).items()}
    sample = GradedSample(Y, SCALE.index(P), P, W)
    expected = grade_validation_table({"all rows": sample}, SCALE.grades, SCALE.probabilities)
    pd.testing.assert_frame_equal(found["grades"], expected)
    counts = migration_matrix(grades(SCALE.index(P)), grades(LATER), SCALE.grades, W)
    pd.testing.assert_frame_equal(found["migration"], migration_table(counts, list(SCALE.grades)))
    pairs = {"one": {"all rows": (Y, -SCORE)}, "two": {"all rows": (Y, -OTHER)}}
    wanted = comparison_table("one", pairs, weights={"all rows": W})
    pd.testing.assert_frame_equal(found["comparison"], wanted)
    row = found["pair"].iloc[0]
    assert row["auc_difference"] == pytest.approx(wanted["auc_difference"][0], abs=1e-12)
    assert (row["base"], row["candidate"]) == ("bureau", "card")
    one = ScoredSample(Y, SCORE, P, weights=W)
    ages = age_table({"all rows": one}, "age", {"all rows": AGE}, 590)
    assert found["age"]["difference"][0] == ages["difference"][0]


def test_stability_of_scores_is_in_bins_of_development() -> None:
    frame = display.StabilityDisplay.from_predictions(SCORE, {"later": OTHER}, bins=5).frame()
    edges = np.quantile(SCORE, [0.2, 0.4, 0.6, 0.8])
    cells = [np.bincount(np.searchsorted(edges, x, "right"), minlength=5) for x in (SCORE, OTHER)]
    assert frame["psi"][0] == pytest.approx(population_stability_index(*cells).psi, rel=0.2)
    assert frame["bins"][0] == 5


def test_the_cells_of_a_migration_matrix_hold_share_and_count() -> None:
    first, second = ["A", "A", "A", "B"], ["A", "A", "B", "B"]
    shown = display.MigrationDisplay.from_predictions(first, second, ["A", "B", "C"])
    texts = [text.get_text() for text in shown.plot().texts]
    plt.close("all")
    assert texts[:3] == ["66.7%\nn=2", "33.3%\nn=1", "0.0%\nn=0"]
    assert texts[6:] == ["–"] * 3  # nobody was in grade C


def test_two_scores_go_by_the_names_given() -> None:
    swap = display.SwapSetDisplay.from_predictions(Y, SCORE, OTHER, cut_off=590, names=("bureau", "card"))
    matrix = display.TwoScoreMatrixDisplay.from_predictions(Y, SCORE, OTHER, names=("bureau", "card"))
    for shown in (swap, matrix):
        assert set(shown.frame()["base"]) == {"bureau"}
        ax = shown.plot()
        assert "card" in ax.get_xlabel()
        plt.close("all")
    with pytest.raises(CreditRiskError, match="not two names that differ"):
        display.SwapSetDisplay.from_predictions(Y, SCORE, OTHER, cut_off=590, names=("a", "a"))
