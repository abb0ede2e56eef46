"""What a plan says of turning log-odds into points."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from credit_risk._core.spec import Spec


class ScalingSpec(Spec):
    """Points to double the odds, and the score at which the odds are the base odds (good:bad)."""

    points_to_double_odds: float = Field(default=20.0, gt=0, description="Points that double the odds good:bad.")
    base_score: float = Field(default=600.0, description="Score at the base odds.")
    base_odds: float = Field(default=50.0, gt=0, description="Odds good:bad at the base score.")
    rounding: Literal["half_away_from_zero", "none"] = Field(
        default="half_away_from_zero", description="How points are rounded to whole numbers."
    )
    probability_from: Literal["unrounded", "rounded"] = Field(
        default="unrounded",
        description="Whether the published probability follows unrounded or rounded points.",
    )
