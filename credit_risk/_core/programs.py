"""Programs of the other packages, run as processes: files are all that passes between the packages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from credit_risk._core.errors import CreditRiskError, Fault

SHOWN = 4000
TRACEBACK = "Traceback (most recent call last)"  # an interpreter that dies of an error ends with status 1, too


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """How a program ended: exit status (0 done, 1 findings) and what it printed."""

    status: int
    output: str


class ProgramError(CreditRiskError):
    """A program that the run depends on failed: that is no fault of the plan or the data."""

    headline = "program failed"
    exit_status = 70


def run_program(module: str, arguments: Sequence[str], more: Mapping[str, str] | None = None) -> ProgramResult:
    """Run `python -m module arguments`, one BLAS thread; more: further variables of its environment.

    Raises ProgramError on an exit status other than 0 or 1.
    """
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    environment |= more or {}
    command = [sys.executable, "-P", "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    if done.returncode not in (0, 1) or (done.returncode == 1 and TRACEBACK in done.stderr):
        raise failed(module, f"ended with exit status {done.returncode}", done.stderr.strip() or done.stdout.strip())
    return ProgramResult(done.returncode, done.stdout)


def failed(module: str, message: str, found: str) -> ProgramError:
    """What a program did not do, with the end of what it printed."""
    return ProgramError(Fault(message, code="program_failed", file=module, found=found[-SHOWN:] or "no output"))
