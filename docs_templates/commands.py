"""The commands beside rendering: each takes its arguments and a way to print, and says whether all is well."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from docs_templates import strict_json
from docs_templates.dossier import system_clock
from docs_templates.verify.report import Report
from docs_templates.verify.run import verify

Print = Callable[[str], None]


def verify_command(arguments: argparse.Namespace, tell: Print) -> bool:
    """Verify a document and tell what was altered. Raises DocumentError where it cannot be compared; OSError."""
    report = verify(arguments.file, arguments.package, arguments.document)
    if arguments.json is not None:
        arguments.json.write_bytes(strict_json.write(report.as_json()))
    for line in told(report, quiet=arguments.quiet):
        tell(line)
    return report.intact


def told(report: Report, *, quiet: bool) -> list[str]:
    """The report in lines, what was altered first."""
    lines = [str(one) for one in report.alterations]
    lines += [str(one) for one in report.signatures]
    lines += [f"note: {note}" for note in report.notes]
    verdict = "nothing was altered" if report.intact else f"{len(report.alterations)} alterations"
    head = f"{report.document}: {report.pages} pages, {report.values:,} cited values compared with the evidence"
    return lines if quiet else [*lines, f"{head}: {verdict}"]


def word_command(arguments: argparse.Namespace, tell: Print) -> bool:
    """Write documents as DOCX. Raises DocumentError; OSError."""
    from docs_templates.word.run import make_word

    say = (lambda _: None) if arguments.quiet else tell
    make_word(arguments.package, arguments.document, arguments.out, clock=system_clock, tell=say)
    return True


def take_back_command(arguments: argparse.Namespace, tell: Print) -> bool:
    """Put edited texts back into the plan. Raises DocumentError with every locked line that was changed; OSError."""
    from docs_templates.word.take_back import take_back

    say = (lambda _: None) if arguments.quiet else tell
    take_back(arguments.file, arguments.package, arguments.plan, author=arguments.author, date=arguments.date, tell=say)
    return True


BY_NAME: dict[str, Callable[[argparse.Namespace, Print], bool]] = {
    "verify": verify_command,
    "word": word_command,
    "take-back": take_back_command,
}
