"""Scaling to points: factor, offset, points of each bin, rounding half away from zero."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from validation.steps.points import round_half_away

Floats = NDArray[np.float64]


def factor_and_offset(points_to_double_odds: float, base_score: float, base_odds: float) -> tuple[float, float]:
    """Return factor = PDO / ln 2 and offset = base_score − factor·ln(base_odds), odds good:bad."""
    factor = points_to_double_odds / math.log(2.0)
    return factor, base_score - factor * math.log(base_odds)


def points_of(woe: Floats, coefficient: float, factor: float) -> Floats:
    """Return the unrounded points (k,) of the bins of one characteristic: −factor·coefficient·WoE."""
    return -factor * coefficient * np.asarray(woe, dtype=np.float64)


def base_points(intercept: float, factor: float, offset: float) -> float:
    """Return the unrounded points that every applicant gets: offset − factor·intercept."""
    return offset - factor * intercept


def rounded(points: Floats, rounding: str) -> Floats:
    """Apply the declared rounding to points (k,)."""
    return round_half_away(np.asarray(points, dtype=np.float64)) if rounding == "half_away_from_zero" else points
