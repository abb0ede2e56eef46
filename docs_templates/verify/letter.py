"""Verifies the letter of a notice: made again from its data and the package that decided, and compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from docs_templates.errors import DocumentError, Fault
from docs_templates.house import current_house, housed
from docs_templates.language import say
from docs_templates.letters import letter, read_notice
from docs_templates.package import inspect_package
from docs_templates.verify.compare import compare, covered
from docs_templates.verify.house import house_notes, house_of
from docs_templates.verify.places import squeezed, units
from docs_templates.verify.reading import Reading, read_pdf
from docs_templates.verify.report import Alteration, Report
from docs_templates.verify.run import expect, page_of, statuses_of

NAME = "notice"


def is_letter(actual: Reading) -> bool:
    """Whether a PDF says that it is the letter of a notice, in the language that is spoken."""
    return squeezed(say("letters.title")).lower() in squeezed(actual.metadata.get("Title", "")).lower()


def verify_letter(data: bytes, file: Path, path: Path, notice: Path | None, roots: Sequence[Path]) -> Report:
    """Compare a letter with the data of its notice and the package at `path`.

    Raises DocumentError where the data are not named, are those of another package, or no notice; OSError.
    """
    if notice is None:
        remedy = (
            "name the data that it was made of with --notice; without them `credit-dossier signatures` alone can tell"
        )
        message = "is the letter of a notice to an applicant, whose data the package does not hold"
        raise DocumentError(Fault(message, "notice_missing", str(file), remedy=remedy))
    package, faults = inspect_package(path)
    statuses = statuses_of(data, roots)
    with read_pdf(data, str(file)) as actual:
        given = current_house()
        held, told = house_of(actual.pdf, given, str(file))
        with housed(held):
            read = read_notice(notice, package)
            composed = letter(read, package, notice.stem)
        expected_units = units(composed)
        found = [Alteration("evidence", str(fault)) for fault in faults] + list(told)
        with expect(composed, read.at, expected_units, page_of(actual)) as expected:
            found += compare(expected, actual)
        found += covered(actual)
        notes = tuple(house_notes(held, given, composed, statuses))
        values = sum(len(unit.values) for unit in expected_units)
        return Report(NAME, package.package_hash, len(actual.pages), values, tuple(found), statuses, notes)
