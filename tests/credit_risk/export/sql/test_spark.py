"""Models and expressions as SQL on Spark, `local[2]`."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from credit_risk.export.program import program_of
from credit_risk.export.sql import KEY, TABLE, sql_export
from tests.conftest import nothing_may_be_skipped
from tests.contract import expression_strategies as made
from tests.contract.test_expressions import ERROR, by_scoring, frames
from tests.credit_risk.export.spreadsheet.test_engine import drawn
from tests.credit_risk.export.sql.parity import HASH, assert_parity
from tests.credit_risk.export.sql.test_models import _boundaries, _rows, grown
from tests.credit_risk.export.test_program import _derived

pytestmark = [pytest.mark.java, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(autouse=True, scope="module")
def spark() -> Iterator[None]:
    """pyspark is here, and its session is ended."""
    if importlib.util.find_spec("pyspark") is None:
        if nothing_may_be_skipped():
            pytest.fail("pyspark is not installed")
        pytest.skip("needs pyspark")
    yield
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()


@pytest.mark.parametrize("name", ["every_step", "scorecard", "attributed"])
def test_corpus(name: str) -> None:
    assert_parity(*_rows(name), "spark")


def test_trees_on_their_boundaries() -> None:
    model = grown(20, 3, 4, 3)
    assert_parity(model, _boundaries(model), "spark")


MANY = [pytest.param(kind, 60, marks=pytest.mark.slow) for kind in ("number", "string", "flag")]


@pytest.mark.parametrize(("kind", "count"), [("number", 6), ("string", 10), ("flag", 10), *MANY])
def test_expressions(kind: str, count: int, tmp_path: Path) -> None:
    """Drawn expressions, each on the rows of all of them, in one query: Spark is slow to begin."""
    cases = drawn(count, made.typed(kind, 2), frames)
    expressions, rows = [case[0] for case in cases], [row for case in cases for row in case[1]]
    for expression, told in zip(expressions, _by_spark(expressions, kind, rows, tmp_path), strict=True):
        for (found, in_error), want, row in zip(told, by_scoring(expression, rows), rows, strict=True):
            assert (in_error == 1) is (want is ERROR), (expression, row)
            if want is ERROR or want is None:
                assert found is None, (expression, row)
            elif kind == "number":
                assert math.isclose(found, float.fromhex(want), rel_tol=1e-13, abs_tol=1e-320), (expression, row)
            else:
                assert found == want, (expression, row)


def _by_spark(
    expressions: list[dict[str, Any]], kind: str, rows: list[dict[str, Any]], folder: Path
) -> list[list[tuple[Any, Any]]]:
    """The value and the flag of error of every expression on every row."""
    from pyspark.sql import types

    from credit_risk.export.parity.adapters.spark import _session

    of_kind = {"number": types.DoubleType(), "string": types.StringType()}
    fields = [types.StructField(name, of_kind[of], True) for name, of in made.KINDS.items()]
    schema = types.StructType([types.StructField(KEY, types.LongType(), False), *fields])
    table = [(place, *(row[name] for name in made.KINDS)) for place, row in enumerate(rows)]
    session = _session(folder)
    session.createDataFrame(table, schema).createOrReplaceTempView(TABLE)
    statements = [sql_export(program_of(_derived(one, kind), HASH), "spark").statements[0] for one in expressions]
    parts = [f"SELECT {place} AS place, part.* FROM ({text}) AS part" for place, text in enumerate(statements)]
    found: list[list[Any]] = [[None] * len(rows) for _ in expressions]
    for row in session.sql(" UNION ALL ".join(parts)).collect():
        found[row["place"]][row[KEY]] = (row["linear_score"], row["in_error"])
    return found
