"""Templates: closed syntax, nothing typed by hand, every reference in the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs_templates.errors import DocumentError, Fault
from docs_templates.references import Filter, Reference, parse_reference
from docs_templates.template_nodes import BlockNode, EachNode, Inserted, ListNode, Node, Template, WhenNode
from docs_templates.templates import KNOWN, parse_chapter, read_template, template_folder
from tests.docs_templates.builders import catalogue

HEAD = "---\ntitle: Chapter\n---\n"


def _walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if isinstance(node, (EachNode, WhenNode)):
            yield from _walk(node.children)
            yield from _walk(node.otherwise or ())
        if isinstance(node, ListNode):
            for item in node.items:
                yield from _walk(item)


def _all(template: Template) -> Iterator[Node]:
    for chapter in (template.cover, *template.chapters):
        yield from _walk(chapter.nodes)


def _references(node: Node) -> list[Reference]:
    inlines = [*getattr(node, "content", ()), *getattr(node, "body", ()), *getattr(node, "caption", ())]
    return [piece.reference for piece in inlines if isinstance(piece, Inserted)]


def _entry(identifier: str) -> dict[str, object] | None:
    entries = catalogue()
    if identifier in entries:
        return entries[identifier]
    pattern = re.sub(r"\.\$\w+$", ".", identifier)
    return next((e for key, e in entries.items() if key.startswith(pattern) and key[len(pattern) :][:1] == "{"), None)


def _used(template: Template) -> list[tuple[str, list[str]]]:
    """Evidence ids with the columns that the template names."""
    found = []
    for node in _all(template):
        if isinstance(node, BlockNode) and "evidence" in node.options:
            columns = node.options.get("columns", "")
            found.append((node.options["evidence"], [c for c in columns.split(",") if c]))
        if isinstance(node, WhenNode) and not node.condition.startswith("holds"):
            found.append((node.evidence, []))
        if isinstance(node, EachNode):
            for source in filter(None, (node.source, node.ordered_by)):
                found.append(
                    (source, []) if source.endswith("}") else (source.rpartition(".")[0], [source.rpartition(".")[2]])
                )
        for reference in _references(node):
            if reference.kind in ("value", "interval", "rows"):
                names = [one.column for one in reference.where] + ([reference.column] if reference.column else [])
                found.append((reference.target, names))
    return found


@pytest.mark.parametrize("name", KNOWN)
def test_evidence_and_columns_of_the_templates_are_in_the_catalogue(name: str) -> None:
    wrong = []
    for identifier, columns in _used(read_template(name)):
        entry = catalogue().get(identifier) or _entry(identifier)
        known = {c["name"] for c in entry["columns"]} if entry else set()  # type: ignore[attr-defined,index]
        if entry is None or not set(columns) <= known:
            wrong.append((identifier, columns))
    assert wrong == []


def test_every_entry_of_the_catalogue_is_printed_somewhere() -> None:
    printed = set()
    for name in KNOWN:
        for node in _all(read_template(name)):
            if isinstance(node, BlockNode) and "evidence" in node.options:
                printed.add(re.sub(r"\$\w+$", "", node.options["evidence"]))
    missing = [i for i in catalogue() if i.partition("{")[0] not in printed]
    assert missing == []


@pytest.mark.parametrize("name", KNOWN)
def test_no_statistic_is_typed_by_hand(name: str) -> None:
    """Independent of the parser's own rule: no digit is left once references, options and front matter are gone."""
    for path in template_folder(name).iterdir():
        text = path.read_text(encoding="utf-8").split("---\n", 2)[2]
        text = re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL)
        text = re.sub(r"^```\w+ .*$", lambda m: "".join(re.findall(r'caption="([^"]*)"', m.group())), text, flags=re.M)
        text = re.sub(r"SHA-256|IEEE 754", "", text)
        assert re.findall(r".*[0-9%].*", text) == [], path.name


