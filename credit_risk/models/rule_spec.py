"""What a plan says of its policy rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from credit_risk._core.spec import Spec
from credit_risk.sampling.spec import ReasonText

RULE_IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"
Words = Annotated[str, StringConstraints(min_length=1)]
Action = Literal["decline", "refer", "accept"]


class RuleSpec(Spec):
    """A policy rule: what is done with an applicant for whom a condition is true, whatever the score says."""

    id: str = Field(pattern=RULE_IDENTIFIER, description="Identifier of the rule.")
    when: str = Field(
        min_length=1,
        description="Condition in the language of derive, true for those whom the rule hits; where it cannot be "
        "decided because a value is missing, the rule does not hit.",
    )
    action: Action = Field(
        description="What is done. Where rules differ, decline goes before refer, and refer before accept."
    )
    code: Words | None = Field(default=None, description="Reason code; null: the identifier.")
    reason: ReasonText | None = Field(
        default=None,
        description="Words for an applicant whom the rule declined, or words by language; a rule that declines needs "
        "them, here or in reason_codes.catalogue.",
    )
    source: Words | None = Field(
        default=None,
        description="Where the information comes from, as an applicant is told: the application, a consumer report.",
    )
    description: str = Field(default="", description="Why the rule is there, for those who govern it.")
    author: Words | None = Field(default=None, description="Who answers for the rule.")


def rule_texts(rules: Iterable[RuleSpec]) -> dict[str, str]:
    """Conditions of rules as written, by id, in the order of the plan."""
    return {rule.id: rule.when for rule in rules}
