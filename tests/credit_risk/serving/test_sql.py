"""`--method sql`: the package's generated SQL scores within the engine, as the package's own arithmetic does."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from credit_risk._core.errors import CreditRiskError, ScoringError
from credit_risk.package import read_package
from credit_risk.serving import Options, score_input
from credit_risk.serving.log import verify_log
from tests.credit_risk.cli.command import credit_risk
from tests.credit_risk.serving.cases import CORPUS, KEY, MODELS, close, expected, predictions, put, rows, run, tree
from tests.credit_risk.serving.test_bad_input import AGE, BAD
from tests.credit_risk.serving.test_resume import killed_run

NO_LOG: dict[str, Any] = {"log": None, "secret": None, "log_inputs": False}


def logged(folder: Path, kind: str) -> pd.DataFrame:
    found = sorted((folder / "log").glob(f"day=*/batch=*/{kind}/*.parquet"))
    return pd.concat([pq.ParquetFile(one).read().to_pandas() for one in found], ignore_index=True)


@pytest.mark.parametrize("name", MODELS)
def test_duckdb_scores_as_the_package_does(name: str, tmp_path: Path) -> None:
    frame = rows(name, 400)
    source = tmp_path / "in"
    (source / "b=2").mkdir(parents=True)
    half = len(frame) // 2
    frame[:half].to_parquet(source / "a.parquet")
    frame[half:].to_parquet(source / "b=2" / "a.parquet", row_group_size=33)
    done = run(tmp_path, source, name, method="sql")
    assert (done.rows, done.refused, done.again) == (len(frame), 0, False)
    found = predictions(tmp_path / "out")
    assert found["_key"].tolist() == frame[KEY].tolist()
    close(found.drop(columns="_key"), expected(read_package(CORPUS / name), frame))
    assert verify_log(tmp_path / "log").faults == ()
    assert set(logged(tmp_path, "predictions")["method"]) == {"generated sql"}
    run(tmp_path / "arrow", source, name)
    pd.testing.assert_frame_equal(logged(tmp_path, "inputs"), logged(tmp_path / "arrow", "inputs"))
    manifests = [json.loads((tmp_path / one / "out" / "manifest.json").read_text("utf-8")) for one in (".", "arrow")]
    assert manifests[0]["columns"] == manifests[1]["columns"]
    run(tmp_path / "plain", source, name, method="sql", **NO_LOG)
    assert tree(tmp_path / "plain" / "out" / "predictions") == tree(tmp_path / "out" / "predictions")


def test_the_worked_example_is_scored_alike(taiwan_package: Path, tmp_path: Path) -> None:
    source = pd.read_parquet(taiwan_package / "data" / "snapshot.parquet").rename(columns={"_key": "ID"})[::10]
    source.to_parquet(tmp_path / "t.parquet")
    for method in ("arrow", "sql"):
        score_input(taiwan_package, Options(str(tmp_path / "t.parquet"), tmp_path / method, method=method))
    found, wanted = predictions(tmp_path / "sql"), predictions(tmp_path / "arrow")
    assert found.pop("_key").tolist() == wanted.pop("_key").tolist()
    close(found, wanted)


@pytest.mark.parametrize("what", [name for name in BAD if "engine" not in name])
def test_what_cannot_be_taken_is_told_as_without_sql(what: str, tmp_path: Path) -> None:
    change, options, _ = BAD[what]
    change(rows("boosting", 100)).to_parquet(tmp_path / "t.parquet")
    told = []
    for method in ("arrow", "sql"):
        with pytest.raises(CreditRiskError) as caught:
            run(tmp_path, tmp_path / "t.parquet", "boosting", method=method, **options)
        told.append(caught.value.faults)
    assert told[0] == told[1]
    assert not list(tmp_path.glob("out*"))


def bad_rows(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows that are infinite, without a key, of one key."""
    bad = frame.copy()
    bad.loc[[10, 90], name] = -np.inf
    bad.loc[50, KEY] = None
    bad.loc[70, KEY] = bad.loc[71, KEY]
    return bad


