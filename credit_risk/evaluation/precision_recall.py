"""Precision and recall along all thresholds, and average precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.clustered import cluster_codes
from credit_risk.evaluation.estimates import Estimate, Influence, influence_error, logit_estimate
from credit_risk.evaluation.ranked import Ranked, rank

COLUMNS = ["sample", "recall", "precision"]


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """One point for each distinct risk, (k,), the riskiest first: a row is called bad where risk >= threshold."""

    recall: Floats
    precision: Floats
    threshold: Floats


def precision_recall_curve(y: ArrayLike, risk: ArrayLike, weights: ArrayLike | None = None) -> PrecisionRecall:
    """Share of bads that are called bad (recall) and share of those called bad that are (precision).

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive. The points of scikit-learn's
    `precision_recall_curve` in the opposite order, without its end at recall 0, where nobody is called bad and
    precision is not defined. Raises CreditRiskError on one class or missing values.
    """
    arguments = Arguments()
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    return precision_recall_of_ranked(rank(y_ == 1, x, w))


def precision_recall_of_ranked(ranked: Ranked) -> PrecisionRecall:
    """`precision_recall_curve` from ranked counts."""
    bad, good = np.cumsum(ranked.bad[::-1]), np.cumsum(ranked.good[::-1])
    return PrecisionRecall(bad / bad[-1], bad / (bad + good), ranked.values[::-1])


def average_precision(
    y: ArrayLike,
    risk: ArrayLike,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Mean precision over the bads, each at its own risk: sum of (recall step) x precision, no interpolation.

    Arguments as in `precision_recall_curve`; clusters (n,) any names. A useless risk has the bad rate. Variance by the
    influence of each row, the share of bads being random like the rest; bounds on the logit scale, which hold their
    level where others do not (Boyd, Eng and Page 2013, ECML PKDD, LNCS 8190, 451-466).
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    codes = None if clusters is None else cluster_codes(clusters, len(y_))
    bad = y_ == 1
    return average_precision_of_ranked(rank(bad, x, w, places=codes is not None), confidence, codes, bad, w)


def average_precision_of_ranked(
    ranked: Ranked,
    confidence: float,
    codes: NDArray[np.int64] | None = None,
    bad: NDArray[np.bool_] | None = None,
    weights: Floats | None = None,
) -> Estimate:
    """`average_precision` from ranked counts; the last three as in `influence_error`."""
    bads, goods = ranked.bad[::-1], ranked.good[::-1]
    caught, called = np.cumsum(bads), np.cumsum(bads + goods)
    total = float(caught[-1])
    precision = caught / called
    value = float(bads @ precision) / total
    of_good = -np.cumsum((bads * caught / called**2)[::-1])  # a good lowers precision at its risk and below
    of_bad = np.cumsum((bads * (called - caught) / called**2)[::-1]) + (precision[::-1] - value)
    whole = float(called[-1])
    influence = Influence(of_good * (whole / total), of_bad * (whole / total))
    error = influence_error(ranked, influence, codes, bad, weights)
    return logit_estimate(value, error, confidence)


def precision_recall_table(
    samples: Mapping[str, tuple[ArrayLike, ArrayLike]],
    max_points: int = 300,
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.precision_recall`; samples: {name: (y, risk)}, weights: {name: weights (n,)}.

    At most `max_points` points a sample: the last within each equal part of recall. None is moved.
    """
    parts, notes = [], []
    for name, (y, risk) in samples.items():
        full = precision_recall_curve(y, risk, (weights or {}).get(name))
        keep = np.append(np.diff(np.ceil(full.recall * max_points)) > 0, True)
        curve = {"sample": name, "recall": full.recall[keep], "precision": full.precision[keep]}
        parts.append(pd.DataFrame(curve))
        if not keep.all():
            notes.append(f"{name}: {int(keep.sum())} of {len(keep)} points are shown")
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)
    frame.attrs["notes"] = tuple(notes)
    return frame
