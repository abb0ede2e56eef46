"""Inputs, rows and places that cannot be taken: told at once and by name, nothing left half-written."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk._core.errors import CreditRiskError
from credit_risk.package import read_package
from credit_risk.serving.log import read_secret, verify_log
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.serving.cases import CORPUS, KEY, SECRET, expected, predictions, rows, run, same_bits, tree

AGE = "age"


def taken(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def infinite(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[[50, 51], AGE] = np.inf
    return frame


def words(frame: pd.DataFrame) -> pd.DataFrame:
    frame[AGE] = frame[AGE].map(str).astype(object)
    frame.loc[70, AGE] = "old"
    return frame


def truths(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(**{AGE: True})


def keys(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[60, KEY] = frame.loc[3, KEY]
    frame.loc[61, KEY] = None
    return frame


BAD: dict[str, tuple[Callable[[pd.DataFrame], pd.DataFrame], dict[str, Any], str]] = {
    "a column gone": (lambda f: f.drop(columns=[AGE]), {}, r"t\.parquet age: the model needs this column"),
    "a column of another case": (lambda f: f.rename(columns={AGE: "Age"}), {}, "rename 'Age'"),
    "two columns of one spelling": (lambda f: f.assign(AGE=1.0), {}, "in the case of letters alone"),
    "infinity": (infinite, {}, r"t\.parquet:51 age: inf is infinite; 2 of rows 41 to 80"),
    "words": (words, {}, r"t\.parquet:71 age: 'old' is no number; 1 of rows 41 to 80"),
    "truth values": (truths, {}, "'true' is no number; 40 of rows 1 to 40"),
    "keys": (keys, {}, r"(?s)duplicate|the key stands more than once in the input; 1 of rows 1 to 40"),
    "a missing key": (keys, {}, "the key is missing; 1 of rows 41 to 80"),
    "keys of another type": (lambda f: f.assign(**{KEY: 1.5}), {}, "keys are of another type"),
    "no key for the log": (lambda f: f.drop(columns=[KEY]), {}, "needs the key of each applicant"),
    "a log without a secret": (taken, {"secret": None}, "needs the secret"),
    "inputs without a log": (taken, {"log": None}, "inputs are kept in a prediction log"),
    "another kind of refused": (taken, {"refused": Path("refused.xlsx")}, "unknown kind of output"),
    "no rows a part": (taken, {"part_rows": 0}, "one row at least"),
    "an engine that is none": (taken, {"engine": "sas"}, "no such engine"),
}


@pytest.mark.parametrize("what", BAD)
def test_what_cannot_be_taken_is_told_and_nothing_is_written(what: str, tmp_path: Path) -> None:
    change, options, told = BAD[what]
    change(rows("boosting", 100)).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(CreditRiskError, match=told):
        run(tmp_path, tmp_path / "t.parquet", "boosting", **options)
    assert [path.name for path in tmp_path.iterdir() if path.name != "log"] == ["t.parquet"]
    assert not list(tmp_path.glob("log/day=*"))


def test_faults_of_all_parts_are_told_at_once(tmp_path: Path) -> None:
    frame = rows("boosting", 100)
    frame.loc[[2, 95], AGE] = np.inf
    frame.loc[[30, 50], KEY] = None
    frame.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(CreditRiskError) as caught:
        run(tmp_path, tmp_path / "t.parquet", "boosting")
    told = [(fault.code, fault.path, fault.row) for fault in caught.value.faults]
    assert told == [("key_missing", KEY, 31), ("not_finite", AGE, 3), ("key_missing", KEY, 51), ("not_finite", AGE, 96)]


def test_files_that_cannot_be_read_are_all_named(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    with pytest.raises(CreditRiskError, match="holds no file"):
        run(tmp_path, source, "boosting")
    with pytest.raises(CreditRiskError, match="no such file"):
        run(tmp_path, tmp_path / "nowhere", "boosting")
    frame = rows("boosting", 60)
    for name in ("a", "b", "c"):
        frame.to_parquet(source / f"{name}.parquet")
    half = (source / "b.parquet").read_bytes()
    (source / "b.parquet").write_bytes(half[: len(half) // 2])
    frame.head(0).to_parquet(source / "c.parquet")
    (source / "_SUCCESS").write_bytes(b"")
    with pytest.raises(CreditRiskError) as caught:
        run(tmp_path, source, "boosting")
    assert [(fault.file, fault.code) for fault in caught.value.faults] == [
        ("b.parquet", "damaged"),
        ("c.parquet", "no_rows"),
    ]
    frame.to_csv(source / "d.csv")
    (source / "e.xlsx").write_bytes(b"x")
    with pytest.raises(CreditRiskError) as caught:
        run(tmp_path, source, "boosting")
    assert [fault.code for fault in caught.value.faults] == ["kind", "mixed_kinds"]
    assert not (tmp_path / "out.partial").exists()


def test_pages_that_are_damaged_are_told_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    rows("boosting", 100).to_parquet(path, compression="zstd")
    data = bytearray(path.read_bytes())
    data[30:200] = bytes(170)
    path.write_bytes(bytes(data))
    with pytest.raises(CreditRiskError, match=r"t\.parquet: DuckDB cannot read it"):
        run(tmp_path, path, "boosting")
    assert not (tmp_path / "out.partial").exists()


def test_ragged_csv_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    text = rows("boosting", 20).to_csv(index=False).splitlines(keepends=True)
    path.write_text("".join([*text[:5], "1,2\n", *text[5:]]))
    with pytest.raises(CreditRiskError, match=r"t\.csv: DuckDB cannot read it"):
        run(tmp_path, path, "boosting")


def test_refused_rows_stand_apart_with_their_reasons_and_the_others_go_through(tmp_path: Path) -> None:
    frame = rows("every_step", 120)
    name = read_package(CORPUS / "every_step").model["inputs"][0]["name"]
    bad = frame.copy()
    bad.loc[[10, 90], name] = -np.inf
    bad.loc[50, KEY] = None
    bad.loc[70, KEY] = bad.loc[71, KEY]
    bad.to_parquet(tmp_path / "t.parquet")
    out = tmp_path / "refused.csv"
    done = run(tmp_path, tmp_path / "t.parquet", "every_step", refused=out)
    good = bad.drop(index=[10, 50, 70, 71, 90]).reset_index(drop=True)
    assert (done.rows, done.refused) == (len(good), 5)
    found = predictions(tmp_path / "out")
    assert found.pop("_key").tolist() == good[KEY].tolist()
    same_bits(found, expected(read_package(CORPUS / "every_step"), good))
    refused = pd.read_csv(out)
    assert refused["row"].tolist() == [11, 51, 71, 72, 91]
    assert refused["code"].tolist() == ["not_finite", "key_missing", "duplicate_key", "duplicate_key", "not_finite"]
    assert refused["_key"].tolist()[0] == bad[KEY][10]
    assert refused["column"].tolist() == [name, KEY, KEY, KEY, name]
    assert verify_log(tmp_path / "log").faults == ()
    assert run(tmp_path, tmp_path / "t.parquet", "every_step", refused=out).again


def test_a_file_of_refused_rows_is_written_where_there_is_none(tmp_path: Path) -> None:
    rows("scorecard", 50).to_parquet(tmp_path / "t.parquet")
    run(tmp_path, tmp_path / "t.parquet", refused=tmp_path / "refused.csv")
    assert (tmp_path / "refused.csv").read_text() == "_key,source,row,column,code,reason\n"


@pytest.mark.parametrize(("engine", "module"), [("duckdb", "duckdb"), ("spark", "pyspark"), ("postgres", "psycopg")])
def test_an_engine_that_is_not_installed_is_told_with_the_extra(
    engine: str, module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"duckdb": "model"}.get(engine, engine)
    monkeypatch.setitem(sys.modules, module, None)
    rows("scorecard", 50).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(CreditRiskError, match=rf"credit-risk-lifecycle\[{extra}\]"):
        run(tmp_path, tmp_path / "t.parquet", engine=engine)


def test_places_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    rows("scorecard", 50).to_parquet(source / "t.parquet")
    with pytest.raises(CreditRiskError, match="is the input, or lies in it"):
        run(tmp_path, source, out=source / "out")
    with pytest.raises(CreditRiskError, match="lie in one another"):
        run(tmp_path, source, log=tmp_path / "out" / "log")
    with pytest.raises(CreditRiskError, match="lies inside the package"):
        run(tmp_path, source, out=CORPUS / "scorecard" / "out")


def test_secrets_that_cannot_serve_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDIT_RISK_LOG_SECRET_FILE", raising=False)
    with pytest.raises(CreditRiskError, match="needs the secret"):
        read_secret(None)
    with pytest.raises(CreditRiskError, match="cannot be read"):
        read_secret(tmp_path / "absent")
    (tmp_path / "short").write_text("short\n")
    with pytest.raises(CreditRiskError, match="shorter than 16 bytes"):
        read_secret(tmp_path / "short")
    (tmp_path / "good").write_bytes(SECRET.value + b"\n")
    monkeypatch.setenv("CREDIT_RISK_LOG_SECRET_FILE", str(tmp_path / "good"))
    assert read_secret(None) == SECRET
    assert "secret of the tests" not in repr(read_secret(None))


def test_the_commands(tmp_path: Path) -> None:
    frame = rows("scorecard", 60)
    frame.to_parquet(tmp_path / "t.parquet")
    (tmp_path / "secret").write_bytes(SECRET.value)
    out, log, secret = tmp_path / "out", tmp_path / "log", tmp_path / "secret"
    told = ("--key", KEY, "--log", log, "--secret-file", secret, "--log-inputs", "--part-rows", 25)
    command = ("score", CORPUS / "scorecard", "--input", tmp_path / "t.parquet", "--out", out, *told)
    first = credit_risk(*command)
    assert (first.status, "of 60 rows" in first.err) == (0, True), first.err
    assert f"{len(frame)} rows scored" in first.out
    assert "nothing to do" in credit_risk(*command).out
    good = credit_risk("log", "verify", log)
    assert (good.status, "the log verifies" in good.out) == (0, True)
    erased = credit_risk("log", "erase", log, "--key", frame[KEY][7], "--secret-file", secret)
    assert (erased.status, "1 rows" in erased.out) == (0, True)
    assert credit_risk("log", "erase", log).status == 2
    assert credit_risk("log", "erase", log, "--before", "soon").status == 2
    assert credit_risk("log", "erase", log, "--before", "2999-01-01").status == 0
    assert credit_risk("log", "verify", log).status == 0
    anchored = credit_risk("log", "verify", log, "--head", "0" * 64)
    assert (anchored.status, "does NOT verify" in anchored.out) == (1, True)
    file = credit_risk("score", CORPUS / "scorecard", "--input", tmp_path / "t.parquet", "--out", "x.csv", *told)
    assert (file.status, "an engine writes a folder" in file.err) == (2, True)
    assert credit_risk("log", "verify", tmp_path).status == 2
    assert len(tree(out)) == 1 + 3
