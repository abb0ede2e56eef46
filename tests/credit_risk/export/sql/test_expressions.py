"""Every operation of expressions as SQL, against scoring."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from credit_risk.export.program import program_of
from credit_risk.export.sql import sql_export
from tests.contract import expression_strategies as made
from tests.contract.test_expressions import ERROR, by_scoring, frames, table
from tests.credit_risk.export.sql.parity import ENGINES, HASH, run
from tests.credit_risk.export.test_program import _derived


def _assert_expression(engine: str, expression: dict[str, Any], kind: str, rows: list[dict[str, Any]]) -> None:
    model = _derived(expression, kind)
    note(sql_export(program_of(model, HASH), engine).text)
    results = run(model, table(rows), engine).results
    expected = by_scoring(expression, rows)
    for found, in_error, want in zip(results["linear_score"], results["in_error"], expected, strict=True):
        assert (in_error == 1.0) is (want is ERROR)
        if want is ERROR or want is None:
            assert found is None or found != found
        elif kind == "number":
            value = float.fromhex(want)
            assert math.isclose(found, value, rel_tol=1e-13, abs_tol=1e-320), (found, value)
        else:
            assert found == want


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["number", "string", "flag"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_expressions(postgres: None, engine: str, kind: str, data: st.DataObject) -> None:
    expression, rows = data.draw(made.typed(kind, 2)), data.draw(frames)
    _assert_expression(engine, expression, kind, rows)
