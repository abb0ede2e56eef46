"""What a plan says of calibration by segment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from credit_risk._core.spec import Spec


class BySpec(Spec):
    """A calibration map for each segment of a column, and the pooled map of all rows elsewhere.

    The order of scores is kept within a segment, not between segments whose maps differ.
    """

    column: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="Column of the source, or derived characteristic, whose values are the segments. It need not be a "
        "predictor: every model reads it then. Protected, forbidden and personal columns are refused."
    )
    edges: Annotated[tuple[float, ...], Field(strict=False, min_length=1)] | None = Field(
        default=None,
        description="Ascending edges that divide a column of numbers into segments, each from its edge up to the next; "
        "special codes are in none. Null: every value is a segment.",
    )
    least_goods: int = Field(
        default=50, ge=1, description="Fewest goods (rows) of the sample for a map of a segment's own."
    )
    least_bads: int = Field(
        default=50, ge=1, description="Fewest bads (rows) of the sample for a map of a segment's own."
    )
