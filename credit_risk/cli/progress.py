"""Progress on a terminal (a live line) or in a log (a plain line a stage, and now and then one of a long stage)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

from credit_risk.lifecycle.progress import Progress, StageEvent


def progress_display(stream: TextIO | None = None, *, quiet: bool = False) -> Progress:
    """A callback that shows stages on `stream` (standard error by default)."""
    out = stream or sys.stderr
    if quiet:
        return lambda event: None
    return _live(out) if out.isatty() else _plain(out)


QUIET_SECONDS = 10.0
"""How long a long stage stays silent in a log between two lines."""


def _plain(out: TextIO) -> Progress:
    last = {"index": 0, "seconds": 0.0}

    def show(event: StageEvent, seconds: float) -> None:
        if event.index != last["index"]:
            last.update(index=event.index, seconds=0.0)
        if event.done or (event.detail and seconds - last["seconds"] >= QUIET_SECONDS):
            last["seconds"] = seconds
            print(_line(event, seconds), file=out, flush=True)

    return _timed(show)


def _live(out: TextIO) -> Progress:
    """On a terminal the running stage is shown with a spinner-free line that its end replaces."""

    def show(event: StageEvent, seconds: float) -> None:
        far = f": {event.detail}" if event.detail else ""
        text = _line(event, seconds) if event.done else f"[{event.index}/{event.total}] {event.name} …{far}"
        print(f"\r\x1b[2K{text}", end="\n" if event.done else "", file=out, flush=True)

    return _timed(show)


def _timed(show: Callable[[StageEvent, float], None]) -> Progress:
    begun: dict[int, float] = {}

    def callback(event: StageEvent) -> None:
        now = time.monotonic()
        begun.setdefault(event.index, now)
        show(event, now - begun[event.index])

    return callback


def _line(event: StageEvent, seconds: float) -> str:
    detail = f": {event.detail}" if event.detail else ""
    return f"[{event.index}/{event.total}] {event.name} ({seconds:.1f} s){detail}"
