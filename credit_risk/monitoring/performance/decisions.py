"""What was decided: approval and override rates by period and segment, against those of development."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, check_confidence
from credit_risk.evaluation.fairness_gaps import Rate, rate_difference, rate_of
from credit_risk.evaluation.intervals import wilson_interval
from credit_risk.evaluation.proportions import two_proportions
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.performance.groups import NO_SEGMENTS, groups_of
from credit_risk.monitoring.performance.labels import Codes, applicant_codes
from credit_risk.monitoring.performance.vintages import EVALUABLE, NOT_EVALUABLE, OF_APPLICANTS

DECISION_COLUMNS = [
    *("period", "segment", "measure", "rows", "events", "rate", "lower", "upper", "half_width", "development"),
    *("difference", "difference_lower", "difference_upper", "p_value", "status", "reason"),
]
"""A row each period, segment and measure of DECISION_MEASURES; difference: production less development.

rows: of whom the rate is; events among them. Bounds: Wilson's, at Kish's effective rows where there are weights, at the
rows of as precise a simple sample where rows are of applicants who come again; of the
difference Newcombe's (1998, method 10); p_value two-sided, of two proportions. NaN where development holds none.
"""
DECISION_MEASURES = {
    "approval_rate": "approved, of those decided",
    "model_approval_rate": "to be accepted by the score, of those it recommends on",
    "override_rate": "decided otherwise than the score, of those decided that it recommends on",
    "low_side_override_rate": "approved by hand, of those decided that the score would decline",
    "high_side_override_rate": "declined by hand, of those decided that the score would accept",
}
"""What each measure is."""
DEVELOPMENT_RATE_COLUMNS = ["segment", "measure", "rows", "rate"]
"""Rates of development; rows (effective) of whom they are, NaN where a rate counts as known."""
Ternary = NDArray[np.int8]
Bases = Mapping[tuple[str, str], tuple[float, float]]
YES, NO, OPEN = 1, 0, -1


@dataclass(frozen=True, slots=True)
class Decided:
    """approved (n,): 1, 0, or -1 where nothing was decided; words: how often each word that is neither occurs."""

    approved: Ternary
    words: Mapping[str, int]


def approved_of(decision: ArrayLike, approved: Collection[str], declined: Collection[str]) -> Decided:
    """The bank's words (n,) of what was done as approved, declined, or not decided (any other word, or none).

    Words are compared as they are. Raises CreditRiskError where a word is on both lists.
    """
    if both := sorted(set(approved) & set(declined)):
        message = "words that are both approved and declined"
        raise CreditRiskError(Fault(message, "duplicate", path="approved", found=", ".join(both)))
    words = pd.Series(np.asarray(decision, dtype=object))
    yes, no = words.isin(list(approved)), words.isin(list(declined))
    found = np.where(yes, YES, np.where(no, NO, OPEN)).astype(np.int8)
    others = words[~(yes | no)].map(lambda one: "missing" if pd.isna(one) else str(one)).value_counts()
    return Decided(found, {str(word): int(count) for word, count in sorted(others.items())})


def decision_table(
    approved: ArrayLike,
    recommended: ArrayLike | None = None,
    period: ArrayLike | None = None,
    segments: Mapping[str, ArrayLike] = NO_SEGMENTS,
    weights: ArrayLike | None = None,
    *,
    applicants: ArrayLike | None = None,
    development: pd.DataFrame | None = None,
    least_rows: int = 100,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """DECISION_COLUMNS of every group.

    approved (n,): what was done, recommended (n,): what the score said, each 1 (approve), 0 (decline) or -1 (neither:
    not decided, referred); without `recommended` only the approval rate. applicants (n,): names, those of one applicant
    are a cluster, a missing one stands by itself; not with weights. development: DEVELOPMENT_RATE_COLUMNS. A rate of
    fewer than `least_rows` rows is told and not evaluable.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    done = _ternary(arguments, "approved", approved)
    said = None if recommended is None else _ternary(arguments, "recommended", recommended)
    w = arguments.weights(weights)
    arguments.require(w is None or applicants is None, "applicants", "weights and applicants together", "exclusive")
    arguments.raise_if_any()
    codes = None if applicants is None else applicant_codes(applicants, len(done))
    base = development_bases(development)
    events = decision_events(done, said)
    rows: list[tuple[Any, ...]] = []
    for month, segment, places in groups_of(len(done), period, segments):
        mass = None if w is None else w[places]
        for name, (event, inside) in events.items():
            if codes is None:
                found = rate_of(event[places], inside[places], mass, confidence)
                size = float(found.rows) if mass is None else _effective(mass[inside[places]])
            else:
                here = places[inside[places]]
                found, size = rate_of_applicants(event[here], codes[here], confidence)
            rows.append(rate_row((month, segment, name), found, size, base, least_rows, confidence))
    frame = pd.DataFrame(rows, columns=DECISION_COLUMNS)
    frame.attrs["notes"] = decision_notes(events, clustered=codes is not None)
    return frame


