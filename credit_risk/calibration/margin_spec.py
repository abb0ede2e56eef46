"""What a plan says of the margin of conservatism: deficiencies by category, with their sizes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from credit_risk._core.spec import Spec
from credit_risk.calibration.long_run_spec import IsoDate

Text = Annotated[str, StringConstraints(min_length=1)]
MarginKind = Literal["relative", "absolute", "log_odds"]


class MarginSpec(Spec):
    """A deficiency and the margin for it. Sizes are declared; only that of category C can be computed."""

    category: Literal["A", "B", "C"] = Field(
        description="A: deficiencies of data and methods. B: changes of standards, appetite and environment. C: the "
        "general error of estimation (EBA/GL/2017/16)."
    )
    deficiency: Text = Field(description="What is deficient.")
    kind: MarginKind = Field(
        default="relative",
        description="relative: probability times 1 + size. absolute: plus size. log_odds: log-odds of bad plus size. "
        "Relative and absolute margins end at a probability of 1.",
    )
    size: Annotated[float, Field(ge=0.0, le=10.0)] | None = Field(
        default=None, description="Size of the margin, 0 or more; null: computed, which category C alone can be."
    )
    confidence: float | None = Field(
        default=None,
        gt=0.5,
        lt=1.0,
        description="Of a computed margin: the one-sided level of the long-run average, whose upper bound over the "
        "average is the size.",
    )
    quantified: Text = Field(description="How the size was found.")
    owner: Text = Field(description="Who answers for it.")
    date: IsoDate = Field(description="Date of the decision.")
    expiry: IsoDate | None = Field(default=None, description="When it ends or is reviewed; null: not declared.")
    applied: bool = Field(
        default=True, description="Whether the model's probability with margin holds it; else it is registered only."
    )

    @model_validator(mode="after")
    def _sized(self) -> MarginSpec:
        if self.size is not None and self.confidence is not None:
            raise ValueError("a margin has a size, or a confidence from which it is computed, not both")
        if self.size is None and self.confidence is None:
            raise ValueError("a margin needs its size (or, of category C, a confidence from which it is computed)")
        if self.confidence is not None and (self.category != "C" or self.kind != "relative"):
            raise ValueError("only a relative margin of category C can be computed from a confidence")
        if self.kind == "absolute" and self.size is not None and self.size >= 1.0:
            raise ValueError("an absolute margin is below 1")
        return self
