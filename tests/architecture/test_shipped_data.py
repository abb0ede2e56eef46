"""The Taiwan data are what their README says, and what was published."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path

from tests.architecture.sources import REPOSITORY

FOLDER = REPOSITORY / "scorecards" / "taiwan_credit"
FILE = FOLDER / "taiwan_credit.csv.gz"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_the_hashes_in_the_readme_hold() -> None:
    told = re.findall(r"`([0-9a-f]{64})`", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert told[2:] == [_sha256(gzip.decompress(FILE.read_bytes())), _sha256(FILE.read_bytes())]


def test_the_original_comes_back_byte_for_byte() -> None:
    """Undoing the stated changes (byte-order mark, line ends, last line end) gives the file in the source wheel."""
    told = re.findall(r"`([0-9a-f]{64})`", (FOLDER / "README.md").read_text(encoding="utf-8"))
    here = gzip.decompress(FILE.read_bytes())
    original = b"\xef\xbb\xbf" + here.removesuffix(b"\n").replace(b"\n", b"\r\n")
    assert _sha256(original) == told[1]


def test_the_archive_has_neither_name_nor_time() -> None:
    header = FILE.read_bytes()[:10]
    assert header[3] == 0, "no optional fields"
    assert header[4:8] == b"\0\0\0\0", "no time"


def test_the_data_equal_an_independent_copy(test_data: Path) -> None:
    copy = gzip.decompress((test_data / "taiwan_credit.csv.gz").read_bytes())
    assert gzip.decompress(FILE.read_bytes()) == copy


def test_rows_and_bad_rate_are_those_published() -> None:
    lines = gzip.decompress(FILE.read_bytes()).decode("ascii").splitlines()
    assert lines[0].split(",")[-1] == "DEFAULT"
    assert len(lines) == 30_001
    assert sum(line.endswith(",1") for line in lines[1:]) == 6_636
