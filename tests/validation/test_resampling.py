"""The coefficient bootstrap against fits to the end, planted sign flips and understated errors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_package.space import outcome, space_of

from validation.battery.resampling import ERRORS, SIGNS, check_resampling, resample
from validation.rebuild.logistic import fit_logistic


def data(n: int = 800, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), random.normal(size=(n, 2))])
    y = (random.random(n) < 1 / (1 + np.exp(1.0 - x @ np.array([0.0, 0.8, 0.02])))).astype(float)
    return x, y, random.uniform(0.5, 1.5, n)


def test_two_steps_reach_the_maximum_of_each_draw() -> None:
    x, y, weight = data()
    beta = fit_logistic(x, y, weight).coefficient
    found = resample(x, y, weight, np.arange(800), np.zeros(800), beta, 5, 3)
    random = np.random.default_rng(3)
    for draw in found.draws:
        times = np.bincount(random.integers(0, 800, 800), minlength=800)
        kept = times > 0
        best = fit_logistic(x[kept], y[kept], (times * weight)[kept])
        assert draw == pytest.approx(best.coefficient, abs=0.01 * best.standard_error.min())


def test_errors_are_about_those_of_the_information_and_flips_those_of_a_null_effect() -> None:
    x, y, _ = data()
    one = np.ones(800)
    fit = fit_logistic(x, y, one)
    found = resample(x, y, one, np.arange(800), np.zeros(800), fit.coefficient, 200, 4)
    assert found.error / fit.standard_error == pytest.approx(np.ones(3), abs=0.2)
    assert found.left_out == 0
    flips = found.flips(fit.coefficient)
    assert flips[1] == 0.0
    assert flips[2] > 0.02


def test_whole_clusters_are_drawn() -> None:
    """Rows twice: independent draws halve the variance, draws of clusters do not."""
    x, y, _ = data()
    doubled = (np.repeat(x, 2, axis=0), np.repeat(y, 2), np.ones(1600))
    beta = fit_logistic(*doubled).coefficient
    alone = resample(*doubled, np.arange(1600), np.zeros(1600), beta, 200, 5).error
    whole = resample(*doubled, np.repeat(np.arange(800), 2), np.zeros(1600), beta, 200, 5).error
    assert whole / alone == pytest.approx(np.full(3, np.sqrt(2.0)), abs=0.3)


def test_draws_without_an_estimate_are_left_out() -> None:
    x = np.column_stack([np.ones(40), np.r_[1.0, np.zeros(39)]])
    y = np.r_[1.0, 0.0, np.ones(10), np.zeros(28)]
    found = resample(x, y, np.ones(40), np.arange(40), np.zeros(40), np.array([-1.0, 0.5]), 60, 6)
    assert found.left_out + len(found.draws) == 60
    assert found.left_out > 5


def test_clean_scorecard_passes(good_package: Path) -> None:
    space = space_of(good_package)
    check_resampling(space)
    assert outcome(space, f"{SIGNS} (champion)").outcome == "pass"
    assert outcome(space, f"{ERRORS} (champion)").outcome == "pass"


def test_understated_errors_are_seen(good_package: Path) -> None:
    space = space_of(good_package)
    name = f"scorecard.coefficients.{space.package.candidate_ids[space.package.champion_id]}"
    rows = [{**row, "standard_error": row["standard_error"] / 3.0} for row in space.package.rows_of(name) or []]
    space = space_of(good_package, evidence={name: rows})
    check_resampling(space)
    assert outcome(space, f"{ERRORS} (champion)").outcome == "fail"
