"""What a plan says of a generalised linear model."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from credit_risk._core.spec import Spec
from credit_risk.models.candidate_spec import CandidateSpec
from credit_risk.models.families import LINKS_OF
from credit_risk.sampling.spec import ColumnName

FamilyName = Literal["tweedie", "gamma", "fractional", "beta"]


class RawTerm(Spec):
    """A characteristic that enters a generalised linear model as it is, and not by its classes."""

    standardise: bool = Field(
        default=False,
        description="Whether a number enters less its development mean, divided by its development standard deviation.",
    )
    missing: Literal["indicator", "refuse"] = Field(
        default="indicator",
        description="Missing values and special codes: indicator gives each that development has a term of its own, "
        "and the value counts as the development mean (of a category, as the most frequent one); refuse refuses them.",
    )


class GlmSpec(CandidateSpec):
    """Generalised linear model of an amount or a fraction, on classed characteristics or on raw terms."""

    type: Literal["glm"] = Field(description="Type of the model.")
    family: FamilyName = Field(
        description="Amounts: tweedie (zeros allowed) or gamma (above 0). Fractions: fractional (quasi-likelihood, 0 "
        "and 1 allowed) or beta (between 0 and 1)."
    )
    link: Literal["log", "logit", "probit"] | None = Field(
        default=None, description="Link; null: log for amounts, logit for fractions."
    )
    variance_power: float | Literal["profile"] | None = Field(
        default=None,
        description="Variance power of tweedie, above 1 and below 2, or profile: that of greatest likelihood. "
        "Null: profile for tweedie; the other families have none.",
    )
    squeeze: Literal["none", "smithson_verkuilen"] = Field(
        default="none",
        description="Transformation of the fractions before beta regression: smithson_verkuilen takes y to "
        "(y(n − 1) + 0.5)/n, n the development rows, so that 0 and 1 come inside.",
    )
    offset: ColumnName | None = Field(
        default=None,
        description="Column added to the linear predictor with coefficient 1, such as the score of another model.",
    )
    raw: dict[ColumnName, RawTerm] = Field(
        default_factory=dict,
        description="Characteristics that enter as numbers, or as an indicator a category, in place of their classes.",
    )
    covariance: Literal["auto", "nonrobust", "hc0", "hc1", "cluster"] = Field(
        default="auto",
        description="Covariance of the coefficients: from the variance that the family assumes (nonrobust), of the "
        "scores of rows (hc0, hc1) or of clusters; auto: cluster where rows of one cluster repeat in development, else "
        "hc1 for fractional and nonrobust for the other families, told in glm.parameters.",
    )
    confidence: float = Field(default=0.95, gt=0, lt=1, description="Level of the confidence intervals.")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_family(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("family") not in LINKS_OF:
            return value
        family, filled = value["family"], dict(value)
        usual = {"link": LINKS_OF[family][0]}
        usual |= {"variance_power": "profile"} if family == "tweedie" else {}
        return filled | {key: default for key, default in usual.items() if filled.get(key) is None}

    @model_validator(mode="after")
    def _parts_fit_the_family(self) -> GlmSpec:
        if self.link not in LINKS_OF[self.family]:
            raise ValueError(f"the family {self.family} has the links {', '.join(LINKS_OF[self.family])}")
        if self.family != "tweedie" and self.variance_power is not None:
            raise ValueError(f"the family {self.family} has no variance power: leave variance_power out")
        if isinstance(self.variance_power, float) and not 1 < self.variance_power < 2:
            raise ValueError("variance_power is above 1 and below 2, or profile")
        if self.family != "beta" and self.squeeze != "none":
            raise ValueError(f"only beta regression is squeezed, and the family is {self.family}")
        return self
