"""The validator and the document renderer, run as programs: files are all that passes between the packages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
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


def run_program(module: str, arguments: Sequence[str]) -> ProgramResult:
    """Run `python -m module arguments`, one BLAS thread. Raises ProgramError on an exit status other than 0 or 1."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-P", "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    if done.returncode not in (0, 1) or (done.returncode == 1 and TRACEBACK in done.stderr):
        raise _failed(module, f"ended with exit status {done.returncode}", done.stderr.strip() or done.stdout.strip())
    return ProgramResult(done.returncode, done.stdout)


def _failed(module: str, message: str, found: str) -> ProgramError:
    return ProgramError(Fault(message, code="program_failed", file=module, found=found[-SHOWN:] or "no output"))


def validate(package: Path, sources: Sequence[Path] = (), without_source: str | None = None) -> ProgramResult:
    """Run the independent validation; it writes the annex `validation/` into the package.

    sources: files of the source rows and the performance history, from which the validator makes the snapshot again;
    without_source: why there are none, for the validation to tell. Without R, so that the same plan and data give the
    same files whatever else is installed.
    """
    given = [argument for source in sources for argument in ("--source", str(source))]
    given += [] if without_source is None else ["--without-source", without_source]
    result = run_program("validation", [str(package), "--no-r", *given])
    if not (package / "validation" / "findings.json").is_file():
        raise _failed("validation", "ended without writing findings", result.output)
    return result


def render_documents(package: Path, documents: Sequence[str]) -> ProgramResult:
    """Render documents; the renderer writes the annex `documents/` into the package."""
    chosen = [argument for document in documents for argument in ("--document", document)]
    return run_program("docs_templates", [str(package), *chosen])
