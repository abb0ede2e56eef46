"""`credit-risk inventory finding`: list, import, raise, respond, retest, close."""

from __future__ import annotations

import argparse
from typing import Any

from credit_risk._core.severity import SEVERITIES
from credit_risk.cli.inventory_place import actor_of, add_actor, add_place, opened, today
from credit_risk.cli.usage import goes_with, no_effect, refuse
from credit_risk.inventory.contracts import CLOSED, FindingFacts


def add_finding_commands(group: Any) -> None:
    """The commands below `credit-risk inventory finding`."""
    listing = group.add_parser("list", help="findings that are not closed, or all of a model")
    listing.add_argument("model", nargs="?", help="model, by its identifier")
    listing.add_argument("--all", action="store_true", help="closed ones of the model too")
    listing.add_argument(
        "--overdue", action="store_true", help="only those past their date; exit status 1 where one is"
    )
    listing.set_defaults(command=finding_list)
    show = group.add_parser("show", help="a finding with its steps")
    show.add_argument("finding")
    show.set_defaults(command=finding_show)
    taken = group.add_parser("import", help="record the validator's findings of a package")
    taken.add_argument("model")
    taken.add_argument("version")
    taken.add_argument("package", help="folder or zip of the package, with its annex validation/")
    taken.set_defaults(command=finding_import)
    raised = group.add_parser("raise", help="record a finding")
    raised.add_argument("model")
    raised.add_argument("severity", choices=SEVERITIES)
    raised.add_argument("title")
    raised.add_argument("--version", help="version that it is about; left out, all")
    for name, text in (
        ("statement", "what was found, at length"),
        ("owner", "who answers"),
        ("due", "date; else as the policy sets it"),
    ):
        raised.add_argument(f"--{name}", help=text)
    raised.set_defaults(command=finding_raise)
    acting = [taken, raised]
    for name, text, command in (
        ("respond", "answer an open finding", finding_respond),
        ("retest", "test again what was answered", finding_retest),
        ("close", "close a finding whose retest was passed", finding_close),
    ):
        parser = group.add_parser(name, help=text)
        parser.add_argument("finding")
        parser.add_argument("--text", required=True, help="what was done or seen")
        if name == "retest":
            outcome = parser.add_mutually_exclusive_group(required=True)
            outcome.add_argument("--passed", action="store_true")
            outcome.add_argument("--failed", action="store_true", help="the finding is open again")
        parser.set_defaults(command=command)
        acting.append(parser)
    for parser in acting:
        add_actor(parser, key=parser.get_default("command") in (finding_retest, finding_close))
    for parser in (listing, show, *acting):
        add_place(parser)


def finding_list(options: argparse.Namespace) -> int:
    """`credit-risk inventory finding list [MODEL]`."""
    if options.overdue:
        refuse(no_effect(options, "--overdue", "all"))
    elif options.model is None:
        refuse(goes_with(options, "MODEL", "all"))
    with opened(options) as inventory:
        if options.overdue:
            found = [one for one in inventory.findings.overdue(today()) if options.model in (None, one.model)]
        elif options.all and options.model is not None:
            found = list(inventory.models.findings(options.model))
        else:
            found = list(inventory.findings.open(options.model))
    for one in found:
        _print(one)
    print(f"{len(found):,} findings")
    return 1 if options.overdue and found else 0


def finding_show(options: argparse.Namespace) -> int:
    """`credit-risk inventory finding show FINDING`."""
    with opened(options) as inventory:
        facts, steps = inventory.findings.get(options.finding), inventory.findings.steps(options.finding)
    _print(facts)
    if facts.statement is not None:
        print(facts.statement)
    for step in steps:
        outcome = "" if step["outcome"] is None else f" ({step['outcome']})"
        text = "" if step["text"] is None else f": {step['text']}"
        print(f"{step['at']} {step['step']}{outcome} by {step['person']}{text}")
    return 0


def finding_import(options: argparse.Namespace) -> int:
    """`credit-risk inventory finding import MODEL VERSION PACKAGE`."""
    with opened(options) as inventory:
        made = inventory.findings.import_validation(
            options.model, options.version, options.package, by=actor_of(options)
        )
    for one in made:
        _print(one)
    print(f"{len(made):,} findings recorded")
    return 0


def finding_raise(options: argparse.Namespace) -> int:
    """`credit-risk inventory finding raise MODEL SEVERITY TITLE`."""
    with opened(options) as inventory:
        _print(
            inventory.findings.raise_finding(
                options.model, options.severity, options.title, by=actor_of(options), version=options.version,
                statement=options.statement, owner=options.owner, due=options.due,
            )
        )  # fmt: skip
    return 0


def finding_respond(options: argparse.Namespace) -> int:
    """`credit-risk inventory finding respond FINDING --text TEXT`."""
    with opened(options) as inventory:
        _print(inventory.findings.respond(options.finding, options.text, by=actor_of(options)))
    return 0


def finding_retest(options: argparse.Namespace) -> int:
    """`credit-risk inventory finding retest FINDING --passed|--failed --text TEXT`."""
    with opened(options) as inventory:
        _print(inventory.findings.retest(options.finding, options.passed, options.text, by=actor_of(options)))
    return 0


def finding_close(options: argparse.Namespace) -> int:
    """`credit-risk inventory finding close FINDING --text TEXT`."""
    with opened(options) as inventory:
        _print(inventory.findings.close(options.finding, options.text, by=actor_of(options)))
    return 0


def _print(one: FindingFacts) -> None:
    place = one.model if one.version is None else f"{one.model} {one.version}"
    due = "" if one.due is None or one.status == CLOSED else f", due {one.due}"
    print(f"{one.id}  {place}  {one.severity}  {one.status}{due}  {one.title}")
