"""The PostgreSQL server of the tests of engines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import nothing_may_be_skipped
from tests.credit_risk.export.sql.postgres_server import programs, server


@pytest.fixture(scope="package")
def connection() -> Iterator[str]:
    if programs() is None:
        if nothing_may_be_skipped():
            pytest.fail("initdb of PostgreSQL is not here")
        pytest.skip("needs PostgreSQL (Debian: postgresql)")
    with server() as name:
        yield name
