"""Rows for the models of the corpus, and runs of them, for tests of the engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk.package import Package, read_package
from credit_risk.scoring import compile_model
from credit_risk.serving import Options, Outcome, score_input
from credit_risk.serving.log import Secret

CORPUS = Path(__file__).resolve().parents[3] / "scorecards" / "format" / "corpus" / "valid"
MODELS = ("scorecard", "boosting", "every_step", "attributed", "amount", "fraction", "joined")
SECRET = Secret(b"a secret of the tests alone")
KEY = "applicant no."


def rows(name: str, count: int, seed: int = 5) -> pd.DataFrame:
    """Rows that the model takes: its verification rows drawn anew, numbers of them moved a little; with a key."""
    package = read_package(CORPUS / name)
    table = pd.read_csv(CORPUS / name / "verification.csv", dtype=str, keep_default_na=False)
    rng = np.random.default_rng(seed)
    drawn = table.iloc[rng.integers(0, len(table), count)].reset_index(drop=True)
    columns: dict[str, Any] = {}
    for item in package.model["inputs"]:
        texts = drawn[f"in:{item['name']}"]
        if item["type"] == "number":
            columns[item["name"]] = pd.to_numeric(texts.where(texts != "")).astype(float)
        else:
            columns[item["name"]] = texts.where(texts != "", None).astype(object)
    frame = pd.DataFrame(columns)
    keys = rng.permutation(10 * count)[:count]
    frame.insert(0, KEY, [f"A-{key:07d}" for key in keys])
    good = ~compile_model(package.model).rows_in_error(frame)
    return frame[good].reset_index(drop=True)


def expected(package: Package, frame: pd.DataFrame) -> pd.DataFrame:
    """What the package says of the rows, flags as numbers."""
    scored = compile_model(package.model).score(frame)
    flags = [name for name in scored if scored[name].dtype == bool]
    return scored.astype(dict.fromkeys(flags, float))


def same_bits(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Equal columns, and in each equal doubles to the last bit or equal texts."""
    assert list(found.columns) == list(wanted.columns)
    for name in wanted:
        mine, theirs = found[name], wanted[name]
        if theirs.dtype.kind == "f":
            assert np.array_equal(
                mine.to_numpy(float).view(np.int64)[~np.isnan(theirs)],
                theirs.to_numpy().view(np.int64)[~np.isnan(theirs)],
            ), name
            assert np.array_equal(np.isnan(mine.to_numpy(float)), np.isnan(theirs)), name
        else:
            assert [None if pd.isna(v) else v for v in mine] == [None if pd.isna(v) else v for v in theirs], name


PROBABILITIES = ("probability", "probability_with_margin", "expected_value")


def close(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    """Equal columns and texts; probabilities within 1e-12, other numbers within 1e-12 of their size."""
    assert list(found.columns) == list(wanted.columns)
    assert len(found) == len(wanted) > 0
    for name in wanted:
        mine, theirs = found[name], wanted[name]
        if theirs.dtype.kind == "f":
            a, b = mine.to_numpy(float), theirs.to_numpy(float)
            assert np.array_equal(np.isnan(a), np.isnan(b)), name
            allowed = 1e-12 if name in PROBABILITIES[:2] else 1e-12 * np.maximum(1.0, np.abs(b))
            assert (~(np.abs(a - b) > allowed)).all(), name
        else:
            assert [None if pd.isna(v) else v for v in mine] == [None if pd.isna(v) else v for v in theirs], name


def predictions(out: Path) -> pd.DataFrame:
    """All parts, in their order."""
    return pd.concat([pd.read_parquet(one) for one in sorted((out / "predictions").iterdir())], ignore_index=True)


def run(folder: Path, source: Path | str, name: str = "scorecard", **options: Any) -> Outcome:
    """Score into `folder/out` and the log `folder/log`, in small parts."""
    given: dict[str, Any] = {"key": KEY, "log": folder / "log", "secret": SECRET, "log_inputs": True, "part_rows": 40}
    given |= options
    out = given.pop("out", folder / "out")
    more = {name: given.pop(name) for name in ("clock", "progress") if given.get(name) is not None}
    return score_input(CORPUS / name, Options(str(source), out, **given), **more)


def put(connection: str, table: str, frame: pd.DataFrame) -> None:
    """A table of PostgreSQL with the rows of a frame, in another order."""
    psycopg = pytest.importorskip("psycopg")
    kinds = {"f": "float8", "i": "bigint"}
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in frame}
    columns = ", ".join(f"{quoted[name]} {kinds.get(frame[name].dtype.kind, 'text')}" for name in frame)
    with psycopg.connect(connection) as opened:
        opened.execute(f'CREATE TABLE "{table}" ({columns})')
        marks = ", ".join(["%s"] * len(frame.columns))
        cursor = opened.cursor()
        shuffled = frame.sample(frac=1, random_state=2)
        values = [[None if pd.isna(v) else v for v in line] for line in shuffled.itertuples(index=False)]
        cursor.executemany(f'INSERT INTO "{table}" VALUES ({marks})', values)


def tree(folder: Path) -> dict[str, bytes]:
    """Bytes of all files below a folder, by name."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
