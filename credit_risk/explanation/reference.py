"""What an applicant is compared with: a group of development applicants, or one typical applicant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
MEAN_DEVELOPMENT, ABOVE_CUT_OFF, BASELINE, MAXIMUM = "mean_development", "above_cut_off", "baseline", "maximum"
SELECTION = "evenly spaced in weight along the linear score, from the lowest"


@dataclass(frozen=True, slots=True)
class ReferenceGroup:
    """rows (n,): the development applicants of a reference; `applicants`: who they are, in words."""

    method: str
    applicants: str
    rows: Mask


def reference_group(method: str, score: Floats, cut_off: float | None, band_width: float | None) -> ReferenceGroup:
    """Whom a method compares with. score (n,): published score of the development applicants.

    For `baseline` and `maximum`: the applicants whose typical values, or all whose points, are meant. Raises ModelError
    where nobody scores at or just above the cut-off.
    """
    everyone = np.ones(len(score), dtype=bool)
    if method == ABOVE_CUT_OFF:
        assert cut_off is not None
        assert band_width is not None
        rows = (score >= cut_off) & (score < cut_off + band_width)
        if not rows.any():
            raise ModelError(_empty(cut_off, band_width))
        words = f"development applicants who score at or above {cut_off:g} and below {cut_off + band_width:g}"
        return ReferenceGroup(method, words, rows)
    if method == BASELINE and cut_off is not None:
        rows = score >= cut_off
        if not rows.any():
            raise ModelError(_empty(cut_off, None))
        return ReferenceGroup(method, f"development applicants who score at or above {cut_off:g}", rows)
    return ReferenceGroup(method, "all development applicants", everyone)


def _empty(cut_off: float, band_width: float | None) -> Fault:
    top = "" if band_width is None else f" and below {cut_off + band_width:g}"
    return Fault(
        f"no development applicant scores at or above {cut_off:g}{top}",
        "reference_empty",
        path="strategy.cut_off" if band_width is None else "reason_codes.band_width",
        remedy="choose another cut-off or a wider band",
    )


def reference_words(method: str, applicants: str, what: str = "points") -> str:
    """The reference in words, as model.json and documents tell it; `what` is points or attributions."""
    if method == BASELINE:
        return f"{what} of one baseline applicant (Baseline Shapley), with typical values of {applicants}"
    if method == MAXIMUM:
        return f"most {what} of each characteristic (legacy: comment 9(b)(2) of Regulation B does not name it)"
    return f"mean {what} of {applicants}"


def systematic_rows(order_by: Floats, weights: Floats, size: int) -> tuple[NDArray[np.int64], Floats]:
    """Places and weights of at most `size` rows that stand for all: evenly spaced in weight along `order_by`.

    The rows are sorted by `order_by` (n,), equal ones in their order; row number i of m is the one in which the
    cumulated weight passes (i − ½)/m of the total. No chance is involved, so anyone can draw it again. Where the rows
    are no more than `size`, all are taken with their own weights. Places are in ascending order.
    """
    if len(order_by) <= size:
        return np.arange(len(order_by)), np.asarray(weights, dtype=np.float64)
    order = np.argsort(order_by, kind="stable")
    reached = np.cumsum(np.asarray(weights, dtype=np.float64)[order])
    targets = (np.arange(size) + 0.5) / size * reached[-1]
    found = order[np.minimum(np.searchsorted(reached, targets, side="right"), len(order) - 1)]
    places, counts = np.unique(found, return_counts=True)
    return places, counts.astype(np.float64)


def typical_number(values: Floats, weights: Floats, codes: Sequence[float] = ()) -> float:
    """The typical value of a number: missing or a special code where it has most of the weight, else the median.

    The median is the least of the other values at which half of their weight is reached. NaN is missing.
    """
    x, w = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    total, plain = float(w.sum()), ~np.isnan(x)
    if float(w[~plain].sum()) > total / 2:
        return float("nan")
    for code in codes:
        if float(w[x == code].sum()) > total / 2:
            return float(code)
        plain &= x != code
    if not plain.any():
        return float("nan")
    order = np.argsort(x[plain], kind="stable")
    reached = np.cumsum(w[plain][order])
    return float(x[plain][order][np.searchsorted(reached, reached[-1] / 2)])


def typical_text(values: NDArray[np.object_], weights: Floats) -> str | None:
    """The most frequent text by weight (None is missing); of equals, missing first, then by code points."""
    found: dict[str | None, float] = {}
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        found[value] = found.get(value, 0.0) + weight
    most = max(found.values())
    return min((value for value, weight in found.items() if weight == most), key=lambda v: (v is not None, v or ""))
