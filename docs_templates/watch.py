"""Rendering again whenever a file of the package or of the templates changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

SECONDS = 0.5
State = frozenset[tuple[str, int, int]]


def watch(
    folders: Iterable[Path] | Callable[[], Iterable[Path]], render: Callable[[], None], *,
    leave_out: Iterable[Path] = (), sleep: Callable[[float], None] = time.sleep, rounds: int | None = None,
) -> None:  # fmt: skip
    """Call `render` now and after each change of a file below `folders` (or what they give when they are called);
    files below `leave_out` do not count.

    It ends after `rounds` looks, or never (None): then by an interrupt. A change is one of a file's time or size, or a
    file that came or went; a change that is still going on is waited for.
    """
    left = [one.resolve() for one in leave_out]
    named = folders if callable(folders) else list(folders).copy

    def look() -> State:
        return state((one.resolve() for one in named()), left)

    seen = look()
    render()
    looks = 0
    while rounds is None or looks < rounds:
        sleep(SECONDS)
        looks += 1
        now = look()
        if now == seen:
            continue
        while True:
            sleep(SECONDS)
            after = look()
            if after == now:
                break
            now = after
        seen = now
        render()


def state(folders: Iterable[Path], leave_out: Iterable[Path]) -> State:
    """Files below the folders, with time of change (ns) and size."""
    left = tuple(leave_out)
    found = set()
    for folder in folders:
        for path in [folder] if folder.is_file() else folder.rglob("*"):
            if any(path.is_relative_to(one) for one in left) or "__pycache__" in path.parts:
                continue
            try:
                about = path.stat()
            except FileNotFoundError:
                continue
            if path.is_file():
                found.add((str(path), about.st_mtime_ns, about.st_size))
    return frozenset(found)
