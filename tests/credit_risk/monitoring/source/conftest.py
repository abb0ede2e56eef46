"""One PostgreSQL server and one Spark session for the tests of this folder."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import nothing_may_be_skipped
from tests.credit_risk.export.sql.postgres_server import programs, server


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    """The connection string of a server of the tests' own."""
    if programs() is None:
        if nothing_may_be_skipped():
            pytest.fail("initdb of PostgreSQL is not here")
        pytest.skip("needs PostgreSQL (Debian: postgresql)")
    with server() as name:
        yield name


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A session of two threads, ended after the tests of the module."""
    if importlib.util.find_spec("pyspark") is None:
        if nothing_may_be_skipped():
            pytest.fail("pyspark is not installed")
        pytest.skip("needs pyspark")
    from credit_risk._core.spark import begin_session

    # Tables of some hundred rows: no time is to be lost on compiling and on tasks without rows.
    settings = {
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    }
    session = begin_session("tests of monitoring", master="local[2]", settings=settings)
    yield session
    session.stop()
