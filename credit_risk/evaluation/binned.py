"""Bands of about equal size, and rows counted by bin: numpy alone, for what has to be light."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation._groups import quantile_edges


def band_edges(score: ArrayLike, bands: int, weights: ArrayLike | None = None) -> Floats:
    """Interior edges of score bands [a, b) of about equal size on the development sample, shape (k,), k < bands.

    Edges are scores that occur; tied scores stay in one band, so there may be fewer bands than asked, and
    none when the score is constant. Raises CreditRiskError on missing scores or fewer than two bands asked.
    """
    arguments = Arguments()
    x, w = arguments.numbers("score", score), arguments.weights(weights)
    arguments.require(bands >= 2, "bands", "too few bands", "range", found=repr(bands), allowed="2 or more")
    arguments.raise_if_any()
    return quantile_edges(x, bands, w)


def bin_counts(
    bin_ids: Mapping[str, ArrayLike], weights: Mapping[str, ArrayLike] | None = None
) -> dict[str, np.ndarray]:
    """{sample: counts} over the union of the bin ids of all samples, ascending; ids are whole numbers, shape (n,).

    weights: {sample: weights (n,)}: counts are then sums of weights, scaled to sum to Kish's effective rows of the
    sample, (sum w)^2 / sum w^2, since the shares of so many unweighted rows vary as much.
    """
    arrays = {sample: np.asarray(ids) for sample, ids in bin_ids.items()}
    odd = [sample for sample, ids in arrays.items() if ids.dtype.kind not in "iu" or ids.ndim != 1]
    if odd:
        raise CreditRiskError([Fault("bin ids are not a vector of whole numbers", path=sample) for sample in odd])
    union = np.unique(np.concatenate(list(arrays.values())))
    if weights is None:
        return {s: np.bincount(np.searchsorted(union, ids), minlength=len(union)) for s, ids in arrays.items()}
    found = {}
    for s, ids in arrays.items():
        w = np.asarray(weights[s], np.float64)
        found[s] = np.bincount(np.searchsorted(union, ids), w, len(union)) * (w.sum() / (w * w).sum())
    return found
