"""The guide is enough to code the model by hand: an interpreter of its tables repeats every verification row."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from docs_templates.clauses import registry
from docs_templates.compose import compose
from docs_templates.document import Absent, Document, Table, plain
from docs_templates.language import current
from docs_templates.model_formulas import expression, named, number
from docs_templates.model_tables import trees_table
from docs_templates.package import Package, read_package
from docs_templates.templates import read_template
from docs_templates.verification_rows import cases
from tests.docs_templates.builders import POLISH, all_evidence, toy_model, write_package
from tests.docs_templates.conftest import MOMENT
from tests.docs_templates.hand_coded import PaperScorecard


def _guide(folder: Path) -> Document:
    return compose(read_template("implementation_guide"), read_package(folder), registry(), MOMENT)


def _repeats(folder: Path) -> int:
    """Score every row of verification.csv by hand and compare; the number of rows."""
    paper = PaperScorecard(_guide(folder))
    with (folder / "verification.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        inputs: dict[str, float | str | None] = {}
        for column, text in row.items():
            name = column.removeprefix("in:")
            if column.startswith("in:"):
                inputs[name] = None if text == "" else float(text) if paper.kinds[name] == "number" else text
        found = paper.score(inputs)
        assert found["linear_score"] == float(row["linear_score"]), row["case"]
        assert found["probability"] == pytest.approx(float(row["probability"]), rel=1e-15, abs=0), row["case"]
        assert found["score"] == float(row["score"]), row["case"]
        told = [row[name] for name in row if name.startswith("reason_") and row[name]]
        assert found["reasons"] == told, row["case"]
    return len(rows)


def test_a_programmer_repeats_a_scorecard_of_hostile_names(tmp_path: Path) -> None:
    assert _repeats(write_package(tmp_path / "p", all_evidence(("X",)))) == 3


def test_a_programmer_repeats_the_worked_example(taiwan_package: Path) -> None:
    assert _repeats(taiwan_package) > 50


def test_a_programmer_repeats_a_categorical_scorecard(german_package: Path) -> None:
    assert _repeats(german_package) > 30


def test_cases_are_printed_as_what_differs_from_the_first(tmp_path: Path) -> None:
    folder = write_package(tmp_path / "p", all_evidence(("X",)))
    document = _guide(folder)
    tables = {plain(b.caption): b for b in document.blocks if isinstance(b, Table)}
    (table,) = [t for caption, t in tables.items() if caption.startswith("Cases")]
    base = cases(read_package(folder))[0].inputs
    with (folder / "verification.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for printed, row in zip(table.rows, rows, strict=True):
        inputs = dict(base)
        for line in printed[1].split("\n"):
            if " = " in line:
                name, _, value = line.partition(" = ")
                inputs[name] = "" if value == "missing" else value
        assert inputs == {k.removeprefix("in:"): v for k, v in row.items() if k.startswith("in:")}
        assert list(printed[2:5]) == [row["linear_score"], row["probability"], row["score"]]


# ------------------------------------------------------------------------------------- notation, other models
@pytest.mark.parametrize(
    ("tree", "text"),
    [
        ({"const": 0.1}, "0.1"),
        ({"const": None}, "missing"),
        ({"const": True}, "true"),
        ({"const": 'a "b"'}, '"a \\"b\\""'),
        ({"op": "share", "args": [{"ref": "A"}, {"ref": POLISH}]}, f"share(A, `{POLISH}`)"),
    ],
)
def test_expressions_are_written_without_loss(tree: dict[str, Any], text: str) -> None:
    assert expression(tree) == text


def test_numbers_read_back_to_the_same_double() -> None:
    for value in (0.1, 1 / 3, -1e-05, 5e-324, 1.7976931348623157e308, 0.30000000000000004, 2.0**53):
        assert float(number(value)) == value
    assert named("woe(PAY_0)") == "woe(PAY_0)"
    assert named("woe(a b)") == "`woe(a b)`"


def test_every_operation_of_the_format_is_explained(repository: Path) -> None:
    schema = json.loads((repository / "scorecards/format/model.schema.json").read_text("utf-8"))
    names = set(_operations(schema))
    assert len(names) > 30
    assert {f"operations.{name}" for name in names} <= current().words.keys()


def _operations(tree: Any) -> list[str]:
    if isinstance(tree, list):
        return [name for one in tree for name in _operations(one)]
    if not isinstance(tree, dict):
        return []
    found = [name for value in tree.values() for name in _operations(value)]
    op = (tree.get("properties") or {}).get("op") or {}
    return [*found, *op.get("enum", []), *([op["const"]] if "const" in op else [])]


def _with_trees(count: int) -> Package:
    tree = {"feature": [0, -1, -1], "threshold": [0.5, None, None], "left": [1, -1, -1], "right": [2, -1, -1],
            "default_left": [False, False, False], "value": [0.0, -0.25, 1 / 3]}  # fmt: skip
    step = {"id": "t", "type": "trees", "features": ["A"], "base_margin": 0.1, "offset": None, "trees": [tree] * count}
    model = {**toy_model(), "steps": [{**step, "output": "linear_score"}]}
    return Package(Path("x"), "0" * 64, {}, {}, model, {}, None, None)


def test_trees_are_printed_node_by_node_or_said_to_be_in_the_package() -> None:
    table = trees_table(_with_trees(2), "1", ())
    assert isinstance(table, Table)
    assert [row[1:] for row in table.rows[:3]] == [
        ("0", "0", "A", "0.5", "1", "2", "2", ""),
        ("0", "1", "", "", "", "", "", "-0.25"),
        ("0", "2", "", "", "", "", "", "0.3333333333333333"),
    ]
    assert len(table.rows) == 6
    box = trees_table(_with_trees(300), "1", ())
    assert isinstance(box, Absent)
    assert "900 nodes of 300 trees" in box.reason


def test_what_the_model_has_not_is_said(tmp_path: Path) -> None:
    document = _guide(write_package(tmp_path / "p", all_evidence(("X",))))
    told = {b.title: b.reason for b in document.blocks if isinstance(b, Absent)}
    assert told["Derived characteristics"] == "the model reads its inputs as they are"
    assert told["Grades"] == "the model gives no grades"
    assert "Parity of the production implementation" in told
