"""Outcomes beside decisions: one row a key, checked, and joined to the rows of a month where they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from credit_risk.monitoring.source.engine import FORMS, Engine, EngineError
from credit_risk.monitoring.source.faults import PartitionFault, fault_frame
from credit_risk.monitoring.source.mapping import BAD_DATE, KEY, OBSERVED, STATUS, OutcomesTable
from credit_risk.monitoring.source.relation import union
from credit_risk.monitoring.source.tables import EMPTY, TABLE, Column, Partition
from credit_risk.package import Package

NAMES = (BAD_DATE, OBSERVED, STATUS)
REPEATED_OUTCOMES, KEPT_OUTCOMES = "repeated_outcomes", "kept_outcomes"
AGAIN = "export the file again"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A SELECT of `k`, `bad_date`, `observed_until`, `status`, one row a key, and what was wrong with the others."""

    sql: str
    rows: int
    faults: pd.DataFrame
    has_status: bool


@dataclass(frozen=True, slots=True)
class _Reading:
    engine: Engine
    mapping: OutcomesTable
    today: date

    def select(self, one: Partition, where: str) -> str:
        """Rows of a partition."""
        d = self.engine.dialect
        items = [f"{self.column(one, KEY)} AS k"]
        for name in NAMES:
            given = self.column(one, name) if name in one.columns else f"CAST(NULL AS {d.text_type})"
            items.append(f"{given} AS {name}")
        return f"SELECT {', '.join(items)} FROM {self.engine.table([one.places[TABLE]])} AS t WHERE {where}"

    def column(self, one: Partition, name: str) -> str:
        """A text, or a day."""
        column: Column = one.columns[name]
        d = self.engine.dialect
        raw, is_day = d.quoted(column.name), name in (BAD_DATE, OBSERVED)
        if column.kind == EMPTY:
            return "CAST(NULL AS DATE)" if is_day else f"CAST(NULL AS {d.text_type})"
        if is_day:
            return f"CAST({FORMS[self.engine.name].moment(raw, column, None)} AS DATE)"
        return d.text.replace("{x}", raw)

    def conditions(self, one: Partition) -> dict[str, str]:
        """The condition of each fault, by its code."""
        key, bad, seen = (self.column(one, name) for name in (KEY, BAD_DATE, OBSERVED))
        return {
            "key_missing": f"{key} IS NULL",
            "observed_missing": f"{seen} IS NULL",
            "observed_in_future": f"{seen} > DATE '{self.today.isoformat()}'",
            "bad_after_observed": f"{bad} > {seen}",
        }


WORDS = {
    "key_missing": ("outcomes without a key", "give each the key of its decision"),
    "observed_missing": ("outcomes of which nobody knows to what day the account was looked at", "write the day"),
    "observed_in_future": ("outcomes that were observed after now", "check the clock"),
    "bad_after_observed": ("outcomes that became bad after the last day of observation", "write the true day"),
}


def read_outcomes(engine: Engine, mapping: OutcomesTable, package: Package, today: date) -> Outcomes:
    """Look at outcomes: rows with a fault are told and left out, of several rows of a key the latest counts.

    The latest has the greatest `observed_until`; of these, the least `bad_date`. Raises IntakeError where the mapping
    has faults or nothing can be read.
    """
    mapping.check()
    reading = _Reading(engine, mapping, today)
    partitions, faults = engine.partitions(mapping, package)
    selects, rows = [], 0
    for one in partitions:
        tests = reading.conditions(one)
        counted = ", ".join(f"SUM(CASE WHEN {test} THEN 1 ELSE 0 END)" for test in tests.values())
        read = ", ".join(f"COUNT({reading.column(one, name)})" for name in one.columns)
        try:
            source = f"{engine.table([one.places[TABLE]])} AS t"
            line = engine.fetch(f"SELECT COUNT(*), {counted}, {read} FROM {source}")[0]
        except EngineError as error:
            rest = one.rows or 0
            faults.append(PartitionFault(one.name, "", "damaged", f"is damaged: {error}", rest, rest, AGAIN))
            continue
        rows += int(line[0])
        faults += _told(one.name, dict(zip(tests, line[1:], strict=False)))
        good = " AND ".join(f"NOT COALESCE({test}, 1 = 0)" for test in tests.values())
        selects.append(reading.select(one, good))
    if not selects:
        d = engine.dialect
        nothing = [f"CAST(NULL AS {d.text_type}) AS k", *(f"CAST(NULL AS DATE) AS {n}" for n in (BAD_DATE, OBSERVED))]
        empty = f"SELECT {', '.join(nothing)}, CAST(NULL AS {d.text_type}) AS {STATUS} WHERE 1 = 0"
        return Outcomes(empty, 0, fault_frame(faults), False)
    sql, again = _latest(engine, selects, rows)
    faults += again
    left = sum(one.left_out for one in faults if one.code != "damaged")
    return Outcomes(sql, rows - left, fault_frame(faults), mapping.status is not None)


def _told(partition: str, counts: Mapping[str, Any]) -> list[PartitionFault]:
    return [
        PartitionFault(partition, "", code, WORDS[code][0], int(n), int(n), WORDS[code][1])
        for code, n in counts.items()
        if n
    ]


def _latest(engine: Engine, selects: Sequence[str], rows: int) -> tuple[str, list[PartitionFault]]:
    """One row a key."""
    whole = union(list(selects))
    if not engine.repeated(REPEATED_OUTCOMES, f"SELECT k FROM ({whole}) AS u", rows):
        return whole, []
    order = f"{OBSERVED} DESC, CASE WHEN {BAD_DATE} IS NULL THEN 1 ELSE 0 END, {BAD_DATE}, {STATUS}"
    among = f"SELECT * FROM ({whole}) AS u WHERE k IN (SELECT k FROM {REPEATED_OUTCOMES})"
    ranked = f"SELECT v.*, ROW_NUMBER() OVER (PARTITION BY k ORDER BY {order}) AS place FROM ({among}) AS v"
    engine.keep(KEPT_OUTCOMES, ranked)
    gone = int(engine.fetch(f"SELECT COUNT(*) FROM {KEPT_OUTCOMES} WHERE place > 1")[0][0])
    message = "earlier rows of keys that stand more than once: the one observed to the latest day counts"
    names = ", ".join(("k", *NAMES))
    once = f"SELECT {names} FROM ({whole}) AS u WHERE k NOT IN (SELECT k FROM {REPEATED_OUTCOMES})"
    sql = f"{once}\nUNION ALL\nSELECT {names} FROM {KEPT_OUTCOMES} WHERE place = 1"
    return sql, [PartitionFault("", "", "earlier_rows", message, gone, gone, "none is needed")]
