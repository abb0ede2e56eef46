"""Programs that read rows of CSV and write results, bins and leaves: what printed C and Java have in common."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Program
from credit_risk.export.program.terms import TEXT
from credit_risk.scoring.inputs import read_inputs

COMPILE_SECONDS, RUN_SECONDS = 600, 3600


def first_version(command: Sequence[str]) -> str | None:
    """The first thing like a version that a command tells, or None."""
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\d+(\.\d+)+[^\s\"]*", told.stdout + told.stderr)
    return found.group() if found else None


def run_command(command: Sequence[str], folder: Path, seconds: float, given: bytes = b"") -> bytes:
    """What a command writes. Raises EngineError with what it said where it fails."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, cwd=folder, input=given, capture_output=True, timeout=seconds, check=False, env=environment
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"{command[0]}: {error}"[:500]) from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise EngineError(f"{Path(command[0]).name} ended with {done.returncode}: {said}"[:500])
    return done.stdout


def input_columns(program: Program, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """The inputs as scoring reads them: float64 with NaN, texts as objects with None."""
    declared = [{"name": one.name, "type": "string" if one.kind == TEXT else "number"} for one in program.inputs]
    return {name: column.array() for name, column in read_inputs(list(declared), frame).items()}


def written_rows(program: Program, frame: pd.DataFrame) -> bytes:
    """The inputs as CSV: numbers in the shortest form that reads back the same, texts quoted, missing empty."""
    columns = input_columns(program, frame)
    texts = []
    for one in program.inputs:
        cells = columns[one.name].tolist()
        if one.kind == TEXT:
            texts.append(["" if cell is None else f'"{_plain(cell, one.name)}"' for cell in cells])
        else:
            texts.append(["" if cell != cell else repr(cell) for cell in cells])
    header = ",".join('"' + one.name.replace('"', '""') + '"' for one in program.inputs)
    lines = [header, *(",".join(row) for row in zip(*texts, strict=True))]
    return ("\n".join(lines) + "\n").encode("utf-8")


def _plain(text: str, name: str) -> str:
    if "\0" in text:
        raise EngineError(f"column {name!r}: a text with the character 0 cannot be given to the program")
    return text.replace('"', '""')


def read_results(program: Program, data: bytes, rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Results and trace from the CSV that a program wrote. Raises EngineError where rows are lost."""
    csv.field_size_limit(sys.maxsize)
    table = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
    if len(table) != rows + 1:
        raise EngineError(f"{len(table) - 1} rows came back, not {rows}")
    texts = {one.column for one in program.published if one.kind == TEXT}
    count = len(program.published)
    columns = [[row[place] for row in table[1:]] for place in range(len(table[0]))]
    results = {
        name: pd.Series([cell or None for cell in cells], dtype=object) if name in texts else _numbers(cells)
        for name, cells in zip(table[0][:count], columns[:count], strict=True)
    }
    trace = dict(zip(table[0][count:], map(_numbers, columns[count:]), strict=True))
    return pd.DataFrame(results), pd.DataFrame(trace)


def _numbers(cells: Sequence[str]) -> pd.Series:
    return pd.Series([float(cell) if cell else np.nan for cell in cells], dtype=np.float64)


def streamed(program: Program, command: Sequence[str], frame: pd.DataFrame, folder: Path) -> EngineRun:
    """Score a table with a program that reads CSV from its standard input."""
    given = written_rows(program, frame)
    start = time.perf_counter()
    told = run_command(command, folder, RUN_SECONDS, given)
    seconds = time.perf_counter() - start
    results, trace = read_results(program, told, len(frame))
    return EngineRun(results, trace, seconds)
