"""When accounts were opened: month 0 of vintages and of the maturity curve.

Where the rows have a date (`data.date`, of application or decision), that is it; otherwise it is the account's first
month in the history. An account opened before the history begins is observed from there on (delayed entry): what
happened to it before is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from credit_risk.sampling.history import History

Counts = NDArray[np.int64]
NEVER = 2**40


@dataclass(frozen=True, slots=True)
class Openings:
    """Groups of accounts, each (g,): month of `opening`, first month observed `entry`, month of the first `event`

    (NEVER: none), `count` of accounts. `known`: whether openings are dates, not first months.
    """

    opening: Counts
    entry: Counts
    event: Counts
    count: Counts
    known: bool

    def of(self, kept: NDArray[np.bool_]) -> Openings:
        """The groups of `kept` (g,)."""
        return Openings(self.opening[kept], self.entry[kept], self.event[kept], self.count[kept], self.known)


def date_openings(history: History, accounts: Sequence[object], months: Sequence[int | None]) -> dict[str, str | int]:
    """Give the accounts of `history` their month of opening, one for each row (n,); None where it has no date.

    The earliest of an account's rows counts; an account with a record before it was opened then. Returns what is told
    of it, by item of `outcome.history`.
    """
    kind = pa.int64() if history.integer_key else pa.string()
    given = pa.table(
        {
            "account": pa.array([None if a is None else a for a in accounts], kind),
            "month": pa.array([None if m is None else int(m) for m in months], pa.int64()),
        }
    )
    connection = history.connection
    connection.register("given_openings", given)
    connection.execute(
        """CREATE OR REPLACE TABLE openings AS
        SELECT a.key, least(min(g.month), min(a.first)) AS opening, min(g.month) > min(a.first) AS later,
            count(DISTINCT g.month) > 1 AS several
        FROM given_openings g JOIN accounts a ON a.key = g.account WHERE g.month IS NOT NULL GROUP BY a.key"""
    )
    connection.unregister("given_openings")
    dated, early, later, several = history.rows_of(
        f"""SELECT count(*), count(*) FILTER (opening < {history.first}), count(*) FILTER (later),
            count(*) FILTER (several) FROM openings"""
    )[0]
    items: dict[str, str | int] = {
        "accounts with a date of opening": dated,
        "accounts opened before the history begins": early,
    }
    if later:
        items["accounts with a record before their date, opened then"] = later
    if several:
        items["accounts whose rows have several dates, opened at the first"] = several
    return items


def openings(history: History) -> Openings:
    """Accounts by opening and first event; only those with a date where `date_openings` was told any."""
    (tables,) = history.rows_of("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'openings'")[0]
    known = bool(tables) and history.rows_of("SELECT count(*) FROM openings")[0][0] > 0
    source = "openings o JOIN accounts a USING (key)" if known else "accounts a"
    opening = "o.opening" if known else "a.first"
    rows = history.rows_of(f"SELECT {opening}, a.first_event, count(*) FROM {source} GROUP BY 1, 2 ORDER BY 1, 2")
    opened, count = (np.array([row[place] for row in rows], dtype=np.int64) for place in (0, 2))
    event = np.array([NEVER if row[1] is None else row[1] for row in rows], dtype=np.int64)
    return Openings(opened, np.maximum(opened, history.first), event, count, known)


def opening_note(history: History) -> str:
    """What month 0 is, in words."""
    if openings(history).known:
        return "month 0 is the month of opening (data.date); accounts without a date are left out"
    return (
        "the month of opening is an account's first month in the history; in the first month of the data some are older"
    )
