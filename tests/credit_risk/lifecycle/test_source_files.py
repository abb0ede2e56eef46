"""What a run gives the validator to begin with, and what it says where that is not the source rows."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from credit_risk.lifecycle import run
from credit_risk.plan import read_plan
from tests.credit_risk.cli.command import PLAN, QUICK, credit_risk, evidence, portfolio, write_plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plan(tmp_path, PLAN + QUICK, portfolio(600))
    return tmp_path


def test_files_are_given_and_rows_that_are_no_file_are_told(folder: Path) -> None:
    plan = read_plan(folder)
    assert run.source_files(plan) == run.SourceFiles(((folder / "table.csv").resolve(),))
    assert run.source_files(plan, pd.DataFrame()).why == "they are a frame in memory"


def test_large_files_are_left_out_and_told_by_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "MAXIMUM_SOURCE", (folder / "table.csv").stat().st_size - 1)
    ended = credit_risk("run", folder, "--out", folder / "out", "--no-documents")
    assert ended.status == 0, ended.err
    told = "not from the source rows: 0.0 MiB of files, a run takes 0 MiB; from them: credit-validate PACKAGE --source"
    assert f"{told} table.csv" in ended.out + ended.err
    reason = evidence(folder / "out" / "validation", "validation.source")["reason"]
    assert "the source rows were not given (--source): 0.0 MiB of files, a run takes 0 MiB" in reason


def test_the_size_is_of_all_files_in_mebibytes(folder: Path) -> None:
    with (folder / "table.csv").open("r+b") as file:
        file.truncate(17 * 2**20)
    assert "17.0 MiB of files, a run takes 16 MiB" in str(run.source_files(read_plan(folder)).why)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ({"high": 0, "observation": 8}, "approve (8 observations)"),
        ({"high": 2, "observation": 1}, "approve (2 high, 1 observation)"),
        ({"high": 0, "observation": 0}, "approve (no findings)"),
    ],
)
def test_findings_are_counted_in_words(counts: dict[str, int], told: str) -> None:
    done = run.RunResult(Path("out"), "0" * 64, None, "approve", counts)  # type: ignore[arg-type]
    assert told in repr(done)
