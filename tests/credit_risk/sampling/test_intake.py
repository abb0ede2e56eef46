"""Intake: types, roles, what is left out, the contract and its breaches, derived characteristics, evidence."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from credit_risk._core import evidence
from credit_risk._core.errors import IntakeError
from credit_risk.sampling import DataContractError, Intake, read_source, snapshot_frame, take_in, typed_frame
from credit_risk.sampling.spec import ColumnSpec, DataSpec, OutcomeSpec

ROWS = 400
Take = Callable[..., Intake]


def table(rows: int = ROWS) -> dict[str, list[Any]]:
    """Numbers, categories, an outcome with 100 bads."""
    generator = np.random.Generator(np.random.PCG64(7))
    return {
        "income": np.round(generator.lognormal(10, 1, rows), 2).tolist(),
        "age": generator.integers(18, 80, rows).tolist(),
        "region": generator.choice(["north", "south", "east"], rows).tolist(),
        "Y": [1 if index % 4 == 0 else 0 for index in range(rows)],
    }


@pytest.fixture
def take(tmp_path: Path) -> Take:
    def taker(rows: dict[str, list[Any]], /, *, outcome: dict[str, Any] | None = None, **options: Any) -> Intake:
        path = tmp_path / "t.csv"
        frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in rows.items()})
        frame.to_csv(path, index=False)
        given = {key: options.pop(key) for key in ("derive", "named") if key in options}
        data = DataSpec.model_validate({"source": "t.csv", **options})
        return take_in(read_source(path), data, OutcomeSpec(**(outcome or {"column": "Y", "bad": 1})), **given)

    return taker


@pytest.fixture
def breaches(take: Take):
    def told(rows: dict[str, list[Any]], /, **options: Any) -> list[tuple[str, str, int]]:
        with pytest.raises(DataContractError) as caught:
            take(rows, **options)
        error = caught.value
        assert len(error.faults) == len(error.failures)
        assert all(fault.file == "t.csv" and fault.path for fault in error.faults)
        return list(error.failures[["column", "rule", "rows"]].itertuples(index=False, name=None))

    return told


def test_types_and_roles(take: Take) -> None:
    intake = take(table(), protected=["age"], key=None)
    assert intake.roles == {"income": "predictor", "age": "protected", "region": "predictor", "Y": "outcome"}
    assert intake.types == {"income": "numeric", "age": "numeric", "region": "categorical", "Y": "numeric"}
    assert intake.predictors == ("income", "region")
    assert intake.protected == ("age",)
    assert intake.key.tolist() == list(range(1, ROWS + 1))
    assert intake.frame["income"].dtype == np.float64
    assert intake.frame["income"].tolist() == table()["income"]
    assert intake.frame["region"].tolist() == table()["region"]
    assert intake.outcome.tolist() == [float(value) for value in table()["Y"]]


def test_an_unprepared_table_with_three_lines(take: Take) -> None:
    """Mixed types, missing values, identifiers, dates, truth values, 10,000 levels, names of any kind."""
    rows = 10_000
    generator = np.random.Generator(np.random.PCG64(3))
    columns = table(rows) | {
        "Kunden-Nr.": [f"K{index:06d}" for index in range(rows)],
        "row": list(range(rows)),
        "member_id": generator.permutation(np.arange(5 * rows) * 7 + 10**6)[:rows].tolist(),
        "account": generator.permutation(np.arange(900_000) + 100_000)[:rows].tolist(),
        "applied on": [f"2026-01-{index % 28 + 1:02d}" for index in range(rows)],
        "month": [f"{'Jan' if index % 2 else 'Feb'}-2016" for index in range(rows)],
        "as_number": [20260101 + index % 28 for index in range(rows)],
        "married": [bool(index % 3) for index in range(rows)],
        "employer": [f"firm {index % 5000}" for index in range(rows)],
        "città di nascita": [("Roma", "Milano", None)[index % 3] for index in range(rows)],
        "branch": [f"{index % 40:03d}" for index in range(rows)],
        "mixed": [(1, 2, "many", None)[index % 4] for index in range(rows)],
        "with words": [(1.5, "NA", None, 3)[index % 4] for index in range(rows)],
        "empty": [None] * rows,
        "one": ["x"] * rows,
        "one or none": ["x" if index % 2 else None for index in range(rows)],
        "balance": np.round(generator.lognormal(8, 1.5, rows)).astype(int).tolist(),
    }
    intake = take(columns)
    left_out = intake.tables["data.columns_left_out"].set_index("column")["reason"].to_dict()
    assert left_out == {
        "Kunden-Nr.": "identifier-like",
        "row": "identifier-like",
        "member_id": "identifier-like",
        "account": "identifier-like",
        "applied on": "date",
        "month": "date",
        "as_number": "date",
        "employer": "too many levels",
        "empty": "entirely missing",
        "one": "constant",
    }
    assert intake.predictors == (
        *("income", "age", "region", "married", "città di nascita", "branch", "mixed", "with words"),
        *("one or none", "balance"),
    )
    assert {name for name, kind in intake.types.items() if kind == "numeric"} == {
        *("income", "age", "Y", "with words", "balance")
    }
    told = set(intake.tables["data.conversions"].itertuples(index=False, name=None))
    assert ("mixed", "kept as text: numbers and other text together", 7500) in told
    assert ("branch", "kept as text: numbers with leading zeros are codes", rows) in told
    assert ("with words", "word for no value read as missing: NA", 2500) in told
    assert ("with words", "empty field read as missing", 2500) in told
    assert intake.frame["with words"].dropna().unique().tolist() == [1.5, 3.0]
    assert intake.frame["branch"].iloc[1] == "001"
    assert intake.frame["married"].iloc[0] == "False"


def test_amounts_in_whole_numbers_are_no_identifiers(take: Take) -> None:
    generator = np.random.Generator(np.random.PCG64(5))
    amounts = generator.permutation(np.unique(np.round(generator.lognormal(9, 1, 4 * ROWS))).astype(int))[:ROWS]
    intake = take(table() | {"amount": amounts.tolist()})
    assert len(set(amounts)) == ROWS
    assert "amount" in intake.predictors


def test_evidence_has_the_columns_of_the_catalogue(take: Take) -> None:
    specials = {"income": {"specials": {"-9": "not asked"}, "description": "Yearly", "expected_trend": "descending"}}
    columns = table()
    columns["income"][:5] = [-9] * 5
    intake = take(columns, columns=specials, protected=["age"], derive={"ratio": "income / age"})
    for name, frame in intake.tables.items():
        assert evidence.table(name, frame).frame().shape == frame.shape
    evidence.key_values("data.source", intake.source)
    evidence.key_values("outcome.definition", intake.definition)
    row = intake.tables["data.contract"].set_index("column").loc["income"]
    told = ["role", "type", "specials", "missing_allowed", "expected_trend", "description"]
    assert row[told].to_list() == ["predictor", "numeric", "-9: not asked", True, "descending", "Yearly"]
    assert intake.definition["bad rate"] == 0.25
    assert "bad rate 25.00%" in intake._repr_html_()


def test_the_profile_agrees_with_pandas(take: Take) -> None:
    columns = table()
    columns["income"][:7] = [-9] * 4 + [None] * 3
    intake = take(columns, columns={"income": {"specials": {"-9": "not asked"}}})
    found = intake.tables["data.profile"].set_index("column")
    plain = pd.Series(columns["income"][7:], dtype=float).describe()
    row = found.loc["income"]
    names = ["minimum", "percentile_25", "median", "percentile_75", "maximum", "mean"]
    assert row[names].tolist() == pytest.approx(plain[["min", "25%", "50%", "75%", "max", "mean"]].tolist(), rel=1e-14)
    assert row[["count", "missing_count", "special_count"]].tolist() == [ROWS, 3, 4]
    region = pd.Series(columns["region"]).value_counts()
    assert found.loc["region", "most_frequent"] == region.index[0]
    assert found.loc["region", "most_frequent_share"] == region.iloc[0] / ROWS
    assert found.loc["region", "distinct"] == 3


BREACHES: list[tuple[str, dict[str, Any], dict[str, Any], list[tuple[str, str, int]]]] = [
    ("absent", {}, {"columns": {"incme": {}}}, [("incme", "absent", 0)]),
    ("absent protected", {}, {"protected": ["sex"]}, [("sex", "absent", 0)]),
    ("absent forbidden", {}, {"forbidden": ["sex"]}, [("sex", "absent", 0)]),
    ("absent key", {}, {"key": "id"}, [("id", "absent", 0)]),
    ("absent outcome", {}, {"outcome": {"column": "BAD", "bad": 1}}, [("BAD", "absent", 0)]),
    ("absent elsewhere", {}, {"named": {"x": "selection.include[0]"}}, [("x", "absent", 0)]),
    ("absent in expression", {}, {"derive": {"r": "x / age"}}, [("x", "absent", 0)]),
    ("wrong type", {}, {"columns": {"region": {"type": "numeric"}}}, [("region", "type", ROWS)]),
    ("not dates", {}, {"columns": {"region": {"type": "date"}}}, [("region", "type", ROWS)]),
    ("date is none", {}, {"date": "region"}, [("region", "type", ROWS)]),
    ("range of text", {}, {"columns": {"region": {"range": [0, 1]}}}, [("region", "type", 0)]),
    ("constant", {"c": [1] * ROWS}, {"columns": {"c": {}}}, [("c", "constant", 0)]),
    ("constant protected", {"c": ["f"] * ROWS}, {"protected": ["c"]}, [("c", "constant", 0)]),
    ("nothing in it", {"c": [None] * ROWS}, {"columns": {"c": {}}}, [("c", "entirely_missing", 0)]),
    ("special of text", {}, {"columns": {"age": {"specials": {"x": "y"}}}}, [("age", "special", 0)]),
    ("trend of text", {}, {"named": {"region": "classing.monotonic.region"}}, [("region", "type", 0)]),
    ("derived is there", {}, {"derive": {"age": "income + 1"}}, [("age", "derive_name", 0)]),
    ("derived of text", {}, {"derive": {"r": "region + 1"}}, [("r", "expression", 0)]),
    ("derived flag", {}, {"derive": {"r": "age > 1"}}, [("r", "expression", 0)]),
    ("derived infinite", {}, {"derive": {"r": "exp(income)"}}, [("r", "not_finite", ROWS)]),
    ("key repeated", {"k": [1, *range(1, ROWS)]}, {"key": "k"}, [("k", "duplicate_key", 2)]),
    ("key missing", {"k": [None, *range(1, ROWS)]}, {"key": "k"}, [("k", "key_missing", 1)]),
    ("one class: no bad", {}, {"outcome": {"column": "Y", "bad": 7}}, [("Y", "one_class", 0)]),
    ("one class: no good", {"Y": [1] * ROWS}, {}, [("Y", "one_class", 0)]),
    ("outcome missing", {"Y": [None, None] + [0, 1] * 199}, {}, [("Y", "outcome_missing", 2)]),
    ("other codes", {"Y": [0, 1, 2, 3] * 100}, {}, [("Y", "other_codes", 0)]),
    (
        "other codes beside good",
        {"Y": [0, 1, 2, 3] * 100},
        {"outcome": {"column": "Y", "bad": [1, 2], "good": 0}},
        [("Y", "other_codes", 100)],
    ),
]


@pytest.mark.parametrize(("more", "options", "wanted"), [b[1:] for b in BREACHES], ids=[b[0] for b in BREACHES])
def test_breaches(breaches, more: dict[str, Any], options: dict[str, Any], wanted: list[Any]) -> None:
    found = breaches(table() | more, **options)
    if wanted[0][1] == "not_finite":
        found = [(column, rule, ROWS) for column, rule, _ in found]
    assert found == wanted


def test_values_outside_the_contract(breaches) -> None:
    columns = table()
    columns["age"][:3] = [-9, 150, None]
    columns["region"][0] = "west"
    contract = {
        "age": {"range": [18, 80], "specials": {"-9": "not asked"}, "missing": False},
        "region": {"allowed": ["north", "south", "east"]},
        "income": {"type": "numeric", "range": [None, 0]},
    }
    assert breaches(columns, columns=contract) == [
        ("income", "range", ROWS),
        ("age", "missing", 1),
        ("age", "range", 1),
        ("region", "allowed", 1),
    ]


def test_all_breaches_are_told_with_keys_and_rows(take: Take) -> None:
    columns = table() | {"id": [f"K{index}" for index in range(ROWS)]}
    columns["income"][4] = "a lot"
    columns["age"][9] = "inf"
    with pytest.raises(IntakeError) as caught:
        take(
            columns,
            key="id",
            columns={"income": {"type": "numeric"}, "age": {"type": "numeric"}, "AGE": {}},
            outcome={"column": "Y", "bad": 9},
        )
    faults = {fault.path: fault for fault in caught.value.faults}
    assert set(faults) == {"data.columns.income.type", "data.columns.age.type", "data.columns.AGE", "outcome.bad"}
    income = faults["data.columns.income.type"]
    assert (income.row, income.found) == (5, "'a lot' in 1 row, with key K4")
    assert faults["data.columns.age.type"].code == "not_finite"
    assert faults["data.columns.AGE"].remedy == "did you mean 'age'?"
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - that errors travel between processes
    assert again.faults == caught.value.faults
    pd.testing.assert_frame_equal(again.failures, caught.value.failures)


def test_columns_that_are_not_named_are_never_a_fault(take: Take) -> None:
    columns = table() | {"inf": ["inf"] + [1.0] * (ROWS - 1), "huge": ["1e999"] + [2.0] * (ROWS - 1)}
    intake = take(columns)
    assert intake.types["inf"] == intake.types["huge"] == "categorical"


@pytest.mark.parametrize(
    ("values", "outcome", "bad", "good"),
    [
        (["Bad", "Good"], {"bad": "Bad"}, ("Bad",), ("Good",)),
        ([2, 1], {"bad": 2}, ("2",), ("1",)),
        (["2.0", "1.0"], {"bad": 2}, ("2",), ("1",)),
        ([2, 1], {"bad": "2"}, ("2",), ("1",)),
        (["TRUE", "FALSE"], {"bad": True}, ("TRUE",), ("FALSE",)),
        (["01", "00"], {"bad": "01"}, ("01",), ("00",)),
        ([1, 0, 2], {"bad": [1, 2], "good": 0}, ("1", "2"), ("0",)),
        ([1, 0, 2], {"bad": [1, 2]}, ("1", "2"), ("0",)),
    ],
)
def test_codes_of_the_outcome(take: Take, values: list[Any], outcome: dict[str, Any], bad: Any, good: Any) -> None:
    column = [values[index % len(values)] for index in range(ROWS)]
    intake = take(table() | {"Y": column}, outcome={"column": "Y", **outcome})
    assert intake.definition["bad"] == ", ".join(bad)
    assert intake.definition["good"].startswith(", ".join(good))
    wanted = [1.0 if any(str(v) == b or v == f"{b}.0" for b in bad) else 0.0 for v in column]
    assert intake.outcome.tolist() == wanted


def test_keys(take: Take) -> None:
    for keys, wanted in (
        (list(range(10, 10 + ROWS)), np.int64),
        ([f"{index:05d}" for index in range(ROWS)], object),
        ([2**62 + index for index in range(ROWS)], np.int64),
        ([2**64 + index for index in range(ROWS)], object),
    ):
        intake = take(table() | {"k": keys}, key="k")
        assert intake.key.dtype == wanted
        assert [str(key) for key in intake.key] == [str(key) for key in keys]
        assert intake.roles["k"] == "key"


def test_declared_types(take: Take) -> None:
    columns = table() | {"code": [("1.0", "2.0")[index % 2] for index in range(ROWS)], "grade": ["01", "12"] * 200}
    assert take(columns).types["code"] == "numeric"
    contract = {"code": {"type": "categorical"}, "age": {"type": "categorical"}, "grade": {"type": "numeric"}}
    intake = take(columns, columns=contract)
    assert set(intake.frame["code"]) == {"1", "2"}
    assert set(intake.frame["age"]) == {str(age) for age in columns["age"]}
    assert set(intake.frame["grade"]) == {1.0, 12.0}
    told = set(intake.tables["data.conversions"].itertuples(index=False, name=None))
    assert ("code", "number written as a code: 1, not 1.0", ROWS) in told
    assert ("grade", "leading zeros of a number passed over", 200) in told


def test_protected_and_forbidden_are_never_predictors(take: Take) -> None:
    intake = take(table(), protected={"eu": ["age"], "us": ["age"]}, forbidden=["region"])
    assert intake.predictors == ("income",)
    assert intake.contract_columns == ("income", "age", "region", "Y")


def test_derived_characteristics(take: Take) -> None:
    columns = table() | {"limit": [-9, 0, 100, 200] * 100}
    derive = {"use": "income / limit", "double use": "2 * use", "kind": "if(region == 'north', 'n', 'other')"}
    intake = take(columns, columns={"limit": {"specials": {"-9": "none"}}}, derive=derive)
    limit = pd.Series(columns["limit"]).where(lambda v: v > 0)
    pd.testing.assert_series_equal(intake.frame["use"], pd.Series(columns["income"]) / limit, check_names=False)
    pd.testing.assert_series_equal(intake.frame["double use"], 2 * intake.frame["use"], check_names=False)
    assert set(intake.frame["kind"]) == {"n", "other"}
    assert intake.predictors[-3:] == ("use", "double use", "kind")
    told = set(intake.tables["data.conversions"].itertuples(index=False, name=None))
    assert ("use", "special codes of limit read as missing in the expression", 100) in told


def test_duplicates(take: Take, test_data: Path) -> None:
    columns = {name: values + values[:3] for name, values in table().items()}
    found = take(columns).tables["data.duplicates"]
    wanted = pd.DataFrame(columns).duplicated().sum()
    assert found["rows"].tolist()[:2] == [ROWS + 3, wanted]
    taiwan = read_source(test_data / "taiwan_credit.csv.gz")
    intake = take_in(taiwan, DataSpec(source="t"), OutcomeSpec(column="DEFAULT", bad=1))
    assert intake.tables["data.duplicates"]["rows"].tolist()[1] == 35  # as shared/data/README.md says


def test_the_snapshot(take: Take) -> None:
    columns = table() | {"id": list(range(ROWS, 0, -1)), "one": [1] * ROWS}
    intake = take(columns, key="id", protected=["age"], derive={"r": "income + 1"})
    labels = np.array(["development", None] * 200, dtype=object)
    snapshot = snapshot_frame(intake, labels)
    head = ["_key", "_sample", "_outcome", "_status", "_weight", "_cluster"]
    assert snapshot.columns.tolist() == [*head, "income", "age", "region", "Y"]
    assert snapshot["_key"].tolist() == columns["id"]
    assert snapshot["_weight"].sum() == ROWS
    assert snapshot["_status"].isna().all()


def test_a_table_to_be_scored(tmp_path: Path) -> None:
    path = tmp_path / "new.csv"
    path.write_text("n,c,m,other\n1.50,7.0,NA,x\n,8.0,2,y\n", "utf-8")
    inputs = [{"name": n, "type": t} for n, t in (("n", "number"), ("c", "string"), ("m", "number"), ("z", "number"))]
    frame = typed_frame(read_source(path), inputs)
    assert frame["n"].tolist()[0] == 1.5
    assert frame["n"].isna().tolist() == [False, True]
    assert frame["c"].tolist() == ["7", "8"]
    assert frame["m"].isna().tolist() == [True, False]
    assert frame["other"].tolist() == ["x", "y"]
    path.write_text("n,c\nx,1\n2,1\n", "utf-8")
    with pytest.raises(IntakeError, match="not numbers"):
        typed_frame(read_source(path), inputs)


@pytest.mark.parametrize(
    ("name", "outcome", "categorical", "left_out"),
    [
        ("german_credit", {"column": "credit_risk", "bad": 2}, 13, set()),
        ("heloc", {"column": "RiskPerformance", "bad": "Bad"}, 0, set()),
        ("taiwan_credit", {"column": "DEFAULT", "bad": 1}, 0, {"ID"}),
        ("lc_accepted", {"column": "loan_status", "bad": "Charged Off"}, 6, {"date", "zip_code"}),
        ("hmda_boston", {"column": "deny", "bad": "yes"}, 7, set()),
    ],
)
def test_real_data_need_no_preparation(
    test_data: Path, name: str, outcome: dict[str, Any], categorical: int, left_out: set[str]
) -> None:
    source = read_source(test_data / f"{name}.csv.gz")
    intake = take_in(source, DataSpec(source="x"), OutcomeSpec(**outcome))
    plain = pd.read_csv(test_data / f"{name}.csv.gz")
    for column in intake.contract_columns:
        if intake.types[column] == "numeric":
            np.testing.assert_array_equal(intake.frame[column].to_numpy(), plain[column].to_numpy(float))
        else:
            wanted = plain[column].astype(object).where(plain[column].notna(), None)
            assert intake.frame[column].tolist() == wanted.tolist()
    assert set(intake.tables["data.columns_left_out"]["column"]) == left_out
    kinds = [intake.types[column] for column in intake.predictors]
    assert kinds.count("categorical") == categorical


def test_real_data_with_rows_that_have_no_outcome(test_data: Path) -> None:
    source = read_source(test_data / "sba_loans.csv.gz")
    with pytest.raises(DataContractError) as caught:
        take_in(source, DataSpec(source="x"), OutcomeSpec(column="MIS_Status", bad="CHGOFF"))
    assert caught.value.failures[["column", "rule", "rows"]].to_numpy().tolist() == [
        ["MIS_Status", "outcome_missing", 119]
    ]


def test_column_specs_are_plain_settings() -> None:
    assert ColumnSpec().model_dump() == ColumnSpec.model_validate({}).model_dump()
