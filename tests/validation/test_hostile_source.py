"""Source files made to harm: one clear error that names the file, without waiting and in little memory."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from validation import ValidationInputError
from validation.rebuild.source.columns import typed
from validation.rebuild.source.files import read_table
from validation.rebuild.source.readings import read_number
from validation.sources import read_sources

LIMIT = 3 * 1024**3
CHILD = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({LIMIT}, {LIMIT}))
from pathlib import Path
from validation import ValidationInputError
from validation.rebuild.source.files import read_table
for path in sys.argv[1:]:
    try:
        read_table(Path(path))
        print("read", path)
    except ValidationInputError as error:
        print(len(error.faults), str(error).replace(chr(10), " "))
with open("/proc/self/status") as told:  # ru_maxrss of a child knows of its parent's memory too
    print(next(int(line.split()[1]) for line in told if line.startswith("VmHWM")) * 1024)
"""
MIB = 2**20


def packed(path: Path, block: bytes, times: int) -> None:
    with gzip.open(path, "wb") as file:
        for _ in range(times):
            file.write(block)


def zeros(path: Path) -> None:
    """200 megabytes of NUL bytes in 200 kilobytes."""
    packed(path, bytes(MIB), 200)


def rows(path: Path) -> None:
    """200 megabytes of rows that are all alike in 200 kilobytes."""
    packed(path, b"a,b\n" * (MIB // 4), 200)


def line(path: Path) -> None:
    """A line of 200 megabytes in 200 kilobytes."""
    packed(path, b"1" * MIB, 200)


def cells(path: Path) -> None:
    """30 million empty cells in 30 kilobytes."""
    packed(path, (b"," * 999 + b"\n") * 1000, 30)
    content = ",".join(f"c{number}" for number in range(1000)).encode() + b"\n"
    path.write_bytes(gzip.compress(content) + path.read_bytes())


def sparse(path: Path) -> None:
    """A table of three gigabytes that takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(3 * 1024**3)


def numbers(path: Path) -> None:
    """200 million numbers in a few kilobytes."""
    pieces = [pa.DictionaryArray.from_arrays(pa.array(np.zeros(20_000_000, dtype=np.int8)), pa.array([1.0]))] * 10
    pq.write_table(pa.table({"x": pa.chunked_array(pieces)}), path, compression="zstd", store_schema=False)


BOMBS: list[tuple[str, Callable[[Path], None], str]] = [
    ("zeros.csv.gz", zeros, "a NUL byte"),
    ("rows.csv.gz", rows, "out of proportion"),
    ("line.csv.gz", line, "a line is too long"),
    ("cells.csv.gz", cells, "cells"),
    ("sparse.csv", sparse, "a NUL byte"),
    ("numbers.parquet", numbers, "out of proportion"),
]


def test_bombs_are_refused_in_little_memory(tmp_path: Path) -> None:
    for name, make, _ in BOMBS:
        make(tmp_path / name)
    command = [sys.executable, "-c", CHILD, *(str(tmp_path / name) for name, _, _ in BOMBS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *told, peak = done.stdout.splitlines()
    assert len(told) == len(BOMBS)
    for line_told, (name, _, words) in zip(told, BOMBS, strict=True):
        assert line_told.startswith("1 input refused"), line_told
        assert name in line_told
        assert words in line_told
    assert 0 < int(peak) < 1024**3


def refused(path: Path, names: str = "rows.csv") -> str:
    with pytest.raises(ValidationInputError) as caught:
        read_sources([path], {"source": {"name": names, "sha256": "0" * 64, "rows": 1, "columns": 1}}, {})
    assert len(caught.value.faults) == 1
    return str(caught.value.faults[0])


def test_pipes_devices_and_planted_links_are_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    assert "is no regular file" in refused(pipe)
    assert "is no regular file" in refused(Path("/dev/zero"))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "rows.csv").symlink_to("/etc/hostname")
    assert "symbolic link" in refused(folder)
    (folder / "rows.csv").unlink()
    os.mkfifo(folder / "rows.csv")
    assert "is no regular file" in refused(folder)
    (tmp_path / "above.csv").write_text("id\n1\n", "utf-8")
    assert "holds none" in refused(folder, "../above.csv")
    assert "no such source file" in refused(Path("a\0b"))


def test_a_file_that_became_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("id\n1\n", "utf-8")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    with pytest.raises(ValidationInputError, match="cannot be read"):
        read_table(tmp_path / "link.csv")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"id,kind\n1," + b"x" * 10 * MIB + b"\n", "a line is too long"),
        (b"id,kind\n1," + b"x" * 2 * MIB + b"\n", "field larger than field limit"),
        (b"," * 200_000 + b"\n1\n", "too many columns"),
        (b"id,kind\n1,a\n2,\0\n", "a NUL byte"),
        (b"id,kind\n" + b"1,a\n" * 300_000 + b"2\n", "not as many fields as the header"),
        (b"id,kind\n" + b"1,a\n" * 3_000_000 + b"2,\xff\n", "not UTF-8"),
    ],
    ids=["line", "field", "columns", "nul", "ragged", "latin"],
)
def test_odd_texts_have_one_error(tmp_path: Path, data: bytes, words: str) -> None:
    for name, content in (("rows.csv", data), ("rows.csv.gz", gzip.compress(data, 1))):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(ValidationInputError) as caught:
            read_table(path)
        assert len(caught.value.faults) == 1
        assert words in str(caught.value)
        assert str(path) in str(caught.value)


def test_the_row_of_a_fault_is_told_across_blocks(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"id,kind\n" + b"1,a\n" * 3_000_000 + b"2,\xff\n")
    with pytest.raises(ValidationInputError) as caught:
        read_table(path)
    assert caught.value.faults[0].row == 3_000_002


def test_text_that_falls_between_blocks_reads_as_one(tmp_path: Path) -> None:
    """Letters of several bytes, quoted commas and line feeds at every place of the ends of blocks."""
    body = [f'{number},"ü,{number % 7}\n€"' for number in range(400_000)]
    path = tmp_path / "rows.csv"
    path.write_text("\ufeffid,kind\n" + "\n".join(body) + "\n", "utf-8")
    table = read_table(path)
    assert list(table.columns) == ["id", "kind"]
    assert table.columns["id"].values().tolist() == [str(number) for number in range(400_000)]
    assert table.columns["kind"].values().tolist() == [f"ü,{number % 7}\n€" for number in range(400_000)]


def test_numbers_beyond_a_double_are_text_and_never_a_crash(tmp_path: Path) -> None:
    assert read_number("1e400", None).infinite
    long = read_number("0" * 6000 + "9007199254740995", None)
    assert (long.value, long.inexact, long.leading_zero) == (9007199254740996.0, True, True)
    assert read_number("9" * 6000, None).infinite
    path = tmp_path / "rows.csv"
    path.write_text("id,income\n1,10\n2,1e400\n3,-1e400\n4,\n", "utf-8")
    column = typed(read_table(path).columns["income"], {}, None)
    assert (column.type, column.levels.tolist()) == ("categorical", ["-1e400", "10", "1e400"])
    declared = typed(read_table(path).columns["income"], {"type": "numeric"}, None)
    assert declared.values()[0] == 10.0
    assert np.isnan(declared.values()[1:]).all()


def test_parquet_of_every_type_is_read_by_levels(tmp_path: Path) -> None:
    """Each column beside what pyarrow says its values are; lists are not decoded."""
    whole, path = [1, None, 2**60, 1], tmp_path / "rows.parquet"
    table = pa.table(
        {
            "whole": pa.array(whole, pa.int64()),
            "text": pa.array(["b", "", None, "b"]).dictionary_encode(),
            "half": pa.array(np.array([1.5, np.nan, 2, 1.5], dtype=np.float16)),
            "flag": pa.array([True, None, False, True]),
            "day": pa.array([0, 1, None, 0], pa.date32()),
            "list": pa.array([[1], [], None, [1, 2]]),
            "a.b": pa.array([1.0, 2.0, 3.0, 1.0]),
            "none": pa.nulls(4),
        }
    )
    pq.write_table(table, path, row_group_size=2)
    columns = read_table(path).columns
    assert list(columns) == table.column_names
    assert columns["whole"].values().tolist() == ["1", None, str(2**60), "1"]
    assert columns["text"].values().tolist() == ["b", None, None, "b"]
    assert columns["half"].values().tolist() == [1.5, None, 2.0, 1.5]
    assert columns["flag"].values().tolist() == ["true", None, "false", "true"]
    assert columns["day"].values().tolist() == ["1970-01-01", "1970-01-02", None, "1970-01-01"]
    assert (columns["list"].kind, columns["list"].levels) == ("unusable", [])
    assert columns["a.b"].values().tolist() == [1.0, 2.0, 3.0, 1.0]
    assert columns["none"].values().tolist() == [None] * 4


def test_a_moment_without_a_counterpart_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"when": pa.array([2**62, 1], pa.timestamp("ms"))}), path)
    with pytest.raises(ValidationInputError, match="not readable as Parquet"):
        read_table(path)
