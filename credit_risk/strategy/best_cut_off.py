"""The best cut-off under a declared aim, how uncertain it is, and what it is worth on other samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Floats
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.cut_offs import at_cut_off

MAXIMUM_PROFIT, BAD_RATE, ACCEPTANCE = "maximum_profit", "bad_rate_at_most", "acceptance_at_least"
BEST_COLUMNS = [
    *("basis", "sample", "cut_off", "cut_off_lower", "cut_off_upper", "rows", "accepted", "acceptance_rate"),
    *("acceptance_lower", "acceptance_upper", "known", "bad", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    *("profit", "profit_lower", "profit_upper", "own_cut_off", "own_lower", "own_upper", "own_value", "reached"),
]
DECLARED, BEST = "declared", "best on development"
SLACK = 1e-12  # relative: a limit that is met to rounding is met


@dataclass(frozen=True, slots=True)
class Aim:
    """kind: maximum_profit, bad_rate_at_most or acceptance_at_least; limit of the last two."""

    kind: str
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Tails:
    """By distinct score, ascending (k,): weight, weight of known outcomes, of bads and profit from that score on."""

    score: Floats
    weight: Floats
    known: Floats
    bad: Floats
    profit: Floats | None


def tails(applicants: Applicants, times: Floats | None = None) -> Tails:
    """Sums over all who score at least each distinct score; times (n,): how often each row counts (a resample)."""
    values, cells = np.unique(applicants.score, return_inverse=True)
    return _tails(applicants, values, cells, times)


def _tails(applicants: Applicants, values: Floats, cells: np.ndarray, times: Floats | None) -> Tails:
    w = applicants.weights if times is None else applicants.weights * times
    known = applicants.known

    def summed(x: Floats) -> Floats:
        return np.asarray(np.cumsum(np.bincount(cells, x, len(values))[::-1])[::-1], np.float64)

    drawn = np.bincount(cells, w, len(values)) > 0  # in a resample some scores do not occur
    profit = None if applicants.profit is None or not known.all() else summed(w * applicants.profit)[drawn]
    bad = summed(np.where(known, w * applicants.y, 0.0))
    return Tails(values[drawn], summed(w)[drawn], summed(w * known)[drawn], bad[drawn], profit)


def choose(of: Tails, aim: Aim) -> tuple[int, float] | None:
    """Place of the best distinct score, and what it reaches; None where none reaches the aim.

    maximum_profit: the lowest of those with the greatest profit an applicant, if it is above 0 (nobody accepted);
    bad_rate_at_most: the lowest whose bad rate is at most the limit, a score that nobody known reaches being none;
    acceptance_at_least: the highest whose acceptance is at least the limit.
    Raises CreditRiskError where profit is aimed at and none is declared.
    """
    if aim.kind == MAXIMUM_PROFIT:
        if of.profit is None:
            remedy = "declare what a good earns and a bad loses"
            raise CreditRiskError(Fault("profit is not evaluable", "no_profit", path="profit", remedy=remedy))
        place = int(np.argmax(of.profit))
        value = float(of.profit[place] / of.weight[0])
        return (place, value) if value > 0 else None
    assert aim.limit is not None
    if aim.kind == BAD_RATE:
        fine = (of.known > 0) & (of.bad <= aim.limit * of.known * (1 + SLACK))
        if not fine.any():
            return None
        place = int(np.argmax(fine))
        return place, float(of.bad[place] / of.known[place])
    fine = of.weight >= aim.limit * of.weight[0] * (1 - SLACK)
    place = len(fine) - 1 - int(np.argmax(fine[::-1]))
    return place, float(of.weight[place] / of.weight[0])


def best_cut_off(applicants: Applicants, aim: Aim) -> tuple[float, float] | None:
    """The best cut-off among the distinct scores and what it reaches, by `choose`; None where none reaches the aim.

    Raises CreditRiskError where the score is constant.
    """
    applicants.require_varied_score()
    of = tails(applicants)
    found = choose(of, aim)
    return None if found is None else (float(of.score[found[0]]), found[1])


def resampled_cut_offs(applicants: Applicants, aim: Aim, replicates: int, generator: np.random.Generator) -> Floats:
    """The best cut-off of each resample (B,), NaN where none reaches the aim.

    Bootstrap of clusters, or rows where they stand by themselves (Davison & Hinkley 1997, section 3.8); a replicate is
    a matter of counts by distinct score, nothing is sorted again.
    """
    values, cells = np.unique(applicants.score, return_inverse=True)
    codes = applicants.clusters
    count = len(applicants) if codes is None else int(codes.max()) + 1
    found = np.full(replicates, np.nan)
    for b in range(replicates):
        drawn = np.bincount(generator.integers(0, count, count), minlength=count).astype(np.float64)
        times = drawn if codes is None else drawn[codes]
        of = _tails(applicants, values, cells, times)
        best = choose(of, aim) if of.known[0] > 0 else None
        if best is not None:
            found[b] = of.score[best[0]]
    return found


def percentile_bounds(values: Floats, confidence: float) -> tuple[float | None, float | None]:
    """Percentiles of the resamples that are known, each one of them; None where fewer than half are."""
    known = np.sort(values[np.isfinite(values)])
    if 2 * len(known) < len(values):
        return None, None
    tail = (1.0 - confidence) / 2.0
    lower, upper = np.quantile(known, [tail, 1.0 - tail], method="inverted_cdf")
    return float(lower), float(upper)


def best_cut_off_table(
    samples: Mapping[str, Applicants],
    aim: Aim | None,
    *,
    declared: float | None,
    replicates: int,
    generator: np.random.Generator,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `strategy.best_cut_off`: the declared cut-off, and the best of development, by sample.

    The best is chosen on the first sample and judged on each; `own_cut_off` is what each sample would choose itself,
    with its bootstrap interval, and `own_value` what that reaches (optimistic: chosen where it is judged). `reached`:
    whether the cut-off keeps the limit of the aim on the sample, or earns more than nothing. Bounds of the best cut-off
    are those of the first sample. Columns are missing where an aim, a profit or a cut-off is not there.
    """
    rows: list[dict[str, Any]] = []
    if declared is not None:
        for name, one in samples.items():
            rows.append(
                {"basis": DECLARED, "sample": name, "cut_off": declared, **_worth(one, declared, aim, confidence)}
            )
    if aim is not None:
        rows += _best_rows(samples, aim, replicates, generator, confidence)
    return pd.DataFrame(rows, columns=BEST_COLUMNS).astype(object)


