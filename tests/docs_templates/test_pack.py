"""`credit-dossier PACKAGE --pack`: a folder and a zip, the same each time; one page that needs nothing but itself."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pypdf
import pytest

from docs_templates.clauses import registry
from docs_templates.cli import main
from docs_templates.compose import compose
from docs_templates.document import plain
from docs_templates.pack.bundle import heat_maps, pack_name
from docs_templates.pack.dictionary import dictionary_csv, dictionary_rows
from docs_templates.pack.page import text
from docs_templates.pack.sections import plots
from docs_templates.package import read_package
from docs_templates.templates import read_template
from tests.docs_templates.builders import GREEK, LONG, MARKUP, all_evidence, canonical, write_package
from tests.docs_templates.conftest import MOMENT

NAME = "validation_report"
EPOCH = "1763683200"
COLUMNS = {
    "AGE": {"description": "Age in years", "type": "numeric", "missing": True, "range": [18, 100], "personal": False},
    "=cmd()": {"description": MARKUP, "type": "categorical", "allowed": ["a", GREEK], "specials": {"-1": "unknown"}},
}


class Page(HTMLParser):
    """What a page holds: elements, ids, links, policy, scripts, styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {"script": "", "style": ""}
        self._open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._open.append(tag)

    def handle_data(self, data: str) -> None:
        """Note what scripts and styles hold."""
        if self._open and self._open[-1] in self.texts:
            self.texts[self._open[-1]] += data

    def handle_endtag(self, tag: str) -> None:
        """Close it."""
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def of(self, tag: str) -> list[dict[str, str]]:
        """Attributes of the elements of a tag."""
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A package with nasty names and the folder of its pack. Read only."""
    root = tmp_path_factory.mktemp("packed")
    evidence = all_evidence((MARKUP, LONG))
    evidence["performance.roc"]["title"] = f"Curve of {MARKUP}"
    package = write_package(root / "in" / "package", evidence, name=f"Toy {MARKUP}")
    patch = pytest.MonkeyPatch()
    patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    assert main([str(package), "--document", NAME, "--pack", str(root / "out"), "--quiet"]) == 0
    patch.undo()
    return package, root / "out" / pack_name(read_package(package))


def _files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_pack_is_named_for_the_archive_and_its_zip_holds_the_same(packed: tuple[Path, Path]) -> None:
    package, folder = packed
    digest = hashlib.sha256((package / "manifest.json").read_bytes()).hexdigest()
    assert folder.name == f"toy_v1.2.3_{digest[:8]}"
    files = _files(folder)
    with zipfile.ZipFile(folder.parent / f"{folder.name}.zip") as archive:
        assert archive.testzip() is None
        held = {info.filename: archive.read(info) for info in archive.infolist()}
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert held == {f"{folder.name}/{name}": data for name, data in files.items()}
    wanted = {"index.html", "SHA256SUMS", "manifest.json", "model.json", "plan.json", "data_dictionary.csv",
              f"documents/{NAME}.pdf", f"documents/{NAME}.values.json", "validation/findings.json"}  # fmt: skip
    assert wanted <= set(files)
    assert not [name for name in files if name.endswith(".parquet")]


def test_every_file_has_its_hash_in_the_list_and_on_the_page(packed: tuple[Path, Path]) -> None:
    files = _files(packed[1])
    lines = [line.split("  ", 1) for line in files["SHA256SUMS"].decode("utf-8").splitlines()]
    sums = {name: digest for digest, name in lines}
    assert set(sums) == set(files) - {"SHA256SUMS"}
    assert all(hashlib.sha256(files[name]).hexdigest() == digest for name, digest in sums.items())
    source = files["index.html"].decode("utf-8")
    assert all(digest in source for name, digest in sums.items() if name != "index.html")
    links = {unquote(a["href"]) for a in Page(source).of("a")}
    assert {name for name in sums if name != "index.html"} <= links
    assert {one for one in links if not one.startswith("#")} <= set(files)


def test_the_lineage_leads_from_the_plan_to_the_package(packed: tuple[Path, Path]) -> None:
    package, folder = packed
    page = (folder / "index.html").read_text("utf-8")
    lineage = page[page.index('class="lineage"') :].split("</ol>")[0]
    for name in ("plan.yaml", "plan.json", "model.json", "manifest.json"):
        assert hashlib.sha256((package / name).read_bytes()).hexdigest() in lineage


def test_the_page_needs_nothing_but_itself(packed: tuple[Path, Path]) -> None:
    source = (packed[1] / "index.html").read_text("utf-8")
    page = Page(source)
    assert not re.search(r"(?:src|srcset|xlink:href|action)\s*=|@import|url\(", source)
    assert not [a["href"] for a in page.of("a") if re.match(r"[a-z]+:|//", a["href"])]
    assert not page.of("link")
    policy = page.of("meta")[1]["content"]
    assert policy.startswith("default-src 'none'; ")
    for kind in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(page.texts[kind].encode("utf-8")).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
        assert len(page.of(kind)) == 1
    assert not [name for _, held in page.elements for name in held if name.startswith("on") or name == "style"]


def test_names_are_text_on_the_page(packed: tuple[Path, Path]) -> None:
    source = (packed[1] / "index.html").read_text("utf-8")
    assert text(MARKUP) in source
    assert MARKUP not in source
    assert text("a\u202eb\x07") == "a[U+202E]b[U+0007]"
    page = Page(source)
    assert not page.of("b")
    assert len(page.of("h1")) == 1


def test_the_page_can_be_read_without_eyes_and_mouse(packed: tuple[Path, Path]) -> None:
    page = Page((packed[1] / "index.html").read_text("utf-8"))
    assert page.of("html")[0]["lang"] == "en"
    tags = [tag for tag, _ in page.elements]
    assert all(tags.count(one) == 1 for one in ("header", "nav", "main", "footer", "title"))
    ids = [held["id"] for _, held in page.elements if "id" in held]
    assert len(ids) == len(set(ids))
    for section in page.of("section"):
        assert section["aria-labelledby"] in ids
    assert {a["href"][1:] for a in page.of("a") if a["href"].startswith("#")} <= set(ids)
    assert all(th.get("scope") in ("col", "row") for th in page.of("th"))
    assert tags.count("caption") == tags.count("table") > 4
    assert [one["for"] for one in page.of("label")] == [one["id"] for one in page.of("input")]
    assert len(page.of("svg")) == tags.count("figure") > 10
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in page.of("svg"))
    assert all(one.get("tabindex") == "0" for one in page.of("div") if one.get("class") == "scroll")


def test_the_page_says_what_the_validation_found(packed: tuple[Path, Path]) -> None:
    package, folder = packed
    source = (folder / "index.html").read_text("utf-8")
    value = json.loads((package / "validation" / "findings.json").read_text("utf-8"))
    assert "<strong>approve with conditions</strong>" in source
    for finding in value["findings"]:
        assert text(finding["id"]) in source
        assert text(finding["statement"]) in source
    for digest in ("c" * 64, "d" * 64):  # snapshot, source
        assert digest in source


def test_the_value_map_is_what_the_pages_print(packed: tuple[Path, Path]) -> None:
    folder = packed[1] / "documents"
    held = json.loads((folder / f"{NAME}.values.json").read_text("utf-8"))
    pages = [re.sub(r"\s", "", page.extract_text()) for page in pypdf.PdfReader(folder / f"{NAME}.pdf").pages]
    on_page = [one for one in held["values"] if one["page"] is not None]
    assert len(on_page) > 0.99 * len(held["values"]) > 1000
    whole = "".join(pages)
    lost = [one for one in on_page if re.sub(r"\s", "", one["printed"]) not in pages[one["page"] - 1]]
    assert all(re.sub(r"\s", "", one["printed"]) in whole for one in lost)  # words that a page break parts
    assert len(lost) < 5
    assert {"evidence", "page", "place", "printed", "selector"} == set(on_page[0])
    assert any(one["selector"] == "findings:counts.high | count" for one in on_page)


def test_the_same_package_gives_the_same_pack(
    packed: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package, folder = packed
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    assert main([str(package), "--document", NAME, "--pack", str(tmp_path), "--quiet"]) == 0
    one, other = folder.parent / f"{folder.name}.zip", tmp_path / f"{folder.name}.zip"
    assert one.read_bytes() == other.read_bytes()
    assert {p.name for p in tmp_path.iterdir()} == {folder.name, f"{folder.name}.zip"}


def test_a_folder_that_is_no_pack_is_left_alone(
    packed: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package, folder = packed
    (tmp_path / folder.name).mkdir()
    (tmp_path / folder.name / "mine.txt").write_text("x", encoding="utf-8")
    assert main([str(package), "--document", NAME, "--pack", str(tmp_path), "--quiet"]) == 2
    assert "stands in the place of the pack" in capsys.readouterr().err
    assert {p.name for p in tmp_path.rglob("*")} == {folder.name, "mine.txt"}


def test_the_dictionary_is_the_contract_of_the_plan(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "p", all_evidence(("X",)))
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    plan["data"] = {"columns": COLUMNS}
    (folder / "plan.json").write_bytes(canonical(plan))
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    data = (folder / "plan.json").read_bytes()
    manifest["files"]["plan.json"] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "manifest.json").write_bytes(canonical(manifest))
    annex = json.loads((folder / "validation" / "manifest.json").read_text("utf-8"))
    assert annex["kind"] == "validation"
    for path in (folder / "validation").rglob("*"):
        if path.is_file():
            path.unlink()
    rows = dictionary_rows(read_package(folder))
    assert [row[0] for row in rows] == sorted(COLUMNS)
    age = next(row for row in rows if row[0] == "AGE")
    assert age[1:5] == ("Age in years", "numeric", "yes", "18, 100")
    lines = list(csv.reader(dictionary_csv(rows).decode("utf-8").splitlines()))
    assert lines[1][0] == "'=cmd()"
    assert GREEK in lines[1][5]
    assert lines[1][6] == "'-1: unknown"


def test_heat_maps_of_tables_are_among_the_plots(packed: tuple[Path, Path]) -> None:
    package = read_package(packed[0])
    document = compose(read_template("development_dossier"), package, registry(), MOMENT)
    maps = heat_maps(package, [document, document])
    asked = {"rating.migration", "strategy.matrix"} & {i for i, e in package.evidence.items() if e.kind == "table"}
    assert {one.evidence.id for one in maps} == asked != set()
    page = plots(package, maps)
    assert page.count("<svg") == plots(package).count("<svg") + len(maps)
    for one in maps:
        assert text(plain(one.caption)) in page
