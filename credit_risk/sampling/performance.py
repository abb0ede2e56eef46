"""The outcome of each row from performance history: bad, good, indeterminate or excluded, always with its reason.

With observation month t and a window of W months, the months t + 1 to t + W count. A row that is in default at t, or
in probation after one, is excluded, and so is a row whose window ends after the last month of observation: early bads
of an immature window would count without the goods beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from credit_risk.sampling.history import History
from credit_risk.sampling.history_spec import DefinitionSpec, WindowsSpec

GOOD, BAD, INDETERMINATE, EXCLUDED = "good", "bad", "indeterminate", "excluded"
OUTCOME_COLUMNS = (
    *("row", "account", "observation_month", "outcome", "reason", "months_to_bad", "worst_days_past_due"),
    "months_observed",
)
NO_HISTORY = "no performance history"
NOT_YET = "observation point before the account's history"
TOO_LATE = "observation point after the account's history"
IMMATURE = "the performance window ends after the last month of observation"
SHORT = "history before the observation point shorter than the observation window"
IN_DEFAULT = "in default or probation at the observation point"
UNOBSERVED = "no month of the performance window observed"
EARLY = "history ends before the performance window without an event"


def performance_outcome(
    history: History, definition: DefinitionSpec, windows: WindowsSpec, points: pd.DataFrame | None = None
) -> pd.DataFrame:
    """One row an observation, `OUTCOME_COLUMNS`; `definition` is the one that `history` was read with.

    points: columns `account` (whole numbers where the history's keys are, else text; None: not known) and
    `observation_month` (whole number as in `history`; None: the account's first month). Without points, every
    account at its first month. `account` is the cluster of rows that repeat it at several observation points.
    `months_to_bad` counts months from the observation point to the first event in the window.
    """
    _register(history, points)
    window, probation = windows.performance_months, definition.cure.months if definition.cure else 1
    listed = windows.observation_points is not None or windows.rolling is not None
    behavioural = listed or windows.observation_months > 0
    end = f"least(p.t + {window}, p.last)"
    inside = f"m.month > p.t AND m.month <= p.t + {window}"
    history.connection.execute(
        """CREATE OR REPLACE TEMP TABLE placed AS
        SELECT g.row, g.account, coalesce(g.observation_month, a.first) AS t, a.first, a.last
        FROM points g LEFT JOIN accounts a ON a.key = g.account"""
    )
    query = f"""
    WITH seen AS (
        SELECT p.row, count(*) FILTER ({inside}) AS months, max(m.days) FILTER ({inside}) AS worst,
            min(m.month - p.t) FILTER ({inside} AND m.event) AS to_bad,
            coalesce(bool_or(m.event) FILTER (m.month <= p.t AND m.month > p.t - {probation}), FALSE) AS before,
            coalesce(bool_or(m.event) FILTER (m.month <= {end} AND m.month > {end} - {probation}), FALSE) AS at_end
        FROM placed p JOIN months m ON m.key = p.account GROUP BY p.row)
    SELECT p.row, p.account, p.t, {_outcome_sql(history, definition, windows, behavioural)} AS told,
        s.to_bad, s.worst, coalesce(s.months, 0) AS months
    FROM placed p LEFT JOIN seen s USING (row) ORDER BY p.row"""
    table = history.connection.sql(query).to_arrow_table()
    told = table.column("told").to_pylist()
    frame = pd.DataFrame(
        {
            "row": table.column("row").to_pylist(),
            "account": pd.Series(table.column("account").to_pylist(), dtype="object"),
            "observation_month": pd.array(table.column("t").to_pylist(), dtype="Int64"),
            "outcome": pd.Series([text.partition(":")[0] for text in told], dtype="object"),
            "reason": pd.Series([text.partition(":")[2] for text in told], dtype="object"),
        }
    )
    for name, column in (("months_to_bad", "to_bad"), ("worst_days_past_due", "worst"), ("months_observed", "months")):
        frame[name] = pd.array(table.column(column).to_pylist(), dtype="Int64")
    return frame[list(OUTCOME_COLUMNS)]


def _outcome_sql(history: History, definition: DefinitionSpec, windows: WindowsSpec, behavioural: bool) -> str:
    """`outcome:reason` of a row, in the order in which the rules are asked."""
    window, before = windows.performance_months, windows.observation_months
    ever = definition.ever
    bad = "s.to_bad IS NOT NULL" if ever else "s.at_end AND s.to_bad IS NOT NULL"
    when = "an event in the performance window" if ever else "in default at the end of the performance window"
    rules = [
        ("p.first IS NULL", f"{EXCLUDED}:{NO_HISTORY}"),
        ("p.t > p.last", f"{EXCLUDED}:{TOO_LATE}"),
        *([("p.t < p.first", f"{EXCLUDED}:{NOT_YET}")] if behavioural else []),
        (f"p.t + {window} > {history.until}", f"{EXCLUDED}:{IMMATURE}"),
        *([(f"p.t - p.first + 1 < {before}", f"{EXCLUDED}:{SHORT}")] if before else []),
        ("s.before", f"{EXCLUDED}:{IN_DEFAULT}"),
        (bad, f"{BAD}:{when}"),
    ]
    if definition.indeterminate is not None:
        days = definition.indeterminate.days_past_due
        rules.append((f"s.worst >= {days}", f"{INDETERMINATE}:{days} or more days past due, and not bad"))
    early = f"p.last < p.t + {window}"
    rules.append((early, f"{definition.ended_early}:{EARLY}"))
    rules.append(("s.months = 0", f"{EXCLUDED}:{UNOBSERVED}"))
    cases = " ".join(f"WHEN {condition} THEN '{told.replace(chr(39), chr(39) * 2)}'" for condition, told in rules)
    return f"CASE {cases} ELSE '{GOOD}:the whole performance window without a reason to be another' END"


def _register(history: History, points: pd.DataFrame | None) -> None:
    """Table `points`: row, account, observation_month."""
    import pyarrow as pa

    connection = history.connection
    if points is None:
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE points AS SELECT row_number() OVER (ORDER BY key) - 1 AS row,
               key AS account, CAST(NULL AS INTEGER) AS observation_month FROM accounts"""
        )
        return
    kind = pa.int64() if history.integer_key else pa.string()
    table = pa.table(
        {
            "row": pa.array(range(len(points)), pa.int64()),
            "account": pa.array([_plain(value) for value in points["account"]], kind),
            "observation_month": pa.array([_plain(value) for value in points["observation_month"]], pa.int32()),
        }
    )
    connection.register("given_points", table)
    connection.execute("CREATE OR REPLACE TEMP TABLE points AS SELECT * FROM given_points")
    connection.unregister("given_points")


def _plain(value: Any) -> Any:
    return None if value is None or value is pd.NA or value != value else value


def rolling_points(history: History, months: Sequence[int]) -> pd.DataFrame:
    """Points of a behavioural sample: every account at each of `months` at which it has a record.

    Columns `account` (the cluster of its rows) and `observation_month`, in this order.
    """
    wanted = ", ".join(f"({int(month)})" for month in dict.fromkeys(months))
    rows = history.rows_of(
        f"SELECT m.key, m.month FROM months m JOIN (VALUES {wanted}) w(month) ON m.month = w.month ORDER BY 1, 2"
    )
    accounts = pd.Series([row[0] for row in rows], dtype="int64" if history.integer_key else "object")
    return pd.DataFrame({"account": accounts, "observation_month": pd.Series([row[1] for row in rows], dtype="int64")})
