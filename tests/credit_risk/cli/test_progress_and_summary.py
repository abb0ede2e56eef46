"""What a run shows while it works and when it is done."""

from __future__ import annotations

import io
import os
import pty
import re
from pathlib import Path

import pytest

from credit_risk.cli.progress import progress_display
from credit_risk.lifecycle.progress import STAGES, StageEvent
from tests.credit_risk.cli.command import (
    PLAN,
    QUICK,
    Ended,
    credit_risk,
    finished,
    frame,
    model,
    portfolio,
    run,
    started,
    write_plan,
)

NAMED = PLAN.replace("{id: m}", "{id: m, name: Größe €}") + QUICK


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    folder = write_plan(tmp_path_factory.mktemp("shown"), NAMED, portfolio())
    return folder / "out", run(folder)


def test_a_log_gets_one_plain_line_a_stage(ended: tuple[Path, Ended]) -> None:
    lines = ended[1].err.splitlines()
    assert [re.match(r"\[(\d)/9\] (.+?) \(\d+\.\d s\)", line).groups() for line in lines] == [
        (str(place), name) for place, name in enumerate(STAGES, start=1)
    ]
    assert "\x1b" not in ended[1].err
    assert "\r" not in ended[1].err


def test_a_terminal_gets_a_live_line(tmp_path: Path) -> None:
    folder = write_plan(tmp_path, PLAN + QUICK, portfolio())
    ours, theirs = pty.openpty()
    options = ("--out", folder / "out", "--no-documents", "--no-validation")
    process = started("run", folder, *options, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # what Linux gives once the other side is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert finished(process).status == 0
    text = seen.decode("utf-8")
    for place, name in enumerate(STAGES, start=1):
        running = f"\r\x1b[2K[{place}/9] {name} …"
        assert f"{running}\r\x1b[2K[{place}/9] {name} (" in text


def test_quiet_prints_nothing(tmp_path: Path) -> None:
    told = run(write_plan(tmp_path, PLAN + QUICK, portfolio()), "--quiet", "--no-validation")
    assert (told.status, told.out, told.err) == (0, "", "")


def test_the_summary_says_what_a_modeller_wants(ended: tuple[Path, Ended]) -> None:
    package, told = ended
    text = told.out
    assert text.splitlines()[1] == "Größe € 0.1.0"
    samples = frame(package, "samples.summary")
    for row in samples.itertuples():
        assert re.search(rf"^{row.sample} +{row.rows:,} +{row.good:,} +{row.bad:,} +{row.bad_rate:.2%}$", text, re.M)
    assert len(samples) == 3
    for row in frame(package, "performance.discrimination").itertuples():
        cells = (f"{getattr(row, m):.4f}" for m in ("auc", "auc_lower", "auc_upper", "gini", "gini_lower", "ks"))
        line = next(x for x in text.splitlines() if x.startswith("scorecard") and f" {row.sample} " in x)
        assert all(cell in line for cell in cells)
    count = len([step for step in model(package)["steps"] if step["type"] == "classing"])
    assert f"Characteristics: {count} in champion 'scorecard', of 4 classed" in text
    assert re.search(r"Validation: the validator proposes to \w+.* \(.*\d medium, \d low.*\)", text)
    for name in ("exports/m.pmml", "validation/findings.json"):
        assert str(package / name) in text or os.path.relpath(package / name) in text
    manifest = credit_risk("verify", package)
    assert manifest.out.split()[-1] in text


def test_fail_on(ended: tuple[Path, Ended], tmp_path: Path) -> None:
    folder = write_plan(tmp_path, PLAN + QUICK, portfolio())
    assert run(folder, "--fail-on", "medium").status == 1
    assert (folder / "out" / "manifest.json").exists()
    assert run(folder, "--fail-on", "critical").status == 0
    contradiction = run(folder, "--fail-on", "low", "--no-validation")
    assert contradiction.status == 2
    assert "--fail-on needs the independent validation" in contradiction.err


def test_a_console_without_the_letters_of_a_name(tmp_path: Path) -> None:
    folder = write_plan(tmp_path, NAMED, portfolio())
    options = ("--out", folder / "out", "--no-documents", "--no-validation")
    told = finished(started("run", folder, *options, environment={"PYTHONIOENCODING": "ascii"}))
    assert told.status == 0, told.err
    assert "Gr\\xf6\\xdfe" in told.out


def test_check_and_version(tmp_path: Path) -> None:
    folder = write_plan(tmp_path, PLAN, portfolio())
    assert credit_risk("check", folder).out == "the plan and its data can be used as written\n"
    assert sorted(path.name for path in folder.iterdir()) == ["plan.yaml", "table.csv"]
    assert credit_risk("--version").out.startswith("credit-risk ")


def long_stage(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> str:
    """What is shown of a stage that tells how far it is every four seconds."""
    clock = iter([0.0, *(4.0 * k for k in range(1, 8)), 30.0])
    monkeypatch.setattr("credit_risk.cli.progress.time.monotonic", lambda: next(clock))
    out = io.StringIO()
    monkeypatch.setattr(out, "isatty", lambda: terminal, raising=False)
    show = progress_display(out)
    show(StageEvent(4, 9, "selection and models", done=False))
    for k in range(1, 8):
        show(StageEvent(4, 9, "selection and models", done=False, detail=f"trial {k} of 7"))
    show(StageEvent(4, 9, "selection and models", done=True, detail="t: 5 characteristics"))
    return out.getvalue()


def test_a_log_hears_of_a_long_stage_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    assert long_stage(monkeypatch, terminal=False).splitlines() == [
        "[4/9] selection and models (12.0 s): trial 3 of 7",
        "[4/9] selection and models (24.0 s): trial 6 of 7",
        "[4/9] selection and models (30.0 s): t: 5 characteristics",
    ]


def test_a_terminal_shows_how_far_a_long_stage_is(monkeypatch: pytest.MonkeyPatch) -> None:
    text = long_stage(monkeypatch, terminal=True)
    assert "\r\x1b[2K[4/9] selection and models …: trial 5 of 7" in text
    assert text.count("\n") == 1
