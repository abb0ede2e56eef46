"""A master scale: grades as intervals of the probability of bad, each with one probability of its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.calibration.low_default import LowDefault
from credit_risk.evaluation._arrays import Arguments, check_confidence
from credit_risk.evaluation.graded import GradedSample
from credit_risk.evaluation.intervals import jeffreys_interval

Floats = NDArray[np.float64]
SOURCES = ("mean_probability", "observed", "long_run", "midpoint", "pluto_tasche", "given")
"""Where the probability of a grade may come from."""
WHERE = "rating_scale"


@dataclass(frozen=True, slots=True)
class MasterScale:
    """Grades in order of risk. edges: (k - 1) interior bounds, ascending; grade i holds edges[i-1] <= p < edges[i].

    probabilities: (k,) that of each grade, strictly ascending; source: one of SOURCES, where they come from.
    """

    grades: tuple[str, ...]
    edges: tuple[float, ...]
    probabilities: tuple[float, ...]
    source: str

    def __len__(self) -> int:
        return len(self.grades)

    def index(self, probability: ArrayLike) -> NDArray[np.int64]:
        """Place 0 ... k - 1 of the grade of each probability (n,). Raises CreditRiskError outside [0, 1]."""
        arguments = Arguments()
        p = arguments.probabilities(probability)
        arguments.raise_if_any()
        return place_in(self.edges, p)

    def assign(self, probability: ArrayLike) -> NDArray[np.object_]:
        """Name of the grade of each probability (n,). Raises CreditRiskError outside [0, 1]."""
        return np.array(self.grades, dtype=object)[self.index(probability)]

    @property
    def bounds(self) -> tuple[tuple[float, float], ...]:
        """Lower and upper bound of each grade; the outer ones are 0 and 1."""
        return tuple(pairwise((0.0, *self.edges, 1.0)))

    @property
    def inside(self) -> tuple[bool, ...]:
        """Whether the probability of each grade lies within its bounds."""
        last = len(self) - 1
        pairs = zip(self.probabilities, self.bounds, strict=True)
        return tuple(low <= p < high or (k == last and p == 1.0) for k, (p, (low, high)) in enumerate(pairs))

    def entries(self) -> list[dict[str, Any]]:
        """`grades` of a `grade` step (SPECIFICATION section 3.2); the ends are open."""
        ends = pairwise((None, *self.edges, None))
        rows = zip(self.grades, ends, self.probabilities, strict=True)
        return [{"grade": name, "lower": low, "upper": high, "probability": p} for name, (low, high), p in rows]


def place_in(edges: Sequence[float], probability: Floats) -> NDArray[np.int64]:
    """Place 0 ... k - 1 of each probability (n,) among interior bounds, intervals [a, b)."""
    return np.searchsorted(np.asarray(edges, dtype=np.float64), probability, side="right").astype(np.int64)


def geometric_edges(lower: float, upper: float, grades: int) -> tuple[float, ...]:
    """`grades - 1` interior bounds from `lower` to `upper`, each the same multiple of the one before it.

    The first grade is [0, lower), the last [upper, 1]. Raises ModelError unless 0 < lower < upper < 1 and grades >= 3.
    """
    if not 0.0 < lower < upper < 1.0 or grades < 3:
        found = f"lower {lower!r}, upper {upper!r}, {grades} grades"
        raise ModelError(_fault("no such geometric scale", "range", found, "0 < lower < upper < 1, 3 grades or more"))
    ratio = math.log(upper / lower) / (grades - 2)
    return (lower, *(lower * math.exp(ratio * k) for k in range(1, grades - 2)), upper)


def default_names(grades: int) -> tuple[str, ...]:
    """Grades by number from 1, the safest first; of the same length, so that text sorts as numbers do."""
    width = len(str(grades))
    return tuple(f"{k:0{width}d}" for k in range(1, grades + 1))


def given_scale(
    edges: Sequence[float],
    probability: ArrayLike | None = None,
    y: ArrayLike | None = None,
    *,
    source: str = "mean_probability",
    names: Sequence[str] | None = None,
    probabilities: Sequence[float] | None = None,
    periods: ArrayLike | None = None,
    low_default: LowDefault | None = None,
    weights: ArrayLike | None = None,
) -> MasterScale:
    """The scale of interior bounds (k - 1), with a probability for each grade from `source`.

    `mean_probability`: the (weighted) mean of probability (n,) in the grade. `observed`: the bad rate of y (n,) there.
    `long_run`: the plain mean over `periods` (n,) of the grade's bad rate in each; periods without a row of the grade
    are passed over. `midpoint`: the geometric mean of the bounds; the end grades keep half the step of the log bound
    next to them, the last at most up to 1. `pluto_tasche`: the upper bound of the bad rate of the grade and all riskier
    ones (`low_default.pluto_tasche`), of several years that of the window; without weights. `given`:
    `probabilities` (k,). names: of the grades, or None for numbers.

    Raises ModelError with every fault: bounds not ascending or outside (0, 1), names that stand twice or too few, a
    grade without a row where one is needed, probabilities that do not rise from grade to grade (grades that cross), or,
    of a source that places them, lie outside their grade.
    """
    k = len(edges) + 1
    named = default_names(k) if names is None else tuple(names)
    refuse([*edge_faults(edges), *name_faults(named, k)])
    if source == "given":
        values = tuple(float(p) for p in probabilities or ())
    elif source == "midpoint":
        values = midpoints(edges)
    else:
        values = _counted(edges, named, source, probability, y, periods, low_default, weights)
    scale = MasterScale(named, tuple(float(edge) for edge in edges), values, source)
    refuse(list(probability_faults(scale)))
    return scale


def midpoints(edges: Sequence[float]) -> tuple[float, ...]:
    """Geometric mean of the bounds of each grade (k,); end grades keep half the log step next to them.

    Raises ModelError with fewer than two bounds.
    """
    if len(edges) < 2:
        raise ModelError(
            _fault("midpoints need two bounds or more", "range", f"{len(edges)} bound", "3 grades or more")
        )
    first = edges[0] * math.sqrt(edges[0] / edges[1])
    last = min(edges[-1] * math.sqrt(edges[-1] / edges[-2]), math.sqrt(edges[-1]))
    return (first, *(math.sqrt(a * b) for a, b in pairwise(edges)), last)


def edge_faults(edges: Sequence[float]) -> Iterator[Fault]:
    """Bounds that are not ascending, or not within (0, 1)."""
    if not edges:
        yield _fault("a scale of one grade tells nothing", "range", "no bound", "1 bound or more")
    outside = [edge for edge in edges if not 0.0 < edge < 1.0]
    if outside:
        yield _fault("bounds outside (0, 1)", "range", ", ".join(map(repr, outside)), "above 0 and below 1")
    for before, after in pairwise(edges):
        if not before < after:
            yield _fault("bounds are not ascending", "order", f"{before!r} before {after!r}", "each above the last")


def name_faults(names: Sequence[str], grades: int) -> Iterator[Fault]:
    """Names that stand twice, or are not as many as the grades."""
    for name, count in Counter(names).items():
        if count > 1:
            yield _fault("names of grades stand twice", "duplicate_name", f"{name!r}, {count} times", "each name once")
    if len(names) != grades:
        yield _fault("names are not as many as grades", "length", f"{len(names)} names", f"{grades} names")


def probability_faults(scale: MasterScale) -> Iterator[Fault]:
    """Probabilities that are too few, not within [0, 1], not rising, or given outside the bounds of their grade."""
    k, values = len(scale), scale.probabilities
    if len(values) != k:
        yield _fault("probabilities are not as many as grades", "length", str(len(values)), str(k))
        return
    outside = [f"{g} {p!r}" for g, p in zip(scale.grades, values, strict=True) if not 0.0 <= p <= 1.0]
    if outside:
        yield _fault("probabilities outside [0, 1]", "range", ", ".join(outside), "0 to 1")
    for (one, p), (other, q) in pairwise(zip(scale.grades, values, strict=True)):
        if not p < q:
            found = f"{one} has {p!r}, {other} has {q!r}"
            remedy = "join the two grades, or take the probabilities from mean_probability"
            yield _fault("grades cross: the riskier has no higher probability", "order", found, "rising", remedy)
    if scale.source == "given":
        rows = zip(scale.grades, values, scale.bounds, scale.inside, strict=True)
        for name, p, (low, high), held in rows:
            if not held:
                yield _fault("probability lies outside its grade", "order", f"{name} has {p!r}", f"[{low!r}, {high!r})")


def scale_frame(scale: MasterScale, sample: GradedSample, confidence: float = 0.95) -> pd.DataFrame:
    """Evidence `rating.scale`: each grade with its bounds, rows, bads and rates in `sample`, and its probability.

    Bounds of the bad rate are Jeffreys', at Kish's effective size. The ends of the scale are open: missing.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.raise_if_any()
    counts = sample.counts(len(scale))
    lower, upper = jeffreys_interval(counts.events, counts.size, confidence)
    return pd.DataFrame(
        {
            "grade": list(scale.grades),
            "lower": [math.nan, *scale.edges],
            "upper": [*scale.edges, math.nan],
            "rows": counts.rows,
            "share": counts.share,
            "bad": counts.bad,
            "bad_rate": counts.rate,
            "bad_rate_lower": lower,
            "bad_rate_upper": upper,
            "mean_probability": counts.mean_probability,
            "probability": list(scale.probabilities),
            "source": scale.source,
            "inside": list(scale.inside),
        }
    )


