"""What a plan may say of protected groups, and what is told where it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk._core.errors import PlanError
from credit_risk.plan import read_plan

HEAD = "model: {id: m}\noutcome: {column: Y, bad: 1}\n"
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
