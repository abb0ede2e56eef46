"""Languages: what is wrong with one is told at once; German documents; and no word of a document stands in code."""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from docs_templates.clauses import registry
from docs_templates.document import Document, Figure, Span, Statement
from docs_templates.dossier import compose_all, make_documents
from docs_templates.errors import DocumentError
from docs_templates.language import Language, current, day, lowered, read_instant, speaking
from docs_templates.language_files import chosen_language, installed, read_language
from docs_templates.model_tables import PARTS, part_of_model
from docs_templates.package import Package, read_package
from docs_templates.references import Filter
from docs_templates.spoken import spoken
from docs_templates.table_block import filtered
from docs_templates.templates import DOCUMENTS, read_template, template_folder
from docs_templates.verify.reading import read_pdf
from docs_templates.verify.run import verify
from tests.docs_templates.builders import all_evidence, catalogue, write_package
from tests.docs_templates.conftest import MOMENT
from tests.docs_templates.pseudo_language import CODE, LETTERS, strings, unmarked, write_language

CODE_FOLDER = Path(__file__).parents[2] / "docs_templates"
CORPUS = Path(__file__).parents[2] / "scorecards/format/corpus/valid"
GERMAN = ("executive_summary", "model_card", "sign_off_sheet")


# ------------------------------------------------------------------------------------------------- the catalogue
def _said() -> Iterator[tuple[str, bool]]:
    """Keys that code says, and whether the key is only the beginning of one."""
    for path in CODE_FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say" and node.args:
                key = node.args[0]
                if isinstance(key, ast.Constant):
                    yield str(key.value), False
                elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
                    yield str(key.values[0].value), True


def test_code_says_words_of_the_catalogue_and_all_of_them() -> None:
    said, words = set(_said()), read_language("en").words
    whole = {key for key, part in said if not part}
    begun = (*(key for key, part in said if part), "operations.", "pack.found")
    assert len(whole) > 400
    assert whole <= words.keys()
    assert not [key for key in words if key not in whole and not key.startswith(begun)]


