"""Derived characteristics in intake: months, dates and crosses; what is recorded, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from credit_risk.sampling import DataContractError, Intake, read_source, take_in
from credit_risk.sampling.derived_spec import DerivedSpec
from credit_risk.sampling.spec import DataSpec, OutcomeSpec

ROWS: dict[str, list[Any]] = {
    "due1": [0, 2, None, 1] * 25,
    "due2": [1, None, None, -9] * 25,
    "home": ["own", "rent", None, "own"] * 25,
    "area": ["town", "land", "town", "land"] * 25,
    "opened": ["2023-01-31", "2024-02-29", None, "2020-06-15T10:30:00"] * 25,
    "applied": ["2024-02-29", "2024-03-01", "2024-03-01", "2024-06-14"] * 25,
    "Y": [0, 1] * 50,
}


def take(folder: Path, derive: dict[str, Any], rows: dict[str, list[Any]] = ROWS, **data: Any) -> Intake:
    pd.DataFrame({n: pd.Series(v, dtype=object) for n, v in rows.items()}).to_csv(folder / "t.csv", index=False)
    specials = {"due2": {"specials": {"-9": "no bill"}}}
    spec = DataSpec.model_validate({"source": "t.csv", "columns": specials, **data})
    return take_in(read_source(folder / "t.csv"), spec, OutcomeSpec(column="Y", bad=1), derive=derive)


def first_rows(intake: Intake, name: str) -> list[Any]:
    return [None if pd.isna(value) else value for value in intake.frame[name].head(4)]


CASES = [
    ("average(columns('due', 1, 2))", [0.5, 2.0, None, 1.0]),
    ("count_present(columns('due', 1, 2))", [2.0, 1.0, 0.0, 1.0]),
    ("months_since(1, columns('due', 1, 2))", [1.0, 0.0, None, 0.0]),
    ("cross(home, band(due1, 1, 2))", ["own & < 1", "rent & >= 2", None, "own & [1, 2)"]),
    ("cross(coalesce(home, 'none'), area)", ["own & town", "rent & land", "none & town", "own & land"]),
    ("months_between(opened, applied)", [13.0, 0.0, None, 47.0]),
    ("days_between(coalesce(opened, '2024-01-01'), applied)", [394.0, 1.0, 60.0, 1460.0]),
    ("if(is_missing(opened), -1, year(opened))", [2023.0, 2024.0, -1.0, 2020.0]),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_values_of_the_first_rows(text: str, expected: list[Any], tmp_path: Path) -> None:
    intake = take(tmp_path, {"d": text})
    assert first_rows(intake, "d") == expected
    assert intake.roles["d"] == "derived"


def test_families_are_recorded_written_out(tmp_path: Path) -> None:
    intake = take(tmp_path, {"d": "total(columns('due', 1, 2))"})
    assert intake.derived["d"]["args"][0] == {"ref": "due1"}
    assert "columns" not in str(intake.derived)


def test_the_long_form_is_told_in_the_contract(tmp_path: Path) -> None:
    long = DerivedSpec(expression="due1 + 1", description="Due and one", expected_trend="ascending")
    intake = take(tmp_path, {"d": long, "e": "2 * d"})
    contract = intake.tables["data.contract"].set_index("column")
    words = "Due and one: due1 + 1"
    told = ["role", "type", "specials", "missing_allowed", "expected_trend", "in_snapshot", "description"]
    assert contract.loc["d", told].to_list() == ["derived", "numeric", None, True, "ascending", False, words]
    assert contract.loc["e", "description"] == "2 * d"
    assert intake.descriptions["d"] == words


REFUSED = [
    ("opened == applied", {}, "expression", "only measure dates"),
    ("cross(applied, home)", {}, "expression", "only measure dates"),
    ("coalesce(opened, applied)", {}, "expression", "only measure dates"),
    ("year(home)", {}, "date", "some of its values are not"),
    ("year(due1)", {}, "expression", "takes a string"),
    ("month(opened)", {"opened": ["01/31/2023", "02/28/2024"] * 50}, "date", "another format"),
    ("month(opened)", {"opened": ["2023-01", "2024-02"] * 50}, "date", "some of its values are not"),
    ("cross(home, area)", {"area": ["a & b", "c"] * 50}, "expression", "joins with"),
    ("average(home, due1)", {}, "expression", "takes a number"),
    ("cross(home, due1)", {}, "expression", "takes a string"),
    ("average(columns('due', 1, 3))", {}, "absent", "'due3'"),
    ("count_at_least(1, due1) > 0", {}, "expression", "write if("),
]


@pytest.mark.parametrize(
    ("text", "rows", "rule", "words"), REFUSED, ids=[f"{t} {k}" for k, (t, *_) in enumerate(REFUSED)]
)
def test_refused_with_a_reason(text: str, rows: dict[str, Any], rule: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataContractError) as caught:
        take(tmp_path, {"d": text}, {**ROWS, **rows})
    told = [fault for fault in caught.value.faults if fault.code == rule and words in fault.message]
    assert told, [str(fault) for fault in caught.value.faults]
    assert all(fault.path == "derive.d" for fault in told)
