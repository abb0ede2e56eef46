"""Anchors in annexes and in signatures of PDFs: a trail that was written anew is found against each of them."""

from __future__ import annotations

import json
from pathlib import Path

import pikepdf
import pytest

from credit_risk.cli.main import main as credit_risk
from credit_risk.inventory import read_anchor_file, verify_lines
from credit_risk.inventory.errors import AuditError
from credit_risk.inventory.store.rebuild import stored_lines
from credit_risk.package import write_annex
from credit_risk.package.annex import write_run
from tests.credit_risk.inventory.support import Ticking, staffed, write_package
from validation.anchor import read_anchor
from validation.annex import manifest_of
from validation.errors import ValidationInputError
from validation.schema_check import check


def signed_pdf(path: Path, location: str) -> None:
    """A PDF with a field of a signature that names a place; the signature itself is none."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        held = pikepdf.Dictionary(Type=pikepdf.Name.Sig, Location=location)
        field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="one", V=pdf.make_indirect(held))
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[pdf.make_indirect(field)])
        pdf.save(path)


def annexes(folder: Path, anchor: str) -> dict[str, Path]:
    """What may hold an anchor: exports, a run of monitoring, a validation, a signed document."""
    package = write_package(folder / "package")
    write_annex(package, "exports", {"model.sql": b"SELECT 1"}, "test", Ticking(), anchor=anchor)
    run = write_run(folder / "run", "a" * 64, {"alerts.json": b"{}"}, "test", Ticking(), anchor)
    made = manifest_of({"findings.json": b"{}"}, "a" * 64, "0.1", "2026-11-27T05:00:00Z", anchor)
    assert check(made, "annex.schema.json", "manifest.json") == []
    (folder / "validation").mkdir()
    (folder / "validation" / "manifest.json").write_text(json.dumps(made))
    signed_pdf(folder / "signed.pdf", anchor)
    exports = package / "exports"
    return {
        "package": package, "exports": exports, "manifest": exports / "manifest.json", "run": run,
        "validation": folder / "validation", "signed": folder / "signed.pdf",
    }  # fmt: skip


def test_a_trail_written_anew_is_found_against_each_annex(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db") as inventory:
        inventory.trail.note("data", {"rows": 1}, by="dora")
        head = inventory.trail.head()
        with inventory.store.reading() as connection:
            lines = tuple(stored_lines(connection))
    with staffed(
        tmp_path / "other.db"
    ) as inventory:  # the same people and keys, another note in the place of the first
        inventory.trail.note("data", {"rows": 2}, by="dora")
        with inventory.store.reading() as connection:
            anew = tuple(stored_lines(connection))
    held = annexes(tmp_path, head.text())
    assert verify_lines(anew).faults == ()
    for name, place in held.items():
        (anchor,) = read_anchor_file(place)
        assert (anchor.log, anchor.sequence, anchor.hash, anchor.at) == (head.log, head.sequence, head.hash, head.at), (
            name
        )
        assert verify_lines(lines, [anchor]).faults == ()
        assert {one.code for one in verify_lines(anew, [anchor]).faults} == {"rechained"}, name
        for database, status in (("i.db", 0), ("other.db", 1)):
            asked = ["audit", "verify", "--inventory", str(tmp_path / database), "--anchor", str(place)]
            assert credit_risk(asked) == status, (name, database)


def test_an_annex_without_an_inventory_is_as_it_was_and_holds_none(tmp_path: Path) -> None:
    package = write_package(tmp_path / "package")
    folder = write_annex(package, "exports", {"model.sql": b"SELECT 1"}, "test", Ticking())
    assert "anchor" not in json.loads((folder / "manifest.json").read_text())
    for place in (package, folder, folder / "manifest.json"):
        with pytest.raises(AuditError, match="holds no anchor"):
            read_anchor_file(place)


def test_the_validator_reads_an_anchor_of_a_text_or_a_file_and_refuses_others(tmp_path: Path) -> None:
    with staffed(tmp_path / "i.db") as inventory:
        text = inventory.trail.head().text()
    file = tmp_path / "governance.json"
    file.write_text(json.dumps({"anchor": {"text": text}}))
    assert read_anchor(text) == read_anchor(str(file)) == text
    file.write_text(json.dumps({"anchor": [text, text.replace("event ", "event 1")]}))
    for bad in ("none", str(file), text[:-1], ""):
        with pytest.raises(ValidationInputError, match="anchors of an audit trail"):
            read_anchor(bad)
