"""Evidence on the performance history held against our reading of it: facts, and moves between states of arrears."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.source.history import History
from validation.rebuild.source.made import Made
from validation.rebuild.workspace import Workspace

FACTS, ROLLS = "outcome.history", "outcome.roll_rates"
STATES = ("0", "1-29", "30-59", "60-89", "90-119", "120-149", "150+", "no exposure", "history ended")
CUTS = np.array([1, 30, 60, 90, 120, 150], dtype=np.float64)


def compare_history(space: Workspace, made: Made) -> None:
    """Compare facts of the history and the matrix of roll rates with our own."""
    history, table = made.history, made.history_table
    if history is None or table is None:
        return
    stated = {row["item"]: str(row["value"]) for row in space.package.rows_of(FACTS) or []}
    own = {
        "sha256": table.sha256,
        "rows": str(table.rows),
        "accounts": str(len(history.accounts)),
        "first month": history.month_text(history.start),
        "last month": history.month_text(history.end),
        "observed until": history.month_text(history.until),
        "months without exposure": str(int(np.count_nonzero(history.recorded & np.isnan(history.days)))),
        "accounts with an event at any time": str(int(np.count_nonzero(history.event.any(axis=1)))),
    }
    names = list(own)
    space.ledger.words(FACTS, "facts", [stated.get(name) for name in names], [own[name] for name in names], names)
    _compare_rolls(space, history)


def _compare_rolls(space: Workspace, history: History) -> None:
    """Accounts and shares of each move from one month to the next."""
    table = space.package.rows_of(ROLLS)
    if table is None:
        space.ledger.not_evaluable(ROLLS, "the package holds no such table")
        return
    counts = roll_counts(history)
    own = {(STATES[i], STATES[j]): int(counts[i, j]) for i, j in zip(*np.nonzero(counts), strict=True)}
    stated = {(row["from_state"], row["to_state"]): row for row in table}
    keys = sorted({*own, *stated})
    labels = [f"{one} to {two}" for one, two in keys]
    theirs: list[Any] = [stated[key]["accounts"] if key in stated else 0 for key in keys]
    space.ledger.numbers(ROLLS, "accounts", "rows", theirs, [own.get(key, 0) for key in keys], labels)
    both = [key for key in keys if key in own and key in stated]
    totals = {state: int(counts[place].sum()) for place, state in enumerate(STATES)}
    shares = [own[key] / totals[key[0]] for key in both]
    labels = [f"{one} to {two}" for one, two in both]
    space.ledger.numbers(ROLLS, "share", "share", [stated[key]["share"] for key in both], shares, labels)


def roll_counts(history: History) -> NDArray[np.int64]:
    """(9, 9) accounts that move from one of STATES to another in a month; the last month of observation moves nowhere.

    Where an account has no later record although observation goes on, its history has ended; one before a gap moves
    nowhere.
    """
    state = np.where(np.isnan(history.days), 7, np.searchsorted(CUTS, np.nan_to_num(history.days), side="right"))
    counts = np.zeros((len(STATES), len(STATES)), dtype=np.int64)
    both = history.recorded[:, :-1] & history.recorded[:, 1:]
    np.add.at(counts, (state[:, :-1][both], state[:, 1:][both]), 1)
    ended = history.last < history.until
    final = state[np.flatnonzero(ended), history.last[ended] - history.start]
    np.add.at(counts, (final, np.full(len(final), 8)), 1)
    return counts
