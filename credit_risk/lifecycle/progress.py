"""What a run reports while it works: stages by callback. Nothing here prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

STAGES = (
    "read the data",
    "outcome and samples",
    "classing",
    "selection and models",
    "evaluation",
    "write and seal the package",
    "exports",
    "independent validation",
    "documents",
)


@dataclass(frozen=True, slots=True)
class StageEvent:
    """A stage begins (`done` False), tells how far it is (`done` False, with a `detail`) or has ended (`done` True)."""

    index: int
    total: int
    name: str
    done: bool
    detail: str = ""


Progress = Callable[[StageEvent], None]


def silent(event: StageEvent) -> None:
    """A progress callback that does nothing."""


class Detail:
    """Where a stage leaves the words that its end is reported with; `say` reports how far it is."""

    def __init__(self, say: Callable[[str], None]):
        self.text = ""
        self.say = say


@contextmanager
def stage(progress: Progress, name: str) -> Iterator[Detail]:
    """Report the begin and the end of a stage; the body sets the detail."""
    index = STAGES.index(name) + 1
    detail = Detail(lambda words: progress(StageEvent(index, len(STAGES), name, done=False, detail=words)))
    progress(StageEvent(index, len(STAGES), name, done=False))
    yield detail
    progress(StageEvent(index, len(STAGES), name, done=True, detail=detail.text))
