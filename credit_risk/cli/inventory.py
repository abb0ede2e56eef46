"""`credit-risk inventory`: the commands and their options."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from credit_risk.cli import inventory_acts as acts
from credit_risk.cli import inventory_development as development
from credit_risk.cli import inventory_findings as findings
from credit_risk.cli import inventory_people as people
from credit_risk.cli import inventory_read as read
from credit_risk.cli.inventory_place import CERTIFICATE_PASSPHRASE, PASSPHRASE, add_actor, add_place, add_policy
from credit_risk.inventory.contracts import GATES, PROVISIONS, ROLES, STAGES

Command = Callable[[argparse.Namespace], int]


def add_inventory_commands(group: Any) -> None:
    """The commands below `credit-risk inventory`."""
    _begin(group)
    _reading(group)
    _models(group)
    _development(group)
    _gates(group)
    _use(group)
    people.add_people_commands(group)
    own = group.add_parser("finding", help="the life of a finding: list, import, raise, respond, retest, close")
    findings.add_finding_commands(own.add_subparsers(title="commands", required=True, metavar="COMMAND"))


def _command(
    group: Any, name: str, text: str, command: Command, *, actor: bool = False, key: bool = True, version: str = "",
    place: bool = True,
) -> argparse.ArgumentParser:  # fmt: skip
    parser: argparse.ArgumentParser = group.add_parser(name, help=text)
    if version:
        parser.add_argument("model", help="model, by its identifier")
    if version == "version":
        parser.add_argument("version", help="version of the model")
    if place:
        add_place(parser)
    if actor:
        add_actor(parser, key=key)
    parser.set_defaults(command=command)
    return parser


def _begin(group: Any) -> None:
    create = _command(group, "create", "lay out a new inventory", acts.create)
    create.add_argument("--recovery", help="public key (PEM) of a recovery key, whose private half lies in a safe")
    upgrade = _command(group, "upgrade", "raise the schema of an inventory to the program's", acts.upgrade, place=False)
    add_place(upgrade, policy=False)
    rights = _command(group, "rights", "print what gives the program its rights in PostgreSQL", read.rights,
                      place=False)  # fmt: skip
    rights.add_argument("--role", help="role of the database, by default credit_risk_inventory")
    rights.add_argument("--protected", action="store_true", help="of the store of protected attributes")
    policy = _command(group, "policy", "check the policy and tell what it asks for, or write the default", read.policy,
                      place=False)  # fmt: skip
    add_policy(policy)
    policy.add_argument("--write", help="file to write the default policy to; nothing is overwritten")


def _reading(group: Any) -> None:
    listing = _command(group, "list", "list models with their health; 1 with --fail-on-overdue", read.list_models)
    for name in ("text", "tier", "owner", "product"):
        listing.add_argument(f"--{name}", help=f"only models of this {name}")
    listing.add_argument("--stage", choices=STAGES, help="only models of this stage")
    listing.add_argument("--fail-on-overdue", action="store_true", help="exit status 1 where something is overdue")
    show = _command(group, "show", "tell all of a model, or of a version", read.show, version="model")
    show.add_argument("version", nargs="?", help="version of the model")
    gate = _command(
        group, "gate", "what a gate asks for and what is missing; 1 where it is", read.gate, version="version"
    )
    gate.add_argument("--gate", choices=GATES, help="by default the next one")
    gate.add_argument("--statement", action="store_true", help="print the text that is signed")
    for name, text, command in (
        ("export", "write the inventory as CSV, Excel or JSON, by the ending of the file", read.export),
        ("page", "write the inventory as one self-contained page", read.page),
        ("governance", "write what the documents of a version print of it, for credit-dossier --governance",
         read.governance),
    ):  # fmt: skip
        parser = _command(group, name, text, command, version="version" if name == "governance" else "")
        parser.add_argument("--out", required=True, help="file to write")


def _models(group: Any) -> None:
    propose = _command(group, "propose", "propose a version of a model", acts.propose, actor=True, key=False)
    propose.add_argument("what", help="YAML file that describes a new model, or the identifier of a known one")
    propose.add_argument("version", help="version that is proposed")
    describe = _command(group, "describe", "change what is said of a model", acts.describe, actor=True, key=False)
    describe.add_argument("file", help="YAML file; keys that are not in it stay as they are")
    tier = _command(
        group, "tier", "set the tier by the rule, or override it", acts.tier, actor=True, key=False, version="model"
    )
    tier.add_argument("--override", help="tier in the place of the rule's")
    tier.add_argument("--reason", help="why the rule is overridden")
    for name, text, command in (
        ("assign", "give a person a role on a version", acts.assign),
        ("unassign", "end a person's role on a version", acts.unassign),
    ):
        parser = _command(group, name, text, command, actor=True, version="version")
        parser.add_argument("person", help="person, as registered")
        parser.add_argument("role", choices=ROLES)
    review = _command(group, "review", "judge the objectives, and set the next review; 1 where one is missed",
                      acts.review, actor=True, version="model")  # fmt: skip
    review.add_argument("--measured", action="append", default=[], metavar="ID=VALUE", help="what was measured")
    review.add_argument("--comment", default="", help="what the review found, in words")


def _development(group: Any) -> None:
    log = _command(group, "development", "list the log of development: experiments and decisions",
                   development.development, version="model")  # fmt: skip
    log.add_argument("version", nargs="?", help="version of the model; left out, all")
    log.add_argument("--out", help="file to write instead, as CSV, Excel or JSON by its ending")
    log.add_argument("--package", help="package to log before, where its run was not, or its end was not")
    log.add_argument("--by", help="with --package: person who developed it, as registered")
    log.add_argument("--key", help=f"with --package: private key of the person; its passphrase from ${PASSPHRASE}")
    decide = _command(group, "decide", "log a decision of development with its reason", development.decide,
                      actor=True, key=False, version="version")  # fmt: skip
    decide.add_argument("--about", required=True, help="what is decided")
    decide.add_argument("--decision", help="what for")
    decide.add_argument("--reason", required=True, help="why")
    decide.add_argument("--rejects", action="append", default=[], help="alternative that was left; more than once too")
    decide.add_argument("--evidence", action="append", default=[], help="what it rests on; more than once too")
    decide.add_argument("--experiment", help="experiment that it is of, as development tells it")


def _gates(group: Any) -> None:
    submit = _command(group, "submit", "register a package, or bring a version through a gate; 1 where it may not pass",
                      acts.submit, actor=True, version="version")  # fmt: skip
    submit.add_argument("--package", help="folder or zip of the model package")
    submit.add_argument(
        "--developer", action="append", default=[], help="who developed a part of it; more than once too"
    )
    submit.add_argument("--previous", help="package of the live version, to compare by the plan's redeployment rules")
    submit.add_argument(
        "--gate", choices=GATES, help="gate to pass, where no package is given: by default the next one"
    )
    for name, text, command in (
        ("approve", "sign for a version at a gate; it passes where nothing else is missing", acts.approve),
        ("reject", "sign against a version at a gate", acts.reject),
    ):
        parser = _command(group, name, text, command, actor=True, version="version")
        parser.add_argument("--role", required=True, choices=ROLES, help="role in which the person signs")
        parser.add_argument("--gate", choices=GATES, help="by default the next one")
        parser.add_argument("--comment", required=name == "reject", help="the reason, which is signed too")
        if name == "approve":
            parser.add_argument("--condition", action="append", default=[], help="condition; more than once too")
            parser.add_argument("--expires", help="last day of the approval, as 2027-11-27")
            _documents(parser)


def _documents(parser: argparse.ArgumentParser) -> None:
    """Signing documents of the package in the act of a sign-off."""
    told = "certificate and key of the person (PKCS#12): signs PDFs of the package in the same act; passphrase from "
    parser.add_argument("--certificate", help=f"{told}${CERTIFICATE_PASSPHRASE}, else asked for")
    parser.add_argument("--package", help="folder of the package whose documents are signed")
    parser.add_argument("--document", action="append", default=[],
                        help="name of a document; more than once too; by default sign_off_sheet")  # fmt: skip
    for name in ("--governance", "--previous", "--language-folder"):
        parser.add_argument(name, help=f"as credit-dossier sign {name}: what the documents were made with")


def _use(group: Any) -> None:
    restrict = _command(group, "restrict", "restrict a live version", acts.restrict, actor=True, version="version")
    restrict.add_argument("--text", required=True, help="what it may no longer be used for")
    restrict.add_argument("--expires", help="last day of the restriction")
    retire = _command(group, "retire", "retire a version for good", acts.retire, actor=True, version="version")
    for parser in (restrict, retire):
        parser.add_argument("--role", choices=ROLES, default="owner", help="role in which the person signs")
    back = _command(group, "rollback", "bring back the version that was live before", acts.rollback, actor=True,
                    version="model")  # fmt: skip
    back.add_argument("--reason", required=True, help="why")
    override = _command(group, "override", "pass gates over in an emergency: an event and a finding", acts.override,
                        actor=True, version="version")  # fmt: skip
    override.add_argument("--gate", choices=GATES, default="live", help="gate that is sought")
    override.add_argument("--reason", required=True, help="why it cannot wait")
    provide = _command(group, "provide", "add a restriction, an exception, a limitation or a condition", acts.provide,
                       actor=True, version="model")  # fmt: skip
    provide.add_argument("kind", choices=PROVISIONS)
    provide.add_argument("text", help="what holds")
    provide.add_argument("--version", help="of this version alone")
    provide.add_argument("--expires", help="last day")
    lift = _command(group, "lift", "end a provision", acts.lift, actor=True, version="model")
    lift.add_argument("provision", help="provision, as show tells it")
    lift.add_argument("--reason", required=True, help="why")
