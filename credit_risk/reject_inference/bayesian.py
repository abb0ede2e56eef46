"""Bayesian evaluation: measures on all applicants, outcomes that nobody knows drawn from their prior.

Kozodoi, Lessmann, Alamgir, Moreira-Matias and Papakonstantinou (2025), Fighting sampling bias: a framework for
training and evaluating credit scoring models, European Journal of Operational Research (arXiv 2407.13009), algorithm 2.
Rows are sorted by risk once; a draw is then a few sums over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.randomness import stage_generator
from credit_risk.evaluation._arrays import Arguments, check_confidence

Floats = NDArray[np.float64]
STAGE = "reject_inference/bayesian"
COLUMNS = ("measure", "share", "estimate", "standard_deviation", "lower", "upper", "draws")
MEASURES = ("auc", "gini", "ks", "brier", "log_loss", "bad_rate_approved")
METHOD = (
    "Outcomes that are not known are drawn from their prior, row by row and independently; estimate: mean over draws; "
    "interval: quantiles of the draws. It tells what the unknown outcomes leave open if the prior is right, neither "
    "the error of a finite sample nor that of the prior."
)


@dataclass(frozen=True, slots=True)
class BayesianValue:
    """Mean of a measure over draws of the unknown outcomes, with bounds at `confidence` and the draws (d,)."""

    estimate: float
    standard_deviation: float
    lower: float
    upper: float
    confidence: float
    draws: Floats


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Rows in ascending risk: places (n,) of the rows, last (g,) of each distinct risk, w (n,), known labels (n,)."""

    order: NDArray[np.int64]
    last: NDArray[np.int64]
    w: Floats
    labels: Floats
    unknown: NDArray[np.int64]
    prior: Floats
    up_to: Floats


def bayesian_auc(
    y: ArrayLike,
    risk: ArrayLike,
    prior: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    draws: int = 100,
    seed: int = 0,
    confidence: float = 0.95,
) -> BayesianValue:
    """AUC on known outcomes and drawn ones: O(n log n) once and O(n) a draw.

    y (n,): 1 bad, 0 good, NaN not known; risk (n,), higher is riskier, ties count one half; prior (n,): probability of
    bad, used where y is not known; weights (n,) positive. The same seed draws the same outcomes for every risk, so that
    two models are compared on the same draws. Raises CreditRiskError with all faults; both classes must be known.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    rows = _checked(arguments, y, risk, prior, weights, draws)
    values = np.array([_area(*_counts(rows, labels)) for labels in _drawn(rows, draws, seed)])
    return _summary(values, confidence)


def expected_auc(y: ArrayLike, risk: ArrayLike, prior: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Expected mass of pairs in order over expected mass of pairs of a bad and a good, arguments as in `bayesian_auc`.

    Both expectations are exact; the ratio differs from the expected AUC by O(1/n).
    """
    rows = _checked(Arguments(), y, risk, prior, weights, 2)
    p = rows.labels.copy()
    p[rows.unknown] = rows.prior
    bad, up_to_bad, up_to_good = _counts(rows, p)
    good = np.diff(up_to_good, prepend=0.0)
    with_itself = float(np.sum(rows.w**2 * p * (1.0 - p)))
    in_order = float(np.sum(bad * (2.0 * up_to_good - good))) / 2.0 - with_itself / 2.0
    return in_order / (float(up_to_bad[-1] * up_to_good[-1]) - with_itself)


