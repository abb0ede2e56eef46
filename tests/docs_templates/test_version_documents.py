"""Change log, sign-off sheet and monitoring plan: what changed, what is signed, what is not declared."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest

from docs_templates.changes import KINDS, changes_table
from docs_templates.clauses import registry
from docs_templates.cli import main
from docs_templates.compose import compose
from docs_templates.document import Absent, Document, Table, plain
from docs_templates.dossier import make_documents
from docs_templates.gate import conditions
from docs_templates.package import Package, read_package
from docs_templates.signing import authors_table, hashes_table
from docs_templates.templates import read_template
from docs_templates.verify.run import verify
from docs_templates.watched import DECLARED, METRICS, watched_table
from docs_templates.watched_terms import objectives_table, terms_table
from tests.docs_templates.builders import all_evidence, canonical, toy_model, write_package
from tests.docs_templates.conftest import MOMENT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A validated package. Read only."""
    return write_package(tmp_path_factory.mktemp("versions") / "package", all_evidence(("X",)))


@pytest.fixture(scope="module")
def package(folder: Path) -> Package:
    """The package as documents see it."""
    return read_package(folder)


def _changed(package: Package, what: str, **parts: Any) -> list[tuple[str, ...]]:
    """Rows of the differences of a package that has other `parts` than the one before."""
    table = changes_table(replace(package, previous=package, **parts), what, "1", ())
    assert isinstance(table, Table)
    return list(table.rows)


# ------------------------------------------------------------------------------------------------ change log
@pytest.mark.parametrize("what", [name for name in KINDS if name not in ("identity", "headline", "findings")])
def test_the_same_model_has_no_difference(package: Package, what: str) -> None:
    assert [row[0] for row in _changed(package, what)] == ["No difference."]


def test_every_changed_part_of_the_model_is_told(package: Package) -> None:
    model = json.loads(json.dumps(toy_model()))
    classing, texts, linear, _, scale, _ = model["steps"]
    classing["bins"][0]["woe"] = 0.31
    classing["bins"][1]["lower"] = classing["bins"][0]["upper"] = 0.2
    scale["characteristics"][0]["points"][2] = 4.0
    linear["terms"][0]["coefficient"] = -0.75
    model["inputs"][0]["specials"] = []
    bins = {row[:2]: row[2:] for row in _changed(package, "bins", model=model)}
    assert bins["UTILISATION", "from open to 0.1"] == ("0.30000000000000004; 9.0 points", "not there")
    assert bins["UTILISATION", "from open to 0.2"] == ("not there", "0.31; 9.0 points")
    assert bins["UTILISATION", "-9.0"] == ("0.1; 3.0 points", "0.1; 4.0 points")
    assert len(bins) == 5
    assert texts["bins"][0]["values"]
    ((_, term, before, now, moved),) = _changed(package, "coefficients", model=model)
    assert (term, before, now) == ("woe(UTILISATION)", "-0.7", "-0.75")
    assert float(moved) == pytest.approx(-0.05)
    assert _changed(package, "inputs", model=model) == [
        ("UTILISATION", "number; special codes: -9.0", "number; special codes: none")
    ]


def test_a_characteristic_that_goes_or_comes_is_told_once(package: Package) -> None:
    model = {**package.model, "steps": package.model["steps"][1:]}
    assert _changed(package, "bins", model=model) == [("UTILISATION", "all", "4 bins", "not there")]


def test_plans_are_compared_key_by_key(package: Package) -> None:
    plan = json.loads(json.dumps(package.plan))
    plan["scaling"]["base_score"] = 500.0
    plan["models"][1]["trees"] = 99
    del plan["reason_codes"]
    assert _changed(package, "plan", plan=plan) == [
        ("models[boosting].trees", "not there", "99"),
        ("reason_codes.maximum", "4", "not there"),
        ("scaling.base_score", "600.0", "500.0"),
    ]


