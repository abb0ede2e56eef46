"""The language of derived characteristics, against Python's own arithmetic and by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk.sampling.expressions import dates_apart, parse_expression, without_specials
from credit_risk.scoring.columns import FLAG, NUMBER, Column, Run
from credit_risk.scoring.expressions import evaluate, expression_kind


def tree(text: str) -> dict[str, Any]:
    parsed, faults = parse_expression(text)
    assert not faults, [str(fault) for fault in faults]
    return parsed


def number(*values: float | None) -> Column:
    data = np.array([np.nan if v is None else v for v in values], dtype=float)
    return Column(NUMBER, data, np.isnan(data), np.zeros(len(data), bool))


def result(text: str, **columns: Column) -> list[Any]:
    rows = len(next(iter(columns.values())).data)
    value = evaluate(tree(text), Run(rows, columns), "test")
    return [None if m else v for v, m in zip(value.data.tolist(), value.missing.tolist(), strict=True)]


def test_the_tree_of_the_specification() -> None:
    assert tree("BILL_AMT1 / LIMIT_BAL") == {"op": "divide", "args": [{"ref": "BILL_AMT1"}, {"ref": "LIMIT_BAL"}]}
    assert tree("if(A > -1, 'low', B)") == {
        "op": "if",
        "args": [
            {"op": "greater", "args": [{"ref": "A"}, {"const": -1.0}]},
            {"const": "low"},
            {"ref": "B"},
        ],
    }
    assert tree("in(A, 1, 2)") == tree("A in (1, 2)") == tree("A in [1, 2]")
    assert tree("A not in (1, 2)") == {"op": "not", "args": [tree("in(A, 1, 2)")]}
    assert tree("0 < A <= 5") == {"op": "and", "args": [tree("0 < A"), tree("A <= 5")]}
    assert tree("where(A < 1, A, B)") == tree("if(A < 1, A, B)")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("`my column` + 1", "my column"),
        ("class + 1", "class"),
        ("lambda * 2", "lambda"),
        ("größe + 1", "größe"),
        ("ﬁnance + 1", "ﬁnance"),
        ("收入 / 2", "收入"),
        ("`a'b\"c` + 1", "a'b\"c"),
        ("`in` + 1", "in"),
        ("if + 1", "if"),
        ("`__import__('os')` + 1", "__import__('os')"),
    ],
)
def test_any_name_is_a_column(text: str, name: str) -> None:
    assert {"ref": name} in tree(text)["args"]


arithmetic = st.recursive(
    st.sampled_from(["A", "B", "2", "0.5", "1e3", "-3"]),
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})")
        | inner.map(lambda t: f"abs({t})")
        | st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})")
        | st.tuples(inner, inner).map(lambda t: f"min({t[0]}, {t[1]})")
        | st.tuples(inner, inner).map(lambda t: f"-{t[0]} + {t[1]}")
    ),
    max_leaves=10,
)
plain = st.floats(-1e6, 1e6).map(lambda v: round(v, 3))


@given(arithmetic.filter(lambda text: "A" in text or "B" in text), plain, plain)
def test_agrees_with_python(text: str, a: float, b: float) -> None:
    try:
        wanted = float(eval(text, {"__builtins__": {}, "abs": abs, "max": max, "min": min}, {"A": a, "B": b}))
    except ZeroDivisionError:
        wanted = None
    value = evaluate(tree(text), Run(1, {"A": number(a), "B": number(b)}), "test")
    if wanted is None:
        assert value.missing[0] or value.error[0]
    elif math.isfinite(wanted):
        assert value.data[0] == wanted
    else:
        assert value.error[0]


def test_texts_are_taken_literally() -> None:
    assert tree(r"S == 'a\d\'") == {"op": "equal", "args": [{"ref": "S"}, {"const": "a\\d\\"}]}


def test_missing_and_zero_division() -> None:
    a, b = number(1.0, None, 4.0), number(0.0, 2.0, 2.0)
    assert result("A / B", A=a, B=b) == [None, None, 2.0]
    assert result("coalesce(A / B, -1)", A=a, B=b) == [-1.0, -1.0, 2.0]
    assert result("if(is_missing(A), 0, A)", A=a, B=b) == [1.0, 0.0, 4.0]
    assert result("log(B)", A=a, B=b) == [None, math.log(2.0), math.log(2.0)]


def test_special_codes_are_not_calculated_with() -> None:
    specials = {"A": [-9.0, -8.0]}
    expression = without_specials(tree("if(A == -9, 0, A / B)"), specials)
    rows = {"A": number(-9.0, -8.0, 6.0), "B": number(2.0, 2.0, 2.0)}
    value = evaluate(expression, Run(3, rows), "test")
    assert value.missing.tolist() == [False, True, False]
    assert value.data[[0, 2]].tolist() == [0.0, 3.0]
    assert without_specials(tree("B + 1"), specials) == tree("B + 1")
    compared = evaluate(without_specials(tree("A < 0"), specials), Run(3, rows), "test")
    assert compared.kind == FLAG
    assert compared.missing.tolist() == [True, True, False]


REFUSED = [
    ("", "empty"),
    ("1 + 2", "no column"),
    ("A +", "not a readable"),
    ("A B", "not a readable"),
    ("foo(A)", "unknown function foo"),
    ("A ** 2", "not part of the language"),
    ("A % 2", "not part of the language"),
    ("A // 2", "not part of the language"),
    ("A.b", "not part of the language"),
    ("A[0]", "not part of the language"),
    ("[A]", "not part of the language"),
    ("{A}", "not part of the language"),
    ("A if B else C", "not a readable"),
    ("abs(A, B)", "2 arguments"),
    ("if(A > 1, B)", "2 arguments"),
    ("A in B", "constants"),
    ("max(*A)", "plain arguments"),
    ("A + 1e999", "no constant"),
    ("A + 99999999999999999999", "no constant"),
    ("A + 2j", "not a readable"),
    ("A is B", "not a readable"),
    ("'open + A", "not closed"),
    ("__import__('os').system('x')", "unknown function"),
    ("A + ``", "empty"),
    ("(" * 300 + "A" + ")" * 300, "not a readable"),
    ("A " + "+ A " * 1000, "too many"),
    ("~A", "not part of the language"),
    ("A; B", "not a readable"),
    ("A := 3", "not a readable"),
    ("lambda x: x", "not a readable"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_refused_with_a_reason(text: str, words: str) -> None:
    parsed, faults = parse_expression(text)
    assert parsed is None
    assert any(words in fault.message for fault in faults), [fault.message for fault in faults]


def test_all_faults_of_one_expression_are_told() -> None:
    _, faults = parse_expression("foo(A) + A ** 2 + bar(B)")
    assert len(faults) == 3


@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    parsed, faults = parse_expression(text)
    assert (parsed is None) == bool(faults)


def test_kinds_that_clash_are_told() -> None:
    for text in ("A + 'x'", "if(A, 1, 2)", "if(A > 1, 'x', 2)", "min(S, 1)", "(A > 1) == (A > 2)", "A and A"):
        told: list[str] = []
        expression_kind(tree(text), {"A": "number", "S": "string"}, told.append)
        assert told, text


FAMILIES = [
    ("average(columns('BILL_AMT', 1, 3))", ["BILL_AMT1", "BILL_AMT2", "BILL_AMT3"]),
    ("total(columns('PAY_', 3, 1), X)", ["PAY_3", "PAY_2", "PAY_1", "X"]),
    ("max(X, columns('M', '09', '11'))", ["X", "M09", "M10", "M11"]),
    ("min(columns('M{} paid', 1, 2))", ["M1 paid", "M2 paid"]),
    ("average(columns('Größe', 0, 0))", ["Größe0"]),
]


@pytest.mark.parametrize(("text", "names"), FAMILIES, ids=[text for text, _ in FAMILIES])
def test_a_family_of_columns_is_written_out(text: str, names: list[str]) -> None:
    assert tree(text)["args"] == [{"ref": name} for name in names]


def test_the_functions_are_the_operations_of_the_specification() -> None:
    for name in ("average", "total", "lowest", "highest", "count_present", "trend", "cross"):
        assert tree(f"{name}(A, B)") == {"op": name, "args": [{"ref": "A"}, {"ref": "B"}]}
    for name in ("count_at_least", "count_at_most", "months_since"):
        assert tree(f"{name}(1, A)") == {"op": name, "args": [{"const": 1.0}, {"ref": "A"}]}
    assert tree("share(A, B)")["op"] == "share"
    assert tree("months_between(A, '2005-09-30')")["args"] == [{"ref": "A"}, {"const": "2005-09-30"}]
    assert tree("if(year(A) > 2000, missing(), B)")["args"][1] == {"const": None}
    assert tree("cross(S, band(A, -1, 20))")["args"][1]["args"][1:] == [{"const": -1.0}, {"const": 20.0}]


TOLD = [
    ("averge(A)", "unknown function averge", "did you mean average()?"),
    ("Months_Between(A, B)", "unknown function", "did you mean months_between()?"),
    ("columns('A', 1, 3) + 1", "among the arguments", "average("),
    ("average(columns('A', 1))", "not a family", None),
    ("average(columns(A, 1, 3))", "not a family", None),
    ("average(columns('A', 1.5, 3))", "not a family", None),
    ("average(columns('A', -1, 3))", "not a family", None),
    ("average(columns('A', 1, 500))", "500 columns are too many", None),
    ("share(columns('A', 1, 3))", "3 arguments", None),
    ("trend(A)", "1 arguments", None),
    ("months_since(A)", "1 arguments", None),
    ("year(A, B)", "2 arguments", None),
    ("band(A)", "1 arguments", None),
    ("band(A, 3, 2)", "ascend", None),
    ("band(A, B)", "constant", None),
    ("band(A, '3')", "constant", None),
    ("days_between(A, '30.09.2005')", "no date", None),
    ("days_between(A, '2005-02-29')", "no date", None),
    ("S == ''", "empty text", "is_missing"),
    ("missing(A)", "1 arguments", None),
]


@pytest.mark.parametrize(("text", "words", "remedy"), TOLD, ids=[text for text, _, _ in TOLD])
def test_faults_name_the_function_and_the_way_out(text: str, words: str, remedy: str | None) -> None:
    parsed, faults = parse_expression(text)
    assert parsed is None
    (fault,) = [fault for fault in faults if words in fault.message]
    assert remedy is None or remedy in str(fault.remedy)


def test_special_codes_are_passed_over_in_aggregates() -> None:
    expression = without_specials(tree("average(A, B)"), {"A": [-9.0]})
    value = evaluate(expression, Run(2, {"A": number(-9.0, 2.0), "B": number(4.0, 4.0)}), "test")
    assert value.data.tolist() == [4.0, 3.0]


def test_dates_are_told_from_other_uses() -> None:
    assert dates_apart(tree("months_between(A, coalesce(B, C)) + D")) == ({"A", "B", "C"}, {"D"})
    assert dates_apart(tree("if(is_missing(A), 0, year(if(X > 1, A, B)))")) == ({"A", "B"}, {"X"})
    assert dates_apart(tree("year(A)"), ("days_between",)) == (set(), {"A"})
