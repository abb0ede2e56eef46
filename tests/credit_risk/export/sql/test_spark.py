"""Models as SQL on Spark, `local[2]`."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest

from tests.conftest import nothing_may_be_skipped
from tests.credit_risk.export.sql.parity import assert_parity
from tests.credit_risk.export.sql.test_models import _boundaries, _rows, grown

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
