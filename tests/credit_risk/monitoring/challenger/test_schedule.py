"""Looks that a plan declares: the error over all of them by simulation, what is skipped, and what was not planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.monitoring.challenger.schedule import (
    ENDED,
    NOT_EVALUABLE,
    TAKEN,
    TO_COME,
    UNPLANNED,
    Schedule,
    months_from,
    scheduled,
)
from credit_risk.strategy.always_valid import ALWAYS_VALID
from credit_risk.strategy.spending import spending_boundaries

ERROR = 0.01
YEAR = months_from("2026-01", 1, 12)
Known = Mapping[str, tuple[float, float]]


def looking(known: Known) -> Callable[[str], dict[str, Any] | None]:
    """Looks at months by (difference, share of the information); others are not evaluable."""

    def look_at(month: str) -> dict[str, Any] | None:
        if month not in known:
            return None
        gap, share = known[month]
        return {"at": month, "difference": gap, "standard_error": ERROR / np.sqrt(share)}

    return look_at


def steady(gap: float = 0.0) -> Known:
    """A twelfth of the information each month."""
    return {month: (gap, (k + 1) / 12) for k, month in enumerate(YEAR)}


def by_status(table: pd.DataFrame) -> list[tuple[Any, Any, str]]:
    return [
        (None if pd.isna(look) else int(look), at, status)
        for look, at, status in table[["look", "at", "status"]].itertuples(index=False, name=None)
    ]


@pytest.mark.parametrize("spending", ["obrien_fleming", "pocock"])
def test_all_planned_looks_together_keep_the_error_and_looks_at_every_month_do_not(spending: str) -> None:
    """200,000 paths without a difference: planned looks reject 5 %, every month at 1.96 a fifth."""
    planned = (YEAR[2], YEAR[5], YEAR[8], YEAR[11])
    table = scheduled(Schedule(planned, spending=spending, planned_error=ERROR), YEAR, looking(steady())).table
    assert by_status(table) == [(k + 1, at, TAKEN) for k, at in enumerate(planned)]
    steps = np.random.default_rng(3).normal(size=(200_000, 12)) / np.sqrt(12)
    t = np.arange(1, 13) / 12
    z = np.cumsum(steps, axis=1) / np.sqrt(t)
    bounds = table["boundary"].to_numpy(float)
    assert np.any(np.abs(z[:, [2, 5, 8, 11]]) >= bounds, axis=1).mean() == pytest.approx(0.05, abs=0.002)
    assert np.any(np.abs(z) >= 1.96, axis=1).mean() > 0.18


def test_a_month_that_is_not_planned_is_told_and_decides_nothing() -> None:
    schedule = Schedule((YEAR[2], YEAR[5], YEAR[11]), planned_error=ERROR)
    found = scheduled(schedule, YEAR[:8], looking(steady(gap=0.09)))
    assert by_status(found.table)[-1] == (None, YEAR[7], UNPLANNED)
    told = found.table.iloc[-1]
    assert (bool(told["reached"]), told["favours"]) == (False, "neither")
    assert f"the next is to be taken: {YEAR[11]}" in told["reason"]
    assert found.test["at"].tolist() == [YEAR[2], YEAR[5]]
    calm = scheduled(schedule, YEAR[:8], looking({**steady(), YEAR[7]: (0.2, 8 / 12)}))
    assert not calm.test["reached"].any()
    assert calm.table.iloc[-1]["z"] > 10  # however great the difference is there


def test_a_look_that_is_not_evaluable_spends_nothing() -> None:
    known = {month: one for month, one in steady().items() if month != YEAR[2]}
    schedule = Schedule((YEAR[2], YEAR[5], YEAR[11]), planned_error=ERROR)
    table = scheduled(schedule, YEAR[:6], looking(known)).table
    assert by_status(table) == [(1, YEAR[2], NOT_EVALUABLE), (2, YEAR[5], TAKEN), (3, YEAR[11], TO_COME)]
    assert table.iloc[1]["boundary"] == pytest.approx(spending_boundaries([0.5], 0.05, "obrien_fleming").z[0])


def test_looks_by_information_are_taken_when_it_is_reached() -> None:
    schedule = Schedule(information=(0.25, 0.5, 0.75, 1.0), planned_error=ERROR)
    table = scheduled(schedule, YEAR[:6], looking(steady())).table
    assert by_status(table) == [(1, YEAR[2], TAKEN), (2, YEAR[5], TAKEN), (3, None, TO_COME), (4, None, TO_COME)]
    whole = spending_boundaries([0.25, 0.5, 0.75, 1.0], 0.05, "obrien_fleming")
    assert np.allclose(table["boundary"].astype(float), whole.z)
    jump = {YEAR[1]: (0.0, 0.1), YEAR[3]: (0.0, 0.6)}
    table = scheduled(schedule, YEAR[:4], looking(jump)).table
    assert by_status(table)[:2] == [(1, YEAR[3], ENDED), (2, YEAR[3], TAKEN)]
    assert "together with look 2" in table.iloc[0]["reason"]


def test_nothing_is_looked_at_after_the_information_is_complete() -> None:
    known = {YEAR[2]: (0.0, 0.5), YEAR[5]: (0.0, 1.2), YEAR[11]: (0.1, 2.0)}
    found = scheduled(Schedule((YEAR[2], YEAR[5], YEAR[11]), planned_error=ERROR), YEAR, looking(known))
    assert by_status(found.table)[-1] == (3, YEAR[11], ENDED)
    assert found.test["information"].tolist() == pytest.approx([0.5, 1.0])
    assert found.test.iloc[-1]["spent"] == pytest.approx(0.05)


def test_the_last_planned_look_spends_what_is_left() -> None:
    known = {YEAR[5]: (0.0, 0.3), YEAR[11]: (0.0, 0.7)}
    found = scheduled(Schedule((YEAR[5], YEAR[11]), planned_error=ERROR), YEAR, looking(known))
    assert found.test.iloc[-1]["spent"] == pytest.approx(0.05)


def test_what_may_be_looked_at_at_any_time_has_no_unplanned_look() -> None:
    found = scheduled(Schedule(spending=ALWAYS_VALID, planned_error=ERROR), YEAR[:5], looking(steady()))
    assert by_status(found.table) == [(k + 1, at, TAKEN) for k, at in enumerate(YEAR[:5])]
    empty = scheduled(Schedule(spending=ALWAYS_VALID), YEAR, looking({}))
    assert (len(empty.table), empty.taken) == (0, ())
