"""Applicants as a strategy sees them: score, outcome where known, weight, cluster, and what accepting one earns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.clustered import Codes, cluster_codes, repeated
from credit_risk.evaluation.intervals import effective_rows, normal_quantile, wilson_interval

Mask = NDArray[np.bool_]
Bounds = tuple[float | None, float | None, float | None]
NONE: Bounds = (None, None, None)


@dataclass(frozen=True, slots=True, init=False)
class Applicants:
    """Rows of one group, shapes (n,), copied and frozen.

    score: higher is safer; y: 1 bad, 0 good, NaN where the outcome is not known; weights: positive, or None for 1 each;
    clusters: whole numbers from 0 where rows of one obligor repeat, else None; profit: what accepting each earns, the
    amount of a good or less that of a bad, NaN where the outcome is not known, or None where nothing is declared.
    Raises CreditRiskError with all faults: other lengths, outcomes other than 0 and 1, weights or amounts that are not
    positive (amounts: not negative), missing or infinite scores.
    """

    score: Floats
    y: Floats
    weights: Floats
    profit: Floats | None = field(default=None)
    clusters: Codes | None = field(default=None)

    def __init__(
        self,
        score: ArrayLike,
        y: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        good: ArrayLike | float | None = None,
        bad: ArrayLike | float | None = None,
        clusters: ArrayLike | None = None,
    ):
        arguments = Arguments()
        s = arguments.numbers("score", score)
        outcome = _outcome(arguments, y)
        w = arguments.weights(weights)
        amounts = {name: _amount(arguments, name, value, len(s)) for name, value in (("good", good), ("bad", bad))}
        one = (good is None) != (bad is None)
        arguments.require(not one, "good", "what a good earns and what a bad loses belong together", "missing")
        arguments.raise_if_any()
        earned, lost = amounts["good"], amounts["bad"]
        profit = None
        if earned is not None and lost is not None:
            profit = np.where(outcome == 1, -lost, np.where(outcome == 0, earned, np.nan))
        codes = None if clusters is None else cluster_codes(clusters, len(s))
        values = {"score": s, "y": outcome, "weights": np.ones(len(s)) if w is None else w, "profit": profit}
        for name, array in {**values, "clusters": codes if codes is not None and repeated(codes) else None}.items():
            object.__setattr__(self, name, _frozen(array))

    def __len__(self) -> int:
        return len(self.score)

    @property
    def known(self) -> Mask:
        """True where the outcome is known, (n,)."""
        return np.isfinite(self.y)

    def require_varied_score(self) -> None:
        """Raise CreditRiskError where all scores are equal: no cut-off tells applicants apart."""
        arguments = Arguments()
        found = f"{len(self)} rows, all {self.score[0]:g}"
        varied = bool(np.ptp(self.score) > 0)
        arguments.require(varied, "score", "the score is constant, so no cut-off divides it", "constant", found=found)
        arguments.raise_if_any()


def _outcome(arguments: Arguments, values: ArrayLike) -> Floats:
    """0 and 1, with NaN (or None) for an outcome that is not known."""
    raw = np.asarray(values, dtype=object) if not hasattr(values, "dtype") else np.asarray(values)
    if raw.dtype == object:
        raw = np.array([np.nan if value is None or value != value else value for value in raw.ravel()], dtype=object)
    known = np.array([value == value for value in raw], bool) if raw.dtype == object else ~np.isnan(raw.astype(float))
    y = np.full(len(raw), np.nan)
    arguments.require(bool(known.any()), "y", "no outcome is known", "missing", allowed="0 (good) and 1 (bad)")
    if arguments.length is not None:
        found, allowed = f"{len(raw)} rows", f"{arguments.length} rows"
        same = len(raw) == arguments.length
        arguments.require(same, "y", "length differs from the score", "length", found=found, allowed=allowed)
    if known.any():
        inner = Arguments(arguments.where)
        checked = inner.outcome(raw[known], both_classes=False)
        arguments.faults += inner.faults
        if not inner.faults:
            y[known] = checked
    return y


def _amount(arguments: Arguments, name: str, value: ArrayLike | float | None, rows: int) -> Floats | None:
    if value is None:
        return None
    scalar = np.ndim(np.asarray(value)) == 0
    amount = arguments.numbers(name, np.full(max(rows, 1), value) if scalar else value, same_length=not scalar)
    wrong = amount < 0
    found = f"{np.count_nonzero(wrong)} of {len(amount)} rows"
    arguments.require(not wrong.any(), name, "amounts below 0", "range", found=found, allowed="0 or more")
    return amount


def _frozen(values: np.ndarray | None) -> np.ndarray | None:
    if values is None:
        return None
    copy = values.copy()
    copy.flags.writeable = False
    return copy


def proportion(event: Mask, base: Floats, clusters: Codes | None, confidence: float) -> Bounds:
    """Share of the weight `base` (n,) (0 for rows outside) that has the event (n,), with its interval; None without.

    Wilson's interval at Kish's effective rows of `base`, divided by the design effect of clusters where it is above 1:
    the variance of sums of influence over clusters to that of rows (Kish 1965, section 5.4).
    """
    total = float(np.sum(base))
    if not total > 0:
        return NONE
    inside = event[base > 0]
    value = float(inside[0]) if inside.all() or not inside.any() else float(np.sum(base[event])) / total
    size = effective_rows(base[base > 0])
    if clusters is not None and 0 < value < 1:
        size /= design_effect(base * (event - value), clusters)
    lower, upper = wilson_interval([value * size], [size], confidence)
    return value, float(lower[0]), float(upper[0])


def design_effect(influence: Floats, clusters: Codes) -> float:
    """Variance of the sums of influence (n,) over clusters to that of the rows, 1 or more."""
    alone, sums = float(influence @ influence), np.bincount(clusters, influence)
    return max(float(sums @ sums) / alone, 1.0) if alone > 0 else 1.0


def mean_error(values: Floats, base: Floats, clusters: Codes | None) -> tuple[float, float]:
    """Mean of values (n,) over the weight `base` (n,), and its standard error by linearisation (Cochran 1977, 6.4).

    Rows outside have base 0. The error is NaN with fewer than two rows (clusters).
    """
    total = float(np.sum(base))
    mean = float(np.sum(base * values)) / total
    return mean, influence_error(base * (values - mean) / total, base > 0, clusters)


def influence_error(influence: Floats, inside: Mask, clusters: Codes | None) -> float:
    """Standard error from the influence of each row (n,): the root of n/(n − 1) times the sum of squares of its sums.

    inside: rows that count among n; clusters: sums are over them, else rows stand by themselves.
    """
    sums = influence[inside] if clusters is None else np.bincount(clusters[inside], influence[inside])
    count = int(np.count_nonzero(inside)) if clusters is None else len(np.unique(clusters[inside]))
    if count < 2:
        return float("nan")
    return float(np.sqrt(float(sums @ sums) * count / (count - 1)))


def normal_bounds(value: float, error: float, confidence: float) -> Bounds:
    """Value with its normal interval; bounds are None where the error is not known."""
    if not np.isfinite(error):
        return value, None, None
    half = normal_quantile(confidence) * error
    return value, value - half, value + half


__all__ = ["Applicants", "CreditRiskError", "design_effect", "mean_error", "normal_bounds", "proportion"]
