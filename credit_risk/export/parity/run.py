"""The parity report of a package: every engine at hand on the same rows, and who could not be asked."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, PackageError
from credit_risk.export import export_package
from credit_risk.export.heading import NOT_PROVED
from credit_risk.export.parity.compare import Expected, compare, expected_results
from credit_risk.export.parity.engines import Engine, EngineError, EngineRun
from credit_risk.export.parity.report import TOLERANCE, Compared, EngineReport, ParityReport
from credit_risk.export.parity.rows import covering, near_thresholds, threshold_rows
from credit_risk.export.program import Program, program_of
from credit_risk.package import Package
from credit_risk.scoring import compile_model

ADAPTERS = {
    "pmml4s": "Pmml4s",
    "duckdb": "DuckDB",
    "sqlite": "SQLite",
    "postgres": "Postgres",
    "spark": "Spark",
    "c": "Gcc",
    "java": "Java",
    "cobol": "GnuCobol",
    "libreoffice": "LibreOffice",
    "onnx": "Onnx",
}
"""Modules of `parity.adapters` and the class of each."""
FOLDER = "credit_risk.export.parity.adapters"
UNPROVED = {
    "sql": ("Snowflake", "BigQuery", "Oracle", "SQL Server", "Teradata"),
    "sas": ("SAS",),
    "cobol": ("IBM Enterprise COBOL",),
}
"""Targets of an export that no engine here runs."""
TOLERANCES = {"onnx": 1e-6}
APPROXIMATE = {"libreoffice": 1e-13}
"""Engines that take numbers so near to each other for equal: relative distance to a threshold."""
MOST_ROWS = {"libreoffice": 300}
"""Engines too slow for every row: rows of each kind are thinned to so many, which the report tells by its counts.

First come rows that reach every bin and leaf that any row of the kind reaches, then rows evenly apart.
"""
VERIFICATION, THRESHOLDS = "verification rows", "neighbours of thresholds"


def engines_at_hand(names: Sequence[str] | None = None) -> list[Engine]:
    """The engines that the toolkit has an adapter for, those named or all. Raises PackageError for unknown names."""
    unknown = [name for name in names or () if name not in ADAPTERS]
    if unknown:
        allowed = ", ".join(ADAPTERS)
        raise PackageError([Fault(f"no engine {name!r}", "engine_unknown", allowed=allowed) for name in unknown])
    wanted = list(ADAPTERS) if names is None else list(dict.fromkeys(names))
    return [getattr(import_module(f"{FOLDER}.{name}"), ADAPTERS[name])() for name in wanted]


def parity_report(
    package: Package,
    engines: Sequence[Engine],
    tables: Mapping[str, pd.DataFrame] | None = None,
    exported: Mapping[str, bytes] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> ParityReport:
    """Score the verification rows, the neighbours of all thresholds and `tables` with each engine, and compare.

    tables: name to rows with the input columns of the model, read as scoring reads them. exported: files of the annex
    `exports`, which are run where there are any of the engine's kind; others are made anew. An engine that is not here
    is told with the reason; one that breaks is told with what it said. Raises PackageError where the package has no
    verification rows.
    """
    program = program_of(package.model, package.package_hash)
    populations = _populations(package, program, tables or {})
    compiled = compile_model(package.model)
    expected = {name: expected_results(compiled, program, rows) for name, rows in populations.items()}
    reports: list[EngineReport] = []
    for engine in engines:
        progress(engine.name)
        reports.append(_asked(engine, package, program, populations, expected, exported or {}))
    asked = {engine.export for engine in engines}
    for export, targets in UNPROVED.items():
        if export in asked or export == "sas":
            reason = f"no engine for it runs here: its export carries the words {NOT_PROVED}"
            reports += [EngineReport(target, export, None, reason) for target in targets]
    return ParityReport(package.package_hash, tuple(reports), {name: len(rows) for name, rows in populations.items()})


def _populations(package: Package, program: Program, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    cases = package.verification()
    given = pd.DataFrame({one.name: cases[f"in:{one.name}"] for one in program.inputs})
    found = {VERIFICATION: given}
    near = threshold_rows(program, given)
    if len(near):
        found[THRESHOLDS] = near
    return {**found, **{name: rows[[one.name for one in program.inputs]] for name, rows in tables.items()}}


def _asked(
    engine: Engine,
    package: Package,
    program: Program,
    populations: Mapping[str, pd.DataFrame],
    expected: Mapping[str, Expected],
    exported: Mapping[str, bytes],
) -> EngineReport:
    version = engine.version()
    if version is None:
        return EngineReport(engine.name, engine.export, None, engine.why_not())
    tolerance = TOLERANCES.get(engine.name, TOLERANCE)
    try:
        made = export_package(package, [engine.export])
    except PackageError as error:
        return EngineReport(engine.name, engine.export, None, "; ".join(fault.message for fault in error.faults))
    files = {name: exported.get(name, data) for name, data in made.items()}
    altered = tuple(name for name in sorted(made) if files[name] != made[name])
    parts = [_part(engine, program, name, rows, expected[name]) for name, rows in populations.items()]
    done: list[Compared] = []
    try:
        for together in _runs(engine, program, files, parts):
            done += together
    except (EngineError, PackageError) as error:
        return EngineReport(engine.name, engine.export, version, str(error), tuple(done), tolerance, altered)
    return EngineReport(engine.name, engine.export, version, "", tuple(done), tolerance, altered)


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of one kind that an engine is given, of how many, what is expected of them, and which are exempt."""

    name: str
    of_rows: int
    rows: pd.DataFrame
    expected: Expected
    exempt: np.ndarray


