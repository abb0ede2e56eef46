"""What a plan says of a scorecard for each of several segments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.types import Strict
from pydantic_core import PydanticCustomError

from credit_risk._core.spec import Spec
from credit_risk.models.scorecard_spec import ScorecardOptions
from credit_risk.sampling.spec import ColumnName

SegmentName = Annotated[str, Field(min_length=1, max_length=200)]
Values = Annotated[tuple[str | float, ...], Strict(False), Field(min_length=1)]
ERROR, LARGEST = "error", "largest"


class SegmentSearchSpec(Spec):
    """Search for segments by a tree: on half of development, each division judged on the other half."""

    variables: Annotated[tuple[ColumnName, ...], Strict(False)] | None = Field(
        default=None, min_length=1, description="Predictors that may divide; null: all of them."
    )
    max_segments: int = Field(default=4, ge=2, le=20, description="Most segments.")
    max_depth: int = Field(default=3, ge=1, le=6, description="Most divisions that lead to one segment.")
    min_share: float = Field(
        default=0.1, gt=0, le=0.5, description="Least share of the weight of development in a segment."
    )
    min_bads: float = Field(default=100.0, ge=1, description="Least weighted bads of development in a segment.")
    min_goods: float = Field(default=100.0, ge=1, description="Least weighted goods of development in a segment.")
    folds: int = Field(
        default=3, ge=2, le=10, description="Folds of the searched half on which divisions are compared."
    )
    max_rows: int = Field(
        default=50_000,
        ge=1000,
        description="About how many rows of development the search and its judgement use at most; whole clusters are "
        "drawn by the seed of the plan, told in segmentation.gain.",
    )


class SegmentsSpec(Spec):
    """Segments that are given by a column, or searched for."""

    column: ColumnName | None = Field(
        default=None, description="Predictor whose values are the segments, from the source or derived; or use search."
    )
    groups: dict[SegmentName, Values] | None = Field(
        default=None,
        min_length=2,
        description="Values of the column by name of the segment; null: each value that occurs in development is one.",
    )
    search: SegmentSearchSpec | None = Field(default=None, description="Search for segments, in place of column.")
    level: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="Level of the one-sided test that a division gains on rows that were not searched.",
    )
    when_refused: Literal["one_model", "error"] = Field(
        default="one_model", description="What a search that finds no gain leads to: one scorecard, told, or an error."
    )
    otherwise: str = Field(
        default=ERROR,
        min_length=1,
        description="Rows that belong to no segment when scored, since the value is missing, special or unknown: "
        "error, largest (the segment with the most weight in development), or the name of a group.",
    )

    @model_validator(mode="after")
    def _given_or_searched(self) -> SegmentsSpec:
        faults = []
        if (self.column is None) == (self.search is None):
            faults.append("name either the column whose values are the segments, or search")
        if self.groups is not None and self.column is None:
            faults.append("groups are of the values of a column")
        known = {ERROR, LARGEST, *(self.groups or {})}
        if self.groups is not None and self.otherwise not in known:
            faults.append(f"otherwise is {self.otherwise!r}, which is none of {', '.join(sorted(known))}")
        if self.search is not None and self.otherwise not in (ERROR, LARGEST):
            faults.append(f"otherwise is {self.otherwise!r}: segments that are searched for have no names beforehand")
        listed = [value for values in (self.groups or {}).values() for value in values]
        twice = sorted({str(value) for value in listed if listed.count(value) > 1})
        if twice:
            faults.append(f"values stand in two groups, or twice: {', '.join(twice)}")
        if {ERROR, LARGEST} & set(self.groups or {}):
            faults.append(f"no group may be named {ERROR!r} or {LARGEST!r}")
        if faults:
            raise PydanticCustomError("segments", "{told}", {"told": "; ".join(faults)})
        return self


class SegmentedScorecardSpec(ScorecardOptions):
    """A scorecard for each segment, on one scale of scores."""

    type: Literal["segmented_scorecard"] = Field(description="Type of the model.")
    segments: SegmentsSpec = Field(description="The segments.")
    against: str | None = Field(
        default=None,
        min_length=1,
        description="The scorecard of the plan, before this one, that tells whether segments pay; null: the first.",
    )
