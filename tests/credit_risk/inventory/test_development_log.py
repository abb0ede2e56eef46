"""The log of development: experiments and decisions, signed, by developers alone; what failed stays in it, and the
package is the same with and without it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from credit_risk.inventory import FourEyesError, Inventory, InventoryError, KeyFileError, create_inventory, write_key
from credit_risk.inventory.audit.verification import verify_lines
from credit_risk.inventory.contracts import ModelFacts
from credit_risk.inventory.development.log import COMPLETED, FAILED, INTERRUPTED, NOT_ENDED
from credit_risk.inventory.development.plan_fields import changed_plan, plan_changes, plan_fields
from credit_risk.inventory.service.development import PlannedRun
from credit_risk.inventory.store.rebuild import compare_projections, stored_lines
from credit_risk.package import read_package
from tests.credit_risk.cli.command import PLAN, QUICK, credit_risk, portfolio, write_plan
from tests.credit_risk.inventory.support import FACTS, Gates, key_of, signer

SOFTWARE = {"python": "3.11", "credit-risk": "0.1.0"}


def planned(sha256: str = "a" * 64, **fields: Any) -> PlannedRun:
    return PlannedRun(FACTS.id, "1.0", sha256, fields, SOFTWARE)


@pytest.fixture
def proposed(inventory: Inventory) -> Inventory:
    """A proposed version, on each engine."""
    inventory.propose(FACTS, "1.0", by="olga")
    return inventory


def test_experiments_tell_what_changed_and_how_they_ended(proposed: Inventory) -> None:
    log, dora = proposed.development, signer("dora")
    first = log.begin(planned(**{"/seed": 1, "/data/source": "a.csv"}), by=dora)
    assert (first.id, first.outcome, first.previous) == (f"{FACTS.id}:E1", NOT_ENDED, None)
    failed = log.fail(first.id, InventoryError([]), by="dora", source={"name": "a.csv", "sha256": "b" * 64})
    assert (failed.outcome, failed.result["source"]["name"]) == (FAILED, "a.csv")
    second = log.begin(planned("c" * 64, **{"/seed": 2, "/data/source": "a.csv"}), by="dora")
    assert second.changes == ({"field": "/seed", "before": 1, "after": 2},)
    assert log.fail(second.id, KeyboardInterrupt(), by="dora").outcome == INTERRUPTED
    with pytest.raises(InventoryError, match="the experiment is interrupted"):
        log.fail(second.id, KeyboardInterrupt(), by="dora")
    made = log.decide(FACTS.id, "1.0", "Seed", "It does not matter", by="dora", decision="2", rejects=["1"],
                      evidence=["performance.discrimination"], experiment=second.id)  # fmt: skip
    assert (made.person, made.rejects, made.experiment) == ("dora", ("1",), second.id)
    assert [one.about for one in log.decisions(FACTS.id)] == ["Seed"]
    assert [one.outcome for one in log.experiments(FACTS.id, "1.0")] == [FAILED, INTERRUPTED]
    note = proposed.versions.state(FACTS.id, "1.0", "developed").development
    assert note is not None
    assert "2 experiments of this version are logged (1 failed, 1 interrupted)" in note.words()
    with proposed.store.reading() as connection:
        assert verify_lines(stored_lines(connection)).faults == ()
        assert compare_projections(connection, proposed.trail.events()) == ()


def test_who_develops_signs_the_first_time_and_neither_validates(proposed: Inventory) -> None:
    log = proposed.development
    with pytest.raises(KeyFileError, match="first act in the development"):
        log.begin(planned(), by="dora")
    with pytest.raises(KeyFileError, match="another person's"):
        log.begin(planned(), by=type(signer("dora"))("dora", key_of("vera")))
    log.begin(planned(), by=signer("dora"))
    with pytest.raises(FourEyesError):
        proposed.versions.assign(FACTS.id, "1.0", "dora", "validator", by=signer("olga"))
    proposed.versions.assign(FACTS.id, "1.0", "vera", "validator", by=signer("olga"))
    with pytest.raises(FourEyesError):
        log.decide(FACTS.id, "1.0", "Seed", "Because", by=signer("vera"))
    with pytest.raises(InventoryError, match="the experiment is of dora"):
        log.fail(f"{FACTS.id}:E1", KeyboardInterrupt(), by=signer("david"))
    assert [one.person for one in log.experiments(FACTS.id)] == ["dora"]


def test_what_cannot_be_logged_is_told_at_once(proposed: Inventory) -> None:
    with pytest.raises(InventoryError) as error:
        proposed.development.decide(FACTS.id, "1.0", " ", "", by=signer("dora"), rejects=[""])
    assert len(error.value.faults) == 3
    with pytest.raises(InventoryError, match="no such experiment"):
        proposed.development.decide(FACTS.id, "1.0", "Seed", "Why", by=signer("dora"), experiment="none:E9")
    with pytest.raises(InventoryError, match="no such version"):
        proposed.development.begin(PlannedRun(FACTS.id, "9", "a" * 64, {}, {}), by=signer("dora"))
    assert proposed.development.experiments(FACTS.id) == ()


def test_changes_of_a_plan_give_it_again() -> None:
    before = plan_fields({"model": {"id": "m"}, "samples": {"share": 0.3}, "models": [{"id": "a"}, {"id": "b"}]})
    after = plan_fields({"model": {"id": "m"}, "samples": {"share": 0.2, "seed": 4}, "models": [{"id": "b"}]})
    assert changed_plan(before, plan_changes(before, after)) == {k: v for k, v in after.items() if v is not None}
    assert plan_changes(after, after) == []


class Desk:
    """An inventory in a file with a proposed model `m`, keys in files, and a plan with its table."""

    def __init__(self, folder: Path):
        self.folder, self.place = folder, folder / "i.db"
        with create_inventory(self.place, Gates()) as inventory:
            inventory.people.register("registrar", "Rita", key_of("registrar"), registrar=True)
            for person in ("dora", "olga"):
                inventory.people.register(person, person.title(), key_of(person), by=signer("registrar"))
                write_key(key_of(person), folder / f"{person}.pem", "correct horse battery")
            inventory.propose(ModelFacts("m", "Model", purpose="Decide", owner="olga"), "0.1.0", by="olga")
        self.plan = write_plan(folder / "plan", PLAN + QUICK + "documents: [model_card]\n", portfolio(600))

    def run(self, out: str, *more: object, documents: bool = False) -> Any:
        left_out = () if documents else ("--no-documents",)
        given = ("--out", self.folder / out, *left_out, "--no-validation", "--quiet", *more)
        return credit_risk("run", self.plan, *given)

    @property
    def by(self) -> tuple[object, ...]:
        return ("--by", "dora", "--key", self.folder / "dora.pem", "--inventory", self.place)


def test_by_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDIT_RISK_PASSPHRASE", "correct horse battery")
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    desk = Desk(tmp_path)
    logged = desk.run("logged", *desk.by, documents=True)
    assert (logged.status, logged.out.splitlines()[0]) == (0, "logged as m:E1"), logged.err
    plain = desk.run("plain")
    assert plain.status == 0
    assert hashes(tmp_path / "logged") == hashes(tmp_path / "plain")  # the log changes no byte of the core
    (desk.plan / "table.csv").write_text("INCOME,BAD\n1,x\n", "utf-8")
    failed = desk.run("failed", *desk.by)
    assert failed.status == 2
    bare = desk.run("bare", "--inventory", desk.place)
    assert (bare.status, "--inventory and --by go together" in bare.err) == (2, True)
    place = ("--inventory", desk.place)
    for annex in ("exports", "documents"):
        manifest = json.loads((tmp_path / "logged" / annex / "manifest.json").read_text("utf-8"))
        assert manifest["anchor"].startswith("audit trail ")
    anchored = credit_risk("audit", "verify", *place, "--anchor", tmp_path / "logged")
    assert (anchored.status, "1 anchors" in anchored.out) == (0, True)  # one head in both
    decided = credit_risk("inventory", "decide", "m", "0.1.0", "--about", "Age", "--reason", "The law", "--rejects",
                          "AGE", "--experiment", "m:E1", *desk.by)  # fmt: skip
    assert decided.status == 0, decided.err
    told = credit_risk("inventory", "development", "m", *place).out
    digest = read_package(tmp_path / "logged").package_hash
    for what in ("m:E1  0.1.0  completed", f"package {digest}", "m:E2  0.1.0  failed", "Age", "rejected: AGE",
                 "nothing against m:E1", "2 experiments, 2 decisions"):  # fmt: skip
        assert what in told, told
    assert "auc 0." in told  # figures of the evidence
    again = credit_risk("inventory", "development", "m", "0.1.0", "--package", tmp_path / "logged", *desk.by)
    assert (again.status, "the package is logged as m:E1" in again.err) == (2, True)
    out = tmp_path / "log.json"
    assert credit_risk("inventory", "development", "m", "--out", out, *place).status == 0
    tables = json.loads(out.read_text("utf-8"))
    assert [row["outcome"] for row in tables["experiments"]] == [COMPLETED, FAILED]
    gate = credit_risk("inventory", "gate", "m", "0.1.0", "--gate", "developed", *place)
    assert "note: 2 experiments of this version are logged (1 completed, 1 failed)" in gate.out
    verified = credit_risk("audit", "verify", *place)
    assert (verified.status, verified.out.splitlines()[-1]) == (0, "intact")
    assert all("found" not in fault for fault in _faults(desk))  # values of the data are not logged


def _faults(desk: Desk) -> list[dict[str, Any]]:
    from credit_risk.inventory import open_inventory

    with open_inventory(desk.place, Gates()) as inventory:
        return list(inventory.development.experiments("m")[-1].result["error"]["faults"])


def hashes(package: Path) -> dict[str, str]:
    return {name: one["sha256"] for name, one in read_package(package).manifest["files"].items()}