def _part(engine: Engine, program: Program, name: str, rows: pd.DataFrame, expected: Expected) -> _Part:
    exempt = np.zeros(len(rows), dtype=bool)
    if engine.name in APPROXIMATE:
        exempt[~expected.refused] = near_thresholds(program, expected.values, APPROXIMATE[engine.name])
    kept = _thinned(expected, MOST_ROWS.get(engine.name))
    return _Part(name, len(rows), rows[kept].reset_index(drop=True), _only(expected, kept), exempt[kept])


def _runs(
    engine: Engine, program: Program, files: Mapping[str, bytes], parts: Sequence[_Part]
) -> Iterator[list[Compared]]:
    """All rows in one run, since compiling and planning take longer than many rows; each kind alone where that broke.

    So what an engine says of one kind of rows leaves the others compared.
    """
    if len(parts) > 1:
        try:
            yield _compared(engine, program, files, parts)
        except EngineError:
            pass
        else:
            return
    for part in parts:
        yield _compared(engine, program, files, [part])


def _compared(engine: Engine, program: Program, files: Mapping[str, bytes], parts: Sequence[_Part]) -> list[Compared]:
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    with tempfile.TemporaryDirectory() as folder:
        run = engine.run(program, files, rows, Path(folder))
    if len(run.results) != len(rows):
        raise PackageError(Fault(f"the engine gave {len(run.results)} rows for {len(rows)}", "engine_rows"))
    speed = len(rows) / run.seconds if run.seconds > 0 else float("nan")
    found, start = [], 0
    for part in parts:
        end = start + len(part.rows)
        trace = None if run.trace is None else run.trace.iloc[start:end].reset_index(drop=True)
        own = EngineRun(run.results.iloc[start:end].reset_index(drop=True), trace, run.seconds)
        found.append(Compared(part.name, part.of_rows, compare(part.expected, own, part.exempt), speed))
        start = end
    return found


def _thinned(expected: Expected, most: int | None) -> np.ndarray:
    """Rows (bool, (n,)) that are kept: all, or so many, of which the first reach every bin and leaf."""
    count = len(expected.results)
    if most is None or count <= most:
        return np.ones(count, dtype=bool)
    kept = np.zeros(count, dtype=bool)
    kept[covering(expected.trace)[:most]] = True
    if expected.refused.any() and kept.sum() < most:
        kept[np.argmax(expected.refused)] = True
    others = np.flatnonzero(~kept)
    places = np.linspace(0, len(others) - 1, most - int(kept.sum())).astype(np.int64)
    kept[others[places]] = True
    return kept


def _only(expected: Expected, kept: np.ndarray) -> Expected:
    results = expected.results[kept].reset_index(drop=True)
    return Expected(results, expected.trace[kept].reset_index(drop=True), expected.refused[kept], {})
