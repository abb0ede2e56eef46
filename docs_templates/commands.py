"""The commands beside rendering: each takes its arguments and a way to print, and says whether all is well."""

from __future__ import annotations

import argparse
import getpass
import os
import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from docs_templates import strict_json
from docs_templates.dossier import system_clock
from docs_templates.errors import DocumentError, Fault
from docs_templates.language import speaking
from docs_templates.language_files import chosen_language
from docs_templates.verify.report import Report
from docs_templates.verify.run import documents_beside, language_of, verify

Print = Callable[[str], None]


def verify_command(arguments: argparse.Namespace, tell: Print) -> bool | None:
    """Verify a document and tell what was altered; None where nothing was, but another version of the templates made
    it. Raises DocumentError where it cannot be compared; OSError."""
    report = verify(
        arguments.file,
        arguments.package,
        arguments.document,
        previous=arguments.previous,
        monitoring=arguments.monitoring,
        governance=arguments.governance,
        notice=arguments.notice,
        roots=arguments.trust,
        languages=arguments.language_folder,
    )
    if arguments.json is not None:
        arguments.json.write_bytes(strict_json.write(report.as_json()))
    for line in told(report, quiet=arguments.quiet):
        tell(line)
    return None if report.other_version and report.unaltered else report.intact


def sign_command(arguments: argparse.Namespace, tell: Print) -> bool:
    """Sign a document that verifies, and verify what was signed. Raises DocumentError where it is refused; OSError."""
    from docs_templates import signatures
    from docs_templates.sign_off_cell import cell_of, free_cell
    from docs_templates.verify.reading import read_pdf

    data = arguments.file.read_bytes()
    checked = partial(
        verify,
        path=arguments.package,
        previous=arguments.previous,
        monitoring=arguments.monitoring,
        governance=arguments.governance,
        languages=arguments.language_folder,
        beside=documents_beside(arguments.file, arguments.package),
    )
    before = checked(arguments.file, document=arguments.document)
    if not before.intact:
        faults = [Fault("the document does not verify: it is not signed", "document_altered", file=str(arguments.file))]
        faults += [Fault(line, "document_altered") for line in told(before, quiet=True)]
        raise DocumentError(faults)
    moment = system_clock()
    signer = signatures.load_signer(arguments.key.read_bytes(), _passphrase(arguments), str(arguments.key), moment)
    role = arguments.role or arguments.inventory_role
    name = f"signature-{len(before.signatures) + 1}-{_slug(role)}"
    field, place = arguments.field or name, arguments.anchor
    request = signatures.Request(role, arguments.name, field, moment, location=place)
    with read_pdf(data, str(arguments.file)) as reading:
        spoken = language_of(reading, arguments.file, arguments.language_folder)
        with speaking(spoken):
            if arguments.inventory_role is not None:
                cell = None if arguments.invisible else free_cell(reading, arguments.inventory_role)
                if cell is not None:
                    request = replace(request, role=cell[0], page=cell[1], box=cell[2])
            elif not arguments.invisible:
                page, box = cell_of(reading, role)
                request = replace(request, page=page, box=box)
            signed = signatures.sign_bytes(data, signer, request)
    _write(arguments.out, signed)
    after = checked(arguments.out, document=before.document)
    for line in told(after, quiet=False):
        tell(line)
    tell(f"written {arguments.out}")
    if arguments.json is not None:
        made = next(one for one in after.signatures if one.field == field)
        report = {"document": after.document, "intact": after.intact, "signature": asdict(made)}
        arguments.json.write_bytes(strict_json.write(report))
    return after.intact


def signatures_command(arguments: argparse.Namespace, tell: Print) -> bool:
    """Tell the signatures of PDFs. Raises DocumentError where one cannot be read; OSError."""
    from pyhanko.pdf_utils.misc import PdfError

    from docs_templates import signatures

    roots = [one for root in arguments.trust for one in signatures.trust_roots(root.read_bytes(), str(root))]
    found = {}
    for path in arguments.file:
        try:
            found[str(path)] = signatures.signatures(path.read_bytes(), roots)
        except (ValueError, KeyError, PdfError) as error:
            fault = Fault(f"not a PDF that can be read: {error}", "pdf_unreadable", file=str(path))
            raise DocumentError(fault) from error
        for one in found[str(path)]:
            tell(f"{path}: {one}")
        if not found[str(path)]:
            tell(f"{path}: no signature")
    if arguments.json is not None:
        arguments.json.write_bytes(strict_json.write({name: [asdict(o) for o in held] for name, held in found.items()}))
    return all(one.intact and one.valid for held in found.values() for one in held)


