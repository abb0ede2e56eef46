"""What a plan says of the first stage of a two-stage model."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_validator

from credit_risk._core.spec import Spec
from credit_risk.models.candidate_spec import IDENTIFIER
from credit_risk.sampling.spec import ColumnName

POINTS = ("points_to_double_odds", "base_score", "base_odds")


class OffsetSpec(Spec):
    """The first stage, whose log-odds of bad every row starts from: with coefficient 1, never fitted again.

    An earlier candidate of the plan, which the package then holds inside the model, or a column: a log-odds of bad, or
    a score in points, whose scaling is then given.
    """

    model: str | None = Field(
        default=None, pattern=IDENTIFIER, description="An earlier candidate of the plan: its log-odds before rounding."
    )
    column: ColumnName | None = Field(
        default=None,
        description="A numeric column of the source, never missing: log-odds of bad, or points where their scaling is "
        "given. It is no predictor of any candidate.",
    )
    points_to_double_odds: float | None = Field(
        default=None, gt=0, description="Of a column in points: points that double the odds good:bad."
    )
    base_score: float | None = Field(default=None, description="Of a column in points: score at base_odds.")
    base_odds: float | None = Field(default=None, gt=0, description="Of a column in points: odds good:bad there.")

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        named = [key for key in ("model", "column") if value.get(key) is not None]
        if len(named) != 1:
            raise ValueError("names one of model and column, the first stage")
        given = [key for key in POINTS if value.get(key) is not None]
        if given and named == ["model"]:
            raise ValueError(f"{', '.join(given)}: a scaling is of a column in points, and the offset is a model")
        if given and len(given) < len(POINTS):
            lacking = ", ".join(key for key in POINTS if key not in given)
            raise ValueError(f"a column in points has its whole scaling, and {lacking} is missing")
        return value

    @property
    def words(self) -> str:
        """The first stage in words."""
        if self.model is not None:
            return f"the candidate {self.model}"
        return f"the column {self.column}, {'log-odds of bad' if self.base_score is None else 'a score in points'}"
