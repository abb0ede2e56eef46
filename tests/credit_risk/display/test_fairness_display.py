"""Displays of fairness keep the frames of their rooms, draw every group and say what is not evaluable."""

from __future__ import annotations

from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from credit_risk import display, evaluation, strategy
from credit_risk._core.errors import CreditRiskError
from credit_risk.display import Display
from credit_risk.evaluation.proxies import ProxySample, proxy_table
from credit_risk.evaluation.proxy_models import proxy_model_table
from credit_risk.strategy.alternatives_table import NONE, SELECTION

RNG = np.random.default_rng(8)
ROWS = 2000
SEX = RNG.choice(["f", "m", "x"], ROWS, p=[0.45, 0.54, 0.01])
AGE = RNG.integers(18, 80, ROWS)
RISK = RNG.normal(size=ROWS) + 0.4 * (SEX == "f")
PROBABILITY = 1 / (1 + np.exp(1.2 - RISK))
Y = (RNG.random(ROWS) < PROBABILITY).astype(float)
SCORE = np.round(600 - 28 * RISK)
W = RNG.uniform(0.5, 2.0, ROWS)
GROUPS = pd.DataFrame({"SEX": SEX, "AGE": AGE})
EDGES = {"AGE": [30.0, 62.0]}
Made = Callable[[np.ndarray | None], Display]
MADE: dict[str, Made] = {
    "impact": lambda w: display.AdverseImpactDisplay.from_predictions(
        Y, SCORE, GROUPS, cut_off=590, weights=w, edges=EDGES
    ),
    "errors": lambda w: display.ErrorRateDisplay.from_predictions(Y, SCORE, GROUPS, cut_off=590, weights=w),
    "calibration": lambda w: display.GroupCalibrationDisplay.from_predictions(Y, PROBABILITY, GROUPS, weights=w),
    "means": lambda w: display.GroupDifferenceDisplay.from_predictions(Y, SCORE, GROUPS, weights=w),
    "curves": lambda w: display.FairnessCurveDisplay.from_predictions(Y, SCORE, GROUPS, weights=w),
}


def legend(axes: Axes) -> list[str]:
    shown = axes.get_legend()
    assert shown is not None
    return [text.get_text() for text in shown.get_texts()]


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
    sample = {"s": evaluation.ScoredSample(Y, SCORE, PROBABILITY, weights=W)}
    columns = {"SEX": {"s": SEX}}
    impact = evaluation.adverse_impact_table(sample, columns, 590, reference_sample="s")
    options = {"cut_off": 590, "weights": W, "sample": "s"}
    shown = display.AdverseImpactDisplay.from_predictions(Y, SCORE, GROUPS[["SEX"]], **options)
    pd.testing.assert_frame_equal(shown.frame(), impact)
    grouped = evaluation.group_attributes(columns, reference_sample="s")
    errors = evaluation.error_rate_table(
        sample, grouped.labels, 590, groupings=grouped.groupings, references={"SEX": "m"}
    )
    own = display.ErrorRateDisplay.from_predictions(
        Y, SCORE, GROUPS[["SEX"]], measure="good_approval_rate", references={"SEX": "m"}, **options
    )
    wanted = errors[errors["measure"] == "good_approval_rate"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own.frame(), wanted)


def test_every_group_has_its_line_and_few_rows_say_so() -> None:
    axes = MADE["impact"](None).plot()
    labels = [text.get_text() for text in axes.get_yticklabels()][::-1]
    assert labels[:3] == ["SEX: f", "SEX: m (reference)", "SEX: x"]
    assert len(labels) == 6
    assert [text.get_text() for text in axes.texts] == ["not evaluable"]  # of x
    lines = {round(float(line.get_xdata()[0]), 2) for line in axes.lines if len(line.get_xdata()) == 2}
    assert {0.8, 1.0} <= lines
    plt.close(axes.figure)
    columns = {name: {"s": GROUPS[name]} for name in GROUPS}
    both = evaluation.intersect(
        evaluation.group_attributes(columns, edges=EDGES, reference_sample="s"), reference_sample="s"
    )
    sample = {"s": evaluation.ScoredSample(Y, SCORE, PROBABILITY)}
    for cut_off in (590.0, None):
        frame = evaluation.intersection_table(sample, both, cut_off, reference_sample="s")
        axes = display.AdverseImpactDisplay(frame).plot()
        told = sum(text.get_text() == "not evaluable" for text in axes.texts)
        assert told == frame["adverse_impact_ratio"].isna().sum()
        plt.close(axes.figure)


