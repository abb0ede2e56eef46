from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from toy_package import scorecard


@pytest.fixture(scope="session")
def good_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good package that no test changes."""
    return scorecard.build(tmp_path_factory.mktemp("good") / "toy")


@pytest.fixture
def package(good_package: Path, tmp_path: Path) -> Path:
    """A fresh copy of the good package, to be changed."""
    return Path(shutil.copytree(good_package, tmp_path / "toy"))
