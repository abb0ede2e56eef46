"""Rollback: to the version that the live one superseded, whose approval stands; to no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from credit_risk.inventory.contracts import FindingFacts, VersionFacts
from credit_risk.inventory.gates import rollback_missing
from tests.credit_risk.inventory.facts import AS_OF, AT, KEEPER, OTHER, version

TARGET = version("retired", superseded_by="2.0", expires="2027-11-20")
CURRENT = VersionFacts("cards", "2.0", "live", OTHER, OTHER)


def missing(
    target: VersionFacts, findings: tuple[FindingFacts, ...] = (), current: VersionFacts = CURRENT
) -> list[str]:
    found = rollback_missing(KEEPER.policy.spec, "1", target, current, findings, AS_OF)
    return [one.code for one in found]


def test_the_version_before_may_come_back() -> None:
    assert missing(TARGET) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"superseded_by": None}, "not_previous"),
        ({"superseded_by": "3.0"}, "not_previous"),
        ({"model": "loans"}, "other_model"),
        ({"package_hash": None}, "no_package"),
        ({"override": "F7"}, "overridden"),
        ({"expires": "2026-11-26"}, "approval_expired"),
        ({"sign_offs": ()}, "sign_off_void"),
        ({"package_hash": OTHER, "subject_hash": OTHER}, "sign_off_void"),
    ],
)
def test_what_keeps_it_from_coming_back_is_told(changes: dict[str, Any], code: str) -> None:
    assert code in missing(replace(TARGET, **changes))


def test_a_blocking_finding_on_it_blocks_and_one_on_the_live_version_does_not() -> None:
    one = FindingFacts("F1", "cards", "1.0", "high", "x", "open", AT)
    assert missing(TARGET, (one,)) == ["blocking_finding"]
    assert missing(TARGET, (replace(one, version="2.0"),)) == []
    assert missing(TARGET, (replace(one, status="closed"),)) == []
