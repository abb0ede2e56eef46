"""LibreOffice Calc without a window: the formulas of the workbook on many applications, one a row."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Classify, Program, Tree
from credit_risk.export.spreadsheet.formulas import Key
from credit_risk.scoring.steps import is_absent, text_of_number

MOST_CELLS = 400_000
"""Calculated cells of one workbook; more rows are scored by another."""
LONGEST = 1800
_FILTER = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,false"
_CALC = "libsclo.so"


class LibreOffice:
    """LibreOffice Calc by `soffice --convert-to`, in a profile of its own."""

    name = "libreoffice"
    export = "spreadsheet"

    def version(self) -> str | None:
        """The version of LibreOffice; None without Calc."""
        if shutil.which("soffice") is None or not _has_calc():
            return None
        said = subprocess.run(["soffice", "--version"], capture_output=True, text=True, timeout=60, check=False).stdout
        found = re.search(r"[0-9]+(\.[0-9]+)+", said)
        return found[0] if found else None

    def why_not(self) -> str:
        """That LibreOffice or its Calc is not here."""
        if shutil.which("soffice") is None:
            return "soffice is not on the PATH"
        return "the LibreOffice on the PATH has no Calc (Debian: libreoffice-calc-nogui)"

    def run(self, program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, folder: Path) -> EngineRun:
        """Score in workbooks of many rows; bins and leaves are told too. Seconds are of loading and calculating."""
        del files  # the workbook for one application: the same formulas are laid out for many
        return score_many([(program, frame)], folder)[0]


@dataclass(frozen=True, slots=True)
class _Job:
    """A program with its rows, the cells that are told, and the workbooks that they stand in."""

    program: Program
    rows: int
    published: dict[str, Key]
    traced: dict[str, Key]
    paths: tuple[Path, ...]

    @property
    def keys(self) -> list[Key]:
        return list(dict.fromkeys([*self.published.values(), *self.traced.values()]))


def score_many(tasks: Sequence[tuple[Program, pd.DataFrame]], folder: Path) -> list[EngineRun]:
    """Score rows of several programs in one run of LibreOffice; seconds are of all of them together."""
    jobs = [_written(program, frame, folder, place) for place, (program, frame) in enumerate(tasks)]
    began = time.perf_counter()
    made = converted([path for job in jobs for path in job.paths], folder, _FILTER)
    seconds = time.perf_counter() - began
    return [_run(job, made, seconds) for job in jobs]


def _written(program: Program, frame: pd.DataFrame, folder: Path, place: int) -> _Job:
    from credit_risk.export.spreadsheet.batch import batch_workbook
    from credit_risk.export.spreadsheet.calculation import calculation_of

    calculation = calculation_of(program)
    published = {one.column: ("value", one.name) for one in calculation.published}
    traced = {
        one.name: ("node", f"{one.name}:0") if isinstance(one, Tree) else ("value", one.name)
        for one in program.statements
        if isinstance(one, Classify) or (isinstance(one, Tree) and one.left[0] >= 0)
    }
    job = _Job(program, len(frame), published, traced, ())
    rows = max(1, MOST_CELLS // (calculation.size + 2 * len(job.keys)))
    paths = []
    for start in range(0, len(frame), rows):
        data = batch_workbook(calculation, _columns(program, frame.iloc[start : start + rows]), job.keys)
        paths.append(folder / f"rows{place}_{start}.xlsx")
        paths[-1].write_bytes(data)
    return replace(job, paths=tuple(paths))


def _run(job: _Job, made: Mapping[Path, Path], seconds: float) -> EngineRun:
    found: list[list[str]] = []
    for path in job.paths:
        with made[path].open(encoding="utf-8", newline="") as file:
            found += list(csv.reader(file))[1:]
    if len(found) != job.rows:
        raise EngineError(f"LibreOffice gave {len(found)} rows for {job.rows}")
    columns = dict(zip(job.keys, zip(*found, strict=True), strict=True)) if found else dict.fromkeys(job.keys, ())
    kinds = {one.column: one.kind for one in job.program.published}
    results = {name: _read(columns[key], kinds[name]) for name, key in job.published.items()}
    trace = {name: _read(columns[key], "number") for name, key in job.traced.items()}
    for one in job.program.statements:
        if isinstance(one, Tree) and one.left[0] < 0:
            trace[one.name] = np.full(job.rows, one.value[0])
    index = range(job.rows)
    return EngineRun(pd.DataFrame(results, index=index), pd.DataFrame(trace, index=index), seconds)


def _has_calc() -> bool:
    """Whether the module of Calc is beside the program (Writer alone brings `soffice` too)."""
    program = Path(shutil.which("soffice") or "").resolve().parent
    return (
        any((folder / _CALC).exists() for folder in (program, program.parent / "Frameworks"))
        or (program / "sclo.dll").exists()
    )


def converted(paths: Sequence[Path], folder: Path, kind: str) -> dict[Path, Path]:
    """Workbooks converted by LibreOffice in a profile inside `folder`; raises EngineError with what it said."""
    out = folder / "out"
    profile = (folder / "profile").resolve().as_uri()
    words = ["soffice", f"-env:UserInstallation={profile}", "--headless", "--norestore"]
    try:
        done = subprocess.run(
            [*words, "--convert-to", kind, "--outdir", str(out), *map(str, paths)],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=LONGEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(str(error)[:500]) from error
    made = {path: out / f"{path.stem}.{kind.split(':', 1)[0]}" for path in paths}
    if not all(path.is_file() for path in made.values()):
        raise EngineError((done.stderr or done.stdout or f"exit status {done.returncode}").strip()[-500:])
    return made


def _columns(program: Program, frame: pd.DataFrame) -> dict[str, Sequence[float | str | None]]:
    """Input columns as cells: what is missing is empty, numbers where text is asked for are written as text."""
    found: dict[str, Sequence[float | str | None]] = {}
    for one in program.inputs:
        values = [None if is_absent(value) or value == "" else value for value in frame[one.name].tolist()]
        if one.kind == "text":
            found[one.name] = [v if v is None or isinstance(v, str) else text_of_number(v) for v in values]
        else:
            found[one.name] = [None if v is None else float(v) for v in values]
    return found


def _read(texts: Sequence[str], kind: str) -> np.ndarray:
    from credit_risk.export.spreadsheet.batch import number_of

    if kind == "text":
        return np.array([text or None for text in texts], dtype=object)
    if kind == "flag":
        return np.array([{"TRUE": 1.0, "FALSE": 0.0}.get(text, np.nan) for text in texts])
    return np.array([number_of(text) if text else np.nan for text in texts], dtype=np.float64)
