"""What a plan says of its candidate models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from credit_risk.models.boosting_spec import MonotoneBoostingSpec
from credit_risk.models.candidate_spec import IDENTIFIER, CandidateSpec
from credit_risk.models.glm_spec import GlmSpec


class ScorecardSpec(CandidateSpec):
    """Logistic regression on weights of evidence."""

    type: Literal["scorecard"] = Field(description="Type of the model.")
    confidence: float = Field(default=0.95, gt=0, lt=1, description="Level of the confidence intervals.")
    covariance: Literal["auto", "nonrobust", "hc0", "hc1", "cluster"] = Field(
        default="auto",
        description="Covariance of the coefficients, for standard errors, tests and selection by p-value: of "
        "independent rows (nonrobust), of the scores of rows (hc0, hc1) or of clusters (obligor, account or "
        "samples.group); auto: cluster where rows of one cluster repeat in development, else nonrobust, told in "
        "scorecard.covariance.",
    )


AnyModel = ScorecardSpec | MonotoneBoostingSpec | GlmSpec
ModelSpec = Annotated[AnyModel, Field(discriminator="type")]


def default_models() -> tuple[AnyModel, ...]:
    """The candidates of a plan that names none: a scorecard as champion and a monotone boosting challenger."""
    return (
        ScorecardSpec(id="scorecard", type="scorecard", champion=True),
        MonotoneBoostingSpec(id="boosting", type="monotone_boosting"),
    )


def usual_models(outcome_type: str) -> list[dict[str, object]]:
    """The candidate of a plan that names none, for an outcome that is an amount or a fraction."""
    family = {"amount": "tweedie", "fraction": "fractional"}[outcome_type]
    return [{"id": "glm", "type": "glm", "family": family, "champion": True}]


__all__ = [
    "IDENTIFIER",
    "AnyModel",
    "CandidateSpec",
    "GlmSpec",
    "ModelSpec",
    "MonotoneBoostingSpec",
    "ScorecardSpec",
    "default_models",
    "usual_models",
]