def test_findings_are_new_closed_or_remain(package: Package) -> None:
    assert package.findings is not None
    (one,) = package.findings["findings"]
    findings = {**package.findings, "findings": [{**one, "id": "VAL-2"}, {**one, "severity": "low"}]}
    states = {row[0]: row[3] for row in _changed(package, "findings", findings=findings)}
    assert states == {"VAL-1": "remains, with another severity", "VAL-2": "new"}
    closed = _changed(package, "findings", findings={**findings, "findings": []})
    assert closed[0][:4] == ("VAL-1", "high", "–", "closed: not found again")
    assert _changed(package, "findings", findings=None)[0][3] == "not tested again: no validation annex"


def test_headline_figures_are_compared_by_sample(package: Package) -> None:
    rows = {row[:3]: row[3:] for row in _changed(package, "headline")}
    assert rows["performance.discrimination", "Development", "Gini"][2] == "0.0\u202f%"
    item = package.evidence["performance.discrimination"]
    raw = json.loads(json.dumps(item.raw))
    place = item.position("gini")
    assert place is not None
    raw["rows"][0][place] += 0.125
    evidence = {**package.evidence, item.id: replace(item, raw=raw)}
    moved = {row[:3]: row[5] for row in _changed(package, "headline", evidence=evidence)}
    assert moved["performance.discrimination", "Development", "Gini"] == "12.5\u202f%"


def test_without_an_earlier_package_the_log_says_so(package: Package) -> None:
    document = compose(read_template("change_log"), package, registry(), MOMENT)
    boxes = [block for block in document.blocks if isinstance(block, Absent)]
    assert any("no earlier package was named" in box.reason for box in boxes)
    assert "cannot tell which" in _prose(document)


def _prose(document: Document) -> str:
    return " ".join(plain(block.content) for block in document.blocks if hasattr(block, "content"))


def test_the_command_takes_the_earlier_package(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    earlier = write_package(tmp_path / "earlier", all_evidence(("X",)), name="Earlier")
    command = [str(folder), "--document", "change_log", "--out", str(tmp_path / "out"), "--previous"]
    assert main([*command, str(earlier)]) == 0
    text = "".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "out" / "change_log.pdf").pages)
    squeezed = re.sub(r"\s", "", text)
    for one in (folder, earlier):
        assert hashlib.sha256((one / "manifest.json").read_bytes()).hexdigest() in squeezed
    assert main([*command, str(folder)]) == 2
    assert "this very package" in capsys.readouterr().err
    assert main([*command, str(tmp_path / "nowhere")]) == 2