def refuse(faults: Sequence[Fault]) -> None:
    """Raise ModelError where there are faults."""
    if faults:
        raise ModelError(faults)


def _counted(
    edges: Sequence[float],
    names: Sequence[str],
    source: str,
    probability: ArrayLike | None,
    y: ArrayLike | None,
    periods: ArrayLike | None,
    low_default: LowDefault | None,
    weights: ArrayLike | None,
) -> tuple[float, ...]:
    if source not in SOURCES:
        raise ModelError(_fault("no source of probabilities", "range", repr(source), ", ".join(SOURCES)))
    arguments = Arguments()
    p = arguments.probabilities(() if probability is None else probability)
    outcome = arguments.outcome(() if y is None else y, both_classes=False) if source != "mean_probability" else None
    arguments.raise_if_any()
    sample = GradedSample(np.zeros(len(p)) if outcome is None else outcome, place_in(edges, p), p, weights)
    counts = sample.counts(len(names))
    empty = [name for name, rows in zip(names, counts.rows, strict=True) if not rows]
    if empty:
        remedy = "widen the grade, or take the probabilities from midpoint or given"
        raise ModelError(_fault(f"grades without a row have no {source}", "empty", ", ".join(empty), None, remedy))
    if source == "mean_probability":
        return tuple(counts.mean_probability.tolist())
    if source == "pluto_tasche":
        if weights is not None:
            remedy = "take the probabilities from another source, or leave the weights out"
            raise ModelError(_fault("bounds of Pluto and Tasche count whole rows", "weights", "weights", None, remedy))
        return tuple((low_default or LowDefault()).bounds(counts.rows, counts.bad).table["window_bound"].tolist())
    return tuple((counts.rate if source == "observed" else _long_run(sample, len(names), periods)).tolist())


def _long_run(sample: GradedSample, grades: int, periods: ArrayLike | None) -> Floats:
    """Plain mean over periods of the bad rate of each grade (k,)."""
    if periods is None or len(np.asarray(periods)) != len(sample):
        raise ModelError(_fault("a long-run rate needs the period of every row", "missing", None, None))
    _, numbers = np.unique(np.asarray(periods), return_inverse=True)
    rates = np.array([sample.part(numbers == t).counts(grades).rate for t in range(int(numbers.max()) + 1)])
    return np.nanmean(rates, axis=0)


def _fault(message: str, code: str, found: str | None, allowed: str | None = None, remedy: str | None = None) -> Fault:
    return Fault(message, code=code, path=WHERE, found=found, allowed=allowed, remedy=remedy)
