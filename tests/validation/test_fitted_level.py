"""The test of the level has its nominal size where the level was fitted on few rows, against a Monte Carlo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from scipy import special, stats

from validation.battery import calibration_tests, performance
from validation.battery.fitted_level import level_effect
from validation.rebuild.workspace import Workspace
from validation.steps.values import Value

WORLDS = 400
SIZES = {"development": 500, "out_of_sample": 500, "out_of_time": 1000}
TESTS = ("calibration in the large", "calibration intercept")


def fitted(space: Workspace, sample: str) -> Workspace:
    """The log-odds of the champion moved so that on a sample its expected bads are those that came."""
    scored = space.scored["card"]
    linear, rows = scored["linear"].data, space.rows[sample]
    by = 0.0
    for _ in range(20):
        p = special.expit(linear[rows] + by)
        w = space.weight[rows]
        by += float(np.sum(w * (space.outcome[rows] - p)) / np.sum(w * p * (1.0 - p)))
    moved = {"linear": _number(linear + by), "p": _number(special.expit(linear + by))}
    return replace(space, scored={**space.scored, "card": {**scored, **moved}})


def _number(data: np.ndarray) -> Value:
    return Value("number", data, np.zeros(len(data), dtype=bool))


@pytest.fixture(scope="module")
def worlds() -> Any:
    from tests.validation.test_battery_judgements import world

    return world


def test_a_level_fitted_on_few_rows_is_called_wrong_no_oftener_than_by_chance(worlds: Any) -> None:
    """Without the error of the level the later sample, twice as large, would be called wrong in a fourth of worlds."""
    small = dict.fromkeys([(test, sample) for test in TESTS for sample in SIZES], 0)
    for seed in range(WORLDS):
        space = fitted(worlds(5000 + seed, SIZES)[0], "development")
        performance.check_performance(space)
        calibration_tests.check_calibration(space)
        for row in space.ledger.battery:
            if row.test in TESTS:
                small[row.test, row.population] += row.p_value <= 0.05
    low, high = stats.binom.ppf([0.0005, 0.9995], WORLDS, 0.05)
    for (test, sample), count in small.items():
        if sample == "development":
            assert count == 0, test  # the level is right by its fit
        else:
            assert low <= count <= high, (test, sample, count)


def test_the_effect_is_one_and_the_share_of_the_rows(worlds: Any) -> None:
    space = worlds(3, SIZES)[0]
    assert level_effect(space, "card", "development") == 1.0
    p = {name: space.scored["card"]["p"].data[rows] for name, rows in space.rows.items()}
    known = {name: float(np.sum(part * (1.0 - part))) for name, part in p.items()}
    expected = 1.0 + known["out_of_time"] / known["development"]
    assert level_effect(space, "card", "out_of_time") == pytest.approx(expected, rel=1e-12)
    doubled = replace(space, weight=np.full(len(space.outcome), 2.0))
    assert level_effect(doubled, "card", "out_of_time") == pytest.approx(expected, rel=1e-12)
    cast(Any, space.package).plan = {"calibration": {"methods": ["logistic"], "sample": "out_of_sample"}}
    assert level_effect(space, "card", "out_of_sample") == 1.0
    again = 1.0 + known["development"] / known["out_of_sample"]
    assert level_effect(space, "card", "development") == pytest.approx(again, rel=1e-12)


def test_a_level_that_is_wrong_is_still_found(worlds: Any) -> None:
    space = worlds(1, level=0.5)[0]
    performance.check_performance(space)
    told = {one.finding.test: one.finding.severity for one in space.ledger.outcomes if one.finding is not None}
    assert told["battery: calibration in the large (out_of_time)"] == "medium"
