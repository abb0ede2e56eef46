"""What a plan says of its candidate models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

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

    characteristics: tuple[Annotated[str, StringConstraints(min_length=1)], ...] | None = Field(
        default=None,
        min_length=1,
        strict=False,
        description="The only predictors that this candidate may use; selection runs on these. null: all predictors.",
    )
    coefficients: Literal["any", "negative"] = Field(
        default="any",
        description="Bounds on the coefficients of weights of evidence. negative: maximum likelihood under b <= 0 for "
        "every characteristic; what is held at zero leaves, unless it is forced or selection.method is all, and is "
        "told in scorecard.constraints.",
    )
    interval: Literal["wald", "profile"] = Field(
        default="wald",
        description="Intervals of the coefficients: Wald's, or of the profile likelihood, which takes rows as "
        "independent.",
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
