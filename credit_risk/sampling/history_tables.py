"""Roll rates and vintages, from checked performance history."""

from __future__ import annotations

from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.evaluation.intervals import wilson_interval
from credit_risk.sampling.history import History
from credit_risk.sampling.openings import Openings, openings

DAYS = (1, 30, 60, 90, 120, 150)
NO_EXPOSURE, ENDED = "no exposure", "history ended"
WIDTHS = (1, 3, 6, 12, 24, 60)
MOST_COHORTS = 6
ROLL_COLUMNS = ("from_state", "to_state", "accounts", "share")
VINTAGE_COLUMNS = (
    *("cohort", "month_on_book", "opened", "accounts", "bad", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    "complete",
)
VINTAGE_CHART = MappingProxyType(
    {
        "type": "line",
        "x": "month_on_book",
        "y": ["bad_rate"],
        "series": "cohort",
        "x_title": "Months on book",
        "y_title": "Cumulative bad rate",
    }
)


def state_names(days: tuple[int, ...] = DAYS) -> list[str]:
    """Names of the states of arrears that `days` cut: 0, 1-29, 30-59, …, 150+."""
    names = ["0" if days[0] == 1 else f"0-{days[0] - 1}"]
    names += [f"{low}-{high - 1}" for low, high in pairwise(days)]
    return [*names, f"{days[-1]}+"]


def roll_rate_matrix(history: History, *, months: int = 1, days: tuple[int, ...] = DAYS) -> pd.DataFrame:
    """Moves between states of arrears over `months`, `ROLL_COLUMNS`; shares add up to one for each `from_state`.

    States are cut at `days`; `no exposure` where the history says so; `history ended` where an account has no later
    record although observation goes on. An account in its last month of observation, or before a gap that was
    accepted, moves nowhere and is not counted.
    """
    names = state_names(days)
    cases = " ".join(f"WHEN days < {cut} THEN {index}" for index, cut in enumerate(days))
    state = f"CASE WHEN days IS NULL THEN {len(names)} {cases} ELSE {len(days)} END"
    if months == 1:
        moved = "lead(state) OVER account AS next, lead(month) OVER account AS later"
        kept = "later = month + 1 OR (later IS NULL AND month < "
    else:  # by month and not by row, since gaps may have been accepted
        exactly = f"RANGE BETWEEN {months} FOLLOWING AND {months} FOLLOWING"
        moved = f"max(state) OVER (account {exactly}) AS next, max(month) OVER (PARTITION BY key) - month AS later"
        kept = f"next IS NOT NULL OR (later < {months} AND month + {months - 1} < "
    query = f"""
    WITH states AS (SELECT key, month, {state} AS state FROM months),
    moves AS (SELECT month, state, {moved} FROM states WINDOW account AS (PARTITION BY key ORDER BY month))
    SELECT state, coalesce(next, {len(names) + 1}), count(*) FROM moves
    WHERE {kept}{history.until}) GROUP BY 1, 2 ORDER BY 1, 2"""
    rows = history.rows_of(query)
    labels = [*names, NO_EXPOSURE, ENDED]
    totals: dict[int, int] = {}
    for origin, _, count in rows:
        totals[origin] = totals.get(origin, 0) + count
    told = [(labels[origin], labels[goal], count, count / totals[origin]) for origin, goal, count in rows]
    return pd.DataFrame(told, columns=list(ROLL_COLUMNS))


def vintage_curves(history: History, *, cohort_months: int | None = None, confidence: float = 0.95) -> pd.DataFrame:
    """Cumulative bad rate by months on book for each cohort of opening, `VINTAGE_COLUMNS`.

    An account is opened in the month of `date_openings`, else in its first month of the history. At month k the
    accounts are those opened at least k months before the end of observation (later ones are censored, never counted as
    good); the bads those with an event at month k or before. `complete` where no account of the cohort is censored. An
    account whose history ends stays among the accounts; accounts opened before the history begins, whose first months
    are not known, are left out. `cohort_months` None: the fewest of 1, 3, 6, 12, … that leave at most 6 cohorts. Wilson
    bounds.
    """
    found = _from_the_start(history)
    width = cohort_width(history) if cohort_months is None else cohort_months
    rows: list[tuple[Any, ...]] = []
    cohort = found.opening // width if history.calendar else (found.opening - history.first) // width
    for number in np.unique(cohort):
        inside = found.of(cohort == number)
        opening, count, age = inside.opening, inside.count, inside.event - inside.opening
        start = int(number) * width + (0 if history.calendar else history.first)
        name = _cohort_name(history, start, width)
        opened, oldest = int(count.sum()), int(history.until - opening.min())
        reached = np.array([int(count[opening + k <= history.until].sum()) for k in range(oldest + 1)], dtype=np.int64)
        bad = [int(count[(opening + k <= history.until) & (age <= k)].sum()) for k in range(oldest + 1)]
        lower, upper = wilson_interval(bad, reached, confidence)
        for k, (at, of) in enumerate(zip(bad, reached.tolist(), strict=True)):
            rows.append((name, k, opened, of, at, at / of, float(lower[k]), float(upper[k]), of == opened))
    return pd.DataFrame(rows, columns=list(VINTAGE_COLUMNS))


def cohort_width(history: History) -> int:
    """The fewest of 1, 3, 6, 12, … months that leave at most six cohorts."""
    opening = _from_the_start(history).opening
    if len(opening) == 0:
        return WIDTHS[0]
    first, last = int(opening.min()), int(opening.max())
    shift = 0 if history.calendar else history.first
    fits = [w for w in WIDTHS if (last - shift) // w - (first - shift) // w < MOST_COHORTS]
    return fits[0] if fits else WIDTHS[-1]


def _from_the_start(history: History) -> Openings:
    """Accounts that the history holds from their opening on."""
    found = openings(history)
    return found.of(found.opening >= history.first)


def _cohort_name(history: History, start: int, width: int) -> str:
    last = start + width - 1
    if min(last, history.last) <= start:
        return history.month_text(start)
    if history.calendar and width == 12:
        return str(start // 12)
    if history.calendar and width == 3:
        return f"{start // 12} Q{start % 12 // 3 + 1}"
    return f"{history.month_text(start)} to {history.month_text(min(last, history.last))}"
