"""How the two programs that use Arrow end: with their status and all their output, and no teardown that could abort."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LATE = """
import atexit, os, sys
class Late:
    def __del__(self, abort=os.abort):
        abort()
late = Late()
atexit.register(print, "done at exit")
"""
PROGRAMS = {
    "credit_risk": "from credit_risk.cli import program as end",
    "validation": "from validation.cli import command as end",
}


def ended(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], cwd=REPOSITORY, capture_output=True, text=True)


@pytest.mark.parametrize("package", list(PROGRAMS))
def test_nothing_of_the_teardown_changes_the_status(package: str, tmp_path: Path) -> None:
    arguments = ["parity", str(tmp_path / "none")] if package == "credit_risk" else [str(tmp_path / "none")]
    plain = ended(f"{LATE}import sys\nfrom {package}.cli import main\nsys.exit(main())", *arguments)
    assert plain.returncode == -6, "the teardown of an interpreter that aborts"
    found = ended(f"{LATE}{PROGRAMS[package]}\nend()", *arguments)
    assert found.returncode == 2
    assert found.stdout == "done at exit\n"
    assert "none" in found.stderr
    assert found.stderr == plain.stderr


@pytest.mark.parametrize("package", list(PROGRAMS))
def test_the_module_is_the_program(package: str, tmp_path: Path) -> None:
    arguments = ["parity", str(tmp_path / "none")] if package == "credit_risk" else [str(tmp_path / "none")]
    command = [sys.executable, "-m", package, *arguments]
    assert subprocess.run(command, cwd=REPOSITORY, capture_output=True).returncode == 2
    piped = subprocess.run([*command[:3], "--help"], cwd=REPOSITORY, capture_output=True, text=True)
    assert piped.returncode == 0
    assert "usage:" in piped.stdout
