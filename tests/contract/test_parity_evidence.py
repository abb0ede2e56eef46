"""The developer's parity of the exports, altered: the validator tells each alteration, and nothing of what is right."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

import credit_risk.package
import validation
from credit_risk.export.parity.run import parity_report
from credit_risk.lifecycle.parity import write_parity
from tests.credit_risk.export.parity.test_parity import CORPUS, Echo
from validation.compare import Ledger
from validation.comparisons.parity import FOLDER, compare_parity
from validation.policy import read_policy

AGREEMENT, ENGINES = "exports.parity", "exports.engines"
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = shutil.copytree(CORPUS / "scorecard", tmp_path_factory.mktemp("parity") / "package")
    report = parity_report(credit_risk.package.read_package(folder), [Echo()])
    write_parity(folder, report, lambda: datetime(2026, 11, 26, tzinfo=UTC))
    return validation.read_package(folder)


def findings(package: Any, change: Change, file: str = AGREEMENT, failed: tuple[str, ...] = ()) -> list[str]:
    """Tests that found something, once the evidence is changed."""
    name = f"{FOLDER}{file}.json"
    content = json.loads(package.exports[name])
    change(content)
    altered = dataclasses.replace(package, exports={**package.exports, name: json.dumps(content).encode()})
    policy = read_policy()
    space: Any = SimpleNamespace(package=altered, ledger=Ledger(policy), policy=policy, frame=package.snapshot)
    compare_parity(space, () if failed else ("card.pmml",), failed)
    return [outcome.test for outcome in space.ledger.outcomes if outcome.finding is not None]


def put(column: str, value: Any, row: int = 0) -> Change:
    def change(content: dict[str, Any]) -> None:
        names = [one["name"] for one in content["columns"]]
        content["rows"][row][names.index(column)] = value

    return change


def test_evidence_as_it_was_written_gives_no_finding(package: Any) -> None:
    assert findings(package, lambda content: None) == []


@pytest.mark.parametrize(
    ("file", "change"),
    [
        (AGREEMENT, put("of_rows", 7)),
        (AGREEMENT, put("rows", 10_000)),
        (AGREEMENT, put("path_differs", 1)),
        (AGREEMENT, put("reasons_differ", 2)),
        (AGREEMENT, put("largest_probability", 1e-6)),
        (AGREEMENT, put("population", "rows of my choice")),
        (AGREEMENT, put("engine", "another")),
        (AGREEMENT, put("rows", "many")),
        (AGREEMENT, lambda content: content["columns"].pop()),
        (AGREEMENT, lambda content: content["rows"].clear()),
        (ENGINES, put("verdict", "differs")),
        (ENGINES, put("verdict", "failed")),
        (ENGINES, lambda content: content["rows"].pop(0)),
    ],
)
def test_each_alteration_is_found(package: Any, file: str, change: Change) -> None:
    assert findings(package, change, file)


def test_an_engine_that_agrees_where_the_validator_does_not_is_found(package: Any) -> None:
    assert findings(package, lambda content: None, failed=("card.pmml",))


def test_a_package_whose_exports_nobody_ran_has_no_finding() -> None:
    plain = validation.read_package(CORPUS / "scorecard")
    policy = read_policy()
    space: Any = SimpleNamespace(package=plain, ledger=Ledger(policy), policy=policy, frame=plain.snapshot)
    compare_parity(space, (), ())
    assert [outcome for outcome in space.ledger.outcomes if outcome.finding is not None] == []
