"""What a plan may say of its outcome: a ready column or a performance history, and what belongs to each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from credit_risk._core import canonical_json
from credit_risk._core.errors import PlanError
from credit_risk.plan import Plan, plan_schema, read_plan
from credit_risk.plan.check import check_plan

HISTORY: dict[str, Any] = {"source": "h.csv", "key": "ID", "month": "M", "days_past_due": "DPD"}


def plan(outcome: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {"model": {"id": "m"}, "data": {"source": "t.csv", "key": "ID", **data}, "outcome": outcome}


def faults(tmp_path: Path, outcome: dict[str, Any], **data: Any) -> list[tuple[str, str]]:
    (tmp_path / "plan.yaml").write_text(json.dumps(plan(outcome, **data)), "utf-8")
    with pytest.raises(PlanError) as caught:
        read_plan(tmp_path)
    return [(str(fault.path), fault.code) for fault in caught.value.faults]


def test_a_plan_with_everything_reads_back_and_fits_the_schema() -> None:
    outcome = {
        "history": {
            **{key: HISTORY[key] for key in ("source", "key")},
            "account": "CUSTOMER",
            "date": "DAY",
            "observed_until": "2026-10",
            "gaps": "accept",
            "state": "STATUS",
            "states": {"0": 1, "X": None},
            "past_due": "DUE",
            "balance": "BALANCE",
            "materiality": {"absolute": 100.0, "relative": 0.01},
            "unlikely_to_pay": ["UTP"],
            "write_off": "OFF",
            "obligor": "OBLIGOR",
        },
        "definition": {
            "days_past_due": 60,
            "ever": False,
            "indeterminate": {"days_past_due": 30},
            "cure": {"months": 3},
            "contagion_share": 0.2,
            "ended_early": "excluded",
        },
        "windows": {"performance_months": 18, "observation_months": 6, "rolling": {"first": "2024-12", "every": 6}},
        "exclusions": [{"condition": "AGE < 18", "reason": "under age"}],
        "status": {"column": "S", "values": {"A": "booked", "R": "rejected"}},
    }
    made = Plan.model_validate(plan(outcome, date="APPLIED"))
    written = json.loads(canonical_json.to_bytes(made.as_dict()))
    jsonschema.Draft202012Validator(plan_schema()).validate(written)
    assert Plan.model_validate(written) == made
    assert made.outcome.event == "60 or more days past due, unlikely to pay, written off, at the end within 18 months"
    assert made.history_path() == Path("h.csv")


def test_a_ready_column_needs_no_history() -> None:
    made = Plan.model_validate(plan({"column": "Y", "bad": 1}))
    assert made.outcome.event == "Y is bad"
    assert made.history_path() is None


def history(**changes: Any) -> dict[str, Any]:
    return {"history": {key: value for key, value in {**HISTORY, **changes}.items() if value is not None}}


CASES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"column": None, "bad": 1}, [("outcome.column", "missing_key")]),
    ({}, [("outcome.bad", "missing_key"), ("outcome.column", "missing_key")]),
    ({"column": "Y", "bad": 1, "definition": {"days_past_due": 60}}, [("outcome.definition", "outcome")]),
    ({"column": "Y", "bad": 1, "indeterminate": [2, 1]}, [("outcome.indeterminate[1]", "outcome")]),
    ({**history(), "column": "Y", "bad": 1}, [("outcome.bad", "outcome"), ("outcome.column", "outcome")]),
    (history(date="D"), [("outcome.history", "outcome")]),
    (history(month=None), [("outcome.history", "outcome")]),
    (history(days_past_due=None), [("outcome.history", "missing_key")]),
    (history(state="S", states={"0": 0}), [("outcome.history.state", "outcome")]),
    (history(state="S", days_past_due=None), [("outcome.history.states", "missing_key")]),
    (history(states={"0": 0}), [("outcome.history.states", "outcome")]),
    (history(materiality={"relative": 0.01}), [
        ("outcome.history.materiality", "missing_key"), ("outcome.history.materiality.relative", "missing_key")]),
    (history(observed_until="2024-13"), [("outcome.history.observed_until", "value")]),
    ({**history(), "definition": {"level": "obligor"}}, [("outcome.definition.level", "missing_key")]),
    ({**history(balance="B"), "definition": {"contagion_share": 0.2}}, [
        ("outcome.definition.contagion_share", "missing_key")]),
    ({**history(obligor="O"), "definition": {"contagion_share": 0.2, "level": "obligor"}}, [
        ("outcome.definition.contagion_share", "outcome")]),
    ({**history(), "definition": {"days_past_due": 30, "indeterminate": {}}}, [
        ("outcome.definition.indeterminate.days_past_due", "outcome")]),
    ({**history(), "windows": {"observation_points": [0]}}, [("outcome.windows.observation_points", "missing_key")]),
    ({**history(), "windows": {"observation_points": ["x"], "observed_at": "T"}}, [
        ("outcome.windows.observation_points[0]", "value")]),
    ({**history(), "windows": {"rolling": {"first": "2020-01"}}}, [("outcome.windows.rolling.first", "value")]),
    ({**history(), "windows": {"rolling": {"first": 9, "last": 3}}}, [("outcome.windows.rolling.last", "outcome")]),
    ({**history(), "windows": {"rolling": {}, "observed_at": "T", "observation_points": [1]}}, [
        ("outcome.windows.observation_points", "outcome"), ("outcome.windows.observed_at", "outcome")]),
    ({"column": "Y", "bad": 1, "windows": {"rolling": {}}}, [("outcome.windows", "outcome")]),
    ({**history(), "exclusions": [{"condition": "AGE <", "reason": "r"}]}, [
        ("outcome.exclusions[0].condition", "expression")]),
    ({**history(), "windows": {"performance_months": 0}}, [("outcome.windows.performance_months", "value")]),
    ({**history(), "status": {"column": "S", "values": {"A": "approved"}}}, [("outcome.status.values.A", "value")]),
]  # fmt: skip


@pytest.mark.parametrize(("outcome", "expected"), CASES, ids=[str(index) for index in range(len(CASES))])
def test_one_fault_each(tmp_path: Path, outcome: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert faults(tmp_path, outcome) == expected


def test_the_account_is_asked_for(tmp_path: Path) -> None:
    assert faults(tmp_path, history(), key=None) == [("outcome.history", "missing_key")]


def test_roles_of_the_outcome_are_never_predictors(tmp_path: Path) -> None:
    outcome = {**history(account="A"), "status": {"column": "S", "values": {"A": "booked"}}}
    text = {**plan(outcome), "selection": {"include": ["A", "S"]}}
    (tmp_path / "plan.yaml").write_text(json.dumps(text), "utf-8")
    with pytest.raises(PlanError) as caught:
        read_plan(tmp_path)
    assert [fault.code for fault in caught.value.faults] == ["never_a_predictor"] * 2


def test_monthly_columns_need_a_history_and_an_observation_point(tmp_path: Path) -> None:
    for outcome in ({"column": "Y", "bad": 1}, history()):
        assert faults(tmp_path, outcome, monthly={"DPD": 3}) == [("data.monthly", "missing_key")]
    assert faults(tmp_path, {**history(), "windows": {"rolling": {"every": 0}}}, monthly={"DPD": 0}) == [
        ("data.monthly.DPD", "value"), ("outcome.windows.rolling.every", "value")
    ]  # fmt: skip


def test_the_observation_point_is_measured_and_never_a_predictor(tmp_path: Path) -> None:
    dated = {**history(date="D"), "windows": {"rolling": {}}}
    dated["history"].pop("month")
    text = {**plan(dated, date="OPENED"), "exports": []}
    text["derive"] = {"AGE": "months_between(OPENED, observation_point)"}
    assert Plan.model_validate(text).time_column == "observation_point"
    text["derive"] = {"AGE": "observation_point == 'x'"}
    (tmp_path / "plan.yaml").write_text(json.dumps(text), "utf-8")
    with pytest.raises(PlanError) as caught:
        read_plan(tmp_path)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [("derive.AGE", "never_a_predictor")]


def test_variables_in_the_path_of_the_history(tmp_path: Path) -> None:
    outcome = history(source="${NOT_SET_ANYWHERE}/h.csv")
    assert faults(tmp_path, outcome) == [("outcome.history.source", "variable_not_set")]


def test_check_reads_the_history_too(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(json.dumps(plan(history())), "utf-8")
    (tmp_path / "t.csv").write_text("ID,X\n1,2\n2,3\n", "utf-8")
    (tmp_path / "h.csv").write_text("ID,M,DPD\n1,0,0\n1,0,0\n2,x,0\n", "utf-8")
    assert [fault.code for fault in check_plan(tmp_path)] == ["month"]
