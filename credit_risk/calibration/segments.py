"""One calibration map a segment, and the pooled map where a segment has too few goods or bads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import Rows, checked_rows, label_series, places_of
from credit_risk.calibration.fit import MapFit, fit_map
from credit_risk.calibration.maps import CalibrationMap, Step
from credit_risk.calibration.switched import SwitchedMap
from credit_risk.evaluation.calibration import log_loss

Floats = NDArray[np.float64]
COLUMNS = (
    *("segment", "rows", "weight", "bads", "bad_rate", "own_map", "reason"),
    *("mean_pooled", "mean_probability", "log_loss_pooled", "log_loss"),
)
LEAST = 50
Missing = Literal["refuse", "pooled"]
NO_SEGMENT = "rows without a segment"
NOTHING = "the method none has nothing to fit"


@dataclass(frozen=True, slots=True)
class SegmentFits:
    """Maps by segment, in the order of the sorted names of segments.

    fits: fit of each segment; where own_map is false in `table` it is `pooled`, fitted on all rows, for the reason
    that stands beside. table: COLUMNS; mean probability and log loss on the segment's rows by the pooled map and by the
    map that is used; the last row, without a name, is of rows without a segment, where there are any. The order of
    scores is kept within a segment, not between segments whose maps differ.
    """

    method: str
    pooled: MapFit
    fits: dict[Any, MapFit]
    table: pd.DataFrame

    @property
    def maps(self) -> dict[Any, CalibrationMap]:
        """Map of each segment."""
        return {name: fit.map for name, fit in self.fits.items()}

    @property
    def own(self) -> dict[Any, MapFit]:
        """Fits of the segments that have a map of their own."""
        return {name: fit for name, fit in self.fits.items() if fit is not self.pooled}

    @property
    def switched(self) -> SwitchedMap:
        """The maps of segments that have their own, and the pooled map for every other row."""
        return SwitchedMap({name: fit.map for name, fit in self.own.items()}, self.pooled.map)

    def probability(self, linear_score: ArrayLike, segment: Sequence[Any] | ArrayLike) -> Floats:
        """Probability of bad (n,) of linear scores (n,) in segments (n,); of an unknown or no segment: pooled map."""
        return self.switched.probability(linear_score, segment)

    def steps(self, source: str, segment: str, output: str) -> list[Step]:
        """Steps of model.json: those of each map, the pooled one once, and a `switch` by the value `segment`."""
        return self.switched.steps(source, segment, output)


def fit_segments(
    method: str,
    linear_score: ArrayLike,
    y: ArrayLike,
    segment: Sequence[Any] | ArrayLike,
    weights: ArrayLike | None = None,
    *,
    least_bads: int = LEAST,
    least_goods: int = LEAST,
    missing: Missing = "refuse",
    order: Sequence[Any] = (),
    **settings: Any,
) -> SegmentFits:
    """Fit `method` (see `fit_map`) to all rows (n,) and to each segment (n,) by itself.

    A segment with fewer bads than `least_bads` or goods than `least_goods` (rows, not weights), or whose own fit is
    refused (a constant score, separation, a broken order), has the pooled map, and the table says why. missing: what
    becomes of rows without a segment: `refuse`, or the `pooled` map. order: names in the order of the table; those
    not in it follow, sorted. With method `none` there is nothing to fit, and
    every segment is pooled. CalibrationError: bad input, a missing segment, a pooled fit that is refused.
    """
    rows = checked_rows(linear_score, y, weights)
    names, places = _named(segment, len(rows.y), missing, order)
    for label, number in (("least_bads", least_bads), ("least_goods", least_goods)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 1:
            allowed = "a whole number from 1"
            raise CalibrationError(Fault("not in range", "range", path=label, found=repr(number), allowed=allowed))
    pooled = fit_map(method, rows.score, rows.y, rows.weights, **settings)
    fits: dict[Any, MapFit] = {}
    told = []
    for place, name in enumerate(names):
        part = rows.take(places == place)
        fit, reason = _own(method, part, least_bads, least_goods, settings)
        fits[name] = pooled if fit is None else fit
        told.append(_told(name, part, pooled, fits[name], reason))
    if (places < 0).any():
        told.append(_told(None, rows.take(places < 0), pooled, pooled, NO_SEGMENT))
    return SegmentFits(method, pooled, fits, pd.DataFrame(told, columns=list(COLUMNS)))


def _own(
    method: str, part: Rows, least_bads: int, least_goods: int, settings: dict[str, Any]
) -> tuple[MapFit | None, str | None]:
    bads, goods = int(part.y.sum()), int(len(part.y) - part.y.sum())
    if method == "none":
        return None, NOTHING
    if bads < least_bads:
        return None, f"{bads} bads, fewer than {least_bads}"
    if goods < least_goods:
        return None, f"{goods} goods, fewer than {least_goods}"
    try:
        return fit_map(method, part.score, part.y, part.weights, **settings), None
    except CalibrationError as refused:
        return None, "; ".join(fault.message for fault in refused.faults)


def _told(name: Any, part: Rows, pooled: MapFit, used: MapFit, reason: str | None) -> list[Any]:
    common, own = (fit.map.probability(part.score) for fit in (pooled, used))
    means = [float(np.average(p, weights=part.weights)) for p in (common, own)]
    losses = [log_loss(part.y, p, part.weights) if len(np.unique(part.y)) > 1 else np.nan for p in (common, own)]
    counts = [len(part.y), part.total, part.bads, part.rate]
    return [name, *counts, reason is None, reason, *means, *losses]


def _named(
    segment: Sequence[Any] | ArrayLike, rows: int, missing: Missing, order: Sequence[Any]
) -> tuple[list[Any], NDArray[np.int64]]:
    """Names of segments, in order, and the place of each row (n,); −1 without a segment."""
    labels = label_series(segment, rows, "segment")
    absent = labels.isna().to_numpy(dtype=bool)
    if absent.any() and missing == "refuse":
        found = f"{int(absent.sum())} of {rows} rows"
        raise CalibrationError(Fault("missing segments", "missing", path="segment", found=found))
    first = {name: place for place, name in enumerate(order)}
    names = sorted(labels[~absent].unique(), key=lambda n: (first.get(n, len(first)), str(type(n)), n))
    places = np.full(rows, -1, dtype=np.int64)
    places[~absent] = places_of(names, labels[~absent], rows - int(absent.sum()), "segment")
    return names, places
