"""The rule that CI has no skips, tried on a toy suite with our own conftest."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import REPOSITORY

TOY = """
import pytest

def test_runs():
    pass

@pytest.mark.xfail(reason="known", strict=True)
def test_expected_failure():
    assert False
"""
SKIPPING = """
def test_skips():
    pytest.skip("no Java here")
"""


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "worker"])
@pytest.mark.parametrize(
    ("required", "text", "status"),
    [("1", TOY + SKIPPING, 1), ("1", TOY, 0), ("0", TOY + SKIPPING, 0)],
    ids=["skip-forbidden", "nothing-skipped", "skip-allowed"],
)
def test_a_skip_fails_where_it_is_forbidden(
    tmp_path: Path, required: str, text: str, status: int, workers: list[str]
) -> None:
    (tmp_path / "conftest.py").write_bytes((REPOSITORY / "tests" / "conftest.py").read_bytes())
    (tmp_path / "test_toy.py").write_text(text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *workers, str(tmp_path)],
        env=inherited | {"CREDIT_RISK_REQUIRE_TEST_DATA": required},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == status, finished.stdout + finished.stderr
    assert ("no Java here" in finished.stdout) == (status == 1)
