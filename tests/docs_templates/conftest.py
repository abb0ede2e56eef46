"""A package with nasty names and its documents, rendered once for the tests of this folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from docs_templates.dossier import make_documents
from tests.docs_templates.builders import write_package

MOMENT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def nasty_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A validated package with its documents. Read only."""
    folder = write_package(tmp_path_factory.mktemp("nasty") / "package")
    make_documents(folder, clock=lambda: MOMENT)
    return folder
