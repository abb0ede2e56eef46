"""A scorecard developed on half a year of the simulator, and half a year of production watched with a drift switch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.special import expit

from credit_risk.binning.classing import class_frame
from credit_risk.binning.spec import ClassingSpec
from credit_risk.binning.table import BinningTable
from credit_risk.datasets import ConceptDrift, DataQualityBreak, PopulationShift, simulate_portfolio
from credit_risk.evaluation.area_under_curve import delong_interval
from credit_risk.evaluation.calibration_tests import calibration_intercept, calibration_slope
from credit_risk.models.logistic import fit_logistic
from credit_risk.monitoring.drift.attribution import shift_frame
from credit_risk.monitoring.drift.cause import likeliest_cause
from credit_risk.monitoring.drift.columns import VALUE_COLUMNS
from credit_risk.monitoring.drift.moved import GAP_COLUMNS, moved_frame
from credit_risk.monitoring.drift.quality import quality_frame
from credit_risk.monitoring.drift.stability import stability_frame
from credit_risk.monitoring.drift.units import unit_changes
from credit_risk.monitoring.frames import ALL, COUNT_COLUMNS, REFERENCE_COLUMNS
from credit_risk.monitoring.performance.like_for_like import development_like

START, TURN, LAST = "2018-01", "2018-07", "2018-12"
ROWS, MONTHS = 6000, 6
OTHER_PEOPLE = 1_000_000
"""Added to the seed of development for that of production."""
HELD_OUT = 0.3
"""Share of development that is not fitted: calibration and AUC of development are theirs."""
SPECIALS = {"bureau_score": (-9.0, -8.0), "utilisation": (-8.0,)}
NUMBERS = ("bureau_score", "income", "utilisation", "months_at_address", "inquiries_6m", "delinquencies_24m")
NAMES = [*NUMBERS, "employment", "housing", "purpose", "channel"]
LEAST_CHANGE = {"intercept": 0.2, "slope": 0.2, "auc": 0.03}
"""From which a measure has moved in size against that of development's rows held out: log-odds, a slope, an AUC."""

SWITCHES = {
    "none": (),
    "population": PopulationShift(TURN),
    "concept": ConceptDrift(TURN),
    "missing": DataQualityBreak(TURN, column="income", fault="missing", share=0.5),
    "scaled": DataQualityBreak(TURN, column="income", fault="scaled"),
    "unseen": DataQualityBreak(TURN, column="employment", fault="unseen_category", share=0.3),
}
CAUSES = {"missing": "data_quality", "scaled": "data_quality", "unseen": "data_quality"}


@dataclass(frozen=True, slots=True)
class Developed:
    """Classing, coefficients (10,), constant, edges of ten score bands (9,), reference, values; of the rows held out
    (n,) whether they are bad, their linear scores, and intercept and slope of calibration with standard errors."""

    tables: dict[str, BinningTable]
    coefficients: np.ndarray
    constant: float
    edges: np.ndarray
    reference: pd.DataFrame
    values: pd.DataFrame
    held_bad: np.ndarray
    held_score: np.ndarray
    measures: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Watched:
    """Frames of the six months of production."""

    stability: pd.DataFrame
    quality: pd.DataFrame
    shifts: pd.DataFrame
    causes: pd.DataFrame


