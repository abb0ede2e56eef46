"""Every section that a dossier and a validation report must have stands there, with evidence or why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.document import Absent, Block, Document, Figure, Heading, ListBlock, Statement, Table, plain
from docs_templates.package import Package, read_package
from docs_templates.templates import read_template
from tests.docs_templates.builders import all_evidence, write_package
from tests.docs_templates.conftest import MOMENT

DEVELOPMENT = {
    "purpose, range, prohibited uses, tier": (
        "Purpose",
        "authored.purpose",
        "authored.prohibited_uses",
        "authored.tier",
    ),
    "data": ("Data", "data.source", "data.contract", "data.waterfall", "data.profile"),
    "default definition": ("Definition of the outcome", "outcome.definition", "outcome.maturity"),
    "representativeness": ("Representativeness", "samples.representativeness"),
    "drivers, binning": ("Drivers", "classing.summary", "selection.waterfall"),
    "model": ("Model", "authored.theory", "authored.rationale", "scorecard.coefficients.card"),
    "calibration": ("Calibration", "long_run.average", "long_run.cycle", "calibration.margin_of_conservatism"),
    "performance": ("Performance", "performance.discrimination", "performance.subpopulations"),
    "judgement, overlays": ("Judgement", "authored.judgement", "judgement.overlays"),
    "limitations": ("Limitations", "authored.limitations", "limitations.register"),
    "implementation": ("Implementation", "verification.coverage", "verification.exports"),
    "soundness under Regulation B": ("Soundness under Regulation B", "samples.summary", "data.waterfall"),
    "bridge to provisions": ("Bridge to provisions", "long_run.philosophy", "calibration.anchor"),
}
VALIDATION = {
    "replication": ("Replication", "validation.headline"),
    "conceptual soundness": (
        "Conceptual soundness",
        "validation.soundness",
        "validation.challenger",
        "validation.coefficients",
    ),
    "outcomes analysis": ("Outcomes", "performance.comparison"),
    "implementation": ("Implementation", "validation.exports"),
    "fairness": ("Fairness", "validation.fairness"),
    "findings log": ("Findings", "validation.findings"),
    "conclusion": ("Conclusion", "validation.summary"),
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A package that holds everything in the catalogue."""
    return read_package(write_package(tmp_path_factory.mktemp("sections") / "p", all_evidence(("X",))))


def chapters(document: Document) -> dict[str, list[Block]]:
    """The blocks of each chapter by its title."""
    found: dict[str, list[Block]] = {}
    title = ""
    for block in document.blocks:
        if isinstance(block, Heading) and block.level == 1:
            title = plain(block.content)
        found.setdefault(title, []).append(block)
    return found


def evidence_of(blocks: list[Block]) -> set[str]:
    """Ids of the evidence that blocks print or say why it is absent."""
    ids: set[str] = set()
    for block in blocks:
        if isinstance(block, (Table, Statement, Absent)) and block.evidence:
            ids |= {block.evidence}
        if isinstance(block, Absent):
            ids |= {name for _, name in block.also}
        if isinstance(block, Figure):
            ids.add(block.evidence.id)
        if isinstance(block, ListBlock):
            ids |= {name for item in block.items for name in evidence_of(list(item))}
    return ids


@pytest.mark.parametrize(
    ("document", "sections"), [("development_dossier", DEVELOPMENT), ("validation_report", VALIDATION)]
)
def test_every_section_stands_with_its_evidence(
    package: Package, document: str, sections: dict[str, tuple[str]]
) -> None:
    found = chapters(compose(read_template(document), package, registry(), MOMENT))
    wrong = []
    for section, (title, *evidence) in sections.items():
        blocks = [block for name, some in found.items() if name.startswith(title) for block in some]
        wrong += [(section, name) for name in evidence if name not in evidence_of(blocks)]
    assert wrong == [], list(found)


def missing_rows(document: Document) -> list[tuple[str, ...]]:
    """Rows of the table of what is missing."""
    tables = [b for b in document.blocks if isinstance(b, Table) and len(b.columns) == 4]
    (found,) = [table for table in tables if table.columns[3].title == "Evidence or section"]
    return list(found.rows)


def test_what_a_package_cannot_hold_is_said(package: Package) -> None:
    document = compose(read_template("development_dossier"), package, registry(), MOMENT)
    told = {block.title for block in document.blocks if isinstance(block, Absent)}
    assert {"Exposure of the portfolio", "Parity of the production implementation", "Lifetime probability"} <= told
    assert "Revalidation on the creditor's own applicants" in told
    assert told <= {row[0] for row in missing_rows(document)}


def test_a_text_that_is_missing_is_listed_by_every_document_that_needs_it(tmp_path: Path) -> None:
    bare = read_package(write_package(tmp_path / "p", all_evidence(("X",), authored=False)))
    for name in ("development_dossier", "executive_summary", "model_card", "monitoring_plan"):
        document = compose(read_template(name), bare, registry(), MOMENT)
        boxes = {
            b.evidence for b in document.blocks if isinstance(b, Absent) and b.kind == "not_provided" and b.evidence
        }
        boxes |= {i for b in document.blocks if isinstance(b, Absent) for _, i in b.also}
        assert boxes, name
        assert boxes <= {row[3] for row in missing_rows(document)}, name
