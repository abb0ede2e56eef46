"""A run that was killed goes on from there: the same bytes, no row twice, wherever the kill came."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from credit_risk._core.errors import CreditRiskError, ScoringError
from credit_risk.serving import engines
from credit_risk.serving.duckdb_engine import DuckDB
from credit_risk.serving.log import Secret, erase_key, verify_log
from tests.credit_risk.cli.command import REPOSITORY
from tests.credit_risk.serving.cases import KEY, SECRET, rows, run, tree

ROWS = 60
CALLS = ("replace", "rename", "fsync")
SCRIPT = """
import os, signal, sys
from pathlib import Path
calls, last = 0, int(sys.argv[1])

def watched(plain):
    def call(*given, **named):
        global calls
        calls += 1
        if calls == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return plain(*given, **named)
    return call

for name in ("replace", "rename", "fsync"):
    setattr(os, name, watched(getattr(os, name)))
from tests.credit_risk.serving.cases import run
run(Path(sys.argv[2]), Path(sys.argv[3]))
"""


class Killed(BaseException):
    """Stands for a kill: no handler of errors catches it."""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    path = tmp_path / "t.parquet"
    rows("scorecard", ROWS).to_parquet(path)
    return path


def whole(tmp_path: Path, source: Path) -> dict[str, bytes]:
    run(tmp_path / "whole", source)
    return tree(tmp_path / "whole")


def count_calls(monkeypatch: pytest.MonkeyPatch, last: int | None = None, after: bool = False) -> list[int]:
    """Count writing calls; where `last` is given, die at that one, before or after it."""
    seen = [0]

    def watch(name: str) -> None:
        plain = getattr(os, name)

        def call(*given: object, **named: object) -> object:
            seen[0] += 1
            if seen[0] == last and not after:
                raise Killed
            result = plain(*given, **named)
            if seen[0] == last:
                raise Killed
            return result

        monkeypatch.setattr(os, name, call)

    for name in CALLS:
        watch(name)
    return seen


def test_a_kill_before_or_after_any_write_leaves_what_the_same_run_finishes(tmp_path: Path, source: Path) -> None:
    expected = whole(tmp_path, source)
    with pytest.MonkeyPatch.context() as patch:
        seen = count_calls(patch)
        run(tmp_path / "counted", source)
    assert seen[0] > 20
    for last in range(1, seen[0] + 1):
        folder = tmp_path / f"k{last}"
        killed_run(folder, source, last, after=last % 2 == 0)
        run(folder, source)
        assert tree(folder) == expected, last


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_process_that_is_killed_is_taken_up(seed: int, tmp_path: Path, source: Path) -> None:
    expected = whole(tmp_path, source)
    last = random.Random(seed).randint(3, 22)
    folder = tmp_path / "killed"
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", SCRIPT, str(last), str(folder), str(source)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == -9, ended.stderr
    assert not (folder / "out").exists()
    run(folder, source)
    assert tree(folder) == expected
    assert verify_log(folder / "log").faults == ()


def test_parts_that_stand_are_not_run_again(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Watched(DuckDB):
        def run(self, parts, columns, work, sql=None):  # type: ignore[no-untyped-def]
            for place, entry in enumerate(super().run(parts, columns, work, sql)):
                asked.append(entry["part"])
                yield entry
                if stop and place == 1:
                    raise Killed

    monkeypatch.setattr(engines, "make_engine", None)
    monkeypatch.setattr("credit_risk.serving.run.make_engine", lambda name, path, dsn, master: Watched(path))
    stop = True
    with pytest.raises(Killed):
        run(tmp_path, source, part_rows=15)
    assert asked == [0, 1]
    stop = False
    done = run(tmp_path, source, part_rows=15)
    assert asked[2:] == list(range(2, done.parts))
    assert done.resumed == 2


def test_a_part_whose_file_was_damaged_meanwhile_is_run_again(tmp_path: Path, source: Path) -> None:
    expected = whole(tmp_path, source)
    killed_run(tmp_path / "k", source, 12)
    path = tmp_path / "k" / "out.partial" / "predictions" / "part-00000.parquet"
    path.write_bytes(path.read_bytes()[:-10])
    run(tmp_path / "k", source)
    assert tree(tmp_path / "k") == expected


def test_twice_changes_nothing_and_tells_so(tmp_path: Path, source: Path) -> None:
    first = run(tmp_path, source)
    before = tree(tmp_path)
    again = run(tmp_path, source)
    assert (first.again, again.again, again.rows) == (False, True, first.rows)
    assert tree(tmp_path) == before


def test_the_rows_of_an_input_are_in_a_log_once(tmp_path: Path, source: Path) -> None:
    run(tmp_path, source)
    before = tree(tmp_path / "log")
    run(tmp_path, source, out=tmp_path / "elsewhere")
    assert tree(tmp_path / "log") == before


def test_another_package_input_or_option_in_the_same_folder_is_refused(tmp_path: Path, source: Path) -> None:
    run(tmp_path, source)
    killed_run(tmp_path, source, 8, out=tmp_path / "begun")
    other = tmp_path / "other.parquet"
    rows("scorecard", 50, seed=9).to_parquet(other)
    before = tree(tmp_path)
    for name in ("out", "begun"):
        cases: list[tuple[Path, dict[str, Any], str]] = [
            (other, {}, "another input"),
            (source, {"name": "joined"}, "another package"),
            (source, {"part_rows": 41}, "parts of another size"),
            (source, {"log_inputs": False}, "with and without inputs"),
            (source, {"secret": Secret(b"another secret, and long")}, "another secret"),
            (source, {"refused": tmp_path / "refused.csv"}, "with and without --refused"),
        ]
        for given, options, words in cases:
            with pytest.raises(ScoringError, match=words):
                run(tmp_path, given, out=tmp_path / name, **options)
    assert tree(tmp_path) == before


def test_what_is_not_ours_is_left_alone(tmp_path: Path, source: Path) -> None:
    for name in ("out", "out.partial", "log"):
        folder = tmp_path / name / name
        folder.mkdir(parents=True)
        (folder / "mine.txt").write_text("mine")
        with pytest.raises(CreditRiskError, match=r"not ours|not an unfinished run|not a prediction log"):
            run(tmp_path / name, source)
        assert (folder / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("after", [False, True])
def test_an_erasure_that_is_killed_is_finished_or_undone(after: bool, tmp_path: Path, source: Path) -> None:
    key = rows("scorecard", ROWS)[KEY][50]
    told = []
    for last in range(1, 6):
        folder = tmp_path / str(last)
        run(folder, source)
        with pytest.MonkeyPatch.context() as patch:
            count_calls(patch, last, after)
            with pytest.raises(Killed):
                erase_key(folder / "log", key, [SECRET])
        try:
            told.append(erase_key(folder / "log", key, [SECRET]).rows)
        except ScoringError as error:  # it was written into the journal, so that it was finished before
            told.append(error.faults[0].code)
        found = verify_log(folder / "log")
        assert (found.faults, found.erased) == ((), 1)
    assert set(told) == {1, "nothing_erased"}


def killed_run(folder: Path, source: Path, last: int, *, after: bool = False, **options: Any) -> None:
    """A run that dies at a writing call."""
    with pytest.MonkeyPatch.context() as patch:
        count_calls(patch, last, after)
        with pytest.raises(Killed):
            run(folder, source, **options)
