"""What a plan says of selecting characteristics."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.sampling.spec import ColumnName


class Forced(Spec):
    """A characteristic that stays or leaves whatever the rules say, with who decided it and why."""

    name: ColumnName = Field(description="Characteristic.")
    reason: Annotated[str, StringConstraints(min_length=1)] = Field(description="Why the rules do not apply to it.")
    author: str | None = Field(default=None, description="Who decided it.")


ForcedList = Annotated[tuple[ColumnName | Forced, ...], Strict(False)]


class SelectionSpec(Spec):
    """Which classed characteristics may enter the scorecard, and how the model is found among them."""

    min_information_value: float = Field(default=0.02, ge=0, description="Least information value.")
    max_information_value: float | None = Field(
        default=None,
        gt=0,
        description="Greatest information value, above which a characteristic is too good to be true; null: no bound.",
    )
    max_gini: float = Field(
        default=0.95,
        gt=0,
        le=1,
        description="Greatest Gini of one characteristic on its fine classes; above it, it is suspected of leakage.",
    )
    min_gini: float = Field(default=0.0, ge=0, lt=1, description="Least Gini of the classed characteristic.")
    max_missing_share: float = Field(
        default=1.0, gt=0, le=1, description="Greatest share of missing values on development; 1 allows all."
    )
    max_psi: float | None = Field(
        default=None,
        gt=0,
        description="Greatest population stability index of the bins between development and any other sample; "
        "null: stability is told and does not decide.",
    )
    max_psi_over_time: float | None = Field(
        default=None,
        gt=0,
        description="Greatest population stability index of the bins between one period of development (by its "
        "observation point, else data.date) and the rest of it; null: stability over time is told and does not decide.",
    )
    stability_period: Literal["month", "quarter", "year"] = Field(
        default="month", description="Length of the periods of stability over time."
    )
    min_period_rows: int = Field(
        default=200,
        ge=1,
        description="Fewest rows of a period whose stability is judged: in fewer, chance alone reaches the limits.",
    )
    expectation_check: bool = Field(
        default=True,
        description="Whether a characteristic leaves whose development data contradict the trend that the plan "
        "declares (its AUC in the declared direction lies below one half with confidence).",
    )
    max_correlation: float = Field(
        default=0.8, gt=0, le=1, description="Greatest absolute correlation of two weights of evidence."
    )
    correlation: Literal["pairwise", "clusters"] = Field(
        default="pairwise",
        description="pairwise: of a pair the less informative leaves; clusters: of a chain of correlated "
        "characteristics (single linkage) only the most informative stays.",
    )
    method: Literal["backward", "forward", "stepwise", "all"] = Field(
        default="backward", description="How the model is found; all: only sign and inflation are checked."
    )
    criterion: Literal["p_value", "aic", "bic"] = Field(
        default="p_value", description="What decides entry and removal; p_value: max_p_value of the Wald test."
    )
    max_p_value: float = Field(default=0.05, gt=0, le=1, description="Greatest p-value of a coefficient.")
    max_variance_inflation: float = Field(default=5.0, ge=1, description="Greatest variance inflation factor.")
    sign_check: bool = Field(
        default=True,
        description="Whether a coefficient whose sign contradicts the weights of evidence is removed.",
    )
    include: ForcedList = Field(default=(), description="Characteristics that are kept whatever the rules say.")
    exclude: ForcedList = Field(default=(), description="Characteristics that are never used.")

    @property
    def included(self) -> dict[str, str]:
        """Characteristics to keep, each with its reason in words."""
        return _reasons(self.include, "in the plan's list of characteristics to include")

    @property
    def excluded(self) -> dict[str, str]:
        """Characteristics to leave out, each with its reason in words."""
        return _reasons(self.exclude, "in the plan's list of characteristics to exclude")


def _reasons(forced: tuple[str | Forced, ...], default: str) -> dict[str, str]:
    told = {}
    for item in forced:
        if isinstance(item, Forced):
            told[item.name] = f"{item.reason} ({item.author})" if item.author else item.reason
        else:
            told[item] = default
    return told
