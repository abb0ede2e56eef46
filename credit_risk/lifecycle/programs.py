"""The validator and the document renderer, run as programs: files are all that passes between the packages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from credit_risk._core.errors import CreditRiskError, Fault


@dataclass(frozen=True, slots=True)
class ProgramResult:
    """How a program ended: exit status (0 done, 1 findings) and what it printed."""

    status: int
    output: str


class ProgramError(CreditRiskError):
    """A program that the run depends on refused its input or failed."""

    headline = "program failed"


def run_program(module: str, arguments: Sequence[str]) -> ProgramResult:
    """Run `python -m module arguments`, one BLAS thread. Raises ProgramError on an exit status other than 0 or 1."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-P", "-m", module, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=environment, check=False)
    if done.returncode not in (0, 1):
        text = (done.stderr.strip() or done.stdout.strip())[-4000:]
        fault = Fault(
            f"{module} ended with exit status {done.returncode}", code="program_failed", file=module, found=text
        )
        raise ProgramError(fault)
    return ProgramResult(done.returncode, done.stdout)


def validate(package: Path) -> ProgramResult:
    """Run the independent validation; it writes the annex `validation/` into the package."""
    return run_program("validation", [str(package)])


def render_documents(package: Path, documents: Sequence[str]) -> ProgramResult:
    """Render documents; the renderer writes the annex `documents/` into the package."""
    chosen = [argument for document in documents for argument in ("--document", document)]
    return run_program("docs_templates", [str(package), *chosen])
