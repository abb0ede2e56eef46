"""What the commands beside rendering are called with."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

HELD = "the house style that the document must be made in; default: the one that travels in it"


def verify_parser(documents: Sequence[str]) -> argparse.ArgumentParser:
    """`credit-dossier verify FILE.pdf --package PACKAGE`."""
    parser = _parser("verify", "Read a rendered document back and compare all that it shows with the evidence.")
    parser.add_argument("file", type=Path, metavar="FILE.pdf", help="a document that credit-dossier rendered")
    _package(parser, "the package that it cites")
    _of_which(parser, documents)
    add_house(parser, HELD)
    parser.add_argument("--notice", type=Path, metavar="NOTICE.json", help="the data that a letter was made of")
    parser.add_argument("--json", type=Path, metavar="REPORT.json", help="write the report there as JSON")
    parser.add_argument(
        "--trust",
        type=Path,
        action="append",
        default=[],
        metavar="ROOT.pem",
        help="certificates that signatures must go back to (repeat for several)",
    )
    parser.add_argument("--quiet", action="store_true", help="print alterations only")
    return parser


def sign_parser(documents: Sequence[str]) -> argparse.ArgumentParser:
    """`credit-dossier sign FILE.pdf --package PACKAGE --key KEY.p12 --role ROLE --out SIGNED.pdf`."""
    parser = _parser("sign", "Sign a document that verifies (PAdES); what stood before is kept byte for byte.")
    parser.add_argument("file", type=Path, metavar="FILE.pdf", help="a document that credit-dossier rendered")
    _package(parser, "the package that it cites")
    _of_which(parser, documents)
    add_house(parser, HELD)
    parser.add_argument("--key", type=Path, required=True, metavar="KEY.p12", help="key and certificate, PKCS#12")
    roles = parser.add_mutually_exclusive_group(required=True)
    roles.add_argument("--role", help="in which role; its row of the sign-off table takes the signature")
    roles.add_argument(
        "--inventory-role",
        metavar="ROLE",
        help="role in the model inventory; its own row takes the signature, where one is free",
    )
    parser.add_argument(
        "--anchor", metavar="TEXT", help="anchor of the inventory's audit trail, to stand in the signature"
    )
    parser.add_argument("--json", type=Path, metavar="REPORT.json", help="write what was signed there as JSON")
    parser.add_argument("--name", help="name of the signer; default: that of the certificate")
    parser.add_argument("--field", metavar="NAME", help="name of the signature field; default: made of number and role")
    parser.add_argument("--out", type=Path, required=True, metavar="SIGNED.pdf", help="the signed file to write")
    parser.add_argument("--invisible", action="store_true", help="sign without an appearance on the page")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--passphrase-file", type=Path, metavar="FILE", help="its first line is the passphrase")
    source.add_argument("--passphrase-env", metavar="NAME", help="variable of the environment with the passphrase")
    return parser


def signatures_parser(documents: Sequence[str]) -> argparse.ArgumentParser:
    """`credit-dossier signatures FILE.pdf ...`."""
    parser = _parser("signatures", "Tell the signatures of PDFs: intact, by which certificate, what came after them.")
    parser.add_argument("file", type=Path, nargs="+", metavar="FILE.pdf", help="a PDF that was signed")
    parser.add_argument("--json", type=Path, metavar="REPORT.json", help="write the report there as JSON")
    parser.add_argument(
        "--trust", type=Path, action="append", default=[], metavar="ROOT.pem", help="certificates that are trusted"
    )
    return parser


def word_parser(documents: Sequence[str]) -> argparse.ArgumentParser:
    """`credit-dossier word PACKAGE --out DIR`."""
    parser = _parser("word", "Write documents as DOCX: authored texts can be edited in them, the rest is locked.")
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="a model package: folder or zip")
    parser.add_argument("--document", action="append", choices=documents, help="repeat for several; default: all")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    add_language(parser)
    add_house(parser)
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser


def take_back_parser(documents: Sequence[str]) -> argparse.ArgumentParser:
    """`credit-dossier take-back FILE.docx --package PACKAGE --plan PLAN --author NAME --date DATE`."""
    parser = _parser("take-back", "Put the texts that were edited in a DOCX back into the plan.")
    parser.add_argument("file", type=Path, metavar="FILE.docx", help="a document that `credit-dossier word` wrote")
    _package(parser, "the package that it was made from")
    add_house(parser, "the house style that it was made in")
    parser.add_argument("--plan", type=Path, required=True, metavar="PLAN", help="the plan.yaml to write to")
    parser.add_argument("--author", help="who edited; needed where a text was changed")
    parser.add_argument("--date", help="when, as 2026-11-20; needed where a text was changed")
    _language_folder(parser)
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser


def letter_parser(documents: Sequence[str]) -> argparse.ArgumentParser:
    """`credit-dossier letter NOTICE.json ... --package PACKAGE --out DIR`."""
    parser = _parser("letter", "Write the notice to an applicant as a letter, PDF and text, from its data.")
    parser.add_argument(
        "notice", type=Path, nargs="+", metavar="NOTICE.json", help="data of a notice, as credit-risk explain writes it"
    )
    _package(parser, "the package that decided")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the letters")
    parser.add_argument("--page-size", choices=("a4", "letter"), help="default: that of the house style, else a4")
    add_language(parser)
    add_house(parser)
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser


def add_house(parser: argparse.ArgumentParser, about: str = "the house style: a small YAML file") -> None:
    """The option that names a house style."""
    parser.add_argument("--house", type=Path, metavar="FILE", help=about)


def add_governance(parser: argparse.ArgumentParser, about: str) -> None:
    """The option that names a governance file."""
    parser.add_argument("--governance", type=Path, metavar="FILE", help=about)


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"credit-dossier {command}", description=description)


def _package(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument("--package", type=Path, required=True, metavar="PACKAGE", help=about)


def _of_which(parser: argparse.ArgumentParser, documents: Sequence[str]) -> None:
    parser.add_argument("--document", choices=documents, help="which document it is, where the file does not say")
    parser.add_argument("--previous", type=Path, metavar="PACKAGE", help="the earlier package of a change log")
    parser.add_argument("--monitoring", type=Path, metavar="RUN", help="the run of monitoring of a monitoring report")
    add_governance(parser, "the governance file that it was made with")
    _language_folder(parser)


def add_language(parser: argparse.ArgumentParser) -> None:
    """`--language`, and where languages lie that do not ship."""
    parser.add_argument("--language", metavar="CODE", help="language of the documents, as de; default: en")
    _language_folder(parser)


def _language_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--language-folder", type=Path, metavar="DIR", help="folder of languages of one's own, one folder each"
    )


PARSERS: dict[str, Callable[[Sequence[str]], argparse.ArgumentParser]] = {
    "verify": verify_parser,
    "sign": sign_parser,
    "signatures": signatures_parser,
    "word": word_parser,
    "take-back": take_back_parser,
    "letter": letter_parser,
}