def test_curves_of_each_measure_and_attribute() -> None:
    sample = {"s": evaluation.ScoredSample(Y, SCORE, PROBABILITY)}
    grouped = evaluation.group_attributes({n: {"s": GROUPS[n]} for n in GROUPS}, edges=EDGES, reference_sample="s")
    references = evaluation.reference_by_score(sample, grouped.labels, grouped.groupings, reference_sample="s")
    frame = evaluation.fairness_curve_table(sample, grouped.labels, groupings=grouped.groupings, references=references)
    for measure in ("adverse_impact_ratio", "true_positive_rate", "false_positive_rate", "positive_predictive_value"):
        axes = display.FairnessCurveDisplay(frame, measure=measure, attribute="SEX").plot()
        assert legend(axes) == ["f", "m (reference)", "x: not evaluable"]
        plt.close(axes.figure)
    assert set(display.FairnessCurveDisplay(frame, attribute="AGE").frame()["attribute"]) == {"AGE"}
    for wrong in ({"measure": "auc"}, {"attribute": "RACE"}, {"sample": "other"}):
        with pytest.raises(CreditRiskError, match="no such"):
            display.FairnessCurveDisplay(frame, **wrong)


def test_applicants_of_62_and_over() -> None:
    sample = {"s": evaluation.ScoredSample(Y, SCORE, PROBABILITY)}
    frame = evaluation.age_table(sample, "AGE", {"s": AGE.astype(float)}, 590)
    axes = display.AgeDisplay(frame).plot()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["AGE: 62 and over"]
    plt.close(axes.figure)


def test_proxies_are_ranked() -> None:
    groups = {"SEX": np.array([{"m": 0, "f": 1}.get(sex, -1) for sex in SEX])}
    bins = {
        "NOISE": RNG.integers(0, 4, ROWS),
        "TITLE": np.where(RNG.random(ROWS) < 0.9, SEX == "f", SEX == "m").astype(int),
        "HEIGHT": np.clip(np.round(RNG.normal(1.5 + (SEX == "m"), 1.0, ROWS)), 0, 4).astype(int),
    }
    samples = {
        name: ProxySample(Y[rows], {"SEX": groups["SEX"][rows]}, {n: b[rows] for n, b in bins.items()})
        for name, rows in (("development", slice(0, 1200)), ("out_of_sample", slice(1200, ROWS)))
    }
    shown = display.ProxyDisplay(proxy_table(samples, {"SEX": ("m", "f")}), proxy_auc=0.6)
    assert shown.frame()["predictor"].drop_duplicates().tolist() == ["TITLE", "HEIGHT", "NOISE"]
    axes = shown.plot()
    assert [text.get_text().split(":")[0] for text in axes.get_yticklabels()] == ["NOISE", "HEIGHT", "TITLE"]
    plt.close(axes.figure)
    models = proxy_model_table(samples, {"SEX": ("m", "f")}, tuple(bins))
    axes = display.ProxyModelDisplay(models).plot()
    assert [text.get_text() for text in axes.get_yticklabels()] == ["m"]
    plt.close(axes.figure)


def searched(*, planted: bool) -> pd.DataFrame:
    values = {name: np.array([0.8, 0.3, -0.3, -0.8]) for name in ("one", "two")} | {"proxy": np.array([0.4, -0.4])}
    rng = np.random.default_rng(21)
    parts = []
    for rows in (3000, 1500, 3000):
        group = rng.integers(0, 2, rows)
        bins = {name: rng.integers(0, 4, rows) for name in ("one", "two")}
        bins["proxy"] = np.where(rng.random(rows) < 0.85, group, 1 - group) if planted else rng.integers(0, 2, rows)
        linear = -1.2 - sum(values[name][ids] for name, ids in bins.items())
        y = (rng.random(rows) < 1 / (1 + np.exp(-linear))).astype(float)
        parts.append(
            strategy.SearchPart(strategy.SearchRows(y, bins, np.ones(rows)), {"SEX": group}, np.arange(rows), 0.6)
        )
    limits = strategy.SearchLimits(gini_loss=0.1, least_reduction=0.1, budget=40, min_rows=30, confidence=0.95)
    held = ("out_of_sample", parts[2])
    groups, references = {"SEX": ("m", "f")}, {"SEX": "m"}
    return strategy.search_alternatives(
        parts[0], parts[1], held, values, tuple(values), groups, references, limits
    ).table


def test_alternatives_on_both_samples() -> None:
    frame = searched(planted=True)
    axes = display.AlternativesDisplay(frame, gini_loss=0.1).plot()
    drawn = np.concatenate(
        [np.asarray(line.get_ydata(), float) for line in axes.lines if line.get_linestyle() == "None"]
    )
    assert set(np.round(frame["gini"], 12)) <= set(np.round(drawn, 12))
    assert axes.get_xlabel() == "Adverse impact ratio of SEX f"
    picked = frame[frame["chosen"].astype(bool) & (frame["sample"] != SELECTION)]
    assert any(str(picked["alternative"].iloc[0]) in text.get_text() for text in axes.texts)
    assert legend(axes)[0] == "the model as it is"
    plt.close(axes.figure)
    axes = display.AlternativesDisplay(frame.assign(adverse_impact_ratio=np.nan)).plot()
    assert axes.get_xlabel() == "Standardised mean difference of SEX f"
    plt.close(axes.figure)


def test_nothing_to_search_says_so() -> None:
    frame = searched(planted=False)
    assert frame["verdict"].tolist() == [NONE]
    axes = display.AlternativesDisplay(frame).plot()
    assert [text.get_text() for text in axes.texts] == [f"SEX: {NONE}"]
    plt.close(axes.figure)