def rate_row(
    head: tuple[str, str, str],
    found: Rate,
    size: float,
    base: Bases,
    least_rows: int,
    confidence: float = 0.95,
) -> tuple[Any, ...]:
    """DECISION_COLUMNS of one rate; head: period, segment, measure; size: rows of as precise a simple sample."""
    told = _compared(found, size, base.get(head[1:]), confidence)
    enough = found.rows >= least_rows
    reason = None if enough else f"{found.rows} rows, fewer than {least_rows}"
    values = (found.rows, found.events, found.value, found.lower, found.upper, (found.upper - found.lower) / 2)
    return (*head, *values, *told, EVALUABLE if enough else NOT_EVALUABLE, reason)


def decision_notes(measures: Iterable[str], *, clustered: bool) -> tuple[str, ...]:
    """What each measure is, and of whom intervals are."""
    return (*(f"{name}: {DECISION_MEASURES[name]}" for name in measures), *((OF_APPLICANTS,) if clustered else ()))


def rate_of_counts(events: int, rows: int, confidence: float = 0.95) -> Rate:
    """Share of events among rows that stand by themselves, with Wilson's bounds; NaN where there are none."""
    if rows == 0:
        return Rate(0, 0, math.nan, math.nan, math.nan)
    lower, upper = wilson_interval([float(events)], [float(rows)], confidence)
    return Rate(rows, events, events / rows, float(lower[0]), float(upper[0]))


def rate_of_applicants(event: NDArray[np.bool_], codes: Codes, confidence: float) -> tuple[Rate, float]:
    """Share of events (n,) of rows that are clusters by code (n,), and the rows of as precise a simple sample.

    The variance is that of a ratio of sums over clusters (linearised; Cochran 1977, Sampling Techniques, section 6.5),
    with the factor g/(g - 1)·(n - 1)/n, so that it is p(1 - p)/n where nobody comes again.
    """
    _, place = np.unique(codes, return_inverse=True)
    yes = np.bincount(place, event.astype(np.float64))
    one = np.bincount(place).astype(np.float64)
    squares = (float(yes @ yes), float(yes @ one), float(one @ one))
    return rate_of_sums(int(event.sum()), len(event), len(one), squares, confidence)


def rate_of_sums(
    events: int, rows: int, clusters: int, squares: tuple[float, float, float], confidence: float
) -> tuple[Rate, float]:
    """The same from sums over clusters: of squared events, of events times rows, of squared rows."""
    if rows == 0:
        return Rate(0, 0, math.nan, math.nan, math.nan), 0.0
    rate, size = events / rows, float(clusters)
    spread = max(squares[0] - 2.0 * rate * squares[1] + rate * rate * squares[2], 0.0)
    if clusters > 1 and spread > 0:
        variance = spread / rows**2 * clusters / (clusters - 1.0) * (rows - 1.0) / rows
        size = min(rate * (1.0 - rate) / variance, float(rows))
    lower, upper = wilson_interval([rate * size], [size], confidence)
    return Rate(rows, events, rate, float(lower[0]), float(upper[0])), size


def decision_events(done: Ternary, said: Ternary | None) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rows (n,) with the event and rows of whom the rate is, by measure; events are among these rows or not."""
    decided = done != OPEN
    found = {"approval_rate": (done == YES, decided)}
    if said is None:
        return found
    both = decided & (said != OPEN)
    return found | {
        "model_approval_rate": (said == YES, said != OPEN),
        "override_rate": (done != said, both),
        "low_side_override_rate": (done == YES, both & (said == NO)),
        "high_side_override_rate": (done == NO, both & (said == YES)),
    }


def _compared(found: Rate, size: float, base: tuple[float, float] | None, confidence: float) -> tuple[float, ...]:
    """development, difference with bounds, p_value."""
    if base is None or math.isnan(found.value):
        return (math.nan if base is None else base[0], *(math.nan,) * 4)
    rate, rows = base
    lower, upper = (rate, rate)
    if not math.isnan(rows):
        lower, upper = (float(one[0]) for one in wilson_interval([rate * rows], [rows], confidence))
    gap = rate_difference(found, Rate(0, 0, rate, lower, upper))
    _, p_value = two_proportions(rate, 1e18 if math.isnan(rows) else rows, found.value, size)
    return (rate, *gap, float(p_value))


def development_bases(frame: pd.DataFrame | None) -> Bases:
    """Rate and rows of development by segment and measure, from DEVELOPMENT_RATE_COLUMNS; nothing without a frame.

    Raises CreditRiskError where columns are absent or rows repeat.
    """
    if frame is None:
        return {}
    require_columns(frame, DEVELOPMENT_RATE_COLUMNS, "development")
    if frame.duplicated(["segment", "measure"]).any():
        raise CreditRiskError(Fault("rows of development repeat", "duplicate", path="development"))
    rows = frame[DEVELOPMENT_RATE_COLUMNS].itertuples(index=False)
    return {(str(segment), str(name)): (float(rate), float(count)) for segment, name, count, rate in rows}


def _ternary(arguments: Arguments, name: str, values: ArrayLike) -> Ternary:
    numbers = arguments.numbers(name, values)
    right = bool(np.isin(numbers, (YES, NO, OPEN)).all())
    arguments.require(right, name, "not a decision", "range", allowed="1 (approve), 0 (decline) or -1 (neither)")
    return np.where(np.isfinite(numbers), numbers, OPEN).astype(np.int8)


def _effective(w: np.ndarray) -> float:
    return float(w.sum() ** 2 / (w @ w)) if len(w) else 0.0
