"""The language of expressions: scoring, validator and a literal reading of the specification, bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

import validation.expression_types
import validation.score
import validation.steps.expressions
from credit_risk.scoring import expressions as scoring
from credit_risk.scoring.columns import Run
from credit_risk.scoring.inputs import read_inputs
from tests.contract import expression_strategies as made
from tests.credit_risk.scoring import literal

INPUTS = [{"name": name, "type": kind, "description": "", "specials": []} for name, kind in made.KINDS.items()]
SCHEMA = Path(__file__).parents[2] / "scorecards/format/model.schema.json"
OPERATIONS = next(
    one["properties"]["op"]["enum"]
    for one in json.loads(SCHEMA.read_text())["$defs"]["expression"]["oneOf"]
    if "op" in one["properties"]
)
ERROR = "error"
CASES = settings(max_examples=400, deadline=None)
frames = st.lists(made.rows, min_size=1, max_size=6)


def table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    kinds = {name: float if kind == "number" else object for name, kind in made.KINDS.items()}
    return pd.DataFrame({n: pd.Series([r[n] for r in rows], dtype=k) for n, k in kinds.items()})


def bits(value: Any) -> Any:
    """A value that compares bit by bit; a zero has no sign."""
    if value is None or value is ERROR or isinstance(value, (str, bool, np.bool_)):
        return bool(value) if isinstance(value, np.bool_) else value
    return (float(value) + 0.0).hex()


def by_scoring(expression: dict[str, Any], rows: list[dict[str, Any]]) -> list[Any]:
    found = scoring.evaluate(expression, Run(len(rows), read_inputs(INPUTS, table(rows))), "step")
    cells = zip(found.data.tolist(), found.missing, found.error, strict=True)
    return [ERROR if error else None if missing else bits(value) for value, missing, error in cells]


def by_validator(expression: dict[str, Any], rows: list[dict[str, Any]]) -> list[Any]:
    names = validation.score.read_inputs({"inputs": INPUTS}, table(rows))
    found = validation.steps.expressions.evaluate(expression, names, len(rows))
    data = (found.data == 1).tolist() if found.kind == "flag" else found.data.tolist()
    cells = zip(data, found.missing(), found.error, strict=True)
    return [ERROR if error else None if missing else bits(value) for value, missing, error in cells]


def by_reading(expression: dict[str, Any], rows: list[dict[str, Any]]) -> list[Any]:
    result = []
    for row in rows:
        try:
            result.append(bits(literal.evaluate(expression, {k: None if v == "" else v for k, v in row.items()})))
        except literal.Failure:
            result.append(ERROR)
    return result


def verdicts(expression: dict[str, Any]) -> tuple[str | None, str | None]:
    """The kind that scoring and the validator find, None where they refuse."""
    names = {**made.KINDS, "flag": "flag", "bin": "bin", "reasons": "reason list"}
    told: list[str] = []
    ours = scoring.expression_kind(expression, names, told.append)
    reported: list[str] = []
    theirs = validation.expression_types.infer(expression, names, lambda *fault: reported.append(fault[1]), "")
    null = {"missing": "null", "any": "null"}
    return None if told else null.get(ours, ours), None if reported else null.get(theirs, theirs)


@pytest.mark.parametrize("kind", ["number", "string", "flag"])
@CASES
@given(data=st.data())
def test_any_expression_has_one_value(kind: str, data: st.DataObject) -> None:
    expression, rows = data.draw(made.typed(kind, 2)), data.draw(frames)
    note(json.dumps(expression))  # the drawn repr tells some of its parts by their code alone
    ours, theirs = verdicts(expression)
    assert ours == theirs
    assert ours in (kind, "null")
    expected = by_reading(expression, rows)
    assert by_scoring(expression, rows) == expected
    assert by_validator(expression, rows) == expected


@settings(max_examples=2000, deadline=None)
@given(expression=made.untyped(OPERATIONS), rows=frames)
def test_what_one_refuses_the_other_refuses(expression: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    ours, theirs = verdicts(expression)
    assert ours == theirs
    if ours is not None and not {"flag", "unknown"} & set(scoring.references(expression)):
        assert by_scoring(expression, rows) == by_validator(expression, rows) == by_reading(expression, rows)


def test_every_operation_of_the_schema_is_in_both_and_no_other() -> None:
    assert set(scoring._ARITY) == set(OPERATIONS) == set(validation.expression_types._COUNTS)


def of(name: str, *arguments: Any) -> dict[str, Any]:
    return {"op": name, "args": [a if isinstance(a, dict) else {"const": a} for a in arguments]}


SIX = [{"ref": name} for name in made.NUMBERS]
X, Y = {"ref": "d1"}, {"ref": "d2"}


@pytest.mark.parametrize(
    ("expression", "row", "expected"),
    [
        (of("share", *SIX[:2]), {"n1": 30, "n2": 120}, 0.25),
        (of("multiply", 3.0, 1e308, SIX[0]), {}, None),
        (of("multiply", 3.0, 1e308, SIX[0]), {"n1": 0.0}, ERROR),
        (of("add", 1e308, 1e308, SIX[0]), {}, None),
        (of("band", of("multiply", 3.0, 1e308, SIX[0]), 0.0), {}, None),
        (of("share", *SIX[:2]), {"n1": 30, "n2": 0}, None),
        (of("share", *SIX[:2]), {"n1": 30, "n2": -5}, None),
        (of("share", *SIX[:2]), {"n1": 300, "n2": 120}, 2.5),
        (of("total", *SIX), {"n2": 4, "n5": 0.5}, 4.5),
        (of("total", *SIX), {}, None),
        (of("average", *SIX), {"n1": 1, "n3": 2, "n6": 6}, 3.0),
        (of("lowest", *SIX), {"n1": 1, "n3": -2}, -2.0),
        (of("highest", *SIX), {"n1": 1, "n3": -2}, 1.0),
        (of("count_present", *SIX, X), {"n1": 1, "n3": -2, "d1": "x"}, 3.0),
        (of("count_present", *SIX), {}, 0.0),
        (of("count_at_least", 2, *SIX), {"n1": 2, "n2": 1.9, "n6": 7}, 2.0),
        (of("count_at_most", 0, *SIX), {"n1": 2}, 0.0),
        (of("count_at_most", 0, *SIX), {}, None),
        (of("months_since", 1, *SIX), {"n1": 0, "n3": 1, "n4": 5}, 2.0),
        (of("months_since", 1, *SIX), {"n1": 0}, 6.0),
        (of("months_since", None, *SIX), {"n1": 0}, None),
        (of("trend", *SIX), {"n1": 9, "n2": 8, "n3": 7, "n4": 6, "n5": 5, "n6": 4}, 1.0),
        (of("trend", *SIX), {"n1": 10, "n6": 0}, 2.0),
        (of("trend", *SIX), {"n1": 10}, None),
        (of("days_between", X, Y), {"d1": "2024-02-28", "d2": "2024-03-01"}, 2.0),
        (of("days_between", X, "2000-01-01"), {"d1": "2000-01-02T10:00"}, -1.0),
        (of("months_between", X, Y), {"d1": "2023-01-31", "d2": "2023-02-28"}, 1.0),
        (of("months_between", X, Y), {"d1": "2023-01-31", "d2": "2023-02-27"}, 0.0),
        (of("months_between", X, Y), {"d1": "2024-02-29", "d2": "2025-02-28"}, 12.0),
        (of("months_between", X, Y), {"d1": "2024-03-31", "d2": "2024-02-29"}, -1.0),
        (of("year", X), {"d1": "2023-02-29"}, None),
        (of("month", X), {"d1": "2024-02-29"}, 2.0),
        (of("cross", {"ref": "t1"}, {"ref": "t2"}), {"t1": "owner", "t2": "urban"}, "owner & urban"),
        (of("cross", {"ref": "t1"}, {"ref": "t2"}), {"t1": "owner"}, None),
        (of("band", SIX[0], 10, 20.5), {"n1": 9}, "< 10"),
        (of("band", SIX[0], 10, 20.5), {"n1": 10}, "[10, 20.5)"),
        (of("band", SIX[0], 10, 20.5), {"n1": 20.5}, ">= 20.5"),
        (of("band", SIX[0], 10, 20.5), {}, None),
    ],
)
def test_rules_told_in_words(expression: dict[str, Any], row: dict[str, Any], expected: Any) -> None:
    rows = [{**dict.fromkeys(made.KINDS), **row}]
    assert by_scoring(expression, rows) == by_validator(expression, rows) == by_reading(expression, rows)
    assert by_scoring(expression, rows) == [bits(expected)]


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6), present=st.lists(st.booleans(), min_size=6))
def test_trend_is_the_slope_of_least_squares(values: list[float], present: list[bool]) -> None:
    kept = [k for k in range(6) if present[k]]
    if len(kept) < 2:
        return
    row = {**dict.fromkeys(made.KINDS), **{made.NUMBERS[k]: values[k] for k in kept}}
    slope = np.polyfit([-k for k in kept], [values[k] for k in kept], 1)[0]
    found = float.fromhex(by_scoring(of("trend", *SIX), [row])[0])
    assert found == pytest.approx(slope, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(
    "expression",
    [
        of("band", SIX[0], 20, 10),
        of("band", SIX[0], 10, 10),
        of("band", SIX[0], SIX[1]),
        of("band", SIX[0], "10"),
        of("band", SIX[0]),
        of("cross", {"ref": "t1"}, SIX[0]),
        of("cross", {"ref": "t1"}),
        of("year", SIX[0]),
        of("year", "2023-02-29"),
        of("days_between", X, "soon"),
        of("days_between", X),
        of("average", {"ref": "t1"}),
        of("trend", SIX[0]),
        of("months_since", 3),
        of("count_at_least", "x", SIX[0]),
        of("share", SIX[0], {"ref": "t1"}),
        of("total", {"ref": "bin"}),
        of("is_missing", {"ref": "reasons"}),
        of("in", SIX[0], None),
        of("in", {"ref": "t1"}, ""),
    ],
    ids=lambda expression: json.dumps(expression)[:60],
)
def test_both_refuse(expression: dict[str, Any]) -> None:
    assert verdicts(expression) == (None, None)
