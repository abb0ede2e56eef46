"""Options that have no effect beside others, or without them: refused, never passed over in silence."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from docs_templates.errors import DocumentError, Fault

CHANGES = "change_log"
"""The document that is made with the package of the version before."""


def check_rendering(arguments: argparse.Namespace) -> None:
    """Of `credit-dossier PACKAGE`. Raises DocumentError with every option that has no effect."""
    faults = _language(arguments)
    if arguments.document and CHANGES not in arguments.document and arguments.pack is None:
        faults += _without(arguments, f"--document {CHANGES}", ["previous"])
    _raise(faults)


def check_command(command: str, arguments: argparse.Namespace) -> None:
    """Of the commands beside rendering. Raises DocumentError with every option that has no effect."""
    faults = _language(arguments) if command in ("word", "letter") else []
    if command == "verify" and arguments.notice is not None:
        names = ["document", "previous", "monitoring", "governance"]
        told = _told(arguments, names)
        if told:
            message = f"{told} has no effect with --notice: a letter is made of its notice"
            faults.append(Fault(message, "usage", remedy=f"leave out {told}, or --notice"))
    _raise(faults)


def _language(arguments: argparse.Namespace) -> list[Fault]:
    return _without(arguments, "--language", ["language_folder"]) if arguments.language is None else []


def _without(arguments: argparse.Namespace, needed: str, names: Iterable[str]) -> list[Fault]:
    told = _told(arguments, names)
    return [Fault(f"{told} goes with {needed}", "usage", remedy=f"leave out {told}, or give {needed}")] if told else []


def _told(arguments: argparse.Namespace, names: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in names if getattr(arguments, name))


def _raise(faults: list[Fault]) -> None:
    if faults:
        raise DocumentError(faults)
