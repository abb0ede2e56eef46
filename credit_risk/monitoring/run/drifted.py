"""Tables of drift of a run: what counts and moments of production say against development."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit_risk.monitoring.development import Development
from credit_risk.monitoring.drift.columns import VALUE_COLUMNS
from credit_risk.monitoring.drift.distances import distance_frame
from credit_risk.monitoring.drift.stability import bin_frame, stability_frame
from credit_risk.monitoring.frames import ALL
from credit_risk.monitoring.reference import Reference
from credit_risk.monitoring.run.attributed import attributed
from credit_risk.monitoring.run.settings import Settings
from credit_risk.monitoring.source import SqlSource
from credit_risk.monitoring.source.counting import CELLS
from credit_risk.monitoring.variables import CHARACTERISTIC

QUANTITIES = ("linear_score", "probability", "expected_value", "score")
NO_ROWS = "production has no counted row"


@dataclass(frozen=True, slots=True)
class Drifted:
    """Frames, or why there is none: score and characteristics by STABILITY_COLUMNS, bins of the last period."""

    counts: pd.DataFrame
    moments: pd.DataFrame
    score: pd.DataFrame | str
    characteristics: pd.DataFrame | str
    bins: pd.DataFrame | str
    distances: pd.DataFrame | str
    shifts: pd.DataFrame | str
    totals: pd.DataFrame | str


def drifted(
    source: SqlSource, reference: Reference, development: Development, settings: Settings, segments: Sequence[str]
) -> Drifted:
    """Counts and what follows from them. Raises IntakeError where the engine fails."""
    rows = reference.frame()
    known = set(rows.loc[rows["rows"].notna(), "variable"]) & set(source.variables)
    rows = rows[rows["variable"].isin(known)]
    counts = source.counts(sorted(known), segments)
    counts = counts[counts["bin"] >= 0]  # values that the model refuses have a bin of no development: data quality
    quantities = [name for name in QUANTITIES if name in source.quantities]
    moments = _with_development(source.moments(quantities, segments), development)
    if counts.empty:
        return Drifted(counts, moments, *(NO_ROWS,) * 6)
    policy = settings.policy(reference)
    stability = stability_frame(rows, counts, policy)
    of = {one.name for one in reference.variables if one.role == CHARACTERISTIC}
    mine = stability["variable"].isin(of)
    last = counts[(counts["period"] == counts["period"].max()) & (counts["segment"] == ALL)]
    bins = bin_frame(rows[rows["variable"].isin(of)], last[last["variable"].isin(of)], policy)
    moved = attributed(source, reference, development, rows, counts, moments, segments)
    return Drifted(
        counts,
        moments,
        _some(stability[~mine], "the package holds no bands of a score"),
        _some(stability[mine], "the package holds no bins of characteristics"),
        _some(bins, "the package holds no bins of characteristics"),
        _distances(source, development, settings),
        moved.shifts,
        moved.totals,
    )


def _some(frame: pd.DataFrame, otherwise: str) -> pd.DataFrame | str:
    kept = frame.reset_index(drop=True)
    kept.attrs = dict(frame.attrs)
    return kept if len(kept) else otherwise


def _with_development(moments: pd.DataFrame, development: Development) -> pd.DataFrame:
    means = {name: _mean(development, name) for name in QUANTITIES}
    return moments.assign(development_mean=moments["quantity"].map(means).astype(float))


def _mean(development: Development, name: str) -> float:
    values = development.outputs.get(name)
    if values is None or values.dtype != np.float64 or not len(values):
        return float("nan")
    return float(np.average(values, weights=development.weights))


def _distances(source: SqlSource, development: Development, settings: Settings) -> pd.DataFrame | str:
    """Of the score and the probability, all rows; exact where production has few distinct values."""
    parts, told = [], []
    for name in ("score", "probability", "expected_value"):
        values = development.outputs.get(name)
        if name not in source.quantities or values is None or values.dtype != np.float64 or not len(values):
            continue
        counted = source.distinct(name)
        own = values[np.isfinite(values)]
        if not counted.exact:
            cells = np.clip(np.floor((own - counted.lower) / counted.width), 0, CELLS - 1)
            own = counted.lower + cells * counted.width
            told.append(f"{name}: on a grid of cells {counted.width:g} wide")
        weights = None if development.weights is None else development.weights[np.isfinite(values)]
        x, place = np.unique(own, return_inverse=True)
        rows = np.bincount(place, weights, len(x)).astype(np.float64)
        frame = counted.frame.assign(segment=ALL, variable=name)[VALUE_COLUMNS]
        base = pd.DataFrame({"variable": name, "value": x, "rows": rows})
        parts.append(distance_frame(base, frame, least_rows=float(settings.spec.min_rows)))
    if not parts:
        return "production holds no score, or development does not travel with the package"
    found = pd.concat(parts, ignore_index=True).sort_values(["period", "variable"], kind="stable")
    found = found.reset_index(drop=True)
    found.attrs["notes"] = tuple(told)
    return found
