"""What a plan says of monotone boosting."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from credit_risk.models.candidate_spec import CandidateSpec


class MonotoneBoostingSpec(CandidateSpec):
    """Gradient-boosted trees whose bad rate rises or falls with a feature as the plan declares."""

    type: Literal["monotone_boosting"] = Field(description="Type of the model.")
    constraints: Literal["declared", "declared_and_mined"] = Field(
        default="declared_and_mined",
        description="Which features are monotone: those whose trend the plan declares (data.columns.*.expected_trend, "
        "derive.*.expected_trend, classing.monotonic), or also those whose trend the classing found in development. A "
        "trend that was found is a suggestion, is told as such, and is no rationale.",
    )
    trees: int = Field(default=200, ge=1, le=10_000, description="Number of trees.")
    depth: int = Field(default=3, ge=1, le=12, description="Greatest depth of a tree.")
    learning_rate: float = Field(default=0.1, gt=0, le=1, description="Shrinkage of each tree.")
    min_child_weight: float = Field(default=10.0, ge=0, description="Least sum of hessians in a leaf.")
    reg_lambda: float = Field(default=1.0, ge=0, description="L2 penalty on leaf values.")
    gamma: float = Field(default=0.0, ge=0, description="Least loss reduction for a split.")
    max_bin: int = Field(default=256, ge=2, le=256, description="Most values that a feature is trained on.")
