"""Reading CSV and Parquet: nothing lost, nothing guessed, every bad file told."""

from __future__ import annotations

import csv
import gzip
import io
import struct
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from credit_risk._core.errors import IntakeError
from credit_risk._core.hashing import sha256_bytes
from credit_risk.sampling import read_source
from credit_risk.sampling.column_types import as_numeric, as_text, decide_type, read_numbers
from credit_risk.sampling.csv_source import read_csv
from credit_risk.sampling.date_formats import read_dates
from credit_risk.sampling.source import RawColumn

GOOD = b"id,x\n1,2.5\n2,3.5\n"


def typed(raw: RawColumn) -> pd.Series:
    reading = read_numbers(raw)
    kind, _ = decide_type(raw, reading, read_dates(raw))
    reader = as_numeric if kind == "numeric" else lambda *parts: as_text(*parts, kind)
    return reader("x", raw, reading)[0].series()


def written(rows: list[list[str]], delimiter: str = ",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return stream.getvalue().encode()


any_text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(any_text, min_size=3, max_size=3), min_size=1, max_size=8), st.sampled_from(",;\t|"))
def test_every_text_comes_back(rows: list[list[str]], delimiter: str) -> None:
    _, raw, _ = read_csv(written([["a", "b", "c"], *rows], delimiter), "t.csv")
    found = list(zip(*(raw[name].values().tolist() for name in "abc"), strict=True))
    assert found == [tuple(text or None for text in row) for row in rows]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_every_double_comes_back_bit_for_bit(numbers: list[float]) -> None:
    _, raw, _ = read_csv(written([["n", "x"], *(["k", repr(value)] for value in numbers)]), "t.csv")
    found = typed(raw["x"])
    if found.dtype == np.float64:
        zeros = [value + 0.0 for value in numbers]  # −0.0 and 0.0 are one level, and equal
        assert [value + 0.0 for value in found] == zeros
        bits = [struct.pack("<d", value + 0.0) for value in found]
        assert bits == [struct.pack("<d", value) for value in zeros]
    else:
        assert any(value.is_integer() for value in numbers) or found.tolist() == [repr(v) for v in numbers]


@given(st.lists(st.none() | any_text, min_size=1, max_size=15))
def test_texts_come_back_unless_they_are_all_numbers(texts: list[str | None]) -> None:
    texts = [text or None for text in texts]
    _, raw, _ = read_csv(written([["n", "x"], *(["k", text or ""] for text in texts)]), "t.csv")
    found = typed(raw["x"])
    if found.dtype == object:
        assert found.tolist() == texts
    else:
        present = [text for text in texts if text is not None and text.strip() and text.strip() not in ("?", ".", "-")]
        assert all(float(text) == value for text, value in zip(present, found.dropna(), strict=True))


@given(
    st.dictionaries(
        st.text(st.characters(categories=("L", "N", "Zs")), min_size=1, max_size=8).filter(str.strip),
        st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=4, max_size=4),
        min_size=2,
        max_size=4,
    )
)
def test_parquet_comes_back(columns: dict[str, list[float | None]]) -> None:
    stream = io.BytesIO()
    pq.write_table(pa.table({name: pa.array(values, pa.float64()) for name, values in columns.items()}), stream)
    path = Path("t.parquet")
    from credit_risk.sampling.parquet_source import read_parquet

    _, raw, _ = read_parquet(stream.getvalue(), path.name)
    assert {name: column.values().tolist() for name, column in raw.items()} == columns


def test_facts_of_the_source(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(GOOD, mtime=0))
    source = read_source(path)
    assert (source.name, source.rows, source.columns) == ("t.csv.gz", 2, ("id", "x"))
    assert source.sha256 == sha256_bytes(path.read_bytes())
    assert source.layout == "CSV, comma-separated, UTF-8, gzip"
    assert source.frame.to_dict("list") == {"id": ["1", "2"], "x": ["2.5", "3.5"]}
    assert "2 rows" in source._repr_html_()


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (b"a,b\r\n1,2\r\n3,4\r\n", ["1", "3"]),
        (b"a,b\r1,2\r3,4\r", ["1", "3"]),
        (b"\xef\xbb\xbfa,b\n1,2\n3,4", ["1", "3"]),
        (b"a;b\n1;2,5\n3;4,5\n", ["1", "3"]),
        (b"a\tb\n1\t2\n3\t4\n", ["1", "3"]),
        (b'"a",b\n"1",2\n3,4\n', ["1", "3"]),
        (b"a,b\n1,2\n\n3,4\n\n", ["1", "3"]),
        (b'a,b\n"1\n2",x\n3,y\n', ["1\n2", "3"]),
        (b'a,b\n"say ""hi""",x\n"5"" pipe",y\n', ['say "hi"', '5" pipe']),
        (b"a\n1\n\n3\n", ["1", None, "3"]),
        (b"a,b\n1,x\n,\n3,y\n", ["1", None, "3"]),
    ],
)
def test_layouts(data: bytes, values: list[str | None]) -> None:
    _, raw, _ = read_csv(data, "t.csv")
    assert raw["a"].values().tolist() == values


def test_what_is_done_is_recorded() -> None:
    _, raw, conversions = read_csv(b"\xef\xbb\xbf,b\n1,\n\n2,x\n", "t.csv")
    assert list(raw) == ["column_1", "b"]
    assert [(c.column, c.conversion, c.rows) for c in conversions] == [
        ("(table)", "byte-order mark passed over", 0),
        ("column_1", "column 1 has no name and is called so", 0),
        ("(table)", "blank lines passed over", 1),
        ("b", "empty field read as missing", 1),
    ]


def test_two_gzip_members_are_one_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n") + b"\0" * 7)
    assert read_source(path).rows == 2


