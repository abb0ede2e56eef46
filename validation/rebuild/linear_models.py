"""Models that are linear in their terms, as arrays: what a second estimation needs, and what the package says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.clusters import Integers

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearModel:
    """One model over the development rows (n,), with k terms, the constant first.

    family: logistic, fractional, gamma, tweedie or beta; power: of the variance, of tweedie. x: (n, k) of the terms
    that no bound holds at zero. coefficient, standard_error: (k,) as the package states them, NaN where it states none.
    own_coefficient, own_error: (k,) of the validator's fit. covariance: kind of it; evidence: where the table is.
    """

    name: str
    family: str
    link: str
    power: float
    terms: tuple[str, ...]
    x: Floats
    y: Floats
    weight: Floats
    offset: Floats
    clusters: Integers
    covariance: str
    coefficient: Floats
    standard_error: Floats
    own_coefficient: Floats
    own_error: Floats
    evidence: str


def stated(rows: Sequence[Mapping[str, object]], terms: Sequence[str], column: str) -> Floats:
    """(k,) what a table of the package states of the terms, by name; NaN where it states nothing."""
    found = {str(row["term"]): row.get(column) for row in rows}
    values = [found.get(term) for term in terms]
    return np.array([float(v) if isinstance(v, (int, float)) else np.nan for v in values], dtype=np.float64)
