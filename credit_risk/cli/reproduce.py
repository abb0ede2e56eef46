"""`credit-risk reproduce`: a package made again from its recorded plan, data and versions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from credit_risk.cli.progress import progress_display


def add_reproduce_command(group: Any) -> None:
    """The command."""
    parser = group.add_parser("reproduce", help="make a package again and say bit-identical, or what differs")
    parser.add_argument("package", help="folder or zip of a model package")
    parser.add_argument(
        "--plan", help="folder of the plan that was run, where its relative paths begin; by default the package's own"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(command=reproduce_package)


def reproduce_package(options: argparse.Namespace) -> int:
    """`credit-risk reproduce PACKAGE`; 1 where something differs."""
    from credit_risk.lifecycle.reproduce import reproduce

    given = None if options.plan is None else Path(options.plan)
    folder = given.parent if given is not None and given.is_file() else given
    found = reproduce(Path(options.package), folder, progress=progress_display(quiet=options.quiet))
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
