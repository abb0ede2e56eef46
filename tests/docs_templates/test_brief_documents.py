"""Executive summary and model card: two pages, with what a committee and a user have to know."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from docs_templates.brief_texts import first_words, share
from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.dossier import make_documents
from docs_templates.gate import conditions
from docs_templates.language import speaking
from docs_templates.language_files import read_language
from docs_templates.package import Package, read_package
from docs_templates.render.pdf import render
from docs_templates.templates import read_template
from tests.docs_templates.builders import Json, all_evidence, write_package
from tests.docs_templates.conftest import MOMENT

BRIEF = ("executive_summary", "model_card")


def _text(path: Path) -> str:
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages))


@pytest.mark.parametrize("name", BRIEF)
def test_a_real_package_fits_on_two_pages(taiwan_package: Path, tmp_path: Path, name: str) -> None:
    (written,) = make_documents(taiwan_package, [name], out=tmp_path / "out", clock=lambda: MOMENT)
    assert written.pages == len(pypdf.PdfReader(written.path).pages) == 2
    evidence = json.loads((taiwan_package / "evidence/performance.discrimination.json").read_text("utf-8"))
    names = [column["name"] for column in evidence["columns"]]
    text = _text(written.path)
    for row in (dict(zip(names, row, strict=True)) for row in evidence["rows"] if row[0] == "scorecard"):
        assert f"{row['rows']:,} rows with {row['bad']:,} bads" in text
        for column in ("gini", "gini_lower", "gini_upper"):
            assert f"{100 * row[column]:.1f}" in text
    plan = json.loads((taiwan_package / "plan.json").read_text("utf-8"))
    for key in ("purpose", "uses", "prohibited_uses"):
        assert re.sub(r"\s+", " ", plan["model"][key]["text"]) in text
    squeezed = re.sub(r"\s", "", text)
    for limitation in plan["model"]["limitations"]:
        assert re.sub(r"\s", "", limitation["text"])[:40] in squeezed
        assert limitation["expiry"] in text


@pytest.mark.parametrize("name", BRIEF)
def test_texts_that_nobody_wrote_are_listed(tmp_path: Path, name: str) -> None:
    package = read_package(write_package(tmp_path / "p", all_evidence(("X",), authored=False)))
    document = compose(read_template(name), package, registry(), MOMENT)
    (missing,) = [b for b in document.blocks if getattr(b, "columns", ()) and b.columns[0].title == "Item"]  # type: ignore[union-attr]
    listed = {row[3]: row[1] for row in missing.rows}  # type: ignore[union-attr]
    for text in ("authored.purpose", "authored.uses", "authored.prohibited_uses", "authored.limitations"):
        assert listed[text] == "not provided by the author"
    assert document.brief
    assert not document.indexed


def _long(package: Package, words: int) -> Package:
    """The package with authored texts of so many words."""
    held = dict(package.evidence)
    for name, item in held.items():
        if name.startswith("authored."):
            sentences = (f"Sentence {i} of {name} has nine words in it." for i in range(words // 9 + 1))
            held[name] = replace(item, kind="statement", raw={**item.raw, "text": " ".join(sentences), "notes": []})
    register = held["limitations.register"]
    columns = [column["name"] for column in register.raw["columns"]]
    row: Json = {
        "significance": "high",
        "mitigant": "control " * words,
        "owner": "o",
        "author": "a",
        "date": "2026-01-01",
    }
    row |= {"text": "A limitation that goes on. " * (words // 5), "expiry": "2027-01-01", "expired": False}
    rows = [[{**row, "limitation": i}[name] for name in columns] for i in range(9)]
    held["limitations.register"] = replace(register, raw={**register.raw, "rows": rows})
    return replace(package, evidence=held)


@pytest.mark.parametrize("name", BRIEF)
def test_texts_of_any_length_keep_to_two_pages_and_say_what_is_left_out(
    taiwan_package: Path, tmp_path: Path, name: str
) -> None:
    package = _long(read_package(taiwan_package), 5_000)
    made = render(compose(read_template(name), package, registry(), MOMENT), MOMENT)
    (tmp_path / "long.pdf").write_bytes(made.data)
    assert made.pages == 2
    text = _text(tmp_path / "long.pdf")
    for identifier in ("authored.purpose", "authored.uses", "authored.prohibited_uses"):
        assert f"Sentence 0 of {identifier} has nine words in it." in text
        left = next(int(n.replace(",", "")) for n in re.findall(rf"{identifier} stands whole: ([\d,]+) words", text))
        shown = len(re.findall(rf"of {identifier} has nine words in it\.", text))
        assert left + 9 * shown == 9 * (5_000 // 9 + 1)
    assert "rows are shown" in text


@pytest.mark.parametrize("name", BRIEF)
def test_german_documents_keep_to_two_pages(taiwan_package: Path, name: str) -> None:
    package = read_package(taiwan_package)
    for held in (package, _long(package, 5_000)):
        with speaking(read_language("de")):
            assert render(compose(read_template(name), held, registry(), MOMENT), MOMENT).pages == 2


def test_a_text_is_cut_after_a_sentence_and_words_are_counted() -> None:
    assert first_words("One two. Three four.", 4) == ("One two. Three four.", 0)
    assert first_words("One two. Three four.", 3) == ("One two.", 2)
    assert first_words("One two three four", 3) == ("One two three …", 1)
    assert first_words("He said “stop.” Then he left it", 5) == ("He said “stop.”", 4)
    assert first_words("Version 1.5 holds all of it.", 2) == ("Version 1.5 …", 4)
    assert first_words("", 3) == ("", 0)


@given(st.lists(st.integers(0, 9_000), min_size=1, max_size=9), st.integers(20, 400), st.integers(0, 100))
def test_texts_share_their_words(lengths: list[int], shared: int, more: int) -> None:
    most = share(lengths, shared + more, shared)
    if sum(lengths) <= shared + more:
        assert most == max(lengths)
    else:
        assert sum(min(length, most) for length in lengths) <= shared
        assert sum(min(length, most + 1) for length in lengths) > shared


# ----------------------------------------------------------------------------------------- the approval gate
def _open(folder: Path) -> dict[str, str]:
    return {c.rests_on: c.found for c in conditions(read_package(folder)) if not c.met}


def _evidence(*, conclusion: str = "approve") -> dict[str, Json]:
    evidence = all_evidence(("X",))
    names = [column["name"] for column in evidence["limitations.register"]["columns"]]
    row = {"limitation": 1, "text": "t", "significance": "high", "mitigant": "m", "owner": "o", "author": "a"}
    row |= {"date": "2026-01-01", "expiry": "2027-01-01", "expired": False}
    evidence["limitations.register"]["rows"] = [[row[name] for name in names]]
    held = {"validator": "V. Validator", "role": "head", "recommendation": conclusion, "date": "2026-02-01"}
    evidence["validation.conclusion"]["rows"] = [[item, value] for item, value in held.items()]
    return evidence


def test_what_blocks_approval_is_told_one_by_one(tmp_path: Path) -> None:
    found = _open(write_package(tmp_path / "p", _evidence()))
    assert found == {
        "overlays": "the plan does not say whether overlays are in use",
        "monitoring": "missing: the plan declares no monitoring",
        "validation.findings": "open: 0 critical, 1 high",
    }


def test_every_authored_text_that_is_missing_blocks(tmp_path: Path) -> None:
    evidence = {**_evidence(), **{k: v for k, v in all_evidence(("X",), authored=False).items() if "authored." in k}}
    found = _open(write_package(tmp_path / "p", evidence))
    assert {k for k in found if k.startswith("authored.")} == {k for k in evidence if k.startswith("authored.")}
    assert found["authored.purpose"] == "missing: the plan has none"


@pytest.mark.parametrize(
    ("column", "value", "part"),
    [
        ("significance", None, "significance of limitation 1"),
        ("mitigant", None, "compensating control of limitation 1"),
        ("expiry", None, "expiry of limitation 1"),
        ("expired", True, "expired: 1"),
        ("expired", None, "cannot be told of 1"),
    ],
)
def test_a_limitation_that_is_not_looked_after_blocks(tmp_path: Path, column: str, value: object, part: str) -> None:
    evidence = _evidence()
    place = [c["name"] for c in evidence["limitations.register"]["columns"]].index(column)
    evidence["limitations.register"]["rows"][0][place] = value
    assert part in _open(write_package(tmp_path / "p", evidence))["limitations.register"]


def test_without_validation_or_with_a_rejection_nothing_is_approved(tmp_path: Path) -> None:
    found = _open(write_package(tmp_path / "p", _evidence(), validated=False))
    assert found["validation/manifest.json"] == "missing: the package has no validation annex"
    assert found["validation.findings"] == "not evaluable without a validation"
    rejected = _open(write_package(tmp_path / "q", _evidence(conclusion="reject")))
    assert rejected["validation.conclusion"] == "reject, V. Validator, 2026-02-01"
