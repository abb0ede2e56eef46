"""What an engine is to the parity report: something on this machine that runs one kind of export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pandas as pd

from credit_risk.export.program import Program


@dataclass(frozen=True, slots=True)
class EngineRun:
    """What an engine gave for a table.

    `results`: one row a row of the table, in its order, with published columns (numbers float64 with NaN, texts objects
    with None, flags 1.0 or 0.0); columns that the export does not hold are absent. `trace`: names of the program
    (bins as numbers, leaves of trees as values) that the engine told besides, so that paths can be compared; None
    where it tells none. `seconds`: of scoring alone, without compiling, starting or loading.
    """

    results: pd.DataFrame
    trace: pd.DataFrame | None
    seconds: float


class Engine(Protocol):
    """An engine: `name` is unique (`duckdb`), `export` a kind of export (`sql`); class attributes serve for both."""

    @property
    def name(self) -> str:
        """Its name in the report."""

    @property
    def export(self) -> str:
        """The kind of export that it runs, a key of EXPORTERS."""

    def version(self) -> str | None:
        """The version found on this machine; None where the engine is not here."""

    def why_not(self) -> str:
        """What is missing, where `version` is None: `gcc is not on the PATH`."""

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        """Score `frame` (input columns as `CompiledModel.score` takes them) with the export `files`.

        `folder` is empty and for the engine to use. Raises EngineError where the engine refuses or breaks.
        """


class EngineError(Exception):
    """An engine refused the export or broke; the text is what it said, shortened."""
