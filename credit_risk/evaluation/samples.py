"""A scored sample: outcome, risk, score and probability of the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.clustered import Codes, cluster_codes


@dataclass(frozen=True, slots=True, init=False)
class ScoredSample:
    """Rows of one sample, shapes (n,), copied to doubles and frozen.

    y: 0/1 with 1 = bad; score: points, higher is safer; probability of bad in [0, 1]; risk: any quantity
    that rises with risk (the linear score, say), by default the probability; weights: positive, or None;
    clusters: whole numbers, equal where rows belong to one obligor, or None. A sample with one class is allowed
    here (a table that needs two says so). Raises CreditRiskError with all faults of all arrays.
    """

    y: Floats
    score: Floats
    probability: Floats
    risk: Floats
    weights: Floats | None = field(default=None)
    clusters: Codes | None = field(default=None)

    def __init__(
        self,
        y: ArrayLike,
        score: ArrayLike,
        probability: ArrayLike,
        risk: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
    ):
        arguments = Arguments()
        checked = {
            "y": arguments.outcome(y, both_classes=False),
            "score": arguments.numbers("score", score),
            "probability": arguments.probabilities(probability),
        }
        checked["risk"] = checked["probability"] if risk is None else arguments.numbers("risk", risk)
        w = arguments.weights(weights)
        arguments.raise_if_any()
        for name, values in {**checked, "weights": w}.items():
            object.__setattr__(self, name, _frozen(values))
        codes = None if clusters is None else cluster_codes(clusters, len(checked["y"]))
        object.__setattr__(self, "clusters", _frozen(codes))

    def __len__(self) -> int:
        return len(self.y)

    @property
    def bad(self) -> np.ndarray:
        """True for a bad, shape (n,)."""
        return self.y == 1.0


def _frozen(values: Any) -> Any:
    if values is None:
        return None
    copy = values.copy()
    copy.flags.writeable = False
    return copy
