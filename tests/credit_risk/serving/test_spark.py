"""Whole runs on Spark, `local[2]`: partitioned folders, by both methods, killed and taken up, with a log."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError, IntakeError
from credit_risk.monitoring.challenger.assignment import assign
from credit_risk.package import read_package
from credit_risk.serving import Options, score_input
from credit_risk.serving.log import verify_log
from credit_risk.serving.run import Far
from tests.conftest import nothing_may_be_skipped
from tests.credit_risk.serving.cases import CORPUS, KEY, close, expected, predictions, rows, run, tree
from tests.credit_risk.serving.test_arms import PERSON, SPLIT, by_person
from tests.credit_risk.serving.test_resume import Killed
from tests.credit_risk.serving.test_sql import NO_LOG, NUMBERS_IN_TEXT, bad_rows, logged

pytestmark = [pytest.mark.java, pytest.mark.filterwarnings("ignore")]
SPARK: dict[str, Any] = {"engine": "spark", "master": "local[2]"}


@pytest.fixture(scope="module", autouse=True)
def session() -> Iterator[None]:
    """One session for all runs, which they leave as it is."""
    if importlib.util.find_spec("pyspark") is None:
        if nothing_may_be_skipped():
            pytest.fail("pyspark is not installed")
        pytest.skip("needs pyspark")
    from credit_risk._core.spark import begin_session

    settings = {"spark.sql.shuffle.partitions": "2", "spark.log.level": "ERROR"}
    begun = begin_session("tests of scoring", master="local[2]", settings=settings)
    yield
    begun.stop()


def partitioned(frame: pd.DataFrame, folder: Path) -> Path:
    """The rows in files of unequal size in folders of partitions."""
    for place, part in enumerate(np.array_split(np.arange(len(frame)), [7, 60, 70])):
        where = folder / f"month=2026-0{place + 1}" / "state=a b"
        where.mkdir(parents=True)
        frame.iloc[part].to_parquet(where / "part-0.parquet", row_group_size=17)
    return folder


def test_spark_gives_the_bytes_of_duckdb(tmp_path: Path) -> None:
    frame = rows("every_step", 150)
    source = tmp_path / "in put{1}"
    source.mkdir()
    frame[:60].to_parquet(source / "a.parquet", row_group_size=17)
    frame[60:].to_parquet(source / "b.parquet")
    made: dict[str, Any] = {}
    for engine, master in (("spark", "local[2]"), ("duckdb", None)):
        options = Options(str(source), tmp_path / engine, engine, key=KEY, part_rows=40, master=master)
        score_input(CORPUS / "every_step", options)
        made[engine] = tree(tmp_path / engine / "predictions")
    assert made["spark"] == made["duckdb"]
    manifest = json.loads((tmp_path / "spark" / "manifest.json").read_text("utf-8"))
    assert manifest["engine"] == "spark"
    frame.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(Exception, match="Spark gives the rows of CSV no number"):
        run(tmp_path, tmp_path / "t.csv", "every_step", engine="spark")


@pytest.mark.parametrize("method", [pytest.param("arrow", marks=pytest.mark.slow), "sql"])
def test_a_run_over_partitions_is_killed_and_taken_up_and_its_log_verifies(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    name = read_package(CORPUS / "every_step").model["inputs"][0]["name"]
    frame = bad_rows(rows("every_step", 150), name)
    source = partitioned(frame, tmp_path / "in")
    options: dict[str, Any] = {"method": method, "part_rows": 25}
    refused = {engine: tmp_path / f"{engine}.csv" for engine in ("spark", "duckdb")}
    told: list[int] = []

    def die(far: Far) -> None:
        told.append(far.parts)
        if len(told) == 3:
            raise Killed

    spark = SPARK | options | {"refused": refused["spark"]}
    with pytest.raises(Killed):
        run(tmp_path / "killed", source, "every_step", progress=die, **spark)
    assert told == [1, 2, 3]
    assert not (tmp_path / "killed" / "out").exists()
    done = run(tmp_path / "killed", source, "every_step", **spark)
    assert done.resumed >= 3
    assert (done.rows, done.refused) == (len(frame) - 5, 5)
    assert run(tmp_path / "killed", source, "every_step", **spark).again
    assert verify_log(tmp_path / "killed" / "log").faults == ()
    assert logged(tmp_path / "killed", "predictions")["row"].is_unique
    run(tmp_path / "whole", source, "every_step", **spark)
    assert tree(tmp_path / "killed") == tree(tmp_path / "whole")
    run(tmp_path / "duckdb", source, "every_step", **options, refused=refused["duckdb"])
    assert refused["spark"].read_bytes() == refused["duckdb"].read_bytes()
    found, wanted = (predictions(tmp_path / one / "out") for one in ("whole", "duckdb"))
    close(found, wanted)
    pd.testing.assert_frame_equal(logged(tmp_path / "whole", "inputs"), logged(tmp_path / "duckdb", "inputs"))


def test_workers_of_a_python_without_the_package_are_told_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    assert active is not None
    assert active.sparkContext.pythonExec == sys.executable
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    monkeypatch.setattr(active.sparkContext, "pythonExec", str(bare))
    source = partitioned(rows("scorecard", 90), tmp_path / "in")
    with pytest.raises(IntakeError, match="begin the session with PYSPARK_PYTHON="):
        run(tmp_path, source, "scorecard", **SPARK, **NO_LOG)
    assert not (tmp_path / "out").exists()


def test_a_driver_that_cannot_plan_the_statement_is_told_the_memory_to_begin_it_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("credit_risk._core.spark.HEAP_A_BYTE", 10**9)
    source = partitioned(rows("scorecard", 90), tmp_path / "in")
    with pytest.raises(IntakeError, match=r"begin it with spark\.driver\.memory=\d+g") as told:
        run(tmp_path, source, "scorecard", method="sql", **SPARK, **NO_LOG)
    assert told.value.faults[0].code == "memory"
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_sql_on_spark_scores_as_the_package_does(tmp_path: Path) -> None:
    name = "attributed"
    frame = rows(name, 120)
    source = partitioned(frame, tmp_path / "in")
    run(tmp_path, source, name, method="sql", **SPARK, **NO_LOG)
    found = predictions(tmp_path / "out")
    assert found.pop("_key").tolist() == frame[KEY].tolist()
    close(found, expected(read_package(CORPUS / name), frame))


def test_files_of_other_types_are_told_before_spark_starts(tmp_path: Path) -> None:
    frame = rows("scorecard", 100)
    name = next(i["name"] for i in read_package(CORPUS / "scorecard").model["inputs"] if i["type"] == "string")
    source = partitioned(frame.assign(**{name: "a"}), tmp_path / "in")
    frame[:9].assign(**{name: None}).to_parquet(source / "z.parquet")
    with pytest.raises(CreditRiskError, match="has other types in some files"):
        run(tmp_path, source, "scorecard", **SPARK)
    for method in ("arrow", "sql"):
        assert run(tmp_path / method, source, "scorecard", method=method, **NO_LOG, key=None).rows == len(frame) + 9


@pytest.mark.slow
def test_spark_reads_columns_of_every_kind_alike(tmp_path: Path) -> None:
    frame = pd.concat([rows("amount", 60)] * 2)
    frame[KEY] = [f"A-{place:03d}" for place in range(len(frame))]
    texts = [*NUMBERS_IN_TEXT, "much", "1e99"] * 10
    frame["exposure"] = pd.array(texts[: len(frame)], dtype=object)
    frame["rate"] = np.random.default_rng(3).uniform(0.5, 40_000.0, len(frame)).astype(np.float32)
    frame["months"] = pd.array(np.arange(len(frame)) % 70, dtype="int32")
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    for method in ("arrow", "sql"):
        refused = tmp_path / f"{method}.csv"
        run(tmp_path / method, tmp_path / "t.parquet", "amount", method=method, refused=refused, **SPARK)
    assert (tmp_path / "sql.csv").read_bytes() == (tmp_path / "arrow.csv").read_bytes()
    assert "'much' is no number" in (tmp_path / "sql.csv").read_text("utf-8")
    close(predictions(tmp_path / "sql" / "out"), predictions(tmp_path / "arrow" / "out"))
    pd.testing.assert_frame_equal(logged(tmp_path / "sql", "inputs"), logged(tmp_path / "arrow", "inputs"))


@pytest.mark.parametrize("method", ["arrow", "sql"])
def test_arms_of_a_live_split_are_assigned_by_workers(method: str, tmp_path: Path) -> None:
    frame = rows("scorecard", 90)
    frame = frame.assign(**{PERSON: np.arange(len(frame)) % 40})
    frame.to_parquet(tmp_path / "rows.parquet", index=False)
    run(tmp_path, tmp_path / "rows.parquet", method=method, arms=by_person, **SPARK)
    found = predictions(tmp_path / "out")
    assert found["arm"].tolist() == assign(frame[PERSON].to_numpy(object), SPLIT).tolist()
    assert verify_log(tmp_path / "log").faults == ()
