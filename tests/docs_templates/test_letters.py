"""Letters of notices: what stands in them, in which language, and every notice that is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from docs_templates.cli import main
from tests.docs_templates.archive_rules import RULES, Read
from tests.docs_templates.builders import all_evidence, write_package

TEXTS = {("R1", "en"): "Text of R1", ("R2", "en"): "Text of R2", ("R1", "de"): "Wortlaut von R1"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    evidence = all_evidence(("X",))
    names = [c["name"] for c in evidence["reasons.texts"]["columns"]]
    rows = [
        {"reason_code": code, "language": language, "text": text, "for_applicants": True}
        for (code, language), text in TEXTS.items()
    ]
    rows.append({"reason_code": "R3", "language": "en", "text": "Text of R3", "for_applicants": False})
    evidence["reasons.texts"]["rows"] = [[row[name] for name in names] for row in rows]
    return write_package(tmp_path_factory.mktemp("letters") / "p", evidence)


def notice(package: Path, **more: Any) -> dict[str, Any]:
    factors = [
        {"rank": 1, "kind": "rule", "code": "R2", "text": "Text of R2"},
        {"rank": 2, "kind": "score", "code": "R1", "text": "Text of R1"},
    ]
    plain: dict[str, Any] = {
        "at": "2026-11-20T09:30:00Z",
        "applicant": "A-17",
        "package_hash": hashlib.sha256((package / "manifest.json").read_bytes()).hexdigest(),
        "language": "en",
        "score": 497.0,
        "score_lowest": 400.5,
        "score_highest": 612.0,
        "key_factors": factors,
        "creditor": {},
        "bureau": {},
    }
    return plain | more


def written(package: Path, folder: Path, data: Mapping[str, Any], *more: str) -> int:
    (folder / "n.json").write_text(json.dumps(data), "utf-8")
    arguments = ["letter", str(folder / "n.json"), "--package", str(package), "--out", str(folder / "out"), "--quiet"]
    return main([*arguments, *more])


def page_text(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as pdf:
        return " ".join(" ".join(page.get_textpage().get_text_range() for page in pdf).split())


def test_what_stands_in_a_letter(package: Path, tmp_path: Path) -> None:
    assert written(package, tmp_path, notice(package)) == 0
    text = (tmp_path / "out" / "n.txt").read_text("utf-8")
    joined, shown = " ".join(text.split()), page_text(tmp_path / "out" / "n.pdf")
    for words in (
        "Your application was declined.",
        "Date of the decision",
        "2026-11-20",
        "A-17",
        "left to the creditor",
        "scores range from 400.5 to 612",
        "Key factors of the score: Text of R1.",
        "the creditor names here the agency that gave it",
        "Federal law forbids a creditor",
        "2026-11-20 09:30:00 UTC",
    ):
        assert words in shown, words
        assert words in joined or words == "Date of the decision", words
    assert text.index("1. Text of R2") < text.index("2. Text of R1")
    assert max(map(len, text.splitlines())) <= 90


def test_creditor_and_agency_as_given(package: Path, tmp_path: Path) -> None:
    given = {"creditor": {"name": "Bank of the test", "telephone": "1234"}, "bureau": {"name": "Agency of the test"}}
    assert written(package, tmp_path, notice(package, **given)) == 0
    shown = page_text(tmp_path / "out" / "n.pdf")
    assert "Bank of the test, 1234" in shown
    assert "rests in part on a consumer report of Agency of the test." in shown
    assert "left to the creditor" not in shown


def test_the_same_notice_gives_the_same_archive_file(package: Path, tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    assert written(package, tmp_path, notice(package)) == 0
    assert written(package, tmp_path / "again", notice(package)) == 0
    first, second = ((folder / "out" / "n.pdf").read_bytes() for folder in (tmp_path, tmp_path / "again"))
    assert first == second
    read = Read.of(first)
    assert {clause: faults for clause, rule in RULES.items() if (faults := rule(read))} == {}


def test_a_letter_in_german(package: Path, tmp_path: Path) -> None:
    factors = [{"kind": "score", "code": "R1", "text": "Wortlaut von R1"}]
    german = notice(package, language="de", key_factors=factors)
    assert written(package, tmp_path, german, "--language", "de") == 0
    shown = page_text(tmp_path / "out" / "n.pdf")
    assert "Ihr Antrag wurde abgelehnt." in shown
    assert "von 400,5 bis 612" in shown
    assert "Wortlaut von R1" in shown


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"package_hash": "0" * 64}, "is the notice of another package"),
        ({"language": "de"}, "is not in the language that the letter speaks"),
        ({"key_factors": [{"kind": "score", "code": "R1", "text": "Other words"}]}, "allowed: Text of R1"),
        ({"key_factors": [{"kind": "score", "code": "R3", "text": "Text of R3"}]}, "allowed: none"),
        ({"key_factors": [{"kind": "mood", "code": "R1", "text": "Text of R1"}]}, "is no key factor"),
        ({"key_factors": []}, "gives no reason"),
        ({"at": "yesterday"}, "is no moment in UTC"),
        ({"at": "2026-11-20T09:30:00"}, "is no moment in UTC"),
        ({"creditor": None, "score": "high"}, "2 faults"),
    ],
)
def test_a_notice_that_is_refused(
    package: Path, tmp_path: Path, more: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert written(package, tmp_path, notice(package, **more)) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_where_one_of_two_is_refused(package: Path, tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps(notice(package, at="no")), "utf-8")
    assert written(package, tmp_path, notice(package), str(tmp_path / "m.json")) == 2
    assert not (tmp_path / "out").exists()


def verified(package: Path, folder: Path, *more: str) -> int:
    return main(["verify", str(folder / "out" / "n.pdf"), "--package", str(package), *more])


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_letter_is_verified_with_the_data_of_its_notice(
    package: Path, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    factors = [{"rank": 1, "kind": "score", "code": "R1", "text": TEXTS["R1", language]}]
    data = notice(package, language=language, key_factors=factors)
    assert written(package, tmp_path, data, "--language", language) == 0
    assert verified(package, tmp_path, "--notice", str(tmp_path / "n.json")) == 0
    assert "notice: " in capsys.readouterr().out
    assert verified(package, tmp_path) == 2
    assert "is the letter of a notice to an applicant" in capsys.readouterr().err
    (tmp_path / "n.json").write_text(json.dumps({**data, "score": 512.0}), "utf-8")
    assert verified(package, tmp_path, "--notice", str(tmp_path / "n.json")) == 1
    assert "512" in capsys.readouterr().out
