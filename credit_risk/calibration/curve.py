"""Maps as a frame: probability by linear score, and the observed bad rate of bands of it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import Rows, checked_rows
from credit_risk.calibration.maps import CalibrationMap, IdentityMap
from credit_risk.evaluation.intervals import jeffreys_interval

Floats = NDArray[np.float64]
CURVE_COLUMNS = ("curve", "linear_score", "probability", "lower", "upper", "weight")
BEFORE, OBSERVED = "before", "observed"
GRID = 201


def map_curves(
    maps: Mapping[str, CalibrationMap],
    linear_score: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    bands: int = 10,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Frame of CURVE_COLUMNS: the curves `before` (sigmoid of the score) and of each map, and `observed` bands.

    Curves run over the range of the scores (n,), lower and upper missing. Bands hold equal weight of rows, ties
    together; linear_score is their mean, probability their weighted bad rate with its Jeffreys interval at Kish's
    effective size. CalibrationError on bad input, fewer than one band, a map named before or observed.
    """
    rows = checked_rows(linear_score, y, weights)
    if isinstance(bands, bool) or not isinstance(bands, int) or bands < 1:
        allowed = "a whole number from 1"
        raise CalibrationError(Fault("not in range", "range", path="bands", found=repr(bands), allowed=allowed))
    reserved = {BEFORE, OBSERVED} & set(maps)
    if reserved:
        raise CalibrationError(Fault("a reserved name", "choice", path="maps", found=", ".join(sorted(reserved))))
    grid = np.linspace(rows.score.min(), rows.score.max(), GRID)
    parts = [_curve(name, one, grid) for name, one in ({BEFORE: IdentityMap()} | dict(maps)).items()]
    return pd.concat([*parts, _observed(rows, bands, confidence)], ignore_index=True)[list(CURVE_COLUMNS)]


def _curve(name: str, one: CalibrationMap, grid: Floats) -> pd.DataFrame:
    """On the grid, with both sides of every step."""
    cuts = np.array(getattr(one, "x", ()), dtype=np.float64)
    inside = cuts[(cuts > grid[0]) & (cuts < grid[-1])]
    at = np.unique(np.concatenate([grid, inside, np.nextafter(inside, -np.inf)]))
    p = one.probability(at)
    return pd.DataFrame(
        {"curve": name, "linear_score": at, "probability": p, "lower": np.nan, "upper": np.nan, "weight": np.nan}
    )


def _observed(rows: Rows, bands: int, confidence: float) -> pd.DataFrame:
    values, weight, bads = rows.by_score()
    below = np.cumsum(weight) - weight / 2.0
    band = np.minimum((below / weight.sum() * bands).astype(np.int64), bands - 1)
    edges = [*np.flatnonzero(np.diff(band, prepend=-1)), len(values)]
    square = np.zeros(len(values))
    np.add.at(square, np.searchsorted(values, rows.score), np.square(rows.weights))
    found = []
    for start, end in pairwise(edges):
        here = slice(start, end)
        total, bad = weight[here].sum(), bads[here].sum()
        effective = total**2 / square[here].sum()
        low, high = jeffreys_interval([bad / total * effective], [effective], confidence)
        middle = float(weight[here] @ values[here] / total)
        found.append((OBSERVED, middle, bad / total, float(low[0]), float(high[0]), total))
    return pd.DataFrame(found, columns=list(CURVE_COLUMNS))