def test_the_same_rows_are_refused_for_the_same_reasons(tmp_path: Path) -> None:
    name = read_package(CORPUS / "every_step").model["inputs"][0]["name"]
    bad_rows(rows("every_step", 120), name).to_parquet(tmp_path / "t.parquet")
    given = {method: tmp_path / f"{method}.csv" for method in ("arrow", "sql")}
    for method, refused in given.items():
        for folder, options in ((method, {}), (f"{method} plain", NO_LOG)):
            done = run(
                tmp_path / folder, tmp_path / "t.parquet", "every_step", method=method, refused=refused, **options
            )
            assert done.refused == 5
    assert given["arrow"].read_bytes() == given["sql"].read_bytes()
    for folder in ("sql", "sql plain"):
        found, wanted = predictions(tmp_path / folder / "out"), predictions(tmp_path / "arrow" / "out")
        assert found.pop("_key").tolist() == wanted["_key"].tolist()
        close(found, wanted.drop(columns="_key"))


EXTREMES = (1e308, -1e308, np.nan, 1e-308, 0.0)


@pytest.mark.parametrize("name", ["amount", "every_step", "fraction"])
def test_rows_of_which_a_result_is_not_finite_are_refused_alike(name: str, tmp_path: Path) -> None:
    """Each number in turn is huge, tiny, zero or missing: results overflow, or lack what they must have."""
    frame = rows(name, 12)
    numbers = [item["name"] for item in read_package(CORPUS / name).model["inputs"] if item["type"] == "number"]
    changed = pd.concat([frame, *(frame.assign(**{one: value}) for one in numbers for value in EXTREMES)])
    changed[KEY] = [f"A-{place}" for place in range(len(changed))]
    changed.to_parquet(tmp_path / "t.parquet", index=False)
    alike(tmp_path, name, refused=True)
    assert "result_not_finite" in (tmp_path / "sql.csv").read_text("utf-8")


NUMBERS_IN_TEXT = ["35", "+36", "37.", ".5e2", " 38 ", "NA", "", None, "4e1", "-1", "0041", "42.25", "1e-5", "?", "  "]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_numbers_in_texts_are_read_by_the_rules_of_intake(kind: str, tmp_path: Path) -> None:
    frame = pd.concat([rows("fraction", 40)] * 2)[: 4 * len(NUMBERS_IN_TEXT)]
    frame = frame.assign(ltv=pd.array((NUMBERS_IN_TEXT * 4)[: len(frame)], dtype=object))
    frame[KEY] = [f"A-{place}" for place in range(len(frame))]
    if kind == "csv":
        frame.to_csv(tmp_path / "t.csv", index=False)
    else:
        frame.to_parquet(tmp_path / "t.parquet", index=False)
    alike(tmp_path, "fraction", kind, refused=True)
    assert predictions(tmp_path / "sql" / "out")["linear_score"].nunique() > 9


def test_what_only_the_rules_of_intake_can_read_is_refused_and_told(tmp_path: Path) -> None:
    frame = rows("boosting", 50).astype({AGE: object})
    frame[AGE] = frame[AGE].map(str)
    frame.loc[[17, 44], AGE] = ["4e001", "\x0b35"]
    frame.to_parquet(tmp_path / "t.parquet")
    run(tmp_path / "arrow", tmp_path / "t.parquet", "boosting")
    with pytest.raises(CreditRiskError, match="does not read 1 of these rows as the rules of intake do") as caught:
        run(tmp_path, tmp_path / "t.parquet", "boosting", method="sql")
    assert [fault.found for fault in caught.value.faults] == ["rows 18", "rows 45"]
    assert all("--method arrow" in str(fault) for fault in caught.value.faults)
    assert not list(tmp_path.glob("out*"))


