"""A judgement of the battery with its place in the battery's table, in one call."""

from __future__ import annotations

from collections.abc import Sequence

from validation.battery.cuts import Place, judge
from validation.battery.rows import NAN, absent
from validation.rebuild.workspace import Workspace


def verdict(
    space: Workspace,
    area: str,
    test: str,
    population: str,
    statistic: str,
    value: float,
    *,
    fail: str,
    statement: str,
    remedy: str,
    evidence: Sequence[str],
    review: str | None = None,
    below: bool = False,
    p_value: float = NAN,
    bounds: tuple[float, float] = (NAN, NAN),
) -> None:
    """Judge a value as `cuts.judge` does, as the test of an area on a population; bounds and p-value told beside it."""
    judge(
        space,
        f"battery: {test} ({population})",
        statistic,
        value,
        fail=fail,
        review=review,
        below=below,
        statement=statement,
        remedy=remedy,
        evidence=evidence,
        place=Place(area, test, population, p_value=p_value, lower=bounds[0], upper=bounds[1]),
    )


def not_evaluable(space: Workspace, area: str, test: str, population: str, reason: str) -> None:
    """Record a test that could not be run, and why."""
    absent(space.ledger, area, test, population, reason)
