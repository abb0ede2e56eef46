"""Reading performance history: every fault at once, and the same result from every kind of source."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.sampling import History, read_history
from credit_risk.sampling.history_spec import DefinitionSpec, HistorySpec, MaterialitySpec

STATES = {"0": 1, "1": 30, "2": 60, "3": 90, "4": 120, "5": 150, "C": 0, "X": None}
MONTHLY = HistorySpec(source="x", key="id", month="m", days_past_due="dpd")


def spec(**changes: Any) -> HistorySpec:
    return HistorySpec.model_validate({"source": "x", "key": "id", "month": "m", "days_past_due": "dpd", **changes})


def table(rows: list[tuple[Any, ...]], *names: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(names or ("id", "m", "dpd")))


def faults(source: Any, chosen: HistorySpec = MONTHLY) -> list[Fault]:
    with pytest.raises(IntakeError) as caught:
        read_history(source, chosen)
    return list(caught.value.faults)


def months(history: History) -> list[tuple[Any, ...]]:
    return history.rows_of("SELECT * FROM months ORDER BY key, month")


@pytest.fixture(scope="module")
def cards(test_data: Path) -> History:
    chosen = spec(key="ID", month="MONTHS_BALANCE", days_past_due=None, state="STATUS", states=STATES)
    return read_history(test_data / "cards_monthly_status.csv.gz", chosen, DefinitionSpec(days_past_due=60))


def test_known_counts_of_the_cards(cards: History) -> None:
    """Counted by pandas: 1,048,575 rows, 45,985 accounts, 667 of them ever 60 or more days past due."""
    assert (cards.rows, cards.accounts, cards.first, cards.until) == (1_048_575, 45_985, -60, 0)
    assert cards.items()["accounts with an event at any time"] == 667
    assert cards.items()["sha256"] == "1546fb6dd70f414fdcc016703bda135b352fe775041a3ec1197ca7bb0620ff7e"
    assert cards.items()["months without exposure"] == 209_230


def test_the_same_from_every_kind_of_source(tmp_path: Path) -> None:
    frame = table([(1, -1, 0), (1, 0, 95), (2, 0, 10)])
    text = frame.to_csv(index=False)
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "b.csv").write_text(text.replace(",", ";"))
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(text.encode()))
    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "d.parquet")
    files = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv.gz", "d.parquet")]
    sources: list[Any] = [*files, str(files[0]), frame, pl.from_pandas(frame), pa.Table.from_pandas(frame)]
    for source in sources:
        history = read_history(source, MONTHLY)
        assert months(history) == [(1, -1, 0, False), (1, 0, 95, True), (2, 0, 10, False)]
        assert history.integer_key
        assert (history.first, history.last, history.until) == (-1, 0, 0)


@pytest.mark.parametrize("how", ["parquet", "polars", "pandas"])
def test_nan_is_no_number(how: str, tmp_path: Path) -> None:
    """DuckDB answers comparisons on Parquet from minimum and maximum, which leave NaN out."""
    values = np.array([0.0, np.nan, 95.0])
    arrow = pa.table({"id": [1, 1, 1], "m": [0, 1, 2], "dpd": pa.array(values)})
    source: Any = tmp_path / "nan.parquet"
    pq.write_table(arrow, source)
    assert np.isnan(pq.read_table(source)["dpd"].to_numpy()[1])
    if how != "parquet":
        source = pl.from_arrow(arrow) if how == "polars" else pd.DataFrame({"id": 1, "m": [0, 1, 2], "dpd": values})
    (fault,) = faults(source)
    assert (fault.code, fault.path) == ("type", "outcome.history.days_past_due")
    assert "1 rows" in str(fault.found)


def test_dates_of_many_kinds_are_months() -> None:
    dated = spec(month=None, date="m")
    written = (["2024-01-31", "2024-02-29"], ["31.01.2024", "29.02.2024"], ["2024-01", "2024-02"], ["202401", "202402"])
    stored = ([202401, 202402], list(pd.to_datetime(["2024-01-31", "2024-02-29"])))
    for values in (*written, *stored):
        history = read_history(table([(1, values[0], 0), (1, values[1], 95)]), dated)
        assert [row[1] for row in months(history)] == [2024 * 12, 2024 * 12 + 1]
        assert history.calendar
        assert (history.items()["first month"], history.items()["observed until"]) == ("2024-01", "2024-02")


def test_all_faults_at_once() -> None:
    rows = [
        *[(1, 0, "0", "no"), (1, 1, "0", "no"), (1, 1, "1", "no"), (1, 2, "0", "")],  # month 1 twice
        *[(2, 0, "0", "no"), (2, 3, "0", "yes")],  # months 1 and 2 are not there
        *[(3, 4, "Z", "no"), (3, 5, "0", "perhaps"), (3, 6, "Q", "no")],  # codes and a flag
        *[(4, 8, "C", "no")],  # after the end
    ]
    chosen = spec(days_past_due=None, state="dpd", states=STATES, write_off="off", observed_until=7)
    found = {fault.code: fault for fault in faults(table(rows, "id", "m", "dpd", "off"), chosen)}
    assert set(found) == {"unknown_state", "type", "future_month", "duplicate_month", "gap", "hole"}
    assert found["unknown_state"].found == "Q: 1, Z: 1"
    assert found["unknown_state"].path == "outcome.history.states"
    assert found["duplicate_month"].found == "1 month of 1 account, such as 1 (1)"
    assert found["gap"].found == "2 months of 1 account, such as 2 (1)"
    assert found["future_month"].found == "1 month of 1 account, such as 4 (8); the last is 8"
    assert found["hole"].found == "7; 1 row of 1 account from 8 on"
    assert "'perhaps'" in str(found["type"].found)
    assert all(fault.file == "(table)" for fault in found.values())


def test_gaps_may_be_accepted_and_are_counted() -> None:
    history = read_history(table([(1, 0, 0), (1, 3, 95)]), spec(gaps="accept"))
    assert history.items()["months missing inside histories, taken as without event"] == 2
    assert history.items()["months in which no account has a record"] == 2


def test_long_histories_are_checked_too() -> None:
    """More months than the bits of an integer: the other way of counting."""
    rows = [(1, month, 0) for month in range(0, 400, 1) if month != 200]
    found = faults(table([*rows, (1, 7, 0)]))
    assert [fault.code for fault in found] == ["duplicate_month", "hole", "gap"]
    assert found[0].found == "1 month of 1 account, such as 1 (7)"
    assert found[2].found == "1 month of 1 account, such as 1 (200)"


def test_a_month_of_the_future_does_not_move_the_end_of_observation() -> None:
    """One account with one row decades ahead would make every window look observed to its end."""
    good = [(key, f"2020-{m:02d}", 0) for key in range(3) for m in range(1, 13)]
    (fault,) = faults(table([*good, (9, "2099-01", 0)]), spec(month=None, date="m"))
    assert (fault.code, fault.path) == ("hole", "outcome.history.date")
    assert fault.found == "2021-01 to 2098-12; 1 row of 1 account from 2099-01 on"
    assert "months of the future" in str(fault.remedy)
    declared = spec(month=None, date="m", observed_until="2020-12")
    assert [one.code for one in faults(table([*good, (9, "2099-01", 0)]), declared)] == ["future_month", "hole"]


MIXED = [
    (spec(month=None, date="m"), ["2024-01-31", "28/02/2024"], "month", "'2024-01-31', '28/02/2024'"),
    (spec(), ["1.5", "x"], "month", "'1.5', 'x' in 2 rows"),
    (spec(), [None, "0"], "month", "1 rows"),
]


@pytest.mark.parametrize(("chosen", "values", "code", "found"), MIXED, ids=["mixed dates", "not whole", "missing"])
def test_months_that_cannot_be_read(chosen: HistorySpec, values: list[Any], code: str, found: str) -> None:
    (fault,) = faults(table([(1, values[0], 0), (1, values[1], 0)]), chosen)
    assert (fault.code, fault.found) == (code, found)


def test_dates_of_a_history_that_read_in_two_ways_are_refused_and_may_be_declared() -> None:
    rows = [(1, f"0{month}/02/2024", 0) for month in range(1, 8)]
    (fault,) = faults(table(rows), spec(month=None, date="m"))
    assert (fault.code, fault.path) == ("month", "outcome.history.date")
    assert fault.found == "'01/02/2024' is 2024-01-02 as %m/%d/%Y and 2024-02-01 as %d/%m/%Y"
    assert "declare outcome.history: date_format: '%d/%m/%Y'" in str(fault.remedy)
    read = read_history(table(rows), spec(month=None, date="m", date_format="%m/%d/%Y"))
    assert [month for _, month, *_ in months(read)] == [2024 * 12 + month for month in range(7)]
    (fault,) = faults(table(rows), spec(month=None, date="m", date_format="%Y-%m-%d"))
    assert (fault.message, fault.allowed) == (
        "the values of 'm' are not all dates in the declared format",
        "dates in the format %Y-%m-%d",
    )
    short = [(1, f"15.0{month}.98", 0) for month in range(1, 4)]
    (fault,) = faults(table(short), spec(month=None, date="m"))
    assert "first_year" in str(fault.remedy)
    read = read_history(table(short), spec(month=None, date="m", date_format="%d.%m.%y", first_year=1950))
    assert months(read)[0][1] == 1998 * 12


def test_columns_that_are_not_there() -> None:
    found = faults(table([(1, 0, 0)]), spec(days_past_due="DPD", write_off="off", unlikely_to_pay=["utp"]))
    assert [fault.path for fault in found] == [
        "outcome.history.days_past_due",
        "outcome.history.write_off",
        "outcome.history.unlikely_to_pay[0]",
    ]


@pytest.mark.parametrize("values", [[-1, 0], [0.5, 0], ["x", "0"], [None, 0], [float("inf"), 0]])
def test_days_past_due_are_whole_numbers(values: list[Any]) -> None:
    (fault,) = faults(table([(1, 0, values[0]), (1, 1, values[1])]))
    assert (fault.code, fault.path) == ("type", "outcome.history.days_past_due")


def test_missing_keys_and_amounts() -> None:
    chosen = spec(past_due="due", materiality=MaterialitySpec(absolute=100.0), obligor="who")
    rows = [(1, 0, 0, None, "a"), (None, 1, 95, 200.0, None)]
    found = faults(table(rows, "id", "m", "dpd", "due", "who"), chosen)
    paths = [fault.path for fault in found]
    assert {"outcome.history.key", "outcome.history.obligor", "outcome.history.past_due"} <= set(paths)


BAD_FILES = {
    "truncated.csv.gz": gzip.compress(b"id,m,dpd\n" + b"1,0,0\n" * 5000)[:-40],
    "ragged.csv": b"id,m,dpd\n1,0,0\n1,1\n",
    "latin.csv": "id,m,dpd\nä,0,0\n".encode("latin-1"),
    "twice.csv": b"id,m,m\n1,0,0\n",
    "empty.csv": b"",
    "header.csv": b"id,m,dpd\n",
    "broken.parquet": b"PAR1 and nothing more",
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_files_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(BAD_FILES[name])
    (fault,) = faults(tmp_path / name)
    assert fault.file == name
    assert fault.remedy or fault.allowed or fault.found or fault.code == "no_rows"


def test_what_is_no_source(tmp_path: Path) -> None:
    assert faults(tmp_path / "absent.csv")[0].code == "unreadable"
    assert "neither a file nor a table" in faults(3)[0].message
    assert "mix types" in faults(table([(1, 0, "x"), (1, 1, 0)]))[0].message
