"""What AUC and bad rate would be if the probabilities still held: an estimate without labels, and its blind spot.

Confidence-based performance estimation: the expected counts of goods and bads at each risk, from calibrated
probabilities. It follows a shift of the population; it cannot see that the relation of characteristics to outcome has
changed, because it assumes that it has not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.monitoring.performance.groups import NO_SEGMENTS, groups_of

ASSUMES = "assumes P(bad|x) unchanged"
BLIND_SPOT = (
    "estimated without labels: assumes P(bad|x) unchanged. It is blind to ranking decay and to a doubled bad rate: "
    "where the model ranks worse than it did, or every group defaults twice as often, the estimate stays as it was. It "
    "is no evidence that the model still works; early arrears beside it see what it cannot"
)
ESTIMATE_COLUMNS = [
    *("period", "segment", "measure", "rows", "estimate", "spread", "lower", "upper", "assumes", "early_rows"),
    *(
        "early_bad",
        "early_rate",
        "early_expected",
        "early_ratio",
        "early_ratio_lower",
        "early_ratio_upper",
        "early_auc",
    ),
    *("early_auc_lower", "early_auc_upper", "early_development_auc", "early_verdict"),
]
"""A row each period, segment and measure (auc, gini, bad_rate).

spread: standard deviation of the measure as it would be observed on these rows were every probability right, with
bounds of it: not an error of the estimate. early_...: arrears seen early, where given, the same in each row of a group;
early_ratio: observed over expected.
"""
NO_EARLY = "no early arrears"
NOTHING_BESIDE = (0, 0, *(math.nan,) * 9, NO_EARLY)
"""Columns from early_rows on where no early arrears are known."""
UNPAIRED = "no early arrears are given: nothing here would see that the model has decayed"
AS_EXPECTED, MORE, LESS, WORSE_RANKING = "as expected", "more arrears", "fewer arrears", "ranks worse"


@dataclass(frozen=True, slots=True)
class Expected:
    """AUC and bad rate that probabilities imply, with the spread of what would be observed."""

    auc: float
    auc_spread: float
    bad_rate: float
    bad_rate_spread: float


@dataclass(frozen=True, slots=True)
class EarlyArrears:
    """Arrears seen early, (n,): 1 in arrears, 0 not, NaN not known yet.

    expected: probability (n,) of early arrears by what development had at the same grade or score, or one number;
    development_auc: AUC of the risk for early arrears in development, None where it is not held.
    """

    observed: ArrayLike
    expected: ArrayLike | float
    development_auc: float | None = None


def expected_performance(
    probability: ArrayLike, risk: ArrayLike | None = None, weights: ArrayLike | None = None
) -> Expected:
    """AUC, bad rate and spreads expected of rows (n,) with calibrated probabilities of bad, ranked by risk.

    AUC: expected weight of pairs in the right order, ties one half, over expected weight of pairs of a bad and a good,
    pairs of a row with itself left out. risk: by default the probability. Spread of the AUC: DeLong's variance with
    expected counts; of the rate: Σ w² p(1 - p). AUC is NaN where no pair is expected.
    """
    arguments = Arguments()
    p = arguments.probabilities(probability)
    x = p if risk is None else arguments.numbers("risk", risk)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    return _expected(p, x, np.ones(len(p)) if w is None else w)


def _expected(p: Floats, x: Floats, w: Floats) -> Expected:
    values, place = np.unique(x, return_inverse=True)
    bad, good = (np.bincount(place, w * side, len(values)) for side in (p, 1.0 - p))
    up_to_good, up_to_bad = np.cumsum(good), np.cumsum(bad)
    total_good, total_bad, own = float(up_to_good[-1]), float(up_to_bad[-1]), float(np.sum(w * w * p * (1.0 - p)))
    rate, spread = total_bad / float(w.sum()), math.sqrt(own) / float(w.sum())
    pairs = total_bad * total_good - own
    if not pairs > 0:
        return Expected(math.nan, math.nan, rate, spread)
    area = (float(np.sum(bad * (up_to_good - good / 2.0))) - own / 2.0) / pairs
    of_bads = ((up_to_good - good / 2.0) / total_good)[place] - area
    of_goods = ((total_bad - up_to_bad + bad / 2.0) / total_bad)[place] - area
    variance = float(np.sum(w * w * p * of_bads**2)) / total_bad**2
    variance += float(np.sum(w * w * (1.0 - p) * of_goods**2)) / total_good**2
    return Expected(area, math.sqrt(variance), rate, spread)


def estimate_table(
    probability: ArrayLike,
    risk: ArrayLike | None = None,
    period: ArrayLike | None = None,
    segments: Mapping[str, ArrayLike] = NO_SEGMENTS,
    weights: ArrayLike | None = None,
    *,
    early: EarlyArrears | None = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """ESTIMATE_COLUMNS of every group of rows; the blind spot stands in the notes, in words.

    probability (n,) calibrated to the outcome at the window; risk (n,) what ranks, by default the probability.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    p = arguments.probabilities(probability)
    x = p if risk is None else arguments.numbers("risk", risk)
    w = arguments.weights(weights)
    arguments.raise_if_any()
    seen = None if early is None else _early(early, len(p))
    mass = np.ones(len(p)) if w is None else w
    rows: list[tuple[Any, ...]] = []
    for month, segment, places in groups_of(len(p), period, segments):
        found = _expected(p[places], x[places], mass[places])
        beside = _beside(seen, early, x, mass, places, confidence)
        rows += expected_rows((month, segment), len(places), found, beside, confidence)
    frame = pd.DataFrame(rows, columns=ESTIMATE_COLUMNS)
    frame.attrs["notes"] = (BLIND_SPOT,) if early is not None else (BLIND_SPOT, UNPAIRED)
    return frame


