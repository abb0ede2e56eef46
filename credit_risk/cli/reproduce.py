"""`credit-risk reproduce`: a package made again from its recorded plan, data and versions."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.cli.progress import progress_display
from credit_risk.cli.usage import goes_with, refuse

if TYPE_CHECKING:
    from credit_risk.lifecycle.develop import Attach
    from credit_risk.plan import Plan


def add_reproduce_command(group: Any) -> None:
    """The command."""
    parser = group.add_parser("reproduce", help="make a package again and say bit-identical, or what differs")
    parser.add_argument("package", help="folder or zip of a model package")
    parser.add_argument(
        "--plan", help="folder of the plan that was run, where its relative paths begin; by default the package's own"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.add_argument("--protected", metavar="STORE", help="store from which the run took protected attributes")
    parser.add_argument(
        "--secret-file", help="with --protected: file of its secret; else that which the environment names"
    )
    parser.add_argument("--purpose", help="with --protected: purpose of the policy; by default fairness_testing")
    parser.add_argument("--inventory", help="with --protected: inventory in which the access is recorded")
    parser.add_argument("--policy", help="with --protected: policy of the bank, where it is not the one that ships")
    parser.add_argument("--by", help="with --protected: person who reads, as registered")
    parser.add_argument("--key", help="with --protected: private key of the person; passphrase from the environment")
    parser.set_defaults(command=reproduce_package)


def reproduce_package(options: argparse.Namespace) -> int:
    """`credit-risk reproduce PACKAGE`; 1 where something differs."""
    from credit_risk.lifecycle.reproduce import reproduce

    given = None if options.plan is None else Path(options.plan)
    folder = given.parent if given is not None and given.is_file() else given
    attaching = _attaching(options)
    progress = progress_display(quiet=options.quiet)
    found = reproduce(Path(options.package), folder, progress=progress, attaching=attaching)
    if found.identical:
        print(f"bit-identical: {found.files} files and the manifest, package hash {found.recorded}")
        return 0
    print(f"recorded {found.recorded}", f"made     {found.made}", sep="\n")
    for name, (recorded, here) in found.libraries.items():
        print(f"{name}: recorded with {recorded or 'none'}, made with {here or 'none'}")
    if found.same_files:
        print(f"all {found.files} files are bit-identical; the manifests differ in the versions of libraries alone")
    for one in found.differences:
        size = "" if one.largest is None else f", numbers by up to a relative {one.largest:.3g}"
        print(f"{one.file}: {one.message}{size}")
        for place in one.places:
            print(f"    {place}")
        if one.count > len(one.places):
            print(f"    and {one.count - len(one.places):,} more")
    sys.stdout.flush()
    return 1


def _attaching(options: argparse.Namespace) -> Callable[[Plan], Attach] | None:
    """What gives a plan's source its protected attributes; None without a store. Raises CreditRiskError."""
    if options.protected is None:
        refuse(goes_with(options, "--protected", "inventory", "by", "key", "policy", "secret_file", "purpose"))
        return None
    if options.inventory is None or options.by is None:
        raise CreditRiskError(Fault("--inventory and --by go with --protected", "usage"))
    from credit_risk.cli.inventory_place import actor_of, gates_of
    from credit_risk.inventory import open_secret
    from credit_risk.lifecycle.protected_source import PURPOSE, ProtectedPlace, attachment

    place = ProtectedPlace(options.protected, open_secret(options.secret_file), options.purpose or PURPOSE)
    by, gates = actor_of(options), gates_of(options)
    return lambda plan: attachment(plan, place, options.inventory, gates, by=by, occasion="Reproduction")