KINDS: dict[str, Callable[[np.ndarray], pa.Array]] = {
    "doubles": lambda values: pa.array(values, pa.float64()),
    "single floats": lambda values: pa.array(values, pa.float32()),
    "integers": lambda values: pa.array(values.round().astype(np.int32)),
    "decimals": lambda values: pa.array([Decimal(f"{value:.9f}") for value in values], pa.decimal128(15, 9)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_columns_of_numbers_of_every_kind_are_read_alike(kind: str, tmp_path: Path) -> None:
    """To the last digit: the linear score is a product of the first column."""
    rng = np.random.default_rng(4)
    frame = pd.concat([rows("amount", 300)] * 2)
    arrays = {name: pa.array(frame[name]) for name in frame} | {KEY: pa.array([f"A-{k}" for k in range(len(frame))])}
    for name in ("exposure", "rate"):
        gone = rng.random(len(frame)) < 0.1
        arrays[name] = pc.if_else(pa.array(gone), None, KINDS[kind](rng.uniform(0.5, 40_000.0, len(frame))))
    pq.write_table(pa.table(arrays), tmp_path / "t.parquet")
    alike(tmp_path, "amount", refused=True)


TEXTS: dict[str, pa.Array] = {
    "codes as doubles": pa.array([1.0, 2.0, None, -0.0, float("nan"), 9007199254740992.0] * 10),
    "codes as integers": pa.array([1, 2, None, -3, 0, 2**60] * 10),
    "numbers in text": pa.array(["1.0", "2", None, "", "-0", "3e2"] * 10),
    "numbers in text, and a word": pa.array(["1.0", "2", None, "", "o'ne\\", " {x} "] * 10),
    "categories": pa.array(["1.0", "2", None, "", "a", "b"] * 10).dictionary_encode(),
    "truth values": pa.array([True, False, None] * 20),
    "dates": pa.array([0, 20_000, None, -700_000, 1, 2] * 10, pa.date32()),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_columns_of_categories_of_every_kind_are_read_alike(kind: str, tmp_path: Path) -> None:
    put_texts(TEXTS[kind], tmp_path / "t.parquet")
    alike(tmp_path, "scorecard")


def put_texts(values: pa.Array, path: Path) -> None:
    """A table of the scorecard of the corpus with these values of its input of text."""
    frame = pd.concat([rows("scorecard", 200)] * 2)[: len(values)].reset_index(drop=True)
    frame[KEY] = [f"A-{k:04d}" for k in range(len(frame))]
    name = next(i["name"] for i in read_package(CORPUS / "scorecard").model["inputs"] if i["type"] == "string")
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table.set_column(table.column_names.index(name), name, values), path)


def alike(folder: Path, name: str, kind: str = "parquet", *, refused: bool = False, **options: Any) -> None:
    """Both methods give the same on the file `t`, read the same inputs and refuse the same rows."""
    given = {method: folder / f"{method}.csv" if refused else None for method in ("arrow", "sql")}
    for method, apart in given.items():
        run(folder / method, folder / f"t.{kind}", name, method=method, refused=apart, **options)
    if refused:
        assert (folder / "sql.csv").read_bytes() == (folder / "arrow.csv").read_bytes()
    close(predictions(folder / "sql" / "out"), predictions(folder / "arrow" / "out"))
    pd.testing.assert_frame_equal(logged(folder / "sql", "inputs"), logged(folder / "arrow", "inputs"))


@pytest.mark.parametrize(
    "values",
    [pa.array([0, 10**12, None] * 20, pa.timestamp("us")), pa.array([Decimal(1), None] * 30, pa.decimal128(30, 2))],
    ids=["times", "wide decimals"],
)
def test_columns_that_sql_cannot_read_alike_are_refused_before_a_row_is_scored(
    values: pa.Array, tmp_path: Path
) -> None:
    put_texts(values, tmp_path / "t.parquet")
    with pytest.raises(ScoringError, match=r"which SQL does not|SQL does not write alike") as caught:
        run(tmp_path, tmp_path / "t.parquet", method="sql")
    assert [fault.code for fault in caught.value.faults] == ["sql_reading"]
    assert not list(tmp_path.glob("out*"))


def test_doubles_written_in_codes_that_are_not_whole_are_told(tmp_path: Path) -> None:
    put_texts(pa.array([1.0, 2.5, None] * 20), tmp_path / "t.parquet")
    with pytest.raises(CreditRiskError, match="does not read 13 of these rows"):
        run(tmp_path, tmp_path / "t.parquet", method="sql")


def test_names_of_inputs_that_the_query_uses_itself_do_no_harm(tmp_path: Path) -> None:
    frame = rows("scorecard", 60).rename(columns={KEY: "credit_risk_result_0"})
    frame["linear_score"] = "x"
    frame["Credit_Risk_told"] = 1
    frame.to_parquet(tmp_path / "t.parquet")
    alike(tmp_path, "scorecard", key="credit_risk_result_0")


def test_another_method_is_another_run_and_another_log(tmp_path: Path) -> None:
    rows("scorecard", 60).to_parquet(tmp_path / "t.parquet")
    run(tmp_path, tmp_path / "t.parquet", method="sql")
    before = tree(tmp_path)
    assert run(tmp_path, tmp_path / "t.parquet", method="sql").again
    with pytest.raises(ScoringError, match="scored by another method"):
        run(tmp_path, tmp_path / "t.parquet", out=tmp_path / "other")
    with pytest.raises(ScoringError, match="another method"):
        run(tmp_path, tmp_path / "t.parquet", log=tmp_path / "elsewhere")
    with pytest.raises(ScoringError, match="no such method"):
        run(tmp_path, tmp_path / "t.parquet", method="r")
    left = {name: data for name, data in tree(tmp_path).items() if not name.startswith("elsewhere/")}
    assert left == before


def test_the_command(tmp_path: Path) -> None:
    frame = rows("scorecard", 60)
    frame.to_parquet(tmp_path / "t.parquet")
    told = ("--input", tmp_path / "t.parquet", "--out", tmp_path / "out", "--key", KEY, "--method", "sql")
    ended = credit_risk("score", CORPUS / "scorecard", *told)
    assert (ended.status, f"{len(frame)} rows scored" in ended.out) == (0, True), ended.err
    assert json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))["method"] == "generated sql"


