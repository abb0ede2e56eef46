"""What training is told, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Single = NDArray[np.float32]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
GAINS_IN_DOUBLE = (3, 4)
"""First version of xgboost that takes gains in double precision, and with the L1 term where leaves are bounded."""
LATER_ENDS = (3, 3)
"""First version whose thresholds beyond the ends of the values are −∞ and of single precision."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of xgboost by what they do; xgboost's names are in brackets.

    learning_rate (eta); depth (max_depth); leaves (max_leaves, grown where the loss falls most; None: level by level);
    l2, l1 (lambda, alpha); least_gain (gamma); least_hessian (min_child_weight); largest_step (max_delta_step, 0: no
    limit); most_values (max_bin): more distinct values of a feature are put into that many bins before training.
    directions (monotone_constraints) (k,) −1, 0, 1 on the bad rate, None where none is given at all; groups
    (interaction_constraints) of feature numbers that may stand on one path, None: all. version: of xgboost, the first
    two numbers, which settle the arithmetic of gains.
    """

    rounds: int
    learning_rate: float
    depth: int
    leaves: int | None = None
    l2: float = 1.0
    l1: float = 0.0
    least_gain: float = 0.0
    least_hessian: float = 1.0
    largest_step: float = 0.0
    most_values: int = 256
    directions: tuple[int, ...] | None = None
    groups: tuple[tuple[int, ...], ...] | None = None
    method: Literal["hist", "exact"] = "hist"
    version: tuple[int, int] = (3, 2)

    @property
    def gains_in_double(self) -> bool:
        """Whether gains are taken as from version 3.4 on."""
        return self.version >= GAINS_IN_DOUBLE

    @property
    def later_ends(self) -> bool:
        """Whether thresholds beyond the ends of the values are those of version 3.3 and later."""
        return self.version >= LATER_ENDS

    @property
    def bounded(self) -> bool:
        """Whether leaf values are held against bounds: also where every direction that is given is 0."""
        return self.directions is not None and len(self.directions) > 0


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree by node, the root first; left −1 marks a leaf, and only leaves have a value.

    threshold: a row goes left where its float32 value is below; missing goes left where default_left. gain: by how much
    the split lowers the penalised loss; cover: sum of the hessians; weight: what the node is worth before shrinkage.
    """

    left: Integers
    right: Integers
    feature: Integers
    threshold: Single
    default_left: NDArray[np.bool_]
    gain: Single
    cover: Single
    weight: Single
    value: Single


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees in order; margin (n,) of the training rows after the last one, in single precision as training has it."""

    trees: tuple[Tree, ...]
    margin: Single
