"""How long exports of boosting with reasons by attribution take for a row: `reasons_of_trees.py PACKAGE [ENGINE ...]`.

    OMP_NUM_THREADS=1 python tests/benchmarks/reasons_of_trees.py PACKAGE duckdb:100000 sqlite:5000 c:50000 java:50000

The snapshot of the package is scored over and over: first 100 rows, which is what reading and planning take, then as
many as stand behind the engine; the difference is what rows take. Seconds of the processor, child processes included.
Not collected by pytest; the table of a run is kept in tests/benchmarks/README.md.
"""

from __future__ import annotations

import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import duckdb
import pandas as pd

from credit_risk.export import export_package
from credit_risk.export.code.java import class_name
from credit_risk.export.parity.adapters.c import Gcc
from credit_risk.export.parity.adapters.streamed import run_command, written_rows
from credit_risk.export.program import Program, program_of
from credit_risk.export.sql import TABLE, sql_export
from credit_risk.package import Package, read_package

FEW = 100
Run = Callable[[pd.DataFrame], None]


def processor() -> float:
    """Seconds of this process and of its ended children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def by_duckdb(package: Package, program: Program, folder: Path) -> tuple[int, Run]:
    found, connection = sql_export(program, "duckdb"), duckdb.connect(config={"threads": 1})

    def run(frame: pd.DataFrame) -> None:
        connection.execute(f"CREATE OR REPLACE TABLE {TABLE} AS SELECT * FROM frame")
        connection.execute(found.statements[0]).fetchall()

    return len(found.text), run


def by_sqlite(package: Package, program: Program, folder: Path) -> tuple[int, Run]:
    found, connection = sql_export(program, "sqlite"), sqlite3.connect(":memory:")

    def run(frame: pd.DataFrame) -> None:
        frame.to_sql(TABLE, connection, if_exists="replace", index=False)
        connection.execute(found.statements[0]).fetchall()

    return len(found.text), run


def _printed(package: Package, kind: str, folder: Path) -> int:
    files = export_package(package, [kind])
    for name, data in files.items():
        (folder / Path(name).name).write_bytes(data)
    return sum(map(len, files.values()))


def by_c(package: Package, program: Program, folder: Path) -> tuple[int, Run]:
    size = _printed(package, "c", folder)
    Gcc().compiled(f"{program.model_id}.c", folder, "MAIN")
    return size, lambda frame: _filtered(["./MAIN", "--csv"], program, frame, folder)


def by_java(package: Package, program: Program, folder: Path) -> tuple[int, Run]:
    size, name = _printed(package, "java", folder), class_name(program.model_id)
    run_command(["javac", "-encoding", "UTF-8", f"{name}.java"], folder, 600)
    return size, lambda frame: _filtered(["java", "-cp", ".", name, "--csv"], program, frame, folder)


def _filtered(command: list[str], program: Program, frame: pd.DataFrame, folder: Path) -> None:
    run_command(command, folder, 3600, written_rows(program, frame))


ENGINES = {"duckdb": by_duckdb, "sqlite": by_sqlite, "c": by_c, "java": by_java}


def main() -> None:
    """A line an engine."""
    package = read_package(Path(sys.argv[1]))
    program = program_of(package.model, package.package_hash)
    snapshot = pd.read_parquet(Path(sys.argv[1]) / "data" / "snapshot.parquet").rename(
        columns={"_key": "application_id"}
    )
    for asked in sys.argv[2:]:
        name, _, count = asked.partition(":")
        rows = int(count)
        frame = pd.concat([snapshot] * (rows // len(snapshot) + 1), ignore_index=True)[:rows]
        with tempfile.TemporaryDirectory() as folder:
            size, run = ENGINES[name](package, program, Path(folder))
            taken = []
            for part in (frame[:FEW], frame):
                start = processor()
                run(part)
                taken.append(processor() - start)
        each = (taken[1] - taken[0]) / (rows - FEW)
        line = f"| {name} | {size / 1000:,.0f} | {taken[0]:.2f} | {rows:,} | {1e6 * each:,.1f} | {1 / each:,.0f} |\n"
        sys.stdout.write(line)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