# ------------------------------------------------------------------------------------------------------- faults
@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with a copy of German to be changed."""
    shutil.copytree(CODE_FOLDER / "languages" / "de", tmp_path / "languages" / "de")
    return tmp_path / "languages"


def _changed(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert text.count(old) == 1, old
    file.write_text(text.replace(old, new), "utf-8")


def test_all_faults_of_a_language_are_told_at_once(own: Path) -> None:
    words, folder = own / "de" / "words.yaml", own / "de"
    _changed(words, '  contents: "Inhalt"\n', "")
    _changed(words, '  figures: "Abbildungen"\n', '  figures: "Abbildungen"\n  pictures: "Bilder"\n')
    _changed(words, '"Seite {page} von {total}"', '"Seite {seite} von {total}"')
    _changed(words, '"nicht festgelegt"\n  section:', "12\n  section:")
    _changed(folder / "language.yaml", 'decimal: ","', 'decimal: "."')
    _changed(folder / "language.yaml", 'day: "%d.%m.%Y"', 'day: "%d.%m."')
    _changed(folder / "language.yaml", 'within: "as it is"', 'within: "large"')
    _changed(folder / "evidence.yaml", '    spiegelhalter: "Spiegelhalter"\n', "")
    (folder / "model_card" / "03_performance.md").unlink()
    (folder / "model_card" / "06_more.md").write_text("---\ntitle: Mehr\n---\n", "utf-8")
    (folder / "poems").mkdir()
    with pytest.raises(DocumentError) as caught:
        chosen_language("de", own)
    told = {(fault.file, fault.path, fault.message) for fault in caught.value.faults}
    assert told == {
        ("de/words.yaml", "front/contents", "the key is missing"),
        ("de/words.yaml", "front/pictures", "unknown key"),
        ("de/words.yaml", "foot/page", "a placeholder that does not exist"),
        ("de/words.yaml", "foot/page", "the placeholder is missing"),
        ("de/words.yaml", "text/not_declared", "not a text"),
        ("de/words.yaml", "text/not_declared", "the key is missing"),
        ("de/language.yaml", "forms/decimal", "the decimal mark is another sign too"),
        ("de/language.yaml", "forms/day", "not a form of dates"),
        ("de/language.yaml", "forms/within", "unknown form"),
        ("de/evidence.yaml", "values/test/spiegelhalter", "the key is missing"),
        ("de/model_card/03_performance.md", None, "the template file is missing"),
        ("de/model_card/06_more.md", None, "English has no such template file"),
        ("de/poems", None, "no such document"),
    }


def test_files_that_are_not_yaml_or_lack_are_told_together(own: Path) -> None:
    (own / "de" / "words.yaml").write_text("a: [1\nb: {", "utf-8")
    (own / "de" / "language.yaml").unlink()
    (own / "de" / "evidence.yaml").write_text("values: {}\nvalues: {}\n", "utf-8")
    with pytest.raises(DocumentError) as caught:
        chosen_language("de", own)
    messages = [(fault.file, fault.message) for fault in caught.value.faults]
    assert ("de/words.yaml", "not YAML") in messages
    assert ("de/language.yaml", "the file is missing") in messages
    assert ("de/evidence.yaml", "not YAML") in messages  # a key twice


def test_a_language_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(DocumentError) as caught:
        read_language("pt")
    assert (caught.value.faults[0].found, caught.value.faults[0].allowed) == ("pt", "de, en")
    assert installed() == ["de", "en"]


def test_what_a_language_borrows_is_recorded_on_the_control_page(own: Path, nasty_package: Path) -> None:
    folder = own / "de"
    _changed(folder / "words.yaml", '  contents: "Inhalt"\n', "")
    _changed(folder / "language.yaml", 'name: "Deutsch"\n', 'name: "Deutsch"\nfallback: en\n')
    language = chosen_language("de", own)
    assert language.words["front.contents"] == "Contents"
    assert "words.yaml: front/contents" in language.borrowed
    assert "monitoring_plan/" in language.borrowed
    with speaking(language):
        (document,) = compose_all(["monitoring_plan"], read_package(nasty_package), MOMENT)
    lines = dict(document.control)
    assert lines["Sprache"] == "Deutsch (de)"
    assert lines["Aus dem Englischen übernommen"].startswith(f"{len(language.borrowed)} ")


# ------------------------------------------------------------------------------------------------------- German
def test_german_writes_numbers_and_dates_its_own_way() -> None:
    from docs_templates import formatting

    with speaking(read_language("de")):
        assert formatting.fixed(-1234567.891, 2) == "−1.234.567,89"
        assert formatting.percent(0.1234, 1) == "12,3\u202f%"
        assert formatting.scientific(1.234e-13) == "1,2\u202f·\u202f10⁻¹³"
        assert formatting.p_value(0.00001) == "<\u202f0,0001"
        assert formatting.general(0.5) == "0,5"
        assert day("2026-01-31") == "31.01.2026"
        assert day("spring") == "spring"
        assert read_instant("21.11.202608:30:00und mehr") == MOMENT.replace(tzinfo=None)
        assert read_instant("2026-11-2108:30:00") is None


def test_titles_within_sentences_cells_and_producers_follow_the_language(nasty_package: Path) -> None:
    from docs_templates import formatting
    from docs_templates.evidence import Column

    package = read_package(nasty_package)
    table = next(item for item in package.evidence.values() if item.position("sample") is not None)
    kept = [Filter("sample", "out_of_sample", False)]

    def said() -> tuple[list[str], ...]:
        named = ("model.json", "plan.json")
        told = [str(item.raw["producer"]) for item in map(package.file, named) if item is not None]
        words = {"significance": "high", "expiry": "2027-11-30", "bin": "2027-11-30"}
        cells = [formatting.formatter(Column(name, name, "string", None), [cell])(cell) for name, cell in words.items()]
        return filtered(spoken(package).evidence[table.id], kept), told, [lowered("Zweck"), lowered("AUC")], cells

    rows, told, titles, cells = said()
    assert rows == ["Rows of sample Out of sample only."]
    assert told == ["the development run", "the plan of the modeller"]
    assert titles == ["zweck", "AUC"]
    assert cells == ["high", "2027-11-30", "2027-11-30"]
    with speaking(read_language("de")):
        rows, told, titles, cells = said()
    assert rows == ["Nur Zeilen mit Stichprobe „Außerhalb der Entwicklungsstichprobe“."]
    assert told == ["der Entwicklungslauf", "der Plan des Modellierers"]
    assert titles == ["Zweck", "AUC"]
    assert cells == ["hoch", "30.11.2027", "2027-11-30"]


def _references(name: str, language: Language) -> dict[str, list[str]]:
    """What each file of a template cites and prints, in order, without its prose."""
    found = {}
    for file in template_folder(name, language).iterdir():
        text = re.sub(r'\b(caption|roles)="[^"]*"', r"\1", file.read_text("utf-8"))
        found[file.name] = sorted(re.findall(r"\{\{[^}]*\}\}|^```\w[^\n]*$|^:::[^\n]*$", text, re.MULTILINE))
    return found


@pytest.mark.parametrize("name", GERMAN)
def test_german_templates_cite_and_print_what_the_english_ones_do(name: str) -> None:
    german = read_language("de")
    assert _references(name, german) == _references(name, read_language("en"))
    with speaking(german):
        assert read_template(name).cover.matter["title"]


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy package with its German documents. Read only."""
    folder = write_package(tmp_path_factory.mktemp("german") / "package", name="Spielzeug")
    made = make_documents(folder, clock=lambda: MOMENT, language=read_language("de"))
    assert [one.name for one in made] == list(GERMAN)
    assert {one.path.name for one in made} == {f"{name}.de.pdf" for name in GERMAN}
    return folder


