"""The house style of a bank."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms
from ruamel.yaml import YAML

from docs_templates.errors import DocumentError
from docs_templates.house import NO_HOUSE, arranged
from docs_templates.house_file import contrast, read_house
from docs_templates.house_logo import read_logo
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
    shown = house.branding
    assert (shown.bank, shown.classification, house.page) == ("Bank Żółć & Söhne", "CONFIDENTIAL", "Letter")
    assert shown.colours == {"heading": "#7A1F1F", "rule": "#CCCCCC"}
    assert [one.path for one in house.files] == ["house.yaml", "logo.png", "own/20_bridge.md"]
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


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"bank": " "}, "bank: not a line of text"),
        ({"bank": "a\u202eb"}, "bank: not a line of text"),
        ({"classification": "x" * 61}, "classification: too long"),
        ({"approvals": ["CRO", "CRO"]}, "approvals: stands twice"),
        ({"colours": {"band": "#808080", "heading": "#000000"}}, "too dark for the text on it"),
        ({"colours": {"band": "#000000"}}, "headings of tables cannot be read on the band"),
        ({"page": None}, "page: unknown page"),
        ({"logo": ["x"]}, "logo: not the path of a file"),
        ({"documents": {NAME: {"order": ["01_summary", "01_summary"]}}}, "order: stands twice"),
        ({"documents": {NAME: {"extra": ["01_summary.md"]}}}, "a section of this name stands in the document"),
        ({"documents": {NAME: {"extra": ["latin.md"]}}}, "not UTF-8"),
        ({"documents": {NAME: {"extra": ["block.md"]}}}, "unknown block"),
    ],
)
def test_each_fault_has_its_place(tmp_path: Path, value: Any, said: str) -> None:
    (tmp_path / "01_summary.md").write_text(CHAPTER, "utf-8")
    (tmp_path / "latin.md").write_bytes(CHAPTER.encode() + b"\xe9")
    (tmp_path / "block.md").write_text(CHAPTER + "\n```poem evidence=data.source\n```\n", "utf-8")
    assert any(said in one for one in _faults(tmp_path, value))


def test_the_name_of_the_file_is_printed_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a\nb.yaml"
    path.write_text("bank: x\n", "utf-8")
    with pytest.raises(DocumentError, match="cannot be printed"):
        read_house(path)


# ------------------------------------------------------------------------------------------------------------- logos
def _saved(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def test_what_is_transparent_shows_white_paper() -> None:
    picture = Image.new("RGBA", (3, 1))
    picture.putdata([(255, 0, 0, 255), (0, 0, 0, 0), (0, 0, 0, 128)])
    logo = read_logo(_saved(picture))
    assert (logo.width, logo.height) == (3, 1)
    assert list(logo.pixels[:6]) == [255, 0, 0, 255, 255, 255]
    assert logo.pixels[6] == logo.pixels[7] == logo.pixels[8] == pytest.approx(127, abs=1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "I;16"])
def test_every_mode_of_a_picture_becomes_opaque_colours(mode: str) -> None:
    grey = Image.linear_gradient("L")
    picture = Image.new("I;16", grey.size) if mode == "I;16" else grey.convert(mode)
    if mode == "I;16":
        picture.putdata([value * 257 for value in grey.tobytes()])
    logo = read_logo(_saved(picture))
    assert len(logo.pixels) == 3 * 256 * 256
    if mode not in ("1", "P"):
        assert logo.pixels == grey.convert("RGB").tobytes()


def test_a_photograph_that_was_turned_stands_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by a quarter
    logo = read_logo(_saved(Image.new("RGB", (40, 20), "red"), "JPEG", exif=turned))
    assert (logo.width, logo.height) == (20, 40)


def test_colours_of_a_profile_become_those_of_the_output_intent() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = Image.new("RGB", (4, 4), (200, 30, 90))
    assert read_logo(_saved(picture, icc_profile=profile)).pixels == picture.tobytes()
    with pytest.raises(ValueError, match="colour profile"):
        read_logo(_saved(picture, icc_profile=b"no profile"))


@pytest.mark.parametrize("what", ["cmyk", "pixels", "bytes", "moving"])
def test_pictures_that_no_archive_can_hold_are_refused(what: str) -> None:
    moving = {"save_all": True, "append_images": [Image.new("RGB", (2, 2), "red")]}
    data = {
        "cmyk": lambda: _saved(Image.new("CMYK", (4, 4)), "JPEG"),
        "pixels": lambda: _saved(Image.new("1", (4001, 1000))),
        "bytes": lambda: _picture() + b"\0" * 2_000_000,
        "moving": lambda: _saved(Image.new("RGB", (2, 2)), **moving),
    }[what]()
    with pytest.raises(ValueError, match={"cmyk": "CMYK", "pixels": "4001 by 1000", "bytes": "bytes",
                                          "moving": "moving"}[what]):  # fmt: skip
        read_logo(data)


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
