"""The commands beside rendering: each takes its arguments and a way to print, and says whether all is well."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from docs_templates import strict_json
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


BY_NAME: dict[str, Callable[[argparse.Namespace, Print], bool]] = {"verify": verify_command}
