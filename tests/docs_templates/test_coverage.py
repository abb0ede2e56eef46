"""The registry of frameworks and the coverage of clauses."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from docs_templates.clauses import Clause, parse_registry, registry
from docs_templates.compose import compose
from docs_templates.coverage import ABSENT, COVERED, NOT_APPLICABLE, PARTLY, STANDINGS, coverage
from docs_templates.document import Table
from docs_templates.errors import DocumentError
from docs_templates.evidence import Evidence
from docs_templates.package import read_package
from docs_templates.strict_json import parse
from docs_templates.templates import DOCUMENTS, read_template, template_folder
from tests.docs_templates.conftest import MOMENT

REGISTRY = registry()
IN_FORCE = [c for c in REGISTRY.clauses.values() if c.status == "in_force"]
CATALOGUE = parse(
    (Path(read_template.__code__.co_filename).parent / "schemas/evidence_catalogue.json").read_bytes(), "catalogue"
)


def _framework(**clause: Any) -> dict[str, Any]:
    raw = {"id": "x", "citation": "X", "short": "X", "asks": "a", "status": "in_force", "confidence": "P",
           "evidence": ["a.b"], **clause}  # fmt: skip
    return {"framework": "f", "title": "F", "jurisdiction": "EU", "as_of": date(2026, 11, 20), "clauses": [raw]}


@pytest.mark.parametrize("clause", IN_FORCE, ids=lambda c: c.id)
def test_what_a_clause_names_as_evidence_is_in_the_catalogue(clause: Clause) -> None:
    known = [re.sub(r"\{\w+\}", "X", entry["id"]) for entry in CATALOGUE["entries"]]
    for pattern in clause.evidence:
        assert any(fnmatchcase(name, pattern) for name in known), pattern


@pytest.mark.parametrize("clause", [c for c in IN_FORCE if c.document in DOCUMENTS], ids=lambda c: c.id)
def test_each_clause_is_cited_by_the_document_that_speaks_to_it(clause: Clause) -> None:
    files = [f.read_text("utf-8") for f in template_folder(clause.document).iterdir() if f.name.endswith(".md")]
    assert any(f"clause:{clause.id} " in text for text in files)


@pytest.mark.parametrize("name", ["sr26_2_vi_3", "crr_174", "crr_179_1_d", "dr_31_1_a", "dr_32", "gl_84", "gl_2016_07",
    "gl_2020_06_4_3_3", "gl_2020_06_4_3_4", "ss_1_1", "ss_5_3", "regb_1002_9", "regb_1002_2_p", "fcra_615_a",
    "fcra_609_f", "gdpr_22", "ccd2_18", "osfi_e23_3_6", "ai_iv_9"])  # fmt: skip
def test_the_registry_holds_what_dossiers_are_organised_to(name: str) -> None:
    assert name in REGISTRY.clauses


def test_all_nine_points_of_annex_iv_are_held() -> None:
    points = {re.match(r".*Annex IV, (\d)", c.citation)[1] for c in IN_FORCE if "Annex IV, " in c.citation}  # type: ignore[index]
    assert points == set("123456789")


def test_each_framework_has_its_table_in_the_dossier(nasty_package: Path) -> None:
    document = compose(read_template("development_dossier"), read_package(nasty_package), REGISTRY, MOMENT)
    tables = [b for b in document.blocks if isinstance(b, Table) and b.columns[-1].title == "Why"]
    assert len(tables) == len(REGISTRY.frameworks)
    rows = [row for table in tables for row in table.rows]
    assert sorted(row[0] for row in rows) == sorted(clause.short for clause in IN_FORCE)
    assert {row[4] for row in rows} <= set(STANDINGS)
    assert not [row for row in rows if row[4] != COVERED and row[5] in ("", "–")]


@pytest.fixture(scope="module")
def evidence(nasty_package: Path) -> dict[str, Evidence]:
    one = read_package(nasty_package).evidence["data.source"]
    gone = {"rows": [], "columns": []}
    return {
        "a.held": replace(one, id="a.held"),
        "a.absent": replace(one, id="a.absent", title="Absent", kind="not_provided", raw={**gone, "reason": ""}),
        "a.other": replace(one, id="a.other", kind="not_applicable", raw={**gone, "reason": "no date"}),
    }


NO_DEFAULT = {"plan": "o.d", "is": True, "otherwise": "No default."}


@pytest.mark.parametrize(("patterns", "more", "where", "standing", "reason"), [
    (["a.held"], {}, ["1"], COVERED, ""),
    (["a.held"], {"part": "The rest is the bank's."}, ["1"], PARTLY, "The rest is the bank's."),
    (["a.held", "a.absent"], {}, ["1"], PARTLY, "Absent is not provided."),
    (["a.held", "b.*"], {}, ["1"], PARTLY, "The package holds no b.*."),
    (["b.*", "a.held"], {"any": True}, ["1"], COVERED, ""),
    (["a.absent"], {}, ["1"], ABSENT, "Absent is not provided."),
    (["a.other"], {}, ["1"], NOT_APPLICABLE, "No date."),
    (["a.other"], {}, [], NOT_APPLICABLE, "No date."),
    (["a.held"], {}, [], ABSENT, "No section speaks to it."),
    ([], {"part": "It is the bank's."}, ["1"], PARTLY, "It is the bank's."),
    (["a.held"], {"when": NO_DEFAULT}, ["1"], NOT_APPLICABLE, "No default."),
    (["a.held"], {"when": {**NO_DEFAULT, "is": False}}, ["1"], COVERED, ""),
])  # fmt: skip
def test_standings(
    evidence: dict[str, Evidence],
    patterns: list[str],
    more: dict[str, Any],
    where: list[str],
    standing: str,
    reason: str,
) -> None:
    clause = parse_registry({"f.yaml": _framework(evidence=patterns, **more)}).clauses["x"]
    found = coverage(clause, evidence, {"o": {"d": False}}, where)
    assert (found.standing, found.reason) == (standing, reason)


@pytest.mark.parametrize(("change", "said"), [
    ({"status": "odd"}, "unknown status"),
    ({"confidence": "X"}, "unknown confidence"),
    ({"valid_to": "soon"}, "valid_to is not a date"),
    ({"when": {"plan": "a"}}, "a condition has the keys"),
    ({"evidence": []}, "names neither evidence"),
    ({"wording": "copied"}, "unknown or missing keys"),
    ({"replaced_by": "nowhere"}, "replaced by an unknown clause"),
])  # fmt: skip
def test_faults_of_a_framework_name_file_and_place(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_registry({"f.yaml": _framework(**change)})
    (fault,) = caught.value.faults
    assert said in str(fault)
