"""The receiver operating characteristic: all its corners, and a thinned form for a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats


@dataclass(frozen=True, slots=True)
class RocCurve:
    """Corners from (0, 0) to (1, 1), shapes (k,): false positive rate, true positive rate, and the threshold.

    A row is called bad where risk >= threshold; the first threshold is infinite (nobody is).
    """

    false_positive_rate: Floats
    true_positive_rate: Floats
    threshold: Floats


def roc_curve(y: ArrayLike, risk: ArrayLike, weights: ArrayLike | None = None) -> RocCurve:
    """One corner for each distinct risk, without those on the straight line between their neighbours.

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive. The area under the corners
    joined by straight lines is the AUC with midranks. Raises CreditRiskError on one class or missing
    values.
    """
    arguments = Arguments()
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    mass = np.ones(len(x)) if w is None else w
    values, inverse = np.unique(-x, return_inverse=True)  # from the riskiest
    bad = np.concatenate([[0.0], np.cumsum(np.bincount(inverse, mass * (y_ == 1), len(values)))])
    good = np.concatenate([[0.0], np.cumsum(np.bincount(inverse, mass * (y_ == 0), len(values)))])
    threshold = np.concatenate([[np.inf], -values])
    step_good, step_bad = np.diff(good), np.diff(bad)
    turns = step_good[:-1] * step_bad[1:] != step_good[1:] * step_bad[:-1]  # exact for whole counts
    keep = np.concatenate([[True], turns, [True]])
    return RocCurve(good[keep] / good[-1], bad[keep] / bad[-1], threshold[keep])


def thin(curve: RocCurve, max_points: int = 500) -> RocCurve:
    """At most `max_points` corners of the same curve, evenly spread along its length, always with both ends and the
    corner farthest above or below the diagonal (where KS is reached). Nothing is interpolated or moved.

    The path from (0, 0) to (1, 1) has length 2 measured along the axes; it is divided into equal parts and
    the last corner within each part is kept. The thinned curve nowhere leaves the curve by more than a few
    2 / max_points.
    """
    if max_points < 3:
        raise CreditRiskError(Fault("too few points", path="max_points", found=str(max_points), allowed=">= 3"))
    x, y = curve.false_positive_rate, curve.true_positive_rate
    if len(x) <= max_points:
        return curve
    part = np.floor((x + y) * (0.5 * (max_points - 3))).astype(np.int64)
    keep = np.append(np.diff(part) > 0, True)
    keep[0] = True
    keep[int(np.argmax(np.abs(y - x)))] = True
    return RocCurve(x[keep], y[keep], curve.threshold[keep])


def roc_table(
    samples: Mapping[str, tuple[ArrayLike, ArrayLike]],
    max_points: int = 500,
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.roc`; samples: {name: (y, risk)}, at most `max_points` corners each.

    weights: {name: weights (n,)}, by which the rates are then taken.
    """
    parts = []
    notes = ["corners on a straight line are left out"]
    for name, (y, risk) in samples.items():
        full = roc_curve(y, risk, (weights or {}).get(name))
        curve = thin(full, max_points)
        if len(curve.threshold) < len(full.threshold):
            notes.append(f"{name}: {len(curve.threshold)} of {len(full.threshold)} corners are shown")
        columns = {
            "sample": name,
            "false_positive_rate": curve.false_positive_rate,
            "true_positive_rate": curve.true_positive_rate,
        }
        parts.append(pd.DataFrame(columns))
    if not parts:
        return pd.DataFrame(columns=["sample", "false_positive_rate", "true_positive_rate"])
    frame = pd.concat(parts, ignore_index=True)
    frame.attrs["notes"] = tuple(notes)
    return frame
