"""Attribution to the score adds up exactly; that to the probability adds up with its remainder told."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from credit_risk._core.errors import CreditRiskError
from credit_risk.monitoring.drift.attribution import (
    NO_OBSERVED,
    contribution_frame,
    contribution_shifts,
    counted_shift,
    shift_frame,
    shift_totals,
)
from credit_risk.monitoring.drift.columns import SHIFT_COLUMNS, SHIFT_TOTAL_COLUMNS
from credit_risk.monitoring.drift.probability import MeanProbability, probability_of_rows
from credit_risk.monitoring.frames import ALL
from tests.credit_risk.monitoring.drift.made import counts, reference

EFFECTS = {"a": [0.8, 0.1, -0.6, 0.3], "b": [-0.4, 0.0, 0.5], "c": [1.0, -1.0]}


def rows(random: np.random.Generator, n: int, tilt: float) -> dict[str, np.ndarray]:
    """Bins of n rows, dependent across characteristics, moved by `tilt`."""
    common = random.normal(tilt, 1.0, n)
    found = {}
    for name, effects in EFFECTS.items():
        latent = 0.6 * common + 0.8 * random.normal(size=n)
        found[name] = np.searchsorted(np.linspace(-1, 1, len(effects) - 1), latent)
    return found


def additive(seed: int, tilt: float) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    first, second = rows(random, 4000, 0.0), rows(random, 1500, tilt)
    tally = {name: np.bincount(ids, minlength=len(EFFECTS[name])) for name, ids in first.items()}
    base = reference({**tally, "score": [1000, 3000]}, effects=EFFECTS)
    cells = {("2026-01", ALL, name): np.bincount(ids, minlength=len(EFFECTS[name])) for name, ids in second.items()}
    cells["2026-01", ALL, "score"] = np.array([400, 1100])
    matrices = [np.column_stack([np.array(EFFECTS[n])[ids] for n, ids in part.items()]) for part in (first, second)]
    return base, counts(cells), *matrices


def moments(linear: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    own = [("2026-01", ALL, q, len(v), 0, v.mean(), v.var(ddof=1))
           for q, v in (("linear_score", linear), ("probability", probability))]  # fmt: skip
    return pd.DataFrame(own, columns=["period", "segment", "quantity", "rows", "missing", "mean", "variance"])


@given(st.integers(0, 10_000), st.floats(-1.0, 1.0))
@settings(max_examples=15, deadline=None)
def test_shifts_add_up_to_that_of_the_mean_linear_score(seed: int, tilt: float) -> None:
    base, own, first, second = additive(seed, tilt)
    frame = shift_frame(base, own)
    assert list(frame.columns) == SHIFT_COLUMNS
    assert list(frame["variable"]) == list(EFFECTS)  # the score's bands add nothing
    observed = second.sum(axis=1).mean() - first.sum(axis=1).mean()
    assert frame["shift"].sum() == pytest.approx(observed, abs=1e-12)
    by_rows = contribution_frame(list(EFFECTS), first, {("2026-01", ALL): second})
    for column in ("shift", "standard_error", "p_value", "share"):
        assert frame[column].to_numpy() == pytest.approx(by_rows[column].to_numpy(), rel=1e-9, abs=1e-12)
    totals = shift_totals(frame, moments(second.sum(axis=1), expit(second.sum(axis=1))),
                          development_score=first.sum(axis=1).mean())  # fmt: skip
    assert list(totals.columns) == SHIFT_TOTAL_COLUMNS
    assert totals["remainder"][0] == pytest.approx(0.0, abs=1e-12)


def test_a_remainder_is_told_where_scores_are_not_those_of_the_counts() -> None:
    base, own, first, second = additive(1, 0.5)
    other = moments(second.sum(axis=1) + 0.25, expit(second.sum(axis=1)))
    totals = shift_totals(shift_frame(base, own), other, development_score=first.sum(axis=1).mean())
    assert totals["remainder"][0] == pytest.approx(0.25, abs=1e-12)
    none = shift_totals(shift_frame(base, own), other.iloc[:0], development_score=0.0)
    assert none["note"][0] == NO_OBSERVED
    assert math.isnan(none["remainder"][0])


def test_standard_error_is_that_of_repeated_samples() -> None:
    random = np.random.default_rng(3)
    shares, effects = np.array([0.2, 0.5, 0.3]), np.array([1.0, -0.5, 0.2])
    first, second = random.multinomial(500, shares, 20_000), random.multinomial(300, shares, 20_000)
    shift, error = counted_shift(first, second, effects)
    assert shift.std() == pytest.approx(error.mean(), rel=0.02)
    assert float(np.mean(np.abs(shift / error) > 1.96)) == pytest.approx(0.05, abs=0.006)


def test_an_effect_that_is_not_known_is_not_taken_as_nothing() -> None:
    effects = [1.0, -1.0, math.nan]
    fine, _ = counted_shift([[50, 50, 0]], [[60, 40, 0]], effects)
    assert fine[0] == pytest.approx(0.2)
    assert math.isnan(counted_shift([[50, 50, 0]], [[60, 40, 1]], effects)[0][0])


@pytest.mark.parametrize("tilt", [0.6, -0.4, 0.0])
def test_location_adds_up_to_development_moved_as_a_whole(tilt: float) -> None:
    base, own, first, _ = additive(4, tilt)
    scores = -1.5 + first.sum(axis=1)
    development = MeanProbability(scores, np.ones(len(scores)), expit)
    frame = shift_frame(base, own, probability=development)
    moved = expit(scores + frame["shift"].sum()).mean() - expit(scores).mean()
    assert frame["probability_shift"].sum() == pytest.approx(moved, rel=1e-3, abs=1e-9)
    ratio = frame["probability_shift"] / frame["shift"]
    assert ratio.to_numpy() == pytest.approx(ratio[0], rel=1e-9)  # each has its share of the one path


def test_aumann_shapley_by_numerical_integration() -> None:
    random = np.random.default_rng(5)
    scores = random.normal(-2, 1.2, 500)
    shifts = np.array([0.5, -0.2, 0.3])
    development = MeanProbability(scores, np.ones(500), expit)
    grid = (np.arange(2000) + 0.5) / 2000
    slope = np.mean([np.mean(expit(scores + t * 0.6) * expit(-scores - t * 0.6)) for t in grid])
    assert development.of_shifts(shifts)[0] == pytest.approx(shifts * slope, rel=1e-6)


def test_rows_tell_location_spread_and_remainder_that_add_up() -> None:
    random = np.random.default_rng(6)
    development = random.normal(0, [0.8, 0.6, 0.4], (20_000, 3))
    mix = random.normal(0.0, 1.0, (20_000, 3))
    period = np.column_stack([0.3 + 0.8 * mix[:, 0], 1.2 * mix[:, 1], 0.4 * mix[:, 0]])
    found = probability_of_rows(development, period, -2.0, expit)
    observed = expit(-2 + period.sum(axis=1)).mean() - expit(-2 + development.sum(axis=1)).mean()
    assert found.observed == pytest.approx(observed, abs=1e-15)
    assert found.location.sum() + found.spread.sum() + found.remainder == pytest.approx(observed, abs=1e-15)
    # Both are normal: location and stretch explain the change but for sampling.
    assert abs(found.remainder) < 0.05 * abs(observed)
    assert found.location[0] > 10 * np.abs(found.location[1:]).max()  # it alone moved its mean
    assert np.argmax(found.spread) == 1  # it doubled its deviation
    assert found.spread[2] > 0  # same deviation, but it now goes along with the first
    assert found.spread.sum() > 0


def test_a_change_of_the_map_is_in_the_remainder() -> None:
    random = np.random.default_rng(7)
    own = random.normal(size=(2000, 2))
    found = probability_of_rows(own, own, -1.0, expit, period_link=lambda score: expit(score + 0.5))
    assert found.location == pytest.approx([0, 0], abs=1e-15)
    assert found.remainder == pytest.approx(found.observed, abs=1e-12)
    assert found.observed > 0.05


def test_stepped_map_of_isotonic_calibration() -> None:
    scores = np.random.default_rng(8).normal(size=5000)
    edges, levels = np.array([-1.0, 0.0, 1.0]), np.array([0.02, 0.05, 0.1, 0.3])
    development = MeanProbability(scores, np.ones(5000), lambda s: levels[np.searchsorted(edges, s)])
    shares = development.of_shifts([0.4, 0.1])[0]
    exact = levels[np.searchsorted(edges, scores + 0.5)].mean() - levels[np.searchsorted(edges, scores)].mean()
    assert shares == pytest.approx([0.8 * exact, 0.2 * exact], rel=1e-9)
    cancelled = development.of_shifts([0.4, -0.4])[0]
    assert cancelled.sum() == pytest.approx(0.0, abs=1e-12)
    assert cancelled[0] > 0


def test_shapley_values_of_a_boosted_model_by_period() -> None:
    """Contributions of xgboost add up to the margin row by row, so their shifts add up to that of its mean."""
    random = np.random.default_rng(9)
    x = random.normal(size=(1500, 3))
    y = (random.random(1500) < expit(x[:, 0] - 0.5 * x[:, 1] * x[:, 2])).astype(float)
    model = xgboost.train({"max_depth": 3, "objective": "binary:logistic", "nthread": 1}, xgboost.DMatrix(x, y), 20)
    later = random.normal([0.7, 0.0, 0.0], 1.0, (600, 3))
    parts = [model.predict(xgboost.DMatrix(v), pred_contribs=True) for v in (x, later)]
    margins = [model.predict(xgboost.DMatrix(v), output_margin=True).astype(float) for v in (x, later)]
    frame = contribution_frame(["a", "b", "c"], parts[0][:, :3], {("2026-01", ALL): parts[1][:, :3]})
    assert frame["shift"].sum() == pytest.approx(margins[1].mean() - margins[0].mean(), abs=1e-5)
    assert frame.loc[frame["share"].idxmax(), "variable"] == "a"


def test_weighted_contributions_are_repeated_rows() -> None:
    random = np.random.default_rng(10)
    first, second, repeats = random.normal(size=(40, 2)), random.normal(size=(30, 2)), random.integers(1, 4, 40)
    weighted = contribution_shifts(first, second, development_weights=repeats)
    assert weighted.shift == pytest.approx(contribution_shifts(np.repeat(first, repeats, 0), second).shift, abs=1e-12)


def test_faults() -> None:
    with pytest.raises(CreditRiskError, match="columns do not fit"):
        contribution_shifts(np.ones((3, 2)), np.ones((3, 3)))
    with pytest.raises(CreditRiskError, match="finite contributions"):
        contribution_shifts(np.full((3, 2), np.nan), np.ones((3, 2)))
    with pytest.raises(CreditRiskError, match="weights are not positive"):
        contribution_shifts(np.ones((3, 2)), np.ones((3, 2)), period_weights=[1, 0, 1])
    with pytest.raises(CreditRiskError, match="no two matrices"):
        probability_of_rows(np.ones((3, 2)), np.ones((3, 1)), 0.0, expit)
    with pytest.raises(CreditRiskError, match="no rows"):
        MeanProbability(np.array([0.0]), np.array([0.0]), expit)
