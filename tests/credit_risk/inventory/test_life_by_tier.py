"""Two versions of a model of the strictest tiers, from proposal to use, through the gates of the shipped policy."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from credit_risk.inventory import Inventory, Signer, new_key, open_inventory
from credit_risk.inventory.contracts import GateResult, InputFacts, ModelFacts
from credit_risk.inventory.errors import GateError
from credit_risk.inventory.gates import PolicyGatekeeper
from tests.credit_risk.cli.command import PLAN, credit_risk, done, portfolio
from tests.credit_risk.inventory.packages import document, validate
from tests.credit_risk.inventory.support import Ticking, signer, template

TEXT = "{text: As agreed, author: Dora, date: '2026-11-01'}"
TEXTS = ("purpose", "theory", "rationale", "judgement", "uses", "prohibited_uses", "oversight")
DOCUMENTS = (
    *("development_dossier", "model_card", "validation_report", "monitoring_plan", "sign_off_sheet"),
    "implementation_guide",
)
LEVELS = {"data": "low", "method": "low", "interpretability": "low", "recalibration": "low"}
TIERS = {"1": {"exposure": 2000, "purpose": "credit decision", **LEVELS},
         "2": {"exposure": 500, "purpose": "limit management", **LEVELS}}  # fmt: skip
OBJECTIVE = {"id": "auc", "measure": "AUC on a year of accounts", "direction": "at_least", "target": 0.7}


def plan(version: str, tier: str, characteristics: str, rules: str) -> str:
    """A plan of one scorecard, with everything that the gates ask a plan for."""
    authored = "".join(f"  {name}: {TEXT}\n" for name in TEXTS)
    return (
        f"model:\n  id: cards\n  version: '{version}'\n  owner: Olga\n  tier: '{tier}'\n  contact: Modelling\n"
        f"  as_of: '2026-11-01'\n{authored}"
        "  limitations: [{text: One issuer, author: Dora, date: '2026-11-01', significance: low, mitigant: Followed, "
        "owner: Olga, expiry: '2099-12-31'}]\n"
        + PLAN.split("\n", 1)[1]
        + f"models: [{{id: card, type: scorecard, champion: true, characteristics: [{characteristics}]}}]\n"
        "selection: {method: all}\nexports: [sql]\n"
        "monitoring: {metrics: [{metric: score_psi, cut: {red: 0.25}, owner: Olga, response: Look}]}\n"
        f"strategy:\n  redeployment:\n{rules}    manual_review: The committee\n"
    )


BETTER = "    auto_accept: {min_auc_difference: 0.0}\n    reject: {max_auc_difference: -0.05}\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The first version, which knows age and housing alone; the second, which knows income, too; and a worse one."""
    table, found = portfolio(1500), {}
    for name, version, characteristics in (
        ("first", "1.0", "AGE, HOUSING"),
        ("second", "2.0", "AGE, HOUSING, INCOME"),
        ("worse", "2.0", "NOISE"),
    ):
        text = plan(version, "1", characteristics, BETTER)
        found[name] = done(tmp_path_factory.mktemp(name), text, table, "--no-validation")
        ended = credit_risk("parity", found[name], "--engine", "duckdb")
        assert ended.status == 0, ended.out + ended.err
    return found


@dataclass
class Bank:
    """An inventory with the staff of a bank, two approvers among them."""

    inventory: Inventory
    second: Signer

    def sign(self, version: str, gate: str, *persons: str) -> GateResult:
        roles = {"olga": "owner", "dora": "developer", "vera": "validator", "anton": "approver", "ada": "approver"}
        for person in persons:
            by = self.second if person == "ada" else signer(person)
            result = self.inventory.approve("cards", version, signer=by, role=roles[person], gate=gate)
        return result

    def stage(self, version: str) -> str:
        return self.inventory.versions.get("cards", version).stage

    def introduce(self, version: str, package: Path, previous: Path | None = None) -> None:
        """Proposed, signed, registered with the live package, and who validates and approves named."""
        if version != "1.0":
            self.inventory.propose("cards", version, by=signer("olga"))
        self.sign(version, "proposed", "olga")
        self.inventory.register_version(
            "cards", version, package, by=signer("dora"), developers=["dora"], previous=previous
        )
        for person, role in (("vera", "validator"), ("anton", "approver"), ("ada", "approver")):
            self.inventory.versions.assign("cards", version, person, role, by=signer("olga"))


