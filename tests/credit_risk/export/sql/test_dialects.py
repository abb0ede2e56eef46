"""What every dialect is written with: names, limits, heads; SQL that sqlglot reads back in its own dialect."""

from __future__ import annotations

import json
import random
import sqlite3
import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import sqlglot
from sqlglot.dialects.dialect import Dialect as Reader
from sqlglot.dialects.oracle import Oracle

from credit_risk._core.errors import PackageError
from credit_risk.export import EXPORTERS
from credit_risk.export.program import program_of
from credit_risk.export.sql import DIALECTS, sql_export, statement
from credit_risk.package import read_package
from tests.credit_risk.export.sql.parity import ENGINES, HASH, assert_parity, run
from tests.credit_risk.export.sql.test_models import CORPUS, PACKAGES, grown

UNPROVED = {"snowflake", "bigquery", "oracle", "tsql", "teradata"}
TERADATA_ONLY = " CHARACTER SET UNICODE CASESPECIFIC"
NAMES = [
    *('say "so"', "it's", "back`tick", "[bracket]", "select", "Select", "a,b; DROP TABLE x --", "信用额度", "\u00e9"),
    *(
        "x" * 200,
        "x" * 199 + "y",
        "<in> & 'out'",
        "100%",
        "back\\slash",
        "tab\there",
        "application_id",
        "NULL",
        " lead",
    ),
]
VALUES = ["it's", '"', "a;b", "--", "back\\slash", "%s", "信用", "A", "a", "a ", " ", "line\nbreak", "{x}", "\u00e9"]
VALUES.append("e\u0301")


class OracleOfDoubles(Oracle):
    """Oracle's `1.5d`, which sqlglot does not read of itself."""

    class Tokenizer(Oracle.Tokenizer):
        NUMERIC_LITERALS = {"D": "DOUBLE"}  # noqa: RUF012


def reader(dialect: str) -> type[Reader] | str:
    return OracleOfDoubles if dialect == "oracle" else DIALECTS[dialect].read_as


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", PACKAGES)
def test_every_dialect_is_read_back(name: str, dialect: str) -> None:
    package = read_package(CORPUS / name)
    files = EXPORTERS["sql"](package)
    text = files[f"sql/{package.model['model']['id']}.{dialect}.sql"].decode()
    assert package.package_hash in text
    assert ("NOT PROVED" in text) == (dialect in UNPROVED)
    (parsed,) = sqlglot.parse(text.replace(TERADATA_ONLY, ""), read=reader(dialect))
    assert parsed is not None
    assert parsed.named_selects[1:] == list(sql_export(program_of(package.model, HASH), dialect).results)


def nasty(names: Sequence[str] = tuple(NAMES), values: Sequence[str] = tuple(VALUES)) -> dict[str, object]:
    """A scorecard on inputs with names that no one should give, and categories to match."""
    steps: list[dict[str, object]] = []
    for k, name in enumerate(names):
        bins = [
            {"id": j, "kind": "categories", "values": [value], "label": f"{value} */ --"}
            for j, value in enumerate(values)
        ]
        bins += [{"id": len(values), "kind": "missing", "label": "missing"}]
        bins += [{"id": len(values) + 1, "kind": "unseen", "label": "unseen"}]
        bins = [{**one, "woe": (j + 1) * (k + 1) / 7} for j, one in enumerate(bins)]
        outputs = {"output_bin": f"bin {k}", "output_woe": f"woe {k}"}
        steps.append({"id": f"c{k}", "type": "classing", "input": name, "kind": "categorical", "bins": bins, **outputs})
    terms = [{"input": f"woe {k}", "coefficient": 0.5} for k in range(len(names))]
    steps.append({"id": "l", "type": "linear", "intercept": 0.0, "offset": None, "terms": terms, "output": "total"})
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "nasty", "name": "N */ -- ';\n DROP", "version": "1", "type": "scorecard"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "PD"},
        "inputs": [{"name": name, "type": "string", "specials": [], "description": ""} for name in names],
        "steps": steps,
        "outputs": {"linear_score": "total"},
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_nasty_names_and_categories(postgres: None, engine: str) -> None:
    rng = random.Random(2)
    pool = [*VALUES, None, "", "never seen", "IT'S"]
    frame = pd.DataFrame({name: pd.Series([rng.choice(pool) for _ in range(60)], dtype=object) for name in NAMES})
    assert_parity(nasty(), frame, engine)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nasty_names_are_read_back_and_told(dialect: str) -> None:
    found = sql_export(program_of(nasty(), HASH), dialect)
    blind = DIALECTS[dialect].case_blind
    assert len({name.casefold() if blind else name for name in found.inputs.values()}) == len(NAMES)
    limit = DIALECTS[dialect].most_name
    assert all(len(column) <= limit for column in found.inputs.values())
    for name, column in found.inputs.items():
        if name != column:
            assert f"Column {column} stands for the input" in found.head
    (parsed,) = sqlglot.parse(found.text.replace(TERADATA_ONLY, ""), read=reader(dialect))
    assert parsed is not None
    quoted = {one.name for one in parsed.find_all(sqlglot.exp.Column)}
    assert set(found.inputs.values()) <= quoted


