"""Maturity of the bad rate by months on book, and the performance window that it recommends, if any."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.sampling.history import History
from credit_risk.sampling.history_spec import MaturitySpec
from credit_risk.sampling.openings import Openings, openings

Floats = NDArray[np.float64]
MATURITY_COLUMNS = ("month_on_book", "at_risk", "bad", "bad_rate", "increment", "increment_share")
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
STILL = 0.5  # a rise of this share of the steepest has not slowed down
TOO_FEW = "no account has an event, or too few are at risk"


@dataclass(frozen=True, slots=True)
class Maturity:
    """`table` (`MATURITY_COLUMNS`), the recommended performance window in months or None (not reached), and why."""

    table: pd.DataFrame
    months: int | None
    reason: str


def bad_rate_maturity(history: History, spec: MaturitySpec | None = None) -> Maturity:
    """Cumulative bad rate of all accounts by months on book, censored at the end of observation, and the window.

    Product-limit estimator (Kaplan and Meier 1958, JASA 53, 457-481) with delayed entry (Klein and Moeschberger 2003,
    section 4.6): at month k, of the accounts opened at least k months before the end of observation, under observation
    by then and without an event before, those with an event at k. An account whose history ends stays at risk; one that
    is in default when the history begins is left out, for its event has no date. The table begins and ends where
    `spec.min_accounts` are at risk.

    The window is the first month k after the steepest rise from which the bad rate rises by less than `spec.share` of
    its value at k and by at most half the steepest rise, both over the next `spec.months` and over as many months on
    average until the curve ends. It is not reached where there is none, or where the curve without its last
    `spec.months` months has none or one more than `spec.months` away: then more months would move it.
    """
    spec = MaturitySpec() if spec is None else spec
    found = openings(history)
    if found.known:
        found = found.of(~((found.opening < history.first) & (found.event <= history.first)))
    rows = _curve(found, history.until, spec.min_accounts)
    rates = np.array([row[3] for row in rows])
    ahead = np.full(len(rates), np.nan)
    ahead[: max(len(rates) - spec.months, 0)] = rates[spec.months :] - rates[: -spec.months]
    share = np.divide(ahead, rates, out=np.full(len(rates), np.nan), where=rates > 0)
    table = pd.DataFrame(rows, columns=list(MATURITY_COLUMNS[:4]))
    table = table.assign(increment=ahead, increment_share=share)[list(MATURITY_COLUMNS)]
    return Maturity(table, *recommended_window(table["month_on_book"].to_numpy(np.int64), rates, spec))


def recommended_window(months: NDArray[np.int64], rates: Floats, spec: MaturitySpec) -> tuple[int | None, str]:
    """The window by the rule of `bad_rate_maturity`, None where it is not reached, and why.

    months (k,) on book, one after the other, and the cumulative bad rate at each.
    """
    rule = f"first month after the steepest rise from which the bad rate rises over {spec.months} months by less than "
    rule += f"{spec.share:g} of its value and by at most half the steepest rise, next and on average to the end"
    if len(rates) == 0 or rates[-1] == 0.0:
        return None, f"not reached: {TOO_FEW}"
    end = int(months[-1])
    whole = _first_flat(rates, spec)
    if whole is None:
        return None, f"not reached: the curve still rises at its end, month {end} ({rule})"
    window = int(months[whole])
    earlier = _first_flat(rates[: len(rates) - spec.months], spec)
    if earlier is None or abs(earlier - whole) > spec.months:
        other = "none" if earlier is None else f"month {int(months[earlier])}"
        told = f"the curve to month {end} gives month {window}, without its last {spec.months} months {other}"
        return None, f"not reached: {told}, so that later months may move it ({rule})"
    return window, f"{rule}; the curve ends at month {end}"


def _first_flat(rates: Floats, spec: MaturitySpec) -> int | None:
    """Place of the first month from which the curve is flat by the rule, or None."""
    last = len(rates) - 1
    if last < spec.months:
        return None
    ahead = rates[spec.months :] - rates[: -spec.months]
    steepest = int(np.argmax(ahead))
    for place in range(steepest + 1, last - spec.months + 1):
        average = (rates[last] - rates[place]) / (last - place) * spec.months
        rise = max(float(average), float(ahead[place]))
        if rise < spec.share * rates[place] and rise <= STILL * ahead[steepest]:
            return place
    return None


def _curve(found: Openings, until: int, least: int) -> list[tuple[int, int, int, float]]:
    """Month on book, accounts at risk, events and bad rate, from the first month with `least` at risk."""
    rows: list[tuple[int, int, int, float]] = []
    if len(found.count) == 0:
        return rows
    age, reach, entry = found.event - found.opening, until - found.opening, found.entry - found.opening
    survival = 1.0
    for k in range(int(reach.max()) + 1):
        here = (reach >= k) & (age >= k) & (entry <= k)
        at_risk = int(found.count[here].sum())
        if at_risk < least or at_risk == 0:
            if rows:
                break
            continue
        bad = int(found.count[here & (age == k)].sum())
        survival *= 1.0 - bad / at_risk
        rows.append((k, at_risk, bad, 1.0 - survival))
    return rows
