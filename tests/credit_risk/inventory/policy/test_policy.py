"""The policy: the default holds, an edit at fault is told with file, line, key path and remedy, all at once."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from credit_risk.inventory.contracts import GATES
from credit_risk.inventory.gates.checks import CHECK_FUNCTIONS
from credit_risk.inventory.policy import catalogue, default_policy, read_policy
from credit_risk.inventory.policy.checks import FLOOR
from credit_risk.inventory.policy.read import PolicyError, policy_of

TEXT = resources.files("credit_risk.inventory.policy").joinpath("default_policy.yaml").read_text("utf-8")

CASES = [
    ("  version: \"1\"\n  date", "  date", "policy.version", "missing_key"),
    ('date: "2026-11-27"', 'date: "2026-02-30"', "policy.date", "policy"),
    ("tiering:\n", "tiering:\n  extra: 1\n", "tiering.extra", "unknown_key"),
    ("low: 0, medium: 100, high: 1000", "low: 0, medium: 100, high: 50", "tiering.exposure.begins.high", "policy"),
    ("low: 0, medium: 100", "low: 1, medium: 100", "tiering.exposure.begins.low", "policy"),
    ("begins: {low: 0, medium: 100, high: 1000}", "begins: {low: 0, high: 1000}",
     "tiering.exposure.begins.medium", "missing_key"),
    ("medium: 100,", 'medium: "100",', "tiering.exposure.begins.medium", "value"),
    ("medium: 100,", "medium: .nan,", "tiering.exposure.begins.medium", "value"),
    ("low: [marketing,", "low: [Fraud, marketing,", "tiering.purpose.low[0]", "policy"),
    ('medium: {high: "1", medium: "2", low: "3"}', 'medium: {high: "1", medium: "2", low: "9"}',
     "tiering.matrix.medium.low", "unknown"),
    ('high: {high: "1", medium: "1", low: "2"}', 'high: {high: "3", medium: "1", low: "2"}',
     "tiering.matrix.high.high", "policy"),
    ("raise_from: 5", "raise_from: 50", "tiering.complexity.raise_from", "policy"),
    ("points: {low: 0, medium: 1, high: 2}", "points: {low: 0, medium: 3, high: 2}",
     "tiering.complexity.points.high", "policy"),
    ("finding_days: {critical: 14, high: 30, medium: 90, low: 180}", "finding_days: {critical: 14, medium: 90}",
     "tiers.1.finding_days", "missing_key"),
    ("review_months: 36", "review_months: 6", "tiers.3.review_months", "policy"),
    ("monitoring: monthly", "monitoring: weekly", "tiers.1.monitoring", "value"),
    ("blocking: [critical, high]", "blocking: [critical]", "blocking", "floor"),
    ("- {check: described}", "- {check: descibed}", "gates.proposed.requires[0].check", "unknown"),
    ("- {document: model_card, tiers", "- {document: modelcard, tiers",
     "gates.developed.requires[8].document", "unknown"),
    ('parity, tiers: ["1"]}\n      - {document: dev', 'parity, tiers: ["7"]}\n      - {document: dev',
     "gates.developed.requires[6].tiers[0]", "unknown"),
    ("- {check: described}", "- {check: described, document: model_card}", "gates.proposed.requires[0]", "value"),
    ("- {check: described}", "- {check: described}\n      - {check: described}",
     "gates.proposed.requires[1]", "policy"),
    ("      - {approval: validator}\n", "", "gates.validated.requires", "floor"),
    ('      - {approval: approver, tiers: ["2", "3"]}\n', "", "gates.approved.requires", "floor"),
    ("accountable: owner, consulted: [developer, validator]", "accountable: nobody, consulted: [developer, validator]",
     "raci.proposed.accountable", "unknown"),
    ("validated: {responsible: [validator], accountable: validator",
     "validated: {responsible: [owner], accountable: owner", "raci.validated", "policy"),
    ("  review: {responsible: [owner, validator], accountable: owner, consulted: [user], informed: [approver]}\n", "",
     "raci.review", "missing_key"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "code"), CASES, ids=[f"{case[2]}-{case[3]}" for case in CASES])
def test_an_edit_at_fault_is_told_at_its_place(old: str, new: str, path: str, code: str, tmp_path: Path) -> None:
    assert TEXT.count(old) >= 1
    file = tmp_path / "policy.yaml"
    file.write_text(TEXT.replace(old, new, 1), "utf-8")
    with pytest.raises(PolicyError) as caught:
        read_policy(file)
    found = {(fault.path, fault.code) for fault in caught.value.faults}
    assert (path, code) in found
    assert all(fault.file == str(file) and fault.row is not None for fault in caught.value.faults)


def test_all_faults_are_told_at_once_in_the_order_of_the_lines() -> None:
    text = TEXT.replace("blocking: [critical, high]", "blocking: [high]").replace("raise_from: 5", "raise_from: 99")
    text = text.replace("days: 30", "days: 30\n  days: 31")
    with pytest.raises(PolicyError) as caught:
        policy_of(text.encode(), "p.yaml")
    told = [fault.path for fault in caught.value.faults]
    assert told == ["tiering.complexity.raise_from", "blocking", "override.days"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the policy is empty"),
        (b"- a\n", "the policy is a list, not a mapping"),
        (b"policy: &a {name: x}\n", "not part of a policy"),
        (b"policy: [\n", "not readable as YAML"),
        (b"\xff\xfe", "the policy is not UTF-8 text"),
    ],
)
def test_what_is_no_policy_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        policy_of(data, "p.yaml")


def test_a_policy_that_is_gone_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read") as caught:
        read_policy(tmp_path / "none.yaml")
    assert caught.value.faults[0].remedy is not None


def test_the_default_asks_of_a_stricter_tier_all_that_it_asks_of_a_milder() -> None:
    spec = default_policy().spec
    one, two, three = spec.tier_names()
    for gate in GATES:
        asked = {}
        for tier in (one, two, three):
            lines: dict[tuple[str | None, ...], int] = {}
            for line in spec.requirements(gate, tier):
                key = (line.check, line.document, line.approval)
                lines[key] = max(lines.get(key, 0), line.count)
            asked[tier] = lines
        for strict, mild in ((one, two), (two, three)):
            assert all(asked[strict].get(key, 0) >= count for key, count in asked[mild].items()), gate


def test_every_check_of_the_catalogue_is_made_and_no_other() -> None:
    assert set(catalogue.CHECKS) == set(CHECK_FUNCTIONS)
    assert {name for floor in FLOOR.values() for kind, name in floor if kind == "check"} <= set(catalogue.CHECKS)


def test_two_bytes_that_differ_are_two_policies() -> None:
    assert policy_of(TEXT.encode() + b"# x\n", "p").sha256 != default_policy().sha256
