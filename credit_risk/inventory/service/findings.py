"""The life of a finding: raised, answered, tested again, closed; each step an event by a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, PackageError
from credit_risk._core.severity import SEVERITIES
from credit_risk.inventory import kinds
from credit_risk.inventory.contracts import DEVELOPER, OPEN, RESPONDED, RETESTED, FindingFacts, Gatekeeper
from credit_risk.inventory.errors import FourEyesError, InventoryError
from credit_risk.inventory.service.checks import Faults, check_person
from credit_risk.inventory.service.describing import today
from credit_risk.inventory.service.signing import Actor, asked_key, person_of, require_key
from credit_risk.inventory.store import tables
from credit_risk.inventory.store.facts import findings_facts, model_facts, open_findings, overdue, version_facts
from credit_risk.inventory.store.projections.findings import FAILED, PASSED
from credit_risk.inventory.store.writer import Store, Writer
from credit_risk.package.source import open_source

Json = Any
VALIDATION = "validation"
RAISE, RESPOND = "finding", "respond"
_FILE = "validation/findings.json"


class Findings:
    """Findings of an inventory. Who developed a part of the version answers, and neither retests nor closes."""

    def __init__(self, store: Store, gates: Gatekeeper):
        self._store = store
        self._gates = gates

    def raise_finding(
        self,
        model: str,
        severity: str,
        title: str,
        *,
        by: Actor,
        version: str | None = None,
        statement: str | None = None,
        source: str | None = None,
        owner: str | None = None,
        due: str | None = None,
        finding: str | None = None,
    ) -> FindingFacts:
        """Raise a finding; `due` None: as the policy sets it for severity and tier. Raises InventoryError."""
        asked_key(self._gates, by, RAISE)
        with self._store.writing() as writer:
            check_person(writer.connection, *(one for one in (person_of(by), owner) if one is not None))
            told = {"severity": severity, "title": title, "statement": statement, "source": source, "owner": owner}
            return append_finding(writer, self._gates, model, version, {**told, "due": due}, by, finding)

    def import_validation(
        self, model: str, version: str, package: Path | str, *, by: Actor
    ) -> tuple[FindingFacts, ...]:
        """Raise the findings of the validator's `findings.json` that the inventory does not have yet.

        Raises InventoryError where the package is not the one that is registered; PackageError without findings.
        """
        asked_key(self._gates, by, RAISE)
        source = open_source(Path(package))
        if _FILE not in source.names():
            remedy = "validate the package: credit-validate PACKAGE"
            raise PackageError(Fault("the package was not validated", "no_findings", str(package), remedy=remedy))
        content = canonical_json.from_bytes(source.read(_FILE), _FILE)
        with self._store.writing() as writer:
            facts = version_facts(writer.connection, model, version)
            check_person(writer.connection, person_of(by))
            if facts.package_hash is None or content["package_hash"] != facts.package_hash:
                raise InventoryError(Fault("the findings are of another package", "other_hash", _FILE,
                                           found=content["package_hash"], allowed=facts.package_hash))  # fmt: skip
            raised = []
            for item in content["findings"]:
                name = f"{model}:{version}:{facts.package_hash[:8]}:{item['id']}"
                known = findings_facts(writer.connection, tables.findings.c.finding == name)
                if not known:
                    told = {"severity": item["severity"], "title": item["statement"], "statement": item["remedy"]}
                    told |= {"source": VALIDATION, "owner": None, "due": item["due"]}
                    raised.append(append_finding(writer, self._gates, model, version, told, by, name))
            return tuple(raised)

    def respond(self, finding: str, text: str, *, by: Actor) -> FindingFacts:
        """Answer an open finding; the policy says whether signed."""
        asked_key(self._gates, by, RESPOND)
        return self._step(kinds.FINDING_RESPONDED, finding, text, by, (OPEN,), {})

    def retest(self, finding: str, passed: bool, text: str, *, by: Actor) -> FindingFacts:
        """Test again what was answered, signed; a failed retest opens the finding again."""
        require_key(by, "a retest")
        outcome = PASSED if passed else FAILED
        return self._step(kinds.FINDING_RETESTED, finding, text, by, (RESPONDED,), {"outcome": outcome})

    def close(self, finding: str, text: str, *, by: Actor) -> FindingFacts:
        """Close a finding whose retest was passed, signed."""
        require_key(by, "closing a finding")
        return self._step(kinds.FINDING_CLOSED, finding, text, by, (RETESTED,), {})

    def get(self, finding: str) -> FindingFacts:
        """A finding. Raises InventoryError where it is unknown."""
        with self._store.reading() as connection:
            return _get(connection, finding)

    def steps(self, finding: str) -> tuple[dict[str, Json], ...]:
        """The steps of a finding: step, person, at, text, outcome, sequence of the event."""
        with self._store.reading() as connection:
            _get(connection, finding)
            t = tables.finding_steps
            rows = connection.execute(sa.select(t).where(t.c.finding == finding).order_by(t.c.sequence))
            return tuple({name: row[name] for name in row if name != "finding"} for row in rows.mappings())

    def open(self, model: str | None = None) -> tuple[FindingFacts, ...]:
        """Findings that are not closed."""
        with self._store.reading() as connection:
            return open_findings(connection, None if model is None else [model])

    def overdue(self, as_of: str | None = None) -> tuple[FindingFacts, ...]:
        """Findings that are not closed and were due before `as_of` (None: today)."""
        with self._store.reading() as connection:
            return overdue(connection, as_of or today(self._store))

    def _step(
        self, kind: str, finding: str, text: str, by: Actor, allowed: tuple[str, ...], more: dict[str, Json]
    ) -> FindingFacts:
        faults = Faults()
        faults.text(text, "text", required=True)
        faults.raise_any()
        with self._store.writing() as writer:
            facts = _get(writer.connection, finding)
            check_person(writer.connection, person_of(by))
            if facts.status not in allowed:
                raise InventoryError(Fault(f"finding {finding} is {facts.status}", "finding_state", found=facts.status,
                                           allowed=", ".join(allowed)))  # fmt: skip
            if kind != kinds.FINDING_RESPONDED:
                _independent(writer, facts, person_of(by))
            payload = {"finding": finding, "text": text, **more}
            writer.append(kind, payload, actor=by, model=facts.model, version=facts.version)
            return _get(writer.connection, finding)


def append_finding(
    writer: Writer,
    gates: Gatekeeper,
    model: str,
    version: str | None,
    told: dict[str, Json],
    by: Actor,
    finding: str | None = None,
) -> FindingFacts:
    """Check and append a finding; where it has no date, with the one that the policy sets."""
    faults = Faults()
    faults.one_of(told["severity"], SEVERITIES, "severity")
    faults.text(told["title"], "title", required=True)
    faults.text(told["statement"], "statement")
    faults.day(told["due"], "due")
    if finding is not None:
        faults.text(finding, "finding", required=True, longest=200)
    faults.raise_any()
    facts = model_facts(writer.connection, model)
    if version is not None:
        version_facts(writer.connection, model, version)
    if finding is None:
        t = tables.findings
        held = sa.select(sa.func.count()).select_from(t).where(t.c.model == model)
        finding = f"{model}:F{writer.connection.execute(held).scalar_one() + 1}"
    if findings_facts(writer.connection, tables.findings.c.finding == finding):
        raise InventoryError(Fault("there is a finding of this name", "finding_known", found=finding))
    due = told["due"]
    if due is None:
        tier = None if facts.tier is None else facts.tier.tier
        due = gates.finding_due(told["severity"], tier, writer.moment()[:10])
    payload = {**told, "finding": finding, "due": due}
    writer.append(kinds.FINDING_RAISED, payload, actor=by, model=model, version=version)
    return _get(writer.connection, finding)


def _get(connection: sa.Connection, finding: str) -> FindingFacts:
    found = findings_facts(connection, tables.findings.c.finding == finding)
    if not found:
        raise InventoryError(Fault("no such finding", "unknown_finding", found=finding))
    return found[0]


def _independent(writer: Writer, facts: FindingFacts, by: str) -> None:
    t = tables.roles
    which = (t.c.model == facts.model) & (t.c.person == by) & (t.c.role == DEVELOPER)
    if facts.version is not None:
        which &= t.c.version == facts.version
    if writer.connection.execute(sa.select(t.c.sequence).where(which)).first() is not None:
        message = f"{by} developed what the finding is about, and neither retests nor closes it"
        raise FourEyesError(Fault(message, "four_eyes", found=facts.id))
