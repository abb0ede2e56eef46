"""What a plan says of evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from credit_risk._core.spec import Spec


class EvaluationSpec(Spec):
    """Levels, bands and subpopulations of the evaluation tables."""

    confidence: float = Field(default=0.95, gt=0, lt=1, description="Level of the confidence intervals.")
    bands: int = Field(default=10, ge=2, le=100, description="Number of score bands.")
    min_bads: int = Field(
        default=30, ge=1, description="Fewest bads in a group for which a measure of discrimination is told."
    )
    min_rows: int = Field(
        default=20,
        ge=1,
        description="Fewest rows (effective rows, where rows have weights) of a bin in a sample or a period for which "
        "its bad rate is told.",
    )
    period: Literal["auto", "month", "quarter", "year"] = Field(
        default="auto",
        description="Length of the periods over which the classing is followed where data.date names a date; auto "
        "takes the shortest for which four fifths of the rows stand in periods with min_bads bads and min_bads goods.",
    )
    baselines: bool = Field(
        default=True,
        description="Whether plain logistic regression and unconstrained boosting at their defaults are fitted on the "
        "same data, to show what the constraints of the candidates cost.",
    )
    replicates: int = Field(
        default=200,
        ge=20,
        le=100_000,
        description="Resamples of the bootstrap interval of the AUC (champion alone), or of Gini indices where the "
        "outcome is an amount or a fraction.",
    )
    partial_area: float = Field(
        default=0.2,
        gt=0,
        le=1,
        description="Greatest false positive rate (share of goods rejected) of the partial area under the ROC curve.",
    )
    subpopulation_edges: Mapping[str, Annotated[tuple[float, ...], Field(min_length=1, strict=False)]] = Field(
        default_factory=dict,
        description="Edges of bands [a, b) of a number that subpopulations or data.protected name, as the table of "
        "subpopulations bands it; without, fairness.edges of a protected column, else quarters of development, or "
        "values where there are at most ten.",
    )
    asset_correlation: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="Asset correlation (one-factor model of Vasicek) at which tests of calibration allow for defaults "
        "that share a cause; null: such p-values are not evaluable, and none is assumed.",
    )
    consistency_replicates: int = Field(
        default=400,
        ge=100,
        le=100_000,
        description="Draws of outcomes under the stated probabilities, for the consistency band of the reliability "
        "diagram and the chance levels of miscalibration.",
    )
    subpopulations: tuple[Annotated[str, StringConstraints(min_length=1)], ...] = Field(
        default=(), strict=False, description="Columns by whose values the tables are repeated."
    )
