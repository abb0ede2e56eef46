"""`credit-dossier PACKAGE`: renders the documents of a model package to PDF; `verify` and `sign` are of what it made.

Exit status: 0 done, 1 a verified document was altered, 2 input refused (nothing written), 70 internal error, 130
interrupted.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

DONE, ALTERED, REFUSED, INTERNAL, INTERRUPTED = 0, 1, 2, 70, 130
EXTRA = "install credit-risk-lifecycle[documents]"
COMMANDS = ("verify",)
DOCUMENT_NAMES = (
    "executive_summary",
    "model_card",
    "development_dossier",
    "validation_report",
    "implementation_guide",
    "adverse_action",
    "monitoring_plan",
    "change_log",
    "sign_off_sheet",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; `argv` is without the program's name. Returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    command = words[0] if words and words[0] in COMMANDS else None
    try:
        arguments = _command_parser(command).parse_args(words[1:]) if command else _parser().parse_args(words)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else REFUSED
    try:
        return _run_command(command, arguments) if command else _run(arguments)
    except KeyboardInterrupt:
        print("credit-dossier: interrupted; nothing was changed", file=sys.stderr)
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - the last resort of a command line: told in full, exit status 70
        traceback.print_exc()
        return INTERNAL


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="credit-dossier",
        description="Render the documents of a model package to PDF.",
        epilog="credit-dossier verify FILE.pdf --package PACKAGE holds a document against its package.",
    )
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="a model package: folder or zip")
    parser.add_argument(
        "--document",
        action="append",
        choices=DOCUMENT_NAMES,
        help="a document to render (repeat for several); default: all that the package allows",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the documents; default: PACKAGE/documents, an annex"
    )
    parser.add_argument(
        "--previous", type=Path, metavar="PACKAGE", help="the package of the version before, for the change log"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser


def _command_parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"credit-dossier {command}",
        description="Read a rendered document back and compare all that it shows with the evidence of its package.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.pdf", help="a document that credit-dossier rendered")
    parser.add_argument("--package", type=Path, required=True, metavar="PACKAGE", help="the package that it cites")
    parser.add_argument("--document", choices=DOCUMENT_NAMES, help="which document it is, where the file does not say")
    parser.add_argument("--json", type=Path, metavar="REPORT.json", help="write the report there as JSON")
    parser.add_argument("--quiet", action="store_true", help="print alterations only")
    return parser


def _run_command(command: str, arguments: argparse.Namespace) -> int:
    from docs_templates.errors import DocumentError

    try:
        from docs_templates import commands
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("docs_templates"):
            raise
        print(f"credit-dossier: {error.name} is not installed: {EXTRA}", file=sys.stderr)
        return REFUSED
    try:
        return DONE if commands.BY_NAME[command](arguments, print) else ALTERED
    except DocumentError as error:
        print(f"credit-dossier {command}: refused", file=sys.stderr)
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"credit-dossier {command}: cannot read or write: {error}", file=sys.stderr)
    return REFUSED


def _run(arguments: argparse.Namespace) -> int:
    from docs_templates.errors import DocumentError

    try:
        from docs_templates.dossier import make_documents
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("docs_templates"):
            raise
        print(f"credit-dossier: {error.name} is not installed: {EXTRA}", file=sys.stderr)
        return REFUSED

    def tell(line: str) -> None:
        if not arguments.quiet:
            print(line, flush=True)

    try:
        written = make_documents(
            arguments.package, arguments.document, out=arguments.out, previous=arguments.previous, tell=tell
        )
    except DocumentError as error:
        print("credit-dossier: refused, nothing was written", file=sys.stderr)
        print(error, file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(f"credit-dossier: cannot read or write: {error}", file=sys.stderr)
        return REFUSED
    for document in written:
        tell(f"written {document.path}")
    return DONE
