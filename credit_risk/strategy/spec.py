"""What a plan says of strategy: the cut-off, what a good earns and a bad loses, what is aimed at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.sampling.spec import ColumnName

Text = Annotated[str, StringConstraints(min_length=1)]
Limited = ("bad_rate_at_most", "acceptance_at_least")


class ProductSpec(Spec):
    """An amount of each applicant: the product of columns of the source, times a rate."""

    columns: Annotated[tuple[ColumnName, ...], Strict(False)] = Field(
        min_length=1, description="Columns of the source, numeric, 0 or more, without missing values; multiplied."
    )
    rate: float = Field(default=1.0, gt=0, description="What their product is multiplied by.")


Amount = Annotated[float, Field(ge=0)] | ProductSpec


class ProfitSpec(Spec):
    """What is earned of an accepted applicant who turns out good, and lost of one who turns out bad."""

    good: Amount = Field(description="Earned of a good: a number, or columns of the source times a rate.")
    bad: Amount = Field(description="Lost of a bad: a number of 0 or more, or columns of the source times a rate.")
    currency: Text | None = Field(default=None, description="Unit of both amounts, as text.")
    source: Text | None = Field(default=None, description="Where the two assumptions come from, in words.")
    author: Text | None = Field(default=None, description="Who answers for them.")


class AimSpec(Spec):
    """What the best cut-off is to reach."""

    type: Literal["maximum_profit", "bad_rate_at_most", "acceptance_at_least"] = Field(
        description="maximum_profit: the greatest expected profit (needs strategy.profit). bad_rate_at_most: the "
        "lowest cut-off whose bad rate among the accepted is at most limit. acceptance_at_least: the highest cut-off "
        "that accepts at least limit of the applicants."
    )
    limit: float | None = Field(default=None, gt=0, lt=1, description="Greatest bad rate, or least acceptance rate.")

    @model_validator(mode="after")
    def _limit_where_it_belongs(self) -> AimSpec:
        if (self.type in Limited) != (self.limit is not None):
            wanted = "needs a limit between 0 and 1" if self.type in Limited else "has no limit: leave it out"
            raise ValueError(f"the aim {self.type} {wanted}")
        return self


class IncumbentSpec(Spec):
    """A score that decides today, as a column of the source: what the champion would take the place of."""

    column: ColumnName = Field(description="Column of the source with the score; rows that miss it are left out, told.")
    cut_off: float | None = Field(
        default=None,
        description="Where it accepts today, on its own scale; null: where it accepts as many as the champion.",
    )
    direction: Literal["descending", "ascending"] = Field(
        default="descending",
        description="Trend of the bad rate as the score rises. descending: higher is safer, and accepted from the "
        "cut-off up; ascending: higher is riskier, and accepted up to the cut-off.",
    )


class AcceptSpec(Spec):
    """All that is named must hold for a challenger to be accepted."""

    min_auc_difference: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="Least lower bound of the AUC of the challenger less that of the champion.",
    )
    max_calibration_gap: float | None = Field(
        default=None, ge=0, description="Greatest |expected/observed - 1| of the challenger."
    )
    max_psi: float | None = Field(
        default=None, ge=0, description="Greatest stability index of the challenger's score against development."
    )
    max_inversions: int | None = Field(
        default=None, ge=0, description="Most significant inversions of the bad rate over the challenger's score bands."
    )


class RejectSpec(Spec):
    """One of what is named suffices for a challenger to be rejected."""

    max_auc_difference: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="Rejected where the upper bound of the difference in AUC is at most this.",
    )
    min_calibration_gap: float | None = Field(
        default=None, ge=0, description="Rejected where |expected/observed - 1| is above this."
    )
    min_psi: float | None = Field(default=None, ge=0, description="Rejected where the stability index is above this.")
    min_inversions: int | None = Field(
        default=None, ge=0, description="Rejected where there are more significant inversions than this."
    )


class RedeploymentSpec(Spec):
    """What becomes of a challenger, or of a new version beside the live one, stated before the numbers are known.

    Reject goes before accept.
    """

    sample: Literal["out_of_sample", "out_of_time"] = Field(
        default="out_of_sample", description="Sample on which challengers are judged."
    )
    auto_accept: AcceptSpec = Field(description="All of it must hold.")
    reject: RejectSpec = Field(description="One of it suffices.")
    manual_review: Text = Field(description="Who reviews what is neither, and by what, in words.")
    accepts_only: Literal["review", "warn"] = Field(
        default="review",
        description="Where outcomes are known only of whom the champion accepted, an equally good challenger looks "
        "better than it is: review makes an accept a review by hand, warn leaves it with a note.",
    )


class ExperimentSpec(Spec):
    """A live test of a challenger, designed before it begins: how many rows, how long, and when it is looked at."""

    measure: Literal["bad_rate", "auc", "auc_unpaired", "acceptance_rate", "profit"] = Field(
        description="What the two are compared by: bad_rate among the accepted of two arms; auc of both scores on the "
        "same rows, paired, or auc_unpaired, each on the rows of its own arm (both need a challenger); acceptance_rate "
        "of two arms (needs a cut-off); profit an applicant of two arms (needs strategy.profit and a cut-off)."
    )
    difference: float = Field(description="Smallest difference, challenger less champion, that is to be found.")
    sample: Literal["out_of_sample", "out_of_time"] = Field(
        default="out_of_sample", description="Sample that tells bad rate or variance before the test."
    )
    challenger: Text | None = Field(
        default=None, description="Identifier of the challenger, for an AUC; null: the first of the plan."
    )
    challenger_share: float = Field(default=0.5, gt=0, lt=1, description="Share of rows that go to the challenger.")
    significance: float = Field(default=0.05, gt=0, lt=0.5, description="Two-sided error over all looks together.")
    power: float = Field(default=0.8, gt=0.5, lt=1, description="Probability to find the difference.")
    looks: int = Field(
        default=1,
        ge=1,
        le=60,
        description="Equally spaced looks; there are no others but with always_valid.",
    )
    spending: Literal["obrien_fleming", "pocock", "always_valid"] = Field(
        default="obrien_fleming",
        description="How the error is spent over the looks (Lan and DeMets 1983); always_valid: a boundary that may be "
        "looked at at any time (mixture sequential probability ratio test), at the price of more rows.",
    )
    rows_per_month: float = Field(gt=0, description="Rows a month that the measure is of, both arms together.")
    performance_months: float = Field(ge=0, description="Months until the outcome of a row is known (acceptance: 0).")


class OverridesSpec(Spec):
    """Decisions changed by hand, as outcome.status tells them, held against a policy."""

    policy: float = Field(gt=0, lt=1, description="Greatest share of decisions of a side that may be changed by hand.")
    reason: ColumnName | None = Field(
        default=None, description="Column of the source, of text, with the reason of an override; null: none is held."
    )


class StrategySpec(Spec):
    """Cut-off and what it is judged by. Nothing is assumed: what is not declared is not evaluable."""

    cut_off: float | None = Field(
        default=None, description="Lowest score that is accepted; null: not declared, tests at a cut-off do not apply."
    )
    cut_offs: (
        Annotated[int, Field(ge=2, le=200)]
        | Annotated[tuple[float, ...], Strict(False), Field(min_length=1, max_length=200)]
    ) = Field(
        default=20,
        description="Cut-offs of the curves: a list of scores, or how many parts of equal weight the scores of "
        "development are divided into, each part beginning with a cut-off.",
    )
    profit: ProfitSpec | None = Field(
        default=None, description="Earned and lost of the accepted; null: not declared, profit is not evaluable."
    )
    aim: AimSpec | None = Field(
        default=None, description="What the best cut-off is to reach; null: not declared, none is searched for."
    )
    resamples: int = Field(
        default=200, ge=50, le=10_000, description="Resamples of the bootstrap of the best cut-off, seeded by the plan."
    )

    incumbent: IncumbentSpec | None = Field(
        default=None, description="The score that decides today; null: none, or the source does not hold it."
    )
    matrix_bands: int = Field(
        default=5,
        ge=2,
        le=20,
        description="Bands of equal weight on development of each score of the two-score matrix.",
    )
    redeployment: RedeploymentSpec | None = Field(
        default=None,
        description="Rules of redeployment, stated beforehand: for each challenger of the plan, and for the version "
        "itself against the live one, when the inventory registers it; null: none, challengers are only compared.",
    )
    overrides: OverridesSpec | None = Field(
        default=None, description="Policy of overrides; null: not declared, overrides are not analysed."
    )
    experiment: ExperimentSpec | None = Field(
        default=None, description="A live test of a challenger, designed beforehand; null: none is designed."
    )

    def columns(self) -> dict[str, str]:
        """Columns of the source that strategy reads, each with its key path."""
        found: dict[str, str] = {}
        for side in ("good", "bad"):
            amount = None if self.profit is None else getattr(self.profit, side)
            for index, name in enumerate(amount.columns if isinstance(amount, ProductSpec) else ()):
                found.setdefault(name, f"strategy.profit.{side}.columns[{index}]")
        if self.incumbent is not None:
            found.setdefault(self.incumbent.column, "strategy.incumbent.column")
        if self.overrides is not None and self.overrides.reason is not None:
            found.setdefault(self.overrides.reason, "strategy.overrides.reason")
        return found
