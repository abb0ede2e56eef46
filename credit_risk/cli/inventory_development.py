"""`credit-risk inventory development|decide`: the log of development, listed and written."""

from __future__ import annotations

import argparse
from pathlib import Path

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.cli.inventory_place import actor_of, opened, today
from credit_risk.cli.usage import goes_with, refuse


def development(options: argparse.Namespace) -> int:
    """`credit-risk inventory development MODEL [VERSION]`; with `--package` it is logged before."""
    from credit_risk.inventory.view.development import changed_words, development_tables
    from credit_risk.inventory.view.files import write_tables

    if (options.package is None) != (options.by is None):
        raise CreditRiskError(Fault("--package and --by go together", "usage"))
    if options.package is None:
        refuse(goes_with(options, "--package", "key"))
    with opened(options) as inventory:
        if options.package is not None:
            print(f"{logged(inventory, options)} is logged")
        experiments = inventory.development.experiments(options.model, options.version)
        decisions = inventory.development.decisions(options.model, options.version)
    if options.out is not None:
        for path in write_tables(development_tables(experiments, decisions), Path(options.out), today()):
            print(path)
        return 0
    for one in experiments:
        end = "" if one.ended is None else f" to {one.ended}"
        origin = "" if one.origin == "run" else ", logged from its package"
        print(f"{one.id}  {one.version}  {one.outcome}  {one.started}{end}  {one.person}{origin}")
        print(f"    plan {one.plan_sha256[:16]}: {changed_words(one)}")
        if one.error is not None:
            print(f"    {one.error}")
        for text in one.untold:
            print(f"    {text}")
        source = one.result.get("source") or {}
        if source.get("sha256") is not None:
            rows = f", {source['rows']:,} rows" if "rows" in source else ""
            print(f"    data {source.get('name', 'without name')}, {source['sha256'][:16]}{rows}")
        for row in one.result.get("figures") or ():
            print(f"    {row['model']}  {row['sample']}  {row['measure']} {row['value']:.4f}")
        if one.package_hash is not None:
            print(f"    package {one.package_hash}")
    for made in decisions:
        what = "" if made.decision is None else f": {made.decision}"
        print(f"decision {made.sequence}  {made.version}  {made.about}{what}  {made.person}")
        print(f"    {made.reason or 'no reason is stated'}")
        for text in made.rejects:
            print(f"    rejected: {text}")
        for text in made.evidence:
            print(f"    evidence: {text}")
    print(f"{len(experiments):,} experiments, {len(decisions):,} decisions")
    return 0


def logged(inventory: object, options: argparse.Namespace) -> str:
    """Log a package that is there; the experiment. Raises InventoryError where it is of another model or version."""
    from credit_risk.inventory import Inventory
    from credit_risk.inventory.service.binding import read_binding

    assert isinstance(inventory, Inventory)
    held = read_binding(options.package)
    if held.model != options.model or options.version not in (None, held.version):
        message = "the package is of another model or version"
        raise CreditRiskError(Fault(message, "other_model", options.package, found=f"{held.model} {held.version}"))
    return inventory.development.log_package(options.package, by=actor_of(options)).id


def decide(options: argparse.Namespace) -> int:
    """`credit-risk inventory decide MODEL VERSION --about TEXT --reason TEXT --by PERSON`."""
    by = actor_of(options)
    with opened(options) as inventory:
        made = inventory.development.decide(
            options.model, options.version, options.about, options.reason, by=by, decision=options.decision,
            rejects=options.rejects, evidence=options.evidence, experiment=options.experiment,
        )  # fmt: skip
    print(f"decision {made.sequence} of {made.model} {made.version} by {made.person}: {made.about}")
    return 0
