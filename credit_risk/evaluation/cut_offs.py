"""What a cut-off does: who is accepted, the bads among them, precision, recall, F1 and lift of those rejected."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.clustered import Codes, cluster_codes, repeated
from credit_risk.evaluation.rates import Rate, Rows, f1_score, lift, proportion
from credit_risk.evaluation.samples import ScoredSample

ACCEPT_RATES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
PLAN = "plan"
NO_CUT_OFF = "not evaluable: the plan declares no cut-off (strategy.cut_off), and none is assumed"
MEASURES = ("accept_rate", "accepted_bad_rate", "precision", "recall", "false_positive_rate", "f1", "lift")
COLUMNS = [
    *("sample", "basis", "cut_off", "rows", "bad", "accepted"),
    *(name for measure in MEASURES for name in (measure, f"{measure}_lower", f"{measure}_upper")),
    "reading",
]


@dataclass(frozen=True, slots=True)
class CutOff:
    """Measures of accepting score >= cut_off; whoever is not accepted is called bad.

    rows, bad, accepted: numbers of rows. accept_rate: share of rows accepted; accepted_bad_rate: bad rate among them;
    precision: bad rate among the rejected; recall: share of the bads that is rejected (captured); false_positive_rate:
    share of the goods that is rejected; f1 of precision and recall; lift: precision over the bad rate of all.
    """

    cut_off: float
    rows: int
    bad: int
    accepted: int
    accept_rate: Rate
    accepted_bad_rate: Rate
    precision: Rate
    recall: Rate
    false_positive_rate: Rate
    f1: Rate
    lift: Rate


def at_cut_off(
    y: ArrayLike,
    score: ArrayLike,
    cut_off: float,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> CutOff:
    """Measures of one cut-off, taken as given: nobody's cut-off is assumed, least of all 0.5.

    y (n,) 0/1 with 1 = bad; score (n,), higher is safer; weights (n,) positive; clusters (n,) any names. Intervals: of
    proportions Wilson's, of F1 and lift linearised (`rates`). Measures are NaN where their base is empty, as precision
    where nobody is rejected. Raises CreditRiskError on one class, missing values or a cut-off that is not finite.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x, w = arguments.outcome(y), arguments.numbers("score", score), arguments.weights(weights)
    finite = isinstance(cut_off, (int, float)) and math.isfinite(cut_off)
    arguments.require(finite, "cut_off", "not a finite number", "range", found=repr(cut_off))
    arguments.raise_if_any()
    codes = None if clusters is None else cluster_codes(clusters, len(y_))
    return _measures(_rows(y_ == 1, w, codes), x, float(cut_off), confidence)


def accept_rate_cut_off(score: ArrayLike, accept_rate: float, weights: ArrayLike | None = None) -> float:
    """The score that occurs whose acceptance (score >= cut-off) is nearest to a (weighted) share, the stricter of two.

    Raises CreditRiskError on missing scores or a rate that is not within (0, 1].
    """
    arguments = Arguments()
    x, w = arguments.numbers("score", score), arguments.weights(weights)
    possible = 0.0 < accept_rate <= 1.0
    arguments.require(possible, "accept_rate", "not a rate", "range", found=repr(accept_rate), allowed="above 0, to 1")
    arguments.raise_if_any()
    return cut_offs_at(x, w, [accept_rate])[0]


def cut_offs_at(score: Floats, weights: Floats | None, accept_rates: Sequence[float]) -> list[float]:
    """`accept_rate_cut_off` of several rates, from one sort."""
    values, inverse = np.unique(score, return_inverse=True)
    mass = np.bincount(inverse, weights, len(values)).astype(np.float64)
    accepted = np.cumsum(mass[::-1]) / mass.sum()  # from the highest score
    places = [int(np.argmin(np.abs(accepted - rate))) for rate in accept_rates]
    return [float(values[len(values) - 1 - place]) for place in places]


