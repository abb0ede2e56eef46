"""C compiled by gcc, without contraction of additions and multiplications."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from credit_risk.export.code.c import COMPILE
from credit_risk.export.parity.adapters.streamed import COMPILE_SECONDS, first_version, run_command, streamed
from credit_risk.export.parity.engines import EngineRun
from credit_risk.export.program import Program

WARNINGS = ("-Wall", "-Wextra", "-Werror")


class Gcc:
    """The C source as a filter of CSV."""

    name = "c"
    export = "c"

    def version(self) -> str | None:
        """Version of gcc."""
        return first_version(["gcc", "-dumpfullversion"]) if shutil.which("gcc") else None

    def why_not(self) -> str:
        """What is missing."""
        return "gcc is not on the PATH"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        """Compile, run the self-test, score."""
        name = program.model_id
        for kind in ("c", "h"):
            (folder / f"{name}.{kind}").write_bytes(files[f"c/{name}.{kind}"])
        self.compiled(f"{name}.c", folder, "SELF_TEST")
        run_command(["./SELF_TEST"], folder, COMPILE_SECONDS)
        self.compiled(f"{name}.c", folder, "MAIN")
        return streamed(program, ["./MAIN", "--trace"], frame, folder)

    def compiled(self, source: str, folder: Path, define: str) -> None:
        """Compile the source in `folder` to a program named as what is defined."""
        command = ["gcc", *COMPILE.split(), *WARNINGS, f"-D{define}", "-o", define, source, "-lm"]
        run_command(command, folder, COMPILE_SECONDS)