def portfolio(seed: int, start: str, switch: str = "none") -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Applications, their outcome (n,) and their month (n,) of half a year.

    Without a credit cycle and without persons who apply again, so that only the switch moves and rows are independent.
    """
    made = simulate_portfolio(
        applicants=ROWS, months=MONTHS, seed=seed, start=start, drift=SWITCHES[switch],
        history_months=0, cycle_amplitude=0.0, repeat_share=0.0,
    )  # fmt: skip
    month = made.applications["application_date"].dt.strftime("%Y-%m").to_numpy(object)
    own = made.applications[NAMES].copy()
    for name in set(NAMES) - set(NUMBERS):  # missing is null in texts, never NaN
        own[name] = own[name].astype(object).where(own[name].notna(), None)
    return own, made.truth["bad"].to_numpy(np.float64), month


@lru_cache(maxsize=1)
def developed(seed: int) -> Developed:
    applications, bad, _ = portfolio(seed, START)
    kept = np.arange(len(bad)) % 10 >= 10 * HELD_OUT
    own, y = applications[kept], bad[kept]
    tables = class_frame(own, y, settings=ClassingSpec(max_prebins=15), specials=SPECIALS)
    woe = np.column_stack([tables[name].transform(own[name]) for name in NAMES])
    fit = fit_logistic(woe, y, NAMES)
    coefficients, constant = fit.coef[1:], float(fit.coef[0])
    linear = constant + woe @ coefficients
    edges = np.quantile(linear, np.arange(1, 10) / 10)
    parts = []
    for name, coefficient in zip(NAMES, coefficients, strict=True):
        bins = tables[name].frame()
        effect = coefficient * tables[name].result.woe
        cells = (name, bins["bin_id"], bins["label"], bins["kind"], np.nan, np.nan, bins["count"], effect)
        parts.append(pd.DataFrame(dict(zip(REFERENCE_COLUMNS, cells, strict=True))))
    bands = np.bincount(np.searchsorted(edges, linear, side="right"), minlength=10)
    cells = ("score", np.arange(10), [f"band {k}" for k in range(10)], "interval", np.nan, np.nan, bands, np.nan)
    parts.append(pd.DataFrame(dict(zip(REFERENCE_COLUMNS, cells, strict=True))))
    held = np.column_stack([tables[name].transform(applications.loc[~kept, name]) for name in NAMES])
    held_bad, held_score = bad[~kept], constant + held @ coefficients
    values, levels = ordinary_values(own), calibrated(held_bad, held_score)
    reference = pd.concat(parts)
    return Developed(tables, coefficients, constant, edges, reference, values, held_bad, held_score, levels)


def ordinary_values(applications: pd.DataFrame) -> pd.DataFrame:
    """variable, value, rows of the numeric characteristics without their special codes."""
    parts = []
    for name in NUMBERS:
        own = applications[name]
        found = own[~own.isin(SPECIALS.get(name, ()))].value_counts()
        parts.append(
            pd.DataFrame({"variable": name, "value": found.index.to_numpy(float), "rows": found.to_numpy(float)})
        )
    return pd.concat(parts, ignore_index=True)


def watched(seed: int, switch: str) -> Watched:
    """Production of a seed under a switch: monthly drift and quality, performance of all six months at their end."""
    base = developed(seed)
    own, y, month = portfolio(seed + OTHER_PEOPLE, TURN, switch)
    ids = {name: base.tables[name].assign(own[name]) for name in NAMES}
    woe = np.column_stack([base.tables[name].result.woe[ids[name]] for name in NAMES])
    linear = base.constant + woe @ base.coefficients
    ids["score"] = np.searchsorted(base.edges, linear, side="right")
    counted = []
    for name, bins in ids.items():
        found = pd.DataFrame({"period": month, "bin": bins}).value_counts().rename("rows").reset_index()
        counted.append(found.assign(segment=ALL, variable=name))
    counts = pd.concat(counted)[COUNT_COLUMNS]
    values = [ordinary_values(own[month == m]).assign(period=m, segment=ALL) for m in np.unique(month)]
    units = unit_changes(base.values, pd.concat(values)[VALUE_COLUMNS])
    stability = stability_frame(base.reference, counts)
    quality = quality_frame(base.reference, counts, findings=[units])
    causes = likeliest_cause(stability, quality, _performance(base, y, linear))
    return Watched(stability, quality, shift_frame(base.reference, counts), causes)


def calibrated(y: np.ndarray, linear: np.ndarray) -> dict[str, tuple[float, float]]:
    """Intercept (at slope 1) and slope of calibration, each with its standard error."""
    p = expit(linear)
    intercept, slope = calibration_intercept(y, p), calibration_slope(y, p)
    return {
        "intercept": (intercept.estimate, intercept.standard_error),
        "slope": (slope.estimate, slope.standard_error),
    }


def _performance(base: Developed, y: np.ndarray, linear: np.ndarray) -> pd.DataFrame:
    """Whether calibration and ranking moved from development's held-out rows: in size, and beyond chance at 1 % in all.

    What the fit owes to its own sample (too steep a slope, a level that is off) is in both and no drift. The AUC is
    held against development's among scores as these.
    """
    area, like = delong_interval(y, linear), development_like(base.held_bad == 1, base.held_score, linear)
    cells = [("ranking", area.auc - like.auc, np.hypot(area.standard_error, like.standard_error), LEAST_CHANGE["auc"])]
    for name, (value, error) in calibrated(y, linear).items():
        first, own = base.measures[name]
        cells.append(("calibration", value - first, np.hypot(error, own), LEAST_CHANGE[name]))
    gaps = pd.DataFrame([(LAST, ALL, *one, "") for one in cells], columns=GAP_COLUMNS)
    return moved_frame(gaps, level=0.01)
