"""Derived characteristics in a plan: short and long form, texts, roles of columns, and faults with their place."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from credit_risk._core.errors import PlanError
from credit_risk.plan import plan_schema, read_plan

HEAD = "model: {id: m}\ndata: {source: t.csv%s}\noutcome: {column: Y, bad: 1}\n"
ROLES = ", key: K, date: D, protected: {eu: [SEX]}, forbidden: [TERM]"


def write(folder: Path, text: str, data: str = "") -> Path:
    (folder / "plan.yaml").write_text(HEAD % data + text, "utf-8")
    return folder


def test_short_and_long_form(tmp_path: Path) -> None:
    long = "{expression: A / B, description: Use of the limit, expected_trend: ascending, reason_text: Limit used}"
    plan = read_plan(write(tmp_path, f"derive:\n  USE: {long}\n  TWICE: 2 * USE\n"))
    assert plan.derived["USE"].words == "Use of the limit: A / B"
    assert plan.derived["USE"].reason_text == "Limit used"
    assert plan.derived["TWICE"].words == plan.derived["TWICE"].expression == "2 * USE"
    assert plan.derived["TWICE"].expected_trend is None
    written = plan.as_dict()["derive"]
    assert list(written) == ["USE", "TWICE"]
    assert written["TWICE"] == "2 * USE"
    assert written["USE"]["expected_trend"] == "ascending"
    jsonschema.validate(json.loads(json.dumps(plan.as_dict())), plan_schema())


NEVER = [
    ("SEX / A", "protected"),
    ("TERM + A", "forbidden"),
    ("average(columns('T', 1, 2), TERM)", "forbidden"),
    ("cross(SEX, HOME)", "protected"),
    ("if(is_missing(SEX), 0, A)", "protected"),
    ("band(K, 1, 2)", "the key"),
    ("count_present(Y, A)", "the outcome"),
    ("year(D)", "the date"),
    ("if(D == '2020-01-01', 1, 0)", "the date"),
    ("months_between(OPENED, D) + month(D)", "the date"),
]


@pytest.mark.parametrize("form", ["derive: {B: %s}\n", "derive: {B: {expression: %s}}\n"], ids=["short", "long"])
@pytest.mark.parametrize(("text", "words"), NEVER, ids=[text for text, _ in NEVER])
def test_what_is_no_predictor_is_none_inside_an_expression(text: str, words: str, form: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        read_plan(write(tmp_path, form % f'"{text}"', ROLES))
    (fault,) = caught.value.faults
    assert (fault.code, fault.path, fault.row) == ("never_a_predictor", "derive.B", 4)
    assert words in fault.message


@pytest.mark.parametrize(
    "text", ["months_between(OPENED, D)", "days_between(coalesce(OPENED, D), D) / 30", "A + days_between(X, Z)"]
)
def test_time_may_be_measured_from_the_date_of_application(text: str, tmp_path: Path) -> None:
    assert read_plan(write(tmp_path, f'derive: {{B: "{text}"}}\n', ROLES)).derived["B"].expression == text


FAULTS = [
    ("derive: {B: {expression: 'A + '}}", "derive.B", "expression"),
    ("derive: {B: {expression: averge(A)}}", "derive.B", "expression"),
    ("derive: {B: {expression: ''}}", "derive.B", "expression"),
    ("derive: {B: ''}", "derive.B", "expression"),
    ("derive: {B: {description: x}}", "derive.B.expression", "missing_key"),
    ("derive: {B: {expression: A, sign: up}}", "derive.B.sign", "unknown_key"),
    ("derive: {B: {expression: A, expected_trend: up}}", "derive.B.expected_trend", "value"),
    ("derive: {B: {expression: 'band(A, 1)', expected_trend: peak}}", "derive.B.expected_trend", "trend"),
    ("derive: {B: \"if(A > 1, 'x', 'y')\"}\nclassing: {monotonic: {B: peak}}", "classing.monotonic.B", "trend"),
    (
        "derive: {B: {expression: A + 1, expected_trend: peak}}\nclassing: {monotonic: {B: valley}}",
        "classing.monotonic.B",
        "trend",
    ),
    ("derive: [A]", "derive", "value"),
]


@pytest.mark.parametrize(("text", "path", "code"), FAULTS, ids=[text[:50] for text, _, _ in FAULTS])
def test_one_fault_each(text: str, path: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        read_plan(write(tmp_path, text + "\n"))
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [(path, code)]
    assert caught.value.faults[0].row in (4, 5)
