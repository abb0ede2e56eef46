"""Roll rates, vintages and the maturity of the bad rate, from checked performance history."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.intervals import wilson_interval
from credit_risk.sampling.history import History
from credit_risk.sampling.history_spec import MaturitySpec

Counts = NDArray[np.int64]
DAYS = (1, 30, 60, 90, 120, 150)
NO_EXPOSURE, ENDED = "no exposure", "history ended"
WIDTHS = (1, 3, 6, 12, 24, 60)
MOST_COHORTS = 6
ROLL_COLUMNS = ("from_state", "to_state", "accounts", "share")
VINTAGE_COLUMNS = (
    *("cohort", "month_on_book", "opened", "accounts", "bad", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    "complete",
)
MATURITY_COLUMNS = ("month_on_book", "at_risk", "bad", "bad_rate", "increment", "increment_share")
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
MATURITY_CHART = MappingProxyType(
    {
        "type": "line",
        "x": "month_on_book",
        "y": ["bad_rate"],
        "series": None,
        "x_title": "Months on book",
        "y_title": "Cumulative bad rate",
    }
)


@dataclass(frozen=True, slots=True)
class Maturity:
    """`table` (`MATURITY_COLUMNS`), the recommended performance window in months or None, and why."""

    table: pd.DataFrame
    months: int | None
    reason: str


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

    The opening of an account is its first month in the history. At month k the accounts are those opened at least k
    months before the end of observation (later ones are censored, never counted as good); the bads those with an event
    at month k or before. `complete` where no account of the cohort is censored. An account whose history ends stays
    among the accounts. `cohort_months` None: the fewest of 1, 3, 6, 12, … that leave at most 6 cohorts. Wilson bounds.
    """
    cube = _cube(history)
    width = cohort_width(history) if cohort_months is None else cohort_months
    rows: list[tuple[Any, ...]] = []
    cohort = cube.first // width if history.calendar else (cube.first - history.first) // width
    for number in np.unique(cohort):
        inside = cohort == number
        first, event, count = cube.first[inside], cube.event[inside], cube.count[inside]
        start = int(number) * width + (0 if history.calendar else history.first)
        name = _cohort_name(history, start, width)
        opened = int(count.sum())
        oldest = int(history.until - first.min())
        reached = np.array([int(count[first + k <= history.until].sum()) for k in range(oldest + 1)], dtype=np.int64)
        bad = [int(count[(first + k <= history.until) & (event - first <= k)].sum()) for k in range(oldest + 1)]
        lower, upper = wilson_interval(bad, reached, confidence)
        for k, (at, of) in enumerate(zip(bad, reached.tolist(), strict=True)):
            rows.append((name, k, opened, of, at, at / of, float(lower[k]), float(upper[k]), of == opened))
    return pd.DataFrame(rows, columns=list(VINTAGE_COLUMNS))


def cohort_width(history: History) -> int:
    """The fewest of 1, 3, 6, 12, … months that leave at most six cohorts."""
    first, last = history.rows_of("SELECT min(first), max(first) FROM accounts")[0]
    shift = 0 if history.calendar else history.first
    fits = [w for w in WIDTHS if (last - shift) // w - (first - shift) // w < MOST_COHORTS]
    return fits[0] if fits else WIDTHS[-1]


def bad_rate_maturity(history: History, spec: MaturitySpec | None = None) -> Maturity:
    """Cumulative bad rate of all accounts by months on book, censored at the end of observation, and the window.

    Product-limit estimator (Kaplan and Meier 1958, JASA 53, 457-481): at month k, of the accounts opened at least k
    months before the end of observation and without an event before, those with an event at k. An account whose
    history ends stays at risk. The window is the first month, after the steepest rise, from which the rate rises over
    the next `spec.months` by less than `spec.share` of its value at the last month with `spec.min_accounts` at risk.
    Before the steepest rise few accounts can have come so far in arrears.
    """
    spec = MaturitySpec() if spec is None else spec
    cube = _cube(history)
    age, reach = cube.event - cube.first, history.until - cube.first
    rows: list[tuple[int, int, int, float]] = []
    survival = 1.0
    for k in range(int(reach.max()) + 1):
        at_risk = int(cube.count[(reach >= k) & (age >= k)].sum())
        if at_risk < spec.min_accounts:
            break
        bad = int(cube.count[(reach >= k) & (age == k)].sum())
        survival *= 1.0 - bad / at_risk
        rows.append((k, at_risk, bad, 1.0 - survival))
    rates = np.array([row[3] for row in rows])
    final = float(rates[-1]) if len(rates) else 0.0
    later = np.append(rates[spec.months :], np.full(min(spec.months, len(rates)), np.nan))
    ahead = [None if np.isnan(rise) else float(rise) for rise in later - rates]
    shares = [None if rise is None or final == 0.0 else rise / final for rise in ahead]
    told = [(*row, rise, share) for row, rise, share in zip(rows, ahead, shares, strict=True)]
    table = pd.DataFrame(told, columns=list(MATURITY_COLUMNS))
    return Maturity(table, *_recommended(ahead, final, spec))


def _recommended(ahead: list[float | None], final: float, spec: MaturitySpec) -> tuple[int | None, str]:
    rule = "first month, after the steepest rise, from which the bad rate rises over the next "
    rule += f"{spec.months} months by less than {spec.share:g}"
    if final == 0.0:
        return None, "no account has an event, or too few are at risk"
    known = [rise for rise in ahead if rise is not None]
    steepest = known.index(max(known)) if known else 0
    for month, rise in enumerate(known):
        if month > steepest and rise < spec.share * final:
            return month, f"{rule} of its value at month {len(ahead) - 1}"
    return None, f"{rule} of its value at month {len(ahead) - 1}: there is none, the curve still rises at its end"


@dataclass(frozen=True, slots=True)
class _Cube:
    first: Counts
    event: Counts
    count: Counts


def _cube(history: History) -> _Cube:
    """Accounts by first month and month of the first event; no event is a month that is never reached."""
    rows = history.rows_of("SELECT first, first_event, count(*) FROM accounts GROUP BY 1, 2 ORDER BY 1, 2")
    never = 2**40
    events = [never if event is None else event for _, event, _ in rows]
    first, event, count = (np.array(c, np.int64) for c in ([r[0] for r in rows], events, [r[2] for r in rows]))
    return _Cube(first, event, count)


def _cohort_name(history: History, start: int, width: int) -> str:
    last = start + width - 1
    if min(last, history.last) <= start:
        return history.month_text(start)
    if history.calendar and width == 12:
        return str(start // 12)
    if history.calendar and width == 3:
        return f"{start // 12} Q{start % 12 // 3 + 1}"
    return f"{history.month_text(start)} to {history.month_text(min(last, history.last))}"
