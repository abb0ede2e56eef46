"""Yearly cohorts and their long-run average, the cycle and the rating philosophy, as evidence of the package."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.calibration.cohorts import By, CohortRules, cohort_table, month_numbers
from credit_risk.calibration.cycle import (
    CycleYear,
    coverage_told,
    cycle_table,
    cycle_years_table,
    reweighted_average,
)
from credit_risk.calibration.long_run import MEAN, average_table, long_run_target, overlap_of, years_of
from credit_risk.calibration.philosophy import FEWEST, philosophy_table
from credit_risk.lifecycle.classing import Prepared
from credit_risk.plan import Plan

Floats = NDArray[np.float64]
SNAPSHOT = "data/snapshot.parquet"
IDS = (
    *("long_run.cohorts", "long_run.figure", "long_run.average", "long_run.cycle_years", "long_run.cycle"),
    "long_run.philosophy",
)
FIGURE_COLUMNS = ("cohort", "series", "rate", "lower", "upper")
FIGURE_CHART = {
    "type": "interval",
    "x": "cohort",
    "y": ["rate"],
    "series": "series",
    "lower": "lower",
    "upper": "upper",
    "x_title": "Cohort",
    "y_title": "Bad rate",
}
ADJUSTMENTS = {
    "none": "the average is not adjusted",
    "declared": "the average is adjusted by a declared share",
    "reweight": "the average is adjusted: bad and other years are weighted as they stand in the cycle",
}
FEW_NOTE = "few cohorts: errors over cohorts are themselves uncertain, and bounds by Student's t hold only roughly"
LIMITS_NOTE = (
    "asset correlations are of few years: estimates are then too low on average, and bounds by the normal distribution "
    "hold only roughly; that of large cohorts takes cohorts as infinitely large, so that chance within a cohort counts "
    "as correlation; all take cohorts as independent of each other"
)
NORMAL_NOTE = (
    "the z of several periods takes cohorts as independent and is normal with many; with few it rejects too often"
)


@dataclass(frozen=True)
class LongRun:
    """Cohorts of a plan's rows (`cohort_table`), how they were made, and what follows from them."""

    plan: Plan
    cohorts: pd.DataFrame
    by: By
    window_months: int | None

    @property
    def counted(self) -> pd.DataFrame:
        """The cohorts that count."""
        return self.cohorts[self.cohorts["counted"].astype(bool)].reset_index(drop=True)

    @property
    def too_few(self) -> str | None:
        """Why there is no average, or None."""
        years, least = years_of(self.counted), self.plan.long_run.min_years
        if len(self.counted) >= 2 and years >= least:
            return None
        least = max(least, 1)
        return (
            f"not evaluable: {len(self.counted)} cohorts count, of {years} years that do not overlap; "
            f"{max(least, 2)} are asked for (long_run.min_years)"
        )

    @cached_property
    def cycle_years(self) -> pd.DataFrame | None:
        """`cycle_years_table`, or None where the plan has no cycle."""
        cycle = self.plan.long_run.cycle
        if cycle is None:
            return None
        reference = [CycleYear(one.year, one.downturn, one.value) for one in cycle.years]
        return cycle_years_table(self.cohorts, reference, self.by, self.window_months)

    @cached_property
    def averages(self) -> pd.DataFrame:
        """`average_table`, with the plan's adjustment. Raises ModelError where the cohorts do not allow for it."""
        spec, confidence = self.plan.long_run, self.plan.evaluation.confidence
        options = {"window_months": self.window_months, "lags": spec.lags, "confidence": confidence}
        plain = average_table(self.cohorts, **options)  # type: ignore[arg-type]
        if spec.adjustment.method == "none":
            return plain
        if spec.adjustment.method == "reweight":
            assert self.cycle_years is not None
            value = reweighted_average(cycle_table(self.cycle_years))
            words = "downturn years and others at their shares in the reference period"
        else:
            assert spec.adjustment.relative is not None
            mean = float(plain.loc[plain["estimate"] == MEAN, "value"].iloc[0])
            value, words = mean * (1.0 + spec.adjustment.relative), f"declared: {spec.adjustment.relative:+.2%}"
        told = f"{words}; {spec.adjustment.reason} ({spec.adjustment.author}, {spec.adjustment.date})"
        return average_table(self.cohorts, adjustment=(value, told), **options)  # type: ignore[arg-type]


