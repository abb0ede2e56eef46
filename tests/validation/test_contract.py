"""The contract of the data: a good one passes; whatever it says otherwise than plan and snapshot is found out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from test_mutations import add_evidence, breaches, severity
from toy_package import builders as b

from validation import read_package, validate

TERMS = {
    "INCOME": {
        "range": [0.0, None],
        "specials": {"-9": "not asked"},
        "description": "Income",
        "number_format": {"decimal": ",", "thousands": ".", "unit": None},
    },
    "REGION": {"order": ["north", "west", "south", "east"], "expected_trend": "ascending"},
    "SEX": {"allowed": [1, 2], "personal": True},
    "EMAIL": {"personal": True, "missing": False},
    "DATE": {"date_format": "%d/%m/%y", "first_year": 1950},
}
NAMES = [
    column["name"] for entry in b.CATALOGUE["entries"] if entry["id"] == "data.contract" for column in entry["columns"]
]
DEFAULTS = {
    **dict.fromkeys(NAMES),
    "type": "numeric",
    "role": "predictor",
    "missing_allowed": True,
    "in_snapshot": True,
}
DEFAULTS |= dict.fromkeys(("protected", "forbidden", "personal"), False)
READ = "numbers with decimal ',', thousands '.'"
ROWS = {
    "INCOME": {"lower": 0.0, "specials": "-9: not asked", "read_as": READ, "description": "Income"},
    "REGION": {"type": "categorical", "order": "north; west; south; east", "expected_trend": "ascending"},
    "SEX": {"role": "protected", "allowed": "1; 2", "protected": True, "personal": True},
    "EMAIL": {
        "type": "categorical",
        "role": "personal",
        "personal": True,
        "missing_allowed": False,
        "in_snapshot": False,
    },
    "DATE": {"type": "date", "role": "date", "read_as": "dates as %d/%m/%y, first year 1950"},
    "BAD": {"role": "outcome", "missing_allowed": False, "in_snapshot": False},
}


@pytest.fixture
def contracted(package: Path) -> Path:
    """The good package with a contract of its columns."""
    snapshot = pq.read_table(package / "data/snapshot.parquet")
    regions = {"north", "west", "south", "east"} | set(snapshot.column("REGION").drop_null().to_pylist())
    terms = {name: dict(column) for name, column in TERMS.items()}
    terms["REGION"]["order"] = sorted(regions)
    told = {name: {**DEFAULTS, "column": name, **row} for name, row in ROWS.items()}
    told["REGION"]["order"] = "; ".join(sorted(regions))
    told["BAD"]["in_snapshot"] = "BAD" in snapshot.column_names
    b.change_json(package, "plan.json", lambda plan: plan["data"].update(columns=terms))
    add_evidence(package, b.evidence("data.contract", [[row[name] for name in NAMES] for row in told.values()]))
    return package


def test_a_good_contract_passes(contracted: Path) -> None:
    run = validate(read_package(contracted))
    assert breaches(run) == {}
    compared = {item.quantity: item.compared for item in run.comparisons if item.area == "data.contract"}
    assert compared["lower"] == 6
    assert compared["rows that break a term"] == 4
    assert compared["personal data as predictor"] == 2


def cell(row: int, name: str, value: Any) -> Callable[[Path], None]:
    def apply(item: dict[str, Any]) -> None:
        item["rows"][row][NAMES.index(name)] = value

    return lambda folder: b.change_json(folder, "evidence/data.contract.json", apply)


def column(name: str, **terms: Any) -> Callable[[Path], None]:
    return lambda folder: b.change_json(folder, "plan.json", lambda plan: plan["data"]["columns"][name].update(terms))


CHANGES: list[tuple[str, Callable[[Path], None], set[str]]] = [
    ("lower", cell(0, "lower", 1.0), {"lower"}),
    ("upper", cell(0, "upper", 9.0), {"upper"}),
    ("allowed", cell(2, "allowed", "1"), {"allowed"}),
    ("order", cell(1, "order", "south; north"), {"order"}),
    ("specials", cell(0, "specials", "-9: refused"), {"specials"}),
    ("missing", cell(0, "missing_allowed", False), {"missing_allowed"}),
    ("trend", cell(1, "expected_trend", "descending"), {"expected_trend"}),
    ("protected", cell(2, "protected", False), {"protected"}),
    ("forbidden", cell(0, "forbidden", True), {"forbidden"}),
    ("personal", cell(3, "personal", False), {"personal"}),
    ("travels", cell(3, "in_snapshot", True), {"in_snapshot"}),
    ("read", cell(4, "read_as", "dates as %m/%d/%y, first year 1950"), {"read_as"}),
    ("description", cell(0, "description", "Rent"), {"description"}),
    ("a column is not told", cell(3, "column", "PHONE"), {"columns of the plan", "personal", "missing_allowed"}),
    ("personal predictor", cell(3, "role", "predictor"), {"personal data as predictor"}),
    ("range that rows break", column("INCOME", range=[30.0, None]), {"lower", "rows that break a term"}),
    ("values that are not allowed", column("SEX", allowed=[1]), {"allowed", "rows that break a term"}),
    ("no special code", column("INCOME", specials={}), {"specials", "rows that break a term"}),
]


@pytest.mark.parametrize(("change", "wanted"), [item[1:] for item in CHANGES], ids=[item[0] for item in CHANGES])
def test_what_the_contract_says_otherwise_is_found(
    contracted: Path, change: Callable[[Path], None], wanted: set[str]
) -> None:
    change(contracted)
    run = validate(read_package(contracted))
    assert {item for item in breaches(run) if item.startswith("data.contract")} == {
        f"data.contract: {w}" for w in wanted
    }
    personal = "personal data as predictor" in wanted
    assert {severity(run, f"data.contract: {w}") for w in wanted} == {"critical" if personal else "high"}


def test_a_personal_input_of_a_model_is_critical(contracted: Path) -> None:
    column("INCOME", personal=True)(contracted)
    assert severity(validate(read_package(contracted)), "battery: personal column as input of toy") == "critical"