def _numbers() -> list[float]:
    rng = random.Random(3)
    found = [5e-324, 1.7976931348623157e308, 2.2250738585072014e-308, 1e22, 1e23, 2.0**-512, 0.0, -0.1310228545387047]
    for _ in range(6000):
        found += [rng.gauss(0, 1), rng.uniform(-1e6, 1e6), round(rng.uniform(-99, 99), 2)]
        found += [x for x in struct.unpack("d", struct.pack("Q", rng.getrandbits(64))) if x - x == 0.0]
    return found


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_read_every_digit_of_numbers(postgres: None, engine: str) -> None:
    numbers = _numbers()
    write = DIALECTS[engine].literal
    for start in range(0, len(numbers), 500):
        part = numbers[start : start + 500]
        query = "SELECT " + ", ".join(map(write, part))
        assert list(_answer(engine, query)) == part


def test_decimals_alone_would_be_misread_by_sqlite() -> None:
    """Why some numbers stand as quotients there: versions that read by way of an extended format lose the last bit."""
    if sqlite3.sqlite_version_info < (3, 43):
        assert sqlite3.connect(":memory:").execute("SELECT -0.1310228545387047").fetchone() != (-0.1310228545387047,)
    assert "/" in DIALECTS["sqlite"].literal(-0.1310228545387047)


def _answer(engine: str, query: str) -> tuple[float, ...]:
    if engine == "duckdb":
        return duckdb.connect().execute(query).fetchone() or ()
    if engine == "sqlite":
        return tuple(sqlite3.connect(":memory:").execute(query).fetchone())
    import os

    import psycopg

    with psycopg.connect(os.environ["CREDIT_RISK_POSTGRES"]) as connection:
        return tuple(connection.execute(query.encode()).fetchone() or ())


def test_a_long_model_is_cut_into_statements_that_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cut that BigQuery, Snowflake and Teradata need, on an engine that runs here."""
    program = program_of(grown(120, 4, 5, 1), HASH)
    whole = sql_export(program, "duckdb")
    monkeypatch.setitem(statement.DIALECTS, "duckdb", replace(DIALECTS["duckdb"], most_bytes=80_000))
    parts = sql_export(program, "duckdb")
    assert len(parts.statements) > 1
    assert all(len(one.encode()) <= 80_000 for one in parts.statements)
    rows = pd.DataFrame({f"f{k}": [None, -2.0, 0.0, 0.1 * k, 3.0] for k in range(5)}).assign(application_id=range(5))
    connection = duckdb.connect()
    connection.register("applications", rows)
    expected = connection.execute(whole.statements[0]).fetchall()
    for one in parts.statements:
        answer = connection.execute(one).fetchall()
    assert sorted(answer) == sorted(expected)
    assert "run these" in parts.head


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "teradata"])
def test_statements_keep_to_the_length_of_the_dialect(dialect: str) -> None:
    found = sql_export(program_of(grown(400, 6, 8, 1), HASH), dialect)
    assert len(found.statements) > 1
    assert all(len(one.encode()) <= DIALECTS[dialect].most_bytes for one in found.statements)


def test_cases_are_nested_as_deep_as_the_dialect_takes() -> None:
    for dialect, d in DIALECTS.items():
        text = sql_export(program_of(grown(2, 12, 4, 1), HASH), dialect).text
        depth = most = 0
        for word in text.replace("(", " ").replace(")", " ").replace(",", " ").split():
            depth += (word == "CASE") - (word == "END")
            most = max(most, depth)
        assert depth == 0
        assert most <= d.case_depth, dialect


def test_limits_that_cannot_be_kept_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    program = program_of(nasty(), HASH)
    monkeypatch.setitem(statement.DIALECTS, "oracle", replace(DIALECTS["oracle"], most_columns=10))
    with pytest.raises(PackageError, match="columns in one step, and Oracle Database has at most 10") as caught:
        sql_export(program, "oracle")
    assert [fault.code for fault in caught.value.faults] == ["export_unsupported"]


def test_attributions_beyond_the_bound_are_left_out_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    package = read_package(CORPUS / "attributed")
    program = program_of(package.model, HASH)
    monkeypatch.setattr(statement, "MOST_CONSTANTS", 2)
    found = sql_export(program, "duckdb")
    assert not any(name.startswith("reason_") for name in found.results.values())
    assert "in_error" in found.results.values()
    assert any("Left out: the reasons" in one for one in found.notes)
    assert "Left out: the reasons" in found.head
    cases = package.verification()
    frame = pd.DataFrame({item["name"]: cases[f"in:{item['name']}"] for item in package.model["inputs"]})
    results = run(package.model, frame, "duckdb").results
    assert results["linear_score"].tolist() == pytest.approx(cases["linear_score"].tolist(), abs=1e-13)


def test_files_are_the_same_every_time() -> None:
    package = read_package(Path(CORPUS / "scorecard"))
    once, again = EXPORTERS["sql"](package), EXPORTERS["sql"](package)
    assert once == again
    assert len(once) == len(DIALECTS) == 9
    assert json.dumps(sorted(once)) == json.dumps(sorted(f"sql/corpus-scorecard.{key}.sql" for key in DIALECTS))
