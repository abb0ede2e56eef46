"""What a plan says of an expert scorecard: bins and points that experts give, and how points become probabilities."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.models.candidate_spec import CandidateSpec
from credit_risk.sampling.spec import Code, ColumnName

Codes = Annotated[tuple[Code, ...], Strict(False), Field(min_length=1)]


class ExpertBinSpec(Spec):
    """A bin and its points: an interval, categories, special codes, missing values, or unseen categories."""

    points: float = Field(description="Points of the bin; the more, the less risk.")
    at_least: float | None = Field(default=None, description="Least value of an interval; null: open below.")
    below: float | None = Field(default=None, description="Value that the interval ends before; null: open above.")
    categories: Codes | None = Field(default=None, description="Categories of the bin.")
    special: Codes | None = Field(default=None, description="Special codes of the bin, by themselves or with others.")
    missing: bool = Field(default=False, description="Whether the bin takes missing values, by itself or with others.")
    unseen: bool = Field(default=False, description="Whether the bin is that of categories that no other bin names.")


class ExpertCharacteristicSpec(Spec):
    """The bins of one characteristic."""

    bins: Annotated[tuple[ExpertBinSpec, ...], Strict(False)] = Field(
        min_length=2,
        description="Bins with their points: intervals from the lowest to the highest without gaps, or categories and "
        "unseen; missing and every special code in one of them.",
    )


class ExpertCalibrationSpec(Spec):
    """How the log-odds that points stand for are held to the outcomes of development."""

    method: Literal["logistic"] = Field(
        default="logistic", description="logistic: log-odds of bad = intercept + slope times the stated log-odds."
    )


class ExpertScorecardSpec(CandidateSpec):
    """A scorecard whose classing and points are given by hand; nothing of them is fitted."""

    type: Literal["expert"] = Field(description="Type of the model.")
    base_points: float = Field(default=0.0, description="Points that everyone has.")
    characteristics: dict[ColumnName, ExpertCharacteristicSpec] = Field(
        min_length=1, description="Characteristics with their bins and points."
    )
    calibrate: ExpertCalibrationSpec | None = Field(
        default=None,
        description="Probability: null, as the points state it by the plan's scaling (points to double the odds, base "
        "score and odds); else fitted on development on top of that, with the points as they are.",
    )
    confidence: float = Field(default=0.95, gt=0, lt=1, description="Level of the intervals of its evidence.")
