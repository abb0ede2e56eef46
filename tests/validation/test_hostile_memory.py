"""Bounded memory: a process that may take no more than a little is refused the bomb, and says so."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_package import builders as b

LIMIT = 3 * 1024**3
CHILD = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}))
from validation.cli import main
status = main(sys.argv[1:])
with open("/proc/self/status") as told:  # ru_maxrss of a child knows of its parent's memory too
    print("peak", next(int(line.split()[1]) for line in told if line.startswith("VmHWM")) * 1024)
sys.exit(status)
"""


def child(*arguments: str) -> tuple[int, str, int]:
    """Exit status, what was told on stderr, and the greatest memory of a validation under a limit."""
    program = CHILD.format(limit=LIMIT)
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
    peak = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("peak ")]
    return done.returncode, done.stderr, peak[0] if peak else 0


def numbers(package: Path) -> None:
    """A snapshot of 200 million rows in a few kilobytes."""
    pieces = [pa.DictionaryArray.from_arrays(pa.array(np.zeros(20_000_000, dtype=np.int8)), pa.array([1.0]))] * 10
    table, target = pa.table({"x": pa.chunked_array(pieces)}), package / "data/snapshot.parquet"
    pq.write_table(table, target, compression="zstd", store_schema=False)
    b.reseal(package)


def sparse(package: Path) -> None:
    """A model of 100 gigabytes that takes no room on the disk."""
    with (package / "model.json").open("wb") as file:
        file.truncate(100 * 1024**3)


def deflated(package: Path) -> None:
    """A zip of a gigabyte of zeros in a megabyte."""
    info = zipfile.ZipInfo("manifest.json")
    info.compress_type = zipfile.ZIP_DEFLATED
    with (
        zipfile.ZipFile(package.with_suffix(".zip"), "w") as archive,
        archive.open(info, "w", force_zip64=True) as member,
    ):
        for _ in range(1024):
            member.write(bytes(1 << 20))


@pytest.mark.parametrize("bomb", [numbers, sparse, deflated])
def test_bombs_are_refused_in_little_memory(package: Path, tmp_path: Path, bomb: object) -> None:
    assert callable(bomb)
    bomb(package)
    target = package.with_suffix(".zip") if package.with_suffix(".zip").exists() else package
    status, told, peak = child(str(target), "--out", str(tmp_path / "annex"))
    assert status == 2, told
    assert told.startswith("input refused")
    assert 0 < peak < 1024**3
    assert not (tmp_path / "annex").exists()
