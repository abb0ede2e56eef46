"""Bad input: status 2, one message with every fault and its remedy, no traceback, nothing written."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from tests.credit_risk.cli.command import PLAN, Ended, credit_risk, portfolio, run, write_plan


def refused(folder: Path, plan: str, table: pd.DataFrame | bytes | None = None) -> str:
    """Standard error of a run that must be refused, and leave nothing."""
    ended = run(write_plan(folder, plan, table))
    must_be_refused(ended)
    left = {path.name for path in folder.iterdir()} - {"plan.yaml", "table.csv", "table.csv.gz", "table.parquet"}
    assert not left
    checked = credit_risk("check", folder)
    assert checked.status == (0 if "[3/9]" in ended.err else 2)
    return ended.err


def must_be_refused(ended: Ended) -> None:
    assert ended.status == 2, ended.err
    assert "Traceback" not in ended.err
    assert "refused: " in ended.err
    assert not ended.out


def test_all_faults_of_a_plan_at_once_with_lines(tmp_path: Path) -> None:
    plan = (
        "model: {id: m}\n"
        "data: {source: table.csv, protect: [AGE]}\n"
        "outcome: {column: BAD}\n"
        "classing:\n  max_bins: 5\n  max_bins: 6\n  min_share: 2\n"
        "scalling: {}\n"
    )
    err = refused(tmp_path, plan, portfolio())
    for line, words in ((2, "protect"), (3, "outcome.bad"), (6, "max_bins"), (7, "min_share"), (8, "scalling")):
        assert any(f"plan.yaml:{line} " in row and words in row for row in err.splitlines()), (line, err)
    assert "5 faults" in err
    assert err.count("remedy:") + err.count("allowed:") >= 5


TABLES = {
    "absent column": (PLAN + "selection: {include: [INCOMES]}\n", portfolio(), ["'INCOMES'", "did you mean 'INCOME'"]),
    "wrong type": (
        PLAN.replace("table.csv", "table.csv, columns: {HOUSING: {type: numeric}, AGE: {type: date}}"),
        portfolio(),
        ["2 faults", "'HOUSING' is numeric, and some of its values are not", "'AGE' is a date, and its", "600 rows"],
    ),
    "constant column that the plan names": (
        PLAN + "selection: {include: [BRANCH]}\n",
        portfolio().assign(BRANCH="x"),
        ["selection.include[0]: 'BRANCH' has one value only", "take the column out of the plan"],
    ),
    "outside the range": (
        PLAN.replace("table.csv", "table.csv, columns: {AGE: {range: [20, 60]}}"),
        portfolio(),
        ["AGE", "remedy"],
    ),
    "one class": (PLAN, portfolio().assign(BAD=0), ["the outcome has one class"]),
    "outcome with gaps": (
        PLAN,
        portfolio().assign(BAD=lambda f: f["BAD"].where(f.index > 2)),
        ["missing in some rows"],
    ),
    "other codes": (PLAN, portfolio().assign(BAD=lambda f: f["BAD"].where(f.index > 2, 7)), ["outcome.good", "7: 3"]),
    "duplicate keys": (
        PLAN.replace("table.csv", "table.csv, key: AGE"),
        portfolio(),
        ["the key 'AGE' stands more than once"],
    ),
    "a sample with no bads": (
        PLAN + "samples: {out_of_sample: 0.3}\n",
        portfolio(60).assign(BAD=lambda f: (f.index == 5).astype(int)),
        ["the sample out_of_sample would have no bads"],
    ),
    "protected column included": (
        PLAN.replace("table.csv", "table.csv, protected: [AGE]") + "selection: {include: [AGE]}\n",
        portfolio(),
        ["'AGE' may not be a predictor: it is protected", "take it out of selection.include"],
    ),
    "forbidden column derived from": (
        PLAN.replace("table.csv", "table.csv, forbidden: [AGE]") + "derive: {RATE: INCOME / AGE}\n",
        portfolio(),
        ["'AGE' may not be used: it is forbidden", "take it out of the expression"],
    ),
    "derived beyond doubles": (
        PLAN + "derive: {RATE: exp(AGE * 100)}\n",
        portfolio(),
        ["derive.RATE: 'RATE' is not finite in some rows", "guard the expression"],
    ),
    "empty file": (PLAN, b"", ["the file is empty"]),
    "header only": (PLAN, b"INCOME,BAD\n", ["a header and no row"]),
    "not text": (PLAN, b"PK\x03\x04" + bytes(100), ["a zip file or an Excel workbook"]),
    "cut in a row": (PLAN, portfolio().to_csv(index=False).encode()[:-12], ["table.csv:601", "truncated"]),
    "Latin-1": (PLAN, portfolio().replace("own", "möbliert").to_csv(index=False).encode("latin-1"), ["not UTF-8"]),
    "no file": (PLAN, None, ["table.csv", "No such file"]),
    "no predictor is any use": (
        PLAN + "selection: {min_information_value: 0.3}\n",
        portfolio()[["NOISE", "BAD"]],
        ["no characteristic passes the selection", "NOISE"],
    ),
    "weights that are not positive": (
        PLAN + "samples: {weight: W}\n",
        portfolio().assign(W=lambda f: 1.0 - (f.index % 50 == 3) - 2.0 * (f.index % 50 == 7)),
        ["table.csv:4 samples.weight: the weight 'W' is missing or not positive", "24 rows", "remedy"],
    ),
    "ties everywhere, and a scale of three grades": (
        PLAN + "rating_scale: {}\n",
        portfolio()[["BAD"]].assign(X=lambda f: (f["BAD"] + (f.index % 4 == 0)) % 2),
        ["fewer distinct probabilities than grades", "2 distinct probabilities"],
    ),
    "no predictor at all": (PLAN, portfolio()[["BAD"]], ["no predictors"]),
}


@pytest.mark.parametrize("case", TABLES)
def test_tables_and_plans_that_do_not_fit(tmp_path: Path, case: str) -> None:
    plan, table, words = TABLES[case]
    err = refused(tmp_path, plan, table)
    for word in words:
        assert word in err, err


def test_compressed_and_columnar_files_that_end_too_early(tmp_path: Path) -> None:
    whole = gzip.compress(portfolio().to_csv(index=False).encode())
    write_plan(tmp_path / "gz", PLAN).joinpath("table.csv.gz").write_bytes(whole[:-300])
    assert "truncated" in refused(tmp_path / "gz", PLAN.replace("table.csv", "table.csv.gz"))
    folder = write_plan(tmp_path / "parquet", PLAN)
    portfolio().to_parquet(folder / "table.parquet")
    data = (folder / "table.parquet").read_bytes()
    (folder / "table.parquet").write_bytes(data[: len(data) // 2])
    assert "damaged or truncated" in refused(folder, PLAN.replace("table.csv", "table.parquet"))


@pytest.mark.parametrize("kind", ["file", "foreign folder", "package with a foreign file", "parent is a file"])
def test_an_output_that_is_not_ours_is_refused_and_kept(tmp_path: Path, kind: str) -> None:
    folder = write_plan(tmp_path / "work", PLAN, portfolio())
    out = folder / "out"
    if kind == "file":
        out.write_text("mine")
    elif kind == "foreign folder":
        out.mkdir()
        (out / "notes.txt").write_text("mine")
    elif kind == "parent is a file":
        (folder / "out").write_text("mine")
        out = out / "deeper"
    else:
        assert run(folder, "--no-validation").status == 0
        (out / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    ended = credit_risk("run", folder, "--out", out, "--no-documents")
    must_be_refused(ended)
    assert "[1/9]" not in ended.err
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_what_is_not_a_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": "credit-risk-package", "format": 1}')
    table = write_plan(tmp_path / "t", PLAN, portfolio()) / "table.csv"
    for arguments in (
        ("verify", tmp_path),
        ("verify", tmp_path / "nothing"),
        ("export", tmp_path),
        ("zip", tmp_path, "--out", tmp_path / "x.zip"),
        ("score", tmp_path, "--input", table, "--out", tmp_path / "x.csv"),
    ):
        must_be_refused(credit_risk(*arguments))
    assert not list(tmp_path.glob("x.*"))


@pytest.mark.parametrize("arguments", [(), ("run",), ("run", "plan"), ("run", "p", "--out", "o", "--fail-on", "bad")])
def test_wrong_usage_is_refused(arguments: tuple[str, ...]) -> None:
    ended = credit_risk(*arguments)
    assert ended.status == 2
    assert "usage: credit-risk" in ended.err