def _pages(path: Path) -> str:
    with read_pdf(path.read_bytes()) as reading:
        return " ".join(mark.text for view in reading.views() for mark in view.marks if mark.kind == "text")


@pytest.mark.parametrize("name", GERMAN)
def test_german_documents_say_so_and_verify(name: str, german: Path) -> None:
    file = german / "documents" / f"{name}.de.pdf"
    with pikepdf.open(file) as pdf:
        assert str(pdf.Root.Lang) == "de"
    text = _pages(file)
    assert "Sprache" in text
    assert "Seite 1 von" in text
    report = verify(file, german)
    assert report.intact, [str(one) for one in report.alterations][:5]
    assert report.values > 10


def test_german_documents_have_decimal_commas_and_no_english_words(german: Path) -> None:
    english = {text for text in read_language("en").words.values() if " " in text.strip() and "{" not in text}
    for name in GERMAN:
        text = _pages(german / "documents" / f"{name}.de.pdf")
        assert not [one for one in sorted(english) if one.strip(". ") in text]
    card = _pages(german / "documents" / "model_card.de.pdf")
    assert re.search(r"\d,\d\s?%", card)
    assert "Ausfallwahrscheinlichkeit" in card
    assert not re.search(r"\d\.\d+\u202f%", card)


def test_a_number_that_was_altered_is_told_in_a_german_document(german: Path, tmp_path: Path) -> None:
    package = tmp_path / "package"
    shutil.copytree(german, package)
    path = package / "evidence" / "performance.discrimination.json"
    value = json.loads(path.read_text("utf-8"))
    place = next(i for i, column in enumerate(value["columns"]) if column["name"] == "gini")
    value["rows"][0][place] = 0.98765
    path.write_text(json.dumps(value, ensure_ascii=False, sort_keys=True), "utf-8")
    report = verify(package / "documents" / "model_card.de.pdf", package)
    values = [one for one in report.alterations if one.kind == "value"]
    told = [one for one in values if (one.evidence or "").startswith("98,8\u202f%")]
    assert told, [str(one) for one in report.alterations][:8]


def test_a_document_of_a_language_that_does_not_ship_asks_for_its_folder(
    own: Path, german: Path, tmp_path: Path
) -> None:
    shutil.copytree(own / "de", own / "gsw")
    language = chosen_language("gsw", own)
    (made,) = make_documents(german, ["sign_off_sheet"], out=tmp_path / "out", clock=lambda: MOMENT, language=language)
    with pytest.raises(DocumentError, match="--language-folder"):
        verify(made.path, german)
    for name in GERMAN:  # the sheet holds the hashes of what stands beside it
        shutil.copy(german / "documents" / f"{name}.de.pdf", made.path.parent)
    assert verify(made.path, german, languages=own).pages == made.pages


def test_documents_that_a_language_lacks_are_refused_by_name(german: Path, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="Deutsch has no templates of it"):
        make_documents(german, ["change_log"], out=tmp_path, clock=lambda: MOMENT, language=read_language("de"))


# ------------------------------------------------------------------------------------ no word stands in code
EXCEPTIONS = {
    "SHA-256": "the name of a standard, in every language",
    "UTC": "the name of a time",
    CODE: "the code of the language",
    "monitoring": "a key of the plan that a condition rests on",
    "overlays": "a key of the plan that a condition rests on",
    "manifest.json": "the name of a file",
    **dict.fromkeys(("exp", "ln", "true", "false"), "of the notation of formulas, in every language"),
}
NAMES_IN_FORMULAS = re.compile(r"`([^`]+)`")
SEPARATORS = re.compile(r"[\n·—–|=:;,()\[\]{}“”\"'/…&+*<>≥≤!?]+|\s-\s|\.\s|\.$")


DIGEST = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}")


