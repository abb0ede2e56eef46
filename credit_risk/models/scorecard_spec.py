"""What a plan says of scorecards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from credit_risk.models.candidate_spec import CandidateSpec
from credit_risk.models.offset_spec import OffsetSpec


class ScorecardOptions(CandidateSpec):
    """What every scorecard of a plan may say of its coefficients."""

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


class ScorecardSpec(ScorecardOptions):
    """Logistic regression on weights of evidence."""

    type: Literal["scorecard"] = Field(description="Type of the model.")
    offset: OffsetSpec | None = Field(
        default=None,
        description="The first stage of a two-stage model, whose log-odds every row starts from; null: there is none.",
    )
