"""What a plan says of reason codes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from credit_risk._core.spec import Spec


class ReasonCodesSpec(Spec):
    """From which reference shortfalls are measured and how many reasons are told."""

    reference: Literal["mean_development"] = Field(
        default="mean_development", description="Points that an applicant is compared with."
    )
    maximum: int = Field(default=4, ge=1, le=20, description="Most reasons told.")
    rank_step: float = Field(
        default=1e-6,
        gt=0,
        le=0.01,
        description="Points by which each rank lowers the reference, to settle ties.",
    )
