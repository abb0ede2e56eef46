"""Good packages of ten and more plans and data sets: validated as a bank would, with the rows of the source beside
them, none gets a finding above observation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.defects.clean import MADE, REAL
from tests.contract.defects.consistent import run_base
from tests.contract.defects.defect import Good
from validation import ValidationRun, read_package, validate

SOURCE = "source: "


def judged(package: Path, source: Path) -> ValidationRun:
    """The validation of a package with its source: the rows were made again, and nothing above observation found."""
    run = validate(read_package(package, source=(source,)))
    found = [(f["severity"], f["test"], f["statement"]) for f in run.findings["findings"]]
    assert [one for one in found if one[0] != "observation"] == []
    assert run.recommendation == "approve"
    again = {one.test: one.outcome for one in run.outcomes if one.test.startswith(SOURCE)}
    assert again.pop("source: rows") == "pass"
    assert set(again.values()) == {"pass"}
    assert sum(one.outcome == "pass" for one in run.outcomes) > 300  # so much was compared and judged
    return run


@pytest.mark.parametrize("name", ["card", "plain", "trees", "weighted"])
def test_a_good_package_of_the_defects_has_no_finding(name: str, good_of: Callable[[str], Good]) -> None:
    package = good_of(name).package
    judged(package, package.parent / "table.csv")


@pytest.mark.parametrize("name", list(MADE))
def test_a_good_package_of_made_rows_has_no_finding(name: str, tmp_path: Path) -> None:
    judged(run_base(MADE[name], tmp_path), tmp_path / "table.csv")


@pytest.mark.parametrize("name", list(REAL))
def test_a_good_package_of_real_rows_has_no_finding(name: str, test_data: Path, tmp_path: Path) -> None:
    judged(run_base(REAL[name].base(test_data), tmp_path), tmp_path / "table.csv")


def test_the_shipped_plan_of_card_holders_has_no_finding(taiwan_package: Path, repository: Path) -> None:
    run = judged(taiwan_package, repository / "scorecards" / "taiwan_credit" / "taiwan_credit.csv.gz")
    assert len(run.package.snapshot) == 30_000
