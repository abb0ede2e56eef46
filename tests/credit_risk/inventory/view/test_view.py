"""The view of all models: health, what is overdue, files without formulas, a page without script."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from credit_risk.inventory.contracts import FindingFacts, ModelFacts, Provision
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.view.files import csv_bytes, harmless, write_tables
from credit_risk.inventory.view.overview import (
    ATTENTION,
    ENDED,
    IN_ORDER,
    OVERDUE,
    Overview,
    overview,
    read_overview,
)
from credit_risk.inventory.view.page import inventory_page
from credit_risk.inventory.view.tables import tables_of
from tests.credit_risk.inventory.facts import AS_OF, AT, model, version
from tests.credit_risk.inventory.support import FACTS, signer, staffed

HOSTILE = '<script>alert(1)</script>=HYPERLINK("http://x")\u202e'
LIVE = model(stage="live", provisions=())


def finding(severity: str, due: str | None = None, **changes: str) -> FindingFacts:
    return replace(FindingFacts("F1", "cards", "1.0", severity, "t", "open", AT, due, "dev"), **changes)


def seen(facts: ModelFacts, *findings: FindingFacts, expires: str | None = None) -> Overview:
    return overview([facts], [version("live", expires=expires)], findings, AS_OF)


@pytest.mark.parametrize(
    ("view", "health", "reasons"),
    [
        (seen(LIVE), IN_ORDER, ()),
        (seen(LIVE, finding("low", "2026-11-27")), IN_ORDER, ()),
        (seen(LIVE, finding("low", "2026-11-26")), OVERDUE, ("low finding F1 was due on 2026-11-26",)),
        (seen(LIVE, finding("high")), ATTENTION, ("1 high open",)),
        (seen(LIVE, finding("high", status="closed")), IN_ORDER, ()),
        (seen(LIVE, expires="2026-11-26"), OVERDUE, ("approval was due on 2026-11-26",)),
        (seen(replace(LIVE, dates={"review": "2026-01-01"})), OVERDUE, ("review was due on 2026-01-01",)),
        (seen(replace(LIVE, stage="restricted")), ATTENTION, ("use is restricted",)),
        (seen(replace(LIVE, tier=None)), ATTENTION, ("no tier",)),
        (seen(replace(LIVE, actual_use="pricing")), ATTENTION, ("actual use differs from the intended",)),
        (seen(replace(LIVE, actual_use=" decide  ON cards")), IN_ORDER, ()),
        (seen(replace(LIVE, stage="retired", dates={"review": "2026-01-01"}), finding("high")), ENDED, ()),
    ],
)
def test_health_and_its_reasons(view: Overview, health: str, reasons: tuple[str, ...]) -> None:
    assert (view.lines[0].health, view.lines[0].reasons) == (health, reasons)
    assert bool(view.overdue) == (health == OVERDUE)


def hostile_view() -> Overview:
    facts = replace(LIVE, id="cards", name=HOSTILE, purpose="=1+1", boundaries="+cmd|' /C calc'!A0", owner="@own")
    held = (Provision("exception-1", "exception", "\t=x", "own", AT, None, "2026-01-01"),)
    return overview([replace(facts, provisions=held)], [], [finding("high", "2026-01-01", title=HOSTILE)], AS_OF)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\uff1d1", "\n@x"])
def test_a_text_that_begins_a_formula_is_made_harmless(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless(f"x{text}") == f"x{text}"
    assert harmless(-1.5) == -1.5


def test_files_hold_every_row_and_no_formula(tmp_path: Path) -> None:
    tables = tables_of(hostile_view(), [version("live")])
    written = write_tables(tables, tmp_path / "out.csv", AS_OF)
    assert [path.name for path in written][:2] == ["out.csv", "out.versions.csv"]
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8-sig"))))
    assert (rows[0]["purpose"], rows[0]["name"], rows[0]["owner"]) == ("'=1+1", HOSTILE, "'@own")
    write_tables(tables, tmp_path / "out.xlsx", AS_OF)
    with zipfile.ZipFile(tmp_path / "out.xlsx") as book:
        parts = {name: book.read(name).decode("utf-8") for name in book.namelist() if name.endswith(".xml")}
    sheets = [parts[name] for name in parts if name.startswith("xl/worksheets/")]
    assert len(sheets) == len(tables)
    assert not any("<f>" in sheet or "<f " in sheet or "hyperlink" in sheet for sheet in sheets)
    assert "<t>=1+1</t>" in parts["xl/sharedStrings.xml"]
    assert all(f'name="{one.name}"' in parts["xl/workbook.xml"] for one in tables)
    write_tables(tables, tmp_path / "out.json", AS_OF)
    told = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert told["models"][0]["purpose"] == "=1+1"
    assert told["overdue"][0] == {
        "model": "cards",
        "what": "exception exception-1",
        "due": "2026-01-01",
        "owner": "@own",
    }
    with pytest.raises(InventoryError, match="unknown kind"):
        write_tables(tables, tmp_path / "out.ods", AS_OF)
    with pytest.raises(InventoryError, match="cannot be written"):
        write_tables(tables, tmp_path / "none" / "out.csv", AS_OF)
    assert not list(tmp_path.glob("*.partial"))


def test_equal_inventories_give_equal_bytes() -> None:
    assert [csv_bytes(one) for one in tables_of(hostile_view())] == [
        csv_bytes(one) for one in tables_of(hostile_view())
    ]


class Tags(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, []).append(value or "")


def test_the_page_is_self_contained_without_script_and_shows_markup_as_text() -> None:
    page = inventory_page(hostile_view())
    tags = Tags()
    tags.feed(page)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(tags.tags)
    assert not {"src", "onclick", "onload", "style"} & set(tags.attributes)
    assert all(one.startswith("#") for one in tags.attributes["href"])
    assert all(one[1:] in tags.attributes["id"] for one in tags.attributes["href"])
    policy = next(one for one in tags.attributes["content"] if "default-src" in one)
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert "[U+202E]" in page


def test_the_page_lists_every_model_with_its_health_and_what_is_overdue() -> None:
    many = [replace(LIVE, id=f"m{number:04d}", dates={"review": f"2026-1{number % 2 + 1}-01"}) for number in range(300)]
    view = overview(many, [], [], AS_OF)
    page = inventory_page(view)
    assert len(re.findall(r'<details id="m-m\d{4}">', page)) == 300
    assert f"overdue: {len(view.overdue):,}" in page
    assert len(view.overdue) == 150
    assert inventory_page(overview([], [], [], AS_OF)).count("None.") == 4


def test_outlines_are_the_versions_without_what_a_gate_asks_for(tmp_path: Path) -> None:
    with staffed(tmp_path / "inventory.db", stage="validated") as inventory:
        inventory.models.provide("pd-retail", "restriction", "not for students", by=signer("olga"), version="1.0")
        view, versions = read_overview(inventory, AS_OF)
        whole = inventory.versions.get("pd-retail", "1.0")
    assert versions == (replace(whole, annexes={}, documents={}, evidence={}, sign_offs=()),)
    assert [one.facts.id for one in view.lines] == ["pd-retail"]


def test_the_view_of_some_models_is_that_of_all_without_the_others(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db") as inventory:
        for number in range(4):
            facts = replace(FACTS, id=f"pd-{number}", products=("loans",) if number % 2 else ("cards",))
            inventory.propose(facts, "1.0", by="olga")
            inventory.findings.raise_finding(facts.id, "high", "Off", by="vera", version="1.0")
        chosen = ["pd-1", "pd-3"]
        assert [row.model for row in inventory.models.find(product="loans")] == chosen
        whole, versions = read_overview(inventory, AS_OF)
        some, of_some = read_overview(inventory, AS_OF, chosen)
        assert some.lines == tuple(one for one in whole.lines if one.facts.id in chosen)
        assert some.findings == tuple(one for one in whole.findings if one.model in chosen)
        assert of_some == tuple(one for one in versions if one.model in chosen)
        assert read_overview(inventory, AS_OF, ())[0].lines == ()
        assert len(whole.lines) == len(versions) == 4
