"""What a plan may say of protected groups, and what is told where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk._core.errors import PlanError
from credit_risk.plan import read_plan

HEAD = "model: {id: m}\noutcome: {column: Y, bad: 1}\n"
SEARCH = "less_discriminatory_alternatives"
FAULTS = [
    ("protected: {us_ecoa: [A], US: [A]}", "", "data.protected.US", "jurisdiction"),
    ("protected: {undeclared: [A]}", "", "data.protected.undeclared", "jurisdiction"),
    ("protected: [A, A]", "", "data.protected", "duplicate_name"),
    ("protected: {eu: [A, B, A], uk: [A]}", "", "data.protected.eu", "duplicate_name"),
    ("protected: [A]", "fairness: {age: B}", "fairness.age", "not_protected"),
    ("protected: [A], columns: {A: {type: categorical}}", "fairness: {age: A}", "fairness.age", "type"),
    ("protected: [A]", "fairness: {references: {B: x}}", "fairness.references.B", "not_protected"),
    ("protected: [A]", "fairness: {edges: {A: [3, 2]}}", "fairness.edges.A", "range"),
    ("protected: [A]", "fairness: {edges: {A: []}}", "fairness.edges.A", "range"),
    ("protected: []", f"fairness: {{{SEARCH}: {{}}}}", f"fairness.{SEARCH}", "not_protected"),
    (
        "protected: [A]",
        f"fairness: {{{SEARCH}: {{}}}}\n"
        "models:\n- {id: s, type: scorecard}\n- {id: g, type: monotone_boosting, champion: true}",
        f"fairness.{SEARCH}",
        "champion",
    ),
]


def read(folder: Path, data: str, more: str) -> None:
    (folder / "plan.yaml").write_text(f"{HEAD}data: {{source: t.csv, {data}}}\n{more}\n", "utf-8")
    read_plan(folder)


@pytest.mark.parametrize(("data", "more", "path", "code"), FAULTS)
def test_a_fault_is_told_where_it_stands(tmp_path: Path, data: str, more: str, path: str, code: str) -> None:
    with pytest.raises(PlanError) as caught:
        read(tmp_path, data, more)
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [(path, code)]


def test_labels_of_jurisdictions(tmp_path: Path) -> None:
    read(tmp_path, "protected: {us_ecoa: [A, B], eu: [A], kanton_zug: [A]}", "fairness: {age: A, references: {B: x}}")


def test_both_faults_of_a_search_are_told_at_once(tmp_path: Path) -> None:
    models = "models:\n- {id: g, type: monotone_boosting, champion: true}"
    with pytest.raises(PlanError) as caught:
        read(tmp_path, "protected: []", f"fairness: {{{SEARCH}: {{}}}}\n{models}")
    assert [fault.code for fault in caught.value.faults] == ["not_protected", "champion"]
    assert "monotone_boosting" in str(caught.value)
    assert "scorecard" in str(caught.value)


def test_a_search_of_the_champion_scorecard_beside_another_model(tmp_path: Path) -> None:
    models = "models:\n- {id: s, type: scorecard, champion: true}\n- {id: g, type: monotone_boosting}"
    read(tmp_path, "protected: [A]", f"fairness: {{{SEARCH}: {{}}}}\n{models}")


def test_limits_of_a_search(tmp_path: Path) -> None:
    wrong = "gini_loss: 1, least_reduction: 0, fits: 1"
    with pytest.raises(PlanError) as caught:
        read(tmp_path, "protected: [A]", f"fairness: {{{SEARCH}: {{{wrong}}}}}")
    assert {fault.path for fault in caught.value.faults} == {
        f"fairness.{SEARCH}.{name}" for name in ("gini_loss", "least_reduction", "fits")
    }
