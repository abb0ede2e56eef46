"""A sample of amounts or fractions: outcome and what a model expects, of the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.clustered import Codes, cluster_codes
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.evaluation.samples import _frozen


@dataclass(frozen=True, slots=True, init=False)
class MeasuredSample:
    """Rows of one sample, shapes (n,), copied to doubles and frozen.

    y ≥ 0: the amount or fraction; expected > 0: what the model expects; weights: positive, or None for 1 each;
    exposure: positive, or None for 1 each: what an amount is per unit of; clusters: whole numbers, equal where rows
    belong to one obligor, or None. Raises CreditRiskError with all faults of all arrays.
    """

    y: Floats
    expected: Floats
    weights: Floats
    exposure: Floats
    clusters: Codes = field(repr=False)

    def __init__(
        self,
        y: ArrayLike,
        expected: ArrayLike,
        weights: ArrayLike | None = None,
        exposure: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
    ):
        arguments = Arguments()
        values, means = arguments.numbers("y", y), arguments.numbers("expected", expected)
        for name, array, wrong, allowed in (
            ("y", values, values < 0, "0 or more"),
            ("expected", means, means <= 0, "above 0"),
        ):
            found = f"{np.count_nonzero(wrong)} of {len(array)} rows"
            arguments.require(not wrong.any(), name, "values that cannot be", "range", found=found, allowed=allowed)
        w, e = arguments.weights(weights), arguments.weights(exposure, "exposure")
        arguments.raise_if_any()
        ones = np.ones(len(values))
        for name, given in (("y", values), ("expected", means), ("weights", w), ("exposure", e)):
            object.__setattr__(self, name, _frozen(ones if given is None else given))
        codes = np.arange(len(values)) if clusters is None else cluster_codes(clusters, len(values))
        object.__setattr__(self, "clusters", _frozen(codes))

    def __len__(self) -> int:
        return len(self.y)

    @property
    def base(self) -> Floats:
        """Weights times exposure (n,): what means are taken over."""
        return self.weights * self.exposure

    @property
    def rate(self) -> Floats:
        """Expected outcome per unit of exposure (n,): what rows are ordered by."""
        return self.expected / self.exposure

    def part(self, rows: np.ndarray) -> MeasuredSample:
        """The rows of a mask (n,)."""
        parts = (self.y, self.expected, self.weights, self.exposure, self.clusters)
        return MeasuredSample(*(part[rows] for part in parts))


def cluster_sums(values: Floats, clusters: Codes) -> Floats:
    """Sums (g,) of values (n,) over the clusters that occur."""
    return np.bincount(np.unique(clusters, return_inverse=True)[1], values).astype(np.float64)


def ratio_error(outcome: Floats, base: Floats, clusters: Codes) -> tuple[float, float]:
    """Ratio of two sums and its standard error by linearisation (Cochran 1977, section 6.4), rows of a cluster summed.

    outcome, base (n,), weights in them. The error is NaN with fewer than two clusters.
    """
    whole = float(np.sum(base))
    ratio = float(np.sum(outcome)) / whole
    gaps = cluster_sums(outcome - ratio * base, clusters)
    count = len(gaps)
    error = float(np.sqrt(np.sum(gaps**2) * count / (count - 1))) / whole if count > 1 else float("nan")
    return ratio, error


def positive_interval(value: float, error: float, confidence: float) -> tuple[float, float]:
    """Bounds of a positive quantity, normal on the scale of ln; NaN where the value is 0 or the error unknown or 0."""
    if not (value > 0 and error > 0):
        return float("nan"), float("nan")
    factor = float(np.exp(normal_quantile(confidence) * error / value))
    return value / factor, value * factor


def mean_interval(mean: Floats, error: Floats, kind: str, confidence: float) -> tuple[Floats, Floats]:
    """Interval (k,) of a mean on the scale of ln (amounts) or of log-odds (fractions), where it is inside its range.

    Normal, by the delta method; NaN where the mean is at an end of the range or its error is unknown.
    """
    reach = normal_quantile(confidence) * error
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if kind == "amount":
            lower, upper = mean * np.exp(-reach / mean), mean * np.exp(reach / mean)
        else:
            half = reach / (mean * (1 - mean))
            lower, upper = expit(logit(mean) - half), expit(logit(mean) + half)
    inside = (mean > 0) & (error > 0) & ((mean < 1) | (kind == "amount"))
    return np.where(inside, lower, np.nan), np.where(inside, upper, np.nan)
