"""Coarse classing of prebins: optbinning's solver for the cuts, and a deterministic fallback when it finds none."""

from __future__ import annotations

import io
import math
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.extras import optional_import
from credit_risk.binning.prebins import Prebins
from credit_risk.binning.woe import weight_of_evidence, weighted_counts

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CoarseCuts:
    """cuts (k−1,) chosen among the prebins' cuts; engine and solver_status say how."""

    cuts: Floats
    engine: str
    solver_status: str
    trend: str | None = None


def coarse_cuts(prebins: Prebins, *, trend: str, max_bins: int, min_rows: float) -> CoarseCuts:
    """Choose the cuts of maximal information value under the trend of the bad rate, bin count and size limits.

    trend: `ascending`, `descending`, `peak`, `valley` or `none`. min_rows: least weight in a bin. Only an answer
    that the solver proves OPTIMAL is taken; otherwise the fallback's, and `solver_status` says so.
    """
    if len(prebins.cuts) == 0:
        return CoarseCuts(prebins.cuts, "none needed", "one prebin")
    status, cuts = _optbinning_cuts(prebins, trend, max_bins, min_rows)
    if status == "OPTIMAL" and _acceptable(prebins, cuts, trend, max_bins, min_rows):
        return CoarseCuts(cuts, "optbinning", status)
    keep = merge_greedily(prebins, trend=trend, max_bins=max_bins, min_rows=min_rows)
    return CoarseCuts(keep, "greedy merge", f"optbinning {status}; deterministic fallback taken")


def _optbinning_cuts(prebins: Prebins, trend: str, max_bins: int, min_rows: float) -> tuple[str, Floats]:
    """Ask optbinning with one representative value a prebin, weighted by counts; it is given no wall-clock limit."""
    optbinning = _quiet_optbinning()
    k = len(prebins.good)
    values = np.concatenate([[prebins.cuts[0] - 1.0], prebins.cuts])
    good, bad = prebins.good, prebins.bad
    if not (_integral(good) and _integral(bad)):
        return "not asked (weights are not whole numbers)", np.empty(0)
    repeats = np.concatenate([good, bad]).astype(np.int64)
    x = np.repeat(np.concatenate([values, values]), repeats)
    y = np.repeat(np.concatenate([np.zeros(k, np.int64), np.ones(k, np.int64)]), repeats)
    total = float(np.sum(good) + np.sum(bad))
    if min_rows > 0.5 * total:
        return "not asked (least bin is more than half of the rows)", np.empty(0)
    solver = optbinning.OptimalBinning(
        dtype="numerical",
        solver="cp",
        user_splits=prebins.cuts,
        monotonic_trend=None if trend == "none" else trend,
        max_n_prebins=max(k, 2),
        min_prebin_size=min(0.5, 1.0 / total),
        max_n_bins=max_bins,
        min_bin_size=min_rows / total if min_rows > 0 else None,
        time_limit=math.inf,
    )
    with _interrupts_deferred():
        solver.fit(x, y)
    return str(solver.status), np.asarray(solver.splits, float)


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Let Ctrl-C wait for the end of a solve (milliseconds), and give it back to Python.

    OR-Tools handles SIGINT itself while it solves, which would turn an interruption into another answer, and leaves the
    default action behind, which ends the process without cleaning up.
    """
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or handler is None:
        yield
        return
    can_block = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if can_block else set()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if can_block:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _quiet_optbinning() -> ModuleType:
    """optbinning, without the solver notices that its first import prints (they concern engines not used here)."""
    if "optbinning" in sys.modules:
        return sys.modules["optbinning"]
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        module = optional_import("optbinning", "model")
    return module


def _integral(values: Floats) -> bool:
    return bool(np.all(values == np.floor(values)))


def _acceptable(prebins: Prebins, cuts: Floats, trend: str, max_bins: int, min_rows: float) -> bool:
    """Whether the answer keeps what was asked (the solver has been seen to return one bin for an unsolved problem)."""
    if not np.all(np.isin(cuts, prebins.cuts)):
        return False
    good, bad = _merge_to(prebins, cuts)
    sizes = good + bad
    return len(sizes) <= max_bins and bool(np.all(sizes >= min_rows - 1e-9)) and trend_holds(bad / sizes, trend)


def _merge_to(prebins: Prebins, cuts: Floats) -> tuple[Floats, Floats]:
    group = np.concatenate([[0], np.cumsum(np.isin(prebins.cuts, cuts))])
    return weighted_counts(group, prebins.good, len(cuts) + 1), weighted_counts(group, prebins.bad, len(cuts) + 1)


def trend_holds(rate: Floats, trend: str) -> bool:
    """Whether bad rates (k,) follow the trend; equal neighbours are allowed."""
    steps = np.sign(np.diff(rate))
    if trend == "none":
        return True
    if trend in ("ascending", "descending"):
        return bool(np.all(steps >= 0) if trend == "ascending" else np.all(steps <= 0))
    moves = steps[steps != 0] * (1 if trend == "peak" else -1)
    return bool(np.all(np.diff(moves) <= 0))


def merge_greedily(prebins: Prebins, *, trend: str, max_bins: int, min_rows: float) -> Floats:
    """Fallback: merge the neighbours that cost least information value until every constraint holds.

    A pair must be merged while a bin is too small, there are too many bins, or the trend is broken; among the
    pairs that touch a fault the cheapest goes first, ties to the left. One bin always satisfies all, so it ends.
    """
    good, bad, cuts = list(prebins.good), list(prebins.bad), list(prebins.cuts)
    while cuts:
        candidates = _faulty_pairs(np.asarray(good), np.asarray(bad), trend, max_bins, min_rows)
        if not candidates:
            break
        i = min(candidates, key=lambda j: (_cost(good, bad, j), j))
        good[i] += good.pop(i + 1)
        bad[i] += bad.pop(i + 1)
        del cuts[i]
    return np.asarray(cuts, float)


def _faulty_pairs(good: Floats, bad: Floats, trend: str, max_bins: int, min_rows: float) -> list[int]:
    """Indices i of neighbours (i, i+1) of which one should be merged next; empty when all constraints hold."""
    size, pairs = good + bad, range(len(good) - 1)
    small = size < min_rows - 1e-9
    if small.any():
        return [i for i in pairs if small[i] or small[i + 1]]
    rate = bad / size
    if not trend_holds(rate, trend):
        steps = np.diff(rate)
        if trend in ("ascending", "descending"):
            sign = 1 if trend == "ascending" else -1
            return [i for i in pairs if sign * steps[i] < 0]
        return list(pairs)
    return list(pairs) if len(good) > max_bins else []


def _cost(good: list[float], bad: list[float], i: int) -> float:
    """Information value lost by merging i and i+1, with the totals fixed."""
    g, b = np.asarray(good), np.asarray(bad)
    before = weight_of_evidence(g, b).total
    g2, b2 = np.delete(g, i + 1), np.delete(b, i + 1)
    g2[i], b2[i] = g[i] + g[i + 1], b[i] + b[i + 1]
    return before - weight_of_evidence(g2, b2).total
