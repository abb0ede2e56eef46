"""Worked notices: reasons of whom rules or the cut-off decline, derived again; nothing is told in another's place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from docs_templates.document import Absent, Table
from docs_templates.evidence import Evidence
from docs_templates.notices import derivation, notice, score_range, worked
from docs_templates.package import Package, read_package
from tests.docs_templates.builders import all_evidence, toy_model, write_package


def _package(tmp_path: Path, *, cut_off: float | None = None, texts: tuple[str, ...] = ("R1", "R2")) -> Package:
    evidence = all_evidence(("X",))
    names = [c["name"] for c in evidence["reasons.texts"]["columns"]]
    rows = [{"reason_code": c, "language": "en", "text": f"Text of {c}", "for_applicants": True} for c in texts]
    evidence["reasons.texts"]["rows"] = [[row[name] for name in names] for row in rows]
    read = read_package(write_package(tmp_path / "p", evidence))
    plan = {**read.plan, "strategy": {"cut_off": cut_off}, "reason_codes": {"maximum": 4, "languages": ["en"]}}
    return replace(read, plan=plan)


def _cells(table: Table | Absent) -> dict[str, str]:
    assert isinstance(table, Table), table
    return {row[0]: row[1] for row in table.rows}


def test_without_cut_off_and_rules_the_notice_is_an_illustration(tmp_path: Path) -> None:
    package = _package(tmp_path)
    (first,) = worked(package)
    assert first.illustration
    assert first.case.name == "threshold: UTILISATION at 0.1"  # the lowest score of those with a reason
    table = notice(package, "first", "1", ())
    cells = _cells(table)
    assert cells["Principal reason 1"] == "Text of R1"
    assert "Principal reason 2" not in cells
    assert cells["Score"].startswith("497, on the date")
    assert "range from 497 to 506" in cells["Score"]
    assert "nobody is declined" in table.notes[0]  # type: ignore[union-attr]
    other = notice(package, "second", "1", ())
    assert isinstance(other, Absent)


@pytest.mark.parametrize(("cut_off", "count"), [(498.0, 1), (490.0, 0)])
def test_with_a_cut_off_only_scores_below_it_are_declined(tmp_path: Path, cut_off: float, count: int) -> None:
    package = _package(tmp_path, cut_off=cut_off)
    found = worked(package)
    assert len(found) == count
    assert not any(one.illustration for one in found)
    if found:
        assert _cells(notice(package, "first", "1", ()))["Action"].endswith("(a score below the declared cut-off).")


def test_a_reason_without_a_text_is_told_as_other(tmp_path: Path) -> None:
    cells = _cells(notice(_package(tmp_path, texts=("R2",)), "first", "1", ()))
    assert cells["Principal reason 1"].startswith("Other, to be specified: the code R1")


def test_reasons_are_derived_again_and_a_difference_is_told(tmp_path: Path) -> None:
    package = _package(tmp_path)
    table = derivation(package, "first", "1", ())
    assert isinstance(table, Table)
    assert [row[1] for row in table.rows] == ["R1", "R2"]
    assert table.rows[0][5:] == ("0", "4.5", "4.5")
    assert "agrees with the package" in table.notes[0]
    assert package.verification is not None
    altered = replace(package, verification=package.verification.replace(b'"R1"', b'"R2"'))
    wrong = derivation(altered, "first", "1", ())
    assert isinstance(wrong, Table)
    assert "DIFFERS from the package, which tells R2" in wrong.notes[0]


def test_a_group_gets_the_sum_of_its_points(tmp_path: Path) -> None:
    package = _package(tmp_path)
    reasons = package.model["steps"][-1]
    group = {"id": "g", "type": "sum", "inputs": [one["input"] for one in reasons["characteristics"]], "output": "both"}
    factor = {"characteristic": "BOTH", "input": "both", "reason_code": "R1", "reference_points": 9.0, "baseline": 9.0}
    steps = [*package.model["steps"][:-1], group, {**reasons, "characteristics": [factor]}]
    table = derivation(_of(steps, package), "first", "1", ())
    assert isinstance(table, Table)
    assert table.rows[0][5:] == ("7", "9", "2")  # 0 and 7 points against 9
    assert "agrees with the package" in table.notes[0]
    (lost,) = [derivation(_of([s for s in steps if s is not group], package), "first", "1", ())]
    assert isinstance(lost, Table)
    assert "not derived again" in lost.notes[0]


def test_a_rule_that_declines_is_told_before_the_score(tmp_path: Path) -> None:
    package = _package(tmp_path, cut_off=498.0, texts=("R1", "R2", "P1"))
    condition = {"op": "is_missing", "args": [{"ref": "UTILISATION"}]}
    guard = {"id": "rule(no_line)", "type": "guard", "action": "decline", "reason_code": "P1", "condition": condition}
    model = {**package.model, "steps": [*package.model["steps"], {**guard, "output": "rule(no_line)"}]}
    assert package.verification is not None
    head, *rows = package.verification.decode().splitlines()
    lines = [head + ',"decision:rule(no_line)"', *(row + ",1.0" for row in rows)]
    ruled = replace(package, model=model, verification="\n".join(lines).encode())
    found = {one.case.name: one.codes for one in worked(ruled)}
    assert found["base: first complete row"] == ("P1",)  # the score of 506 did not fail
    assert found["threshold: UTILISATION at 0.1"] == ("P1", "R1")
    refer = {**model, "steps": [*package.model["steps"], {**guard, "action": "refer", "output": "rule(no_line)"}]}
    assert worked(replace(ruled, model=refer)) == ()


def test_a_model_without_reasons_is_not_evaluable(tmp_path: Path) -> None:
    package = _package(tmp_path)
    assert package.verification is not None
    silent = replace(package, verification=package.verification.replace(b'"R1"', b""))
    box = notice(silent, "first", "1", ())
    assert isinstance(box, Absent)
    assert box.reason == "not evaluable: no row gives a reason"


def _of(steps: list[dict[str, Any]], package: Package) -> Package:
    return replace(package, model={**package.model, "steps": steps})


def test_the_range_of_a_choice_among_scores_is_that_of_all(tmp_path: Path) -> None:
    package = _package(tmp_path)
    scale = next(step for step in toy_model()["steps"] if step["type"] == "scale")
    other = {**scale, "base_points": 300.0, "output": "b"}
    cases = [{"equals": "x", "value": "a"}, {"equals": "y", "value": "b"}]
    choice = {"id": "w", "type": "switch", "input": "s", "cases": cases, "default": None, "output": "score"}
    assert score_range(_of([{**scale, "output": "a"}, other, choice], package)) == (307.0, 506.0)
    assert score_range(_of([{**scale, "output": "a"}, choice], package)) is None


def test_agreement_with_every_decline_of_the_worked_example(taiwan_package: Path) -> None:
    package = read_package(taiwan_package)
    assert isinstance(package.evidence["reasons.texts"], Evidence)
    bounds = json.loads((taiwan_package / "evidence/scorecard.bounds.scorecard.json").read_text("utf-8"))
    total = bounds["rows"][-1]
    assert score_range(package) == (total[2], total[3])
    for place in ("first", "second", "third"):
        table = derivation(package, place, "1", ())
        assert isinstance(table, Table)
        assert "agrees with the package" in table.notes[0]