packed = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * 7919 % 1000) for i in range(5000)))
BAD_FILES = {
    "empty": (b"", "empty", "the file is empty"),
    "blank": (b"\n\n", "empty", "the file is empty"),
    "header only": (b"a,b\n", "no_rows", "a header and no row"),
    "header without line end": (b"a,b", "no_rows", "a header and no row"),
    "truncated gzip": (packed[: len(packed) // 2], "truncated", "truncated"),
    "gzip without its end": (packed[:-4], "truncated", "truncated"),
    "damaged gzip": (packed[:500] + b"\xff" * 50 + packed[550:], "damaged", "damaged"),
    "garbage after gzip": (packed + b"garbage", "damaged", "damaged"),
    "empty gzip": (gzip.compress(b""), "empty", "the file is empty"),
    "latin-1": ("a,b\n1,Zürich\n".encode("latin-1"), "encoding", "not UTF-8"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), "encoding", "UTF-16"),
    "binary": (b"a,b\n1,\0\n", "not_a_table", "NUL"),
    "zip": (b"PK\x03\x04....", "not_a_table", "zip"),
    "short row": (b"a,b\n1,2\n3\n", "ragged", "as many fields"),
    "long row": (b"a,b\n1,2\n3,4,5\n", "ragged", "as many fields"),
    "same name twice": (b"a,b,a\n1,2,3\n", "duplicate_column", "2 columns"),
    "open quote": (b'a,b\n1,"x\n2,y\n', "truncated", "never closed"),
    "json": (b'{"a": 1}\n{"a": 2}\n', "not_a_table", "not a table"),
    "html": (b"<html><body>Log in</body></html>\n\n<p>x</p>\n", "not_a_table", "not a table"),
    "truncated parquet": (b"PAR1" + b"\0" * 100, "damaged", "Parquet"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files_are_refused(name: str, tmp_path: Path) -> None:
    data, code, words = BAD_FILES[name]
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(IntakeError) as caught:
        read_source(path)
    (fault,) = caught.value.faults
    assert fault.code == code
    assert words in fault.message
    assert fault.file == "t.csv"


@pytest.mark.parametrize("cut", [1, 3, 40, 400, 4_000])
def test_every_truncation_of_a_gzip_file_is_refused(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "t.csv.gz"
    path.write_bytes(packed[:-cut])
    with pytest.raises(IntakeError, match="truncated"):
        read_source(path)


def test_rows_of_faults(tmp_path: Path) -> None:
    for data, rows in ((b"a,b\n1,2\n3\n4,5\n6,7,8\n", [3, 5]), (b"a,b\n1,2\n3,\xff\n", [3])):
        (tmp_path / "t.csv").write_bytes(data)
        with pytest.raises(IntakeError) as caught:
            read_source(tmp_path / "t.csv")
        assert [fault.row for fault in caught.value.faults] == rows


def test_many_ragged_rows_are_summed_up(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + b"1\n" * 100)
    with pytest.raises(IntakeError) as caught:
        read_source(tmp_path / "t.csv")
    assert len(caught.value.faults) == 21
    assert "80 rows more" in caught.value.faults[-1].message


def test_absent_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="No such file"):
        read_source(tmp_path / "none.csv")
    with pytest.raises(IntakeError, match="is a folder"):
        read_source(tmp_path)


def parquet(tmp_path: Path, **columns: pa.Array) -> Path:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_types_of_parquet(tmp_path: Path) -> None:
    path = parquet(
        tmp_path,
        i=pa.array([1, None, 3]),
        f=pa.array([0.1, float("nan"), None]),
        b=pa.array([True, False, None]),
        s=pa.array(["x", "", None]),
        d=pa.array([date(2026, 11, 20), None, date(2026, 11, 21)]),
        t=pa.array([datetime(2026, 11, 20, 1, 2, tzinfo=UTC), None, None], pa.timestamp("us")),
        c=pa.array(["u", "v", "u"]).dictionary_encode(),
        n=pa.array([Decimal("1.10"), None, Decimal("2.20")]),
        big=pa.array([2**60, 2**60 + 1, None]),
        none=pa.nulls(3),
    )
    source = read_source(path)
    assert source.frame.to_dict("list") == {
        "i": [1.0, None, 3.0],
        "f": [0.1, None, None],
        "b": ["true", "false", None],
        "s": ["x", None, None],
        "d": ["2026-11-20", None, "2026-11-21"],
        "t": ["2026-11-20T01:02:00", None, None],
        "c": ["u", "v", "u"],
        "n": [1.1, None, 2.2],
        "big": [str(2**60), str(2**60 + 1), None],
        "none": [None, None, None],
    }
    told = {(c.column, c.conversion) for c in source.conversions}
    assert ("b", "truth value read as text") in told
    assert ("big", "kept as text: whole numbers too long for a double") in told
    assert ("n", "decimal read as the nearest double") in told


def test_parquet_columns_that_are_no_values_are_marked_with_their_type(tmp_path: Path) -> None:
    path = parquet(tmp_path, a=pa.array([[1], [2]]), b=pa.array([{"x": 1}, {"x": 2}]), c=pa.array([1, 2]))
    source = read_source(path)
    assert {name: bool(column.unusable) for name, column in source.raw.items()} == {"a": True, "b": True, "c": False}
    assert "list" in source.raw["a"].unusable
    assert "struct" in source.raw["b"].unusable


def test_truncated_parquet(tmp_path: Path) -> None:
    path = parquet(tmp_path, a=pa.array(range(1000)))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(IntakeError, match="damaged or truncated"):
        read_source(path)


def test_parquet_without_rows(tmp_path: Path) -> None:
    with pytest.raises(IntakeError, match="no row"):
        read_source(parquet(tmp_path, a=pa.array([], pa.float64())))
