"""What a plan says of its candidate models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from credit_risk.models.boosting_spec import MonotoneBoostingSpec
from credit_risk.models.candidate_spec import IDENTIFIER, CandidateSpec
from credit_risk.models.expert_spec import ExpertScorecardSpec
from credit_risk.models.glm_spec import GlmSpec
from credit_risk.models.offset_spec import OffsetSpec
from credit_risk.models.scorecard_spec import ScorecardSpec
from credit_risk.models.segmented_spec import SegmentedScorecardSpec

AnyModel = ScorecardSpec | SegmentedScorecardSpec | MonotoneBoostingSpec | GlmSpec | ExpertScorecardSpec
ModelSpec = Annotated[AnyModel, Field(discriminator="type")]


def default_models() -> tuple[AnyModel, ...]:
    """The candidates of a plan that names none: a scorecard as champion and a monotone boosting challenger."""
    return (
        ScorecardSpec(id="scorecard", type="scorecard", champion=True),
        MonotoneBoostingSpec(id="boosting", type="monotone_boosting"),
    )


def usual_models(outcome_type: str) -> list[dict[str, object]]:
    """The candidate of a plan that names none, for an outcome that is an amount or a fraction."""
    family = {"amount": "tweedie", "fraction": "fractional"}[outcome_type]
    return [{"id": "glm", "type": "glm", "family": family, "champion": True}]


__all__ = [
    "IDENTIFIER",
    "AnyModel",
    "CandidateSpec",
    "ExpertScorecardSpec",
    "GlmSpec",
    "ModelSpec",
    "MonotoneBoostingSpec",
    "OffsetSpec",
    "ScorecardSpec",
    "SegmentedScorecardSpec",
    "default_models",
    "usual_models",
]
