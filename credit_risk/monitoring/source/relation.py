"""Columns of production as a SELECT over partitions that are read alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from credit_risk.export.sql.dialects import GREATEST_DOUBLE, Dialect
from credit_risk.monitoring.source.engine import FORMS, Engine, instant
from credit_risk.monitoring.source.mapping import (
    KEY,
    MOMENT,
    NUMBER,
    PACKAGE,
    PERIOD,
    TIME,
    VERSION,
    ProductionTable,
    is_probability,
    kind_wanted,
)
from credit_risk.monitoring.source.tables import EMPTY, FILTERS, PREDICTIONS, TABLE, Chunk, Column, Partition
from credit_risk.package import Package

REPEATED, KEPT_ROWS = "repeated_keys", "kept_rows"
KEPT = "kept"
"""The side of rows that are kept of repeated keys: its place is the number of their shape."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Writes SELECTs of production. now: moments after it are in the future."""

    engine: Engine
    mapping: ProductionTable
    package: Package
    now: datetime

    def select(
        self, chunk: Chunk, items: Mapping[str, str], *, period: str | None = None, only: Iterable[str] = ()
    ) -> str:
        """`items`: the name of a column of production (PERIOD among them) for each column of the result.

        Rows that have faults are left out; period: of these alone, `YYYY-MM`; only: further conditions.
        """
        conditions = [*self._filters(chunk), *only]
        single = chunk.period is not None
        if period is not None and not single:
            conditions.append(f"{self.period(chunk)} = {_number(period)}")
        needed = {name for name in items.values() if name != PERIOD or not single}
        needed = {TIME if name == PERIOD else name for name in needed}
        needed |= {name for wrong in chunk.wrong for name in FILTERS[wrong]}
        if period is not None and not single:
            needed.add(TIME)
        listed = ",\n    ".join(f"{self.expression(chunk, name)} AS {new}" for new, name in items.items())
        where = f"\n  WHERE {' AND '.join(conditions)}" if conditions else ""
        return "\n  UNION ALL ".join(
            f"SELECT\n    {listed}\n  FROM {source}{where}" for source in self.sources(chunk, needed)
        )

    def sources(self, chunk: Chunk, needed: Iterable[str]) -> list[str]:
        """What stands behind FROM: all files together, unless the two sides of a log must be joined file by file."""
        sides = {chunk.columns[name].side for name in needed if name != KEY and name in chunk.columns}
        if KEPT in chunk.partitions[0].places:
            return [f"(SELECT * FROM {KEPT_ROWS} WHERE place = 1 AND shape = {chunk.partitions[0].places[KEPT]}) AS t"]
        if TABLE in chunk.partitions[0].places:
            return [self.engine.table([one.places[TABLE] for one in chunk.partitions]) + " AS t"]
        side = next(iter(sides), PREDICTIONS)
        if len(sides) < 2:
            return [self.engine.table([one.places[side] for one in chunk.partitions]) + " AS t"]
        return [self._joined(one, needed) for one in chunk.partitions]

    def _joined(self, partition: Partition, needed: Iterable[str]) -> str:
        quoted = self.engine.dialect.quoted
        parts = {}
        for side in partition.places:
            names = {c.name for n, c in partition.columns.items() if c.side == side and n in set(needed)}
            listed = ", ".join(quoted(name) for name in sorted(names | {"row"}))
            parts[side] = f"(SELECT {listed} FROM {self.engine.table([partition.places[side]])})"
        first, second = parts.values()
        return f"{first} AS p JOIN {second} AS i USING ({quoted('row')})"

    def expression(self, chunk: Chunk, name: str) -> str:
        """A column of production: a double, a text, a moment in UTC, or the period as a whole number; a probability
        that is none is missing."""
        if name == PERIOD:
            return _number(chunk.period) if chunk.period is not None else self.period(chunk)
        if name not in chunk.columns:
            return nothing(self.engine.dialect, kind_wanted(name, self.package))
        value = self.read(chunk.columns[name], kind_wanted(name, self.package))
        return f"CASE WHEN {self.impossible(value)} THEN NULL ELSE {value} END" if is_probability(name) else value

    def read(self, column: Column, wanted: str) -> str:
        """A column as what is wanted of it."""
        d = self.engine.dialect
        if column.kind == EMPTY:
            return nothing(d, wanted)
        if wanted == MOMENT:
            return FORMS[self.engine.name].moment(d.quoted(column.name), column, self.mapping.time_zone)
        return (d.number if wanted == NUMBER else d.text).replace("{x}", d.quoted(column.name))

    def period(self, chunk: Chunk) -> str:
        """The month of the decision, 202601."""
        return FORMS[self.engine.name].period.format(x=self.expression(chunk, TIME))

    def _filters(self, chunk: Chunk) -> list[str]:
        return [self.good(chunk.columns, wrong) for wrong in sorted(chunk.wrong)]

    def good(self, columns: Mapping[str, Column], wrong: str) -> str:
        """The condition of rows that have not a fault."""
        d = self.engine.dialect
        if wrong == "time":
            moment = self.read(columns[TIME], MOMENT)
            return f"{moment} <= {instant(FORMS[self.engine.name], self.now)}"
        if wrong == "package":
            head = self.package.manifest["model"]
            wanted = {PACKAGE: self.package.package_hash, VERSION: head["version"]}
            tests = [
                f"COALESCE({self.read(columns[name], 'text')} = {d.string(str(value))}, 1 = 0)"
                for name, value in wanted.items()
                if name in columns
            ]
            return " AND ".join(tests)
        key = self.read(columns[KEY], "text")
        if wrong == "key":
            return f"{key} IS NOT NULL"
        return f"({key} IS NULL OR {key} NOT IN (SELECT k FROM {REPEATED}))"

    def impossible(self, x: str) -> str:
        """The test that a double that is finite is no probability."""
        return f"({x} < 0 OR {x} > 1) AND {self.finite(x)}"

    def finite(self, x: str) -> str:
        """The test that a double is finite."""
        return f"ABS({x}) <= {self.engine.dialect.literal(GREATEST_DOUBLE)}"


def nothing(dialect: Dialect, wanted: str) -> str:
    """A missing value of what is wanted."""
    if wanted == NUMBER:
        return dialect.null_number
    return "CAST(NULL AS TIMESTAMP)" if wanted == MOMENT else f"CAST(NULL AS {dialect.text_type})"


def _number(period: str) -> str:
    return period.replace("-", "")


def period_text(number: int) -> str:
    """`2026-01` of 202601."""
    return f"{number // 100:04d}-{number % 100:02d}"


def union(parts: Sequence[str]) -> str:
    """SELECTs one under the other."""
    return "\nUNION ALL\n".join(parts)