class _Held:
    """Texts that a package holds, and whether a piece of a document is one of them."""

    def __init__(self, package: Package) -> None:
        parts = [package.plan, package.model, package.manifest, package.findings, package.validation]
        parts += [[item.raw, item.id, item.file, item.sha256] for item in package.evidence.values()]
        clauses = [[one.short, one.citation] for one in registry().clauses.values()]
        verification = (package.verification or b"").decode()
        self._text = "\n".join(
            [
                *strings(parts),
                *strings(clauses),
                "Toy 1.2.3\ncredit-validate 0.1.0\nHouse policy 3",
                verification,
                *package.annexes,
                package.package_hash,
            ]
        )

    def strange(self, text: str) -> list[str]:
        """Pieces of a text that stand outside of marks and are not of the package."""
        text = NAMES_IN_FORMULAS.sub(lambda name: " " if self._holds(name[1]) else name[0], text)
        pieces = (piece.strip().lstrip("-") for part in unmarked(text) for piece in SEPARATORS.split(part))
        return [one for one in pieces if LETTERS.search(one) and one not in EXCEPTIONS and not self._holds(one)]

    def _holds(self, piece: str) -> bool:
        if DIGEST.fullmatch(piece):
            return True
        return re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", self._text) is not None


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Language:
    folder = write_language(tmp_path_factory.mktemp("marked"), catalogue())
    return chosen_language(CODE, folder)


@pytest.fixture(scope="module")
def marked_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with every item of evidence."""
    return write_package(tmp_path_factory.mktemp("toy") / "package", all_evidence(("UTILISATION",)), name="Toy")


def _shown(document: Document) -> Iterable[str]:
    """What a composed document prints: not the evidence that it is drawn of, nor sources of values."""
    for block in [*document.cover, *document.blocks]:
        yield from _of(block)
    yield from strings([document.control, document.title, [one.description for one in document.attachments]])


def _of(value: Any) -> Iterable[str]:
    if isinstance(value, Span):
        yield value.text
    elif isinstance(value, Figure):
        yield from (*_of(value.caption), value.number)
    elif isinstance(value, Statement):
        yield value.title
    elif isinstance(value, tuple):
        for one in value:
            yield from _of(one)
    elif isinstance(value, str):
        yield value
    elif hasattr(value, "__dataclass_fields__") and type(value).__name__ != "Evidence":
        for name in value.__dataclass_fields__:
            if name not in ("names", "align", "kind"):
                yield from _of(getattr(value, name))


def _all_documents(marked: Language, path: Path) -> list[Document]:
    with speaking(marked):
        return compose_all([n for n in marked.templates if n in DOCUMENTS], read_package(path), MOMENT)


def test_no_word_of_a_composed_document_stands_in_code(marked: Language, marked_package: Path) -> None:
    held = _Held(read_package(marked_package))
    documents = _all_documents(marked, marked_package)
    assert len(documents) == 9
    held._text += "\n".join(["", *(one.identifier for one in documents)])
    found = {piece: one.name for one in documents for text in _shown(one) for piece in held.strange(text)}
    assert not found
    assert sum(1 for one in documents for text in _shown(one) if "⟦" in text) > 1000


@pytest.mark.parametrize("name", sorted(folder.name for folder in CORPUS.iterdir()))
def test_no_word_of_formulas_stands_in_code(name: str, marked: Language) -> None:
    """Rules and tables of the implementation guide, of every kind of step."""
    model = json.loads((CORPUS / name / "model.json").read_text("utf-8"))
    package = Package(Path("x"), "0" * 64, {}, {}, model, {}, None, None)
    with speaking(marked):
        made = [part_of_model(package, part, "1", ()) for part in PARTS]
    assert len(made) > 5
    held = _Held(package)
    assert not {piece for one in made for text in _of(one) for piece in held.strange(text)}


class _Squeezed(_Held):
    """The same of texts whose white space is lost, as pages break lines."""

    def __init__(self, held: _Held) -> None:
        self._text = re.sub(r"\s+", "", held._text)

    def strange(self, text: str) -> list[str]:
        pieces = (piece for part in unmarked(re.sub(r"\s+", "", text)) for piece in re.split(r"[^\w.]+", part))
        return [one for one in pieces if LETTERS.search(one) and one not in self._text and one not in ("SHA", "UTC")]


def test_figures_are_described_and_drawn_in_the_language(marked: Language, marked_package: Path) -> None:
    from docs_templates.render import alternative, charts

    package = read_package(marked_package)
    held = _Held(package)
    with speaking(marked):
        figures = [item for item in spoken(package).evidence.values() if item.kind == "figure"]
        assert len(figures) > 10
        told = [alternative.text(item, "1.1", (Span(item.title),)) for item in figures]
        drawn = [text for item in figures for text in _drawn(charts.draw(item, 480, 190))]
    assert not [piece for text in told for piece in held.strange(text)]
    whole = [text for text in drawn if "…" not in text]  # what is cut has lost its mark
    assert not [
        piece for text in whole for piece in _Squeezed(held).strange(text) if text.count("⟦") == text.count("⟧")
    ]


def _drawn(group: Any) -> Iterator[str]:
    for one in group.contents:
        if hasattr(one, "contents"):
            yield from _drawn(one)
        elif hasattr(one, "text"):
            yield one.text


def test_english_is_spoken_where_nothing_is_said() -> None:
    assert current() is read_language("en")
