"""Every seeded defect is found at the severity that the policy demands of its size, and README.md says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.defects.defect import TIMES, Defect, Good, seed
from tests.contract.defects.registry import DEFECTS
from tests.contract.defects.severity import at_least
from tests.contract.defects.told import lines, row, title

LEAST, GREATEST = 0.6, 1.5  # how far the size of a defect may be from what was asked for


def cases() -> list[object]:
    """A case a defect and size; the larger one of some is slow."""
    return [
        pytest.param(one, times, id=f"{one.name}-{times:g}", marks=[pytest.mark.slow] * slow)
        for one in DEFECTS
        for times in one.times
        for slow in [one.slow and times == TIMES[1]]
    ]


@pytest.mark.parametrize(("defect", "times"), cases())
def test_a_defect_is_found(defect: Defect, times: float, good_of: Callable[[str], Good], tmp_path: Path) -> None:
    caught = seed(defect, good_of(defect.base), tmp_path, times)
    assert caught.enough, f"{defect.wrong}: size {caught.times}, demanded {caught.demanded}, found {caught.new}"
    if defect.sized and caught.times is not None:
        assert times * LEAST <= caught.times <= times * GREATEST, "made larger or smaller than asked for"
    told, now = (text.split(" | ") for text in (lines()[title(defect, times)], row(defect, times, caught)))
    assert told[:6] == now[:6], "run python -m tests.contract.defects.told"
    assert at_least(str(caught.severity), told[6]), "less grave than README.md says"


def test_there_are_enough_defects() -> None:
    assert len(DEFECTS) >= 40
    assert len({one.name for one in DEFECTS}) == len(DEFECTS)
    assert sum(one.sized for one in DEFECTS) >= 10
    assert list(lines()) == [title(one, times) for one in DEFECTS for times in one.times]
