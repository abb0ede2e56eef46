"""What a plan says of monotone boosting."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.models.candidate_spec import CandidateSpec
from credit_risk.models.offset_spec import OffsetSpec
from credit_risk.sampling.spec import ColumnName

Metric = Literal["log_loss", "auc"]
Whole = Annotated[int, Field(ge=1, le=10_000)]
Depth = Annotated[int, Field(ge=1, le=12)]
Leaves = Annotated[int, Field(ge=2, le=4096)]
Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Group = Annotated[tuple[ColumnName, ...], Strict(False), Field(min_length=1)]


class EarlyStoppingSpec(Spec):
    """Trees are added while the mean of the folds left out gets better; all of development is fitted with that many."""

    metric: Metric = Field(default="log_loss", description="What is measured on the folds left out.")
    patience: int = Field(default=20, ge=1, le=1000, description="Trees without a better mean before it stops.")


class SearchSpec(Spec):
    """Search of settings by the mean of the folds left out: a budget in trials, settled by the seed of the plan.

    Each range is [lowest, highest], both included; null keeps the model's own setting.
    """

    trials: int = Field(ge=1, le=10_000, description="Number of trials; the first has the model's own settings.")
    metric: Metric = Field(default="auc", description="What is measured on the folds left out.")
    depth: Annotated[tuple[Depth, Depth], Strict(False)] | None = Field(default=(1, 5), description="Range of depth.")
    leaves: Annotated[tuple[Leaves, Leaves], Strict(False)] | None = Field(
        default=None, description="Range of leaves, for a model that sets leaves."
    )
    trees: Annotated[tuple[Whole, Whole], Strict(False)] | None = Field(
        default=(50, 500), description="Range of trees; with early_stopping they are settled by it."
    )
    learning_rate: Annotated[tuple[Share, Share], Strict(False)] | None = Field(
        default=(0.02, 0.3), description="Range of learning_rate, drawn on the logarithmic scale."
    )
    min_child_weight: Annotated[tuple[Positive, Positive], Strict(False)] | None = Field(
        default=(1.0, 100.0), description="Range of min_child_weight, drawn on the logarithmic scale."
    )
    reg_lambda: Annotated[tuple[Positive, Positive], Strict(False)] | None = Field(
        default=(0.1, 100.0), description="Range of reg_lambda, drawn on the logarithmic scale."
    )
    gamma: Annotated[tuple[NotNegative, NotNegative], Strict(False)] | None = Field(
        default=(0.0, 5.0), description="Range of gamma."
    )

    @model_validator(mode="after")
    def _in_order(self) -> SearchSpec:
        wrong = [name for name, bounds in self.ranges.items() if bounds[0] > bounds[1]]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: the lowest is above the highest")
        return self

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Ranges that are searched, by setting."""
        names = ("depth", "leaves", "trees", "learning_rate", "min_child_weight", "reg_lambda", "gamma")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


class SimplicitySpec(Spec):
    """Simpler models beside the fitted one, and the Gini that each costs on the folds left out."""

    depths: Annotated[tuple[Depth, ...], Strict(False)] | None = Field(
        default=None, description="Depths to compare; null: 1 up to the model's own."
    )
    leaves: Annotated[tuple[Leaves, ...], Strict(False)] | None = Field(
        default=None, description="Leaves of a tree to compare at the model's own depth; null: half of what it allows."
    )
    trees: Annotated[tuple[Share, ...], Strict(False)] = Field(
        default=(0.05, 0.1, 0.25, 0.5, 0.75, 1.0),
        min_length=1,
        description="Shares of the trees, counted from the first, to compare.",
    )
    rule: Literal["none", "one_standard_error"] = Field(
        default="none",
        description="What is done with the comparison: nothing, or the model of fewest leaves is taken whose mean Gini "
        "is within one standard error of the best.",
    )


class CategoriesSpec(Spec):
    """How categories without a declared order enter the trees: the weight of evidence of their class, and single ones.

    A category whose class holds others too may have a feature of its own, 1 where the value is that category, 0
    elsewhere.
    """

    min_rows: int = Field(
        default=100, ge=1, description="Least rows of development of a category with a feature of its own."
    )
    max_levels: int = Field(
        default=64,
        ge=0,
        le=1000,
        description="Most categories of a characteristic with a feature of their own, the most frequent ones; 0: none.",
    )
    bound: bool = Field(
        default=False,
        description="Whether the bad rate may not rise with the weight of evidence of their class. Categories without "
        "an order have no expectation that a direction could come from; declared orders are bound always.",
    )


class MonotoneBoostingSpec(CandidateSpec):
    """Gradient-boosted trees whose bad rate rises or falls with a feature as the plan declares."""

    type: Literal["monotone_boosting"] = Field(description="Type of the model.")
    constraints: Literal["declared", "declared_and_mined"] = Field(
        default="declared_and_mined",
        description="Which features are monotone: those whose trend the plan declares (data.columns.*.expected_trend, "
        "derive.*.expected_trend, classing.monotonic), or also those whose trend the classing found in development. A "
        "trend that was found is a suggestion, is told as such, and is no rationale.",
    )
    categories: CategoriesSpec = Field(
        default=CategoriesSpec(), description="How categories without a declared order enter the trees."
    )
    interactions: Annotated[tuple[Group, ...], Strict(False)] | None = Field(
        default=None,
        description="Groups of characteristics that may stand in one path of a tree; one that no group names stands "
        "alone. Null: every characteristic with every other.",
    )
    trees: int = Field(default=200, ge=1, le=10_000, description="Number of trees; with early_stopping the most.")
    depth: int = Field(default=3, ge=1, le=12, description="Greatest depth of a tree.")
    leaves: Leaves | None = Field(
        default=None, description="Most leaves of a tree, grown where the loss falls most; null: as depth allows."
    )
    learning_rate: float = Field(default=0.1, gt=0, le=1, description="Shrinkage of each tree.")
    min_child_weight: float = Field(default=10.0, ge=0, description="Least sum of hessians in a leaf.")
    reg_lambda: float = Field(default=1.0, ge=0, description="L2 penalty on leaf values.")
    reg_alpha: float = Field(
        default=0.0,
        ge=0,
        description="L1 penalty on leaf values. Up to version 3.3 xgboost takes wrong gains from it where features are "
        "monotone, so that it is refused there.",
    )
    gamma: float = Field(default=0.0, ge=0, description="Least loss reduction for a split.")
    max_bin: int = Field(default=256, ge=2, le=256, description="Most values that a feature is trained on.")
    tree_method: Literal["hist"] = Field(
        default="hist",
        description="How splits are found; xgboost's exact is not offered, since it may send both sides of a split "
        "between neighbouring float32 values one way.",
    )
    folds: int = Field(
        default=5,
        ge=2,
        le=20,
        description="Folds of development for early_stopping, search and simplicity; stratified, clusters whole.",
    )
    early_stopping: EarlyStoppingSpec | None = Field(default=None, description="Number of trees from the folds.")
    search: SearchSpec | None = Field(default=None, description="Search of settings; null: the settings above.")
    simplicity: SimplicitySpec | None = Field(default=None, description="Simpler models and what they cost.")
    characteristics: Annotated[tuple[ColumnName, ...], Strict(False)] | None = Field(
        default=None, min_length=1, description="The only predictors that this candidate may use. null: all predictors."
    )
    offset: OffsetSpec | None = Field(
        default=None,
        description="The first stage of a two-stage model, whose log-odds every row starts from (xgboost's "
        "base_margin), in training and in scoring; null: there is none.",
    )
