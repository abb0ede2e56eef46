"""Two equally good models of one risk: each sees it with noise of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from credit_risk.monitoring.performance.labels import Labels, labels_of_months


@dataclass(frozen=True)
class Applicants:
    champion: np.ndarray
    challenger: np.ndarray
    bad: np.ndarray
    rng: np.random.Generator

    @property
    def labels(self) -> Labels:
        return labels_of_months(np.where(self.bad, 5.0, 12.0), self.bad, 12)


def applicants(seed: int, rows: int, noise: float = 0.6, spread: float = 1.0, worse: float = 0.0) -> Applicants:
    """Risk z normal, P(bad) logistic in −3 + spread·z; scores z + noise, the challenger's noise greater by `worse`."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=rows)
    first, second = z + noise * rng.normal(size=rows), z + (noise + worse) * rng.normal(size=rows)
    return Applicants(first, second, rng.random(rows) < special.expit(-3.0 + spread * z), rng)
