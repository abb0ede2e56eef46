"""Gates, people and packages of the tests of the inventory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from credit_risk._core import canonical_json
from credit_risk._core.hashing import sha256_bytes
from credit_risk.inventory import Inventory, Signer, create_inventory, new_key, open_inventory
from credit_risk.inventory.contracts import (
    APPROVED,
    CLOSED,
    DEVELOPED,
    REJECT,
    VALIDATED,
    Emergency,
    FindingFacts,
    GateResult,
    GateState,
    Missing,
    ModelFacts,
    TierFacts,
    VersionFacts,
)
from credit_risk.inventory.keys.key_pair import PrivateKey

BEGIN = datetime(2026, 11, 27, 5, 0, 0, tzinfo=UTC)
SIGNERS = {DEVELOPED: ("developer",), VALIDATED: ("validator",), APPROVED: ("approver",)}
DAYS = {"critical": 7, "high": 30, "medium": 90}


@dataclass
class Gates:
    """A small policy: one signature a gate, no high finding open, rejections block, approval for a year."""

    signers: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(SIGNERS))
    words: str = "I have read what this gate requires"

    def text(self, state: GateState) -> str:
        tier = state.model.tier.tier if state.model.tier else "none"
        return f"{self.words}: {state.gate}, tier {tier}"

    def evaluate(self, state: GateState) -> GateResult:
        signed = state.version.in_force(state.gate)
        missing = [Missing("rejected", f"{one.person} rejected") for one in signed if one.decision == REJECT]
        roles = {one.role for one in signed if one.decision != REJECT}
        missing += [
            Missing("sign_off", f"signature of a {role}")
            for role in self.signers.get(state.gate, ())
            if role not in roles
        ]
        if state.gate in (APPROVED, "live"):
            grave = [f for f in state.findings if f.severity in ("critical", "high") and f.status != CLOSED]
            missing += [Missing("finding", f"finding {one.id} is open") for one in grave]
        if state.gate == APPROVED and not missing:
            return GateResult(state.gate, expires="2027-11-27", dates={"review": "2027-05-27"})
        return GateResult(state.gate, tuple(missing))

    def tier(self, model: ModelFacts) -> TierFacts | None:
        exposure = model.tier_inputs.get("exposure")
        if exposure is None:
            return None
        tier = "1" if exposure > 1e9 else "2"
        return TierFacts(tier, tier, "test-1", {"exposure": exposure})

    def needs_key(self, act: str) -> bool:
        return False

    def rollback(
        self,
        model: ModelFacts,
        target: VersionFacts,
        current: VersionFacts,
        findings: Iterable[FindingFacts],
        as_of: str,
    ) -> tuple[Missing, ...]:
        ended = target.expires is not None and target.expires < as_of
        return (Missing("expired", "its approval has ended"),) if ended else ()

    def emergency(self, states: Sequence[GateState], person: str, reason: str) -> Emergency:
        told = "\n".join(f"{state.gate}: {one.what}" for state in states for one in self.evaluate(state).missing)
        due = self.finding_due("high", None, states[-1].as_of)
        assert due is not None
        return Emergency((), "high", f"Override: {reason}", told or "nothing", due)

    def finding_due(self, severity: str, tier: str | None, raised: str) -> str | None:
        days = DAYS.get(severity)
        return None if days is None else (datetime.fromisoformat(raised) + timedelta(days=days)).strftime("%Y-%m-%d")


class Ticking:
    """A clock that goes on by a second each time that it is asked, and can be moved."""

    def __init__(self, moment: datetime = BEGIN, step: int = 1):
        self.moment = moment
        self.step = timedelta(seconds=step)

    def __call__(self) -> datetime:
        self.moment += self.step
        return self.moment


PEOPLE = ("registrar", "dora", "david", "vera", "anton", "olga")
KEYS: dict[str, PrivateKey] = {}


def key_of(person: str) -> PrivateKey:
    return KEYS.setdefault(person, new_key())


def signer(person: str) -> Signer:
    return Signer(person, key_of(person))


@dataclass
class Template:
    """An inventory that tests copy instead of making it: the bytes of its file, and when its clock stood."""

    data: bytes
    moment: datetime


_TEMPLATES: dict[str, Template] = {}


def template(stage: str) -> Template:
    """The template of an inventory with its people (`staffed`), or with a version that is `validated` too."""
    if stage not in _TEMPLATES:
        clock = Ticking()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "template.db"
            with create_inventory(path, Gates(), clock=clock) as inventory:
                fill(inventory, stage, Path(folder))
            _TEMPLATES[stage] = Template(path.read_bytes(), clock.moment)
    return _TEMPLATES[stage]


def fill(inventory: Inventory, stage: str, folder: Path) -> None:
    """People, and at `validated` a version."""
    inventory.people.register("registrar", "Rita Registrar", key_of("registrar"), registrar=True)
    for person in PEOPLE[1:]:
        inventory.people.register(
            person, f"{person.title()} Test", key_of(person), by=signer("registrar"), identity=f"{person}@bank.example"
        )
    if stage == "validated":
        validated(inventory, write_package(folder / "package"))


def staffed(place: Path, clock: Ticking | None = None, gates: Gates | None = None, stage: str = "staffed") -> Inventory:
    """An inventory with its people, in a SQLite file."""
    held = template(stage)
    Path(place).write_bytes(held.data)
    clock = clock or Ticking()
    clock.moment = max(clock.moment, held.moment)
    return open_inventory(place, gates or Gates(), clock=clock)


def fill_database(address: str, stage: str) -> datetime:
    """The same in a database; the moment at its end."""
    clock = Ticking()
    with create_inventory(address, Gates(), clock=clock) as inventory, tempfile.TemporaryDirectory() as folder:
        fill(inventory, stage, Path(folder))
    return clock.moment


FACTS = ModelFacts(
    id="pd-retail",
    name="PD of retail <b>loans</b>'; DROP TABLE models; --",
    purpose="Decide 100% of applications",
    owner="olga",
    products=("loans", "cards"),
    objectives=({"kpi": "gini", "at_least": 0.4},),
    tier_inputs={"exposure": 2e9},
)


def write_package(folder: Path, model: str = "pd-retail", version: str = "1.0", content: str = "one") -> Path:
    """A folder with manifest and core files whose hashes hold."""
    files = {
        "plan.yaml": f"model: {model}\n".encode(),
        "plan.json": canonical_json.to_bytes({"monitoring": None}),
        "model.json": canonical_json.to_bytes({"content": content}),
        "evidence/limits.json": canonical_json.to_bytes({"id": "authored.limitations", "kind": "statement"}),
    }
    entries = {name: {"bytes": len(data), "sha256": sha256_bytes(data)} for name, data in files.items()}
    manifest = {
        "format": "credit-risk-model-package",
        "model": {"id": model, "name": "Model", "version": version},
        "files": entries,
    }
    for name, data in {**files, "manifest.json": canonical_json.to_bytes(manifest)}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_annex(package: Path, kind: str, files: dict[str, bytes]) -> None:
    """An annex of a package."""
    cited = sha256_bytes((package / "manifest.json").read_bytes())
    entries = {name: {"bytes": len(data), "sha256": sha256_bytes(data)} for name, data in files.items()}
    manifest = {"format": "credit-risk-annex", "kind": kind, "package_hash": cited, "files": entries}
    for name, data in {**files, "manifest.json": canonical_json.to_bytes(manifest)}.items():
        path = package / kind / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def findings_file(package: Path) -> bytes:
    cited = sha256_bytes((package / "manifest.json").read_bytes())
    finding = {"id": "VAL-CAL-003", "severity": "high", "statement": "Calibration is off", "remedy": "Calibrate"}
    return json.dumps(
        {"package_hash": cited, "recommendation": "reject", "findings": [{**finding, "due": None}]}
    ).encode()


def validated(inventory: Inventory, package: Path, version: str = "1.0", *, new: bool = True) -> None:
    """A version that dora and david developed and vera validated; anton approves it next."""
    inventory.propose(FACTS if new else FACTS.id, version, by="olga")
    inventory.register_version(FACTS.id, version, package, by=signer("dora"), developers=["dora", "david"])
    inventory.versions.assign(FACTS.id, version, "vera", "validator", by=signer("olga"))
    inventory.versions.assign(FACTS.id, version, "anton", "approver", by=signer("olga"))
    assert inventory.approve(FACTS.id, version, signer=signer("dora"), role="developer").passed
    assert inventory.approve(FACTS.id, version, signer=signer("vera"), role="validator").passed


def live(inventory: Inventory, package: Path, version: str = "1.0", *, new: bool = True) -> None:
    """A version that is live."""
    validated(inventory, package, version, new=new)
    assert inventory.approve(FACTS.id, version, signer=signer("anton"), role="approver").passed
    inventory.submit(FACTS.id, version, "live", by=signer("olga"))
