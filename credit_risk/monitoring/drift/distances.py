"""Kolmogorov-Smirnov and Wasserstein distances of a period from development, exact, from distinct values and counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.monitoring.drift.columns import DISTANCE_COLUMNS, VALUE_COLUMNS
from credit_risk.monitoring.drift.tables import require_columns
from credit_risk.monitoring.frames import ALL

LEAST_ROWS = 25.0
ASYMPTOTIC = "two-sample, asymptotic"
CONSERVATIVE = "two-sample, asymptotic; values are tied, so that the p-value is too large"
TOO_FEW = "not tested: too few rows"


@dataclass(frozen=True, slots=True)
class Distance:
    """ks in [0, 1] and its p-value of one distribution (NaN where `method` is TOO_FEW); wasserstein in units of the
    values, standardised: over the standard deviation of the first sample (NaN where that is 0)."""

    ks: float
    ks_p_value: float
    ks_method: str
    wasserstein: float
    standardised_wasserstein: float


def distance(
    values: ArrayLike,
    counts: ArrayLike,
    other_values: ArrayLike,
    other_counts: ArrayLike,
    *,
    effects: tuple[float, float] = (1.0, 1.0),
    least_rows: float = LEAST_ROWS,
) -> Distance:
    """Distances of the distribution of other_values (m,) with counts from that of values (n,) with counts.

    KS: greatest difference of the two distribution functions (Smirnov 1939), over every distinct value, so ties are
    exact; the p-value is that of continuous distributions, Kolmogorov's with the finite size correction of
    scipy.stats.kstwo at nm/(n+m) rows. With ties the statistic is smaller in law (Noether 1963, Metrika 7, 115-116), so
    the test is conservative, and it says so. Wasserstein: area between the two functions (Vallender 1974), what moves
    a unit of mass costs on average. effects: effective over counted rows of each (weighted counts). Raises
    CreditRiskError on values that are missing, counts that are negative, or no rows.
    """
    x, first = _distribution("values", values, counts)
    y, second = _distribution("other_values", other_values, other_counts)
    grid, place = np.unique(np.concatenate([x, y]), return_inverse=True)
    mass = np.zeros((2, len(grid)))
    np.add.at(mass[0], place[: len(x)], first)
    np.add.at(mass[1], place[len(x) :], second)
    totals = mass.sum(axis=1, keepdims=True)
    gap = np.abs(np.diff(np.cumsum(mass, axis=1) / totals, axis=0))[0]
    statistic = float(min(gap[:-1].max(initial=0.0), 1.0))
    area = float(np.sum(gap[:-1] * np.diff(grid)))
    share = mass[0] / totals[0]
    centre = float(share @ grid)
    spread = math.sqrt(float(share @ (grid - centre) ** 2))
    rows = totals[:, 0] * np.array(effects)
    p_value, method = _tested(statistic, mass, rows, least_rows)
    return Distance(statistic, p_value, method, area, area / spread if spread > 0 else math.nan)


def distance_frame(
    reference: pd.DataFrame,
    values: pd.DataFrame,
    *,
    development_effect: float = 1.0,
    least_rows: float = LEAST_ROWS,
) -> pd.DataFrame:
    """DISTANCE_COLUMNS: distances of each period and segment from development.

    values: VALUE_COLUMNS; reference: the same without `period`, and without `segment` where all is held against all
    rows. Missing values (NaN) are no part of a distance; their shares are told. A segment that the reference does not
    have is held against all rows. Special codes are to be left out by the caller: they are no quantities.
    """
    require_columns(values, VALUE_COLUMNS, "values")
    require_columns(reference, ["variable", "value", "rows"], "reference")
    own = reference.assign(segment=reference["segment"] if "segment" in reference.columns else ALL)
    known = dict(list(own.groupby(["variable", "segment"])))
    _refuse_unknown(set(own["variable"]), values)
    found = []
    for (period, segment, variable), part in values.groupby(["period", "segment", "variable"]):
        against = segment if (variable, segment) in known else ALL
        (x, n, lost), (y, m, lacking) = _present(known[variable, against]), _present(part)
        rows = n.sum() + lost, m.sum() + lacking
        cells = (period, segment, variable, against, *rows)
        shares = tuple(one / total if total > 0 else math.nan for one, total in zip((lost, lacking), rows, strict=True))
        if n.sum() > 0 and m.sum() > 0:
            one = distance(x, n, y, m, effects=(development_effect, 1.0), least_rows=least_rows)
        else:
            one = Distance(math.nan, math.nan, TOO_FEW, math.nan, math.nan)
        rest = (one.ks, one.ks_p_value, one.ks_method, one.wasserstein, one.standardised_wasserstein)
        found.append(dict(zip(DISTANCE_COLUMNS, (*cells, *shares, *rest), strict=True)))
    return pd.DataFrame(found, columns=DISTANCE_COLUMNS)


def _refuse_unknown(known: set[str], values: pd.DataFrame) -> None:
    lost = sorted(set(values["variable"]) - known)
    if lost:
        message = "development has no values of it"
        raise CreditRiskError([Fault(message, "unknown_variable", path=f"values.{name}") for name in lost])


def _tested(statistic: float, mass: Floats, rows: Floats, least_rows: float) -> tuple[float, str]:
    if rows.min() < least_rows:
        return math.nan, TOO_FEW
    size = round(float(rows[0] * rows[1] / rows.sum()))
    p_value = float(np.clip(stats.kstwo.sf(statistic, size), 0.0, 1.0))
    return p_value, CONSERVATIVE if bool((mass.sum(axis=0) > 1).any()) else ASYMPTOTIC


def _distribution(name: str, values: ArrayLike, counts: ArrayLike) -> tuple[Floats, Floats]:
    arguments = Arguments()
    x, rows = arguments.numbers(name, values), arguments.numbers(f"counts of {name}", counts)
    arguments.require(not (rows < 0).any(), name, "negative counts", "range", allowed="0 or more")
    arguments.require(bool(rows.sum() > 0), name, "no rows", "no_rows", allowed="1 or more")
    arguments.raise_if_any()
    return x[rows > 0], rows[rows > 0]


def _present(part: pd.DataFrame) -> tuple[Floats, Floats, float]:
    value, rows = part["value"].to_numpy(np.float64, na_value=np.nan), part["rows"].to_numpy(np.float64)
    lost = np.isnan(value)
    return value[~lost], rows[~lost], float(rows[lost].sum())
