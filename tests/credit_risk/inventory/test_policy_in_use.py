"""The store with the gates of the shipped policy: what is missing is told from what the store knows."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from credit_risk.inventory import Signer, open_inventory
from credit_risk.inventory.contracts import ModelFacts
from credit_risk.inventory.errors import GateError
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
        inventory.propose(facts, version, by="olga")
        assert inventory.models.tier(model, by="olga").tier == "1"
        found = inventory.approve(model, version, gate="proposed", signer=signer("olga"), role="owner")
        assert {one.code for one in found.missing} >= {"no_objectives"}
        inventory.register_version(model, version, CORPUS, by="dora", developers=["dora"])
        facts_of = inventory.versions.get(model, version)
        assert facts_of.package_hash == package.package_hash
        assert set(facts_of.evidence) >= {"items", "texts", "limitations", "monitoring", "exports"}
        with pytest.raises(GateError) as error:
            inventory.submit(model, version, "developed", by="olga")
        assert codes(error) >= {"document_missing", "approval_missing", "text_missing"}
        assert inventory.findings.raise_finding(model, "high", "x", by="vera").due == "2026-12-27"
        assert inventory.trail.verify(packages={(model, version): CORPUS}).faults == ()


def test_no_rollback_to_a_version_whose_approval_has_ended(tmp_path: Path) -> None:
    clock = Ticking()
    with staffed(tmp_path / "i.db", clock, Gates()) as inventory:
        live(inventory, write_package(tmp_path / "1"))
        clock.moment += datetime.timedelta(days=300)
        live(inventory, write_package(tmp_path / "2", version="2.0", content="two"), "2.0", new=False)
        clock.moment += datetime.timedelta(days=100)
        with pytest.raises(GateError) as error:
            inventory.rollback(FACTS.id, "2.0 declines everybody", by="olga")
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
