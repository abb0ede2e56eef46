"""What a plan says of its data, its outcome and its samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic.types import Strict

from credit_risk._core.spec import Spec
from credit_risk.sampling.history_spec import (
    ColumnName,
    ColumnNames,
    DefinitionSpec,
    ExclusionSpec,
    HistorySpec,
    StatusSpec,
    WindowsSpec,
)
from credit_risk.sampling.reading_spec import DATE_FORMAT, FIRST_YEAR, NumberFormatSpec, format_fault
from credit_risk.sampling.source_spec import AnySource

Trend = Literal["ascending", "descending", "peak", "valley", "none"]
ColumnType = Literal["numeric", "categorical", "date"]
Code = str | int | float | bool
Codes = Annotated[tuple[Code, ...], Strict(False)]
Bound = float | None
OBSERVATION_POINT = "observation_point"  # the column that rolling observation points make


ReasonText = str | dict[str, str]


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
    order: Codes | None = Field(
        default=None,
        min_length=2,
        description="Categories in their natural order, all that may occur besides special codes; the column is then "
        "categorical, classing joins neighbours only, and a trend may be declared along the order.",
    )
    specials: dict[str, str] = Field(
        default_factory=dict, description="Codes that have a meaning of their own, each with its meaning."
    )
    missing: bool = Field(default=True, description="Whether a value may be missing.")
    description: str = Field(default="", description="What the column means, in words.")
    expected_trend: Trend | None = Field(
        default=None,
        description="Trend of the bad rate or mean that the expert expects, declared before the data are looked at.",
    )
    reason_text: ReasonText | None = Field(
        default=None, description="Words for an applicant whose score this lowered, or words by language."
    )
    disclosable: bool = Field(
        default=True,
        description="Whether an applicant may be told that this lowered the score. What may not be told may not be in "
        "a model: such a column must stand in data.forbidden.",
    )
    personal: bool = Field(
        default=False,
        description="Whether the column holds personal data. Such a column is no predictor, none of its values stands "
        "in evidence, faults or documents, and it stays out of the package unless it is protected, the date, the "
        "outcome, its exposure, a weight or a subpopulation; a personal key or group stands there as a number.",
    )
    date_format: str | None = Field(default=None, min_length=2, description=DATE_FORMAT)
    first_year: int | None = Field(default=None, ge=1901, le=2001, description=FIRST_YEAR)
    number_format: NumberFormatSpec | None = Field(
        default=None,
        description="Notation of the numbers in a column of text; null: that of data.number_format, else 1234.5.",
    )

    @model_validator(mode="after")
    def _readable(self) -> ColumnSpec:
        if (fault := format_fault(self.date_format, self.first_year)) is not None:
            raise ValueError(fault)
        dated, numbered = self.date_format is not None, self.number_format is not None
        categorical = self.type == "categorical" or self.order is not None
        if (dated and (self.type == "numeric" or categorical)) or (numbered and (self.type == "date" or categorical)):
            raise ValueError("date_format is of dates and number_format of numbers: the type is another one")
        if dated and numbered:
            raise ValueError("a column holds dates (date_format) or numbers (number_format), not both")
        return self


class DataSpec(Spec):
    """Where the applications are and what each column may hold."""

    source: AnySource = Field(
        description="CSV (.csv, .csv.gz) or Parquet file, relative to the plan; ${VAR} is an environment variable. "
        "Or a table or query of a DuckDB file, or a query of a database by SQLAlchemy URL.",
    )
    number_format: NumberFormatSpec | None = Field(
        default=None,
        description="Notation of the numbers in all columns of text that have none of their own; null: 1234.5.",
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
    monthly: dict[ColumnName, Annotated[int, Field(ge=1, le=120)]] = Field(
        default_factory=dict,
        description="Columns of outcome.history that rows take up to their observation point, each with its number of "
        "months: NAME_0 at the point, NAME_1 the month before, and so on. NAME_0, and those that data.columns names, "
        "may be characteristics; the others are there for derive.",
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
    """What counts as bad and as good: the values of a ready column, or a definition applied to performance history."""

    column: ColumnName | None = Field(
        default=None, description="Column with the outcome; null: it is built from history."
    )
    bad: Code | Codes | None = Field(default=None, description="Value or values that mean bad.")
    good: Code | Codes | None = Field(
        default=None, description="Value or values that mean good; null: the one other value."
    )
    indeterminate: Codes = Field(
        default=(), description="Values that are neither: such rows leave the samples and stay in the snapshot."
    )
    missing: Literal["refuse", "exclude"] = Field(
        default="refuse", description="Whether a row without an outcome is refused, or leaves the samples."
    )
    history: HistorySpec | None = Field(
        default=None, description="Performance history that the outcome is built from, in place of column."
    )
    definition: DefinitionSpec = Field(default=DefinitionSpec(), description="When an account of the history is bad.")
    windows: WindowsSpec = Field(default=WindowsSpec(), description="Observation and performance windows.")
    exclusions: Annotated[tuple[ExclusionSpec, ...], Strict(False)] = Field(
        default=(), description="Rows that leave the samples, each rule with its reason, in order."
    )
    status: StatusSpec | None = Field(
        default=None, description="What became of each applicant; outcomes exist for booked ones only."
    )
    type: Literal["binary", "amount", "fraction"] = Field(
        default="binary",
        description="Type of the outcome: binary (bad or good), amount (0 or more, such as a loss) or fraction (from 0 "
        "to 1, such as a loss given default).",
    )
    name: str | None = Field(
        default=None, min_length=1, description="What an amount or fraction is called, such as LGD; null: its column."
    )
    exposure: ColumnName | None = Field(
        default=None,
        description="Column above 0. The expected amount is proportional to it, and classes are told per unit of it; "
        "of a fraction it is what the fraction is of, and weighs the loss shortfall alone.",
    )
    default_conformant: bool = Field(
        default=False,
        description="Whether bad is a default in the sense of the regulation, so that probabilities may be called PD.",
    )

    @property
    def called(self) -> str:
        """What an amount or fraction is called."""
        return self.name or str(self.column)

    @property
    def event(self) -> str:
        """What the model predicts, in words: the event, or the amount or fraction."""
        if self.type != "binary":
            return f"{self.type} {self.called}"
        if self.history is None:
            return f"{self.column} is bad"
        when = "at any time" if self.definition.ever else "at the end"
        days, months = self.definition.days_past_due, self.windows.performance_months
        also = ", unlikely to pay" if self.history.unlikely_to_pay else ""
        also += ", written off" if self.history.write_off else ""
        return f"{days} or more days past due{also}, {when} within {months} months"

    @property
    def bad_codes(self) -> tuple[Code, ...]:
        """The values that mean bad."""
        return self.bad if isinstance(self.bad, tuple) else () if self.bad is None else (self.bad,)

    @property
    def good_codes(self) -> tuple[Code, ...] | None:
        """The values that mean good, or None where the plan leaves them to the data."""
        return self.good if isinstance(self.good, tuple) or self.good is None else (self.good,)


ISO_DATE = r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$"


TimeBound = Annotated[str, StringConstraints(pattern=ISO_DATE)] | int


class OutOfTimeSpec(Spec):
    """Rows that are kept out by their observation point, or else their date (`data.date`), later and earlier than

    development. A bound is a date, or a whole number where observation points are whole numbers.
    """

    after: TimeBound | None = Field(
        default=None, description="Rows of this date (or month, a whole number) and later are the sample out_of_time."
    )
    before: TimeBound | None = Field(
        default=None,
        description="Rows earlier than this date (or month, a whole number) are the sample out_of_time_before.",
    )
    groups: Literal["apart", "shared"] | None = Field(
        default=None,
        description="Rows of the development period whose group, obligor or account also stands out of time. apart: "
        "they are in no sample; shared: they stay, so that out-of-time holds later months of the same. Null: apart "
        "where samples.group is named, else shared.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> OutOfTimeSpec:
        if self.after is None and self.before is None:
            raise ValueError("name after, before or both")
        if self.after is None or self.before is None:
            return self
        if isinstance(self.after, str) != isinstance(self.before, str):
            raise ValueError("after and before are both dates or both whole numbers")
        if self.before >= self.after:  # type: ignore[operator]
            raise ValueError("before is not earlier than after, so no row is left for development")
        return self


class SamplesSpec(Spec):
    """How rows are divided into development, calibration, out-of-sample and out-of-time."""

    out_of_time: OutOfTimeSpec | None = Field(
        default=None,
        description="Rows kept out by their observation point, else by data.date; null: none. Needs one of them.",
    )
    group: Literal["duplicates"] | ColumnName | None = Field(
        default=None,
        description="Column whose equal values never stand in two of development, calibration and out_of_sample, such "
        "as the applicant; duplicates: rows equal in all columns but the key. Null: the obligor or account of the "
        "performance history; without one, every row by itself.",
    )
    weight: ColumnName | None = Field(
        default=None,
        description="Column of positive weights, as of sampling: rows count by them in every fit and in all evidence "
        "on the samples; null: every row weighs 1.",
    )
    out_of_sample: float = Field(
        default=0.3, gt=0, lt=1, description="Share of goods and of bads held out of development."
    )
    calibration: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Share of goods and of bads kept for fitting the calibration (calibration.sample): no model is "
        "fitted or selected on them. Null: no such sample.",
    )
    seed: int = Field(default=20261120, ge=0, lt=2**63, description="Seed of everything random in the plan.")

    @model_validator(mode="after")
    def _development_is_left(self) -> SamplesSpec:
        if self.calibration is not None and self.out_of_sample + self.calibration >= 1.0:
            raise ValueError("samples.out_of_sample and samples.calibration together leave no development")
        return self

    @property
    def apart_in_time(self) -> bool:
        """Whether a group that stands out of time leaves no row in development."""
        declared = None if self.out_of_time is None else self.out_of_time.groups
        return self.group is not None if declared is None else declared == "apart"
