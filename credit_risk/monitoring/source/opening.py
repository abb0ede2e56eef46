"""Production opened: partitions found, rows looked at, what is wrong told and left out, the rest to be counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from credit_risk._core.clock import Clock, system_clock
from credit_risk._core.errors import Fault, IntakeError
from credit_risk.monitoring.frames import PARTITION_COLUMNS
from credit_risk.monitoring.reference import Reference, read_reference
from credit_risk.monitoring.source.classing_sql import production_name
from credit_risk.monitoring.source.counting import SqlSource
from credit_risk.monitoring.source.duckdb_engine import DuckDBEngine
from credit_risk.monitoring.source.engine import Engine
from credit_risk.monitoring.source.faults import PartitionFault, fault_frame
from credit_risk.monitoring.source.intake import Looked, look
from credit_risk.monitoring.source.mapping import PACKAGE, PERIOD, SEGMENT, VERSION, ProductionTable
from credit_risk.monitoring.source.postgres_engine import PostgresEngine
from credit_risk.monitoring.source.relation import Reader, period_text, union
from credit_risk.monitoring.source.repeated import Kept, first_of_repeated, without
from credit_risk.monitoring.source.spark_engine import SparkEngine
from credit_risk.monitoring.source.tables import Chunk, chunks_of
from credit_risk.package import Package

LEAST_ROWS, MOST_SEGMENTS = 100, 50


def open_production(
    place: str,
    mapping: ProductionTable,
    package: Package,
    *,
    engine: str | Engine = "duckdb",
    reference: Reference | None = None,
    clock: Clock = system_clock,
    least_rows: int = LEAST_ROWS,
    most_segments: int = MOST_SEGMENTS,
    **options: Any,
) -> SqlSource:
    """Production of a package, looked at and ready to be counted.

    place: a prediction log, a Parquet file, folder or pattern; a table or query of PostgreSQL; what Spark reads.
    engine: duckdb, postgres or spark, or an engine at hand; options: of its making (`memory`, `threads`, `dsn`,
    `master`). reference: that of `read_reference(package)` by default. least_rows: a month with fewer is told.
    most_segments: a segment column with more values is not counted by. Raises IntakeError where the mapping has faults
    (all of them), or where nothing can be read; faults of partitions and rows are told in `faults` and never raised.
    """
    mapping.check(package)
    at_hand = _engine(engine, place, options) if isinstance(engine, str) else engine
    try:
        return _opened(at_hand, mapping, package, reference, clock, least_rows, most_segments)
    except BaseException:
        at_hand.close()
        raise


def _engine(name: str, place: str, options: Mapping[str, Any]) -> Engine:
    if name == "duckdb":
        return DuckDBEngine(place, **options)
    if name == "postgres":
        return PostgresEngine(place, **options)
    if name == "spark":
        return SparkEngine(place, **options)
    raise IntakeError(Fault("there is no such engine", "engine", found=name, allowed="duckdb, postgres, spark"))


def _opened(
    engine: Engine,
    mapping: ProductionTable,
    package: Package,
    reference: Reference | None,
    clock: Clock,
    least_rows: int,
    most_segments: int,
) -> SqlSource:
    reader = Reader(engine, mapping, package, clock())
    partitions, faults = engine.partitions(mapping, package)
    found = look(reader, partitions)
    faults += found.faults
    periods = {one.name: _single(found, one.name) for one in found.partitions}
    first = chunks_of(found.partitions, periods, {k: frozenset(v) for k, v in found.wrong.items()})
    first = [chunk for chunk in first if any(found.periods[one.name] for one in chunk.partitions)]
    kept = first_of_repeated(reader, first, sum(found.rows.values()))
    faults += kept.faults
    alive = [one for chunk in first for one in chunk.partitions]
    chunks = [*chunks_of(alive, periods, without(first, kept)), *kept.chunks]
    counted = _counted(reader, chunks, found, kept)
    faults += _few(counted, least_rows)
    if PACKAGE not in mapping.columns() and VERSION not in mapping.columns():
        message = "no column tells the package: all rows are taken for decisions of this one"
        rows = sum(counted.values())
        faults.append(PartitionFault("", "", "package_unknown", message, rows, 0, "log the package hash"))
    known = read_reference(package) if reference is None else reference
    left_out = {**known.left_out, **_left_out(known, chunks)}
    for segment in mapping.segments:
        if any(SEGMENT + segment in chunk.columns for chunk in chunks):
            told = _too_many(reader, chunks, segment, most_segments)
            if told is not None:
                faults.append(told)
                left_out[f"segment {segment}"] = told.message
        else:
            left_out[f"segment {segment}"] = "its column is in no partition"
    return SqlSource(
        reader,
        known,
        chunks,
        rows={period: n for period, n in _by_period(counted).items() if n},
        infinite=found.infinite,
        faults=fault_frame(faults),
        partitions=_partition_frame(found, counted),
        left_out=left_out,
    )


def _single(found: Looked, name: str) -> str | None:
    periods = found.periods[name]
    return next(iter(periods)) if len(periods) == 1 else None


def _counted(reader: Reader, chunks: Sequence[Chunk], found: Looked, kept: Kept) -> dict[tuple[str, str], int]:
    """Rows that are counted, by partition (of a table: the month) and period."""
    counted = dict.fromkeys(found.rows, 0)
    for chunk in chunks:
        for one in chunk.partitions:
            if not one.name:
                continue
            if not chunk.wrong:
                counted |= {key: n for key, n in found.rows.items() if key[0] == one.name or not reader.engine.split}
                continue
            alone = Chunk((one,), chunk.period, chunk.wrong, chunk.columns)
            inner = reader.select(alone, {"p": PERIOD})
            for number, n in reader.engine.fetch(f"SELECT p, COUNT(*) FROM ({inner}) AS q GROUP BY p"):
                period = period_text(int(number))
                shown = one.name if reader.engine.split else f"{one.name} {period}"
                counted[shown, period] = int(n)
    for key, n in kept.rows.items():
        counted[key] = counted.get(key, 0) + n
    return counted


def _by_period(counted: Mapping[tuple[str, str], int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (_, period), n in counted.items():
        found[period] = found.get(period, 0) + n
    return found


def _few(counted: Mapping[tuple[str, str], int], least: int) -> list[PartitionFault]:
    return [
        PartitionFault("", period, "few_rows", f"a month with fewer than {least} rows", n, 0, "read it with care")
        for period, n in sorted(_by_period(counted).items())
        if period and 0 < n < least
    ]


def _left_out(reference: Reference, chunks: Sequence[Chunk]) -> dict[str, str]:
    """Variables that no partition has all columns of."""
    found = {}
    for variable in reference.variables:
        needed = {production_name(name) for name in variable.inputs}
        if not any(needed <= set(chunk.columns) for chunk in chunks):
            there = {name for chunk in chunks for name in chunk.columns}
            gone = ", ".join(sorted(needed - there)) or "columns that no partition has together"
            found[variable.name] = f"production lacks {gone}"
    return found


def _too_many(reader: Reader, chunks: Sequence[Chunk], segment: str, most: int) -> PartitionFault | None:
    parts = [reader.select(c, {"s": SEGMENT + segment}) for c in chunks if SEGMENT + segment in c.columns]
    inner = f"SELECT DISTINCT s FROM ({union(parts)}) AS u LIMIT {most + 1}"
    if int(reader.engine.fetch(f"SELECT COUNT(*) FROM ({inner}) AS v")[0][0]) <= most:
        return None
    message = f"the segment {segment!r} has more than {most} values and is not counted by"
    return PartitionFault("", "", "many_segments", message, 0, 0, "map a column with fewer, or raise `most_segments`")


def _partition_frame(found: Looked, counted: Mapping[tuple[str, str], int]) -> pd.DataFrame:
    names = list(dict.fromkeys(name for name, _ in found.rows))
    lines = []
    for name in names:
        rows = sum(n for (one, _), n in found.rows.items() if one == name)
        good = sum(n for (one, _), n in counted.items() if one == name)
        first, last = found.span.get(name, (None, None))
        lines.append((name, rows, good, rows - good, first, last))
    return pd.DataFrame(lines, columns=PARTITION_COLUMNS)
