"""What the commands beside rendering are called with."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path


def verify_parser(documents: Sequence[str]) -> argparse.ArgumentParser:
    """`credit-dossier verify FILE.pdf --package PACKAGE`."""
    parser = _parser("verify", "Read a rendered document back and compare all that it shows with the evidence.")
    parser.add_argument("file", type=Path, metavar="FILE.pdf", help="a document that credit-dossier rendered")
    _package(parser, "the package that it cites")
    parser.add_argument("--document", choices=documents, help="which document it is, where the file does not say")
    parser.add_argument("--json", type=Path, metavar="REPORT.json", help="write the report there as JSON")
    parser.add_argument("--quiet", action="store_true", help="print alterations only")
    return parser


def word_parser(documents: Sequence[str]) -> argparse.ArgumentParser:
    """`credit-dossier word PACKAGE --out DIR`."""
    parser = _parser("word", "Write documents as DOCX: authored texts can be edited in them, the rest is locked.")
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="a model package: folder or zip")
    parser.add_argument("--document", action="append", choices=documents, help="repeat for several; default: all")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser


def take_back_parser(documents: Sequence[str]) -> argparse.ArgumentParser:
    """`credit-dossier take-back FILE.docx --package PACKAGE --plan PLAN --author NAME --date DATE`."""
    parser = _parser("take-back", "Put the texts that were edited in a DOCX back into the plan.")
    parser.add_argument("file", type=Path, metavar="FILE.docx", help="a document that `credit-dossier word` wrote")
    _package(parser, "the package that it was made from")
    parser.add_argument("--plan", type=Path, required=True, metavar="PLAN", help="the plan.yaml to write to")
    parser.add_argument("--author", help="who edited; needed where a text was changed")
    parser.add_argument("--date", help="when, as 2026-11-20; needed where a text was changed")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog=f"credit-dossier {command}", description=description)


def _package(parser: argparse.ArgumentParser, about: str) -> None:
    parser.add_argument("--package", type=Path, required=True, metavar="PACKAGE", help=about)


PARSERS: dict[str, Callable[[Sequence[str]], argparse.ArgumentParser]] = {
    "verify": verify_parser,
    "word": word_parser,
    "take-back": take_back_parser,
}
