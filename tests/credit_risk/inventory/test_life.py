"""The life of a model from proposal to retirement, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk._core.errors import PackageError
from credit_risk.inventory import Inventory
from credit_risk.inventory.contracts import ModelFacts
from credit_risk.inventory.errors import FourEyesError, GateError, InventoryError
from tests.credit_risk.inventory.support import (
    FACTS,
    findings_file,
    live,
    signer,
    validated,
    write_annex,
    write_package,
)

ID = FACTS.id


def codes(error: pytest.ExceptionInfo[InventoryError]) -> list[str]:
    return [fault.code for fault in error.value.faults]


def test_from_proposal_to_retirement_with_a_rejected_validation(inventory: Inventory, tmp_path: Path) -> None:
    package = write_package(tmp_path / "p")
    proposed = inventory.propose(FACTS, "1.0", by="olga")
    assert (proposed.stage, proposed.package_hash) == ("proposed", None)
    inventory.models.tier(ID, by="olga")
    with pytest.raises(InventoryError) as error:
        inventory.submit(ID, "1.0", "developed", by=signer("olga"))
    assert codes(error) == ["no_package"]
    write_annex(package, "validation", {"findings.json": findings_file(package)})
    inventory.register_version(ID, "1.0", package, by=signer("dora"), developers=["dora", "david"])
    with pytest.raises(GateError) as gate:
        inventory.submit(ID, "1.0", "developed", by=signer("olga"))
    assert codes(gate) == ["sign_off"]
    assert inventory.approve(ID, "1.0", signer=signer("dora"), role="developer").passed
    raised = inventory.findings.import_validation(ID, "1.0", package, by="vera")
    assert inventory.findings.import_validation(ID, "1.0", package, by="vera") == ()
    assert [(one.severity, one.due) for one in raised] == [("high", "2026-12-27")]
    inventory.versions.assign(ID, "1.0", "vera", "validator", by=signer("olga"))
    inventory.reject(ID, "1.0", signer=signer("vera"), role="validator", comment="Calibration is off")
    with pytest.raises(GateError) as gate:
        inventory.submit(ID, "1.0", "validated", by=signer("olga"))
    assert codes(gate) == ["rejected", "sign_off"]

    # Another package: what was signed over the first is void, and the version begins anew.
    again = write_package(tmp_path / "q", content="two")
    facts = inventory.register_version(ID, "1.0", again, by=signer("dora"))
    assert facts.stage == "proposed"
    assert {one.void for one in facts.sign_offs} == {"the package was changed"}
    assert inventory.approve(ID, "1.0", signer=signer("david"), role="developer").passed
    assert inventory.approve(ID, "1.0", signer=signer("vera"), role="validator").passed
    inventory.versions.assign(ID, "1.0", "anton", "approver", by=signer("olga"))
    blocked = inventory.approve(
        ID, "1.0", signer=signer("anton"), role="approver", conditions=["Watch the calibration monthly"]
    )
    assert [one.code for one in blocked.missing] == ["finding"]
    name = raised[0].id
    with pytest.raises(InventoryError) as error:
        inventory.findings.close(name, "done", by=signer("vera"))
    assert codes(error) == ["finding_state"]
    inventory.findings.respond(name, "Calibrated on the newest year", by="dora")
    with pytest.raises(FourEyesError):
        inventory.findings.retest(name, True, "looks good to me", by=signer("dora"))
    assert inventory.findings.retest(name, False, "Still off", by=signer("vera")).status == "open"
    inventory.findings.respond(name, "Calibrated on two years", by="dora")
    inventory.findings.retest(name, True, "Within tolerance", by=signer("vera"))
    assert inventory.findings.close(name, "Done", by=signer("vera")).status == "closed"
    assert [step["step"] for step in inventory.findings.steps(name)] == [
        *("raised", "responded", "retested", "responded", "retested", "closed"),
    ]
    inventory.submit(ID, "1.0", "approved", by=signer("olga"))
    inventory.submit(ID, "1.0", "live", by=signer("olga"))
    facts = inventory.versions.get(ID, "1.0")
    assert (facts.stage, facts.expires) == ("live", "2027-11-27")
    assert [one.text for one in facts.provisions] == ["Watch the calibration monthly"]
    model = inventory.models.get(ID)
    assert (model.stage, model.live_version, model.dates) == ("live", "1.0", {"review": "2027-05-27"})
    assert [one.model for one in inventory.models.overdue("2027-05-28", "review")] == [ID]
    assert inventory.models.overdue("2027-05-27") == ()
    inventory.restrict(ID, "1.0", "Not for self-employed applicants", by=signer("olga"))
    assert inventory.models.get(ID).stage == "restricted"
    inventory.submit(ID, "1.0", "live", by=signer("olga"))
    inventory.retire(ID, "1.0", by=signer("olga"))
    assert inventory.versions.get(ID, "1.0").stage == "retired"
    with pytest.raises(InventoryError) as error:
        inventory.submit(ID, "1.0", "live", by=signer("olga"))
    assert codes(error) == ["transition"]
    assert inventory.trail.verify(packages={(ID, "1.0"): again}).faults == ()


def test_a_new_version_supersedes_and_a_rollback_is_one_event(inventory: Inventory, tmp_path: Path) -> None:
    live(inventory, write_package(tmp_path / "1"))
    live(inventory, write_package(tmp_path / "2", version="2.0", content="two"), "2.0", new=False)
    one = inventory.versions.get(ID, "1.0")
    assert (one.stage, one.superseded_by) == ("retired", "2.0")
    before = inventory.trail.head().sequence
    back = inventory.rollback(ID, "2.0 declines everybody", by=signer("olga"))
    assert inventory.trail.head().sequence == before + 1
    assert (back.version, back.stage) == ("1.0", "live")
    assert inventory.versions.get(ID, "2.0").stage == "retired"
    assert inventory.models.get(ID).live_version == "1.0"
    with pytest.raises(InventoryError) as error:
        inventory.rollback(ID, "again", by=signer("olga"))
    assert codes(error) == ["no_previous"]
    assert inventory.trail.verify().faults == ()


def test_an_override_is_signed_and_raises_a_finding(inventory: Inventory, tmp_path: Path) -> None:
    inventory.propose(FACTS, "1.0", by="olga")
    inventory.register_version(ID, "1.0", write_package(tmp_path / "p"), by=signer("dora"), developers=["dora"])
    with pytest.raises(FourEyesError):
        inventory.override(ID, "1.0", "live", "the old system is down", signer=signer("dora"))
    finding = inventory.override(ID, "1.0", "live", "the old system is down", signer=signer("olga"))
    facts = inventory.versions.get(ID, "1.0")
    assert (facts.stage, facts.override) == ("live", finding.id)
    assert (finding.severity, finding.source, finding.due) == ("high", "override", "2026-12-27")
    assert finding.statement is not None
    assert [line.split(":")[0] for line in finding.statement.splitlines()] == ["developed", "validated", "approved"]
    assert [one.id for one in inventory.findings.overdue("2026-12-28")] == [finding.id]
    assert inventory.findings.overdue("2026-12-27") == ()
    assert inventory.trail.verify().faults == ()


def test_a_changed_annex_voids_what_bound_it(inventory: Inventory, tmp_path: Path) -> None:
    package = write_package(tmp_path / "p")
    inventory.propose(FACTS, "1.0", by="olga")
    inventory.register_version(ID, "1.0", package, by=signer("dora"), developers=["dora"])
    inventory.approve(ID, "1.0", signer=signer("dora"), role="developer")
    write_annex(package, "validation", {"findings.json": findings_file(package)})
    inventory.register_version(ID, "1.0", package, by=signer("dora"))  # an annex that is new takes nothing back
    inventory.versions.assign(ID, "1.0", "vera", "validator", by=signer("olga"))
    inventory.approve(ID, "1.0", signer=signer("vera"), role="validator")
    write_annex(package, "documents", {"a.pdf": b"%PDF"})
    assert inventory.register_version(ID, "1.0", package, by=signer("dora")).stage == "validated"
    write_annex(package, "validation", {"findings.json": findings_file(package) + b" "})
    facts = inventory.register_version(ID, "1.0", package, by=signer("dora"))
    assert facts.stage == "developed"
    assert [one.void for one in facts.sign_offs] == [None, "a signed annex was changed: validation"]
    assert facts.documents.keys() == {"a.pdf"}


def test_a_live_version_whose_annex_changes_is_restricted(inventory: Inventory, tmp_path: Path) -> None:
    package = write_package(tmp_path / "p")
    write_annex(package, "documents", {"a.pdf": b"%PDF"})
    live(inventory, package)
    write_annex(package, "documents", {"a.pdf": b"%PDE"})
    assert [one.code for one in inventory.versions.check_package(ID, "1.0", package)] == ["other_annex"]
    facts = inventory.register_version(ID, "1.0", package, by=signer("dora"))
    assert facts.stage == "restricted"
    assert [one.kind for one in facts.provisions] == ["restriction"]
    other = write_package(tmp_path / "q", content="two")
    with pytest.raises(InventoryError) as error:
        inventory.register_version(ID, "1.0", other, by=signer("dora"))
    assert codes(error) == ["stage"]


def test_objectives_are_signed_at_the_proposal_and_a_change_voids_it(inventory: Inventory) -> None:
    inventory.propose(FACTS, "1.0", by="olga")
    result = inventory.approve(ID, "1.0", gate="proposed", signer=signer("olga"), role="owner")
    assert result.passed
    assert [one.void for one in inventory.versions.get(ID, "1.0").sign_offs] == [None]
    inventory.models.describe(ID, by="olga", actual_use="Decides and prices")
    first = inventory.versions.get(ID, "1.0")
    assert [one.void for one in first.sign_offs] == ["the proposal was changed"]
    inventory.approve(ID, "1.0", gate="proposed", signer=signer("olga"), role="owner")
    assert [one.void for one in inventory.versions.get(ID, "1.0").sign_offs] == ["the proposal was changed", None]


def test_two_approvals_in_turn_on_the_same_statement(inventory: Inventory, tmp_path: Path) -> None:
    validated(inventory, write_package(tmp_path / "p"))
    inventory.versions.assign(ID, "1.0", "olga", "approver", by=signer("olga"))
    texts = [
        inventory.statement(ID, "1.0", "approved", person=person, role="approver", decision="approve")
        for person in ("anton", "olga")
    ]
    first, second = (signer(text["person"]).sign(text) for text in texts)
    inventory.sign_off(first)
    inventory.sign_off(second)  # the trail went on since it was signed; both stand
    with pytest.raises(InventoryError) as error:
        inventory.sign_off(first)
    assert codes(error) == ["signed_already"]


def test_a_package_that_is_gone_or_was_edited(inventory: Inventory, tmp_path: Path) -> None:
    package = write_package(tmp_path / "p")
    inventory.propose(FACTS, "1.0", by="olga")
    with pytest.raises(PackageError) as error:
        inventory.register_version(ID, "1.0", tmp_path / "gone", by=signer("dora"), developers=["dora"])
    assert [fault.code for fault in error.value.faults] == ["package_gone"]
    (package / "model.json").write_bytes(b"{}")
    with pytest.raises(PackageError) as error:
        inventory.register_version(ID, "1.0", package, by=signer("dora"), developers=["dora"])
    assert [(fault.code, fault.file) for fault in error.value.faults] == [("hash_mismatch", "model.json")]
    other = write_package(tmp_path / "q", model="another")
    with pytest.raises(InventoryError) as refused:
        inventory.register_version(ID, "1.0", other, by=signer("dora"))
    assert codes(refused) == ["other_model", "no_developer"]


def test_dependencies_and_their_loops(inventory: Inventory) -> None:
    inventory.propose(ModelFacts("a", "A"), "1", by="olga")
    inventory.propose(ModelFacts("b", "B", upstream=("a",)), "1", by="olga")
    inventory.propose(ModelFacts("c", "C", upstream=("b",)), "1", by="olga")
    assert inventory.models.downstream("a") == ("b", "c")
    with pytest.raises(InventoryError) as error:
        inventory.models.describe("a", by="olga", upstream=("c", "d"))
    assert codes(error) == ["unknown_model", "loop"]
