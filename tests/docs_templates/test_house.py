"""The house style of a bank."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from ruamel.yaml import YAML

from docs_templates.errors import DocumentError
from docs_templates.house import NO_HOUSE, arranged, contrast, read_house
from docs_templates.templates import read_template

NAME = "development_dossier"
CHAPTER = "---\ntitle: Bridge to impairment\n---\nThe bank's own section.\n"


def _house(folder: Path, value: Any) -> Path:
    path = folder / "house.yaml"
    if isinstance(value, str):
        path.write_text(value, "utf-8")
    else:
        with path.open("w", encoding="utf-8") as stream:
            YAML().dump(value, stream)
    return path


def _faults(folder: Path, value: Any) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        read_house(_house(folder, value))
    return [str(fault) for fault in caught.value.faults]


def _picture(kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "#AA3311").save(out, kind)
    return out.getvalue()


def test_a_whole_house(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(_picture())
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "20_bridge.md").write_text(CHAPTER, "utf-8")
    value = {
        "bank": "Bank Żółć & Söhne", "classification": "CONFIDENTIAL", "logo": "logo.png", "page": "Letter",
        "colours": {"heading": "#7a1f1f", "rule": "#CCCCCC"}, "approvals": ["Chief risk officer"],
        "documents": {NAME: {"order": ["02_purpose", "20_bridge"], "extra": ["own/20_bridge.md"]}},
    }  # fmt: skip
    house = read_house(_house(tmp_path, value))
    assert (house.bank, house.page, house.colours["heading"]) == ("Bank Żółć & Söhne", "Letter", "#7A1F1F")
    assert house.roles(("Developer", "Chief risk officer")) == ("Developer", "Chief risk officer")
    assert house.roles(("Developer",)) == ("Developer", "Chief risk officer")
    template = read_template(NAME)
    chapters = arranged(template, house).chapters
    assert [Path(one.file).stem for one in chapters[:3]] == ["02_purpose", "20_bridge", "01_summary"]
    assert len(chapters) == len(template.chapters) + 1
    rest = [one for one in chapters if Path(one.file).stem not in ("02_purpose", "20_bridge")]
    assert rest == [one for one in template.chapters if Path(one.file).stem != "02_purpose"]


def test_own_sections_stand_before_the_annexes_unless_ordered(tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text(CHAPTER, "utf-8")
    house = read_house(_house(tmp_path, {"documents": {NAME: {"extra": ["own.md"]}}}))
    chapters = arranged(read_template(NAME), house).chapters
    place = [Path(one.file).stem for one in chapters].index("own")
    assert not any("annex" in one.matter for one in chapters[:place])
    assert all("annex" in one.matter for one in chapters[place + 1 :])


def test_no_house_changes_nothing() -> None:
    template = read_template(NAME)
    assert arranged(template, NO_HOUSE) == template


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "own.md").write_text("---\ntitle: X\n---\nThe Gini is 41 percent.\n", "utf-8")
    (tmp_path / "logo.png").write_bytes(b"GIF89a no picture")
    told = _faults(tmp_path, {
        "bank": ["x"], "banner": "x", "logo": "logo.png", "page": "A5", "approvals": "CRO",
        "colours": {"heading": "#EEEEEE", "rule": "red", "ink": "#000000"},
        "documents": {"dossier": {}, NAME: {"order": ["99_none"], "extra": ["own.md", "gone.md"]}},
    })  # fmt: skip
    for said in ("bank: not a line of text", "banner: unknown key", "logo: not a picture", "page: unknown page",
                 "approvals: not a list of texts", "too pale to be read on white", "rule: not a colour",
                 "ink: unknown colour", "dossier: unknown document", "found 99_none", "gone.md",
                 "own.md"):  # fmt: skip
        assert any(said in one for one in told), said
    assert len(told) == 12


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", _picture()[:60], b"<svg onload='x()'/>", b"%PDF-1.7"])
def test_a_logo_that_is_no_picture_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "logo").write_bytes(data)
    (fault,) = _faults(tmp_path, {"logo": "logo"})
    assert "give a PNG or JPEG" in fault


@pytest.mark.parametrize("text", ["a: [", "- 1", "bank: x\nbank: y\n"])
def test_what_is_no_house_is_refused(tmp_path: Path, text: str) -> None:
    assert len(_faults(tmp_path, text)) == 1


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21.0)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.005)  # the palest grey that passes
