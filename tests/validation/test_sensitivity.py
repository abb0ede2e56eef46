"""Shocks against scoring everything again, planted inversions, stress, and the range of the score."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_package.space import outcome, space_of

from validation import read_package
from validation.battery.sensitivity import (
    ABOVE,
    HIGHEST,
    ONE_UP,
    TABLE,
    Bench,
    bench_of,
    check_range,
    check_sensitivity,
    moved,
    responses_of,
    riskier,
)
from validation.policy import read_policy
from validation.rebuild import characteristics, metrics, shocks
from validation.rebuild.workspace import Workspace, open_workspace
from validation.score import score
from validation.steps.values import Value

TRENDS = {"data": {"columns": {"INCOME": {"expected_trend": "descending", "specials": {"-9": "not asked"}}}}}
DIRECTION = "response against the stated direction (champion)"


def bench(space: Workspace) -> Bench:
    found = bench_of(space)
    assert found is not None
    return found


def inverted(model: dict[str, Any]) -> dict[str, Any]:
    """The model with the WoE of two neighbouring bins of INCOME swapped."""
    model = copy.deepcopy(model)
    bins = model["steps"][0]["bins"]
    bins[1]["woe"], bins[2]["woe"] = bins[2]["woe"], bins[1]["woe"]
    return model


def test_clean_package_passes_and_prints_every_shock(good_package: Path) -> None:
    space = space_of(good_package, plan=TRENDS)
    check_sensitivity(space)
    assert {item.outcome for item in space.ledger.outcomes} == {"pass"}
    rows = space.ledger.tables[TABLE]
    assert isinstance(rows, list)
    assert [row[1] for row in rows if row[0] == "INCOME"][-2:] == ["missing", "special code"]
    assert rows[-1][:2] == ["all numbers", "stress"]
    assert rows[-1][4] > rows[-1][3]


def test_responses_are_those_of_scoring_all_again(good_package: Path) -> None:
    space = space_of(good_package, plan=TRENDS)
    held = bench(space)
    income = next(one for one in characteristics.of_champion(space) if one.name == "INCOME")
    found = {one.shock: one for one in responses_of(held, income)}
    frame = space.frame.iloc[held.rows].copy()
    dev = space.frame["INCOME"][space.frame["_sample"] == "development"]
    ordinary = dev[dev.notna() & (dev != -9.0)]
    before = score(space.package.model, frame)["probability"].data
    up = frame["INCOME"].where(frame["INCOME"].isna() | (frame["INCOME"] == -9.0), frame["INCOME"] + ordinary.std())
    for shock, column in (
        (ONE_UP, up),
        (HIGHEST, ordinary.max()),
        (ABOVE, 1e9),
        ("missing", np.nan),
        ("special code", -9.0),
    ):
        after = score(space.package.model, frame.assign(INCOME=column))["probability"].data
        assert found[shock].before == pytest.approx(before.mean(), rel=1e-12)
        assert found[shock].after == pytest.approx(after.mean(), rel=1e-12), shock
        area = metrics.auc(frame["_outcome"].to_numpy(), after).auc
        assert found[shock].auc == pytest.approx(area, abs=1e-12)


def test_decisions_changed_are_counted_at_the_cut_off(good_package: Path) -> None:
    space = space_of(good_package, plan={**TRENDS, "strategy": {"cut_off": 530.0}})
    held = bench(space)
    income = next(one for one in characteristics.of_champion(space) if one.name == "INCOME")
    found = next(one for one in responses_of(held, income) if one.shock == "missing")
    frame = space.frame.iloc[held.rows]
    sides = [score(space.package.model, one)["score"].data >= 530.0 for one in (frame, frame.assign(INCOME=np.nan))]
    assert found.decisions == pytest.approx(np.mean(sides[0] != sides[1]))
    assert found.decisions > 0


def test_inverted_response_is_seen(good_package: Path) -> None:
    space = space_of(good_package, plan=TRENDS, model=inverted)
    check_sensitivity(space)
    found = outcome(space, DIRECTION)
    assert found.outcome == "fail"
    assert found.finding is not None
    assert found.finding.severity == "medium"
    assert "25 and 40" in found.finding.statement or "40" in found.finding.statement


def test_without_a_stated_direction_nothing_is_judged(good_package: Path) -> None:
    space = space_of(good_package)
    check_sensitivity(space)
    assert outcome(space, DIRECTION).outcome == "not_evaluable"


def test_stress_that_lowers_the_risk_is_seen(good_package: Path) -> None:
    def turned(model: dict[str, Any]) -> dict[str, Any]:
        model = copy.deepcopy(model)
        linear = next(step for step in model["steps"] if step["type"] == "linear")
        for term in linear["terms"]:
            term["coefficient"] = -term["coefficient"]
        return model

    space = space_of(good_package, plan=TRENDS, model=turned)
    check_sensitivity(space)
    assert outcome(space, "stress of all inputs (champion)").outcome == "fail"


def test_risk_of_an_input_is_stated_or_shown_by_development(good_package: Path) -> None:
    plain, told = (
        space_of(good_package),
        space_of(good_package, plan={"data": {"columns": {"INCOME": {"expected_trend": "ascending"}}}}),
    )
    for space, wanted in ((plain, -1), (told, 1)):
        income = next(one for one in characteristics.of_champion(space) if one.name == "INCOME")
        assert riskier(space, income) == wanted


def test_moving_leaves_missing_values_and_codes(good_package: Path) -> None:
    space = space_of(good_package)
    income = next(one for one in characteristics.of_champion(space) if one.name == "INCOME")
    own = Value("number", np.array([1.0, np.nan, -9.0]), np.zeros(3, dtype=bool))
    assert moved(income, own, 2.0).data == pytest.approx([3.0, np.nan, -9.0], nan_ok=True)


def test_scores_beyond_development_are_counted(good_package: Path) -> None:
    def narrow(frame: Any) -> Any:
        rich = frame["INCOME"] < 25.0
        frame.loc[rich & (frame["_sample"] == "development"), "_sample"] = None
        return frame

    space = space_of(good_package, narrow)
    check_range(space)
    found = outcome(space, "scores beyond those of development (out_of_sample)")
    assert found.outcome == "fail"


def test_trees_are_scored_again_as_from_the_start(package: Path) -> None:
    from toy_package.boosted import challenger

    challenger(package)
    space = open_workspace(read_package(package), read_policy())
    assert space is not None
    model_id = next(iter(space.package.challengers))
    rows = np.arange(0, len(space.frame), 7)
    held = shocks.probe(space, model_id, rows)
    model, frame = space.package.models[model_id], space.frame.iloc[rows]
    for name, content in (("INCOME", 30.0), ("INCOME", np.nan)):
        value = Value("number", np.full(len(rows), content), np.zeros(len(rows), dtype=bool))
        found = held.outputs({name: value})
        wanted = score(model, frame.assign(INCOME=content))
        name_of = model["outputs"]["linear_score"]
        assert np.array_equal(found["linear_score"].data, wanted[name_of].data, equal_nan=True)
