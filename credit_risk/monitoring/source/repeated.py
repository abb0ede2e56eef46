"""Keys that stand more than once: the first row of each is kept, and the others are told and left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from credit_risk.monitoring.source.faults import PartitionFault
from credit_risk.monitoring.source.mapping import KEY, MOMENT, NUMBER, PERIOD, TIME, kind_wanted
from credit_risk.monitoring.source.relation import KEPT, KEPT_ROWS, REPEATED, Reader, period_text, union
from credit_risk.monitoring.source.tables import DECIMAL, TEXTS, UTC_MOMENT, Chunk, Column, Partition


@dataclass
class Kept:
    """faults: of rows left out; partitions: names of those that hold a repeated key; chunks: the rows that are kept.

    rows: kept rows by partition (of a table: the name of the month) and period.
    """

    faults: list[PartitionFault] = field(default_factory=list)
    partitions: set[str] = field(default_factory=set)
    chunks: list[Chunk] = field(default_factory=list)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)


def first_of_repeated(reader: Reader, chunks: Sequence[Chunk], rows: int) -> Kept:
    """Of the rows of a key: the one of the least moment; of these, of the first partition by name; of these, of least
    values, column by column in the order of their names (missing first).

    So the choice is the same in every engine. chunks: without the fault `repeated`.
    """
    found = Kept()
    keys = union([reader.select(chunk, {"k": KEY}) for chunk in chunks])
    if not chunks or not reader.engine.repeated(REPEATED, keys, rows):
        return found
    among = f"{_key(reader, chunks)} IN (SELECT k FROM {REPEATED})"
    singles = [Chunk((one,), chunk.period, chunk.wrong, chunk.columns) for chunk in chunks for one in chunk.partitions]
    singles.sort(key=lambda chunk: chunk.partitions[0].name)
    shapes = list(dict.fromkeys(tuple(sorted(chunk.columns)) for chunk in singles))
    names = sorted({name for chunk in singles for name in chunk.columns})
    columns = {f"c{k}": name for k, name in enumerate(names)}
    parts = []
    for place, chunk in enumerate(singles):
        shape = shapes.index(tuple(sorted(chunk.columns)))
        inner = reader.select(chunk, {**columns, "g_period": PERIOD}, only=[among])
        parts.append(f"SELECT {shape} AS shape, {place} AS part, q.* FROM ({inner}) AS q")
    place_of = {name: column for column, name in columns.items()}
    order = ", ".join(f"{c} ASC NULLS FIRST" for c in (place_of[TIME], "part", *columns))
    ranked = (
        f"SELECT u.*, ROW_NUMBER() OVER (PARTITION BY {place_of[KEY]} ORDER BY {order}) AS place"
        f" FROM ({union(parts)}) AS u"
    )
    reader.engine.keep(KEPT_ROWS, ranked)
    _tell(reader, singles, place_of[KEY], found)
    for number, shape_names in enumerate(shapes):
        kinds = {name: Column(KEPT, place_of[name], _kind(name, reader)) for name in shape_names}
        partition = Partition("", {KEPT: str(number)}, kinds)
        found.chunks.append(Chunk((partition,), None, frozenset(), kinds))
    return found


def _key(reader: Reader, chunks: Sequence[Chunk]) -> str:
    return reader.read(chunks[0].columns[KEY], "text")


def _kind(name: str, reader: Reader) -> str:
    wanted = kind_wanted(name, reader.package)
    return {MOMENT: UTC_MOMENT, NUMBER: DECIMAL}.get(wanted, TEXTS)


def _tell(reader: Reader, singles: Sequence[Chunk], key: str, found: Kept) -> None:
    told = reader.engine.fetch(
        f"SELECT part, g_period, COUNT(*) AS n, COUNT(DISTINCT {key}) AS keys,"
        f" SUM(CASE WHEN place = 1 THEN 1 ELSE 0 END) AS kept FROM {KEPT_ROWS} GROUP BY part, g_period"
        f" ORDER BY part, g_period"
    )
    for part, number, n, keys, kept in told:
        name, period = singles[int(part)].partitions[0].name, period_text(int(number))
        shown = name if reader.engine.split else f"{name} {period}"
        found.partitions.add(name)
        found.rows[shown, period] = int(kept)
        gone = int(n) - int(kept)
        if not gone:
            continue
        within = int(n) - int(keys)
        message = f"rows whose key stands more than once, {within:,} of them again in this partition: the first counts"
        remedy = "write each decision once, with a key of its own"
        found.faults.append(PartitionFault(shown, period, "duplicate_key", message, int(n), gone, remedy))


def without(chunks: Sequence[Chunk], kept: Kept) -> Mapping[str, frozenset[str]]:
    """By partition, the faults of its rows, `repeated` where it holds a repeated key."""
    return {
        one.name: chunk.wrong | ({"repeated"} if one.name in kept.partitions else set())
        for chunk in chunks
        for one in chunk.partitions
    }
