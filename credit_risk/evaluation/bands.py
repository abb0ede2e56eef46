"""Score bands with fixed development edges, and the distribution of the score of goods and bads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation._groups import class_numbers
from credit_risk.evaluation.intervals import effective_rows, wilson_interval
from credit_risk.evaluation.samples import ScoredSample

_BAND_COLUMNS = [
    *("sample", "band", "lower", "upper", "count", "good", "bad"),
    *("bad_rate", "bad_rate_lower", "bad_rate_upper", "mean_probability", "cumulative_bad_share"),
]


def score_band_table(samples: Mapping[str, ScoredSample], edges: ArrayLike, confidence: float = 0.95) -> pd.DataFrame:
    """Columns of evidence `performance.score_bands`; band 1 has the lowest scores (the highest risk).

    samples: {name: ScoredSample}; edges: ascending interior edges of `band_edges`, the same for every
    sample. The open ends (`lower` of the first band, `upper` of the last) are missing. count, good, bad are
    rows; rates and shares are weighted where the sample has weights, their Wilson interval then at Kish's
    effective size. A band without rows keeps its line with missing rates. Raises CreditRiskError where
    edges do not ascend or a sample has no bad.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    cuts = arguments.numbers("edges", edges) if np.size(edges) else np.empty(0)
    arguments.require(bool(np.all(np.diff(cuts) > 0)), "edges", "edges do not ascend", "order")
    for name, sample in samples.items():
        arguments.require(bool(sample.bad.any()), name, "a sample without bads", "no_bads")
    arguments.raise_if_any()
    rows = [row for name, sample in samples.items() for row in _bands_of(name, sample, cuts, confidence)]
    frame = pd.DataFrame(rows, columns=_BAND_COLUMNS)
    text = f"{len(cuts) + 1} bands [from, below) with edges fixed on the development sample"
    frame.attrs["notes"] = (text, f"Wilson interval at {confidence:g}")
    return frame


def _bands_of(name: str, sample: ScoredSample, cuts: Floats, confidence: float) -> list[dict[str, Any]]:
    number = class_numbers(sample.score, cuts)
    w = np.ones(len(sample)) if sample.weights is None else sample.weights
    all_bad = math.fsum(w[sample.bad])
    ends = [math.nan, *cuts.tolist(), math.nan]
    rows, seen_bad = [], 0.0
    for band in range(len(cuts) + 1):
        inside = number == band
        count, bad = int(inside.sum()), int((inside & sample.bad).sum())
        mass, bad_mass = math.fsum(w[inside]), math.fsum(w[inside & sample.bad])
        seen_bad = math.fsum([seen_bad, bad_mass])
        rate = lower = upper = mean = math.nan
        if count:
            rate = bad_mass / mass
            size = float(count) if sample.weights is None else effective_rows(w[inside])
            events = float(bad) if sample.weights is None else min(rate * size, size)
            lower, upper = (float(bound[0]) for bound in wilson_interval([events], [size], confidence))
            mean = math.fsum(w[inside] * sample.probability[inside]) / mass
        values: tuple[Any, ...] = (name, band + 1, ends[band], ends[band + 1], count, count - bad, bad)
        values += (rate, lower, upper, mean, min(seen_bad / all_bad, 1.0))
        rows.append(dict(zip(_BAND_COLUMNS, values, strict=True)))
    return rows


def score_distribution(
    y: ArrayLike, score: ArrayLike, weights: ArrayLike | None = None, classes: int = 40
) -> pd.DataFrame:
    """Columns of evidence `performance.score_distribution`: share of goods and of bads by class of score.

    Classes [a, b) of one width of 1, 2 or 5 times a power of ten, at most `classes` and aligned to
    multiples of the width (for whole-number scores the width is a whole number); `score` is the middle of a
    class; shares sum to 1 over each outcome. Raises CreditRiskError on one class or missing values.
    """
    arguments = Arguments()
    y_, x, w = arguments.outcome(y), arguments.numbers("score", score), arguments.weights(weights)
    arguments.require(classes >= 2, "classes", "too few classes", "range", allowed="2 or more")
    arguments.raise_if_any()
    width = _class_width(x, classes)
    first, last = math.floor(x.min() / width), math.floor(x.max() / width)
    place = np.clip(np.floor(x / width).astype(np.int64) - first, 0, last - first)
    middles = (np.arange(first, last + 1) + 0.5) * width
    mass = np.ones(len(x)) if w is None else w
    parts = []
    for outcome, chosen in (("good", y_ == 0), ("bad", y_ == 1)):
        totals = np.bincount(place[chosen], mass[chosen], len(middles))
        share = totals / totals.sum()
        parts.append(pd.DataFrame({"outcome": outcome, "score": middles, "share": share}))
    frame = pd.concat(parts, ignore_index=True)
    frame.attrs["notes"] = (f"classes [a, b) {width:g} wide",)
    return frame


def _class_width(x: Floats, classes: int) -> float:
    spread = float(x.max() - x.min())
    if not math.isfinite(spread):
        raise CreditRiskError(Fault("the range of the score overflows", path="score"))
    whole = bool(np.all(x == np.floor(x)))
    if spread == 0.0:
        return 1.0
    power = math.floor(math.log10(spread / classes)) - 1
    for exponent in range(power, power + 4):
        for step in (1.0, 2.0, 5.0):
            width = step * 10.0**exponent
            if (width >= 1.0 or not whole) and math.floor(x.max() / width) - math.floor(x.min() / width) < classes:
                return width
    return 1.0
