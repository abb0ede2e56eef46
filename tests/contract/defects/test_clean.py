"""The good packages that defects are made of: no finding above observation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.defects.defect import Good


@pytest.mark.parametrize("name", ["card", "plain", "trees", "weighted"])
def test_a_good_package_has_no_finding(name: str, good_of: Callable[[str], Good]) -> None:
    found = [(f["severity"], f["test"], f["statement"]) for f in good_of(name).findings]
    assert [one for one in found if one[0] != "observation"] == []
