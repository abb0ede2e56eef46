"""Month by month: what booked accounts owed, how late they were, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk.datasets.accounts import NEVER, RUN_UP, Accounts, balance_after
from credit_risk.datasets.draws import Block, Floats, Integers, pick

STATES = ("performing", "arrears", "default", "probation", "written_off", "closed")
PROBATION_MONTHS = 3
# Months that a passing episode of arrears lasts: 1, 2 or 3, so that it stays below 90 days past due.
EPISODE_MONTHS = np.array([0.65, 0.25, 0.10])
BLOCK = 32_768


@dataclass(frozen=True, slots=True)
class History:
    """All (rows,), by account and then by month. row: position of the application; month counts from the first."""

    row: Integers
    month: Integers
    months_on_book: Integers
    days_past_due: Integers
    amount_past_due: Floats
    balance: Floats
    state: Integers
    cured: NDArray[np.bool_]
    written_off: NDArray[np.bool_]
    write_off_amount: Floats


def monthly_history(
    block: Block, accounts: Accounts, booked: NDArray[np.bool_], pd_true: Floats, months: int, observed_until: int
) -> list[History]:
    """Histories of the booked accounts over at most `months` on book, none later than month `observed_until`.

    A year on book brings with probability min(0.05 + PD/2, 0.6) one passing episode of arrears of 1 to 3 months.
    Returned in pieces, in order.
    """
    episodes = []
    for year in range(-(-months // 12)):
        strikes = block.own(f"episode/{year}/flag") < np.minimum(0.05 + 0.5 * pd_true, 0.6)
        begin = 12 * year + 1 + np.floor(10.0 * block.own(f"episode/{year}/month")).astype(np.int64)
        length = 1 + pick(block.own(f"episode/{year}/length"), EPISODE_MONTHS)
        episodes.append((np.where(strikes, begin, NEVER), length))
    day = 1 + np.floor(29.0 * block.own("due_day")).astype(np.int64)
    places = np.flatnonzero(booked)
    pieces = (places[first : first + BLOCK] for first in range(0, len(places), BLOCK))
    return [_piece(block, accounts, episodes, day, place, months, observed_until) for place in pieces]


def _piece(
    block: Block,
    accounts: Accounts,
    episodes: list[tuple[Integers, Integers]],
    day: Integers,
    place: Integers,
    months: int,
    observed_until: int,
) -> History:
    default, cure, write_off, closed = (
        getattr(accounts, name)[place, None] for name in ("default", "cure", "write_off", "closed")
    )
    start, day = block.month[place, None], day[place, None]
    month = np.arange(1, months + 1, dtype=np.int64)[None, :]
    kept = (month <= np.minimum(write_off, closed)) & (month <= observed_until - start)
    first_missed = default - RUN_UP
    in_path = (month >= first_missed) & (month < cure)
    missed = np.where(in_path, month - first_missed + 1, 0)
    for begin, length in episodes:
        begin, length = begin[place, None], length[place, None]
        since = month - begin + 1
        apart = (month < first_missed) | (begin >= cure + PROBATION_MONTHS)
        passing = (since >= 1) & (since <= length) & apart
        missed = np.where(passing, np.maximum(missed, since), missed)
    ends, gone = month == closed, month == write_off
    probation = (month >= cure) & (month < cure + PROBATION_MONTHS)
    missed = np.where(ends | probation, 0, missed)
    days = np.where(missed > 0, 30 * (missed - 1) + day, 0)
    owed = balance_after(
        accounts.amount[place, None], accounts.rate[place, None], accounts.term[place, None], month - missed
    )
    state = np.select([ends, gone, in_path & (month >= default), probation, missed > 0], [5, 4, 2, 3, 1], 0)
    past_due = np.minimum(missed * accounts.instalment[place, None], owed)
    cells = np.flatnonzero(kept)
    account = cells // months

    def of(table: NDArray[Any]) -> NDArray[Any]:
        return np.take(table.reshape(-1), cells)

    return History(
        row=place[account] + block.first,
        month=of(start + month),
        months_on_book=cells - account * months + 1,
        days_past_due=of(days),
        amount_past_due=np.round(of(np.where(gone, 0.0, past_due)), 2),
        balance=np.round(of(np.where(ends | gone, 0.0, owed)), 2),
        state=of(state),
        cured=of(month == cure),
        written_off=of(gone),
        write_off_amount=np.round(of(np.where(gone, owed, 0.0)), 2),
    )
