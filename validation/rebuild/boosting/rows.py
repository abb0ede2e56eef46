"""Rows that trees are trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.boosting.settings import Floats


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """Features (n, k), NaN missing; bad, weight (n,); offset (n,) or None."""

    features: Floats
    bad: Floats
    weight: Floats
    offset: Floats | None

    @property
    def share(self) -> float:
        """Weighted share of bads as a float32, the sums exact."""
        return float(np.float32(math.fsum(self.weight * self.bad) / math.fsum(self.weight)))

    @property
    def log_odds(self) -> float:
        """Log-odds of the share, in double precision."""
        return math.log(self.share) - math.log1p(-self.share)

    def part(self, rows: NDArray[np.bool_]) -> TrainingRows:
        """Return the rows that are marked (n,)."""
        offset = None if self.offset is None else self.offset[rows]
        return TrainingRows(self.features[rows], self.bad[rows], self.weight[rows], offset)
