"""Files of source rows: what is read, and what is refused with one error that names the file and the remedy."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from validation import ValidationInputError, cli
from validation.rebuild.source.columns import reason_to_leave_out, typed
from validation.rebuild.source.files import SourceTable, raw_column, read_table
from validation.rebuild.source.history import HistoryError, read_history
from validation.rebuild.source.performance import Points, outcomes
from validation.rebuild.source.readings import plain_text
from validation.sources import read_sources

ROWS = "id,income,kind\n1,10.5,a\n2,,b\n3,NA,\n"
PLAIN: dict[str, Any] = {}


def stated(path: Path, history: Path | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """The manifest and evidence of a package made of these files."""

    def digest(one: Path) -> str:
        return hashlib.sha256(one.read_bytes()).hexdigest()

    manifest = {"source": {"name": path.name, "sha256": digest(path), "rows": 3, "columns": 3}}
    if history is None:
        return manifest, {}
    rows = [["file", history.name], ["sha256", digest(history)]]
    return manifest, {"outcome.history": {"rows": rows}}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, "utf-8")
    return path


def test_a_file_a_folder_and_a_history_are_recognised(table: Path, tmp_path: Path) -> None:
    history = tmp_path / "months.csv.gz"
    history.write_bytes(gzip.compress(b"id,month\n1,1\n"))
    found = read_sources([table], *stated(table))
    assert (found.table.name, found.table.rows, found.history) == ("rows.csv", 3, None)
    both = read_sources([tmp_path], *stated(table, history))
    assert both.history is not None
    assert (both.table.sha256, both.history.name) == (found.table.sha256, "months.csv.gz")
    moved = tmp_path / "another_name.csv"
    moved.write_bytes(table.read_bytes())
    assert read_sources([history, moved], *stated(table, history)).table.name == "another_name.csv"


def refused(path: Path, of: Path) -> str:
    with pytest.raises(ValidationInputError) as caught:
        read_sources([path], *stated(of))
    assert len(caught.value.faults) == 1
    fault = caught.value.faults[0]
    assert str(path) in str(fault.file)
    assert fault.remedy or fault.allowed
    return str(fault)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("cut.csv.gz", gzip.compress(ROWS.encode() * 50)[:-20], "the gzip file is truncated"),
        ("broken.csv.gz", gzip.compress(ROWS.encode())[:-8] + b"\0" * 8, "the gzip file is damaged"),
        ("latin.csv", "id,kind\n1,grün\n".encode("latin-1"), "not UTF-8"),
        ("ragged.csv", b"id,kind\n1,a\n2\n", "not as many fields as the header"),
        ("open.csv", b'id,kind\n1,"a\n2,b\n', "not readable as CSV"),
        ("twice.csv", b"id,id\n1,2\n", "columns have the same name"),
        ("empty.csv", b"", "the file is empty"),
        ("blank.csv", b"\n\n", "the file is empty"),
        ("header.csv", b"id,kind\n", "there is a header and no row"),
        ("nul.csv", b"id\n\0\n", "a NUL byte"),
        ("cut.parquet", b"PAR1" + b"\0" * 40, "not readable as Parquet"),
        ("fewer.csv", b"id,kind\n1,a\n2,b\n3,\n", "another file is another source"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_files_are_refused(table: Path, tmp_path: Path, name: str, data: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert words in refused(path, table)


def test_folders_links_and_absent_files_are_refused(table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    assert "holds none of the source files" in refused(folder, table)
    link = tmp_path / "link.csv"
    link.symlink_to(table)
    assert "symbolic link" in refused(link, table)
    assert "no such source file" in refused(tmp_path / "absent.csv", table)


def test_all_faults_are_told_at_once_and_the_rows_are_needed(table: Path, tmp_path: Path) -> None:
    history = tmp_path / "months.csv"
    history.write_text("id,month\n1,1\n", "utf-8")
    with pytest.raises(ValidationInputError, match="rows of the source were not given"):
        read_sources([history], *stated(table, history))
    with pytest.raises(ValidationInputError) as caught:
        read_sources([tmp_path / "a.csv", tmp_path / "b.csv"], *stated(table))
    assert len(caught.value.faults) == 2


def test_the_command_refuses_another_file(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.csv"
    other.write_text(ROWS, "utf-8")
    assert cli.main([str(package), "--source", str(other)]) == cli.REFUSED
    assert "another file is another source" in capsys.readouterr().err
    assert not (package / "validation").exists()


def test_values_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('\ufeffa;b;\n"x;1";2;3\n\n;4;"say ""no"""\n', "utf-8")
    found = read_table(path)
    assert {name: raw.values().tolist() for name, raw in found.columns.items()} == {
        "a": ["x;1", None],
        "b": ["2", "4"],
        "column_3": ["3", 'say "no"'],
    }
    stored = tmp_path / "t.parquet"
    pd.DataFrame({"n": [1.5, None], "flag": [True, False]}).to_parquet(stored)
    columns = read_table(stored).columns
    assert columns["n"].values().tolist() == [1.5, None]
    assert columns["flag"].values().tolist() == ["true", "false"]


