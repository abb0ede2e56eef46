"""Solving leaves Ctrl-C to Python: OR-Tools would take it over and leave the default action behind."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from credit_risk.binning.classing import class_numeric
from credit_risk.binning.coarse import _interrupts_deferred
from credit_risk.binning.spec import ClassingSpec


def classed() -> str:
    rng = np.random.default_rng(1)
    x = rng.normal(size=1000)
    y = (rng.random(1000) < 1 / (1 + np.exp(1 - x))).astype(float)
    return class_numeric("x", x, y, settings=ClassingSpec(engine="optbinning")).engine


@pytest.fixture
def handled() -> Iterator[list[int]]:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    yield seen
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_after_a_solve_reaches_python(handled: list[int]) -> None:
    assert classed() == "optbinning"
    os.kill(os.getpid(), signal.SIGINT)
    assert handled == [signal.SIGINT]


def test_an_interrupt_during_a_solve_comes_after_it(handled: list[int]) -> None:
    with _interrupts_deferred():
        # to this thread: in a process with others the system may hand a process's signal to one that does not block it
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        assert handled == []
    assert handled == [signal.SIGINT]


def test_classing_works_in_another_thread() -> None:
    engines: list[str] = []
    thread = threading.Thread(target=lambda: engines.append(classed()))
    thread.start()
    thread.join()
    assert engines == ["optbinning"]
