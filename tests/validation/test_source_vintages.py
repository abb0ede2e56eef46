"""Vintages, the maturity curve and its window against counts made account by account."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from validation.rebuild.source.files import RawColumn, SourceTable
from validation.rebuild.source.history import History, read_history
from validation.rebuild.source.vintages import Openings, maturity, openings, vintages

OUTCOME: dict[str, Any] = {
    "history": {
        **dict.fromkeys(("date_format", "first_year", "materiality", "obligor", "past_due", "balance", "write_off")),
        **dict.fromkeys(("state", "month", "observed_until", "account")),
        "key": "account",
        "date": "month",
        "days_past_due": "days",
        "unlikely_to_pay": [],
        "states": {},
    },
    "definition": {"days_past_due": 60, "level": "facility", "contagion_share": None},
}
DATA: dict[str, Any] = {"key": "ID", "date": None, "columns": {}, "number_format": None}
SPEC = {"months": 3, "share": 0.2, "min_accounts": 10}


def column(values: list[Any], kind: str) -> RawColumn:
    levels = sorted(set(values))
    place = {level: number for number, level in enumerate(levels)}
    return RawColumn(levels, np.array([place[value] for value in values], dtype=np.int64), kind)


def of_columns(columns: dict[str, RawColumn]) -> SourceTable:
    rows = len(next(iter(columns.values())).codes)
    return SourceTable(name="t.csv", sha256="0" * 64, rows=rows, columns=columns)


def made(seed: int, until: str | None = None) -> tuple[History, list[tuple[int, int, int | None]]]:
    """A history of 200 accounts, and of each (in the history's order) its first, last and first bad month."""
    rng = np.random.default_rng(seed)
    rows, told = [], {}
    for account in range(200):
        first = int(rng.integers(0, 20))
        last = int(rng.integers(first, 30))
        bad = next((m for m in range(first, last + 1) if rng.random() < 0.02), None)
        told[f"a{account:03d}"] = (first, last, bad)
        rows += [(f"a{account:03d}", m, 60.0 if m == bad else 0.0) for m in range(first, last + 1)]
    texts = [f"{2015 + m // 12}-{m % 12 + 1:02d}" for _, m, _ in rows]
    columns = {
        "account": column([row[0] for row in rows], "text"),
        "month": column(texts, "text"),
        "days": column([row[2] for row in rows], "number"),
    }
    outcome = {**OUTCOME, "history": {**OUTCOME["history"], "observed_until": until}}
    history = read_history(of_columns(columns), outcome)
    return history, [told[name] for name in history.accounts]


@pytest.mark.parametrize(("seed", "until"), [(1, None), (2, "2017-12"), (3, "2017-01")])
def test_vintages_by_account(seed: int, until: str | None) -> None:
    history, told = made(seed, until)
    end = history.until - 2015 * 12
    plan = {"data": DATA, "outcome": OUTCOME}
    rows = list(vintages(history, openings(history, of_columns({"ID": column(["a000"], "text")}), plan)))
    assert len({row[0] for row in rows}) == 4  # half years: quarters would be seven
    seen: dict[str, int] = {}
    for cohort, k, opened, accounts, bad, rate, lower, upper, complete in rows:
        inside = [one for one in told if _cohort(one[0]) == cohort]
        there = [one for one in inside if one[0] + k <= end]
        events = [one for one in there if one[2] is not None and one[2] <= one[0] + k]
        assert (opened, accounts, bad, complete) == (len(inside), len(there), len(events), len(there) == len(inside))
        assert rate == pytest.approx(len(events) / len(there), abs=1e-15)
        assert lower <= rate <= upper
        seen[cohort] = opened
    assert sum(seen.values()) == len(told)


def _cohort(first: int) -> str:
    """The half year in which an account was opened."""
    year, half = 2015 + first // 12, first % 12 // 6
    return f"{year}-{6 * half + 1:02d} to {year}-{6 * half + 6:02d}"


@pytest.mark.parametrize(("seed", "until"), [(1, None), (2, "2017-12"), (3, "2017-01")])
def test_maturity_by_account(seed: int, until: str | None) -> None:
    history, told = made(seed, until)
    plan = {"data": DATA, "outcome": OUTCOME}
    curve = maturity(history, openings(history, of_columns({"ID": column(["a000"], "text")}), plan), SPEC)
    end, survival = history.until - 2015 * 12, 1.0
    lives = [(end - one[0], None if one[2] is None else one[2] - one[0]) for one in told]
    for k, at_risk, bad, rate in zip(curve.month, curve.at_risk, curve.bad, curve.rate, strict=True):
        here = [event for reach, event in lives if reach >= k and (event is None or event >= k)]
        events = sum(event == k for event in here)
        assert (at_risk, bad) == (len(here), events)
        survival *= 1 - events / len(here)
        assert rate == pytest.approx(1 - survival, abs=1e-12)
    after = sum(reach > curve.month[-1] and (e is None or e > curve.month[-1]) for reach, e in lives)
    assert after < SPEC["min_accounts"]


def test_late_entry() -> None:
    """An account that was opened before the history begins is at risk from there on, not before; in default: never."""
    history, _ = made(1)
    start = history.start
    found = Openings(
        np.array([start - 5] * 30 + [start] * 30 + [start - 3]),
        np.array([start] * 61),
        np.array([start + 2] * 3 + [10**9] * 57 + [start]),
        dated=True,
        facts={},
    )
    curve = maturity(history, found, {"months": 2, "share": 0.5, "min_accounts": 1})
    assert curve.at_risk[0] == 30
    assert curve.at_risk[5] == 60
    assert curve.bad.tolist()[7] == 3
    assert curve.rate[-1] == pytest.approx(3 / 60)
    assert curve.window == 7  # the first month from which it is flat


def test_a_curve_that_rises_to_its_end_has_no_window() -> None:
    history, _ = made(2)
    first = np.full(240, history.start)
    found = Openings(first, first, history.start + np.arange(240) % 30, dated=False, facts={})
    assert maturity(history, found, SPEC).window is None
    none = Openings(first, first, np.full(240, 10**9), dated=False, facts={})
    assert maturity(history, none, SPEC).window is None
    assert len(maturity(history, none, {**SPEC, "min_accounts": 999}).rate) == 0
