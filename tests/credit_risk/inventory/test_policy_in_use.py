"""The store with the gates of the shipped policy: what is missing is told from what the store knows."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from credit_risk.inventory import Signer, create_inventory, default_policy, open_inventory, review_model
from credit_risk.inventory.contracts import ModelFacts
from credit_risk.inventory.errors import GateError, InventoryError
from credit_risk.inventory.gates import PolicyGatekeeper
from credit_risk.package import read_package
from tests.conftest import REPOSITORY
from tests.credit_risk.inventory.support import (
    FACTS,
    Gates,
    Ticking,
    key_of,
    live,
    signer,
    staffed,
    template,
    write_package,
)

CORPUS = REPOSITORY / "scorecards" / "format" / "corpus" / "valid" / "scorecard"
LEVELS = {"data": "low", "method": "low", "interpretability": "low", "recalibration": "low"}


def codes(error: pytest.ExceptionInfo[GateError]) -> set[str]:
    return {fault.code for fault in error.value.faults}


def test_a_package_of_the_corpus_at_the_gates_of_the_shipped_policy(tmp_path: Path) -> None:
    package = read_package(CORPUS)
    model, version = package.manifest["model"]["id"], package.manifest["model"]["version"]
    place = tmp_path / "i.db"
    held = template("staffed")
    place.write_bytes(held.data)
    with open_inventory(place, PolicyGatekeeper(), clock=Ticking(held.moment)) as inventory:
        inputs = {"exposure": 2000, "purpose": "credit decision", **LEVELS}
        facts = ModelFacts(model, "Model of the corpus", purpose="Decide", owner="olga", tier_inputs=inputs)
        inventory.propose(facts, version, by=signer("olga"))
        assert inventory.models.tier(model, by=signer("olga")).tier == "1"
        found = inventory.approve(model, version, gate="proposed", signer=signer("olga"), role="owner")
        assert {one.code for one in found.missing} >= {"no_objectives"}
        inventory.register_version(model, version, CORPUS, by=signer("dora"), developers=["dora"])
        facts_of = inventory.versions.get(model, version)
        assert facts_of.package_hash == package.package_hash
        assert set(facts_of.evidence) >= {"items", "texts", "limitations", "monitoring", "exports"}
        with pytest.raises(GateError) as error:
            inventory.submit(model, version, "developed", by=signer("olga"))
        assert codes(error) >= {"document_missing", "approval_missing", "text_missing"}
        assert inventory.findings.raise_finding(model, "high", "x", by=signer("vera")).due == "2026-12-27"
        assert inventory.trail.verify(packages={(model, version): CORPUS}).faults == ()


def test_no_rollback_to_a_version_whose_approval_has_ended(tmp_path: Path) -> None:
    clock = Ticking()
    with staffed(tmp_path / "i.db", clock, Gates()) as inventory:
        live(inventory, write_package(tmp_path / "1"))
        clock.moment += datetime.timedelta(days=300)
        live(inventory, write_package(tmp_path / "2", version="2.0", content="two"), "2.0", new=False)
        clock.moment += datetime.timedelta(days=100)
        with pytest.raises(GateError) as error:
            inventory.rollback(FACTS.id, "2.0 declines everybody", by=signer("olga"))
        assert codes(error) == {"expired"}
        assert inventory.models.get(FACTS.id).live_version == "2.0"
        assert inventory.versions.expired("2027-11-28")[0].version == "2.0"


def test_the_person_who_overrides_is_the_one_that_the_policy_names(tmp_path: Path) -> None:
    place = tmp_path / "i.db"
    held = template("validated")
    place.write_bytes(held.data)
    with open_inventory(place, PolicyGatekeeper(), clock=Ticking(held.moment)) as inventory:
        with pytest.raises(GateError) as error:
            inventory.override(FACTS.id, "1.0", "live", "It cannot wait", signer=signer("vera"))
        assert codes(error) == {"override_role"}
        finding = inventory.override(
            FACTS.id, "1.0", "live", "It cannot wait", signer=Signer("anton", key_of("anton")), owner="olga"
        )
        assert (finding.severity, finding.source, finding.owner) == ("high", "override", "olga")
        assert inventory.versions.get(FACTS.id, "1.0").override == finding.id
        assert inventory.trail.verify().faults == ()


def test_gates_are_those_of_the_shipped_policy_where_none_are_given(tmp_path: Path) -> None:
    with create_inventory(tmp_path / "i.db") as inventory:
        assert isinstance(inventory.gates, PolicyGatekeeper)
    with open_inventory(tmp_path / "i.db") as inventory:
        assert inventory.gates.policy.sha256 == default_policy().sha256  # type: ignore[attr-defined]


def test_a_signer_restricts_and_retires_in_one_act(tmp_path: Path) -> None:
    place = tmp_path / "i.db"
    with staffed(place, gates=Gates()) as inventory:
        live(inventory, write_package(tmp_path / "p"))
        moment = inventory.store.clock()
    with open_inventory(place, PolicyGatekeeper(), clock=Ticking(moment)) as inventory:
        assert [one.code for one in inventory.gate(FACTS.id, "1.0").missing if one.code == "approval_missing"]
        before = inventory.trail.head()
        with pytest.raises(GateError):
            inventory.restrict(FACTS.id, "1.0", "Not for students", by=signer("olga"))
        with pytest.raises(InventoryError, match="is not owner of it"):
            inventory.restrict(FACTS.id, "1.0", "Not for students", by=signer("vera"))
        with pytest.raises(GateError, match="tier"):  # the tier was set by another rule: nothing stays, no signature
            inventory.restrict(FACTS.id, "1.0", "Not for students", by=signer("olga"))
        assert inventory.trail.head() == before
    with open_inventory(place, Gates(), clock=Ticking(moment)) as inventory:
        assert inventory.approve(FACTS.id, "1.0", gate="restricted", signer=signer("david"), role="developer").passed
        assert inventory.versions.get(FACTS.id, "1.0").stage == "live"  # signed; it is not restricted without words
        inventory.restrict(FACTS.id, "1.0", "Not for students", by=signer("olga"))
        facts = inventory.versions.get(FACTS.id, "1.0")
        assert (facts.stage, [one.text for one in facts.provisions]) == ("restricted", ["Not for students"])
        assert [(one.gate, one.person, one.role) for one in facts.sign_offs][-1] == ("restricted", "olga", "owner")
        inventory.restrict(FACTS.id, "1.0", "Nor for pensioners", by=signer("olga"))
        inventory.retire(FACTS.id, "1.0", by=signer("olga"))
        facts = inventory.versions.get(FACTS.id, "1.0")
        assert (facts.stage, facts.sign_offs[-1].gate) == ("retired", "retired")
        assert inventory.trail.verify().faults == ()


def test_a_review_judges_the_objectives_and_sets_the_next(tmp_path: Path) -> None:
    objective = {"id": "gini", "measure": "Gini out of sample", "direction": "at_least", "target": 0.4}
    with staffed(tmp_path / "i.db") as inventory:
        inventory.propose(replace(FACTS, objectives=(objective,)), "1.0", by="olga")
        for measured in ({"ks": 0.3}, {"gini": float("nan")}, {"ks": True, "gini": "0.4"}):
            with pytest.raises(InventoryError) as error:
                review_model(inventory, FACTS.id, measured, by=signer("olga"))  # type: ignore[arg-type]
            assert {fault.code for fault in error.value.faults} == {"objective"}
        assert inventory.trail.events(kind="reviewed") == ()
        made = review_model(inventory, FACTS.id, {"gini": 0.39}, by=signer("olga"), comment="Fell in May")
        assert (made.missed, made.judged[0].verdict, made.next_review) == (True, "missed", "2027-11-27")
        assert inventory.models.get(FACTS.id).dates["review"] == "2027-11-27"
        (told,) = inventory.trail.events(FACTS.id, kind="reviewed")  # one event: the result, and the next date
        assert told.payload["objectives"][0]["value"] == 0.39
        assert not review_model(
            inventory, FACTS.id, {}, by=signer("olga")
        ).missed  # what was not measured is not missed
