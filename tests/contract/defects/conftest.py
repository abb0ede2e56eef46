"""Good packages, each made once, with what the validator finds of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.defects.bases import BASES
from tests.contract.defects.consistent import run_base
from tests.contract.defects.defect import Good, found


@pytest.fixture(scope="session")
def good_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Good]:
    """The good package of a base by name, and its findings."""
    made: dict[str, Good] = {}

    def good(name: str) -> Good:
        if name not in made:
            package: Path = run_base(BASES[name], tmp_path_factory.mktemp(name))
            findings: list[dict[str, Any]] = found(package)
            made[name] = Good(package, findings)
        return made[name]

    return good