@pytest.mark.parametrize("name", ["scorecard", "boosting", "every_step", "attributed", "amount"])
def test_postgres_scores_as_the_package_does(name: str, tmp_path: Path, connection: str) -> None:
    frame = rows(name, 200).sort_values(KEY).reset_index(drop=True)
    put(connection, f"sql {name}", frame)
    options = {"engine": "postgres", "dsn": connection, "method": "sql"}
    done = run(tmp_path, f"sql {name}", name, **options)
    assert (done.rows, done.refused) == (len(frame), 0)
    found = predictions(tmp_path / "out")
    assert found.pop("_key").tolist() == frame[KEY].tolist()
    close(found, expected(read_package(CORPUS / name), frame))
    assert verify_log(tmp_path / "log").faults == ()
    assert run(tmp_path, f"sql {name}", name, **options).again
    run(tmp_path / "arrow", f"sql {name}", name, engine="postgres", dsn=connection)
    pd.testing.assert_frame_equal(logged(tmp_path, "inputs"), logged(tmp_path / "arrow", "inputs"))
    run(tmp_path / "plain", f"sql {name}", name, **options | NO_LOG)
    assert tree(tmp_path / "plain" / "out" / "predictions") == tree(tmp_path / "out" / "predictions")


TYPES = {
    "float8": '"exposure"',
    "float4": '"exposure"::float4',
    "numeric": '"exposure"::numeric(20, 3)',
    "int8": '"exposure"::int8',
    "text": """CASE (row_number() over ())::int8 % 5 WHEN 0 THEN '+1e2' WHEN 1 THEN ' 7. ' WHEN 2 THEN 'NA'
            WHEN 3 THEN 'much' ELSE "exposure"::text END""",
    "bool": '"exposure" > 0',
    "infinity": """CASE WHEN "exposure" > 2 THEN 'Infinity'::float8 ELSE 'NaN'::float8 END""",
}


@pytest.mark.parametrize("kind", TYPES)
def test_postgres_reads_columns_of_every_kind_alike(kind: str, tmp_path: Path, connection: str) -> None:
    frame = pd.concat([rows("amount", 60)] * 2)
    frame[KEY] = [f"A-{place:03d}" for place in range(len(frame))]
    frame["exposure"] = np.random.default_rng(3).uniform(0.5, 40_000.0, len(frame))
    put(connection, f"kinds of {kind}", frame)
    others = ", ".join(f'"{name}"' for name in frame if name != "exposure")
    query = f'SELECT {others}, {TYPES[kind]} AS "exposure" FROM "kinds of {kind}"'
    made = {}
    for method in ("arrow", "sql"):
        refused = tmp_path / f"{method}.csv"
        run(tmp_path / method, query, "amount", engine="postgres", dsn=connection, method=method, refused=refused)
        made[method] = (
            refused.read_bytes(),
            predictions(tmp_path / method / "out"),
            logged(tmp_path / method, "inputs"),
        )
    assert made["sql"][0] == made["arrow"][0]
    if len(made["arrow"][1]):
        close(made["sql"][1], made["arrow"][1])
    pd.testing.assert_frame_equal(made["sql"][2], made["arrow"][2])


def test_a_run_that_is_killed_goes_on_to_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    source = tmp_path / "t.parquet"
    rows("scorecard", 60).to_parquet(source)
    run(tmp_path / "whole", source, method="sql")
    for last in (3, 6, 9, 12, 15, 18, 21):
        folder = tmp_path / f"k{last}"
        killed_run(folder, source, last, after=last % 2 == 0, method="sql")
        run(folder, source, method="sql")
        assert tree(folder) == tree(tmp_path / "whole"), last
