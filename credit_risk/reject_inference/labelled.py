"""Each rejected applicant once, with a label: parcelling (drawn by band) and the hard cut-off (biased)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.reject_inference._inputs import (
    check_bands,
    check_prudence,
    counted,
    order_of_keys,
    probabilities_of,
    share,
)
from credit_risk.reject_inference.bands import SLACK, band_bad_rates, band_notes, quantile_bands
from credit_risk.reject_inference.rows import Decided, Floats, InferredRows, Places, known_rows

TARGET = 2.0
"""The hard cut-off gives rejects this many times the bad rate of the known outcomes where none is given."""
BIASED = (
    "biased: a label by a cut-off takes every reject above it for bad and every one below it for good; for comparison"
)


def parcelling(
    decided: Decided,
    probability: ArrayLike,
    *,
    bands: int = 10,
    prudence: float = 1.0,
    seed: int = 0,
    keys: ArrayLike | None = None,
) -> InferredRows:
    """Labels of rejects drawn by score band, bad with probability min(1, prudence · bad rate of the band's known).

    probability (n,): of bad, by the model of known outcomes; bands as in `score_bands`. Draw k of
    numpy.random.default_rng(seed).random(rejects) is that of reject k in the order of keys (n,), which are distinct, or
    as they stand; it is bad where its draw is below the probability of its band. With keys, the labels do not depend
    on the order of rows. Raises CreditRiskError on values outside [0, 1], a prudence below 1, fewer than 2 bands.
    """
    check_bands(bands)
    check_prudence(prudence)
    p = probabilities_of(decided, probability, "probability")
    cut = quantile_bands(p, decided.weights, decided.known, bands)
    band = cut.of(p)
    wanted = prudence * band_bad_rates(decided, band, cut.count)
    order = order_of_keys(decided, keys)
    draw = np.random.default_rng(seed).random(len(order))
    label = np.zeros(len(decided))
    label[order] = draw < np.minimum(wanted, 1.0)[band[order]]
    clipped = wanted > 1
    notes = [
        f"assumes that the bad rate of rejected applicants is {prudence:g} times that of the known outcomes of their "
        "score band; labels are drawn, so that another seed gives others",
    ]
    if clipped.any():
        caught = int(np.count_nonzero(clipped[band] & decided.rejected))
        notes.append(
            f"{counted(int(np.count_nonzero(clipped)), 'band')} with {counted(caught, 'reject')}: the bad rate times "
            f"{prudence:g} exceeds 1 and counts as 1"
        )
    return _labelled(decided, label, "parcelling", (*notes, *band_notes(decided, p, cut)))


def hard_cut_off(decided: Decided, probability: ArrayLike, *, cut_off: float | None = None) -> InferredRows:
    """Rejects with a probability of at least the cut-off labelled bad, the others good. Biased; kept for comparison.

    probability (n,): of bad, by the model of known outcomes. cut_off None: the greatest probability of a reject from
    which the weighted share of rejects is at least twice the weighted bad rate of the known outcomes (at most all).
    Raises CreditRiskError on values outside [0, 1] and a cut-off outside (0, 1).
    """
    if cut_off is not None and not (math.isfinite(cut_off) and 0 < cut_off < 1):
        allowed = "between 0 and 1"
        raise CreditRiskError(Fault("not a cut-off", "range", path="cut_off", found=repr(cut_off), allowed=allowed))
    p = probabilities_of(decided, probability, "probability")
    rejected = decided.rejected
    cut = _default_cut(decided, p) if cut_off is None else cut_off
    label = np.where(p >= cut, 1.0, 0.0)
    w = decided.weights[rejected]
    bad = share(float(w @ label[rejected]), float(w.sum()))
    how = "gives rejects twice the bad rate of the known outcomes" if cut_off is None else "as given"
    notes = (
        BIASED,
        f"cut-off {cut:.6g}, {how}; {bad} of the rejects are labelled bad",
    )
    return _labelled(decided, label, "hard_cut_off", notes)


def _default_cut(decided: Decided, probability: Floats) -> float:
    known, rejected = decided.known, decided.rejected
    rate = float(decided.weights[known] @ decided.y[known] / decided.weights[known].sum())
    values, place = np.unique(-probability[rejected], return_inverse=True)
    reached = np.cumsum(np.bincount(place, weights=decided.weights[rejected]))
    wanted = reached[-1] * min(1.0, TARGET * rate) * (1 - SLACK)
    return -float(values[np.searchsorted(reached, wanted, side="left")])


def _labelled(decided: Decided, label: Floats, method: str, notes: tuple[str, ...]) -> InferredRows:
    """Known outcomes, then every reject once with its label (n,) and its sampling weight."""
    place, y, weight, inferred = known_rows(decided)
    rejects: Places = np.flatnonzero(decided.rejected)
    return InferredRows(
        method,
        np.concatenate([place, rejects]),
        np.concatenate([y, label[rejects]]),
        np.concatenate([weight, decided.weights[rejects]]),
        np.concatenate([inferred, np.ones(len(rejects), dtype=bool)]),
        notes,
    )