def cut_off_table(
    samples: Mapping[str, ScoredSample],
    cut_off: float | None,
    *,
    accept_rates: Sequence[float] = ACCEPT_RATES,
    reference_sample: str = "development",
    min_bads: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `performance.cut_offs`: the plan's cut-off first, then those that accept declared shares.

    samples: {name: ScoredSample}; cut_off: in points, None where the plan has none: its row then says so, without
    numbers. Cut-offs of accept rates are those of `reference_sample`, the same for every sample. A sample with fewer
    than `min_bads` bads or goods is not evaluable. Raises CreditRiskError where the cut-off is not finite or the
    reference sample is absent.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.require(
        reference_sample in samples, "reference_sample", "no such sample", "absent", found=reference_sample
    )
    finite = cut_off is None or math.isfinite(cut_off)
    arguments.require(finite, "cut_off", "not a finite number", "range", found=repr(cut_off))
    arguments.raise_if_any()
    first = samples[reference_sample]
    found = cut_offs_at(first.score, first.weights, accept_rates)
    wanted: list[tuple[str, float | None]] = [(PLAN, cut_off)]
    wanted += [(f"accept {rate:.0%}", at) for rate, at in zip(accept_rates, found, strict=True)]
    lines = []
    for name, sample in samples.items():
        rows = _rows(sample.bad, sample.weights, sample.clusters)
        for basis, at in wanted:
            lines.append({"sample": name, "basis": basis, **_line(rows, sample.score, at, min_bads, confidence)})
    frame = pd.DataFrame(lines, columns=COLUMNS)
    frame.attrs["notes"] = (
        "accepted: score >= cut-off; precision, recall, F1 and lift are of the rejected, who are called bad",
        f"accept rates: the cut-off whose acceptance on {reference_sample} is nearest, the same for every sample",
        "intervals take the cut-off as given: Wilson's for proportions, linearised for F1 and lift",
    )
    return frame


def _rows(bad: np.ndarray, weights: Floats | None, codes: Codes | None) -> Rows:
    return Rows(bad, weights, codes if codes is not None and repeated_within(codes) else None)


def repeated_within(codes: Codes) -> bool:
    """Whether two rows share a cluster; codes (n,) any whole numbers."""
    return repeated(codes) if int(codes.max()) < len(codes) else len(np.unique(codes)) < len(codes)


def _line(rows: Rows, score: Floats, at: float | None, min_bads: int, confidence: float) -> dict[str, Any]:
    bad = int(rows.bad.sum())
    head: dict[str, Any] = {"cut_off": math.nan if at is None else at, "rows": len(rows.bad), "bad": bad}
    if at is None:
        return {**head, "accepted": None, "reading": NO_CUT_OFF}
    accepted = int(np.count_nonzero(score >= at))
    if min(bad, len(rows.bad) - bad) < max(min_bads, 1):
        reason = f"not evaluable: fewer than {max(min_bads, 1)} bads or goods"
        return {**head, "accepted": accepted, "reading": reason}
    found = _measures(rows, score, at, confidence)
    values: dict[str, float] = {}
    for name in MEASURES:
        one: Rate = getattr(found, name)
        values |= {name: one.value, f"{name}_lower": one.lower, f"{name}_upper": one.upper}
    reading = (
        "nobody is rejected" if accepted == len(rows.bad) else "nobody is accepted" if accepted == 0 else "evaluated"
    )
    return {**head, "accepted": accepted, **values, "reading": reading}


def _measures(rows: Rows, score: Floats, cut_off: float, confidence: float) -> CutOff:
    accepted = score >= cut_off
    rejected, every = ~accepted, np.ones(len(accepted), dtype=bool)
    return CutOff(
        cut_off=cut_off,
        rows=len(accepted),
        bad=int(rows.bad.sum()),
        accepted=int(accepted.sum()),
        accept_rate=proportion(rows, accepted, every, confidence),
        accepted_bad_rate=proportion(rows, rows.bad, accepted, confidence),
        precision=proportion(rows, rows.bad, rejected, confidence),
        recall=proportion(rows, rejected, rows.bad, confidence),
        false_positive_rate=proportion(rows, rejected, ~rows.bad, confidence),
        f1=f1_score(rows, rejected, confidence),
        lift=lift(rows, rejected, confidence),
    )
