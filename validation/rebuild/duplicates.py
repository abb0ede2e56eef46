"""Rows that are the same but for their key: how many groups of them stand in two samples, and how likely by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

Integers = NDArray[np.int64]
EXACT_GROUPS = 2000


@dataclass(frozen=True, slots=True)
class Mixed:
    """groups of equal rows; mixed: of them with rows in both samples; expected: of a random split; p of as many."""

    groups: int
    mixed: int
    expected: float
    p_value: float


def mixed_groups(codes: Integers, cluster: Integers, first: NDArray[np.bool_]) -> Mixed:
    """Test groups of equal rows against a random split of the rows into two samples of their sizes.

    codes (n,) equal where rows are; cluster (n,): of equal rows of one cluster one counts, and none where the
    cluster stands in both samples (rows of one obligor at two times are no copies); first (n,) whether a row is of
    the first sample. A group of m rows is mixed with probability 1 − pᵐ − (1 − p)ᵐ; the sum over groups is compared
    exactly up to 2,000 groups, else by the normal distribution.
    """
    frame = pd.DataFrame({"code": codes, "cluster": cluster, "first": first})
    frame = frame.drop_duplicates()
    frame = frame[~frame.duplicated(["code", "cluster"], keep=False)]
    groups = frame.groupby("code", sort=False)["first"].agg(["size", "sum"])
    groups = groups[groups["size"] > 1]
    size, inside = groups["size"].to_numpy(np.int64), groups["sum"].to_numpy(np.int64)
    if not len(size):
        return Mixed(0, 0, 0.0, 1.0)
    share = float(np.mean(first))
    chance = 1.0 - share**size - (1.0 - share) ** size
    mixed = int(np.count_nonzero((inside > 0) & (inside < size)))
    return Mixed(len(size), mixed, float(chance.sum()), _tail(size, chance, mixed))


def _tail(size: Integers, chance: NDArray[np.float64], mixed: int) -> float:
    """P(at least `mixed` groups are mixed): sizes alike are binomial, and their sum a convolution."""
    if len(size) > EXACT_GROUPS:
        spread = float(np.sqrt(np.sum(chance * (1.0 - chance))))
        return float(stats.norm.sf((mixed - 0.5 - chance.sum()) / spread)) if spread > 0 else 1.0
    law = np.ones(1)
    for one in np.unique(size):
        count = int(np.count_nonzero(size == one))
        law = np.convolve(law, stats.binom.pmf(np.arange(count + 1), count, chance[size == one][0]))
    return float(min(1.0, law[mixed:].sum()))