def long_run_of(plan: Plan, prepared: Prepared, probability: Floats | None = None) -> LongRun | str:
    """The cohorts of all rows with a known outcome, or why there are none. probability (n,): the champion's.

    Raises ModelError where the plan leaves out a cohort that does not occur.
    """
    spec, column = plan.long_run, plan.time_column
    if plan.outcome.type != "binary":
        return "default rates are of a binary outcome"
    if column is None or column not in prepared.intake.frame:
        return "rows have no date (data.date) and no observation point"
    dates = prepared.intake.frame[column].to_numpy(object)
    months = month_numbers(dates)
    if months is None:
        return f"the values of {column} are no dates of the calendar"
    rolls = plan.outcome.windows.rolling is not None
    by: By = spec.cohorts if spec.cohorts != "auto" else ("observation_point" if rolls else "calendar_year")
    window = plan.outcome.windows.performance_months if plan.outcome.history is not None else spec.window_months
    rules = CohortRules(
        by=by,
        year_starts=spec.year_starts,
        window_months=window,
        min_rows=spec.min_rows,
        min_months=spec.min_months,
        leave_out={one.cohort: f"{one.reason} ({one.author})" for one in spec.leave_out},
    )
    confidence, weights = plan.evaluation.confidence, prepared.weights
    cohorts = cohort_table(
        prepared.intake.outcome, dates, probability=probability, rules=rules, confidence=confidence, weights=weights
    )
    _refuse_unknown(plan, cohorts["cohort"].tolist())
    return LongRun(plan, cohorts, by, window)


def long_run_default_rate(plan: Plan, prepared: Prepared) -> float:
    """The long-run average that a calibration aims at. Raises ModelError, with why, where there is none."""
    found = long_run_of(plan, prepared)
    reason = found if isinstance(found, str) else found.too_few
    if reason is not None:
        remedy = "declare the default rate in the plan, or more years"
        message = f"there is no long-run average to calibrate to: {reason}"
        raise ModelError(Fault(message, "long_run", path="long_run", remedy=remedy))
    assert isinstance(found, LongRun)
    return long_run_target(found.averages)


def long_run_evidence(plan: Plan, prepared: Prepared, probability: Floats, inputs: tuple[str, ...]) -> list[Evidence]:
    """Evidence `long_run.*`; probability (n,) of the champion, inputs: the files it stands in."""
    found = long_run_of(plan, prepared, probability)
    if isinstance(found, str):
        return [absent(identifier, "not_applicable", found) for identifier in IDS]
    rest = [_average(found), *_cycle(found), _philosophy(found, inputs)]
    return [table("long_run.cohorts", found.cohorts, inputs=inputs, notes=_notes(found)), _figure(found, inputs), *rest]


def _refuse_unknown(plan: Plan, names: list[str]) -> None:
    faults = [
        Fault(
            f"no cohort is called {one.cohort!r}",
            "cohort",
            path=f"long_run.leave_out[{index}].cohort",
            allowed=", ".join(names[:30]),
        )
        for index, one in enumerate(plan.long_run.leave_out)
        if one.cohort not in names
    ]
    if faults:
        raise ModelError(faults)


