"""What a plan says of manual changes to a classing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from pydantic.types import Strict

from credit_risk._core.spec import Spec

Text = Annotated[str, StringConstraints(min_length=1)]
Categories = Annotated[tuple[Text, ...], Strict(False)]


class Override(Spec):
    """What every manual change tells."""

    characteristic: Text = Field(description="Characteristic whose classing is changed.")
    reason: Text = Field(description="Why.")
    author: Text = Field(description="Who decided it.")


class Merge(Override):
    """Join the two bins that meet at `edge`, or the bins that hold `categories`."""

    operation: Literal["merge"] = Field(description="Operation.")
    edge: float | None = Field(default=None, description="Edge that disappears (numeric).")
    categories: Categories = Field(default=(), description="Categories whose bins become one (categorical).")


class Split(Override):
    """Add an edge, or take `categories` out of their bin into a new one."""

    operation: Literal["split"] = Field(description="Operation.")
    edge: float | None = Field(default=None, description="New edge (numeric).")
    categories: Categories = Field(default=(), description="Categories of one bin that get a bin of their own.")


class MoveEdge(Override):
    """Move an edge between its neighbours."""

    operation: Literal["move_edge"] = Field(description="Operation.")
    edge: float = Field(description="Edge as it is.")
    to: float = Field(description="Edge as it shall be.")


class FixWoe(Override):
    """Set the weight of evidence of one bin by hand; its counts stay."""

    operation: Literal["fix_woe"] = Field(description="Operation.")
    bin: Text = Field(description="Label of the bin, as the classing table shows it, such as `missing` or `< 50000`.")
    woe: float = Field(description="Weight of evidence, ln(share of goods / share of bads).")


class Join(Override):
    """Put missing values or a special code into a bin of ordinary values; its counts then include them."""

    operation: Literal["join"] = Field(description="Operation.")
    bin: Text = Field(description="Label of the bin that disappears: `missing`, or `special` and the code.")
    into: Text = Field(description="Label of the bin that takes it, as the classing table shows it.")


AnyOverride = Annotated[Merge | Split | MoveEdge | FixWoe | Join, Field(discriminator="operation")]
