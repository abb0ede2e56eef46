"""What the SQL engines share: the table of applications, the exported statement, results by their published names."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from credit_risk.export.parity.engines import EngineError, EngineRun
from credit_risk.export.program import Program
from credit_risk.export.program.terms import NUMBER, TEXT
from credit_risk.export.sql import KEY, SqlExport, sql_export

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Job:
    """A table to score: its columns (name, whether it is a number), its rows, and the statements.

    statement: as it is exported. traced: the path alone, without results, which would be calculated once more.
    """

    program: Program
    columns: tuple[tuple[str, bool], ...]
    values: tuple[list[Any], ...]
    statement: str
    traced: SqlExport
    exported: SqlExport
    rows: int

    def records(self) -> Rows:
        return list(zip(*self.values, strict=True))

    def arrow(self) -> pa.Table:
        """The table: doubles and texts, missing is null."""
        arrays = [
            pa.array(values, type=pa.int64() if name == KEY else pa.float64() if is_number else pa.string())
            for (name, is_number), values in zip(self.columns, self.values, strict=True)
        ]
        return pa.table(arrays, names=[name for name, _ in self.columns])


def job(program: Program, files: Mapping[str, bytes], frame: pd.DataFrame, dialect: str) -> Job:
    """What an engine is to do. Raises EngineError where the export has no file for it."""
    name = f"sql/{program.model_id}.{dialect}.sql"
    if name not in files:
        raise EngineError(f"the export has no file {name}")
    exported = sql_export(program, dialect)
    columns = [(KEY, True)]
    values: list[list[Any]] = [list(range(len(frame)))]
    for one in program.inputs:
        columns.append((exported.inputs[one.name], one.kind == NUMBER))
        given = frame[one.name].tolist()
        values.append([None if v is None or v != v else float(v) if one.kind == NUMBER else str(v) for v in given])
    statement = files[name].decode().rstrip().removesuffix(";")
    traced = sql_export(replace(program, published=()), dialect, trace=True)
    return Job(program, tuple(columns), tuple(values), statement, traced, exported, len(frame))


def finished(
    work: Job, names: Sequence[str], rows: Rows, traced_names: Sequence[str], traced: Rows, seconds: float
) -> EngineRun:
    """What an engine gave, in the order of the table."""
    kinds = {one.column: one.kind for one in work.program.published}
    told = {published: kinds[published] == TEXT for published in work.exported.results.values()}
    results = _frame(work.exported.results, told, names, rows, work.rows)
    path = dict.fromkeys(work.traced.trace.values(), False)
    return EngineRun(results, _frame(work.traced.trace, path, traced_names, traced, work.rows), seconds)


def _frame(
    wanted: Mapping[str, str], is_text: Mapping[str, bool], names: Sequence[str], rows: Rows, count: int
) -> pd.DataFrame:
    places = {name.lower(): place for place, name in enumerate(names)}
    if len(rows) != count:
        raise EngineError(f"{len(rows)} rows came back of {count}")
    ordered = sorted(rows, key=lambda row: row[places[KEY]])  # type: ignore[no-any-return]
    columns: dict[str, Any] = {}
    for column, name in wanted.items():
        cells = [row[places[column]] for row in ordered]
        if is_text[name]:
            columns[name] = np.array(cells, dtype=object)
        else:
            columns[name] = np.array([math.nan if cell is None else float(cell) for cell in cells], dtype=np.float64)
    return pd.DataFrame(columns, index=range(count))


def shortened(error: Exception) -> EngineError:
    """What an engine said, in one line of bounded length."""
    return EngineError(" ".join(f"{type(error).__name__}: {error}".split())[:500])
