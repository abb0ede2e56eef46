"""PDF/A-3b, rule by rule; each rule is shown to find what breaks it."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image, ImageCms

from docs_templates.render import colour
from docs_templates.templates import DOCUMENTS
from tests.docs_templates.archive_rules import RULES, Read
from tests.docs_templates.conftest import MOMENT

Damage = Callable[[pikepdf.Pdf], Any]


@lru_cache(maxsize=4)
def _read(path: Path) -> Read:
    return Read.of(path.read_bytes())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_rule_is_kept(nasty_package: Path, name: str) -> None:
    read = _read(nasty_package / "documents" / f"{name}.pdf")
    broken = {rule: found[:5] for rule, check in RULES.items() if (found := check(read))}
    assert broken == {}


# ------------------------------------------------------------------------------------- the rules find what is wrong
def _page(pdf: pikepdf.Pdf) -> Any:
    return pdf.pages[0].obj


def _append(text: str) -> Damage:
    return lambda pdf: pdf.pages[0].contents_add(pdf.make_stream(text.encode()))


def _font(pdf: pikepdf.Pdf) -> Any:
    return next(iter(pdf.pages[0].resources.Font.values()))


def _annotation(pdf: pikepdf.Pdf) -> Any:
    return next(page.obj.Annots[0] for page in pdf.pages if "/Annots" in page.obj)


def _xmp(old: bytes, new: bytes) -> Damage:
    def damage(pdf: pikepdf.Pdf) -> None:
        data = pdf.Root.Metadata.read_bytes()
        assert old in data
        pdf.Root.Metadata.write(data.replace(old, new))

    return damage


def _no_glyph(pdf: pikepdf.Pdf) -> None:
    name, font = next((n, f) for n, f in pdf.pages[0].resources.Font.items() if int(f.LastChar) < 255)
    code = int(font.LastChar) + 1
    pdf.pages[0].contents_add(pdf.make_stream(f"BT {name} 8 Tf <{code:02X}> Tj ET".encode()))


def _interpolated(pdf: pikepdf.Pdf) -> None:
    image = pikepdf.Stream(pdf, b"\0", Type=Name.XObject, Subtype=Name.Image, Interpolate=True)
    pdf.pages[0].resources.XObject = Dictionary(Im=pdf.make_indirect(image))


def _set(owner: Callable[[pikepdf.Pdf], Any], key: str, value: Any) -> Damage:
    def damage(pdf: pikepdf.Pdf) -> None:
        owner(pdf)[key] = value

    return damage


def _drop(owner: Callable[[pikepdf.Pdf], Any], key: str) -> Damage:
    def damage(pdf: pikepdf.Pdf) -> None:
        del owner(pdf)[key]

    return damage


def _root(pdf: pikepdf.Pdf) -> Any:
    return pdf.Root


def _stream(pdf: pikepdf.Pdf) -> Any:
    return pdf.Root.AF[0].EF.F


DAMAGES: dict[str, Damage] = {
    "6.1.7.1 streams lie in the file": _set(_stream, "/FFilter", Name.FlateDecode),
    "6.1.12 permissions": _set(_root, "/Perms", Dictionary(Other=1)),
    "6.1.13 limits": _append("q " * 40),
    "6.2.2 content streams": _append("1 0 0 strange"),
    "6.2.3 output intent": _drop(_root, "/OutputIntents"),
    "6.2.4.3 device colours": _append("0 0 0 1 k"),
    "6.2.5 graphics states": lambda pdf: pdf.pages[0].resources.__setitem__(
        "/ExtGState", Dictionary(G=Dictionary(TR=Name.Identity))
    ),
    "6.2.8 images and forms": _interpolated,
    "6.2.10 transparency": _set(_page, "/Group", Dictionary(S=Name.Transparency, CS=Name.DeviceCMYK)),
    "6.2.11.4.1 fonts are embedded": _drop(lambda pdf: _font(pdf).FontDescriptor, "/FontFile2"),
    "6.2.11.5 widths": lambda pdf: _font(pdf).__setitem__("/Widths", Array([1] * len(_font(pdf).Widths))),
    "6.2.11.6 symbolic fonts": _set(_font, "/Encoding", Name.WinAnsiEncoding),
    "6.2.11.7 unicode of glyphs": lambda pdf: _font(pdf).ToUnicode.write(b"begincmap endcmap"),
    "6.2.11.8 no missing glyph is shown": _no_glyph,
    "6.3.1 kinds of annotations": _set(_annotation, "/Subtype", Name.Movie),
    "6.3.2 flags of annotations": _set(_annotation, "/F", 2),
    "6.3.3 appearance of annotations": _set(_annotation, "/Subtype", Name.Square),
    "6.4.1 forms": _set(_root, "/AcroForm", Dictionary(NeedAppearances=True)),
    "6.5.1 actions": _set(_annotation, "/A", Dictionary(Type=Name.Action, S=Name.JavaScript, JS=String("x"))),
    "6.5.2 trigger events": _set(_page, "/AA", Dictionary()),
    "6.6.2.1 metadata stream": _xmp(b' id="W5M0', b' encoding="utf-8" id="W5M0'),
    "6.6.2.3 properties are known": _xmp(b"<xmp:CreatorTool>", b'<o:x xmlns:o="urn:o">1</o:x><xmp:CreatorTool>'),
    "6.6.3 information and metadata agree": lambda pdf: pdf.docinfo.__setitem__("/Title", "Other"),
    "6.6.4 version": _xmp(b"<pdfaid:conformance>B", b"<pdfaid:conformance>A"),
    "6.7 logical structure": _drop(_root, "/StructTreeRoot"),
    "6.8 embedded files": _drop(_root, "/AF"),
    "6.9 optional content": _set(_root, "/OCProperties", Dictionary()),
    "6.10 alternate presentations": _set(_page, "/PresSteps", Dictionary()),
    "6.11 requirements": _set(_root, "/Requirements", Array([])),
}
DAMAGED_BYTES: dict[str, Callable[[bytes], bytes]] = {
    "6.1.2 header": lambda data: b"\n" + data,
    "6.1.3 trailer": lambda data: data + b"more",
    "6.1.7.2 filters": lambda data: data.replace(b"/FlateDecode", b"/LZWDecode  "),
}


@pytest.fixture(scope="module")
def short(nasty_package: Path) -> bytes:
    """The first page of a document and its first page with links, without structure."""
    with pikepdf.open(nasty_package / "documents" / "validation_report.pdf") as pdf:
        linked = next(n for n, page in enumerate(pdf.pages) if "/Annots" in page.obj)
        for number in reversed(range(len(pdf.pages))):
            if number not in (0, linked):
                del pdf.pages[number]
        pdf.Root.StructTreeRoot = Dictionary(Type=Name.StructTreeRoot)
        del pdf.Root.Outlines
        return _saved(pdf)


def _saved(pdf: pikepdf.Pdf) -> bytes:
    out = io.BytesIO()
    pdf.save(out, fix_metadata_version=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return out.getvalue()


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_finds_what_breaks_it(short: bytes, rule: str) -> None:
    assert RULES[rule](Read.of(short)) == []
    if rule in DAMAGED_BYTES:
        data = DAMAGED_BYTES[rule](short)
        read = Read(data, pikepdf.open(io.BytesIO(data)))
    else:
        with pikepdf.open(io.BytesIO(short)) as pdf:
            DAMAGES[rule](pdf)
            read = Read.of(_saved(pdf))
    assert RULES[rule](read)


def test_rules_and_damages_are_of_the_same_clauses() -> None:
    assert set(RULES) == set(DAMAGES) | set(DAMAGED_BYTES)
    readme = (Path(__file__).parents[2] / "docs_templates" / "README.md").read_text("utf-8")
    assert [rule for rule in RULES if f"| {rule.partition(' ')[0]} |" not in readme] == []


# --------------------------------------------------------------------------------------------- what travels along
@pytest.mark.parametrize("name", DOCUMENTS)
def test_manifest_model_and_evidence_travel_in_the_document(nasty_package: Path, name: str) -> None:
    with pikepdf.open(nasty_package / "documents" / f"{name}.pdf") as pdf:
        files = {key: pdf.attachments[key].get_file() for key in pdf.attachments}
        held = {key: one.read_bytes() for key, one in files.items()}
        for one in pdf.Root.AF:
            stream = one.EF.F
            assert str(stream.Subtype) == "/application/json"
            assert str(stream.Params.ModDate) == MOMENT.strftime("D:%Y%m%d%H%M%S+00'00'")
            assert int(stream.Params.Size) == len(stream.read_bytes())
            assert bytes(stream.Params.CheckSum) == hashlib.md5(stream.read_bytes()).digest()
            told = "/Data" if str(one.UF) == "evidence_manifest.json" else "/Source"
            assert str(one.AFRelationship) == told
    for key, file in {"manifest.json": "manifest.json", "model.json": "model.json"}.items():
        assert held[key] == (nasty_package / file).read_bytes()
    assert held["validation_manifest.json"] == (nasty_package / "validation" / "manifest.json").read_bytes()
    told = json.loads(held["evidence_manifest.json"])
    assert told["package_hash"] == hashlib.sha256(held["manifest.json"]).hexdigest()
    assert told["evidence"] or name == "sign_off_sheet"
    for item in told["evidence"]:
        assert hashlib.sha256((nasty_package / item["file"]).read_bytes()).hexdigest() == item["sha256"]


def test_the_identifier_is_of_the_content(nasty_package: Path, tmp_path: Path) -> None:
    def identifier(path: Path) -> bytes:
        with pikepdf.open(path) as pdf:
            first, second = (bytes(part) for part in pdf.trailer.ID)
        assert first == second
        return first

    paths = [nasty_package / "documents" / f"{name}.pdf" for name in DOCUMENTS]
    assert len({identifier(path) for path in paths}) == len(paths)
    with pikepdf.open(paths[0]) as pdf:
        assert re.match(rb"%PDF-1\.7", paths[0].read_bytes())
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert pdf.Root.PageMode == "/UseOutlines"


# ------------------------------------------------------------------------------------------------------ the profile
def test_the_profile_is_srgb_for_another_implementation() -> None:
    data = colour.srgb_profile()
    assert data == colour.srgb_profile()
    ours = ImageCms.getOpenProfile(io.BytesIO(data))
    assert "sRGB" in ImageCms.getProfileName(ours)
    steps = [0, 1, 5, 17, 40, 64, 100, 128, 160, 200, 230, 250, 255]
    cells = [(r, g, b) for r in steps for g in steps for b in steps]
    image = Image.new("RGB", (len(cells), 1))
    image.putdata(cells)
    same = ImageCms.profileToProfile(image, ours, ImageCms.createProfile("sRGB"), renderingIntent=1)
    assert same is not None
    far = [max(abs(a - b) for a, b in zip(x, y, strict=True)) for x, y in zip(cells, _pixels(same), strict=True)]
    assert max(far) <= 1


def _pixels(image: Image.Image) -> list[tuple[int, ...]]:
    data = image.tobytes()
    return [tuple(data[i : i + 3]) for i in range(0, len(data), 3)]