@pytest.mark.parametrize(
    ("text", "form", "plain"),
    [
        ("1.234,5", {"decimal": ",", "thousands": "."}, "1234.5"),
        ("1\u00a0234", {"decimal": ".", "thousands": " "}, "1234"),
        ("-5 %", {"decimal": ".", "unit": "%"}, "-5"),
        ("EUR -7,5", {"decimal": ",", "unit": "EUR"}, "-7.5"),
        ("-EUR 7", {"decimal": ".", "unit": "EUR"}, "-7"),
        ("12.34.5", {"decimal": ",", "thousands": "."}, None),
        ("x", {"decimal": "."}, None),
        ("%", {"decimal": ".", "unit": "%"}, None),
    ],
)
def test_notations_of_numbers(text: str, form: dict[str, Any], plain: str | None) -> None:
    assert plain_text(text, form) == plain


def test_types_are_decided_from_the_values() -> None:
    assert typed(raw_column(["1", "NA", "2.50", ""]), PLAIN, None).levels.tolist() == [1.0, 2.5]
    assert typed(raw_column(["01", "2"]), PLAIN, None).type == "categorical"
    assert typed(raw_column(["31.01.2020", "29.02.2020"]), PLAIN, None).levels.tolist() == ["2020-01-31", "2020-02-29"]
    assert typed(raw_column(["1.0", "2"]), {"type": "categorical"}, None).levels.tolist() == ["1", "2"]
    assert reason_to_leave_out("ROW", typed(raw_column(list(map(str, range(40)))), PLAIN, None)) == "identifier-like"
    assert reason_to_leave_out("X", typed(raw_column(["a"] * 9), PLAIN, None)) == "constant"


def history_of(days: list[int], **settings: Any) -> tuple[SourceTable, dict[str, Any]]:
    months = [f"2020-{k + 1:02d}" for k in range(len(days))]
    columns = {
        "id": raw_column(["7"] * len(days)),
        "month": raw_column(months),
        "days": raw_column(list(map(str, days))),
    }
    spec = dict.fromkeys(("account", "month", "date_format", "first_year", "observed_until", "state", "past_due"))
    spec |= dict.fromkeys(("balance", "materiality", "write_off", "obligor"))
    spec |= {"key": "id", "date": "month", "days_past_due": "days", "unlikely_to_pay": [], "states": {}}
    definition = {"days_past_due": 90, "ever": True, "indeterminate": None, "cure": None, "level": "facility"}
    definition |= {"contagion_share": None, "ended_early": "good", **settings}
    windows = {"performance_months": 3, "observation_months": 0, "observation_points": None, "rolling": None}
    outcome = {"history": spec, "definition": definition, "windows": windows}
    return SourceTable("h.csv", "", len(days), columns), outcome


def test_windows_end_where_the_plan_says() -> None:
    """Ninety days in the fourth month after: bad in a window of four, good in one of three."""
    table, outcome = history_of([0, 0, 30, 60, 90, 60, 0])
    history = read_history(table, outcome)
    point = Points(np.array([0]), np.array([history.start]))
    assert outcomes(history, point, outcome)[0].startswith("good")
    outcome["windows"]["performance_months"] = 4
    assert outcomes(history, point, outcome) == ["bad: an event in the performance window"]
    outcome["windows"]["performance_months"] = 7
    assert outcomes(history, point, outcome)[0].startswith("excluded: the performance window ends after")


def test_a_history_that_cannot_be_read_says_why() -> None:
    table, outcome = history_of([0, 30])
    outcome["history"]["past_due"] = "amount"
    with pytest.raises(HistoryError, match="lacks the columns amount"):
        read_history(table, outcome)