def bayesian_table(
    y: ArrayLike,
    probability: ArrayLike,
    prior: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    approved: Sequence[float] = (0.2, 0.3, 0.4),
    draws: int = 100,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """COLUMNS, one row a measure of MEASURES; `bad_rate_approved` has one row a share of applicants approved.

    probability (n,): predicted, in [0, 1]; the other arguments as in `bayesian_auc`. Log loss is infinite where a
    certain prediction was wrong. Approved are the applicants of least probability; those of equal probability at the
    cut-off are approved in part, each alike. Raises CreditRiskError with all faults.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    for share in approved:
        arguments.require(0 < share <= 1, "approved", "not a share", "range", found=f"{share!r}", allowed="0 to 1")
    rows = _checked(arguments, y, probability, prior, weights, draws, probabilities=True)
    p = np.asarray(probability, dtype=np.float64)[rows.order]
    linear, constant = _linear(rows, p, approved)
    values = np.empty((draws, 3 + len(constant)))
    for number, labels in enumerate(_drawn(rows, draws, seed)):
        bad, up_to_bad, up_to_good = _counts(rows, labels)
        area = _area(bad, up_to_bad, up_to_good)
        distance = float(np.max(np.abs(up_to_good / up_to_good[-1] - up_to_bad / up_to_bad[-1])))
        values[number, :3] = area, 2.0 * area - 1.0, distance
        values[number, 3:] = constant + linear @ labels
        if np.any((p == 0.0) & (labels == 1.0)) or np.any((p == 1.0) & (labels == 0.0)):
            values[number, 4] = np.inf
    names = [*MEASURES[:5], *("bad_rate_approved" for _ in approved)]
    shares = [*(np.nan for _ in MEASURES[:5]), *approved]
    told = [_summary(column, confidence) for column in values.T]
    table = [
        (name, share, one.estimate, one.standard_deviation, one.lower, one.upper, draws)
        for name, share, one in zip(names, shares, told, strict=True)
    ]
    frame = pd.DataFrame(table, columns=list(COLUMNS))
    frame.attrs["notes"] = [METHOD]
    return frame


def approved_parts(risk: ArrayLike, share: float, weights: ArrayLike | None = None) -> Floats:
    """Which part of each row (n,) is approved when the `share` of least risk is: 1, 0, or between at the cut-off.

    Rows of equal risk are approved in equal parts, so that the order of rows does not matter.
    """
    x = np.asarray(risk, dtype=np.float64)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, dtype=np.float64)
    order = np.argsort(x, kind="stable")
    parts = np.empty(len(x))
    parts[order] = _parts(w[order], _last_of_each(x[order]), share)
    return parts


def _checked(
    arguments: Arguments,
    y: ArrayLike,
    risk: ArrayLike,
    prior: ArrayLike,
    weights: ArrayLike | None,
    draws: int,
    *,
    probabilities: bool = False,
) -> _Sorted:
    x = arguments.probabilities(risk) if probabilities else arguments.numbers("risk", risk)
    q, w = arguments.probabilities(prior, "prior"), arguments.weights(weights)
    outcome = np.asarray(y, dtype=np.float64)
    same = outcome.shape == x.shape
    arguments.require(same, "y", "length differs from risk", "length", found=f"{outcome.shape}")
    known = np.isfinite(outcome)
    told = outcome[known]
    arguments.require(bool(np.isin(told, (0.0, 1.0)).all()), "y", "outcome codes other than 0 and 1", "outcome_code")
    both = bool(np.any(told == 0.0) and np.any(told == 1.0))
    arguments.require(both, "y", "no known good or no known bad", "one_class", found=f"{len(told):,} known outcomes")
    enough = isinstance(draws, int) and draws >= 2
    arguments.require(enough, "draws", "too few draws", "range", found=f"{draws!r}", allowed="2 or more")
    arguments.raise_if_any()
    order = np.argsort(x, kind="stable")
    sorted_w = np.ones(len(x)) if w is None else w[order]
    last = _last_of_each(x[order])
    place = np.empty(len(x), dtype=np.int64)
    place[order] = np.arange(len(x))
    missing = np.flatnonzero(~known)
    labels = np.where(known, outcome, 0.0)[order]
    return _Sorted(order, last, sorted_w, labels, place[missing], q[missing], np.cumsum(sorted_w)[last])


def _drawn(rows: _Sorted, draws: int, seed: int) -> Iterator[Floats]:
    """Labels (n,) in ascending risk, draw by draw; the uniform numbers follow the rows as given, not their risk."""
    bits = stage_generator(seed, STAGE).bit_generator
    labels = rows.labels.copy()
    for _ in range(draws):
        uniform = (bits.random_raw(len(rows.unknown)) >> np.uint64(11)) * 2.0**-53
        labels[rows.unknown] = uniform < rows.prior
        yield labels


def _counts(rows: _Sorted, labels: Floats) -> tuple[Floats, Floats, Floats]:
    """Mass of bads at each distinct risk, of bads up to it, of goods up to it."""
    up_to_bad = np.cumsum(rows.w * labels)[rows.last]
    return np.diff(up_to_bad, prepend=0.0), up_to_bad, rows.up_to - up_to_bad


def _area(bad: Floats, up_to_bad: Floats, up_to_good: Floats) -> float:
    good = np.diff(up_to_good, prepend=0.0)
    return float(np.sum(bad * (2.0 * up_to_good - good)) / (2.0 * up_to_bad[-1] * up_to_good[-1]))


def _linear(rows: _Sorted, p: Floats, approved: Sequence[float]) -> tuple[Floats, Floats]:
    """Brier score, log loss and bad rates of the approved as linear functions of the labels: slopes (m, n), constants.

    Certain predictions count nothing in the log loss here.
    """
    w = rows.w / rows.up_to[-1]
    sure = (p == 0.0) | (p == 1.0)
    inner = np.where(sure, 0.5, p)
    of_good, of_bad = (np.where(sure, 0.0, -loss) for loss in (np.log1p(-inner), np.log(inner)))
    slopes, constants = [w * (1.0 - 2.0 * p), w * (of_bad - of_good)], [float(w @ (p * p)), float(w @ of_good)]
    for share in approved:
        mass = rows.w * _parts(rows.w, rows.last, share)
        slopes.append(mass / mass.sum())
        constants.append(0.0)
    return np.array(slopes), np.array(constants)


def _parts(w: Floats, last: NDArray[np.int64], share: float) -> Floats:
    up_to = np.cumsum(w)[last]
    mass = np.diff(up_to, prepend=0.0)
    within = np.clip((share * up_to[-1] - (up_to - mass)) / mass, 0.0, 1.0)
    return np.repeat(within, np.diff(last, prepend=-1))


def _last_of_each(ordered: Floats) -> NDArray[np.int64]:
    return np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)


def _summary(values: Floats, confidence: float) -> BayesianValue:
    if not np.isfinite(values).all():
        return BayesianValue(float("inf"), float("nan"), float(np.min(values)), float("inf"), confidence, values)
    low, high = np.quantile(values, [(1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0])
    return BayesianValue(float(values.mean()), float(values.std(ddof=1)), float(low), float(high), confidence, values)
