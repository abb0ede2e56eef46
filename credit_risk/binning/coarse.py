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
from credit_risk.binning.limits import Limits
from credit_risk.binning.prebins import Prebins
from credit_risk.binning.woe import weight_of_evidence, weighted_counts

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CoarseCuts:
    """cuts (k−1,) chosen among the prebins' cuts; engine and solver_status say how. kept: whether they keep all that
    was asked; where they do not, nothing was found that does. iv_loss: greatest share of the information value of
    ordinary values that may be lost against the best cuts among all distinct values, None where that is not known."""

    cuts: Floats
    engine: str
    solver_status: str
    trend: str | None = None
    kept: bool = True
    iv_loss: float | None = None


def coarse_cuts(prebins: Prebins, *, trend: str, limits: Limits, fixed: Floats | None = None) -> CoarseCuts:
    """Choose the cuts of great information value under the trend of the bad rate and the limits; `fixed` cuts stay.

    trend: `ascending`, `descending`, `peak`, `valley` or `none`. Only an answer that the solver proves OPTIMAL and that
    keeps everything is taken; otherwise the fallback's, and `solver_status` says so. The limits' p-value is passed
    over. Where all ordinary values together are too few for a bin, they are one bin all the same.
    """
    must = np.empty(0) if fixed is None else fixed
    if len(prebins.cuts) == 0:
        return CoarseCuts(
            prebins.cuts, "none needed", "one prebin", kept=_keeps(prebins, prebins.cuts, trend, limits, must)
        )
    status, cuts = _optbinning_cuts(prebins, trend, limits, must)
    if status == "OPTIMAL" and _keeps(prebins, cuts, trend, limits, must):
        return CoarseCuts(cuts, "optbinning", status)
    keep = merge_greedily(
        prebins, trend=trend, max_bins=limits.max_bins or len(prebins.good), min_rows=limits.min_count
    )
    if _keeps(prebins, keep, trend, limits, must):
        return CoarseCuts(keep, "greedy merge", f"optbinning {status}; deterministic fallback taken")
    return CoarseCuts(
        keep, "greedy merge", f"optbinning {status}, and no merge of neighbours keeps the limits", kept=False
    )


def _optbinning_cuts(prebins: Prebins, trend: str, limits: Limits, fixed: Floats) -> tuple[str, Floats]:
    """Ask optbinning with one representative value a prebin, weighted by counts; it is given no wall-clock limit."""
    optbinning = _quiet_optbinning()
    k = len(prebins.good)
    values = np.concatenate([[prebins.cuts[0] - 1.0], prebins.cuts])
    good, bad = prebins.good, prebins.bad
    total = float(np.sum(good) + np.sum(bad))
    if (why := _not_asked(prebins, limits, total)) is not None:
        return f"not asked ({why})", np.empty(0)
    repeats = np.concatenate([good, bad]).astype(np.int64)
    x = np.repeat(np.concatenate([values, values]), repeats)
    y = np.repeat(np.concatenate([np.zeros(k, np.int64), np.ones(k, np.int64)]), repeats)
    solver = optbinning.OptimalBinning(
        dtype="numerical",
        solver="cp",
        user_splits=prebins.cuts,
        user_splits_fixed=np.isin(prebins.cuts, fixed).tolist() if len(fixed) else None,
        monotonic_trend=None if trend == "none" else trend,
        max_n_prebins=max(k, 2),
        min_prebin_size=min(0.5, 1.0 / total),
        min_n_bins=limits.min_bins if limits.min_bins > 1 else None,
        max_n_bins=limits.max_bins,
        min_bin_size=limits.min_count / total if limits.min_count > 0 else None,
        max_bin_size=None if limits.max_count is None else min(limits.max_count / total, 1.0),
        min_bin_n_nonevent=math.ceil(limits.min_good) or None,
        min_bin_n_event=math.ceil(limits.min_bad) or None,
        min_event_rate_diff=limits.min_rate_difference,
        time_limit=math.inf,
    )
    with _interrupts_deferred():
        solver.fit(x, y)
    return str(solver.status), np.asarray(solver.splits, float)


def _not_asked(prebins: Prebins, limits: Limits, total: float) -> str | None:
    """Why optbinning cannot be asked, None where it can."""
    good, bad = prebins.good, prebins.bad
    if not (_integral(good) and _integral(bad)):
        return "weights are not whole numbers"
    if limits.min_count > 0.5 * total:
        return "least bin is more than half of the rows"
    if np.any(good == 0) or np.any(bad == 0):
        return "goods or bads are absent between fixed splits"
    if limits.max_count is not None and limits.max_count < limits.min_count:
        return "the greatest bin is below the least"
    return None


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


def _keeps(prebins: Prebins, cuts: Floats, trend: str, limits: Limits, fixed: Floats) -> bool:
    """Whether cuts keep what was asked (the solver has been seen to return one bin for an unsolved problem).

    One bin of everything need not have the least weights: there is nothing to add to it.
    """
    if not np.all(np.isin(cuts, prebins.cuts)) or not np.all(np.isin(fixed, cuts)):
        return False
    good, bad = _merge_to(prebins, cuts)
    size = good + bad
    few = len(size) < limits.min_bins or (limits.max_bins is not None and len(size) > limits.max_bins)
    heavy = limits.max_count is not None and np.any(size > limits.max_count + 1e-9)
    if few or heavy or not trend_holds(bad / size, trend):
        return False
    if len(size) == 1:
        return True
    least = ((size, limits.min_count), (good, limits.min_good), (bad, limits.min_bad))
    if any(np.any(held < wanted - 1e-9) for held, wanted in least) or np.any(good == 0) or np.any(bad == 0):
        return False
    return bool(np.all(np.abs(np.diff(bad / size)) >= limits.min_rate_difference - 1e-12))


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
