"""Numbers and dates in text: what is declared reads exactly, what is not certain is told and never guessed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from credit_risk.sampling import DataContractError, Intake, read_source, take_in, typed_frame
from credit_risk.sampling.column_types import read_numbers
from credit_risk.sampling.date_formats import DATE_FORMATS, dates_in_formats, moment_of, read_dates
from credit_risk.sampling.notation import in_other_notation, plain_number
from credit_risk.sampling.production import declared_notations
from credit_risk.sampling.reading_spec import NumberFormatSpec
from credit_risk.sampling.source import RawColumn
from credit_risk.sampling.spec import ColumnSpec, DataSpec, OutcomeSpec

ROWS = 120
GERMAN = {"decimal": ",", "thousands": "."}


def column(texts: list[str | None]) -> RawColumn:
    levels = list(dict.fromkeys(text for text in texts if text is not None))
    codes = np.array([-1 if text is None else levels.index(text) for text in texts])
    return RawColumn(np.array(levels, dtype=object), codes)


def taken(tmp_path: Path, texts: dict[str, list[Any]], /, **data: Any) -> Intake:
    rows = {"x": np.arange(ROWS) % 7 * 1.5, **texts, "Y": np.arange(ROWS) % 4 // 3}
    pd.DataFrame(rows).to_csv(tmp_path / "t.csv", index=False)
    spec = DataSpec.model_validate({"source": "t.csv", **data})
    return take_in(read_source(tmp_path / "t.csv"), spec, OutcomeSpec(column="Y", bad=1))


def refused(tmp_path: Path, texts: dict[str, list[Any]], /, **data: Any) -> DataContractError:
    with pytest.raises(DataContractError) as caught:
        taken(tmp_path, texts, **data)
    return caught.value


def told(intake: Intake, name: str) -> tuple[str, str]:
    frame = intake.tables["data.columns_left_out"].set_index("column")
    return str(frame.loc[name, "reason"]), str(frame.loc[name, "detail"])


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2, allow_nan=False),
    st.sampled_from([".", ","]),
    st.sampled_from([None, ".", ",", " ", "'", "\u00a0", "\u202f"]),
    st.sampled_from([None, "%", "EUR", "€"]),
    st.booleans(),
)
def test_a_declared_notation_reads_what_python_writes(
    number: Any, decimal: str, thousands: str | None, unit: str | None, first: bool
) -> None:
    if thousands == decimal:
        return
    written = f"{number:,.2f}".replace(",", "_").replace(".", decimal).replace("_", thousands or "")
    if unit is not None:
        written = f"{unit} {written}" if first else f"{written} {unit}"
    sign = " " if thousands in ("\u00a0", "\u202f") else thousands
    form = NumberFormatSpec(decimal=decimal, thousands=sign, unit=unit)  # type: ignore[arg-type]
    assert float(plain_number(written, form) or "nan") == float(number)
    reading = read_numbers(column([written]), form)
    assert reading.values.tolist() == [float(number) + 0.0]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("1.5", GERMAN),
        ("1.23,4", GERMAN),
        ("1.2345", GERMAN),
        ("1,2,3", GERMAN),
        ("12.34.567", GERMAN),
        ("1,234", {}),
        ("5 %", {}),
        ("5 EUR", {"unit": "%"}),
        ("%", {"unit": "%"}),
        ("%5%", {"unit": "%"}),
        ("", GERMAN),
        (",", GERMAN),
        ("--5", GERMAN),
        ("٣", {}),
        ("1 234", {"thousands": "'"}),
    ],
)
def test_what_is_no_number_of_a_notation(text: str, form: dict[str, Any]) -> None:
    assert plain_number(text, NumberFormatSpec.model_validate(form)) is None


@pytest.mark.parametrize(
    ("texts", "remedies"),
    [
        (["1.234,56", "2,5"], ["{decimal: ',', thousands: '.'}"]),
        (["1,234", "2,500"], ["{decimal: ','}", "{thousands: ','}"]),
        (["1,234.5", "7"], ["{thousands: ','}"]),
        (["1,5", "12"], ["{decimal: ','}"]),
        (["5 %", "7%"], ["{unit: '%'}"]),
        (["$1,200.50", "$5"], ["{thousands: ',', unit: '$'}"]),
        (["1.200,50 EUR", "5 EUR"], ["{decimal: ',', thousands: '.', unit: 'EUR'}"]),
        (["1 200", "3 400 500"], ["{thousands: ' '}"]),
        (["1,5", "1.5"], ["write the numbers in one notation"]),
    ],
)
def test_the_remedy_names_every_notation_that_reads_all(texts: list[str], remedies: list[str]) -> None:
    raw = column(texts)
    reading = read_numbers(raw)
    other = in_other_notation(raw, reading.not_number, reading.missing_word | reading.blank)
    assert other is not None
    assert other.remedy.count("number_format") == sum("{" in remedy for remedy in remedies)
    assert all(remedy in other.remedy for remedy in remedies)


@pytest.mark.parametrize("texts", [["a", "1,5"], ["20.11.2026", "1.1.2020"], ["10+ years", "2 years"], ["1", "2.5"]])
def test_what_is_no_number_at_all(texts: list[str]) -> None:
    raw = column(texts)
    reading = read_numbers(raw)
    assert in_other_notation(raw, reading.not_number, reading.missing_word | reading.blank) is None


def test_a_declared_number_fails_once_with_count_keys_texts_and_remedy(tmp_path: Path) -> None:
    texts = [f"{1000 + i},5" if i % 3 == 0 else str(i) for i in range(ROWS)]
    error = refused(tmp_path, {"a": texts}, columns={"a": {"type": "numeric"}})
    assert error.failures.to_numpy().tolist() == [["a", "type", 40, "1, 4, 7, 10, 13"]]
    (fault,) = error.faults
    assert (fault.row, fault.path) == (1, "data.columns.a.type")
    assert fault.found is not None
    assert fault.found.startswith("'1000,5', '1003,5'")
    assert fault.remedy is not None
    assert "data.columns.a: number_format: {decimal: ','}" in fault.remedy


def test_an_undeclared_one_is_left_out_and_said_to(tmp_path: Path) -> None:
    intake = taken(tmp_path, {"a": [f"{i % 9},5" for i in range(ROWS)], "b": [f"{i % 5} %" for i in range(ROWS)]})
    assert intake.predictors == ("x",)
    reason, detail = told(intake, "a")
    assert reason == "numbers in another notation"
    assert "'0,5'" in detail
    assert "declare data.columns.a: number_format: {decimal: ','}" in detail
    assert "type: categorical" in detail
    assert told(intake, "b")[0] == "numbers in another notation"
    conversions = set(intake.tables["data.conversions"].itertuples(index=False, name=None))
    assert ("b", "kept as text: numbers in another notation", ROWS) in conversions
    assert "a" in intake.left_out  # the leakage screen looks at it


def test_one_that_the_plan_uses_is_refused_and_one_that_it_forbids_is_not(tmp_path: Path) -> None:
    texts = {"a": [f"{i % 9},5" for i in range(ROWS)]}
    error = refused(tmp_path, texts, columns={"a": {"description": "an amount"}})
    assert error.failures[["column", "rule", "rows"]].to_numpy().tolist() == [["a", "format", ROWS]]
    assert taken(tmp_path, texts, forbidden=["a"]).roles["a"] == "forbidden"
    assert taken(tmp_path, texts, columns={"a": {"type": "categorical"}}).types["a"] == "categorical"


def test_declared_notations_are_read_and_recorded(tmp_path: Path) -> None:
    amounts = [f"{v:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".") for v in np.arange(ROWS) * 1234.5]
    columns = {"a": amounts, "b": [f"{i % 5} %" for i in range(ROWS)], "c": [f"{i % 6},25" for i in range(ROWS)]}
    contract = {"a": {"number_format": GERMAN, "range": [0, None]}, "b": {"number_format": {"unit": "%"}}}
    intake = taken(tmp_path, columns, columns=contract, number_format={"decimal": ","})
    assert intake.frame["a"].tolist() == (np.arange(ROWS) * 1234.5).tolist()
    assert intake.frame["b"].tolist() == [i % 5 for i in range(ROWS)]
    assert intake.frame["c"].tolist() == [i % 6 + 0.25 for i in range(ROWS)]
    conversions = set(intake.tables["data.conversions"].itertuples(index=False, name=None))
    assert ("b", "number in the notation decimal '.', unit '%'", ROWS) in conversions
    read = intake.tables["data.contract"].set_index("column")["read_as"]
    assert read["a"] == "numbers with decimal ',', thousands '.'"
    error = refused(tmp_path, {"a": [*amounts[:-1], "1.5"]}, columns=contract)
    assert error.failures[["column", "rule", "rows"]].to_numpy().tolist() == [["b", "absent", 0], ["a", "type", 1]]


def test_a_table_to_be_scored_is_read_as_the_plan_reads(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("a;b\n1.234,5;3\n2;4,5\n", "utf-8")
    data = DataSpec.model_validate(
        {"source": "t.csv", "number_format": {"decimal": ","}, "columns": {"a": {"number_format": GERMAN}}}
    )
    inputs = [{"name": name, "type": "number"} for name in ("a", "b")]
    notations = declared_notations({"data": data.model_dump(mode="json")}, ["a", "b"])
    frame = typed_frame(read_source(tmp_path / "new.csv"), inputs, notations)
    assert frame.to_numpy().tolist() == [[1234.5, 3.0], [2.0, 4.5]]
    with pytest.raises(DataContractError, match="not numbers"):
        typed_frame(read_source(tmp_path / "new.csv"), inputs)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"number_format": {"decimal": ",", "thousands": ","}}, "same sign"),
        ({"number_format": {"unit": "5"}}, "without digits"),
        ({"number_format": {"unit": "%"}, "type": "categorical"}, "another one"),
        ({"number_format": {"unit": "%"}, "date_format": "%Y"}, "year"),
        ({"date_format": "%d/%m"}, "one year"),
        ({"date_format": "%d/%m/%y"}, "first_year"),
        ({"date_format": "%d/%m/%Y", "first_year": 1950}, "no effect"),
        ({"date_format": "%Q/%m/%Y"}, "unknown codes: %Q"),
        ({"date_format": "%d/%m/%m/%Y"}, "twice"),
        ({"first_year": 1950}, "not declared"),
        ({"date_format": "%d/%m/%Y", "type": "numeric"}, "another one"),
        ({"date_format": "%d/%m/%Y", "order": ["a", "b"]}, "another one"),
    ],
)
def test_readings_that_contradict_themselves_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ColumnSpec.model_validate(options)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.sampled_from([f for f in DATE_FORMATS if "%z" not in f]))
def test_a_date_reads_back_or_is_in_doubt(day: date, pattern: str) -> None:
    text = day.strftime(pattern)
    free = read_dates(column([text]))
    assert free is not None
    if free.certain:
        assert moment_of(text, free.pattern) == moment_of(text, pattern)
    if "%d" in pattern and "%y" not in pattern:
        declared = read_dates(column([text]), pattern)
        assert declared is not None
        found = moment_of(text, declared.pattern)
        assert found is not None
        assert found.date() == day


def test_days_and_months_that_may_be_exchanged_are_refused(tmp_path: Path) -> None:
    texts = [f"{1 + i % 12:02d}/{1 + i % 9:02d}/2024" for i in range(ROWS)]
    error = refused(tmp_path, {"d": texts}, columns={"d": {"type": "date"}})
    (fault,) = error.faults
    exchanged = sum(1 + i % 12 != 1 + i % 9 for i in range(ROWS))
    assert error.failures[["column", "rule", "rows"]].to_numpy().tolist() == [["d", "format", exchanged]]
    assert fault.found is not None
    assert "'10/01/2024' is 2024-10-01 as %m/%d/%Y and 2024-01-10 as %d/%m/%Y" in fault.found
    assert "date_format: '%d/%m/%Y' or date_format: '%m/%d/%Y'" in str(fault.remedy)
    for pattern, first in (("%d/%m/%Y", "2024-01-10"), ("%m/%d/%Y", "2024-10-01")):
        intake = taken(tmp_path, {"d": texts}, columns={"d": {"date_format": pattern}})
        assert intake.frame["d"].iloc[9] == first
        assert intake.types["d"] == "date"
        conversions = intake.tables["data.conversions"].set_index("column")["conversion"]
        assert conversions["d"] == f"date in the format {pattern} written as ISO 8601"
    assert refused(tmp_path, {"d": texts}, date="d").failures["rule"].tolist() == ["format"]


def test_one_value_that_tells_settles_it(tmp_path: Path) -> None:
    texts = [f"{1 + i % 28:02d}/{1 + i % 9:02d}/2024" for i in range(ROWS)]
    intake = taken(tmp_path, {"d": texts}, date="d")
    assert intake.frame["d"].iloc[12] == "2024-04-13"


def test_undeclared_dates_in_doubt_are_left_out_with_the_doubt(tmp_path: Path) -> None:
    columns = {
        "d": [f"{1 + i % 12:02d}/{1 + i % 9:02d}/2024" for i in range(ROWS)],
        "e": [f"{1 + i % 28:02d}-Mar-97" for i in range(ROWS)],
    }
    intake = taken(tmp_path, columns)
    assert told(intake, "d")[0] == told(intake, "e")[0] == "date"
    assert "2024-01-10 as %d/%m/%Y" in told(intake, "d")[1]
    assert "1969 to 2068" in told(intake, "e")[1]
    assert any(
        "are dates in the format %d/%m/%Y too" in text for text in intake.tables["data.conversions"]["conversion"]
    )


def test_years_of_two_digits_need_their_century(tmp_path: Path) -> None:
    texts = [f"{1 + i % 28:02d}/02/{50 + i % 3}" for i in range(ROWS)]
    error = refused(tmp_path, {"born": texts}, columns={"born": {"type": "date"}})
    assert error.failures["rule"].tolist() == ["format"]
    assert "first_year" in str(error)
    contract = {"born": {"date_format": "%d/%m/%y", "first_year": 1930}}
    assert taken(tmp_path, {"born": texts}, columns=contract).frame["born"].iloc[0] == "1950-02-01"
    later = {"born": {"date_format": "%d/%m/%y", "first_year": 1951}}
    assert taken(tmp_path, {"born": texts}, columns=later).frame["born"].iloc[0] == "2050-02-01"


def test_rows_in_another_format_are_named(tmp_path: Path) -> None:
    texts = [
        f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" if i % 10 else f"{13 + i % 15}.{1 + i % 12:02d}.2024"
        for i in range(ROWS)
    ]
    for data in ({"columns": {"d": {"type": "date"}}}, {"date": "d"}):
        error = refused(tmp_path, {"d": texts}, **data)
        assert error.failures.to_numpy().tolist() == [["d", "type", 12, "1, 11, 21, 31, 41"]]
        assert "'13.01.2024'" in str(error)
        assert "dates in the format %Y-%m-%d, as most rows have" in str(error)
    reason, detail = told(taken(tmp_path, {"d": texts}), "d")
    assert reason == "dates not all of one format"
    assert "108 as %Y-%m-%d" in detail
    assert "12 as %d.%m.%Y, '13.01.2024'" in detail
    error = refused(tmp_path, {"d": texts}, columns={"d": {"description": "seen"}})
    assert error.failures.to_numpy().tolist() == [["d", "format", 12, "1, 11, 21, 31, 41"]]
    declared = refused(tmp_path, {"d": texts}, columns={"d": {"date_format": "%Y-%m-%d"}})
    assert declared.failures.to_numpy().tolist() == [["d", "type", 12, "1, 11, 21, 31, 41"]]
    assert declared.faults[0].path == "data.columns.d.date_format"


def test_iso_dates_with_and_without_a_time_are_of_one_format(tmp_path: Path) -> None:
    texts = [f"2024-01-{1 + i % 28:02d}" + ("T10:30:00" if i % 5 == 0 else "") for i in range(ROWS)]
    intake = taken(tmp_path, {"d": texts}, date="d")
    assert intake.types["d"] == "date"
    assert intake.frame["d"].tolist() == texts


def test_iso_dates_without_leading_zeros_sort_as_time(tmp_path: Path) -> None:
    intake = taken(tmp_path, {"d": [f"2024-{1 + i % 12}-5" for i in range(ROWS)]}, date="d")
    assert sorted(set(intake.frame["d"])) == [f"2024-{month:02d}-05" for month in range(1, 13)]


@given(st.lists(st.text(max_size=12), min_size=1, max_size=12))
def test_no_text_breaks_the_search_for_dates(texts: list[str]) -> None:
    raw = column(list(texts))
    found = dates_in_formats(raw, 0.0)
    together = list(found.values())
    assert all(not (one & other).any() for i, one in enumerate(together) for other in together[:i])


def test_days_of_a_text_column_cost_little(tmp_path: Path) -> None:
    names = [f"name {index}" for index in range(20_000)]
    assert dates_in_formats(column(names)) == {}
    start = date(2000, 1, 1)
    days = [(start + timedelta(days=index)).isoformat() for index in range(2_000)]
    assert list(dates_in_formats(column(days))) == ["%Y-%m-%d"]