# -------------------------------------------------------------------------------------------- sign-off sheet
def test_the_sheet_binds_package_annexes_and_documents(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    make_documents(folder, ["sign_off_sheet", "change_log"], out=out, clock=lambda: MOMENT)
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pypdf.PdfReader(out / "sign_off_sheet.pdf").pages))
    for path in (folder / "manifest.json", folder / "validation" / "manifest.json", out / "change_log.pdf"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() in text
    assert "Annexexports/manifest.json" in text
    make_documents(folder, ["sign_off_sheet"], out=out, clock=lambda: MOMENT)
    again = re.sub(r"\s", "", "".join(p.extract_text() for p in pypdf.PdfReader(out / "sign_off_sheet.pdf").pages))
    assert again == text  # the document of the earlier annex stands beside it still


def test_an_annex_of_another_package_is_no_annex(tmp_path: Path) -> None:
    path = write_package(tmp_path / "p", all_evidence(("X",)))
    (path / "exports").mkdir()
    (path / "exports" / "manifest.json").write_bytes(canonical({"package_hash": "0" * 64}))
    with pytest.raises(Exception, match="another package"):
        read_package(path)


def test_who_wrote_or_owns_is_named_as_no_signer(package: Package) -> None:
    table = authors_table(package, "1", ())
    assert isinstance(table, Table)
    names = {row[0]: row[1] for row in table.rows}
    assert "Purpose" in names["A. Autor"]
    owner = package.evidence["authored.owner"].raw["text"]
    assert names[owner] == "owner"
    assert "Nobody named here signs" in table.notes[0]
    held = {row[0]: row[2] for row in hashes_table(package, "1", ()).rows}
    assert held["Annex exports/manifest.json"] == "not held"
    assert "Annex signatures/manifest.json" not in held  # what is signed later cannot stand in what is signed


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A package with a change log and a sign-off sheet in its annex, and the package before."""
    base = tmp_path_factory.mktemp("written")
    package = write_package(base / "now", all_evidence(("X",)))
    earlier = write_package(base / "earlier", all_evidence(("X",)), name="Earlier")
    make_documents(package, ["change_log", "sign_off_sheet"], previous=earlier, clock=lambda: MOMENT)
    return package, earlier


def test_a_change_log_is_verified_against_both_packages(written: tuple[Path, Path]) -> None:
    package, earlier = written
    file = package / "documents" / "change_log.pdf"
    assert verify(file, package, previous=earlier).intact
    assert not verify(file, package).intact


def test_a_sheet_is_verified_against_the_annex_it_stands_in(written: tuple[Path, Path], tmp_path: Path) -> None:
    package, _ = written
    sheet = package / "documents" / "sign_off_sheet.pdf"
    assert verify(sheet, package).intact
    other = tmp_path / "other"
    shutil.copytree(package, other)
    make_documents(other, ["change_log"], clock=lambda: MOMENT)  # without the earlier package: other bytes
    assert not verify(other / "documents" / "sign_off_sheet.pdf", other).intact


# ------------------------------------------------------------------------------------------- monitoring plan
def test_metrics_without_a_declaration_say_so(package: Package) -> None:
    table = watched_table(package, "1", ())
    assert len(table.rows) == len(METRICS)
    assert {cell for row in table.rows for cell in row[3:]} == {"not declared"}
    assert len(DECLARED) == 5


def test_rules_of_the_plan_stand_beside_their_references(package: Package) -> None:
    """Rules as plan.json holds them: two of one reference, one of a reference that is none of the listed."""
    cut = {"side": "above", "neutral": 0.0, "yellow": 0.1, "red": 0.25}
    usual: dict[str, Any] = {"evidence": "stability.psi", "cut": cut, "population": "all", "frequency": None}
    usual |= {"persistence": None, "beyond_chance": True, "owner": None, "response": None}
    away = {**cut, "side": "away", "neutral": 1.0, "yellow": None}
    rules = [
        {**usual, "id": "score_psi", "owner": "O. Owner"},
        {**usual, "id": "by-region", "population": "segments", "frequency": "quarterly", "beyond_chance": False},
        {**usual, "id": "volume", "evidence": "data.waterfall", "cut": away, "persistence": {"at_least": 1, "of": 1}},
        {**usual, "id": "nothing", "evidence": None, "population": "REGION", "cut": {**cut, "side": "below"}},
    ]
    monitoring = {"frequency": "monthly", "persistence": {"at_least": 2, "of": 3}, "segments": ["REGION", "SEX"]}
    declared = replace(package, plan={**package.plan, "monitoring": {**monitoring, "metrics": rules}})
    rows = watched_table(declared, "1", ()).rows
    assert len(rows) == len(METRICS) + 3
    told = {row[0].partition("(")[2].rstrip(")") or row[0]: row for row in rows}
    cells = "yellow from 0.1; red from 0.25; only where chance does not explain it; in 2 of the last 3 periods"
    assert told["score_psi"][3:] == (cells, "all", "monthly", "O. Owner", "not declared")
    assert told["score_psi"][1] == told["by-region"][1]
    assert told["by-region"][3:6] == (
        "yellow from 0.1; red from 0.25; in 2 of the last 3 periods",
        "each segment by REGION, SEX",
        "quarterly",
    )
    assert told["volume"][1:4] == (
        "as the evidence holds it",
        "data.waterfall",
        "red from 0.25 away from 1; only where chance does not explain it; in 1 of the last 1 periods",
    )
    assert told["nothing"][1:3] == ("none in this package", "–")
    assert told["nothing"][3].startswith("yellow at 0.1 or less; red at 0.25 or less")
    assert told["nothing"][4] == "each value of REGION"


def test_objectives_and_terms_of_the_plan_are_printed(package: Package) -> None:
    assert isinstance(objectives_table(package, "1", ()), Absent)
    assert isinstance(terms_table(package, "1", ()), Absent)
    latency = {"id": "latency", "title": None, "area": "operational", "measure": "quantile", "columns": ["MS"]}
    latency |= {"value": None, "level": 0.95, "direction": "at_most", "target": 200.0, "unit": "ms", "owner": "Ops"}
    advice = {"ranking_fell": 0.05, "calibration_moved": 0.1, "population_moved": 0.25, "characteristic_moved": 0.3}
    monitoring: dict[str, Any] = {
        "objectives": [{**latency, "response": None}],
        "segments": ["REGION", "SEX"],
        "window_months": 9,
        "min_rows": 200,
        "min_bads": 100,
        "significance": 0.05,
        "asset_correlation": 0.04,
        "persistence": {"at_least": 2, "of": 3},
        "challengers": {
            "shadow": ["trees"],
            "share": 0.1,
            "salt": "s",
            "looks": 12,
            "months_between_looks": 1,
            "planned_error": 0.01,
            "spending": "obrien_fleming",
        },
        "delivery": [{"id": "desk", "url": "https://secret.example", "at_least": "high"}],
        "retraining": {**advice, "feed_broke": 0.06, "persistence": None},
    }
    data = {"protected": {"eu": ["SEX"]}}
    declared = replace(package, plan={**package.plan, "monitoring": monitoring, "data": data})
    objectives, terms = objectives_table(declared, "1", ()), terms_table(declared, "2", ())
    assert isinstance(objectives, Table)
    assert isinstance(terms, Table)
    row = ("latency", "operations", "quantile, MS, 0.95", "at most 200 ms", "Ops", "not declared")
    assert objectives.rows == (row,)
    told = dict(terms.rows)
    assert told["Segments"] == "REGION, SEX (fairness only)"
    assert told["Outcomes are known after"] == "9 months"
    assert told["Alerts are delivered to"] == "desk, from high"
    assert told["Challengers"].startswith("trees, of which 10")
    assert "obrien_fleming" in told["Challengers"]
    assert told["Challengers"].count("at an error of 0.01") == 2  # of the looks, and of the arms
    assert [told[name] for name in told if name.startswith("Advice")] == ["0.05", "0.1", "0.25", "0.3", "0.06"]
    assert "secret" not in str(terms.rows)
    free = {**monitoring["challengers"], "spending": "always_valid", "share": None}
    plan = {**declared.plan, "monitoring": {**monitoring, "challengers": free}}
    any_time = terms_table(replace(declared, plan=plan), "2", ())
    assert isinstance(any_time, Table)
    shadow = "trees in shadow; looked at at any time (always_valid), bounds tightest at an error of 0.01"
    assert dict(any_time.rows)["Challengers"] == shadow
    whole = replace(
        declared, plan={**declared.plan, "monitoring": {**monitoring, "frequency": "monthly", "metrics": []}}
    )
    document = compose(read_template("monitoring_plan"), whole, registry(), MOMENT)
    printed = [block.rows for block in document.blocks if isinstance(block, Table)]
    assert objectives.rows in printed
    assert terms.rows in printed


def test_approval_asks_for_owners_and_responses(package: Package) -> None:
    rule: dict[str, Any] = {
        "id": "a",
        "evidence": "stability.psi",
        "cut": {"red": 0.25},
        "owner": "O",
        "response": None,
    }
    for rules, met in (([rule], False), ([{**rule, "response": "Look."}], True), ([], False)):
        declared = replace(package, plan={**package.plan, "monitoring": {"metrics": rules}})
        (condition,) = [one for one in conditions(declared) if one.rests_on == "monitoring"]
        assert condition.met is met, condition


def test_what_monitoring_lacks_is_listed(package: Package) -> None:
    document = compose(read_template("monitoring_plan"), package, registry(), MOMENT)
    (missing,) = [b for b in document.blocks if isinstance(b, Table) and b.columns[0].title == "Item"]
    listed = {row[0] for row in missing.rows}
    assert "Cuts, populations, frequencies, owners and responses" in listed
    assert {"Triggers and latest date of review", "Conditions and steps of decommissioning"} <= listed
    assert "Register of actual uses" in listed


def test_what_does_not_apply_is_not_asked_of_the_plan(taiwan_package: Path) -> None:
    rows = {row[2]: row[1:] for row in watched_table(read_package(taiwan_package), "1", ()).rows}
    assert rows["rating.migration_summary"][0].startswith("not applicable")
    assert set(rows["rating.migration_summary"][2:]) == {"–"}
    assert "by chance alone" in rows["stability.psi"][0]
