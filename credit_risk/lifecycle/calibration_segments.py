"""Evidence of calibration by segment: which segments have a map of their own, why not, and what the maps do."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.calibration import IdentityMap, SegmentFits
from credit_risk.evaluation.calibration import log_loss
from credit_risk.lifecycle.calibration import Calibrated, CalibrationRows, Floats, Switched
from credit_risk.lifecycle.classing import Prepared
from credit_risk.plan import Plan
from credit_risk.sampling.samples import SAMPLES
from credit_risk.scoring.steps import text_of_number

SEGMENTS, SAMPLED, PARAMETERS, MAPS = (
    f"calibration.{name}" for name in ("segments", "segment_samples", "segment_parameters", "segment_maps")
)
IDS = (SEGMENTS, SAMPLED, PARAMETERS, MAPS)
NONE_NAMED = "the plan calibrates no segments by themselves (calibration.by)"
NONE_OWN = "no segment has a map of its own"
GRID = 25
ORDER = (
    "the order of scores is kept within a segment, not between segments whose maps differ: of two applicants in "
    "different segments, the one with the better score may have the higher probability"
)
MAPS_CHART: MappingProxyType[str, Any] = MappingProxyType(
    {
        "type": "line",
        "x": "linear_score",
        "y": ["probability"],
        "series": "curve",
        "panels": "segment",
        "x_title": "Linear score (log-odds of bad)",
        "y_title": "Probability of bad",
    }
)


def segment_evidence(
    plan: Plan, prepared: Prepared, rows: CalibrationRows, calibrated: Sequence[Calibrated], inputs: tuple[str, ...]
) -> list[Evidence]:
    """All of it; not applicable where the plan names no segments."""
    by = plan.calibration.by
    known = [(one, one.switched, one.switched.fits) for one in calibrated if one.switched and one.switched.fits]
    if by is None or not known:
        return [absent(name, "not_applicable", NONE_NAMED) for name in IDS]
    notes = (
        f"segments by {by.column}; a map of its own from {by.least_bads} bads and {by.least_goods} goods (rows); means "
        "before: of no calibration; by the pooled and by the segment's map: before any anchor; published: after it",
        ORDER,
        "every other value, and a missing one, has the pooled map",
    )
    frames = [segments_frame(one, switched, fits, rows) for one, switched, fits in known]
    files = (*inputs, "plan.json")
    whole = table(SEGMENTS, pd.concat(frames, ignore_index=True), inputs=files, notes=notes)
    return [whole, _sampled(plan, prepared, rows, known), _parameters(known, inputs), _maps(plan, known, inputs)]


Known = Sequence[tuple[Calibrated, Switched, SegmentFits]]


def segment_name(label: Any) -> str | None:
    """A segment as evidence names it; None of rows without one."""
    return None if label is None else label if isinstance(label, str) else text_of_number(label)


def segments_frame(one: Calibrated, switched: Switched, fits: SegmentFits, rows: CalibrationRows) -> pd.DataFrame:
    """Evidence `calibration.segments` of one candidate; means and losses are weighted."""
    w = np.ones(len(rows.y)) if rows.weights is None else rows.weights
    before, published = IdentityMap().probability(one.linear_score), one.probability
    pooled, own = fits.pooled.map.probability(one.linear_score), fits.probability(one.linear_score, switched.label)
    labels, found = pd.Series(switched.label, dtype=object), []
    for told in fits.table.itertuples(index=False):
        name = None if pd.isna(told.segment) else told.segment
        mine = (labels.isna() if name is None else labels == name).to_numpy(dtype=bool)
        y, weight = rows.y[mine], w[mine]
        means = [float(weight @ p[mine] / weight.sum()) for p in (rows.y, before, pooled, own, published)]
        losses = [log_loss(y, p[mine], weight) if 0 < y.sum() < len(y) else None for p in (pooled, own)]
        counts = (len(y), int(y.sum()), means[0], told.own_map, told.reason)
        found.append((one.model, segment_name(name), *counts, *means[1:], *losses))
    columns = ["model", "segment", "rows", "bads", "bad_rate", "own_map", "reason"]
    levels = ["mean_before", "mean_pooled", "mean_probability", "mean_published", "log_loss_pooled", "log_loss"]
    return pd.DataFrame(found, columns=[*columns, *levels])


def _sampled(plan: Plan, prepared: Prepared, rows: CalibrationRows, known: Known) -> Evidence:
    weighted = plan.samples.weight is not None
    frames = [samples_frame(one, switched, prepared, weighted) for one, switched, _ in known]
    whole = pd.concat(frames, ignore_index=True)
    if whole.empty:
        return absent(SAMPLED, "not_applicable", NONE_OWN)
    notes = (
        f"on {rows.sample}, where they are fitted, maps of segments follow the outcomes closer than the pooled map by "
        "construction, before any anchor: the other samples tell whether they are worth it",
        "pooled: what the pooled map, with the same anchor, would give; without a segment: all rows that have it",
    )
    return table(SAMPLED, whole, inputs=("data/snapshot.parquet", "model.json", "plan.json"), notes=notes)


def samples_frame(one: Calibrated, switched: Switched, prepared: Prepared, weighted: bool) -> pd.DataFrame:
    """Evidence `calibration.segment_samples` of one candidate: each own map, and the pooled one, on every sample."""
    assert switched.score is not None
    score, outcome, names = switched.score, prepared.intake.outcome, list(switched.map.maps)
    place, found = switched.map.place(switched.by.label, len(score)), []
    for sample in SAMPLES if names else ():
        judged = (prepared.labels == sample) & np.isfinite(outcome) & np.isfinite(score)
        for number, each in enumerate(switched.map.every):
            mine = judged & (place == number)
            if not mine.any():
                continue
            y, w = outcome[mine], prepared.weights[mine] if weighted else np.ones(int(mine.sum()))
            parts = [each_map.probability(score[mine]) for each_map in (one.final, each)]
            means = [float(w @ values / w.sum()) for values in (y, *parts)]
            losses = [log_loss(y, p, w) if 0 < y.sum() < len(y) else None for p in parts]
            name = segment_name(names[number]) if number < len(names) else None
            found.append((one.model, sample, name, len(y), int(y.sum()), *means, *losses))
    columns = ["model", "sample", "segment", "rows", "bads", "bad_rate", "mean_pooled", "mean_published"]
    return pd.DataFrame(found, columns=[*columns, "log_loss_pooled", "log_loss_published"])


def _parameters(known: Known, inputs: tuple[str, ...]) -> Evidence:
    parts = [
        fit.parameters.assign(model=one.model, segment=segment_name(name))
        for one, _, fits in known
        for name, fit in fits.own.items()
        if len(fit.parameters)
    ]
    if not parts:
        return absent(PARAMETERS, "not_applicable", f"{NONE_OWN}, or none has parameters: maps of steps")
    names = ["model", "segment", "parameter", "estimate", "standard_error", "robust_standard_error", "at_bound"]
    note = "of the segment's rows alone, with the linear score taken as known; before any anchor"
    return table(PARAMETERS, pd.concat(parts, ignore_index=True)[names], inputs=inputs, notes=(note,))


def _maps(plan: Plan, known: Known, inputs: tuple[str, ...]) -> Evidence:
    champion = next(entry for entry in known if entry[0].model == plan.champion.id)
    frame = maps_frame(champion[0], champion[1])
    if frame.empty:
        return absent(MAPS, "not_applicable", NONE_OWN)
    return table(MAPS, frame, inputs=("model.json", inputs[1]), notes=(ORDER,), chart=dict(MAPS_CHART))


def maps_frame(one: Calibrated, switched: Switched) -> pd.DataFrame:
    """Evidence `calibration.segment_maps`: published map of each segment over its scores, beside the pooled one."""
    labels, parts = pd.Series(switched.label, dtype=object), []
    for name, own in switched.map.maps.items():
        inside = one.linear_score[(labels == name).to_numpy(dtype=bool)]
        grid: Floats = np.linspace(inside.min(), inside.max(), GRID)
        for curve, each in (("pooled", one.final), ("segment", own)):
            given = {"linear_score": grid, "probability": each.probability(grid)}
            parts.append(pd.DataFrame({"segment": segment_name(name), "curve": curve, **given}))
    columns = ["segment", "curve", "linear_score", "probability"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
