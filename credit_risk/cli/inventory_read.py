"""What the commands of `credit-risk inventory` tell."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.cli.inventory_acts import next_gate, tell_missing
from credit_risk.cli.inventory_place import by_default, gates_of, opened, policy_of, today
from credit_risk.cli.usage import no_effect, refuse
from credit_risk.inventory.contracts import GATES, ModelFacts, VersionFacts


def rights(options: argparse.Namespace) -> int:
    """`credit-risk inventory rights`: SQL for the owner of the tables to run, so that the program owns nothing."""
    from credit_risk.inventory.store.rights import APPLICATION, rights_sql

    if options.protected:
        from credit_risk.inventory.protected.rights import ROLE, protected_rights_sql

        statements = protected_rights_sql(ROLE if options.role is None else options.role)
    else:
        statements = rights_sql(APPLICATION if options.role is None else options.role)
    for statement in statements:
        print(f"{statement};")
    return 0


def policy(options: argparse.Namespace) -> int:
    """`credit-risk inventory policy`: what each gate asks of each tier; or the default, to be edited."""
    from credit_risk.inventory.gates.gate_text import words
    from credit_risk.inventory.policy import default_policy

    if options.write is not None:
        if not by_default(options, "policy"):
            refuse(no_effect(options, "--write", "policy"))
        try:
            with Path(options.write).open("xb") as stream:
                stream.write(default_policy().data)
        except OSError as error:
            message = f"cannot be written ({error.strerror})"
            raise CreditRiskError(Fault(message, "unwritable", str(options.write))) from error
        print(options.write)
        return 0
    read = policy_of(options)
    head, spec = read.spec.policy, read.spec
    print(f"{head.name}, version {head.version} of {head.date}, SHA-256 {read.sha256}")
    for tier, held in spec.tiers.items():
        days = ", ".join(f"{severity} {count} days" for severity, count in held.finding_days.items())
        print(
            f"tier {tier}: {held.title}; monitoring {held.monitoring}, review every {held.review_months} months; {days}"
        )
    for gate in GATES:
        print(f"gate {gate}")
        for one in spec.gate(gate).requires:
            print(f"  {words(one)}" + ("" if one.tiers is None else f" (tier {', '.join(one.tiers)})"))
    return 0


def list_models(options: argparse.Namespace) -> int:
    """`credit-risk inventory list`."""
    from credit_risk.inventory.view.overview import OVERDUE, read_overview

    filters = {name: getattr(options, name) for name in ("text", "stage", "tier", "owner", "product")}
    with opened(options) as inventory:
        rows = inventory.models.find(**filters)
        chosen = [row.model for row in rows] if any(filters.values()) else None
        view = {one.facts.id: one for one in read_overview(inventory, today(), chosen)[0].lines}
    shown = [(row, view[row.model]) for row in rows]
    for row, line in shown:
        use = "" if row.live_version is None else f", version {row.live_version} in use"
        print(f"{row.model}  {row.name}  tier {row.tier or 'none'}  {row.stage or 'no version'}{use}  {line.health}")
        for reason in line.reasons:
            print(f"    {reason}")
    late = sum(line.health == OVERDUE for _, line in shown)
    print(f"{len(shown):,} {'model' if len(shown) == 1 else 'models'}, {late:,} overdue")
    return 1 if options.fail_on_overdue and late else 0


def show(options: argparse.Namespace) -> int:
    """`credit-risk inventory show MODEL [VERSION]`."""
    with opened(options) as inventory:
        if options.version is not None:
            _print_version(inventory.versions.get(options.model, options.version))
            return 0
        facts = inventory.models.get(options.model)
        versions = [inventory.versions.get(options.model, name) for name in inventory.models.versions(options.model)]
        findings = inventory.models.findings(options.model)
        downstream = inventory.models.downstream(options.model)
    _print_model(facts)
    if downstream:
        print(f"downstream: {', '.join(downstream)}")
    for one in versions:
        print(f"version {one.version}: {one.stage}" + ("" if one.package_hash is None else f", {one.package_hash}"))
    for finding in findings:
        due = "" if finding.due is None else f", due {finding.due}"
        print(f"finding {finding.id}: {finding.severity}, {finding.status}{due}: {finding.title}")
    return 0


def gate(options: argparse.Namespace) -> int:
    """`credit-risk inventory gate MODEL VERSION`; 1 where something is missing."""
    gates = gates_of(options)
    with opened(options) as inventory:
        name = options.gate or next_gate(inventory.versions.get(options.model, options.version).stage)
        state = inventory.versions.state(options.model, options.version, name)
    if options.statement:
        sys.stdout.write(gates.text(state))
        return 0
    result = gates.evaluate(state)
    print(f"gate {name} of {options.model} {options.version}")
    for text in result.met:
        print(f"met: {text}")
    for text in result.notes:
        print(f"note: {text}")
    tell_missing(result)
    return 0 if result.passed else 1


def export(options: argparse.Namespace) -> int:
    """`credit-risk inventory export --out FILE`."""
    from credit_risk.inventory import export_inventory

    with opened(options) as inventory:
        paths = export_inventory(inventory, options.out)
    for path in paths:
        print(path)
    return 0


def page(options: argparse.Namespace) -> int:
    """`credit-risk inventory page --out FILE`."""
    from credit_risk.inventory import write_page

    with opened(options) as inventory:
        print(write_page(inventory, options.out))
    return 0


def governance(options: argparse.Namespace) -> int:
    """`credit-risk inventory governance MODEL VERSION --out FILE`."""
    from credit_risk.inventory.view.files import write_whole
    from credit_risk.inventory.view.governance import governance_bytes

    with opened(options) as inventory:
        made = governance_bytes(inventory, options.model, options.version)
    write_whole(Path(options.out), made)
    print(options.out)
    return 0


def _print_model(facts: ModelFacts) -> None:
    told = {
        "purpose": facts.purpose,
        "intended use": facts.intended_use,
        "actual use": facts.actual_use,
        "boundaries": facts.boundaries,
        "owner": facts.owner,
        "vendor": facts.vendor,
        "products": ", ".join(facts.products),
        "inputs": ", ".join(one.name for one in facts.inputs),
        "upstream": ", ".join(facts.upstream),
        "stage": facts.stage,
        "version in use": facts.live_version,
    }
    print(f"{facts.id}: {facts.name}")
    for name, value in told.items():
        if value:
            print(f"{name}: {value}")
    if facts.tier is not None:
        why = (
            "" if facts.tier.override_by is None else f", set by {facts.tier.override_by}: {facts.tier.override_reason}"
        )
        print(f"tier: {facts.tier.tier} (rule {facts.tier.rule_version} gives {facts.tier.computed}{why})")
    for kind, due in sorted(facts.dates.items()):
        print(f"next {kind}: {due}")
    for objective in facts.objectives:
        print("objective " + ", ".join(f"{key} {value}" for key, value in objective.items()))
    for one in facts.provisions:
        print(f"{one.kind} {one.id}: {one.text}" + ("" if one.ended is None else f" (ended {one.ended})"))


def _print_version(facts: VersionFacts) -> None:
    print(f"{facts.model} {facts.version}: {facts.stage}")
    print(f"package: {facts.package_hash or 'none'}")
    for kind, digest in facts.annexes.items():
        print(f"annex {kind}: {digest}")
    for role in facts.roles:
        print(
            f"{role.role}: {role.person}, since {role.since}" + ("" if role.until is None else f" until {role.until}")
        )
    for one in facts.sign_offs:
        void = "" if one.void is None else f" (void: {one.void})"
        print(f"{one.at} {one.gate}: {one.decision} by {one.person} ({one.role}){void}")
    for item in facts.provisions:
        print(f"{item.kind} {item.id}: {item.text}" + ("" if item.ended is None else f" (ended {item.ended})"))
    for name, value in (
        ("expires", facts.expires),
        ("override", facts.override),
        ("superseded by", facts.superseded_by),
    ):
        if value is not None:
            print(f"{name}: {value}")
