"""Simulated applicants of METHODS.md's Monte Carlo: 4 characteristics, an instrument or none, a square or none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk.reject_inference import Decided


@dataclass(frozen=True)
class World:
    """Applicants; `bad` is the truth of all of them, decided knows that of the accepted."""

    decided: Decided
    z: pd.DataFrame
    x: pd.DataFrame
    bad: np.ndarray


def world(seed, *, n=8000, rho=-0.6, instrument=True, square=False, weights=None, clusters=None):
    random = np.random.default_rng(seed)
    v = random.normal(size=(n, 4))
    moved = random.normal(size=n)
    u, e = random.multivariate_normal([0, 0], [[1, rho], [rho, 1]], n).T
    index = -1.0 + 0.6 * v[:, 0] - 0.4 * v[:, 1] + 0.3 * v[:, 2] + (0.35 * (v[:, 0] ** 2 - 1) if square else 0)
    bad = (index + e > 0).astype(float)
    decision = 0.2 - 0.8 * v[:, 0] + 0.5 * v[:, 1] - 0.4 * v[:, 3] + (0.7 * moved if instrument else 0)
    accepted = decision + u > 0
    x = pd.DataFrame(v, columns=["a", "b", "c", "d"])
    z = x.assign(officer=moved) if instrument else x.copy()
    return World(Decided(np.where(accepted, bad, np.nan), accepted, weights, clusters=clusters), z, x, bad)


TRUE_GAMMA = np.array([0.2, -0.8, 0.5, 0.0, -0.4, 0.7])
TRUE_BETA = np.array([-1.0, 0.6, -0.4, 0.3, 0.0])
