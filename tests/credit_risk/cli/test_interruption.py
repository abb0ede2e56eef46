"""A full disk, a kill and Ctrl-C in mid-write: nothing half-written stands at OUT, and the next run works."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.credit_risk.cli.command import PLAN, QUICK, credit_risk, finished, portfolio, run, started, write_plan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_plan(tmp_path, PLAN + QUICK, portfolio())


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"plan.yaml", "table.csv"}


def hears_ctrl_c() -> None:
    """As from a terminal: a shell that runs the tests in the background has SIGINT ignored, and children inherit it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def begun(folder: Path, until: Callable[[], bool]) -> subprocess.Popen[str]:
    """A run in a session of its own, as soon as `until` holds."""
    arguments = ("run", folder, "--out", folder / "out", "--no-documents")
    process = started(*arguments, start_new_session=True, preexec_fn=hears_ctrl_c)
    limit = time.monotonic() + 60
    while not until():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit
        time.sleep(0.002)
    return process


def writing(folder: Path) -> Callable[[], bool]:
    return lambda: (folder / "out.partial" / "model.json").exists()


@pytest.mark.parametrize("size", [1_000, 12_000])
def test_a_full_disk_is_told_once_and_leaves_nothing(folder: Path, size: int) -> None:
    ended = finished(
        started(
            *("run", folder, "--out", folder / "out", "--no-documents"),
            environment={"PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        )
    )
    assert ended.status == 2, ended.err
    assert "no space left to write" in ended.err
    assert "1 fault" in ended.err
    assert "Traceback" not in ended.err
    assert left(folder) == set()


def test_after_a_kill_in_mid_write_the_next_run_works(folder: Path) -> None:
    process = begun(folder, writing(folder))
    os.killpg(process.pid, signal.SIGKILL)
    assert finished(process).status == -signal.SIGKILL
    assert left(folder) == {"out.partial"}
    assert credit_risk("verify", folder / "out.partial").status == 2
    assert run(folder, "--no-validation").status == 0
    assert left(folder) == {"out"}


@pytest.mark.parametrize("moment", ["writing", "validating"])
def test_ctrl_c_ends_with_130_and_leaves_nothing(folder: Path, moment: str) -> None:
    sealed = folder / "out.partial" / "manifest.json"
    process = begun(folder, writing(folder) if moment == "writing" else sealed.exists)
    os.killpg(process.pid, signal.SIGINT)
    ended = finished(process)
    assert ended.status == 130, ended.err
    assert "interrupted; nothing was left half-written" in ended.err
    assert left(folder) == set()


def test_ctrl_c_keeps_the_package_that_stood_there(folder: Path) -> None:
    assert run(folder, "--no-validation").status == 0
    before = (folder / "out" / "manifest.json").read_bytes()
    process = begun(folder, writing(folder))
    os.killpg(process.pid, signal.SIGINT)
    assert finished(process).status == 130
    assert left(folder) == {"out"}
    assert (folder / "out" / "manifest.json").read_bytes() == before
    assert credit_risk("verify", folder / "out").status == 0


def test_a_second_run_to_the_same_folder_is_refused_and_disturbs_nothing(folder: Path) -> None:
    first = begun(folder, writing(folder))
    second = run(folder, "--no-validation")
    assert second.status == 2
    assert "another run is writing there" in second.err
    assert finished(first).status == 0
    assert left(folder) == {"out"}
    assert credit_risk("verify", folder / "out").status == 0
