"""`credit-dossier PACKAGE`: renders the documents of a model package to PDF.

`verify` holds one against its package, `word` and `take-back` are for people who edit, `letter` writes the notice to an
applicant.

Exit status: 0 done, 1 a verified document was altered, 2 input refused (nothing written), 70 internal error, 130
interrupted.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from docs_templates.command_lines import PARSERS, add_governance, add_house, add_language

if TYPE_CHECKING:
    from docs_templates.dossier import Written

DONE, ALTERED, REFUSED, OTHER_VERSION, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 70, 130
HERE = Path()
EXTRA = "install credit-risk-lifecycle[documents]"
PAGE_SIZES = ("a4", "letter")
COMMANDS = ("verify", "sign", "signatures", "word", "take-back", "letter")
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
    "monitoring_report",
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; `argv` is without the program's name. Returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    words = list(sys.argv[1:] if argv is None else argv)
    command = words[0] if words and words[0] in COMMANDS else None
    try:
        arguments = PARSERS[command](DOCUMENT_NAMES).parse_args(words[1:]) if command else _parser().parse_args(words)
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
        epilog="Further commands: credit-dossier verify, sign, signatures, word, take-back, letter (each with --help).",
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
    parser.add_argument(
        "--monitoring",
        type=Path,
        metavar="RUN",
        help="folder of a run of monitoring, for the monitoring report; its page is written too: DIR/index.html",
    )
    add_governance(
        parser, "what the inventory says of the version (credit-risk inventory governance), for documents to print"
    )
    parser.add_argument("--watch", action="store_true", help="render again whenever package or templates change")
    parser.add_argument(
        "--pack",
        type=Path,
        nargs="?",
        const=HERE,
        metavar="DIR",
        help="write the pack too: a folder and a zip with documents, exports, evidence and index.html; "
        "default: the folder that the package lies in",
    )
    parser.add_argument(
        "--page-size", choices=PAGE_SIZES, help=f"default: that of the house style, else {PAGE_SIZES[0]}"
    )
    parser.add_argument(
        "--anchor",
        metavar="TEXT",
        help="head of the audit trail of the bank's inventory, to be kept in the annex (credit-risk audit anchor); "
        "a governance file has its own",
    )
    add_language(parser)
    add_house(parser)
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    return parser


def _run_command(command: str, arguments: argparse.Namespace) -> int:
    from docs_templates.errors import DocumentError

    try:
        from docs_templates import commands
        from docs_templates.house import housed
        from docs_templates.house_file import chosen_house
        from docs_templates.usage import check_command
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("docs_templates"):
            raise
        print(f"credit-dossier: {error.name} is not installed: {EXTRA}", file=sys.stderr)
        return REFUSED
    try:
        check_command(command, arguments)
        with housed(chosen_house(getattr(arguments, "house", None))):
            well = commands.BY_NAME[command](arguments, print)
        return OTHER_VERSION if well is None else DONE if well else ALTERED
    except DocumentError as error:
        print(f"credit-dossier {command}: refused", file=sys.stderr)
        print(error, file=sys.stderr)
    except OSError as error:
        print(f"credit-dossier {command}: cannot read or write: {error}", file=sys.stderr)
    return REFUSED


def _run(arguments: argparse.Namespace) -> int:
    if not arguments.watch:
        return _render(arguments)
    from docs_templates.watch import watch

    package = arguments.package
    out = arguments.out or package / "documents"
    watched = [package, Path(__file__).parent]
    watched += [arguments.governance] if arguments.governance is not None else []
    watched += [arguments.language_folder] if arguments.language_folder is not None else []
    watch(lambda: [*watched, *_of_house(arguments.house)], lambda: _told(_render(arguments)), leave_out=[out])
    return DONE


def _of_house(file: Path | None) -> list[Path]:
    from docs_templates.house_file import house_paths

    return house_paths(file) if file is not None else []


def _told(status: int) -> None:
    moment = datetime.now(UTC).strftime("%H:%M:%S")
    print(f"{moment} UTC: {'rendered' if status == DONE else 'refused'}; waiting for changes", flush=True)


def _render(arguments: argparse.Namespace) -> int:
    from docs_templates.errors import DocumentError

    try:
        from docs_templates.dossier import make_documents, system_clock
        from docs_templates.house import housed
        from docs_templates.house_file import chosen_house
        from docs_templates.language import speaking
        from docs_templates.language_files import chosen_language
        from docs_templates.usage import check_rendering
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("docs_templates"):
            raise
        print(f"credit-dossier: {error.name} is not installed: {EXTRA}", file=sys.stderr)
        return REFUSED

    def tell(line: str) -> None:
        if not arguments.quiet:
            print(line, flush=True)

    try:
        check_rendering(arguments)
        moment = system_clock()
        language = chosen_language(arguments.language, arguments.language_folder)
        with housed(chosen_house(arguments.house)), speaking(language):
            written = make_documents(
                arguments.package,
                arguments.document,
                out=arguments.out,
                previous=arguments.previous,
                monitoring=arguments.monitoring,
                governance=arguments.governance,
                clock=lambda: moment,
                tell=tell,
                page_size=arguments.page_size,
                language=language,
                anchor=arguments.anchor,
            )
            for document in written:
                tell(f"written {document.path}")
            if arguments.pack is not None:
                _pack(arguments, written, moment, tell)
    except DocumentError as error:
        print("credit-dossier: refused, nothing was written", file=sys.stderr)
        print(error, file=sys.stderr)
        return REFUSED
    except OSError as error:
        print(f"credit-dossier: cannot read or write: {error}", file=sys.stderr)
        return REFUSED
    return DONE


def _pack(
    arguments: argparse.Namespace, written: Sequence[Written], moment: datetime, tell: Callable[[str], None]
) -> None:
    from docs_templates.pack.bundle import write_pack

    into = arguments.pack if arguments.pack != HERE else arguments.package.resolve().parent
    pack = write_pack(
        arguments.package,
        written,
        into,
        moment,
        previous=arguments.previous,
        monitoring=arguments.monitoring,
        governance=arguments.governance,
    )
    tell(f"written {pack.folder}")
    tell(f"written {pack.archive}: {pack.files:,} files, {pack.bytes:,} bytes")
