"""What a plan says of evaluation."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from credit_risk._core.spec import Spec


class EvaluationSpec(Spec):
    """Levels, bands and subpopulations of the evaluation tables."""

    confidence: float = Field(default=0.95, gt=0, lt=1, description="Level of the confidence intervals.")
    bands: int = Field(default=10, ge=2, le=100, description="Number of score bands.")
    min_bads: int = Field(
        default=30, ge=1, description="Fewest bads in a group for which a measure of discrimination is told."
    )
    replicates: int = Field(
        default=200,
        ge=20,
        le=100_000,
        description="Resamples of the intervals of Gini indices, where the outcome is an amount or a fraction.",
    )
    subpopulations: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(
        default=(), strict=False, description="Columns by whose values the tables are repeated."
    )
