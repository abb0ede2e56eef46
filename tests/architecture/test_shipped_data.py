"""The data that are shipped are what their README says: the Taiwan data as published, the portfolio as simulated."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

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


BEHAVIOUR = REPOSITORY / "scorecards" / "portfolio_behaviour"


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return _module("portfolio_behaviour")


def test_the_portfolio_is_made_anew_byte_for_byte(script: ModuleType) -> None:
    tables = script.tables()
    assert sorted(tables) == ["accounts", "history"]
    for name, table in tables.items():
        file = BEHAVIOUR / f"{name}.csv.gz"
        assert gzip.decompress(file.read_bytes()) == script.csv_bytes(table), name
        header = file.read_bytes()[:10]
        assert header[3] == 0, "no optional fields"
        assert header[4:8] == b"\0\0\0\0", "no time"


def test_the_readme_of_the_portfolio_tells_its_call_rows_and_hashes(script: ModuleType) -> None:
    text = (BEHAVIOUR / "README.md").read_text(encoding="utf-8")
    files = [(BEHAVIOUR / f"{name}.csv.gz").read_bytes() for name in ("accounts", "history")]
    told = re.findall(r"`([0-9a-f]{64})`", text)
    assert told == [digest for file in files for digest in (_sha256(gzip.decompress(file)), _sha256(file))]
    rows = [f"{gzip.decompress(file).count(bytes([10])) - 1:,}" for file in files]
    assert f"{rows[0]} booked accounts" in text
    assert f"{rows[1]} months" in text
    call = re.search(r"simulate_portfolio\(\n(.*?)\n\)", text, re.DOTALL)
    assert call is not None
    assert eval(f"dict({call[1]})") == script.CALL


SIMULATED = ("underwriting_loans", "through_the_door")


@pytest.mark.parametrize("name", SIMULATED)
def test_the_applications_are_made_anew_byte_for_byte_and_the_readme_tells_them(name: str) -> None:
    folder = REPOSITORY / "scorecards" / name
    script, file = _module(name), (folder / "applications.csv.gz").read_bytes()
    text = (folder / "README.md").read_text(encoding="utf-8")
    here = gzip.decompress(file)
    assert here == script.csv_bytes(script.applications())
    assert (file[3], file[4:8]) == (0, b"\0\0\0\0"), "neither optional fields nor time"
    assert re.findall(r"`([0-9a-f]{64})`", text) == [_sha256(here), _sha256(file)]
    assert re.search(rf"{here.count(bytes([10])) - 1:,} (simulated )?applications", text)
    assert f"({len(here):,} bytes)" in text
    call = re.search(r"simulate_portfolio\(\n(.*?)\n\)", text, re.DOTALL)
    assert call is not None
    assert eval(f"dict({call[1]})") == script.CALL
