"""What a plan says of performance history: its columns, the definition of bad, windows, exclusions, statuses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.sampling.reading_spec import DATE_FORMAT, FIRST_YEAR, format_fault

ColumnName = Annotated[str, StringConstraints(min_length=1)]
ColumnNames = Annotated[tuple[ColumnName, ...], Strict(False)]
Month = str | int
Months = Annotated[tuple[Month, ...], Strict(False)]
Status = Literal["booked", "not_taken_up", "withdrawn", "rejected", "overridden_high", "overridden_low"]
BOOKED = ("booked", "overridden_low")


class MaterialitySpec(Spec):
    """Materiality of an amount past due: it counts where it is above both thresholds (CRR article 178(2)(d))."""

    absolute: float = Field(default=0.0, ge=0, description="Amount past due that must be exceeded.")
    relative: float = Field(
        default=0.0, ge=0, le=1, description="Share of the balance that the amount past due must exceed."
    )


class HistorySpec(Spec):
    """Monthly performance history, one row an account and month."""

    source: str = Field(
        min_length=1,
        description="CSV (.csv, .csv.gz) or Parquet file, relative to the plan; ${VAR} is an environment variable.",
    )
    key: ColumnName = Field(description="Column of the history that names the account.")
    account: ColumnName | None = Field(
        default=None, description="Column of the applications that names the account; null: data.key."
    )
    month: ColumnName | None = Field(
        default=None, description="Column that counts months in whole numbers, such as -60 to 0."
    )
    date: ColumnName | None = Field(default=None, description="Column with a date in the month, in place of month.")
    date_format: str | None = Field(default=None, min_length=2, description=DATE_FORMAT)
    first_year: int | None = Field(default=None, ge=1901, le=2001, description=FIRST_YEAR)
    observed_until: Month | None = Field(
        default=None,
        description="Last month of observation, 2026-11 or a whole number as in month; null: the last in the history.",
    )
    gaps: Literal["refuse", "accept"] = Field(
        default="refuse",
        description="Whether a month missing inside an account's history is refused, or taken as without event.",
    )
    days_past_due: ColumnName | None = Field(default=None, description="Column with days past due.")
    state: ColumnName | None = Field(default=None, description="Column with a code of arrears, in place of days.")
    states: dict[str, Annotated[int, Field(ge=0)] | None] = Field(
        default_factory=dict, description="Days past due that each code of arrears means; null: no exposure."
    )
    past_due: ColumnName | None = Field(default=None, description="Column with the amount past due.")
    balance: ColumnName | None = Field(default=None, description="Column with the balance.")
    materiality: MaterialitySpec | None = Field(
        default=None, description="Thresholds of the amount past due; null: all days past due count."
    )
    unlikely_to_pay: ColumnNames = Field(default=(), description="Columns of flags that each mean unlikely to pay.")
    write_off: ColumnName | None = Field(default=None, description="Column with a flag of write-off.")
    obligor: ColumnName | None = Field(default=None, description="Column that names the obligor of the account.")

    @model_validator(mode="after")
    def _readable(self) -> HistorySpec:
        if (fault := format_fault(self.date_format, self.first_year)) is not None:
            raise ValueError(fault)
        if self.date_format is not None and self.date is None:
            raise ValueError("date_format speaks of the column date, which is not named")
        return self


class IndeterminateSpec(Spec):
    """Neither bad nor good: such rows leave the samples."""

    days_past_due: int = Field(default=30, ge=1, description="Days past due in the window that make indeterminate.")


class CureSpec(Spec):
    """Return from default."""

    months: int = Field(
        default=3, ge=1, description="Months without an event after which an account is cured (probation)."
    )


class MaturitySpec(Spec):
    """The rule by which the performance window is recommended, or told as not reached."""

    months: int = Field(default=6, ge=1, description="Months looked ahead.")
    share: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="From the window on, the bad rate rises over the months looked ahead by less than this share of "
        "its value there.",
    )
    min_accounts: int = Field(default=100, ge=1, description="Fewest accounts at risk in a month that is shown.")


class DefinitionSpec(Spec):
    """When an account is bad."""

    days_past_due: int = Field(default=90, ge=1, description="Days past due, this many or more, that are an event.")
    ever: bool = Field(
        default=True, description="Bad: an event at any time in the window; false: in default at its end."
    )
    indeterminate: IndeterminateSpec | None = Field(
        default=None, description="What is indeterminate; null: nothing is."
    )
    cure: CureSpec | None = Field(
        default=None, description="Probation; null: default ends with the first month without an event."
    )
    level: Literal["facility", "obligor"] = Field(
        default="facility", description="Whether arrears and events count for the account or for all of its obligor."
    )
    contagion_share: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="Facility level: above this share of the obligor's balance in default, all its accounts are.",
    )
    ended_early: Literal["good", "indeterminate", "excluded"] = Field(
        default="good",
        description="An account without an event whose history ends before the window does (closed, sold, moved): "
        "good, or neither. How many there are is told in outcome.definition.",
    )


class RollingSpec(Spec):
    """Observation points at equal distances, at each of which the run makes a row of every account with a record."""

    every: int = Field(default=3, ge=1, description="Months from one observation point to the next.")
    first: Month | None = Field(
        default=None,
        description="First point, 2026-11 or a whole number; null: the first month of the history, after "
        "observation_months of it.",
    )
    last: Month | None = Field(
        default=None,
        description="No point lies after it; null: the last month whose performance window is observed to its end.",
    )


class WindowsSpec(Spec):
    """Observation and performance windows, in months."""

    performance_months: int = Field(default=12, ge=1, description="Months after the observation point that count.")
    observation_months: int = Field(
        default=0, ge=0, description="Months of history that an account has up to the observation point at least."
    )
    observed_at: ColumnName | None = Field(
        default=None,
        description="Column of the applications with the observation point, a date or a month as the history counts "
        "them; null: data.date where the history has dates, else the account's first month.",
    )
    observation_points: Months | None = Field(
        default=None,
        min_length=1,
        description="Behavioural samples: the months, as 2026-11 or whole numbers, that are observation points.",
    )
    rolling: RollingSpec | None = Field(
        default=None,
        description="Behavioural samples made by the run: data.source has one row an account, and a row is made of "
        "each account at each observation point. Null: the rows of data.source are those that there are.",
    )
    maturity: MaturitySpec = Field(default=MaturitySpec(), description="How a window is recommended.")


class ExclusionSpec(Spec):
    """Rows that are left out of the samples."""

    condition: str = Field(min_length=1, description="Expression, as in derive, that is true for the rows left out.")
    reason: str = Field(min_length=1, description="Why, in words.")


class StatusSpec(Spec):
    """What became of each applicant."""

    column: ColumnName = Field(description="Column with the status.")
    values: dict[str, Status] = Field(
        min_length=1,
        description="What each value means; booked and overridden_low (declined by score, booked) have outcomes.",
    )
