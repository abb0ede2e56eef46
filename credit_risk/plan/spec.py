"""What a plan says of the model as a whole: its name, its purpose and its limits, in words that people wrote."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.models.spec import IDENTIFIER

Text = Annotated[str, StringConstraints(min_length=1)]
DATE = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"
IsoDate = Annotated[str, StringConstraints(pattern=DATE)]


class AuthoredText(Spec):
    """A text with who wrote it and when. The documents print it; nothing is ever written in its place."""

    text: Text = Field(description="The text.")
    author: Text = Field(description="Who wrote it.")
    date: str = Field(pattern=DATE, description="Date of the text, as 2026-11-20.")


class LimitationSpec(AuthoredText):
    """A limitation: a text, and where the author says so what it means, what is done about it, and until when."""

    significance: Literal["high", "medium", "low"] | None = Field(
        default=None, description="How much it matters for the uses of the model; null: not declared."
    )
    mitigant: Text | None = Field(default=None, description="What mitigates it; null: not declared.")
    owner: Text | None = Field(default=None, description="Who answers for it; null: not declared.")
    expiry: IsoDate | None = Field(default=None, description="When it is to be lifted or reviewed; null: not declared.")


class OverlaySpec(Spec):
    """An adjustment that is made after the model, outside of it."""

    id: str = Field(pattern=IDENTIFIER, description="Identifier of the overlay.")
    scope: Text = Field(description="To whom or what it applies.")
    kind: Literal["relative", "absolute", "log_odds", "points", "grades", "other"] = Field(
        description="What the size is of: a share of the probability, the probability, log-odds of bad, points, grades."
    )
    size: float = Field(
        description="Size of the adjustment; above 0 it makes the probability higher or the score more."
    )
    reason: Text = Field(description="Why it is made, and how its size was found.")
    owner: Text = Field(description="Who answers for it.")
    approved_by: Text | None = Field(default=None, description="Who approved it; null: not approved yet.")
    date: IsoDate = Field(description="Date from which it is made.")
    expiry: IsoDate | None = Field(default=None, description="Last day of it; null: not declared.")

    @model_validator(mode="after")
    def _in_order(self) -> OverlaySpec:
        if self.expiry is not None and self.expiry < self.date:
            raise ValueError("the overlay ends before it begins")
        return self


class IdentitySpec(Spec):
    """The key `model` of a plan."""

    id: str = Field(pattern=IDENTIFIER, description="Identifier of the model in package and inventory.")
    name: Text | None = Field(default=None, description="Name for people; null: the identifier.")
    version: Text = Field(default="0.1.0", description="Version of the model, as text.")
    purpose: AuthoredText | None = Field(default=None, description="What the model is for.")
    theory: AuthoredText | None = Field(
        default=None, description="The theory and the assumptions that the form of the model rests on."
    )
    rationale: AuthoredText | None = Field(default=None, description="Why it is built in this way.")
    judgement: AuthoredText | None = Field(
        default=None, description="Where people decided and not the data, and on what grounds."
    )
    uses: AuthoredText | None = Field(default=None, description="Uses that it is meant for.")
    prohibited_uses: AuthoredText | None = Field(default=None, description="Uses that it may not be put to.")
    oversight: AuthoredText | None = Field(
        default=None, description="Who sees the results, may overrule them or stop the model, and how."
    )
    as_of: IsoDate | None = Field(
        default=None,
        description="Date on which the plan stands, by which what has expired is told; null: expiry is not told.",
    )
    limitations: Annotated[tuple[LimitationSpec, ...], Strict(False)] = Field(
        default=(),
        description="Known limitations, each a text, with significance, mitigant, owner and expiry if known.",
    )
    owner: Text | None = Field(default=None, description="Who answers for the model.")
    contact: Text | None = Field(default=None, description="Where questions about the model are answered.")
    tier: Text | None = Field(default=None, description="Risk tier in the inventory, as text.")

    @model_validator(mode="before")
    @classmethod
    def _name_defaults_to_identifier(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("name") is None and isinstance(value.get("id"), str):
            return {**value, "name": value["id"]}
        return value