def opened(folder: Path, tier: str) -> Bank:
    held = template("staffed")
    (folder / "i.db").write_bytes(held.data)
    inventory = open_inventory(folder / "i.db", PolicyGatekeeper(), clock=Ticking(held.moment))
    second = Signer("ada", new_key())
    inventory.people.register("ada", "Ada Approver", second.key, by=signer("registrar"))
    facts = ModelFacts(
        "cards", "Cards", purpose="Rank applicants", intended_use="Decide", boundaries="Cards", owner="olga",
        products=("cards",), inputs=(InputFacts("income", "application", "data"),), tier_inputs=TIERS[tier],
        objectives=(OBJECTIVE,),
    )  # fmt: skip
    inventory.propose(facts, "1.0", by=signer("olga"))
    assert inventory.models.tier("cards", by=signer("olga")).tier == tier
    return Bank(inventory, second)


def complete(package: Path, folder: Path) -> Path:
    """A copy with the validator's and the documents' annexes."""
    copy = Path(shutil.copytree(package, folder))
    validate(copy)
    document(copy, *DOCUMENTS)
    return copy


def to_use(bank: Bank, version: str) -> None:
    """Through all gates, by the persons that the tier asks for."""
    assert bank.sign(version, "developed", "dora").missing == ()
    assert bank.sign(version, "validated", "vera").missing == ()
    assert bank.sign(version, "approved", "olga", "anton", "ada").missing == ()
    assert bank.stage(version) == "approved"
    bank.sign(version, "live", "olga")
    bank.inventory.submit("cards", version, "live", by=signer("olga"))
    assert bank.stage(version) == "live"


@pytest.mark.parametrize("tier", ["1", "2"])
def test_from_proposal_to_use_and_a_second_version_that_takes_over(
    made: dict[str, Path], tmp_path: Path, tier: str
) -> None:
    bank = opened(tmp_path, tier)
    first, second = (complete(made[name], tmp_path / name) for name in ("first", "second"))
    with bank.inventory:
        bank.introduce("1.0", first)
        to_use(bank, "1.0")
        bank.introduce("2.0", second)
        bank.sign("2.0", "developed", "dora")
        bank.sign("2.0", "validated", "vera")
        lacking = bank.sign("2.0", "approved", "olga", "anton", "ada").missing
        assert [one.code for one in lacking] == ["not_compared"]  # the rules of a plan without a challenger are needed
        bank.inventory.register_version("cards", "2.0", second, by=signer("dora"), previous=first)
        told = bank.inventory.versions.get("cards", "2.0").evidence["redeployment"]
        assert (told["outcome"], told["previous_hash"]) == (
            "auto_accept", bank.inventory.versions.get("cards", "1.0").package_hash,
        )  # fmt: skip
        bank.inventory.submit("cards", "2.0", "approved", by=signer("olga"))
        bank.sign("2.0", "live", "olga")
        bank.inventory.submit("cards", "2.0", "live", by=signer("olga"))
        assert (bank.stage("2.0"), bank.stage("1.0")) == ("live", "retired")
        assert bank.inventory.trail.verify(packages={("cards", "2.0"): second, ("cards", "1.0"): first}).intact


def test_one_approver_is_not_enough_for_tier_1(made: dict[str, Path], tmp_path: Path) -> None:
    bank = opened(tmp_path, "1")
    with bank.inventory:
        bank.introduce("1.0", complete(made["first"], tmp_path / "first"))
        bank.sign("1.0", "developed", "dora")
        bank.sign("1.0", "validated", "vera")
        lacking = bank.sign("1.0", "approved", "olga", "anton").missing
        assert [(one.code, one.what) for one in lacking] == [
            ("approval_missing", "1 of 2 signed decisions of the approver")
        ]
        assert bank.sign("1.0", "approved", "ada").passed


def test_a_version_that_its_own_rules_reject_is_not_approved(made: dict[str, Path], tmp_path: Path) -> None:
    bank = opened(tmp_path, "2")
    first, worse = (complete(made[name], tmp_path / name) for name in ("first", "worse"))
    with bank.inventory:
        bank.introduce("1.0", first)
        to_use(bank, "1.0")
        bank.introduce("2.0", worse, previous=first)
        bank.sign("2.0", "developed", "dora")
        bank.sign("2.0", "validated", "vera")
        bank.sign("2.0", "approved", "olga", "anton")
        with pytest.raises(GateError) as error:
            bank.inventory.submit("cards", "2.0", "approved", by=signer("olga"))
        assert {fault.code for fault in error.value.faults} == {"comparison_rejects"}


def test_the_package_says_where_its_rules_are_held(made: dict[str, Path]) -> None:
    item = json.loads((made["second"] / "evidence" / "strategy.redeployment.json").read_text("utf-8"))
    assert item["kind"] == "not_applicable"
    assert "against the live version" in item["reason"]
