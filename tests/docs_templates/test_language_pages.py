"""No word of what is drawn stands in code: pages, tags, bookmarks and metadata of PDF, DOCX, the page of a pack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from docs_templates.dossier import compose_all, make_documents
from docs_templates.language import Language, speaking
from docs_templates.language_files import chosen_language
from docs_templates.package import Package, read_package
from docs_templates.verify.reading import read_pdf
from tests.docs_templates.builders import all_evidence, catalogue, write_package
from tests.docs_templates.conftest import MOMENT
from tests.docs_templates.pseudo_language import CODE, LETTERS, unmarked, write_language
from tests.docs_templates.test_language import _Held

NAMES = {
    "SHA": "of SHA-256, the name of a standard",
    "UTC": "the name of a time",
    CODE: "the code of the language",
    "manifest.json": "the name of a file",
}
"""Names that are the same in every language."""


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Language:
    return chosen_language(CODE, write_language(tmp_path_factory.mktemp("marked"), catalogue()))


@pytest.fixture(scope="module")
def marked_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with every item of evidence."""
    return write_package(tmp_path_factory.mktemp("toy") / "package", all_evidence(("UTILISATION",)), name="Toy")


def _held(package: Path, marked: Language, *names: str) -> _Held:
    """Texts of a package and the identifiers of documents."""
    held = _Held(read_package(package))
    with speaking(marked):
        held._text += "".join(f"\n{one.identifier}" for one in compose_all(names, read_package(package), MOMENT))
    return held


class _Drawn(_Held):
    """The same of pages, a line a piece of drawn text: white space between pieces is lost, words break at line ends."""

    def __init__(self, held: _Held) -> None:
        self._text = re.sub(r"\s+", "", held._text)

    def strange(self, text: str) -> list[str]:
        pieces = (piece for part in unmarked(text) for piece in re.split(r"[^\w.]+", part))
        return [one for one in pieces if LETTERS.search(one) and one not in self._text and one not in NAMES]


def _alternatives(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Texts that stand for figures, from the structure tree."""
    waiting: list[Any] = [pdf.Root.StructTreeRoot]
    while waiting:
        node = waiting.pop()
        if isinstance(node, pikepdf.Array):
            waiting += list(node)
        elif isinstance(node, pikepdf.Dictionary):
            if "/Alt" in node:
                yield str(node.Alt)
            if "/K" in node:
                waiting.append(node.K)


@pytest.mark.parametrize("name", ["executive_summary", "model_card", "monitoring_plan", "implementation_guide"])
def test_no_word_of_a_page_or_tag_stands_in_code(
    name: str, marked: Language, marked_package: Path, tmp_path: Path
) -> None:
    (made,) = make_documents(marked_package, [name], out=tmp_path, clock=lambda: MOMENT, language=marked)
    held = _held(marked_package, marked, name)
    with read_pdf(made.path.read_bytes()) as reading:
        pages = ["\n".join(mark.text for mark in view.marks if mark.kind == "text") for view in reading.views()]
        bookmarks = [title.lstrip(">") for title, _ in reading.bookmarks]
        beside = [str(reading.pdf.docinfo[f"/{key}"]) for key in ("Title", "Subject")]
        beside += [str(one.Desc) for one in reading.pdf.Root.AF]
        figures = list(_alternatives(reading.pdf))
    assert bookmarks
    assert all("⟦" in text for text in [*bookmarks, *beside, *figures])
    assert not [piece for text in [*bookmarks, *beside, *figures] for piece in held.strange(text)]
    assert not [piece for text in pages for piece in _Drawn(held).strange(text)]


def test_no_word_of_a_word_document_stands_in_code(marked: Language, marked_package: Path) -> None:
    from docs_templates.word.read import read_docx
    from docs_templates.word.write import docx_bytes

    package = read_package(marked_package)
    names = ("sign_off_sheet", "monitoring_plan")
    held = _held(marked_package, marked, *names)
    with speaking(marked):
        documents = compose_all(names, package, MOMENT)
        data = [docx_bytes(one, package, MOMENT, pictures=False) for one in documents]
    for one in data:
        read = read_docx(one, "x.docx")
        assert read.language == CODE
        texts = [line.text for line in read.lines if line.text != "[picture]"]
        assert sum("⟦" in text for text in texts) > 10
        assert not [piece for text in texts for piece in held.strange(text)]


def _few(plots: Callable[..., str]) -> Callable[..., str]:
    """The plots of a few figures: each is drawn alike."""

    def some(package: Package, *more: object) -> str:
        left_out = [name for name, item in package.evidence.items() if item.kind == "figure"][3:]
        return plots(replace(package, evidence={n: i for n, i in package.evidence.items() if n not in left_out}), *more)

    return some


def test_no_word_of_the_page_of_a_pack_stands_in_code(
    marked: Language, marked_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from docs_templates.pack import sections
    from docs_templates.pack.bundle import write_pack

    monkeypatch.setattr(sections, "plots", _few(sections.plots))
    names = ["sign_off_sheet"]
    written = make_documents(marked_package, names, out=tmp_path / "d", clock=lambda: MOMENT, language=marked)
    with speaking(marked):
        pack = write_pack(marked_package, written, tmp_path / "p", MOMENT)
    page = (pack.folder / "index.html").read_text("utf-8")
    assert f'<html lang="{CODE}">' in page
    files = [path.relative_to(pack.folder).as_posix() for path in pack.folder.rglob("*")]
    held = _Held(read_package(marked_package))
    held._text += "\n".join(["", *files, pack.folder.name, *(name.rpartition("/")[2] for name in files)])
    body = re.sub(r"<(style|script|head)\b.*?</\1>", " ", page, flags=re.DOTALL)
    texts = [unescape(one) for one in re.findall(r">([^<]+)<", body)]
    texts += [unescape(one) for one in re.findall(r'aria-label="([^"]*)"', body)]
    assert sum("⟦" in text for text in texts) > 100
    assert not [piece for text in texts for piece in held.strange(text)]
