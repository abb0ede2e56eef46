"""Every engine gives the bits of the package's own arithmetic, whatever the files and parts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from credit_risk.lifecycle.score import score_table
from credit_risk.package import read_package
from credit_risk.serving import Options, score_input
from credit_risk.serving.log import verify_log
from tests.credit_risk.serving.cases import CORPUS, KEY, MODELS, expected, predictions, put, rows, run, same_bits, tree


@pytest.mark.parametrize("name", MODELS)
def test_duckdb_gives_the_bits_of_the_package(name: str, tmp_path: Path) -> None:
    frame = rows(name, 400)
    source = tmp_path / "in"
    (source / "b=2").mkdir(parents=True)
    half = len(frame) // 2
    frame[:half].to_parquet(source / "a.parquet")
    frame[half:].to_parquet(source / "b=2" / "a.parquet", row_group_size=33)
    done = run(tmp_path, source, name)
    assert (done.rows, done.refused, done.again) == (len(frame), 0, False)
    found = predictions(tmp_path / "out")
    assert found.pop("_key").tolist() == frame[KEY].tolist()
    same_bits(found, expected(read_package(CORPUS / name), frame))
    assert verify_log(tmp_path / "log").faults == ()


def test_csv_is_read_by_the_rules_of_intake(tmp_path: Path) -> None:
    frame = rows("scorecard", 300)
    frame.iloc[:100].to_csv(tmp_path / "a.csv", index=False)
    frame.iloc[100:].to_csv(tmp_path / "b.csv.gz", index=False, sep=";")
    run(tmp_path, f"{tmp_path}/*.csv*")
    found = predictions(tmp_path / "out")
    whole = tmp_path / "whole.csv"
    frame.to_csv(whole, index=False)
    wanted = score_table(CORPUS / "scorecard", whole).predictions
    assert found["_key"].tolist() == frame[KEY].tolist()
    same_bits(found.drop(columns="_key"), wanted.drop(columns="_key"))


def test_whole_numbers_in_texts_of_categories_are_read_alike_in_every_part(tmp_path: Path) -> None:
    """Whether "1.0" is the number 1 or a text depends on all rows, not on those of a part."""
    frame = rows("scorecard", 90)
    name = next(item["name"] for item in read_package(CORPUS / "scorecard").model["inputs"] if item["type"] == "string")
    frame[name] = "1.0"
    frame.to_parquet(tmp_path / "numbers.parquet")
    run(tmp_path / "n", tmp_path / "numbers.parquet", part_rows=30)
    frame.loc[80, name] = "other"
    frame.to_parquet(tmp_path / "texts.parquet")
    run(tmp_path / "t", tmp_path / "texts.parquet", part_rows=30)
    for folder, texts in (("n", {"1"}), ("t", {"1.0", "other"})):
        logged = pd.concat([pd.read_parquet(p) for p in (tmp_path / folder / "log").rglob("inputs/*.parquet")])
        assert set(logged[f"input:{name}"]) == texts


def test_keys_are_whole_numbers_where_all_are_and_the_row_without_a_key(tmp_path: Path) -> None:
    frame = rows("scorecard", 60)
    frame[KEY] = [str(10 + k) for k in range(len(frame))]
    frame.to_parquet(tmp_path / "texts.parquet")
    run(tmp_path, tmp_path / "texts.parquet")
    assert predictions(tmp_path / "out")["_key"].tolist() == list(range(10, 10 + len(frame)))
    frame.drop(columns=KEY).to_parquet(tmp_path / "none.parquet")
    run(tmp_path / "n", tmp_path / "none.parquet", key=None, log=None, secret=None, log_inputs=False)
    assert predictions(tmp_path / "n" / "out")["_key"].tolist() == list(range(1, len(frame) + 1))


def test_another_size_of_parts_changes_no_row(tmp_path: Path) -> None:
    frame = rows("boosting", 300)
    frame.to_parquet(tmp_path / "t.parquet")
    for size in (7, 1000):
        run(tmp_path / str(size), tmp_path / "t.parquet", "boosting", part_rows=size)
    pd.testing.assert_frame_equal(predictions(tmp_path / "7" / "out"), predictions(tmp_path / "1000" / "out"))


@pytest.mark.parametrize("name", ["scorecard", "boosting", "every_step"])
def test_postgres_gives_the_bits_of_the_package_in_the_order_of_the_keys(
    name: str, tmp_path: Path, connection: str
) -> None:
    frame = rows(name, 200).sort_values(KEY).reset_index(drop=True)
    put(connection, name, frame)
    done = run(tmp_path, name, name, engine="postgres", dsn=connection)
    found = predictions(tmp_path / "out")
    assert found.pop("_key").tolist() == frame[KEY].tolist()
    same_bits(found, expected(read_package(CORPUS / name), frame))
    assert verify_log(tmp_path / "log").faults == ()
    assert run(tmp_path, name, name, engine="postgres", dsn=connection).again
    query = f'select * from "{name}" where true'
    run(tmp_path / "q", query, name, engine="postgres", dsn=connection)
    assert tree(tmp_path / "q" / "out" / "predictions") == tree(tmp_path / "out" / "predictions")
    assert done.key == KEY
    for one in (tmp_path / "q").rglob("*.json*"):
        assert "where true" not in one.read_text("utf-8")


def test_a_table_of_postgres_that_changed_is_another_input(tmp_path: Path, connection: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    put(connection, "changing", rows("scorecard", 50))
    run(tmp_path, "changing", engine="postgres", dsn=connection)
    number = next(i["name"] for i in read_package(CORPUS / "scorecard").model["inputs"] if i["type"] == "number")
    with psycopg.connect(connection) as opened:
        quoted = '"' + number.replace('"', '""') + '"'
        opened.execute(f"UPDATE changing SET {quoted} = 17 WHERE ctid = (SELECT min(ctid) FROM changing)")
    with pytest.raises(Exception, match="another input"):
        run(tmp_path, "changing", engine="postgres", dsn=connection)


def test_faults_of_postgres_are_told(tmp_path: Path, connection: str) -> None:
    with pytest.raises(Exception, match="cannot be reached"):
        run(tmp_path, "t", engine="postgres", dsn="host=/nowhere user=nobody")
    with pytest.raises(Exception, match="does not give the rows"):
        run(tmp_path, "absent", engine="postgres", dsn=connection)
    frame = rows("scorecard", 20)
    put(connection, "short", frame.iloc[:, :2])
    with pytest.raises(Exception, match="the table lacks it"):
        run(tmp_path, "short", engine="postgres", dsn=connection)
    with pytest.raises(Exception, match="no order but that of its keys"):
        run(tmp_path, "short", engine="postgres", dsn=connection, key=None, log=None, secret=None, log_inputs=False)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.partial").exists()


def test_the_worked_example_is_scored_alike(taiwan_package: Path, tmp_path: Path) -> None:
    source = pd.read_parquet(taiwan_package / "data" / "snapshot.parquet").rename(columns={"_key": "ID"})[::10]
    source.to_parquet(tmp_path / "t.parquet")
    score_input(taiwan_package, Options(str(tmp_path / "t.parquet"), tmp_path / "out", part_rows=700))
    wanted = score_table(taiwan_package, tmp_path / "t.parquet").predictions
    same_bits(predictions(tmp_path / "out"), wanted)
