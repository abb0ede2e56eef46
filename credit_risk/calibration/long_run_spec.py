"""What a plan says of the long-run average: cohorts, the cycle they are judged against, and how it is adjusted."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic.types import Strict

from credit_risk._core.spec import Spec

Text = Annotated[str, StringConstraints(min_length=1)]
Year = Annotated[int, Field(ge=1900, le=2200)]
IsoDate = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class LeftOutSpec(Spec):
    """A cohort that does not count."""

    cohort: Text = Field(description="The cohort as evidence names it: 2019, or 2019-03 of observation points.")
    reason: Text = Field(description="Why it does not count.")
    author: Text = Field(description="Who decided it.")


class CycleYearSpec(Spec):
    """A year of the reference period."""

    year: Year = Field(description="The year.")
    downturn: bool = Field(default=False, description="Whether it was a year of the downturn.")
    value: float | None = Field(default=None, description="The indicator in this year; null: not given.")


class CycleSpec(Spec):
    """An external series by which a full cycle is known; the toolkit holds none and asks nobody."""

    indicator: Text = Field(description="What the series measures, such as the rate of unemployment.")
    source: Text = Field(description="Where it was published, and when it was taken.")
    years: Annotated[tuple[CycleYearSpec, ...], Strict(False)] = Field(
        min_length=2, description="The years of the reference period, which is taken to hold a full cycle."
    )

    @model_validator(mode="after")
    def _each_year_once(self) -> CycleSpec:
        twice = [str(year) for year, count in Counter(one.year for one in self.years).items() if count > 1]
        if twice:
            raise ValueError(f"years that stand twice: {', '.join(twice)}")
        given = [one.value is not None for one in self.years]
        if any(given) and not all(given):
            raise ValueError("some years have a value and others have none: give all or none")
        return self


class AdjustmentSpec(Spec):
    """How the mean of the cohorts is adjusted where they do not cover the cycle."""

    method: Literal["none", "reweight", "declared"] = Field(
        default="none",
        description="none: the mean of the cohorts stands. reweight: downturn years and others are weighted by their "
        "shares in the reference period (long_run.cycle). declared: the mean is multiplied by 1 + relative.",
    )
    relative: float | None = Field(
        default=None,
        gt=-1.0,
        le=10.0,
        description="Declared adjustment as a share of the mean: 0.1 raises it by 10 %.",
    )
    reason: Text | None = Field(default=None, description="Why, and how the size was found.")
    author: Text | None = Field(default=None, description="Who decided it.")
    date: IsoDate | None = Field(default=None, description="Date of the decision.")

    @model_validator(mode="after")
    def _whole(self) -> AdjustmentSpec:
        told = {"reason": self.reason, "author": self.author, "date": self.date}
        if self.method == "declared":
            told["relative"] = None if self.relative is None else str(self.relative)
        elif self.relative is not None:
            raise ValueError("relative is of the method declared")
        absent = [name for name, value in told.items() if value is None]
        if self.method != "none" and absent:
            raise ValueError(f"an adjustment of the method {self.method} needs {', '.join(absent)}")
        return self


class LongRunSpec(Spec):
    """The key `long_run` of a plan: cohorts of rows observed in the same year, and the average of their bad rates."""

    cohorts: Literal["auto", "calendar_year", "observation_point"] = Field(
        default="auto",
        description="calendar_year: rows observed within twelve months are one cohort. observation_point: each month "
        "of observation is a cohort; where points are closer than the performance window, windows overlap. auto: "
        "observation points where outcome.windows.rolling makes them, else calendar years.",
    )
    year_starts: int = Field(default=1, ge=1, le=12, description="Month in which the years of calendar_year begin.")
    window_months: int | None = Field(
        default=None,
        ge=1,
        le=600,
        description="Months over which a ready outcome was observed; null: not told, so that overlaps are not known. "
        "An outcome built from history has its own window.",
    )
    min_rows: int = Field(
        default=100, ge=2, description="Fewest rows (effective rows, where they have weights) of a cohort that counts."
    )
    min_months: int | None = Field(
        default=None,
        ge=1,
        le=12,
        description="Fewest months with rows of a calendar year that counts; null: as many as the fullest year has.",
    )
    min_years: int = Field(
        default=5,
        ge=1,
        description="Fewest years (windows of twelve months that do not overlap) for which an average is told: CRR "
        "180(1)(h) and 180(2)(e) ask for five.",
    )
    leave_out: Annotated[tuple[LeftOutSpec, ...], Strict(False)] = Field(
        default=(), description="Cohorts that do not count, each with its reason."
    )
    lags: int | None = Field(
        default=None,
        ge=0,
        le=60,
        description="Lags of the Newey-West error over cohorts; null: as many as windows overlap, and no fewer than "
        "the whole part of 4 (T/100)^(2/9) for T cohorts.",
    )
    cycle: CycleSpec | None = Field(
        default=None, description="External indicator of the cycle; null: coverage of the cycle is not judged."
    )
    adjustment: AdjustmentSpec = Field(
        default=AdjustmentSpec(), description="Adjustment of the average where the cohorts do not cover the cycle."
    )

    @model_validator(mode="after")
    def _can_be_adjusted(self) -> LongRunSpec:
        if self.adjustment.method == "reweight":
            kinds = {one.downturn for one in self.cycle.years} if self.cycle is not None else set()
            if kinds != {True, False}:
                raise ValueError("reweight needs long_run.cycle with downturn years and others")
        twice = [name for name, count in Counter(one.cohort for one in self.leave_out).items() if count > 1]
        if twice:
            raise ValueError(f"cohorts left out twice: {', '.join(twice)}")
        return self
