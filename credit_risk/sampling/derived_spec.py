"""What a plan says of a derived characteristic."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from credit_risk._core.spec import Spec
from credit_risk.sampling.spec import Codes, ReasonText, Trend


class DerivedSpec(Spec):
    """A derived characteristic in its long form; the short form is the text of the expression."""

    expression: str = Field(description="How it is computed, in the language of derived characteristics.")
    description: str = Field(default="", description="What it means, in words.")
    order: Codes | None = Field(
        default=None,
        min_length=2,
        description="Where it gives text: its values in their natural order, as data.columns.<column>.order.",
    )
    expected_trend: Trend | None = Field(
        default=None,
        description="Trend of the bad rate or mean that the expert expects, declared before the data are looked at.",
    )
    reason_text: ReasonText | None = Field(
        default=None, description="Words for an applicant whose score this lowered, or words by language."
    )

    @property
    def words(self) -> str:
        """Description and expression in one text."""
        return f"{self.description}: {self.expression}" if self.description else self.expression


def derived_specs(derive: Mapping[str, str | DerivedSpec]) -> dict[str, DerivedSpec]:
    """Every derived characteristic in its long form, in the order of the plan."""
    return {name: DerivedSpec(expression=given) if isinstance(given, str) else given for name, given in derive.items()}
