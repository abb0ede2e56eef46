"""What a plan says of its candidate models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from credit_risk._core.spec import Spec

IDENTIFIER = r"^[a-z0-9][a-z0-9_.-]{0,99}$"


class CandidateSpec(Spec):
    """What every candidate has."""

    id: str = Field(pattern=IDENTIFIER, description="Identifier, used as a folder name in the package.")
    champion: bool = Field(default=False, description="Whether this is the model of the package; exactly one is.")


class ScorecardSpec(CandidateSpec):
    """Logistic regression on weights of evidence."""

    type: Literal["scorecard"] = Field(description="Type of the model.")
    confidence: float = Field(default=0.95, gt=0, lt=1, description="Level of the confidence intervals.")
    covariance: Literal["auto", "nonrobust", "hc0", "hc1", "cluster"] = Field(
        default="auto",
        description="Covariance of the coefficients, for standard errors, tests and selection by p-value: of "
        "independent rows (nonrobust), of the scores of rows (hc0, hc1) or of clusters (obligor, account or "
        "samples.group); auto: cluster where rows of one cluster repeat in development, else nonrobust, told in "
        "model.covariance.",
    )


class MonotoneBoostingSpec(CandidateSpec):
    """Gradient-boosted trees with monotone constraints taken from the trends of the classing."""

    type: Literal["monotone_boosting"] = Field(description="Type of the model.")
    trees: int = Field(default=200, ge=1, le=10_000, description="Number of trees.")
    depth: int = Field(default=3, ge=1, le=12, description="Greatest depth of a tree.")
    learning_rate: float = Field(default=0.1, gt=0, le=1, description="Shrinkage of each tree.")
    min_child_weight: float = Field(default=10.0, ge=0, description="Least sum of hessians in a leaf.")
    reg_lambda: float = Field(default=1.0, ge=0, description="L2 penalty on leaf values.")
    gamma: float = Field(default=0.0, ge=0, description="Least loss reduction for a split.")
    max_bin: int = Field(default=256, ge=2, le=65_536, description="Most histogram bins of a feature.")


ModelSpec = Annotated[ScorecardSpec | MonotoneBoostingSpec, Field(discriminator="type")]


def default_models() -> tuple[ScorecardSpec | MonotoneBoostingSpec, ...]:
    """The candidates of a plan that names none: a scorecard as champion and a monotone boosting challenger."""
    return (
        ScorecardSpec(id="scorecard", type="scorecard", champion=True),
        MonotoneBoostingSpec(id="boosting", type="monotone_boosting"),
    )
