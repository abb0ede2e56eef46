"""What a plan says of the model as a whole: its name, its purpose and its limits, in words that people wrote."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.models.spec import IDENTIFIER

Text = Annotated[str, StringConstraints(min_length=1)]


class AuthoredText(Spec):
    """A text with who wrote it and when. The documents print it; nothing is ever written in its place."""

    text: Text = Field(description="The text.")
    author: Text = Field(description="Who wrote it.")
    date: str = Field(
        pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$", description="Date of the text, as 2026-11-20."
    )


class IdentitySpec(Spec):
    """The key `model` of a plan."""

    id: str = Field(pattern=IDENTIFIER, description="Identifier of the model in package and inventory.")
    name: Text | None = Field(default=None, description="Name for people; null: the identifier.")
    version: Text = Field(default="0.1.0", description="Version of the model, as text.")
    purpose: AuthoredText | None = Field(default=None, description="What the model is for.")
    rationale: AuthoredText | None = Field(default=None, description="Why it is built in this way.")
    uses: AuthoredText | None = Field(default=None, description="Uses that it is meant for.")
    prohibited_uses: AuthoredText | None = Field(default=None, description="Uses that it may not be put to.")
    limitations: Annotated[tuple[AuthoredText, ...], Strict(False)] = Field(
        default=(), description="Known limitations."
    )
    owner: Text | None = Field(default=None, description="Who answers for the model.")
    tier: Text | None = Field(default=None, description="Risk tier in the inventory, as text.")

    @model_validator(mode="before")
    @classmethod
    def _name_defaults_to_identifier(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("name") is None and isinstance(value.get("id"), str):
            return {**value, "name": value["id"]}
        return value
