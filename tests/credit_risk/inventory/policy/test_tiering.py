"""Tier: exposure by purpose by a table written out here, raised by complexity; inputs at fault; overrides; dates."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.gates import PolicyGatekeeper
from credit_risk.inventory.policy import default_policy, tier_faults, tier_of
from credit_risk.inventory.policy.dates import days_after, months_after
from credit_risk.inventory.policy.objectives import judge, objective_faults
from credit_risk.inventory.policy.tiering import overridden, tier_reasons

SPEC = default_policy().spec
ASPECTS = ("data", "method", "interpretability", "recalibration")
LEVELS = ("low", "medium", "high")


def inputs(exposure: Any = 0.0, purpose: Any = "marketing", level: str = "low", **more: Any) -> dict[str, Any]:
    return {"exposure": exposure, "purpose": purpose, **dict.fromkeys(ASPECTS, level), **more}


@pytest.mark.parametrize(
    ("exposure", "purpose", "tier"),
    [
        (0, "marketing", "3"),
        (99.99, "pricing", "3"),
        (99.99, "provisions", "2"),
        (100, "marketing", "3"),
        (100, "pricing", "2"),
        (100, "credit decision", "1"),
        (999.99, "Limit  Management", "2"),
        (1000, "segmentation", "2"),
        (1000, "collections", "1"),
        (1e9, "regulatory capital", "1"),
    ],
)
def test_tiers_of_the_default_rule(exposure: float, purpose: str, tier: str) -> None:
    found = tier_of(SPEC, inputs(exposure, purpose))
    assert found is not None
    assert (found.tier, found.computed, found.rule_version) == (tier, tier, "1")


def test_complexity_raises_by_one_from_its_points_on_and_never_beyond_the_strictest() -> None:
    four = inputs(0, data="high", method="high")
    five = inputs(0, data="high", method="high", interpretability="medium")
    assert tier_reasons(SPEC, four).tier == "3"
    told = tier_reasons(SPEC, five)
    assert (told.tier, told.base, told.points) == ("2", "3", 5)
    assert told.words() == "tier 2: exposure low, purpose low, 5 points of complexity, raised from 3 by complexity"
    assert tier_reasons(SPEC, inputs(5000, "provisions", "high")).tier == "1"


FOUR = st.lists(st.sampled_from(LEVELS), min_size=4, max_size=4)


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.sampled_from(LEVELS), FOUR, FOUR)
def test_more_exposure_purpose_or_complexity_never_gives_a_milder_tier(
    one: float, two: float, level: str, first: list[str], second: list[str]
) -> None:
    purpose = {"low": "marketing", "medium": "pricing", "high": "provisions"}
    low = dict(zip(ASPECTS, (min(pair, key=LEVELS.index) for pair in zip(first, second, strict=True)), strict=True))
    high = dict(zip(ASPECTS, (max(pair, key=LEVELS.index) for pair in zip(first, second, strict=True)), strict=True))
    mild = tier_reasons(SPEC, inputs(min(one, two), purpose[level], **low)).tier
    for further in LEVELS[LEVELS.index(level) :]:
        assert tier_reasons(SPEC, inputs(max(one, two), purpose[further], **high)).tier <= mild


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"exposure": None}, "exposure"),
        ({"exposure": "much"}, "exposure"),
        ({"exposure": -1.0}, "exposure"),
        ({"exposure": True}, "exposure"),
        ({"exposure": float("inf")}, "exposure"),
        ({"purpose": "<b>'; DROP TABLE models"}, "purpose"),
        ({"data": "huge"}, "data"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_inputs_at_fault_give_no_tier_and_are_named(change: dict[str, Any], path: str) -> None:
    told = inputs(100.0) | change
    assert tier_of(SPEC, told) is None
    assert [fault.path for fault in tier_faults(SPEC, told)] == [path]
    with pytest.raises(InventoryError):
        tier_reasons(SPEC, told)


def test_an_override_keeps_what_the_rule_gave_and_needs_reason_and_person() -> None:
    computed = tier_of(SPEC, inputs(5000, "provisions"))
    assert computed is not None
    made = overridden(SPEC, computed, "2", " run-off portfolio ", "app1")
    assert (made.tier, made.computed, made.override_reason, made.override_by) == ("2", "1", "run-off portfolio", "app1")
    with pytest.raises(InventoryError) as caught:
        overridden(SPEC, computed, "9", " ", "")
    assert [fault.code for fault in caught.value.faults] == ["tier", "tier_override", "tier_override"]
    with pytest.raises(InventoryError, match="tier that the rule gives"):
        overridden(SPEC, computed, "1", "why", "app1")


def test_deadlines_of_findings_by_tier_and_severity() -> None:
    keeper = PolicyGatekeeper()
    assert keeper.finding_due("critical", "1", "2026-11-27") == "2026-12-11"
    assert keeper.finding_due("critical", None, "2026-11-27T10:00:00Z") == "2026-12-11"
    assert keeper.finding_due("low", "3", "2026-11-27") == "2027-11-27"
    assert keeper.finding_due("observation", "1", "2026-11-27") is None


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2090, 1, 1)), st.integers(0, 120))
def test_months_after_is_in_the_month_and_never_later_in_it(day: datetime.date, months: int) -> None:
    found = datetime.date.fromisoformat(months_after(day.isoformat(), months))
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == months
    assert found.day == day.day or (found.day < day.day and (found + datetime.timedelta(1)).day == 1)
    assert days_after(day.isoformat(), 0) == day.isoformat()


def test_objectives_are_judged_against_what_was_measured() -> None:
    declared = [
        {"id": "auc", "measure": "AUC", "direction": "at_least", "target": 0.7},
        {"id": "bad", "measure": "bad rate of accepts", "direction": "at_most", "target": 0.03},
        {"id": "cost", "measure": "cost", "direction": "at_most", "target": 5},
    ]
    assert objective_faults(declared) == []
    told = {one.id: one.verdict for one in judge(declared, {"auc": 0.7, "bad": 0.0301})}
    assert told == {"auc": "met", "bad": "missed", "cost": "not measured"}
    wrong = [
        {"id": "", "measure": "x", "direction": "up", "target": float("nan"), "weight": 1},
        declared[0],
        declared[0],
    ]
    assert [fault.path for fault in objective_faults(wrong)] == [
        "objectives[0].weight",
        "objectives[0].id",
        "objectives[0].direction",
        "objectives[0].target",
        "objectives[2].id",
    ]
