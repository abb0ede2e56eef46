"""Counts, moments and rows of production by plain SQL, in whatever engine it lies."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.monitoring.frames import ALL, COUNT_COLUMNS, MOMENT_COLUMNS
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.source.classing_sql import ClassingSql, production_name
from credit_risk.monitoring.source.engine import EngineError
from credit_risk.monitoring.source.faults import PartitionFault, fault_frame
from credit_risk.monitoring.source.mapping import KEY, NUMBER, OTHER, PERIOD, SEGMENT, TIME, OutcomesTable, kind_wanted
from credit_risk.monitoring.source.outcomes import NAMES, Outcomes, read_outcomes
from credit_risk.monitoring.source.relation import Reader, period_text, union
from credit_risk.monitoring.source.tables import Chunk
from credit_risk.monitoring.variables import Variable

TOGETHER = 8
"""Variables that are counted in one statement."""
FARTHEST = 1e100
"""Numbers beyond it are in no mean and no variance, and count as missing there."""
NOTHING = "(missing)"
CELLS = 4096
MOST_VALUES = 1000
AFTER = "(o.bad_date IS NULL OR o.bad_date >= CAST(u.m AS DATE)) AND o.observed_until >= CAST(u.m AS DATE)"
EARLY = "outcomes that became bad, or were last looked at, before the decision"


@dataclass(frozen=True, slots=True)
class ValueCounts:
    """How often each value of a number stands in each period.

    frame: period, value, rows, ascending; missing values are in none. exact: every distinct value has its row; else
    `value` is the lower end of one of the cells of `width` that begin at `lower`, and the first and last cell hold all
    that lies beyond.
    """

    frame: pd.DataFrame
    exact: bool
    lower: float = math.nan
    width: float = math.nan


class CountSource(Protocol):
    """Production where it lies, after intake.

    periods: with counted rows, ascending; segments: names of the segment columns that can be counted by; faults:
    FAULT_COLUMNS; partitions: PARTITION_COLUMNS; left_out: variable or segment and why it is not counted.
    """

    name: str
    version: str
    periods: tuple[str, ...]
    segments: tuple[str, ...]
    variables: tuple[str, ...]
    quantities: tuple[str, ...]
    faults: pd.DataFrame
    partitions: pd.DataFrame
    left_out: Mapping[str, str]

    def counts(self, variables: Sequence[str] | None = None, segments: Sequence[str] = ()) -> pd.DataFrame:
        """COUNT_COLUMNS of variables of the reference (default: all that can be counted), and by segment columns."""
        ...

    def moments(self, quantities: Sequence[str] | None = None, segments: Sequence[str] = ()) -> pd.DataFrame:
        """MOMENT_COLUMNS of published numbers (`probability`) and numeric inputs (`input:INCOME`)."""
        ...

    def distinct(
        self, quantity: str, *, most: int = 10_000, grid: tuple[float, float, int] | None = None
    ) -> ValueCounts:
        """Distinct values of a number by period, where there are at most `most`; else cells of a grid."""
        ...

    def beyond(self, quantity: str, lower: float, upper: float, *, most: int = MOST_VALUES) -> pd.DataFrame:
        """period, value, rows of values of a number outside a range that more than one row has: the `most` commonest of
        each period, the least of those that are equally common."""
        ...

    def rows(self, period: str, columns: Sequence[str]) -> pa.Table:
        """Columns of production of one period, ordered by key; missing is null.

        `bad_date`, `observed_until` and `status` are those of outcomes, null where none is known.
        """
        ...

    def batches(
        self, period: str, columns: Sequence[str], *, ordered: bool = True, whole: bool = False
    ) -> Iterator[pa.Table]:
        """`rows`, some of them at a time, so that the memory does not grow with them; ordered: always in the same
        order, by key in each part of a month that the engine takes at once (whole: in the month), else as they come."""
        ...

    def add_outcomes(self, place: str, mapping: OutcomesTable) -> pd.DataFrame:
        """Outcomes that `rows` then gives beside decisions; FAULT_COLUMNS of what was wrong with them."""
        ...

    def close(self) -> None:
        """Give up connections and temporary files."""
        ...


class SqlSource:
    """CountSource over an engine that speaks SQL. Made by `open_production`. rows: counted, by period with any."""

    def __init__(
        self,
        reader: Reader,
        reference: Reference,
        chunks: Sequence[Chunk],
        *,
        rows: Mapping[str, int],
        infinite: Iterable[str],
        faults: pd.DataFrame,
        partitions: pd.DataFrame,
        left_out: Mapping[str, str],
    ):
        self._reader, self._reference, self._chunks = reader, reference, list(chunks)
        self._engine = reader.engine
        self.name, self.version = reader.engine.name, reader.engine.version
        self.periods, self.faults, self.partitions = tuple(sorted(rows)), faults, partitions
        self._rows = rows
        self._infinite = frozenset(infinite)
        self._classing = ClassingSql(reference, reader.engine.dialect)
        self.left_out = dict(left_out)
        self._outcomes: Outcomes | None = None
        there = {name for chunk in self._chunks for name in chunk.columns}
        self.segments = tuple(
            s for s in reader.mapping.segments if SEGMENT + s in there and f"segment {s}" not in left_out
        )
        self.variables = tuple(v.name for v in reference.variables if v.name not in left_out)
        self.columns = frozenset(there)
        self.pseudonymous = reader.mapping.pseudonymous
        self.quantities = tuple(sorted(name for name in there if self._is_quantity(name)))

    def __enter__(self) -> SqlSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up connections and temporary files."""
        self._engine.close()

    # --------------------------------------------------------------------------------------------------- counts
    def counts(self, variables: Sequence[str] | None = None, segments: Sequence[str] = ()) -> pd.DataFrame:
        """COUNT_COLUMNS. Raises IntakeError on unknown variables or segments, or where the engine fails."""
        chosen = self._chosen("variable", variables, self.variables)
        self._chosen("segment", segments, self.segments)
        statements: list[str] = []
        for chunk in self._chunks:
            by = [s for s in segments if SEGMENT + s in chunk.columns]
            for place, name in enumerate(chosen):
                variable = self._reference.variable(name)
                if self._can(variable, chunk):
                    statements += [self._counted(chunk, variable, place, s, k == 0) for k, s in enumerate(by or [None])]
        totals: dict[tuple[str, str, int, int], int] = defaultdict(int)
        for place, column, value, whole, number, bin_id, n in self._fetched(statements):
            segment = ALL if column is None else f"{column}={NOTHING if value is None else value}"
            period = period_text(int(number))
            if column is not None:
                totals[period, segment, int(place), int(bin_id)] += int(n)
            if whole:
                totals[period, ALL, int(place), int(bin_id)] += int(n)
        return self._count_frame(totals, chosen)

    def _count_frame(self, totals: Mapping[tuple[str, str, int, int], int], chosen: Sequence[str]) -> pd.DataFrame:
        order = sorted(totals, key=lambda key: (key[0], key[1] != ALL, *key[1:]))
        lines = [(p, s, chosen[place], bin_id, totals[p, s, place, bin_id]) for p, s, place, bin_id in order]
        return pd.DataFrame(lines, columns=COUNT_COLUMNS).astype({"bin": "int64", "rows": "int64"})

    def _counted(self, chunk: Chunk, variable: Variable, place: int, segment: str | None, whole: bool) -> str:
        """whole: of its rows are those of all summed, so that no segment takes a scan of its own."""
        d = self._engine.dialect
        items = {**self._classing.needed(variable), "g_period": PERIOD}
        keys = ["g_period"]
        told = f"CAST(NULL AS {d.text_type})"
        value = told
        if segment is not None:
            items["g_segment"] = SEGMENT + segment
            keys.append("g_segment")
            told, value = f"CAST({d.string(segment)} AS {d.text_type})", "g_segment"
        inner = self._classing.counted(variable, self._reader.select(chunk, items), keys, self._infinite)
        marks = f"{place} AS place, {told} AS segment_column, {value} AS segment_value, {int(whole)} AS whole"
        return f"SELECT {marks}, g_period, bin, n FROM (\n{inner}\n) AS q"

    def _can(self, variable: Variable, chunk: Chunk) -> bool:
        return {production_name(name) for name in variable.inputs} <= set(chunk.columns)

    # -------------------------------------------------------------------------------------------------- moments
    def moments(self, quantities: Sequence[str] | None = None, segments: Sequence[str] = ()) -> pd.DataFrame:
        """MOMENT_COLUMNS: `rows` have a value, `missing` have none (or one that is infinite or beyond 1e100)."""
        chosen = self._chosen("quantity", quantities, self.quantities)
        self._chosen("segment", segments, self.segments)
        found: dict[tuple[str, str, str], tuple[int, int, float, float]] = {}
        for chunk in self._chunks:
            for side in dict.fromkeys(column.side for column in chunk.columns.values()):
                here = [q for q in chosen if q in chunk.columns and chunk.columns[q].side == side]
                for segment in [None, *(s for s in segments if SEGMENT + s in chunk.columns)] if here else []:
                    for line in self._fetched([self._summed(chunk, here, segment)]):
                        self._merge(found, here, segment, line)
        lines = []
        for period, segment_name, quantity in sorted(found, key=lambda key: (key[0], key[1] != ALL, *key[1:])):
            n, missing, mean, squares = found[period, segment_name, quantity]
            variance = squares / (n - 1) if n > 1 else math.nan
            lines.append((period, segment_name, quantity, n, missing, mean if n else math.nan, variance))
        return pd.DataFrame(lines, columns=MOMENT_COLUMNS).astype({"rows": "int64", "missing": "int64"})

    def _summed(self, chunk: Chunk, quantities: Sequence[str], segment: str | None) -> str:
        d = self._engine.dialect
        far = d.literal(FARTHEST)
        items = {f"q{k}": name for k, name in enumerate(quantities)} | {"g_period": PERIOD}
        keys = ["g_period"]
        if segment is not None:
            items["g_segment"] = SEGMENT + segment
            keys.append("g_segment")
        parts = []
        for k in range(len(quantities)):
            x = f"CASE WHEN ABS(q{k}) <= {far} THEN q{k} END"
            parts.append(f"COUNT({x}), COUNT(*) - COUNT({x}), AVG({x}), VAR_SAMP({x})")
        value = "g_segment" if segment is not None else f"CAST(NULL AS {d.text_type})"
        inner = self._reader.select(chunk, items)
        return f"SELECT g_period, {value} AS v, {', '.join(parts)} FROM (\n{inner}\n) AS q GROUP BY {', '.join(keys)}"

    def _merge(
        self,
        found: dict[tuple[str, str, str], tuple[int, int, float, float]],
        quantities: Sequence[str],
        segment: str | None,
        line: Sequence[Any],
    ) -> None:
        """Sums about the mean of two parts (Chan, Golub, LeVeque 1979)."""
        period = period_text(int(line[0]))
        name = ALL if segment is None else f"{segment}={NOTHING if line[1] is None else line[1]}"
        for k, quantity in enumerate(quantities):
            n, missing, mean, variance = line[2 + 4 * k : 6 + 4 * k]
            m, absent = int(n), int(missing)
            average = float(mean) if m else 0.0
            squares = float(variance) * (m - 1) if m > 1 else 0.0
            before = found.get((period, name, quantity), (0, 0, 0.0, 0.0))
            total = before[0] + m
            gap = average - before[2]
            share = m / total if total else 0.0
            joined = before[3] + squares + gap * gap * before[0] * share
            found[period, name, quantity] = (total, before[1] + absent, before[2] + gap * share, joined)

    # --------------------------------------------------------------------------------------------------- values
    def distinct(
        self, quantity: str, *, most: int = 10_000, grid: tuple[float, float, int] | None = None
    ) -> ValueCounts:
        """grid: least value, greatest value and number of cells, where there are more than `most` distinct values.

        By default the range is that of development (of production, for what development has not), in 4,096 cells.
        """
        self._chosen("quantity", [quantity], self.quantities)
        parts = [
            self._reader.select(chunk, {"x": quantity, "p": PERIOD})
            for chunk in self._chunks
            if quantity in chunk.columns
        ]
        finite = f"SELECT p, x FROM (\n{union(parts)}\n) AS u WHERE {self._reader.finite('x')}"
        limit = f"SELECT COUNT(*) FROM (SELECT DISTINCT x FROM ({finite}) AS v LIMIT {most + 1}) AS w"
        if int(next(self._fetched([limit]))[0]) <= most:
            lines = self._fetched([f"SELECT p, x, COUNT(*) AS n FROM ({finite}) AS v GROUP BY p, x"])
            return ValueCounts(_value_frame((int(p), float(x), int(n)) for p, x, n in lines), exact=True)
        lower, upper, cells = grid if grid is not None else self._grid(quantity, finite)
        width = (upper - lower) / cells
        d = self._engine.dialect
        low, high, step = d.literal(lower), d.literal(upper), d.literal(width)
        cell = f"(x - {low}) / {step}"
        floor = d.floor.format(x=f"({cell})", whole=d.literal(2.0**52))
        placed = f"CASE WHEN x < {low} THEN -1.0 WHEN x >= {high} THEN {cells - 1}.0 ELSE {floor} END"
        number = f"CAST({placed} AS INTEGER)"
        lines = self._fetched([f"SELECT p, {number} AS c, COUNT(*) AS n FROM ({finite}) AS v GROUP BY p, {number}"])
        counted: dict[tuple[int, float], int] = defaultdict(int)
        for p, c, n in lines:
            counted[int(p), lower + min(max(int(c), 0), cells - 1) * width] += int(n)
        return ValueCounts(_value_frame((p, x, n) for (p, x), n in counted.items()), False, lower, width)

    def beyond(self, quantity: str, lower: float, upper: float, *, most: int = MOST_VALUES) -> pd.DataFrame:
        """period, value, rows of the values of a number below `lower` or above `upper` that more than one row has."""
        self._chosen("quantity", [quantity], self.quantities)
        parts = [
            self._reader.select(chunk, {"x": quantity, "p": PERIOD})
            for chunk in self._chunks
            if quantity in chunk.columns
        ]
        d = self._engine.dialect
        outside = f"(x < {d.literal(lower)} OR x > {d.literal(upper)}) AND {self._reader.finite('x')}"
        counted = f"SELECT p, x, COUNT(*) AS n FROM (\n{union(parts)}\n) AS u WHERE {outside} GROUP BY p, x"
        placed = f"SELECT p, x, n, ROW_NUMBER() OVER (PARTITION BY p ORDER BY n DESC, x) AS place FROM ({counted}) AS v"
        lines = self._fetched([f"SELECT p, x, n FROM ({placed} WHERE n > 1) AS w WHERE place <= {most}"])
        return _value_frame((int(p), float(x), int(n)) for p, x, n in lines)

    def _grid(self, quantity: str, finite: str) -> tuple[float, float, int]:
        known = self._reference.ranges.get(quantity)
        if known is None or known[0] == known[1]:
            least, greatest = next(self._fetched([f"SELECT MIN(x), MAX(x) FROM ({finite}) AS v"]))
            known = (float(least), float(greatest))
        return (*known, CELLS)

    # ----------------------------------------------------------------------------------------------------- rows
    def rows(self, period: str, columns: Sequence[str]) -> pa.Table:
        """Segments, challengers, inputs and columns that the plan names under their names (`REGION`,
        `challenger:boosting:score`, `input:AGE`, `column:AMOUNT`)."""
        asked = self._asked(period, columns)
        if asked is None:
            return pa.table({name: pa.array([], pa.string()) for name in columns})
        try:
            return self._shown(self._engine.arrow(asked), period, columns)
        except EngineError as error:
            raise _failed(self._engine.name, error) from error

    def batches(
        self, period: str, columns: Sequence[str], *, ordered: bool = True, whole: bool = False
    ) -> Iterator[pa.Table]:
        """`rows`, some of them at a time; ordered: by key within each part of a month that the engine takes at once
        (whole: within the month), else in whatever order the engine comes upon them."""
        heavy = ordered or self._joined(columns)
        same = ordered and "erased" not in set(self.faults["code"])  # rows of erased applicants have no key
        parts = self._engine.parts(self._rows.get(period, 0)) if heavy and not whole else []
        try:
            for part in parts or [""]:
                asked = self._asked(period, columns, ordered=ordered, part=part)
                for batch in self._engine.batches(asked, repeatable=same) if asked is not None else ():
                    if batch.num_rows:
                        yield self._shown(pa.Table.from_batches([batch]), period, columns)
        except EngineError as error:
            raise _failed(self._engine.name, error) from error

    def _joined(self, columns: Sequence[str]) -> bool:
        return self._outcomes is not None and any(name in NAMES for name in columns)

    def _asked(self, period: str, columns: Sequence[str], *, ordered: bool = True, part: str = "") -> str | None:
        """The statement for the rows of a period, or of a part of it; None where production holds none."""
        own = [name for name in columns if self._outcomes is None or name not in NAMES]
        named = {name: SEGMENT + name if name in self._reader.mapping.segments else name for name in own}
        there = {name for chunk in self._chunks for name in chunk.columns} | {PERIOD}
        faults = [Fault("there is no such column", "column", path=n) for n, one in named.items() if one not in there]
        if faults or not columns:
            raise IntakeError(faults or Fault("no column is asked for", "column"))
        chunks = [chunk for chunk in self._chunks if chunk.period in (None, period)]
        if not chunks:
            return None
        shown = [name for name, one in named.items() if one != PERIOD]
        items = {f"c{k}": named[name] for k, name in enumerate(shown)} | {"k": KEY}
        joined = self._joined(columns)
        items |= {"m": TIME} if joined else {}
        inner = union([self._part(chunk, items, part, period) for chunk in chunks])
        quoted = self._engine.dialect.quoted
        listed = [f"u.c{k} AS {quoted(name)}" for k, name in enumerate(shown)]
        source = f"(\n{inner}\n) AS u"
        if joined and self._outcomes is not None:
            source += f" LEFT JOIN (\n{_of_part(self._outcomes.sql, part)}\n) AS o ON u.k = o.k AND {AFTER}"
            listed += [f"o.{name} AS {quoted(name)}" for name in columns if name in NAMES]
        return f"SELECT {', '.join(listed) or 'u.k AS k'} FROM {source}{' ORDER BY u.k' if ordered else ''}"

    def _part(self, chunk: Chunk, items: Mapping[str, str], part: str, period: str | None = None) -> str:
        """The rows of a chunk that are of a part."""
        only = [] if not part else [part.replace("{k}", self._reader.expression(chunk, KEY))]
        return self._reader.select(chunk, items, period=period, only=only)

    def _shown(self, table: pa.Table, period: str, columns: Sequence[str]) -> pa.Table:
        if PERIOD in columns:
            table = table.append_column(PERIOD, pa.array([period] * table.num_rows, pa.string()))
        if TIME in columns:
            place = table.column_names.index(TIME)
            moments = table[TIME].cast(pa.timestamp("us")).cast(pa.timestamp("us", tz="UTC"))
            table = table.set_column(place, TIME, moments)
        return table.select(list(columns))

    def add_outcomes(self, place: str, mapping: OutcomesTable) -> pd.DataFrame:
        """place: where the same engine finds them. Outcomes before the decision (bad, or last observed) are left out.

        Raises IntakeError where the mapping has faults or nothing can be read.
        """
        reader = self._reader
        found = read_outcomes(self._engine.at(place), mapping, reader.package, reader.now.date())
        self._outcomes = replace(found, faults=pd.concat([found.faults, self._early(found)], ignore_index=True))
        return self._outcomes.faults

    def _early(self, found: Outcomes) -> pd.DataFrame:
        """FAULT_COLUMNS of outcomes before their decisions."""
        counted: dict[int, int] = defaultdict(int)
        parts = self._engine.parts(max(found.rows, sum(self._rows.values()))) or [""]
        for part in parts if self._chunks else ():
            inner = union([self._part(chunk, {"k": KEY, "m": TIME, "p": PERIOD}, part) for chunk in self._chunks])
            statement = (
                f"SELECT u.p, SUM(CASE WHEN {AFTER} THEN 0 ELSE 1 END) AS early FROM (\n{inner}\n) AS u"
                f" JOIN (\n{_of_part(found.sql, part)}\n) AS o ON u.k = o.k GROUP BY u.p"
            )
            for number, early in self._fetched([statement]):
                counted[int(number)] += int(early)
        faults = [
            PartitionFault("", period_text(p), "outcome_before_decision", EARLY, n, n, "check the keys")
            for p, n in sorted(counted.items())
            if n
        ]
        return fault_frame(faults)

    # --------------------------------------------------------------------------------------------------- helpers
    def _chosen(self, what: str, asked: Sequence[str] | None, known: Sequence[str]) -> list[str]:
        if asked is None:
            return list(known)
        told = {name.removeprefix("segment "): reason for name, reason in self.left_out.items()}
        faults = [
            Fault(f"there is no such {what}, or it is left out", what, path=name, found=told.get(name))
            for name in asked
            if name not in known
        ]
        if faults:
            raise IntakeError(faults)
        return list(dict.fromkeys(asked))

    def _is_quantity(self, name: str) -> bool:
        outside = name.startswith(("_", SEGMENT, OTHER)) or name == "decision"
        return not outside and kind_wanted(name, self._reader.package) == NUMBER

    def _fetched(self, statements: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        for start in range(0, len(statements), TOGETHER):
            try:
                yield from self._engine.fetch(union(statements[start : start + TOGETHER]))
            except EngineError as error:
                raise _failed(self._engine.name, error) from error


def _of_part(sql: str, part: str) -> str:
    """Rows of a SELECT with a key `k` that are of a part."""
    return sql if not part else f"SELECT * FROM (\n{sql}\n) AS w WHERE {part.replace('{k}', 'w.k')}"


def _value_frame(lines: Iterable[tuple[int, float, int]]) -> pd.DataFrame:
    ordered = sorted(lines)
    return pd.DataFrame(
        {
            "period": [period_text(p) for p, _, _ in ordered],
            "value": [x for _, x, _ in ordered],
            "rows": pd.array([n for _, _, n in ordered], dtype="int64").to_numpy(),
        }
    )


def _failed(engine: str, error: EngineError) -> IntakeError:
    remedy = "open production again: partitions that are damaged are then left out"
    return IntakeError(Fault("the engine cannot count it", "engine", engine, found=str(error), remedy=remedy))
