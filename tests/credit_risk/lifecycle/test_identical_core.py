"""The same plan and data give the same core, whatever the threads, the folders and the machine's names."""

from __future__ import annotations

import datetime
import json
import shutil
import socket
from pathlib import Path

import pytest

from credit_risk._core.hashing import sha256_file
from tests.credit_risk.cli.command import PLAN, finished, portfolio, run, started, write_plan

MARKERS = {"USER": "u5er-marker", "LOGNAME": "l0gname-marker", "HOSTNAME": "h0st-marker"}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    table = portfolio(1200)
    table["PAID"] = (table["INCOME"] / 3).where(table["AGE"] > 25)
    return package_of(write_plan(folder, PLAN, table), folder / "out", threads="1")


def package_of(plan: Path, out: Path, *, threads: str, **options: object) -> Path:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = {**MARKERS, **dict.fromkeys(names, threads)}
    arguments = ("run", plan, "--out", out, "--no-documents", "--no-validation")
    ended = finished(started(*arguments, environment=environment, **options))
    assert ended.status == 0, ended.err
    return out


def package_hash(package: Path) -> str:
    return sha256_file(package / "manifest.json")


@pytest.mark.parametrize("threads", ["1", "2"])
def test_threads_and_folders_do_not_matter(first: Path, tmp_path: Path, threads: str) -> None:
    shutil.copytree(first.parent, tmp_path / "moved", ignore=shutil.ignore_patterns("out"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    second = package_of(Path("../moved"), Path("deep/er/result"), threads=threads, cwd=elsewhere)
    assert package_hash(elsewhere / second) == package_hash(first)


def test_a_second_run_in_this_process_replaces_the_first_by_the_same(first: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(first.parent, tmp_path / "copy")
    before = (copy / "out" / "manifest.json").stat().st_ino
    assert run(copy, "--no-validation").status == 0
    assert (copy / "out" / "manifest.json").stat().st_ino != before
    assert package_hash(copy / "out") == package_hash(first)


def test_the_seed_matters(first: Path, tmp_path: Path) -> None:
    table = (first.parent / "table.csv").read_bytes()
    other = write_plan(tmp_path, PLAN + "samples: {seed: 5}\n", table)
    assert run(other, "--no-validation").status == 0
    assert package_hash(tmp_path / "out") != package_hash(first)


def test_the_core_names_no_path_user_host_or_day(first: Path) -> None:
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    forbidden = [str(first.parent), first.parent.name, str(Path.home()), socket.gethostname(), today, *MARKERS.values()]
    listed = json.loads((first / "manifest.json").read_bytes())["files"]
    assert len(listed) > 50
    for name in (*listed, "manifest.json"):
        data = (first / name).read_bytes()
        found = [text for text in forbidden if text.encode() in data]
        assert not found, name
