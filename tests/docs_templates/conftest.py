"""A package with nasty names and its documents, rendered once for all workers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from docs_templates.dossier import make_documents
from tests.conftest import once
from tests.docs_templates.builders import write_package

MOMENT = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="session")
def nasty_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A validated package with its documents. Read only."""

    def build(folder: Path) -> None:
        make_documents(write_package(folder / "package"), clock=lambda: MOMENT)

    return once(tmp_path_factory, "nasty_package", build) / "package"