def _notes(found: LongRun) -> tuple[str, ...]:
    plan, cohorts = found.plan, found.cohorts
    notes = [
        "rows of all samples, and those of no sample with a known outcome; rows whose outcome is not known, or that "
        "were left out, are counted apart (unknown)"
    ]
    if plan.outcome.status is not None:
        notes.append("outcomes exist for booked accounts only: this is the rate of those, not of all applicants")
    else:
        notes.append(
            "the plan names no status of applicants: whether rows are booked or through the door it does not say"
        )
    if plan.outcome.history is None:
        told = "not told (long_run.window_months)" if found.window_months is None else f"{found.window_months} months"
        notes.append(
            f"the outcome is a ready column: its window is {told}, and that it was full is taken from the source"
        )
    if cohorts["overlaps"].eq(True).any():
        notes.append("windows of cohorts overlap: an account's default may count in more than one of them")
    if not plan.outcome.default_conformant:
        notes.append("bad is not declared a default of the regulation (outcome.default_conformant)")
    return tuple(notes)


def _figure(found: LongRun, inputs: tuple[str, ...]) -> Evidence:
    told = found.cohorts[found.cohorts["bad_rate"].notna()]
    if told.empty:
        return absent("long_run.figure", "not_applicable", "not evaluable: no cohort has enough rows")
    rows = [
        ("observed", *one) for one in told[["cohort", "bad_rate", "bad_rate_lower", "bad_rate_upper"]].to_numpy(object)
    ]
    rows += [("predicted", c, p, p, p) for c, p in told[["cohort", "mean_probability"]].to_numpy(object)]
    if found.too_few is None:
        average = long_run_target(found.averages)
        rows += [("long-run average", cohort, average, average, average) for cohort in told["cohort"]]
    frame = pd.DataFrame([(c, s, *v) for s, c, *v in rows], columns=list(FIGURE_COLUMNS))
    numbers = frame[["rate", "lower", "upper"]].astype(float)
    return table("long_run.figure", frame.assign(**numbers), inputs=inputs, chart=dict(FIGURE_CHART))


def _average(found: LongRun) -> Evidence:
    if found.too_few is not None:
        return absent("long_run.average", "not_applicable", found.too_few)
    notes = [
        "the mean of cohorts is the long-run average; where the plan adjusts it, the adjusted value is what is "
        "calibrated to"
    ]
    if len(found.counted) < 10:
        notes.append(FEW_NOTE)
    if not found.counted["cohort"].equals(found.cohorts["cohort"]):
        notes.append("cohorts that do not count are passed over: those before and after count as neighbours")
    return table("long_run.average", found.averages, inputs=("evidence/long_run.cohorts.json",), notes=tuple(notes))


def _cycle(found: LongRun) -> list[Evidence]:
    years, cycle = found.cycle_years, found.plan.long_run.cycle
    if years is None or cycle is None:
        reason = "the plan names no external indicator of the cycle (long_run.cycle), so that coverage is not judged"
        return [absent(name, "not_applicable", reason) for name in ("long_run.cycle_years", "long_run.cycle")]
    inputs, summary = ("evidence/long_run.cohorts.json", "plan.json"), cycle_table(years)
    told = f"indicator: {cycle.indicator}; source: {cycle.source}"
    adjusted = found.plan.long_run.adjustment.method
    verdict = f"{coverage_told(summary)}; {ADJUSTMENTS[adjusted]}"
    return [
        table("long_run.cycle_years", years.assign(year=years["year"].astype(str)), inputs=inputs, notes=(told,)),
        table("long_run.cycle", summary, inputs=inputs, notes=(verdict,)),
    ]


def _philosophy(found: LongRun, inputs: tuple[str, ...]) -> Evidence:
    counted = found.counted
    if counted["mean_probability"].isna().any():
        return absent("long_run.philosophy", "not_applicable", "not evaluable: a cohort has rows that were not scored")
    if len(counted) < FEWEST:
        reason = f"not evaluable: {len(counted)} cohorts count, {FEWEST} are needed"
        return absent("long_run.philosophy", "not_applicable", reason)
    frame = philosophy_table(
        counted["bad_rate"],
        counted["mean_probability"],
        counted["effective_rows"],
        lags=found.plan.long_run.lags,
        overlap=overlap_of(counted, found.window_months),
        confidence=found.plan.evaluation.confidence,
    )
    return table("long_run.philosophy", frame, inputs=inputs, notes=(LIMITS_NOTE, NORMAL_NOTE))
