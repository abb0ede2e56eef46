"""Faults of development with the line of the plan."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk._core.errors import Fault, ModelError
from credit_risk.plan import Plan, read_plan
from credit_risk.plan.places import places_told

TEXT = """model: {id: m}
data: {source: table.csv}
outcome: {column: BAD, bad: 1}
classing:
  overrides:
    - {characteristic: A, operation: merge, edge: 1, reason: x, author: y}
    - {characteristic: B, operation: merge, edge: 1, reason: x, author: y}
models:
  - {id: one, type: scorecard, champion: true}
  - id: two
    type: scorecard
    characteristics: [A]
"""


def told(plan: Plan, *faults: Fault) -> list[tuple[str | None, int | None]]:
    with pytest.raises(ModelError) as caught, places_told(plan):
        raise ModelError(faults)
    return [(fault.file, fault.row) for fault in caught.value.faults]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    file = tmp_path / "plan.yaml"
    file.write_text(TEXT, "utf-8")
    return read_plan(file)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("classing.overrides[0]", 6),
        ("classing.overrides[1].edge", 7),
        ("classing", 4),
        ("models.two.characteristics", 12),
        ("models.two.offset", 10),
        ("models[0]", 9),
        ("classing.min_bins", 4),
    ],
)
def test_the_line_of_what_stands_in_the_plan_or_of_what_would_hold_it(plan: Plan, path: str, line: int) -> None:
    assert told(plan, Fault("wrong", path=path)) == [(str(plan.path), line)]


def test_what_is_of_another_file_or_of_no_place_in_the_plan_stays(plan: Plan) -> None:
    others = [Fault("wrong", path="INCOME"), Fault("wrong"), Fault("wrong", file="t.csv", path="classing", row=3)]
    assert told(plan, *others) == [(None, None), (None, None), ("t.csv", 3)]


def test_a_plan_that_was_read_from_no_file_has_no_lines() -> None:
    plan = Plan.model_validate(
        {"model": {"id": "m"}, "data": {"source": "t.csv"}, "outcome": {"column": "B", "bad": 1}}
    )
    assert told(plan, Fault("wrong", path="classing")) == [(None, None)]
