"""Whether the years of the cohorts stand for the economic cycle, judged against an external indicator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, ModelError
from credit_risk.calibration.cohorts import By
from credit_risk.calibration.long_run import start_numbers
from credit_risk.evaluation._arrays import Floats

YEAR_COLUMNS = ("year", "downturn", "indicator", "cohorts", "rows", "bad_rate")
CYCLE_COLUMNS = ("quantity", "value")
MIDDLE_OF_A_YEAR = 5


@dataclass(frozen=True, slots=True)
class CycleYear:
    """A year of the reference period: whether it was declared a downturn, and the indicator, None where not given."""

    year: int
    downturn: bool
    indicator: float | None = None


def cohort_years(cohorts: pd.DataFrame, by: By, window_months: int | None) -> list[int]:
    """Calendar year in which the middle of each cohort falls.

    Of a calendar year, the middle of the months in which its rows were observed; of an observation point, the middle of
    the window that follows it (the month itself where the window is not known).
    """
    ahead = MIDDLE_OF_A_YEAR if by == "calendar_year" else (window_months or 0) // 2
    return [(start + ahead) // 12 for start in start_numbers(cohorts)]


def cycle_years_table(
    cohorts: pd.DataFrame, reference: Sequence[CycleYear], by: By, window_months: int | None
) -> pd.DataFrame:
    """One row a year, of the reference period or with a counted cohort, columns `YEAR_COLUMNS`.

    `downturn` and `indicator` are missing for years outside the reference period; `bad_rate` is the arithmetic mean of
    the year's counted cohorts.
    """
    counted = cohorts[cohorts["counted"].astype(bool)]
    years = np.array(cohort_years(counted, by, window_months), dtype=np.int64)
    told = {one.year: one for one in reference}
    rows: list[dict[str, Any]] = []
    for year in sorted({*told, *years.tolist()}):
        mine = counted[years == year]
        rates = mine["bad_rate"].to_numpy(np.float64)
        rows.append(
            {
                "year": year,
                "downturn": told[year].downturn if year in told else None,
                "indicator": told[year].indicator if year in told else None,
                "cohorts": len(mine),
                "rows": int(mine["rows"].sum()),
                "bad_rate": math.fsum(rates) / len(rates) if len(rates) else np.nan,
            }
        )
    return pd.DataFrame(rows, columns=list(YEAR_COLUMNS)).astype({"downturn": object, "indicator": np.float64})


def cycle_table(years: pd.DataFrame) -> pd.DataFrame:
    """How the years with cohorts stand for the reference period, columns `CYCLE_COLUMNS`; of `cycle_years_table`.

    Shares of downturn years are of years, whatever the number of cohorts in them. `indicator_range_covered` is the
    range of the indicator over observed years, as a share of its range over the reference period.
    `indicator_correlation` is Pearson's, of the mean rate of a year with the indicator. `reweighted_average` is the
    mean rate of downturn years and of the others, weighted by the shares of the reference period.
    """
    reference = years[years["downturn"].notna()]
    seen = reference[reference["cohorts"] > 0]
    bad, seen_bad = reference["downturn"].astype(bool), seen["downturn"].astype(bool)
    value, seen_value = reference["indicator"].to_numpy(float), seen["indicator"].to_numpy(float)
    rates = seen["bad_rate"].to_numpy(float)
    mean_bad, mean_other = _mean(rates[seen_bad.to_numpy()]), _mean(rates[~seen_bad.to_numpy()])
    share = _mean(bad.to_numpy(float))
    spread = _range(value)
    quantities = {
        "reference_years": float(len(reference)),
        "reference_downturn_years": float(bad.sum()),
        "reference_downturn_share": share,
        "observed_years": float(len(seen)),
        "observed_downturn_years": float(seen_bad.sum()),
        "observed_downturn_share": _mean(seen_bad.to_numpy(float)),
        "years_outside_reference": float(len(years) - len(reference)),
        "mean_rate_downturn": mean_bad,
        "mean_rate_other": mean_other,
        "reference_indicator_mean": _mean(value),
        "observed_indicator_mean": _mean(seen_value),
        "indicator_range_covered": _range(seen_value) / spread if spread > 0.0 else math.nan,
        "indicator_correlation": _correlation(rates, seen_value),
        "reweighted_average": share * mean_bad + (1.0 - share) * mean_other,
    }
    return pd.DataFrame({"quantity": list(quantities), "value": list(quantities.values())})


def reweighted_average(cycle: pd.DataFrame) -> float:
    """The average at the reference period's share of downturn years. Raises ModelError where one kind has no cohort."""
    told = dict(zip(cycle["quantity"], cycle["value"], strict=True))
    value = float(told["reweighted_average"])
    if math.isnan(value):
        message = "the average cannot be reweighted: no cohort stands for one kind of year"
        found = f"{told['observed_downturn_years']:.0f} downturn years and {told['observed_years']:.0f} in all"
        remedy = "declare the adjustment (long_run.adjustment: method: declared), or none"
        raise ModelError(Fault(message, "cycle", path="long_run.adjustment.method", found=found, remedy=remedy))
    return value


def coverage_told(cycle: pd.DataFrame) -> str:
    """In words, whether downturn years are under- or over-represented among the years with cohorts."""
    told = dict(zip(cycle["quantity"], cycle["value"], strict=True))
    seen, years = told["observed_downturn_years"], told["observed_years"]
    wanted, all_years = told["reference_downturn_years"], told["reference_years"]
    counts = f"{seen:.0f} of {years:.0f} observed years are downturns, against {wanted:.0f} of {all_years:.0f} declared"
    if years == 0:
        return f"no cohort falls into the reference period of {all_years:.0f} years"
    if seen == 0 and wanted > 0:
        return f"no downturn was observed: {counts}"
    difference = seen / years - wanted / all_years
    if abs(difference) < 0.5 / years:
        return f"downturns are represented as in the reference period, to the nearest year: {counts}"
    return f"downturns are {'over' if difference > 0 else 'under'}-represented: {counts}"


def _mean(values: Floats) -> float:
    return math.fsum(values) / len(values) if len(values) and np.isfinite(values).all() else math.nan


def _range(values: Floats) -> float:
    return float(np.ptp(values)) if len(values) and np.isfinite(values).all() else math.nan


def _correlation(rates: Floats, values: Floats) -> float:
    if len(rates) < 3 or not np.isfinite(values).all() or np.ptp(rates) == 0.0 or np.ptp(values) == 0.0:
        return math.nan
    return float(np.corrcoef(rates, values)[0, 1])
