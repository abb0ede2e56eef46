"""Rows of each partition looked at once: keys, moments, packages, NaN; what is wrong is told and left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from credit_risk.export.sql.terms import batches
from credit_risk.monitoring.source.engine import FORMS, EngineError, instant
from credit_risk.monitoring.source.faults import PartitionFault
from credit_risk.monitoring.source.mapping import (
    KEY,
    MOMENT,
    NUMBER,
    PACKAGE,
    SEQUENCE,
    TIME,
    VERSION,
    is_probability,
    kind_wanted,
)
from credit_risk.monitoring.source.relation import Reader, period_text, union
from credit_risk.monitoring.source.tables import DECIMAL, EMPTY, PREDICTIONS, TABLE, Partition

AGAIN = "export the file again"
AT_ONCE = 5
"""Columns that are looked at in one scan, so that memory does not grow with their number."""
HEAD = ("partition", "period", "rows", "key", "time", "future", "package", "first", "last")


@dataclass
class Looked:
    """What was found of the rows. wrong: by partition, which rows must be left out; infinite: columns with such."""

    partitions: list[Partition] = field(default_factory=list)
    faults: list[PartitionFault] = field(default_factory=list)
    periods: dict[str, set[str]] = field(default_factory=dict)
    wrong: dict[str, set[str]] = field(default_factory=dict)
    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    span: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    infinite: set[str] = field(default_factory=set)


def look(reader: Reader, partitions: Sequence[Partition]) -> Looked:
    """One pass over all columns that are mapped, which finds damaged pages too."""
    found = Looked()
    size = reader.engine.together
    for start in range(0, len(partitions), size):
        group = partitions[start : start + size]
        try:
            _look_at(reader, group, found)
        except EngineError as error:
            if len(group) == 1:
                _damaged(group[0], error, found)
                continue
            for one in group:
                try:
                    _look_at(reader, [one], found)
                except EngineError as alone:
                    _damaged(one, alone, found)
    return found


def _damaged(partition: Partition, error: EngineError, found: Looked) -> None:
    rows = partition.rows or 0
    message = f"is damaged: {error}"
    found.faults.append(PartitionFault(partition.name, "", "damaged", message, rows, rows, AGAIN))


def _look_at(reader: Reader, group: Sequence[Partition], found: Looked) -> None:
    """Statements of a group; nothing is told before all of them have run."""
    heads, values = [], []
    for place, one in enumerate(group):
        main = TABLE if TABLE in one.places else PREDICTIONS
        heads.append(_head(reader, one, place, main))
        values += [
            _values(reader, one, place, names) for side in one.places for names in batches(_numbers(one, side), AT_ONCE)
        ]
    lines = reader.engine.fetch(union(heads))
    told = [line for some in batches(values, len(group)) for line in reader.engine.fetch(union(some))]
    backwards = {place: _backwards(reader, one) for place, one in enumerate(group) if SEQUENCE in one.columns}
    by_partition: dict[int, list[dict[str, Any]]] = {}
    for line in lines:
        row = dict(zip(HEAD, line, strict=True))
        by_partition.setdefault(int(row["partition"]), []).append(row)
    for place, one in enumerate(group):
        rows = by_partition.get(place, [])
        if reader.engine.split:
            _tell(reader, one, rows, found)
        else:
            _tell_table(reader, one, rows, found)
    for place, first, *counts in told:
        one = group[int(place)]
        names = _numbers(one, one.columns[first].side)
        names = names[names.index(first) :][:AT_ONCE]
        for k, name in enumerate(names):
            nan, far, impossible = (int(count or 0) for count in counts[3 * k : 3 * k + 3])
            _tell_values(one, name, nan, far, impossible, found)
    for place, count in backwards.items():
        if count:
            message = "rows whose moment lies before that of the row written before them"
            name, remedy = group[place].name, "check the clock of the machine that scored them"
            found.faults.append(PartitionFault(name, "", "clock_backwards", message, count, 0, remedy))


def _head(reader: Reader, one: Partition, place: int, side: str) -> str:
    """Rows by period, and how many have each fault."""
    forms = FORMS[reader.engine.name]
    moment = reader.read(one.columns[TIME], MOMENT)
    key = reader.read(one.columns[KEY], "text")
    now = instant(forms, reader.now)
    package = "0"
    if PACKAGE in one.columns or VERSION in one.columns:
        package = f"SUM(CASE WHEN {reader.good(one.columns, 'package')} THEN 0 ELSE 1 END)"
    period = forms.period.format(x=moment)
    return (
        f"SELECT {place} AS partition_number, {period} AS period, COUNT(*) AS n,"
        f" SUM(CASE WHEN {key} IS NULL THEN 1 ELSE 0 END) AS k,"
        f" SUM(CASE WHEN {moment} IS NULL THEN 1 ELSE 0 END) AS t,"
        f" SUM(CASE WHEN {moment} > {now} THEN 1 ELSE 0 END) AS f, {package} AS p,"
        f" MIN({moment}) AS a, MAX({moment}) AS z FROM {reader.engine.table([one.places[side]])} AS t"
        f" GROUP BY {period}"
    )


def _numbers(one: Partition, side: str) -> list[str]:
    """Columns of a side that are looked at for NaN, infinity and damage."""
    return [name for name, c in one.columns.items() if c.side == side and name not in (KEY, TIME)]


def _values(reader: Reader, one: Partition, place: int, names: Sequence[str]) -> str:
    """NaN, infinite numbers and probabilities that are none, of columns of one side in one row; texts are read, so
    that damage is found."""
    d, forms = reader.engine.dialect, FORMS[reader.engine.name]
    items = []
    for name in names:
        column = one.columns[name]
        raw = d.quoted(column.name)
        if column.kind == EMPTY:
            items += ["0 * COUNT(*)", "0", "0"]
            continue
        value = reader.read(column, NUMBER)
        wrong = f"SUM(CASE WHEN {reader.impossible(value)} THEN 1 ELSE 0 END)" if is_probability(name) else "0"
        if kind_wanted(name, reader.package) != NUMBER or column.kind != DECIMAL:
            items += [f"0 * COUNT({raw})", "0", wrong]
            continue
        double = f"CAST({raw} AS {'DOUBLE PRECISION' if d.key == 'postgres' else 'DOUBLE'})"
        items.append(f"SUM(CASE WHEN {forms.is_nan.format(x=double)} THEN 1 ELSE 0 END)")
        items.append(f"SUM(CASE WHEN {reader.finite(value)} THEN 0 WHEN {value} IS NULL THEN 0 ELSE 1 END)")
        items.append(wrong)
    items += ["0"] * (3 * AT_ONCE - len(items))
    listed = ", ".join(f"CAST({text} AS {forms.whole}) AS c{k}" for k, text in enumerate(items))
    source = reader.engine.table([one.places[one.columns[names[0]].side]])
    return f"SELECT {place} AS partition_number, {d.string(names[0])} AS first_name, {listed} FROM {source} AS t"


def _tell(reader: Reader, one: Partition, rows: Sequence[Mapping[str, Any]], found: Looked) -> None:
    """Faults of a file, from its rows by period."""
    found.partitions.append(one)
    found.wrong[one.name] = set()
    found.periods[one.name] = set()
    for row in rows:
        period = "" if row["period"] is None else period_text(int(row["period"]))
        _tell_period(reader, one, one.name, period, row, found)


def _tell_table(reader: Reader, one: Partition, rows: Sequence[Mapping[str, Any]], found: Looked) -> None:
    """Faults of a table, a partition a month."""
    found.partitions.append(one)
    found.wrong[one.name] = set()
    found.periods[one.name] = set()
    for row in rows:
        period = "" if row["period"] is None else period_text(int(row["period"]))
        _tell_period(reader, one, f"{one.name} {period}".strip(), period, row, found)


def _tell_period(
    reader: Reader, one: Partition, shown: str, period: str, row: Mapping[str, Any], found: Looked
) -> None:
    n, key, time, future, package = (int(row[name] or 0) for name in ("rows", "key", "time", "future", "package"))
    found.rows[shown, period] += n
    logged = PREDICTIONS in one.places
    wrong = found.wrong[one.name]

    def tell(count: int, gone: int, code: str, message: str, remedy: str, left: str | None = None) -> None:
        if count:
            found.faults.append(PartitionFault(shown, period, code, message, count, gone, remedy))
            if left is not None:
                wrong.add(left)

    if logged:
        tell(key, 0, "erased", "the applicant is erased from these rows: no key, no inputs", "none is needed")
    else:
        tell(key, key, "key_missing", "rows without a key", "give each row the key of its applicant", "key")
    tell(time, time, "time_missing", "rows without a moment", "write the moment of the decision", "time")
    message = f"rows with a moment after now ({reader.now:%Y-%m-%d %H:%M} UTC)"
    tell(future, future, "time_in_future", message, "check the clock and the time zone", "time")
    head = reader.package.manifest["model"]
    message = f"rows of another package than {head['id']} {head['version']} ({reader.package.package_hash[:16]})"
    remedy = "monitor each package by itself"
    tell(package, package, "other_package", message, remedy, "package")
    if n > time + future:
        found.periods[one.name].add(period)
    first, last = found.span.get(shown, (row["first"], row["last"]))
    spans = [x for x in (first, last, row["first"], row["last"]) if x is not None]
    found.span[shown] = (min(spans), max(spans)) if spans else (None, None)


def _backwards(reader: Reader, one: Partition) -> int:
    """Steps back of the clock, in the order of the sequence."""
    side = one.columns[SEQUENCE].side
    moment = reader.read(one.columns[TIME], MOMENT)
    order = reader.read(one.columns[SEQUENCE], NUMBER)
    source = reader.engine.table([one.places[side]])
    inner = f"SELECT {moment} AS m, LAG({moment}) OVER (ORDER BY {order}) AS before FROM {source} AS t"
    return int(reader.engine.fetch(f"SELECT COUNT(*) FROM ({inner}) AS w WHERE m < before")[0][0])


def _tell_values(one: Partition, name: str, nan: int, far: int, impossible: int, found: Looked) -> None:
    column = one.columns[name].name
    shown = repr(column) if column == name else f"{column!r} ({name})"
    if nan:
        message = f"NaN in the column {shown}, counted as missing"
        found.faults.append(PartitionFault(one.name, "", "nan", message, nan, 0, "write null where nothing is known"))
    if far:
        found.infinite.add(name)
        message = f"infinite numbers in the column {shown}, which the package refuses: they are in the bin -1"
        found.faults.append(PartitionFault(one.name, "", "infinite", message, far, 0, "write null, or the number"))
    if impossible:
        message = f"numbers outside [0, 1] in the column {shown}, which are no probabilities: counted as missing"
        remedy = "export the probability, not a percentage or a score"
        found.faults.append(PartitionFault(one.name, "", "not_a_probability", message, impossible, 0, remedy))
