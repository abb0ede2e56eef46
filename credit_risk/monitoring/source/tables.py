"""Partitions of production: what each holds, and those that are read alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from credit_risk.monitoring.source.mapping import DAY, KEY, MOMENT, NUMBER, PACKAGE, TIME

WHOLE, DECIMAL, TEXTS, FLAG = "whole numbers", "numbers", "texts", "truth values"
DATE, AWARE, NAIVE, OTHER = "dates", "moments with a zone", "moments without a zone", "other"
UTC_MOMENT = "moments in UTC"
EMPTY = "nothing but missing values"
"""What the null type of Parquet holds: pandas writes it where every value of a column is missing."""
FITTING = {
    NUMBER: (WHOLE, DECIMAL, EMPTY),
    MOMENT: (AWARE, NAIVE, DATE, EMPTY),
    DAY: (DATE, NAIVE, AWARE, EMPTY),
    "text": (TEXTS, WHOLE, FLAG, DATE, EMPTY),
}
TABLE, PREDICTIONS, INPUTS = "table", "predictions", "inputs"


@dataclass(frozen=True, slots=True)
class Column:
    """Where a column of production is: its side of the partition, its name there and what it holds.

    nanoseconds: of moments, since Spark reads these as whole numbers.
    """

    side: str
    name: str
    kind: str
    nanoseconds: bool = False


@dataclass(frozen=True, slots=True)
class Partition:
    """Files (or the table) of a partition by side, its columns, and its rows (None: not counted yet)."""

    name: str
    places: Mapping[str, str]
    columns: Mapping[str, Column]
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """Partitions that are read alike: the same columns, one period (None: several), the same rows to be left out.

    wrong: which faults rows can have, so that only then what tells them is read (`key`, `time`, `package`, `repeated`).
    """

    partitions: tuple[Partition, ...]
    period: str | None
    wrong: frozenset[str] = frozenset()
    columns: Mapping[str, Column] = field(default_factory=dict)

    @property
    def joined(self) -> bool:
        """Whether predictions and inputs lie in two files."""
        return len({column.side for column in self.columns.values()}) > 1


FILTERS = {"key": (KEY,), "time": (TIME,), "package": (PACKAGE,), "repeated": (KEY,)}


def kind_of(field_type: pa.DataType) -> str:
    """What a column of an Arrow type holds."""
    types = pa.types
    if types.is_dictionary(field_type):
        field_type = field_type.value_type
    if types.is_null(field_type):
        return EMPTY
    if types.is_boolean(field_type):
        return FLAG
    if types.is_integer(field_type):
        return WHOLE
    if types.is_floating(field_type) or types.is_decimal(field_type):
        return DECIMAL
    if types.is_string(field_type) or types.is_large_string(field_type) or types.is_string_view(field_type):
        return TEXTS
    if types.is_timestamp(field_type):
        return NAIVE if field_type.tz is None else AWARE
    return DATE if types.is_date(field_type) else OTHER


def chunks_of(
    partitions: Sequence[Partition], periods: Mapping[str, str | None], wrong: Mapping[str, frozenset[str]]
) -> list[Chunk]:
    """The partitions in groups that are read alike, in their order."""
    groups: dict[tuple[object, ...], list[Partition]] = {}
    for one in partitions:
        columns = tuple(sorted((name, c.side, c.name, c.kind, c.nanoseconds) for name, c in one.columns.items()))
        groups.setdefault((columns, periods[one.name], wrong[one.name]), []).append(one)
    return [
        Chunk(tuple(members), periods[members[0].name], wrong[members[0].name], members[0].columns)
        for members in groups.values()
    ]