def _best_rows(
    samples: Mapping[str, Applicants], aim: Aim, replicates: int, generator: np.random.Generator, confidence: float
) -> list[dict[str, Any]]:
    own: dict[str, tuple[Any, ...]] = {}
    for name, one in samples.items():
        found = best_cut_off(one, aim)
        bounds = percentile_bounds(resampled_cut_offs(one, aim, replicates, generator), confidence)
        own[name] = (*(found or (None, None)), *bounds)
    cut_off, _, lower, upper = next(iter(own.values()))
    rows = []
    for name, one in samples.items():
        mine, value, least, most = own[name]
        head = {"basis": BEST, "sample": name, "cut_off": cut_off, "cut_off_lower": lower, "cut_off_upper": upper}
        worth = {} if cut_off is None else _worth(one, cut_off, aim, confidence)
        told = {"own_cut_off": mine, "own_lower": least, "own_upper": most, "own_value": value}
        rows.append({**head, "rows": len(one), **worth, **told})
    return rows


def _worth(applicants: Applicants, cut_off: float, aim: Aim | None, confidence: float) -> dict[str, Any]:
    found = at_cut_off(applicants, cut_off, confidence)
    reached: bool | None = None
    if aim is not None and aim.kind == MAXIMUM_PROFIT:
        reached = None if found["profit"] is None else found["profit"] > 0
    elif aim is not None and aim.limit is not None:
        rate = found["bad_rate" if aim.kind == BAD_RATE else "acceptance_rate"]
        most, least = aim.limit * (1 + SLACK), aim.limit * (1 - SLACK)
        reached = None if rate is None else bool(rate <= most if aim.kind == BAD_RATE else rate >= least)
    kept_columns = {name: value for name, value in found.items() if name in BEST_COLUMNS}
    return {**kept_columns, "reached": reached}
