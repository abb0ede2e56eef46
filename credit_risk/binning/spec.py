"""What a plan says of classing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.binning.override_spec import AnyOverride
from credit_risk.sampling.spec import ColumnName, Trend


class ClassingSpec(Spec):
    """How characteristics are cut into bins and how weights of evidence are set."""

    engine: Literal["exact", "optbinning"] = Field(
        default="exact",
        description="Who finds the cuts: exact is a dynamic programme that proves the greatest information value; "
        "optbinning's solver works on at most max_prebins equal-frequency classes.",
    )
    trend: Literal["auto_monotonic", "auto", "none"] = Field(
        default="auto_monotonic",
        description="Trend where the plan declares none: the better of ascending and descending; auto lets a peak or a "
        "valley win that is clearly better (exact engine); none leaves the order free.",
    )
    max_prebins: int = Field(default=20, ge=2, le=20, description="Most fine classes before merging (optbinning).")
    min_bins: int = Field(default=1, ge=1, le=20, description="Fewest coarse classes (exact engine).")
    max_bins: int = Field(default=6, ge=2, le=20, description="Most coarse classes, besides missing and special codes.")
    min_share: float = Field(
        default=0.05, gt=0, le=0.5, description="Least share of the development rows in a coarse class."
    )
    min_rate_difference: float = Field(
        default=0.0, ge=0, lt=1, description="Least difference of the bad rates of neighbours (exact engine)."
    )
    max_p_value: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="Greatest p-value of the test that neighbours have one bad rate (exact engine); null: no test.",
    )
    rare_share: float = Field(
        default=0.01,
        ge=0,
        le=0.5,
        description="Categories with a smaller share of the development rows are pooled before they are ordered.",
    )
    monotonic: dict[ColumnName, Trend] = Field(
        default_factory=dict,
        description="Trend of the bad rate that the classing must have, by characteristic.",
    )
    overrides: Annotated[tuple[AnyOverride, ...], Strict(False)] = Field(
        default=(), description="Manual changes after classing, in order, each with its reason and author."
    )
    zero_cell: float = Field(
        default=0.5,
        gt=0,
        le=1,
        description="Count set in place of zero goods or zero bads in a bin, so that its weight of evidence is finite.",
    )
    unobserved: Literal["neutral"] = Field(
        default="neutral", description="Weight of evidence of a bin without development rows: neutral is 0."
    )
