"""A file scored in batches: the bytes of the whole, the faults of all batches, nothing left behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError, ScoringError
from credit_risk.lifecycle.score import score_file, score_table
from credit_risk.package import read_package, table_bytes
from credit_risk.sampling import parquet_batches
from credit_risk.scoring import compile_model
from credit_risk.scoring import model as scoring_model
from tests.credit_risk.cli.command import done, portfolio

PLAN = "model: {id: m}\ndata: {source: table.csv}\noutcome: {column: BAD, bad: 1}\n"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return done(tmp_path_factory.mktemp("scored"), PLAN, portfolio(900))


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """A Parquet table of more rows than a row group has."""
    path = tmp_path / "table.parquet"
    portfolio(900).sample(70_000, replace=True, random_state=3).reset_index(drop=True).to_parquet(path)
    return path


def test_batches_give_the_bytes_of_the_whole(
    package: Path, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = score_table(package, rows).predictions
    out = tmp_path / "out.parquet"
    assert score_file(package, rows, out).rows == 70_000
    assert out.read_bytes() == table_bytes(whole)
    monkeypatch.setattr(parquet_batches.ParquetTable.batches, "__defaults__", (9_999,))
    score_file(package, rows, tmp_path / "cut.parquet")
    assert (tmp_path / "cut.parquet").read_bytes() == out.read_bytes()
    score_file(package, rows, tmp_path / "cut.csv")
    lines = whole.to_csv(index=False, lineterminator="\n")
    assert (tmp_path / "cut.csv").read_text("utf-8") == lines


def test_blocks_and_chosen_outputs_change_nothing(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled, frame = compile_model(read_package(package).model), portfolio(500)
    whole = compiled.score(frame)
    monkeypatch.setattr(scoring_model, "BLOCK", 37)
    pd.testing.assert_frame_equal(compiled.score(frame), whole)
    pd.testing.assert_frame_equal(compiled.score(frame, outputs=("score",)), whole[["score"]])
    reasons = [name for name in whole if name.startswith("reason_")]
    pd.testing.assert_frame_equal(compiled.score(frame, outputs=("reasons", "score")), whole[["score", *reasons]])
    assert compiled.score(frame.head(0)).shape == (0, whole.shape[1])
    with pytest.raises(ScoringError, match="publishes no 'odds'"):
        compiled.score(frame, outputs=("odds",))


def test_faults_of_all_batches_are_told_once_and_nothing_is_left(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_batches.ParquetTable.batches, "__defaults__", (100,))
    frame = portfolio(350)
    frame.loc[[120, 130, 333], "INCOME"] = np.inf
    frame.to_parquet(tmp_path / "table.parquet")
    with pytest.raises(CreditRiskError, match=r"INCOME.*again in 1 later parts of the table") as caught:
        score_file(package, tmp_path / "table.parquet", tmp_path / "out.parquet")
    (fault,) = caught.value.faults
    assert fault.row == 121
    assert [path.name for path in tmp_path.iterdir()] == ["table.parquet"]
