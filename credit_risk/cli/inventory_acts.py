"""What the commands of `credit-risk inventory` do that change something: thin over the service."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.cli.inventory_place import (
    CERTIFICATE_PASSPHRASE,
    actor_of,
    gates_of,
    opened,
    passphrase,
    place_of,
    signer_of,
    today,
)
from credit_risk.cli.usage import goes_with, refuse
from credit_risk.inventory.contracts import LIVE, RETIRED, GateResult

if TYPE_CHECKING:
    from credit_risk.inventory.documents.signing import DocumentSigner


def create(options: argparse.Namespace) -> int:
    """`credit-risk inventory create`."""
    from credit_risk.inventory import create_inventory, read_public_key

    recovery = None if options.recovery is None else read_public_key(Path(options.recovery))
    with create_inventory(place_of(options), gates_of(options), recovery=recovery) as inventory:
        print(inventory.trail.head().text())
    return 0


def upgrade(options: argparse.Namespace) -> int:
    """`credit-risk inventory upgrade`."""
    from credit_risk.inventory import upgrade_inventory

    before, after = upgrade_inventory(place_of(options))
    print(f"schema {after}" if before == after else f"schema {before} raised to {after}")
    return 0


def propose(options: argparse.Namespace) -> int:
    """`credit-risk inventory propose FILE|MODEL VERSION --by PERSON`."""
    from credit_risk.inventory.contracts import ModelFacts
    from credit_risk.inventory.description_file import read_description

    given: ModelFacts | str = options.what
    if Path(options.what).suffix in (".yaml", ".yml"):
        given, _ = read_description(options.what)
    by = actor_of(options)
    with opened(options) as inventory:
        version = inventory.propose(given, options.version, by=by)
        if isinstance(given, ModelFacts) and given.tier_inputs:
            tier_facts = inventory.models.tier(given.id, by=by)
            print(f"tier {tier_facts.tier} by rule {tier_facts.rule_version}")
    print(f"{version.model} {version.version} is {version.stage}")
    return 0


def describe(options: argparse.Namespace) -> int:
    """`credit-risk inventory describe FILE --by PERSON`."""
    from credit_risk.inventory.description_file import read_description

    facts, given = read_description(options.file)
    changes = {name: getattr(facts, name) for name in given if name != "id"}
    with opened(options) as inventory:
        inventory.models.describe(facts.id, by=actor_of(options), **changes)
    print(f"{facts.id}: {', '.join(sorted(changes))}")
    return 0


def tier(options: argparse.Namespace) -> int:
    """`credit-risk inventory tier MODEL`."""
    from credit_risk.inventory.errors import InventoryError
    from credit_risk.inventory.policy.tiering import overridden, tier_faults, tier_reasons

    if options.override is None:
        refuse(goes_with(options, "--override", "reason"))
    gates = gates_of(options)
    with opened(options) as inventory:
        facts = inventory.models.get(options.model)
        faults = tier_faults(gates.policy.spec, facts.tier_inputs)
        if faults:
            raise InventoryError(faults)
        computed = gates.tier(facts)
        if options.override is not None and computed is not None:
            overridden(gates.policy.spec, computed, options.override, options.reason or "", options.by)
        made = inventory.models.tier(
            options.model, by=actor_of(options), override=options.override, reason=options.reason
        )
    print(tier_reasons(gates.policy.spec, facts.tier_inputs).words())
    if made.tier != made.computed:
        print(f"overridden: tier {made.tier} by {made.override_by}: {made.override_reason}")
    return 0


def assign(options: argparse.Namespace) -> int:
    """`credit-risk inventory assign MODEL VERSION PERSON ROLE`."""
    with opened(options) as inventory:
        inventory.versions.assign(options.model, options.version, options.person, options.role, by=actor_of(options))
    print(f"{options.person} is {options.role} of {options.model} {options.version}")
    return 0


def unassign(options: argparse.Namespace) -> int:
    """`credit-risk inventory unassign MODEL VERSION PERSON ROLE`."""
    with opened(options) as inventory:
        inventory.versions.unassign(options.model, options.version, options.person, options.role, by=actor_of(options))
    print(f"{options.person} is no longer {options.role} of {options.model} {options.version}")
    return 0


def review(options: argparse.Namespace) -> int:
    """`credit-risk inventory review MODEL --measured ID=VALUE`; 1 where an objective is missed."""
    from credit_risk.inventory import review_model

    measured, policy = _measured(options.measured), gates_of(options).policy
    with opened(options) as inventory:
        made = review_model(
            inventory, options.model, measured, by=actor_of(options), comment=options.comment, policy=policy
        )
    for one in made.judged:
        value = "" if one.value is None else f", measured {one.value:g}"
        print(f"{one.id}: {one.verdict} ({one.measure} {one.direction.replace('_', ' ')} {one.target:g}{value})")
    print(f"next review {made.next_review}")
    return 1 if made.missed else 0


def submit(options: argparse.Namespace) -> int:
    """`credit-risk inventory submit MODEL VERSION`: a package, or a passage; 1 where the gate is not passed."""
    from credit_risk.inventory.errors import GateError

    if options.package is None:
        refuse(goes_with(options, "--package", "developer", "previous"))
    by = signer_of(options)
    with opened(options) as inventory:
        if options.package is not None:
            facts = inventory.register_version(
                options.model, options.version, options.package, by=by, developers=options.developer,
                previous=options.previous,
            )  # fmt: skip
            print(f"{facts.model} {facts.version} is {facts.stage}; package {facts.package_hash}")
            compared = facts.evidence.get("redeployment") if options.previous else None
            if compared is not None:
                print(f"against the live version: {compared['outcome']}: {compared['reason']}")
            if options.gate is None:
                return 0
        gate = options.gate or next_gate(inventory.versions.get(options.model, options.version).stage)
        try:
            result = inventory.submit(options.model, options.version, gate, by=by)
        except GateError as error:
            print(error)
            return 1
    _passed(options, result)
    return 0


def approve(options: argparse.Namespace) -> int:
    """`credit-risk inventory approve MODEL VERSION --role ROLE --by PERSON --key FILE [--certificate FILE.p12]`."""
    signer, documents = signer_of(options), _documents_of(options)
    with opened(options) as inventory:
        result = inventory.approve(
            options.model, options.version, signer=signer, role=options.role, gate=options.gate,
            conditions=options.condition, expires=options.expires, comment=options.comment, documents=documents,
        )  # fmt: skip
        stage = inventory.versions.get(options.model, options.version).stage
    for path in () if documents is None else documents.signed_files():
        print(f"signed {path}")
    print(f"signed by {options.by} ({options.role}) at the gate {result.gate}; the version is {stage}")
    tell_missing(result)
    return 0


def _documents_of(options: argparse.Namespace) -> DocumentSigner | None:
    """The certificate and the documents that it signs, None without one. Raises CreditRiskError."""
    from credit_risk.inventory.documents.signing import SHEET, DocumentSigner

    given = [name for name in ("package", "document", "governance", "previous", "language_folder")
             if getattr(options, name)]  # fmt: skip
    if options.certificate is None:
        if given:
            told = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise CreditRiskError(Fault("goes with --certificate", "usage", path=told))
        return None
    if options.package is None:
        remedy = "name the folder of the package with --package"
        raise CreditRiskError(Fault("the documents of which package?", "usage", path="--certificate", remedy=remedy))
    secret = passphrase(CERTIFICATE_PASSPHRASE, f"Passphrase of {options.certificate}: ")
    more = [part for name in given if name not in ("package", "document")
            for part in (f"--{name.replace('_', '-')}", getattr(options, name))]  # fmt: skip
    chosen = tuple(name.removesuffix(".pdf") for name in options.document) or (SHEET,)
    return DocumentSigner(Path(options.package), Path(options.certificate), secret, chosen, tuple(more))


def reject(options: argparse.Namespace) -> int:
    """`credit-risk inventory reject MODEL VERSION --role ROLE --comment TEXT --by PERSON --key FILE`."""
    with opened(options) as inventory:
        made = inventory.reject(
            options.model, options.version, signer=signer_of(options), role=options.role, comment=options.comment,
            gate=options.gate,
        )  # fmt: skip
    print(f"rejected by {options.by} ({options.role}) at the gate {made.gate}")
    return 0


def restrict(options: argparse.Namespace) -> int:
    """`credit-risk inventory restrict MODEL VERSION --text TEXT`: signed, and in force at once."""
    with opened(options) as inventory:
        result = inventory.restrict(
            options.model, options.version, options.text, by=signer_of(options), role=options.role,
            expires=options.expires,
        )  # fmt: skip
    _passed(options, result)
    return 0


def retire(options: argparse.Namespace) -> int:
    """`credit-risk inventory retire MODEL VERSION`; 1 where something is still missing."""
    signer = signer_of(options)
    with opened(options) as inventory:
        result = inventory.approve(options.model, options.version, signer=signer, role=options.role, gate=RETIRED)
        stage = inventory.versions.get(options.model, options.version).stage
        if result.passed and stage != RETIRED:
            result = inventory.submit(options.model, options.version, RETIRED, by=signer)
    if not result.passed:
        tell_missing(result)
        return 1
    _passed(options, result)
    return 0


def rollback(options: argparse.Namespace) -> int:
    """`credit-risk inventory rollback MODEL --reason TEXT`; 1 where the rule keeps the version before away."""
    gates = gates_of(options)
    with opened(options) as inventory:
        model = inventory.models.get(options.model)
        versions = [inventory.versions.get(options.model, name) for name in inventory.models.versions(options.model)]
        current = next((one for one in versions if one.version == model.live_version), None)
        before = [one for one in versions if current is not None and one.superseded_by == current.version]
        if current is not None and before:
            findings = inventory.models.findings(options.model)
            missing = gates.rollback(model, before[-1], current, findings, today())
            if missing:
                tell_missing(GateResult(LIVE, missing))
                return 1
        made = inventory.rollback(options.model, options.reason, by=actor_of(options))
    print(f"{made.model} {made.version} is {made.stage} again")
    return 0


def override(options: argparse.Namespace) -> int:
    """`credit-risk inventory override MODEL VERSION --reason TEXT`; 1 where the policy does not allow it."""
    from credit_risk.inventory.service.stages import gates_between

    gates = gates_of(options)
    with opened(options) as inventory:
        stage = inventory.versions.get(options.model, options.version).stage
        between = gates_between(stage, options.gate) or (options.gate,)
        states = [inventory.versions.state(options.model, options.version, gate) for gate in between]
        made = gates.emergency(states, options.by, options.reason)
        if not made.allowed:
            tell_missing(GateResult(options.gate, made.missing))
            return 1
        finding = inventory.override(
            options.model, options.version, options.gate, options.reason, signer=signer_of(options)
        )
    print(f"{options.model} {options.version} is {options.gate} by override; {finding.severity} finding {finding.id}")
    print(f"due on {finding.due}")
    return 0


def provide(options: argparse.Namespace) -> int:
    """`credit-risk inventory provide MODEL KIND TEXT`."""
    with opened(options) as inventory:
        made = inventory.models.provide(
            options.model,
            options.kind,
            options.text,
            by=actor_of(options),
            version=options.version,
            expires=options.expires,
        )
    print(made.id)
    return 0


def lift(options: argparse.Namespace) -> int:
    """`credit-risk inventory lift MODEL PROVISION --reason TEXT`."""
    with opened(options) as inventory:
        inventory.models.lift(options.model, options.provision, options.reason, by=actor_of(options))
    print(f"{options.provision} has ended")
    return 0


def next_gate(stage: str) -> str:
    """The gate ahead of a stage. Raises CreditRiskError where there is none."""
    from credit_risk.inventory.contracts import TRANSITIONS

    if not TRANSITIONS[stage]:
        raise CreditRiskError(Fault("no gate is ahead of a retired version", "transition"))
    return TRANSITIONS[stage][0]


def tell_missing(result: GateResult) -> None:
    """What is missing, each with what to do."""
    for one in result.missing:
        print(f"missing: {one.what}" + ("" if one.remedy is None else f"\n    {one.remedy}"))


def _passed(options: argparse.Namespace, result: GateResult) -> None:
    print(f"{options.model} {options.version} is {result.gate}")
    for text in result.conditions:
        print(f"condition: {text}")
    if result.expires is not None:
        print(f"expires on {result.expires}")
    for kind, due in sorted(result.dates.items()):
        print(f"next {kind} {due}")


def _measured(texts: list[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    faults = []
    for text in texts:
        name, sign, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not sign or number != number or name in found:
            faults.append(Fault("is not ID=NUMBER, once an objective", "usage", path="--measured", found=text))
        found[name] = number
    if faults:
        raise CreditRiskError(faults)
    return found
