"""Scoring and packing from the package alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.credit_risk.cli.command import credit_risk, done, findings, portfolio

PLAN = (
    "model: {id: m}\n"
    "data: {source: table.csv, key: REF, columns: {MONTHS: {specials: {-9: no record}}, BRANCH: {type: categorical}}}\n"
    "outcome: {column: BAD, bad: 1}\n"
    "derive: {PER_YEAR: INCOME / AGE}\n"
    "selection: {include: [MONTHS, BRANCH, PER_YEAR]}\n"
)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    made = portfolio(900)
    made.insert(0, "REF", [f"A{i:05d}" for i in rng.permutation(900)])
    months = (made["INCOME"] / 50).round() + rng.integers(0, 9, 900)
    made["MONTHS"] = np.where(rng.random(900) < 0.2, -9, months.where(rng.random(900) > 0.1))
    made["BRANCH"] = np.where(made["HOUSING"] == "own", "001", rng.choice(["01", "1"], 900))
    return made


@pytest.fixture(scope="module")
def package(table: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = done(tmp_path_factory.mktemp("made"), PLAN, table)
    moved = tmp_path_factory.mktemp("moved") / "package"
    shutil.move(made, moved)
    shutil.rmtree(made.parent)
    return moved


TEXTS = ("_key", "reason_1", "reason_2", "reason_3", "reason_4")


def published(package: Path) -> pd.DataFrame:
    parts = [pd.read_parquet(package / "predictions" / f"{s}.parquet") for s in ("development", "out_of_sample")]
    return pd.concat(parts)


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    texts = pd.read_csv(path, dtype="str")
    return texts.assign(**{name: texts[name].map(float) for name in texts.columns if name not in TEXTS})


def same_bits(one: pd.DataFrame, other: pd.DataFrame) -> None:
    assert list(one.columns) == list(other.columns)
    one, other = (frame.sort_values("_key", ignore_index=True) for frame in (one, other))
    for name in TEXTS:
        assert one[name].fillna("none").tolist() == other[name].fillna("none").tolist()
    for name in ("linear_score", "probability", "score"):
        assert (one[name].to_numpy().view(np.int64) == other[name].to_numpy().view(np.int64)).all()


@pytest.mark.parametrize("given", ["csv", "parquet", "typed parquet"])
@pytest.mark.parametrize("wanted", ["csv", "parquet"])
def test_predictions_are_reproduced_bit_for_bit(
    package: Path, table: pd.DataFrame, tmp_path: Path, given: str, wanted: str
) -> None:
    source, out = tmp_path / f"in.{given.split()[-1]}", tmp_path / f"out.{wanted}"
    fresh = table.drop(columns="BAD").sample(frac=1, random_state=1)
    if given == "csv":
        fresh.to_csv(source, index=False)
    else:
        kinds = {"AGE": "int8", "HOUSING": "category", "BRANCH": "category", "INCOME": "float64"}
        (fresh.astype(kinds) if "typed" in given else fresh).to_parquet(source, index=False)
    ended = credit_risk("score", package, "--input", source, "--out", out)
    assert ended.status == 0, ended.err
    assert "900 rows scored" in ended.out
    assert "'REF'" in ended.out
    scored = read(out)
    assert scored["_key"].tolist() == fresh["REF"].tolist()
    same_bits(scored, published(package))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, out.name])


def test_a_table_without_the_key_is_keyed_by_its_rows(package: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    table.drop(columns=["BAD", "REF"]).to_csv(tmp_path / "in.csv", index=False)
    ended = credit_risk("score", package, "--input", tmp_path / "in.csv", "--out", tmp_path / "out.csv")
    assert "_key is the row number" in ended.out
    assert pd.read_csv(tmp_path / "out.csv")["_key"].tolist() == list(range(1, 901))


def test_tables_that_cannot_be_scored(package: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    table.drop(columns=["MONTHS", "AGE"]).to_csv(source, index=False)
    ended = credit_risk("score", package, "--input", source, "--out", out)
    assert ended.status == 2
    assert "MONTHS" in ended.err
    assert "AGE" in ended.err
    table.assign(AGE="old", MONTHS="x").to_csv(source, index=False)
    ended = credit_risk("score", package, "--input", source, "--out", out)
    assert ended.status == 2
    assert "2 faults" in ended.err
    for place in (source, package / "out.csv", tmp_path / "out.xlsx", tmp_path):
        refused = credit_risk("score", package, "--input", source, "--out", place)
        assert refused.status == 2
        assert "scoring refused" in refused.err
    nowhere = credit_risk("score", package, "--input", source, "--out", source / "deeper.csv")
    assert nowhere.status == 2
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_zip_is_deterministic_valid_and_scores(package: Path, table: pd.DataFrame, tmp_path: Path) -> None:
    copy = shutil.copytree(package, tmp_path / "copy")
    for path in copy.rglob("*"):
        path.touch()
    for origin, name in ((package, "one.zip"), (copy, "two.zip")):
        assert credit_risk("zip", origin, "--out", tmp_path / name).status == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    verified = credit_risk("verify", tmp_path / "one.zip")
    assert verified.status == 0
    assert verified.out == credit_risk("verify", package).out
    table.to_parquet(tmp_path / "in.parquet")
    arguments = ("--input", tmp_path / "in.parquet", "--out", tmp_path / "out.parquet")
    assert credit_risk("score", tmp_path / "one.zip", *arguments).status == 0
    same_bits(read(tmp_path / "out.parquet"), published(package))


def test_export_writes_the_same_pmml_again(package: Path) -> None:
    path = package / "exports" / "m.pmml"
    before = path.read_bytes()
    ended = credit_risk("export", package)
    assert ended.status == 0
    assert Path(ended.out.strip()) == path
    assert path.read_bytes() == before
    assert credit_risk("verify", package).status == 0
    assert findings(package)