def expected_rows(
    head: tuple[str, str],
    count: int,
    found: Expected,
    beside: tuple[Any, ...] = NOTHING_BESIDE,
    confidence: float = 0.95,
) -> list[tuple[Any, ...]]:
    """ESTIMATE_COLUMNS of one group of `count` rows; beside: from `early_rows` on."""
    z = normal_quantile(confidence)
    measures = {
        "auc": (found.auc, found.auc_spread),
        "gini": (2.0 * found.auc - 1.0, 2.0 * found.auc_spread),
        "bad_rate": (found.bad_rate, found.bad_rate_spread),
    }
    return [
        (*head, name, count, value, spread, value - z * spread, value + z * spread, ASSUMES, *beside)
        for name, (value, spread) in measures.items()
    ]


def _early(early: EarlyArrears, rows: int) -> tuple[Floats, Floats]:
    """Observed 0, 1 or NaN and expected probabilities, (n,) each."""
    observed = np.asarray(early.observed, np.float64)
    expected = (
        np.broadcast_to(np.asarray(early.expected, np.float64), (rows,)) if np.ndim(early.expected) == 0 else None
    )
    given = np.asarray(early.expected, np.float64) if expected is None else expected
    faults = []
    for name, values, right in (
        ("early.observed", observed, np.isnan(observed) | (observed == 0) | (observed == 1)),
        ("early.expected", given, (given >= 0) & (given <= 1)),
    ):
        if values.shape != (rows,):
            found, allowed = f"shape {values.shape}", f"shape ({rows},)"
            faults.append(Fault("length differs from the rows", "length", path=name, found=found, allowed=allowed))
        elif not right.all():
            found = f"{np.count_nonzero(~right)} of {rows} rows"
            faults.append(Fault("values that cannot be", "range", path=name, found=found))
    if faults:
        raise CreditRiskError(faults)
    return observed, given


def _beside(
    seen: tuple[Floats, Floats] | None, early: EarlyArrears | None, x: Floats, w: Floats, places: Any, confidence: float
) -> tuple[Any, ...]:
    """Columns from early_rows on: observed arrears over expected (log-normal bounds), and how the risk ranks them."""
    if seen is None or early is None:
        return NOTHING_BESIDE
    inside = places[~np.isnan(seen[0][places])]
    if not len(inside):
        return NOTHING_BESIDE
    y, e, mass = seen[0][inside], seen[1][inside], w[inside]
    observed, expected = float(mass @ y) / float(mass.sum()), float(mass @ e) / float(mass.sum())
    z, ratio = normal_quantile(confidence), math.nan
    bounds, area = (math.nan, math.nan), (math.nan, math.nan, math.nan)
    if observed > 0 and expected > 0:
        ratio = observed / expected
        error = math.sqrt(float(np.sum((mass * (y - e)) ** 2))) / float(mass @ y)
        bounds = (ratio * math.exp(-z * error), ratio * math.exp(z * error))
    if 1 < y.sum() < len(y) - 1:
        found = delong_interval(y, x[inside], mass, confidence)
        area = (found.auc, found.lower, found.upper)
    known = math.nan if early.development_auc is None else early.development_auc
    told = [MORE] if bounds[0] > 1.0 else [LESS] if bounds[1] < 1.0 else []
    told += [WORSE_RANKING] if area[2] < known else []
    counts = (len(inside), int(y.sum()), observed, expected, ratio, *bounds, *area, known)
    return (*counts, ", ".join(told) or AS_EXPECTED)


__all__ = [
    "ASSUMES",
    "BLIND_SPOT",
    "ESTIMATE_COLUMNS",
    "EarlyArrears",
    "Expected",
    "estimate_table",
    "expected_performance",
]
