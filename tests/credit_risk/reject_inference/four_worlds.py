"""The four worlds of METHODS section 1, as a diagnosis sees them: MAR, MAR with a square that the model leaves out, and

selection on the unobserved with and without an instrument.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from credit_risk.reject_inference import Decided
from tests.credit_risk.reject_inference.worlds import NAMES
from tests.credit_risk.reject_inference.worlds import world as population

__all__ = ["NAMES", "SETTINGS", "World", "logistic", "world"]
SETTINGS = {
    "mar": {},
    "mar_misspecified": {"square": True},
    "mnar_instrument": {"rho": -0.6, "instrument": True},
    "mnar": {"rho": -0.6},
    "mnar_misspecified": {"rho": -0.6, "square": True, "instrument": True},
}


@dataclass(frozen=True)
class World:
    """x (n, 4), true outcomes, decisions, and the two logistic models that a modeller would fit (n,)."""

    x: np.ndarray
    instrument: np.ndarray | None
    bad: np.ndarray
    accepted: np.ndarray
    decided: Decided
    acceptance: np.ndarray
    probability: np.ndarray


def world(name: str, rows: int, seed: int, *, weights=None, clusters=None) -> World:
    """One of SETTINGS."""
    one = population(rows, seed, **SETTINGS[name])
    decided = Decided(one.y, one.accepted, weights, clusters=clusters)
    table, a = np.column_stack([np.ones(rows), one.x]), one.accepted
    acceptance = expit(table @ logistic(table, a.astype(float)))
    probability = expit(table @ logistic(table[a], one.bad[a]))
    lever = one.instrument if "instrument" in SETTINGS[name] else None
    return World(one.x, lever, one.bad, a, decided, acceptance, probability)


def logistic(x: np.ndarray, y: np.ndarray, w: np.ndarray | None = None) -> np.ndarray:
    """Maximum likelihood by Newton's steps, plainly."""
    w = np.ones(len(y)) if w is None else w
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        p = expit(x @ beta)
        beta = beta + np.linalg.solve((x * (w * p * (1 - p))[:, None]).T @ x, x.T @ (w * (y - p)))
    return beta
