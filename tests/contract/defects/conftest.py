"""Good packages, each made once for all workers, with what the validator finds of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import once
from tests.contract.defects.bases import BASES
from tests.contract.defects.consistent import run_base
from tests.contract.defects.defect import Good, found


@pytest.fixture(scope="session")
def good_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Good]:
    """The good package of a base by name, and its findings."""
    made: dict[str, Good] = {}

    def good(name: str) -> Good:
        def build(folder: Path) -> None:
            findings = found(run_base(BASES[name], folder))
            (folder / "found.json").write_text(json.dumps(findings), encoding="utf-8")

        if name not in made:
            folder = once(tmp_path_factory, f"good_{name}", build)
            made[name] = Good(folder / "package", json.loads((folder / "found.json").read_text(encoding="utf-8")))
        return made[name]

    return good