def _faults(body: str) -> list[Fault]:
    faults: list[Fault] = []
    parse_chapter("document/01_x.md", HEAD + body, faults)
    return faults


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("The Gini is 41.9.", "typed by hand"),
        ("A third, 33 %.", "typed by hand"),
        ('```table evidence=a.b caption="Of 30 rows"\n```', "typed by hand"),
        ("Bads were twelve per cent.", "typed by hand"),
        ("Nearly nine tenths of them.", "typed by hand"),
        ("Some ½ of them.", "typed by hand"),
        ("The bad rate is ٣.", "typed by hand"),
        ("An R² of it.", "typed by hand"),
        ("Four&#53; rows.", "typed by hand"),
        ("A share of {{ package:hash }}2.", "typed by hand"),
        ("- item of 3\n", "typed by hand"),
        ("## Model 2", "typed by hand"),
        ('```sign_off roles="Reviewer 2"\n```', "typed by hand"),
        ('```not_held item="five tests"\nNone.\n```', "typed by hand"),
        ("```not_held item=tests\nOf 5.\n```", "typed by hand"),
        ("```chart evidence=a.b\n```", "unknown block"),
        ("```table evidence=a.b colour=red\n```", "missing or unknown"),
        ("```table columns=a\n```", "missing or unknown"),
        ("```table evidence=A B\n```", "not an option"),
        ("```figure evidence=a.b height=huge\n```", "unknown height"),
        ("```table evidence=a.b notes=none\n```", "unknown notes"),
        ("```gate only=met\n```", "unknown only"),
        ("```heatmap evidence=a.b rows=a columns=b\n```", "missing or unknown"),
        ("```heatmap evidence=a.b rows=a columns=b value=c count=n\n```", "count and few go together"),
        ("```heatmap evidence=a.b rows=a columns=b value=c count=n few=none\n```", "not a number of rows"),
        ("```trend evidence=a.b y=c\n```", "missing or unknown"),
        ("```trend evidence=a.b y=c panels=d bounds=low\n```", "bounds are two columns"),
        ("```trend evidence=a.b y=c panels=d without=null\n```", "unknown without"),
        ("```trend evidence=a.b y=c panels=d scale=log\n```", "unknown scale"),
        ("```table evidence=a.b\nwords\n```", "has no body"),
        ("{{ value:a.b[c=d.e }}", "not a reference"),
        ("{{ value:a.b.c | percent9 }}", "unknown format"),
        ("{{ price:a.b }}", "unknown kind"),
        ("{{ nothing }}", "unknown kind"),
        ("::: each x in a.b\n", "not closed"),
        (":::", "closes no directive"),
        ("::: while a.b\n:::", "unknown directive"),
        ("::: when likely a.b\n:::", "unknown directive"),
        ("::: each y in a.{x}\n:::", "not that of the pattern"),
        ("# Title", "headings are of level"),
        ("> quoted", "Markdown that templates do not use"),
    ],
)
def test_what_is_not_in_the_syntax_is_refused(body: str, part: str) -> None:
    faults = _faults(body)
    assert any(part in str(fault) for fault in faults), [str(f) for f in faults]
    assert all(fault.file == "document/01_x.md" and fault.row is not None for fault in faults)


def test_numerals_of_citations_and_names_are_no_statistics() -> None:
    assert _faults("Annex III and SHA-256 of IEEE 754 doubles; an AUC of one half; the four-fifths rule.\n") == []
    faults: list[Fault] = []
    parse_chapter("document/01_x.md", "---\ntitle: The 3 models\n---\n", faults)
    assert ["typed by hand" in str(fault) for fault in faults] == [True]


def test_all_faults_of_a_template_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "00_document.md").write_text("---\ndocument: x\n---\n```nope\n```\n", encoding="utf-8")
    (tmp_path / "01_a.md").write_text(HEAD + "{{ value:a }}\n\n7 bins\n", encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        read_template("x", tmp_path)
    assert {f.row for f in caught.value.faults if f.file == "x/01_a.md"} == {4, 6}
    assert len(caught.value.faults) == 5  # two missing keys of the front matter, a block, a reference, a number


def test_a_control_page_may_ask_for_a_known_layout_only() -> None:
    faults: list[Fault] = []
    head = "---\ndocument: x\ntitle: X\nidentifier: X\nlayout: {}\n---\n"
    assert parse_chapter("x/00_document.md", head.format("brief"), faults).matter["layout"] == "brief"
    assert faults == []
    parse_chapter("x/00_document.md", head.format("poster"), faults)
    parse_chapter("x/01_a.md", "---\ntitle: X\nlayout: brief\n---\n", faults)
    assert [fault.message for fault in faults] == ["unknown layout", "front matter key is missing or unknown"]


def test_references_are_parsed() -> None:
    found = parse_reference('interval:a.b[m=$champion, item="x, y"].gini | percent1', "f", 3)
    assert found == Reference(
        "interval", "a.b", (Filter("m", "$champion"), Filter("item", "x, y")), "gini", "percent1", 3
    )
    assert parse_reference("rows:a.b.$x", "f", 1) == Reference("rows", "a.b.$x", (), None, "auto", 1)
    assert parse_reference("value:a.b.c", "f", 1) == Reference("value", "a.b", (), "c", "auto", 1)