def told(report: Report, *, quiet: bool) -> list[str]:
    """The report in lines, what was altered first."""
    lines = [str(one) for one in report.alterations]
    lines += [str(one) for one in report.signatures]
    lines += [f"note: {note}" for note in report.notes]
    count = len(report.alterations)
    unaltered = "no value was altered, layout not compared" if report.other_version else "nothing was altered"
    verdict = unaltered if not count else f"{count} alteration{'s' if count > 1 else ''}"
    head = f"{report.document}: {report.pages} pages, {report.values:,} cited values compared with the evidence"
    return lines if quiet else [*lines, f"{head}: {verdict}"]


def _passphrase(arguments: argparse.Namespace) -> bytes | None:
    """The passphrase of the key: of a file's first line, of a variable of the environment, or asked for."""
    if arguments.passphrase_file is not None:
        lines = arguments.passphrase_file.read_bytes().splitlines()
        return lines[0] if lines else b""
    if arguments.passphrase_env is not None:
        value = os.environ.get(arguments.passphrase_env)
        if value is None:
            message = "no such variable of the environment"
            raise DocumentError(Fault(message, "passphrase_missing", found=arguments.passphrase_env))
        return value.encode("utf-8")
    if not sys.stdin.isatty():
        remedy = "give --passphrase-file or --passphrase-env"
        raise DocumentError(Fault("nobody can be asked for the passphrase", "passphrase_missing", remedy=remedy))
    return getpass.getpass("Passphrase of the key: ").encode("utf-8")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "role"


def _write(path: Path, data: bytes) -> None:
    """Write beside the place and rename: the file is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def word_command(arguments: argparse.Namespace, tell: Print) -> bool:
    """Write documents as DOCX. Raises DocumentError; OSError."""
    from docs_templates.word.run import make_word

    say = (lambda _: None) if arguments.quiet else tell
    language = chosen_language(arguments.language, arguments.language_folder)
    make_word(arguments.package, arguments.document, arguments.out, clock=system_clock, tell=say, language=language)
    return True


def take_back_command(arguments: argparse.Namespace, tell: Print) -> bool:
    """Put edited texts back into the plan. Raises DocumentError with every locked line that was changed; OSError."""
    from docs_templates.word.take_back import take_back

    say = (lambda _: None) if arguments.quiet else tell
    take_back(
        arguments.file,
        arguments.package,
        arguments.plan,
        author=arguments.author,
        date=arguments.date,
        tell=say,
        languages=arguments.language_folder,
    )
    return True


def letter_command(arguments: argparse.Namespace, tell: Print) -> bool:
    """Write the letters of notices, each as PDF and text. Raises DocumentError with every fault of all of them before
    anything is written; OSError."""
    from docs_templates.house import current_house
    from docs_templates.letters import letter, letter_text, read_notice
    from docs_templates.package import read_package
    from docs_templates.render.page import PAGES
    from docs_templates.render.pdf import render

    package = read_package(arguments.package)
    size = PAGES[arguments.page_size or current_house().page.lower() or "a4"]
    faults: list[Fault] = []
    made: dict[str, bytes] = {}
    with speaking(chosen_language(arguments.language, arguments.language_folder)):
        for path in arguments.notice:
            try:
                notice = read_notice(path, package)
            except DocumentError as error:
                faults += error.faults
                continue
            document = letter(notice, package, path.stem)
            made[f"{path.stem}.pdf"] = render(document, notice.at, size).data
            made[f"{path.stem}.txt"] = letter_text(document)
    if len(made) != 2 * len(arguments.notice) and not faults:
        faults.append(Fault("two notices have one name", "notice", allowed="a name each"))
    if faults:
        raise DocumentError(faults)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, data in made.items():
        _write(arguments.out / name, data)
        if not arguments.quiet:
            tell(f"written {arguments.out / name}")
    return True


BY_NAME: dict[str, Callable[[argparse.Namespace, Print], bool | None]] = {
    "verify": verify_command,
    "sign": sign_command,
    "signatures": signatures_command,
    "word": word_command,
    "take-back": take_back_command,
    "letter": letter_command,
}
