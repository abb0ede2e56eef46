"""What a plan may say of policy rules; what is wrong with them is told at once, with its place."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from credit_risk._core.errors import PlanError
from credit_risk.models.rule_spec import rule_texts
from credit_risk.plan import check_plan, plan_schema, read_plan

COLUMNS = "{A: {type: numeric}, PHONE: {personal: true}}"
DATA = f"{{source: t.csv, key: K, date: D, protected: {{eu: [SEX]}}, forbidden: [TERM], columns: {COLUMNS}}}"
HEAD = f"model: {{id: m}}\ndata: {DATA}\noutcome: {{column: Y, bad: 1}}\nexports: []\n"


def write(folder: Path, rules: str, more: str = "") -> Path:
    (folder / "plan.yaml").write_text(f"{HEAD}{more}rules:\n{rules}", "utf-8")
    frame = pd.DataFrame(
        {
            "K": range(60),
            "D": pd.date_range("2024-01-01", periods=60).strftime("%Y-%m-%d"),
            "A": [i % 11 for i in range(60)],
            "HOME": ["own", "rent", "other"] * 20,
            "OPENED": ["2020-05-01", "2019-01-01"] * 30,
            "FLAG": [0] * 60,
            "PHONE": [f"+44 {i:06d}" for i in range(60)],
            "SEX": ["f", "m"] * 30,
            "TERM": [i % 4 for i in range(60)],
            "Y": [0, 1, 0] * 20,
        }
    )
    frame.to_csv(folder / "t.csv", index=False)
    return folder


def test_rules_and_what_is_written_out(tmp_path: Path) -> None:
    rules = (
        "  - {id: low, when: A < 3, action: decline, reason: A is low}\n  - {id: x, when: FLAG == 1, action: refer}\n"
    )
    plan = read_plan(write(tmp_path, rules))
    assert check_plan(tmp_path) == []  # a flag that nobody has in development may stand in a rule
    first, second = plan.as_dict()["rules"]
    assert first == {
        "id": "low",
        "when": "A < 3",
        "action": "decline",
        "code": None,
        "reason": "A is low",
        "source": None,
        "description": "",
        "author": None,
    }
    assert second["reason"] is None
    jsonschema.validate(json.loads(json.dumps(plan.as_dict())), plan_schema())
    assert rule_texts(plan.rules) == {"low": "A < 3", "x": "FLAG == 1"}


R = "action: decline, reason: Told"
FAULTS = [
    (f"{{id: r, when: A <, {R}}}", "rules[0].when", "not a readable expression"),
    (f"{{id: r, when: A + 1, {R}}}", "rules[0].when", "a value, not true or false"),
    (f"{{id: r, when: A, {R}}}", "rules[0].when", "a value, not true or false"),
    (f"{{id: r, when: SEX == 'f', {R}}}", "rules[0].when", "protected"),
    (f"{{id: r, when: TERM > 3, {R}}}", "rules[0].when", "forbidden"),
    (f"{{id: r, when: Y == 1, {R}}}", "rules[0].when", "it is the outcome"),
    (f"{{id: r, when: is_missing(PHONE), {R}}}", "rules[0].when", "personal data"),
    (f"{{id: r, when: K > 3, {R}}}", "rules[0].when", "the key"),
    (f"{{id: r, when: D == '2024-01-01', {R}}}", "rules[0].when", "the date"),
    ("{id: r, when: A < 3, action: decline}", "rules[0].reason", "no words for them in en"),
    ("{id: r, when: A < 3, action: decline, description: Low}", "rules[0].reason", "no words for them in en"),
    (f"{{id: A, when: A < 3, {R}}}", "rules[0].code", "also that of 'A'"),
    (f"{{id: r, code: A, when: A < 3, {R}}}", "rules[0].code", "also that of 'A'"),
    ("{id: r, when: A < 3, action: reject, reason: Told}", "rules[0].action", "not allowed"),
    ("{id: r, action: refer}", "rules[0].when", "missing"),
    ("{id: r, when: A < 3, action: refer, priority: 1}", "rules[0].priority", "unknown"),
]


@pytest.mark.parametrize(("rule", "path", "part"), FAULTS, ids=[rule for rule, _, _ in FAULTS])
def test_one_fault_each(tmp_path: Path, rule: str, path: str, part: str) -> None:
    with pytest.raises(PlanError) as caught:
        read_plan(write(tmp_path, f"  - {rule}\n"))
    (fault,) = caught.value.faults
    assert fault.path == path
    assert part in str(fault)
    assert fault.row == 6


def test_all_faults_at_once(tmp_path: Path) -> None:
    rules = "  - {id: r, when: SEX == 'f', action: decline}\n  - {id: r, when: A + 1, action: refer}\n"
    with pytest.raises(PlanError) as caught:
        read_plan(write(tmp_path, rules))
    assert [f.path for f in caught.value.faults] == ["rules[0].reason", "rules[0].when", "rules[1].id", "rules[1].when"]


def test_a_protected_column_inside_a_derived_one_is_no_way_round(tmp_path: Path) -> None:
    rules = "  - {id: r, when: B > 0, action: refer}\n"
    with pytest.raises(PlanError) as caught:
        read_plan(write(tmp_path, rules, "derive: {B: \"if(SEX == 'f', 1, 0)\"}\n"))
    (fault,) = caught.value.faults
    assert (fault.path, fault.code) == ("derive.B", "never_a_predictor")


def test_words_in_every_language_and_in_one_place(tmp_path: Path) -> None:
    languages = "reason_codes: {languages: [en, de], catalogue: {r: {text: {en: Low, de: Niedrig}, code: R1}}}\n"
    rule = "  - {id: r, when: A < 3, action: decline%s}\n"
    assert read_plan(write(tmp_path, rule % "", languages)).rules[0].reason is None
    for words, part in (("reason: Low", "has its words twice"), ("code: R2", "has its code twice")):
        with pytest.raises(PlanError) as caught:
            read_plan(write(tmp_path, rule % f", {words}", languages))
        assert any(part in fault.message for fault in caught.value.faults)
    with pytest.raises(PlanError, match="no words for them in de"):
        read_plan(write(tmp_path, rule % ", reason: Low", "reason_codes: {languages: [en, de]}\n"))


def test_rules_of_an_amount_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, "  - {id: r, when: A < 3, action: refer}\n")
    text = (folder / "plan.yaml").read_text("utf-8").replace("{column: Y, bad: 1}", "{column: Y, type: amount}")
    (folder / "plan.yaml").write_text(text, "utf-8")
    with pytest.raises(PlanError) as caught:
        read_plan(folder)
    assert [f.path for f in caught.value.faults] == ["rules"]


def test_dates_may_be_measured(tmp_path: Path) -> None:
    folder = write(tmp_path, "  - {id: r, when: 'months_between(OPENED, D) < 12', action: refer}\n")
    assert check_plan(folder) == []
    (folder / "plan.yaml").write_text((folder / "plan.yaml").read_text("utf-8").replace("exports: []\n", ""), "utf-8")
    assert check_plan(folder) == []


def test_the_data_tell_what_the_plan_alone_cannot(tmp_path: Path) -> None:
    rules = "  - {id: a, when: HEIGHT > 3, action: refer}\n  - {id: b, when: HOME > 3, action: refer}\n"
    rules += "  - {id: c, when: 'if(A > 3, A, 1)', action: refer}\n"
    found = {fault.path: str(fault) for fault in check_plan(write(tmp_path, rules))}
    assert sorted(found) == ["rules[0].when", "rules[1].when", "rules[2].when"]
    assert "the source has none of this name" in found["rules[0].when"]
    assert "HOME > 3" in found["rules[1].when"]
    assert "write a comparison" in found["rules[2].when"]
