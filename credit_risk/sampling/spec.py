"""What a plan says of its data, its outcome and its samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from pydantic.types import Strict

from credit_risk._core.spec import Spec

Trend = Literal["ascending", "descending", "peak", "valley", "none"]
ColumnType = Literal["numeric", "categorical", "date"]
ColumnName = Annotated[str, StringConstraints(min_length=1)]
ColumnNames = Annotated[tuple[ColumnName, ...], Strict(False)]
Code = str | int | float | bool
Codes = Annotated[tuple[Code, ...], Strict(False)]
Bound = float | None


class ColumnSpec(Spec):
    """The contract of one column of the source."""

    type: ColumnType | None = Field(
        default=None, description="Type of the column; null: decided from the values and recorded."
    )
    range: Annotated[tuple[Bound, Bound], Strict(False)] | None = Field(
        default=None,
        description="Lowest and highest value allowed, both included; null is open. Special codes are exempt.",
    )
    allowed: Codes | None = Field(
        default=None, min_length=1, description="The only values allowed, besides special codes."
    )
    specials: dict[str, str] = Field(
        default_factory=dict, description="Codes that have a meaning of their own, each with its meaning."
    )
    missing: bool = Field(default=True, description="Whether a value may be missing.")
    description: str = Field(default="", description="What the column means, in words.")
    expected_trend: Trend | None = Field(
        default=None,
        description="Trend of the bad rate that the expert expects, declared before the data are looked at.",
    )
    reason_text: str | None = Field(
        default=None, description="Words for an applicant whose score this characteristic lowered."
    )
    personal: bool = Field(default=False, description="Whether the column holds personal data.")


class DataSpec(Spec):
    """Where the applications are and what each column may hold."""

    source: str = Field(
        min_length=1,
        description="CSV (.csv, .csv.gz) or Parquet file, relative to the plan; ${VAR} is an environment variable.",
    )
    key: ColumnName | None = Field(
        default=None, description="Column that identifies a row; null: the row number, from 1."
    )
    date: ColumnName | None = Field(default=None, description="Column with the date of application.")
    columns: dict[ColumnName, ColumnSpec] = Field(default_factory=dict, description="Contract of each column, by name.")
    protected: ColumnNames | dict[str, ColumnNames] = Field(
        default=(),
        description="Protected characteristics, a list or lists by jurisdiction: never predictors, in fairness tables.",
    )
    forbidden: ColumnNames = Field(
        default=(), description="Columns that may not be used as predictors for any other reason."
    )

    @property
    def protected_columns(self) -> tuple[str, ...]:
        """Protected columns of all jurisdictions, each once, in the order of the plan."""
        lists = self.protected.values() if isinstance(self.protected, Mapping) else (self.protected,)
        return tuple(dict.fromkeys(name for names in lists for name in names))


class OutcomeSpec(Spec):
    """What counts as bad and as good."""

    column: ColumnName = Field(description="Column with the outcome.")
    bad: Code | Codes = Field(description="Value or values that mean bad.")
    good: Code | Codes | None = Field(
        default=None, description="Value or values that mean good; null: the one other value."
    )
    type: Literal["binary"] = Field(default="binary", description="Type of the outcome.")
    default_conformant: bool = Field(
        default=False,
        description="Whether bad is a default in the sense of the regulation, so that probabilities may be called PD.",
    )

    @property
    def bad_codes(self) -> tuple[Code, ...]:
        """The values that mean bad."""
        return self.bad if isinstance(self.bad, tuple) else (self.bad,)

    @property
    def good_codes(self) -> tuple[Code, ...] | None:
        """The values that mean good, or None where the plan leaves them to the data."""
        return self.good if isinstance(self.good, tuple) or self.good is None else (self.good,)


class SamplesSpec(Spec):
    """How rows are divided into development and out-of-sample."""

    out_of_sample: float = Field(
        default=0.3, gt=0, lt=1, description="Share of goods and of bads held out of development."
    )
    seed: int = Field(default=20261120, ge=0, lt=2**63, description="Seed of everything random in the plan.")
