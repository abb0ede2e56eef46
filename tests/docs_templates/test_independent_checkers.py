"""Documents before programs that others wrote: a checker of PDF/UA, and poppler's reading of the structure."""

from __future__ import annotations

import re
import subprocess
import unicodedata
from pathlib import Path

import page
import pdfua
import pikepdf
import pytest
from pdfua.model import Severity

from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.document import Block, Heading, ListBlock, Paragraph, Statement, Table, plain
from docs_templates.package import read_package
from docs_templates.render import fonts
from docs_templates.templates import DOCUMENTS, read_template
from tests.docs_templates.conftest import MOMENT

UNCLAIMED = {"UA-28-004"}
"""The file does not say that it is PDF/UA: it does not claim it."""
STRUCTURE_LINE = re.compile(r'^\s*"(.*)"$', re.MULTILINE)


def _told(path: Path) -> dict[str, list[str]]:
    """What the checker finds beside the claim, by rule."""
    found: dict[str, list[str]] = {}
    for one in pdfua.validate(str(path)).findings:
        if one.rule_id not in UNCLAIMED and one.severity is not Severity.INFO:
            found.setdefault(one.rule_id, []).append(one.message)
    return found


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_checker_of_pdf_ua_finds_nothing(taiwan_package: Path, name: str) -> None:
    assert _told(taiwan_package / "documents" / f"{name}.pdf") == {}


def test_the_checker_finds_what_is_taken_away(taiwan_package: Path, tmp_path: Path) -> None:
    def without(change: str) -> set[str]:
        with pikepdf.open(taiwan_package / "documents" / "executive_summary.pdf") as pdf:
            if change == "tree":
                del pdf.Root.StructTreeRoot
            elif change == "language":
                del pdf.Root.Lang
            else:
                del pdf.Root.ViewerPreferences
            pdf.save(tmp_path / "less.pdf", fix_metadata_version=False)
        return set(_told(tmp_path / "less.pdf"))

    assert all(without(change) for change in ("tree", "language", "title"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_checker_of_pdf_a_finds_nothing(taiwan_package: Path, name: str) -> None:
    report = page.validate_pdf(str(taiwan_package / "documents" / f"{name}.pdf"), profile="3b")
    assert report.is_compliant, list(report.failures)[:5]


def test_the_checker_of_pdf_a_finds_what_is_taken_away(taiwan_package: Path, tmp_path: Path) -> None:
    with pikepdf.open(taiwan_package / "documents" / "executive_summary.pdf") as pdf:
        del pdf.Root.OutputIntents
        pdf.save(tmp_path / "less.pdf", fix_metadata_version=False)
    assert not page.validate_pdf(str(tmp_path / "less.pdf"), profile="3b").is_compliant


def _reading(blocks: tuple[Block, ...]) -> list[str]:
    """Texts of blocks in the order of reading."""
    found: list[str] = []
    for block in blocks:
        if isinstance(block, Heading):
            found.append(block.text)
        elif isinstance(block, Paragraph):
            found.append(plain(block.content))
        elif isinstance(block, Statement):
            found.append(block.text)
        elif isinstance(block, Table):
            found.append(plain(block.caption))
            found += [column.title for column in block.columns]
            found += [cell for row in block.rows for cell in row]
        elif isinstance(block, ListBlock):
            for item in block.items:
                found += _reading(item)
    return [_squeezed(fonts.printable(text)) for text in found]


def _squeezed(text: str) -> str:
    return re.sub(r"[\s\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", unicodedata.normalize("NFKC", text))


def _structure(path: Path) -> str:
    """All text in the order of the structure tree, as poppler reads it."""
    told = subprocess.run(["pdfinfo", "-struct-text", str(path)], capture_output=True, check=True).stdout.decode()
    return _squeezed("".join(STRUCTURE_LINE.findall(told)))


def _in_order(path: Path, package: Path, name: str) -> None:
    """Poppler draws a page anew for each of its marks: this is for documents of few pages."""
    document = compose(read_template(name), read_package(package), registry(), MOMENT)
    text, at = _structure(path), 0
    for part in _reading(document.blocks):
        if fonts.LEFTWARDS.search(part):
            continue  # stands in the order of sight
        found = text.find(part, at)
        assert found >= 0, (part[:80], text[at : at + 200])
        at = found + len(part)


@pytest.mark.poppler
@pytest.mark.parametrize("name", ["executive_summary", "model_card"])
def test_another_reader_reads_the_worked_example_in_our_order(taiwan_package: Path, name: str) -> None:
    _in_order(taiwan_package / "documents" / f"{name}.pdf", taiwan_package, name)
