"""Java compiled by javac and run by the machine's own Java."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from credit_risk.export.parity.adapters.streamed import COMPILE_SECONDS, first_version, run_command, streamed
from credit_risk.export.parity.engines import EngineRun
from credit_risk.export.program import Program


class Java:
    """The Java class as a filter of CSV."""

    name = "java"
    export = "java"

    def version(self) -> str | None:
        """Version of javac."""
        if shutil.which("javac") is None or shutil.which("java") is None:
            return None
        return first_version(["javac", "-version"])

    def why_not(self) -> str:
        """What is missing."""
        return "java is not on the PATH" if shutil.which("java") is None else "javac is not on the PATH"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        """Compile, run the self-test, score."""
        source = next(name for name in files if name.startswith("java/")).removeprefix("java/")
        (folder / source).write_bytes(files[f"java/{source}"])
        run_command(["javac", "-encoding", "UTF-8", "-d", ".", source], folder, COMPILE_SECONDS)
        command = ["java", "-cp", ".", source.removesuffix(".java")]
        run_command([*command, "--self-test"], folder, COMPILE_SECONDS)
        return streamed(program, [*command, "--csv", "--trace"], frame, folder)
