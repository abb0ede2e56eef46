"""Evidence `calibration.*`: what was fitted on which sample, by which choice, and what it does to level and order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.calibration import IdentityMap, require_order
from credit_risk.evaluation.calibration import brier_score, log_loss
from credit_risk.lifecycle.calibration import Calibrated, CalibrationRows, Floats
from credit_risk.lifecycle.calibration_segments import IDS as SEGMENT_IDS
from credit_risk.lifecycle.calibration_segments import segment_evidence
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.external_rates import external_evidence
from credit_risk.lifecycle.quasi_moments import moments_evidence
from credit_risk.plan import Plan
from credit_risk.sampling.samples import DEVELOPMENT, SAMPLES

SNAPSHOT = "data/snapshot.parquet"
GRID = 101
INDEPENDENT = "independent"
OF_MODELS = "not independent: the models are fitted on it"
OF_CALIBRATION = "not independent: the calibration is fitted on it"
NONE_ASKED = "the plan asks for no calibration (calibration.methods: none): the probability is that of the linear score"
IDS = (
    *("method", "parameters", "choice", "folds", "anchor", "external", "external_fit", "quasi_moments"),
    *("knots", "order", "map"),
)
MAP_CHART: MappingProxyType[str, Any] = MappingProxyType(
    {
        "type": "line",
        "x": "linear_score",
        "y": ["probability"],
        "series": "curve",
        "x_title": "Linear score (log-odds of bad)",
        "y_title": "Probability of bad",
    }
)


def calibration_evidence(
    plan: Plan, prepared: Prepared, rows: CalibrationRows | None, calibrated: Sequence[Calibrated]
) -> list[Evidence]:
    """All of it; not applicable where the plan asks for no calibration."""
    known = prepared.labels[np.isfinite(prepared.intake.outcome)]
    samples = samples_frame(known, None if rows is None else rows.sample)
    found = [table("calibration.samples", samples, inputs=("plan.json", SNAPSHOT))]
    if rows is None:
        ids = (*(f"calibration.{name}" for name in IDS), *SEGMENT_IDS)
        return [*found, *(absent(name, "not_applicable", NONE_ASKED) for name in ids)]
    inputs = _files(plan, rows)
    champion = next(one for one in calibrated if one.model == plan.champion.id)
    curve = map_frame(champion)
    chart = dict(MAP_CHART)
    moments = [(one.model, one.moments, one.linear_score) for one in calibrated if one.moments is not None]
    return [
        *found,
        table("calibration.method", method_frame(calibrated, rows), inputs=inputs, notes=_notes(calibrated)),
        _parameters(calibrated, inputs),
        *segment_evidence(plan, prepared, rows, calibrated, inputs),
        *_choice(plan, calibrated, inputs),
        _anchor(calibrated, inputs),
        *external_evidence(plan, [(one.model, one.external) for one in calibrated if one.external], inputs),
        moments_evidence(moments, rows.y, rows.weights, inputs),
        _knots(calibrated, inputs),
        table("calibration.order", order_frame(calibrated), inputs=inputs, notes=_order_notes(champion)),
        table("calibration.map", curve, inputs=("model.json", inputs[1]), notes=_map_notes(champion), chart=chart),
    ]


def _files(plan: Plan, rows: CalibrationRows) -> tuple[str, ...]:
    challengers = (f"challengers/{model.id}/predictions/{rows.sample}.parquet" for model in plan.challengers)
    return (SNAPSHOT, f"predictions/{rows.sample}.parquet", *challengers)


def _order_notes(champion: Calibrated) -> tuple[str, ...]:
    if champion.switched is None:
        return ()
    return ("scores and probabilities are counted by map and added up: no order is kept between maps that differ",)


def _map_notes(champion: Calibrated) -> tuple[str, ...]:
    """Whose map the curve is, where maps differ."""
    if champion.switched is None:
        return ()
    who = "in no band" if champion.switched.fits is None else "of segments without a map of their own"
    return (f"after: the map of rows {who}",)


def _notes(calibrated: Sequence[Calibrated]) -> tuple[str, ...]:
    return tuple(f"{one.model}: {note}" for one in calibrated for note in one.fit.notes)


def samples_frame(labels: np.ndarray, fitted_on: str | None) -> pd.DataFrame:
    """Evidence `calibration.samples`. labels (n,): of rows with a known outcome; fitted_on: of the calibration."""
    found = []
    for sample in SAMPLES:
        rows = int(np.count_nonzero(labels == sample))
        if rows:
            models, own = sample == DEVELOPMENT, sample == fitted_on
            told = OF_CALIBRATION if own else OF_MODELS if models else INDEPENDENT
            found.append((sample, rows, models, own, told))
    return pd.DataFrame(found, columns=["sample", "rows", "fits_models", "fits_calibration", "calibration_tests"])


def method_frame(calibrated: Sequence[Calibrated], rows: CalibrationRows) -> pd.DataFrame:
    """Evidence `calibration.method`, one row a candidate; rates, means and losses are weighted."""
    w = np.ones(len(rows.y)) if rows.weights is None else rows.weights
    found = []
    for one in calibrated:
        before, after = IdentityMap().probability(one.linear_score), one.probability
        levels = [float(w @ values / w.sum()) for values in (rows.y, before, after)]
        losses = [measure(rows.y, p, w) for measure in (log_loss, brier_score) for p in (before, after)]
        bads = int(np.count_nonzero(rows.y == 1.0))
        found.append((one.model, one.fit.method, rows.sample, len(rows.y), bads, *levels, *losses))
    columns = ["model", "method", "sample", "rows", "bads", "bad_rate", "mean_before", "mean_after"]
    losses_named = ["log_loss_before", "log_loss_after", "brier_before", "brier_after"]
    return pd.DataFrame(found, columns=[*columns, *losses_named])


def _parameters(calibrated: Sequence[Calibrated], inputs: tuple[str, ...]) -> Evidence:
    parts = [one.fit.parameters.assign(model=one.model) for one in calibrated if len(one.fit.parameters)]
    if not parts:
        reason = "no calibration has parameters: each is isotonic, or none"
        return absent("calibration.parameters", "not_applicable", reason)
    whole = pd.concat(parts, ignore_index=True)
    note = (
        "standard errors are of the information, with the linear score taken as known; robust ones of the sandwich, "
        "for weights that are not counts"
    )
    names = ["model", "parameter", "estimate", "standard_error", "robust_standard_error", "at_bound"]
    return table("calibration.parameters", whole[names], inputs=inputs, notes=(note,))


def _choice(plan: Plan, calibrated: Sequence[Calibrated], inputs: tuple[str, ...]) -> list[Evidence]:
    spec, ids = plan.calibration, ("calibration.choice", "calibration.folds")
    if len(spec.methods) == 1:
        reason = f"the plan names one method of calibration, {spec.methods[0]}"
        return [absent(name, "not_applicable", reason) for name in ids]
    decides = f"{spec.criterion.replace('_', ' ')} of rows that the map was not fitted on decides"
    simplest = "the simplest method within one standard error of the best is chosen, in the order of the table"
    notes = (f"{decides}: {simplest if spec.one_standard_error else 'the best is chosen'}; then it is fitted on all",)
    chosen = [(one.model, one.choice) for one in calibrated if one.choice is not None]
    means = pd.concat([each.means.assign(model=model) for model, each in chosen], ignore_index=True)
    folds = pd.concat([each.by_fold.assign(model=model) for model, each in chosen], ignore_index=True)
    folds = folds.assign(fold=folds["fold"] + 1)
    tables = zip(ids, (means, folds), strict=True)
    return [table(name, _model_first(frame), inputs=inputs, notes=notes) for name, frame in tables]


def _model_first(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[["model", *(name for name in frame.columns if name != "model")]]


def _anchor(calibrated: Sequence[Calibrated], inputs: tuple[str, ...]) -> Evidence:
    levels = [(one.model, one.level) for one in calibrated if one.level is not None]
    if not levels:
        reason = "the plan anchors the probability to no rate (calibration.target) and tells of no resampling"
        return absent("calibration.anchor", "not_applicable", reason)
    rows = [{"model": model, **asdict(level)} for model, level in levels]
    note = (
        "the anchor is solved so that the mean of the probabilities is the target; Bayes' rule moves every row by the "
        "difference of two log-odds, which is right for a resampled sample and misses a target, since the mean of "
        "probabilities is not linear in the log-odds"
    )
    return table("calibration.anchor", pd.DataFrame(rows), inputs=(*inputs, "plan.json"), notes=(note,))


def _knots(calibrated: Sequence[Calibrated], inputs: tuple[str, ...]) -> Evidence:
    rows = []
    for one in calibrated:
        given = one.fit.map.as_dict()
        if "x" not in given:
            continue
        x, y = list(given["x"]), list(given["y"])
        starts = [None, *x] if len(y) > len(x) else x
        rows += [(one.model, k + 1, start, p) for k, (start, p) in enumerate(zip(starts, y, strict=True))]
    if not rows:
        return absent("calibration.knots", "not_applicable", "no calibration is isotonic")
    frame = pd.DataFrame(rows, columns=["model", "knot", "from_linear_score", "probability"])
    note = (
        "before any anchor; isotonic, Venn-Abers: the probability from this linear score up to the next; centred: at "
        "it, on lines between"
    )
    return table("calibration.knots", frame, inputs=inputs, notes=(note,))


def order_frame(calibrated: Sequence[Calibrated]) -> pd.DataFrame:
    """Evidence `calibration.order`: distinct linear scores of the sample, and how many probabilities they have.

    Where maps differ by a column, both are counted in each map and added up.
    """
    found = []
    for one in calibrated:
        if one.switched is None or not one.switched.map.maps:
            order, within = require_order(one.final, one.linear_score), ""
        else:
            order = one.switched.map.order(one.linear_score, one.switched.label)
            within = f" within {'bands' if one.switched.fits is None else 'segments'}"
        words = f"{order.order.replace('_', ' ')}{within}"
        found.append((one.model, words, order.distinct_scores, order.distinct_probabilities, order.merged))
    return pd.DataFrame(found, columns=["model", "order", "distinct_scores", "distinct_probabilities", "merged"])


def map_frame(one: Calibrated) -> pd.DataFrame:
    """Evidence `calibration.map`: probabilities before and after over the range of the linear score."""
    grid: Floats = np.linspace(one.linear_score.min(), one.linear_score.max(), GRID)
    parts = [
        pd.DataFrame({"curve": name, "linear_score": grid, "probability": each.probability(grid)})
        for name, each in (("before", IdentityMap()), ("after", one.final))
    ]
    return pd.concat(parts, ignore_index=True)
