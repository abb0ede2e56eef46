"""A PostgreSQL server for the tests of exports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from credit_risk.export.parity.adapters.postgres import VARIABLE
from tests.conftest import nothing_may_be_skipped
from tests.credit_risk.export.sql.postgres_server import programs, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[None]:
    """CREDIT_RISK_POSTGRES names a server of the session's own."""
    if programs() is None:
        if nothing_may_be_skipped():
            pytest.fail("initdb of PostgreSQL is not here")
        pytest.skip("needs PostgreSQL (Debian: postgresql)")
    with server() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, connection)
        yield
