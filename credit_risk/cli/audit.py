"""`credit-risk audit`: verify the trail of an inventory, or its file, with what was kept elsewhere; export; anchor."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.cli.inventory_place import add_place, by_default, opened
from credit_risk.cli.usage import no_effect, refuse

if TYPE_CHECKING:
    from credit_risk.inventory import Anchor


def add_audit_commands(group: Any) -> None:
    """The commands below `credit-risk audit`."""
    verify = group.add_parser("verify", help="find edits, deletions, reorderings, re-chaining; 1 where there are any")
    verify.add_argument("--file", help="audit.jsonl in the place of the database")
    verify.add_argument("--anchors", action="append", default=[], help="file of anchors that was kept elsewhere")
    verify.add_argument("--anchor", action="append", default=[],
                        help="anchor as a document or a page prints it, or a file that holds one: a PDF of "
                        "credit-dossier, the manifest of an annex, a governance file; or the folder of an annex, a run "
                        "of monitoring, a package")  # fmt: skip
    verify.add_argument("--keys", help="folder of public keys that were kept elsewhere (PERSON.pem)")
    verify.add_argument(
        "--package",
        action="append",
        default=[],
        metavar="MODEL:VERSION=PATH",
        help="package held against its sign-offs",
    )
    verify.set_defaults(command=audit_verify)
    export = group.add_parser("export", help="write the trail as audit.jsonl")
    export.add_argument("--out", required=True, help="file to write")
    export.set_defaults(command=audit_export)
    anchor = group.add_parser("anchor", help="append the head of the trail to a file that lies elsewhere")
    anchor.add_argument("--out", required=True, help="file of anchors")
    anchor.set_defaults(command=audit_anchor)
    for parser in (verify, export, anchor):
        add_place(parser)


def audit_verify(options: argparse.Namespace) -> int:
    """`credit-risk audit verify`; 1 where something is found."""
    from credit_risk.inventory import read_anchors, read_public_keys, read_trail, verify_lines

    anchors = [one for path in options.anchors for one in read_anchors(Path(path))]
    anchors += [one for text in options.anchor for one in _anchors(text)]
    keys = None if options.keys is None else read_public_keys(Path(options.keys))
    packages = _packages(options.package)
    if options.file is not None:
        if packages:
            raise CreditRiskError(Fault("--package needs the database, not a file of the trail", "usage"))
        refuse(
            no_effect(options, "--file", *(name for name in ("inventory", "policy") if not by_default(options, name)))
        )
        found = verify_lines(read_trail(Path(options.file)), anchors, keys)
    else:
        with opened(options) as inventory:
            found = inventory.trail.verify(anchors, keys, packages)
    for fault in found.faults:
        print(fault)
    for note in found.notes:
        print(f"note: {note}")
    print(f"{len(found.events):,} events, {found.signatures:,} signatures, {found.anchors:,} anchors")
    if found.unsigned:
        told = ", ".join(f"{kind} {count:,}" for kind, count in sorted(found.unsigned.items()))
        print(f"done by name alone, without a key: {told}")
    if found.unanchored:
        print(
            f"{found.unanchored:,} events after the last anchor: an owner of the database could have written them anew"
        )
    if found.head is not None:
        print(found.head.text())
    print("intact" if found.intact else f"NOT intact: {len(found.faults):,} faults")
    return 0 if found.intact else 1


def _anchors(text: str) -> tuple[Anchor, ...]:
    """The anchors of a text, or of the file that it names."""
    from credit_risk.inventory import read_anchor_file, read_anchor_text

    told = read_anchor_text(text, "--anchor")
    if told:
        return told
    if not Path(text).exists():
        message = "is not an anchor, and not a file that holds one"
        raise CreditRiskError(Fault(message, "not_an_anchor", path="--anchor", found=text))
    return read_anchor_file(Path(text))


def audit_export(options: argparse.Namespace) -> int:
    """`credit-risk audit export --out FILE`."""
    with opened(options) as inventory:
        head = inventory.trail.export(Path(options.out))
    print(f"{options.out}: {head.text()}")
    return 0


def audit_anchor(options: argparse.Namespace) -> int:
    """`credit-risk audit anchor --out FILE`."""
    with opened(options) as inventory:
        print(inventory.trail.anchor(Path(options.out)).text())
    return 0


def _packages(texts: list[str]) -> dict[tuple[str, str], Path]:
    found: dict[tuple[str, str], Path] = {}
    for text in texts:
        name, sign, path = text.partition("=")
        model, colon, version = name.partition(":")
        if not (sign and colon and path):
            raise CreditRiskError(Fault("is not MODEL:VERSION=PATH", "usage", path="--package", found=text))
        found[model, version] = Path(path)
    return found
