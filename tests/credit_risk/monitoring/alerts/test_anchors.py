"""What runs keep of the log of alerts: an edit of its last line, or of all lines from one on, is found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from credit_risk._core import canonical_json
from credit_risk._core.clock import system_clock
from credit_risk._core.hash_chain import append_events, line_of
from credit_risk.monitoring.alerts.anchors import (
    RUN,
    anchor_items,
    anchor_of,
    anchors_beside,
    check_anchors,
    check_before_run,
)
from credit_risk.monitoring.alerts.log import ALERTS_FILE, AlertError
from credit_risk.package.annex import write_run
from tests.credit_risk.cli.command import credit_risk

AT = "2026-11-27T00:00:00Z"


def noted(folder: Path, *notes: str) -> None:
    folder.mkdir(exist_ok=True)
    append_events(folder / ALERTS_FILE, [{"event": "run", "at": AT, "note": note} for note in notes])


def ran(log: Path, run: Path, *, beside: bool = True) -> None:
    rows = [[name, value] for name, value in anchor_items(log, beside=beside).items()]
    data = {RUN: canonical_json.to_bytes({"rows": rows})}
    write_run(run, "a" * 64, data, "test", system_clock)


def rewritten(folder: Path, line: int, note: str) -> None:
    """Every line from one on written anew, so that the chain holds."""
    path = folder / ALERTS_FILE
    events = [json.loads(text) for text in path.read_bytes().splitlines()]
    path.unlink()
    events[line - 1]["note"] = note
    bare = [{k: v for k, v in one.items() if k not in ("sequence", "previous")} for one in events]
    append_events(path, bare)


def test_a_log_that_only_grew_is_the_one_that_runs_kept(tmp_path: Path) -> None:
    log = tmp_path / "alerts"
    noted(log, "first")
    ran(log, tmp_path / "a")
    noted(log, "second", "third")
    ran(log, tmp_path / "b")
    (tmp_path / "other").mkdir()
    assert [anchor.lines for anchor in anchors_beside(log)] == [1, 3]
    assert check_before_run(log, tmp_path / "c", beside=True) == 2
    told = credit_risk("alerts", "verify", log)
    assert (told.status, "2 runs kept it as it is, up to line 3" in told.out) == (0, True)
    noted(log, "fourth")
    assert "lines 4 to 4 came after the last" in credit_risk("alerts", "verify", log).out


@pytest.mark.parametrize("line", [1, 3])
def test_a_line_written_anew_is_found_though_the_chain_holds(tmp_path: Path, line: int) -> None:
    log = tmp_path / "alerts"
    noted(log, "first", "second", "third")
    ran(log, tmp_path / "run")
    rewritten(log, line, "never was")
    with pytest.raises(AlertError, match="not the one that the run run kept") as error:
        check_before_run(log, tmp_path / "next", beside=True)
    assert error.value.faults[0].row == 3
    told = credit_risk("alerts", "verify", log, "--run", tmp_path / "run")
    assert told.status == 2
    assert "lines were changed, taken out or written anew" in told.err


def test_lines_taken_off_the_end_are_found(tmp_path: Path) -> None:
    log = tmp_path / "alerts"
    noted(log, "first", "second")
    ran(log, tmp_path / "run")
    path = log / ALERTS_FILE
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(AlertError, match="kept") as error:
        check_anchors(log, anchors_beside(log))
    assert error.value.faults[0].found == "has 1 lines"


def test_another_log_is_accused_of_nothing(tmp_path: Path) -> None:
    """A run whose log stood elsewhere says nothing of one that begins with another line."""
    noted(tmp_path / "elsewhere", "first")
    ran(tmp_path / "elsewhere", tmp_path / "run", beside=False)
    noted(tmp_path / "alerts", "another")
    assert check_before_run(tmp_path / "alerts", tmp_path / "run", beside=True) == 0
    assert check_before_run(tmp_path / "alerts", tmp_path / "run", beside=False) == 0
    assert check_before_run(tmp_path / "elsewhere", tmp_path / "run", beside=False) == 1


def test_evidence_of_a_run_that_was_edited_holds_nothing(tmp_path: Path) -> None:
    log = tmp_path / "alerts"
    noted(log, "first")
    ran(log, tmp_path / "run")
    (tmp_path / "run" / RUN).write_bytes(line_of({"rows": []}))
    with pytest.raises(AlertError, match="not what its manifest lists"):
        anchor_of(tmp_path / "run")
    assert anchor_of(log) is None
    refused = credit_risk("alerts", "verify", log, "--run", log)
    assert (refused.status, "no run that kept" in refused.err) == (2, True)
