"""Numbers by unit."""

from __future__ import annotations

import pytest

from docs_templates.evidence import Cell, Column, Evidence
from docs_templates.formatting import NAMED, formatter, named
from docs_templates.references import Filter
from docs_templates.table_block import filtered

THIN = "\u202f"


def _write(unit: str | None, values: list[Cell], kind: str = "number", name: str = "x") -> list[str]:
    write = formatter(Column(name, "X", kind, unit), values)
    return [write(v) for v in values]


@pytest.mark.parametrize(
    ("unit", "values", "printed"),
    [
        ("share", [0.2212, 0.5], [f"22.1{THIN}%", f"50.0{THIN}%"]),
        ("share", [0.0123, 0.04], [f"1.23{THIN}%", f"4.00{THIN}%"]),
        ("share", [-0.25], [f"−25.0{THIN}%"]),
        ("p_value", [0.00009, 0.0001, 0.5, 0.0], [f"<{THIN}0.0001", "0.0001", "0.5000", f"<{THIN}0.0001"]),
        ("count", [30000, 7], ["30,000", "7"]),
        ("count", [10.5, 7.0], ["10.5", "7.0"]),
        ("points", [12.0, -3.0], ["12", "−3"]),
        ("points", [12.25, -3.0], ["12.2", "−3.0"]),
        ("woe", [-0.00001, 1.23456], ["0.000", "1.235"]),
        ("auc", [0.78125], ["0.7812"]),
        ("difference", [0.0, 1.234e-13], ["0", f"1.2{THIN}×{THIN}10⁻¹³"]),
        ("statistic", [12345.678, 0.5], ["12,345.7", "0.5"]),
        (None, [0.1 + 0.2, 1e7, 1e-9], ["0.3", "10,000,000", f"1.00{THIN}×{THIN}10⁻⁹"]),
        (None, [None, True, False, "text", ""], ["–", "yes", "no", "text", "–"]),
    ],
)
def test_cells_by_unit(unit: str | None, values: list[Cell], printed: list[str]) -> None:
    assert _write(unit, values) == printed


def test_a_small_statistic_never_looks_like_zero() -> None:
    assert _write("statistic", [0.00001, 5000.0])[0] == f"1.0{THIN}×{THIN}10⁻⁵"


def test_samples_are_named_in_words() -> None:
    assert _write(None, ["out_of_sample", "pilot"], "string", "sample") == ["Out of sample", "pilot"]


@pytest.mark.parametrize("name", sorted(NAMED))
def test_named_formats_take_numbers_and_missing_only(name: str) -> None:
    assert named(None, name) == "–"
    assert named(0.5, name)
    with pytest.raises(TypeError):
        named("0.5", name)


def test_a_filter_is_told_in_words() -> None:
    kept = [Filter("measure", "bad_rate_approved"), Filter("sample", "out_of_sample")]
    columns = [
        {"name": name, "title": title, "type": "string", "unit": None}
        for name, title in (("measure", "Figure"), ("auc", "AUC"))
    ]
    item = Evidence("toy", "table", "Toy", "toy.json", "", {"columns": columns})
    assert filtered(item, kept) == ["Rows of figure bad rate of the approved and sample Out of sample only."]
