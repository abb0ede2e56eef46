"""Statements that need more memory than a database begins with are given it, up to a bound, with the same results."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pytest

from credit_risk.monitoring.source import duckdb_engine
from credit_risk.monitoring.source.duckdb_engine import DuckDBEngine
from credit_risk.monitoring.source.engine import EngineError

ROWS = 400_000
LONG = (
    "SELECT count(*), sum(length(s)) FROM (SELECT list(sha256(i::VARCHAR)) AS l "
    f"FROM range({ROWS}) AS t(i)), unnest(l) AS u(s)"
)


def test_a_statement_that_needs_more_is_given_more() -> None:
    engine = DuckDBEngine("nothing", memory=16, threads=1)
    try:
        assert engine.fetch(LONG) == [(ROWS, 64 * ROWS)]
        assert engine.fetch("SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'") != [("15.2 MiB",)]
        assert engine.arrow("SELECT 1 AS a").to_pydict() == {"a": [1]}
    finally:
        engine.close()


def test_there_is_an_end_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_engine, "MOST_MEMORY", 32)
    engine = DuckDBEngine("nothing", memory=16, threads=1)
    try:
        with pytest.raises(EngineError, match="Out of Memory"):
            engine.fetch(LONG)
        assert engine.fetch("SELECT 1") == [(1,)]
    finally:
        engine.close()


def test_parts_of_a_month_hold_every_row_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_engine, "PART", 300)
    engine = DuckDBEngine("nothing", threads=1)
    try:
        assert engine.parts(300) == []
        parts = engine.parts(1000)
        assert len(parts) == 4
        keys = "SELECT CASE WHEN i % 10 > 0 THEN 'k' || i END AS k FROM range(1000) AS t(i)"  # some are erased
        counts = [
            engine.fetch(f"SELECT count(*), count(k) FROM ({keys}) WHERE {part.replace('{k}', 'k')}") for part in parts
        ]
        assert sum(rows for [(rows, _)] in counts) == 1000
        assert all(150 < known < 300 for [(_, known)] in counts)
    finally:
        engine.close()


def failing_after(batches: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Statements that were begun; the first ends so, as Arrow tells it, after some batches."""
    begun, whole = list[str](), DuckDBEngine._reader

    def reader(self: DuckDBEngine, sql: str) -> Iterator[pa.RecordBatch]:
        begun.append(sql)
        for number, batch in enumerate(whole(self, sql)):
            if len(begun) == 1 and number == batches:
                raise OSError("Out of Memory Error: failed to pin block of size 256.0 KiB")
            yield batch

    monkeypatch.setattr(duckdb_engine, "BATCH", 2048)
    monkeypatch.setattr(DuckDBEngine, "_reader", reader)
    return begun


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_statement_whose_memory_ends_among_its_rows_is_begun_again_after_them(
    after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = failing_after(after, monkeypatch)
    engine = DuckDBEngine("nothing", threads=1)
    try:
        found = engine.batches("SELECT i FROM range(10000) AS t(i) ORDER BY i", repeatable=True)
        assert [i for batch in found for i in batch["i"].to_pylist()] == list(range(10_000))
        assert len(begun) == 2
        assert engine._megabytes == 2 * duckdb_engine.MEMORY
    finally:
        engine.close()


def test_rows_of_no_order_are_not_begun_again(monkeypatch: pytest.MonkeyPatch) -> None:
    failing_after(2, monkeypatch)
    engine = DuckDBEngine("nothing", threads=1)
    try:
        with pytest.raises(EngineError, match="Out of Memory"):
            list(engine.batches("SELECT i FROM range(10000) AS t(i)"))
    finally:
        engine.close()
