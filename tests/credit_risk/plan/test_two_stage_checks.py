"""Offsets of a plan: each first stage that cannot be one is refused with its place, before anything is fitted."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk._core.errors import PlanError
from credit_risk.plan import read_plan

HEAD = """\
model: {id: m}
data:
  source: t.csv
  key: KEY
  protected: [SEX]
  forbidden: [NEVER]
  columns:
    MASTER: {type: numeric, missing: false}
    TEXT: {type: categorical, missing: false}
    GAPS: {type: numeric}
    CODED: {type: numeric, missing: false, specials: {"-9": no record}}
    SEX: {missing: false}
outcome: {column: BAD, bad: 1}
derive: {RATIO: A / B}
"""
FIRST = "  - {id: first, type: scorecard}\n"


def _plan(tmp_path: Path, text: str) -> object:
    (tmp_path / "plan.yaml").write_text(text, "utf-8")
    return read_plan(tmp_path)


def _models(offset: str, more: str = "") -> str:
    second = f"  - {{id: second, type: scorecard, champion: true, offset: {offset}}}\n"
    return HEAD + "models:\n" + FIRST + second + more


@pytest.mark.parametrize(
    ("offset", "path", "words"),
    [
        ("{model: other}", "models[1].offset.model", "the plan has no such candidate"),
        ("{model: second}", "models[1].offset.model", "a candidate is its own first stage"),
        ("{model: later}", "models[1].offset.model", "the first stage stands after the second"),
        ("{column: SEX}", "models[1].offset.column", "'SEX' may not be an offset: it is protected"),
        ("{column: NEVER}", "models[1].offset.column", "'NEVER' may not be an offset: it is forbidden"),
        ("{column: KEY}", "models[1].offset.column", "'KEY' may not be an offset: it is the key"),
        ("{column: BAD}", "models[1].offset.column", "'BAD' may not be an offset: it is the outcome"),
        ("{column: RATIO}", "models[1].offset.column", "'RATIO' is a derived characteristic"),
        ("{column: TEXT}", "models[1].offset.column", "'TEXT' is categorical, and an offset is a number"),
        ("{column: GAPS}", "models[1].offset.column", "'GAPS' may be missing by the contract"),
        ("{column: UNSAID}", "models[1].offset.column", "'UNSAID' may be missing by the contract"),
        ("{column: CODED}", "models[1].offset.column", "'CODED' has special codes"),
    ],
)
def test_a_first_stage_that_cannot_be_one_is_refused(tmp_path: Path, offset: str, path: str, words: str) -> None:
    with pytest.raises(PlanError) as caught:
        _plan(tmp_path, _models(offset, "  - {id: later, type: scorecard}\n"))
    (fault,) = caught.value.faults
    assert fault.path == path
    assert fault.message.startswith(words)
    assert fault.row == 17  # the line of the offset


@pytest.mark.parametrize(
    ("offset", "words"),
    [
        ("{}", "one of model and column"),
        ("{model: first, column: MASTER}", "one of model and column"),
        ("{model: first, base_score: 600}", "a scaling is of a column in points"),
        ("{column: MASTER, base_score: 600.0, base_odds: 50.0}", "points_to_double_odds is missing"),
    ],
)
def test_an_offset_says_one_thing_and_the_whole_of_it(tmp_path: Path, offset: str, words: str) -> None:
    with pytest.raises(PlanError) as caught:
        _plan(tmp_path, _models(offset))
    assert words in "; ".join(f"{fault.message} {fault.allowed}" for fault in caught.value.faults)


def test_a_chain_that_closes_is_refused_where_it_closes(tmp_path: Path) -> None:
    text = (
        HEAD
        + "models:\n  - {id: a, type: scorecard, champion: true, offset: {model: b}}\n"
        + "  - {id: b, type: monotone_boosting, offset: {model: a}}\n"
    )
    with pytest.raises(PlanError) as caught:
        _plan(tmp_path, text)
    assert [fault.path for fault in caught.value.faults] == ["models[0].offset.model"]


def test_an_offset_column_is_no_predictor(tmp_path: Path) -> None:
    more = "  - {id: third, type: monotone_boosting, characteristics: [MASTER]}\nselection: {include: [MASTER]}\n"
    with pytest.raises(PlanError) as caught:
        _plan(tmp_path, _models("{column: MASTER}", more))
    told = {fault.path: fault.message for fault in caught.value.faults}
    assert "an offset (models[1].offset.column)" in told["selection.include[0]"]
    assert "also among the characteristics of models[2]" in told["models[1].offset.column"]


def test_an_amount_has_no_second_stage(tmp_path: Path) -> None:
    text = _models("{model: first}").replace("{column: BAD, bad: 1}", "{column: LOSS, type: amount}")
    with pytest.raises(PlanError) as caught:
        _plan(tmp_path, text)
    assert "a scorecard does not model an outcome of type amount" in {f.message for f in caught.value.faults}


def test_reasons_by_most_points_need_points_in_every_stage(tmp_path: Path) -> None:
    trees = _models("{model: first}").replace("id: first, type: scorecard", "id: first, type: monotone_boosting")
    with pytest.raises(PlanError) as caught:
        _plan(tmp_path, trees + "reason_codes: {reference: maximum}\n")
    (fault,) = caught.value.faults
    assert fault.path == "reason_codes.reference"
