"""What an engine must be able to do to be counted in, and how it says moments and periods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import pyarrow as pa

from credit_risk.export.sql.dialects import Dialect
from credit_risk.monitoring.source.faults import PartitionFault
from credit_risk.monitoring.source.mapping import Mapped
from credit_risk.monitoring.source.tables import AWARE, UTC_MOMENT, Column, Partition
from credit_risk.package import Package


@dataclass(frozen=True, slots=True)
class Forms:
    """How a dialect writes what has to do with time. moment: an expression of a column as a UTC timestamp without zone.

    double: the type; is_nan: a test of a double; whole: type of whole numbers of 64 bits.
    """

    moment: Callable[[str, Column, str | None], str]
    period: str
    is_nan: str
    whole: str
    instant: str = "TIMESTAMP '{x}'"


def _duckdb(x: str, column: Column, zone: str | None) -> str:
    if column.kind == AWARE:
        return f"make_timestamp(epoch_us({x}))"
    if column.kind == UTC_MOMENT:
        return x
    if zone in (None, "UTC"):
        return f"CAST({x} AS TIMESTAMP)"
    return f"make_timestamp(epoch_us(CAST({x} AS TIMESTAMP) AT TIME ZONE '{zone}'))"


def _postgres(x: str, column: Column, zone: str | None) -> str:
    if column.kind == AWARE:
        return f"({x} AT TIME ZONE 'UTC')"
    if column.kind == UTC_MOMENT:
        return x
    if zone in (None, "UTC"):
        return f"CAST({x} AS TIMESTAMP)"
    return f"((CAST({x} AS TIMESTAMP) AT TIME ZONE '{zone}') AT TIME ZONE 'UTC')"


def _spark(x: str, column: Column, zone: str | None) -> str:
    if column.kind == UTC_MOMENT:
        return x
    read = f"timestamp_micros({x} div 1000)" if column.nanoseconds else f"CAST({x} AS TIMESTAMP)"
    if column.kind == AWARE or zone in (None, "UTC"):
        return read
    return f"to_utc_timestamp({read}, '{zone}')"


FORMS = {
    "duckdb": Forms(_duckdb, "CAST(year({x}) * 100 + month({x}) AS INTEGER)", "isnan({x})", "BIGINT"),
    "postgres": Forms(
        _postgres,
        "CAST(EXTRACT(YEAR FROM {x}) * 100 + EXTRACT(MONTH FROM {x}) AS INTEGER)",
        "{x} = 'NaN'::float8",
        "BIGINT",
    ),
    "spark": Forms(_spark, "CAST(year({x}) * 100 + month({x}) AS INT)", "isnan({x})", "BIGINT"),
}


def instant(forms: Forms, moment: datetime) -> str:
    """A moment as a constant."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")
    return forms.instant.format(x=text)


class Engine(Protocol):
    """Runs SQL where production lies.

    together: how many partitions are looked at in one statement. split: whether a partition is a file (else a month of
    the one table).
    """

    name: str
    version: str
    dialect: Dialect
    together: int
    split: bool

    def partitions(self, mapping: Mapped, package: Package) -> tuple[list[Partition], list[PartitionFault]]:
        """The partitions with their columns, and faults of those that cannot be read."""
        ...

    def at(self, place: str) -> Engine:
        """The same engine for what lies elsewhere; it is closed with this one."""
        ...

    def table(self, places: Sequence[str]) -> str:
        """What stands behind FROM for files, or for the table."""
        ...

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a result. Raises EngineError where the engine refuses."""
        ...

    def arrow(self, sql: str) -> pa.Table:
        """A result as a table: doubles, texts, moments in microseconds; columns in their order."""
        ...

    def batches(self, sql: str, *, repeatable: bool = False) -> Iterator[pa.RecordBatch]:
        """The same as `arrow`, some rows at a time, so that the memory does not grow with the rows; repeatable: they
        come in the same order again, should the statement be begun again."""
        ...

    def parts(self, rows: int) -> Sequence[str]:
        """Conditions on a key `{k}` of which each row of so many meets one, so that a statement joins and sorts no more
        rows than the engine's memory is for; none where it takes any number."""
        ...

    def keep(self, name: str, sql: str) -> None:
        """Keep a result under a name until the engine is closed."""
        ...

    def repeated(self, name: str, sql: str, rows: int) -> int:
        """Keep the texts `k` of a result of some `rows` rows that stand more than once; how many there are."""
        ...

    def close(self) -> None:
        """Give up connections and temporary files."""
        ...


class EngineError(Exception):
    """What an engine says of a statement or a file, in one line."""
