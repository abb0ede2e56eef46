"""Evidence on segments over all samples: what they gain over one model, and what each of them is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.evaluation.area_under_curve import AreaUnderCurve, delong_difference, delong_interval
from credit_risk.evaluation.calibration_tests import calibration_intercept
from credit_risk.evaluation.clustered import cluster_codes, clustered_auc_difference, clustered_auc_interval, repeated
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.performance import Scored, input_files
from credit_risk.models.segment_gain import paired_test, row_likelihood
from credit_risk.plan import Plan

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
GAIN, SEGMENTS = "segmentation.gain.{model}", "segmentation.segments.{model}"
CHARACTERISTICS, REASONS = "segmentation.characteristics.{model}", "segmentation.reasons.{model}"
IDS = (GAIN, SEGMENTS, CHARACTERISTICS, REASONS)
ONE_MODEL = "segments are refused: the candidate is one scorecard"


def segmentation_evidence(
    plan: Plan, candidates: Sequence[Candidate], scored: Scored, frame: pd.DataFrame
) -> list[Evidence]:
    """Gain, segments and characteristics of every candidate that has segments. frame: all rows, as taken in."""
    found: list[Evidence] = []
    for candidate in candidates:
        if candidate.divided is None:
            if candidate.type == "segmented_scorecard":
                found += [absent(i, "not_applicable", ONE_MODEL, parameter=candidate.id) for i in IDS]
            continue
        files = input_files(scored, [candidate.id, candidate.divided.against], plan.champion.id)
        gain = gain_frame(candidate, scored, plan.evaluation.confidence)
        note = f"one model: {candidate.divided.against}; log likelihood at the published linear scores, paired by row"
        found.append(table(GAIN, gain, parameter=candidate.id, inputs=files, notes=(note,)))
        segment = np.asarray(candidate.compiled.values(frame)[candidate.divided.value], dtype=object)
        rows = segments_frame(candidate, scored, segment, plan.evaluation.confidence)
        notes = (
            "all segments on one scale; calibration intercept 0 where as many are bad as predicted",
            rows.attrs["rule"],
        )
        found.append(table(SEGMENTS, rows, parameter=candidate.id, inputs=files, notes=notes))
        found.append(table(CHARACTERISTICS, characteristics_frame(candidate), parameter=candidate.id, inputs=files[:1]))
        found.append(table(REASONS, reasons_frame(candidate, scored, segment), parameter=candidate.id, inputs=files))
    return found


def gain_frame(candidate: Candidate, scored: Scored, confidence: float) -> pd.DataFrame:
    """Evidence `segmentation.gain.{model}`: segments against the one model on every sample."""
    assert candidate.divided is not None
    one, own = (scored.pairs(name, "linear_score") for name in (candidate.divided.against, candidate.id))
    clusters, weights = scored.clusters_by_sample(), scored.weights_by_sample()
    rows, z = [], normal_quantile(confidence)
    for sample, (y, first) in one.items():
        second, w = own[sample][1], None if weights is None else weights[sample]
        scaled = np.ones(len(y)) if w is None else w * (w.sum() / np.sum(w * w))
        likely = [scaled * row_likelihood(y, linear) for linear in (first, second)]
        total, error, p = paired_test(likely[1] - likely[0], clusters[sample])
        if repeated(cluster_codes(clusters[sample], len(y))):
            area = clustered_auc_difference(y, first, second, clusters[sample], w, confidence)
        else:
            area = delong_difference(y, first, second, w, confidence)
        rows.append(
            {
                "sample": sample,
                "rows": len(y),
                "bads": int(y.sum()),
                "log_likelihood_one": float(likely[0].sum()),
                "log_likelihood_segments": float(likely[1].sum()),
                "gain": total,
                "gain_lower": total - z * error,
                "gain_upper": total + z * error,
                "p_value": p,
                "auc_one": area.auc_a,
                "auc_segments": area.auc_b,
                "auc_difference": area.difference,
                "auc_lower": area.lower,
                "auc_upper": area.upper,
                "auc_p_value": area.p_value,
                "gini_difference": 2.0 * area.difference,
            }
        )
    found = pd.DataFrame(rows)
    found.attrs["notes"] = (
        "development taught both models, and the more segments the better they follow it: the other samples decide",
        "p-value of the gain: one-sided, from sums over clusters; of the AUC: two-sided, DeLong or Obuchowski",
    )
    return found


def segments_frame(
    candidate: Candidate, scored: Scored, segment: NDArray[np.object_], confidence: float
) -> pd.DataFrame:
    """Evidence `segmentation.segments.{model}`: rows, bads, ranking and calibration of each segment and sample."""
    assert candidate.divided is not None
    rows, predictions = [], scored.predictions[candidate.id]
    for card in candidate.divided.cards:
        for sample in scored.samples:
            whole = scored.rows(sample)
            at = np.flatnonzero(whole & (segment == card.name))
            w = np.ones(len(at)) if scored.weights is None else scored.weights[at]
            total = float(np.sum(whole)) if scored.weights is None else float(scored.weights[whole].sum())
            y, p, score = scored.y[at], *(predictions[c].to_numpy(float)[at] for c in ("probability", "score"))
            row: dict[str, object] = {
                "segment": card.name,
                "scorecard": card.key,
                "sample": sample,
                "rows": len(at),
                "share": float(w.sum()) / total,
                "bads": int(y.sum()),
                "bad_rate": float(np.average(y, weights=w)) if len(at) else None,
                "mean_probability": float(np.average(p, weights=w)) if len(at) else None,
                "mean_score": float(np.average(score, weights=w)) if len(at) else None,
            }
            rows.append(row | _worth(y, p, predictions["linear_score"].to_numpy(float)[at], w, scored, at, confidence))
    found = pd.DataFrame(rows)
    found.attrs["rule"] = "AUC and intercept are missing where a segment has no bads or no goods in a sample"
    return found


def _worth(
    y: Floats, p: Floats, linear: Floats, w: Floats, scored: Scored, at: Integers, confidence: float
) -> dict[str, object]:
    names = ("calibration_intercept", "intercept_lower", "intercept_upper", "auc", "auc_lower", "auc_upper")
    if len(y) == 0 or y.min() == y.max():
        return dict.fromkeys(names)
    weights = None if scored.weights is None else w
    shift = calibration_intercept(y, p, confidence, weights)
    area = _area(y, linear, scored.clusters[at], weights, confidence)
    found = (shift.estimate, shift.lower, shift.upper, area.auc, area.lower, area.upper)
    return {name: None if math.isnan(value) else value for name, value in zip(names, found, strict=True)}


def _area(y: Floats, linear: Floats, clusters: Integers, weights: Floats | None, confidence: float) -> AreaUnderCurve:
    if repeated(cluster_codes(clusters, len(y))):
        return clustered_auc_interval(y, linear, clusters, weights, confidence)
    return delong_interval(y, linear, weights, confidence)


def characteristics_frame(candidate: Candidate) -> pd.DataFrame:
    """Evidence `segmentation.characteristics.{model}`: what selection does with each characteristic in each segment."""
    assert candidate.divided is not None
    parts = [
        card.selection.waterfall.assign(segment=card.name)[["segment", *card.selection.waterfall.columns]]
        for card in candidate.divided.cards
    ]
    return pd.concat(parts, ignore_index=True)


def reasons_frame(candidate: Candidate, scored: Scored, segment: NDArray[np.object_]) -> pd.DataFrame:
    """Evidence `segmentation.reasons.{model}`: reasons of each segment, and how often development is given them."""
    assert candidate.divided is not None
    predictions, rows = scored.predictions[candidate.id], []
    columns = [name for name in predictions.columns if name.startswith("reason_")]
    for card in candidate.divided.cards:
        codes = card.candidate.reasons
        assert codes is not None
        given = predictions.loc[(scored.sample == "development") & (segment == card.name), columns]
        for reason in codes.reasons:
            hits = given == reason.words.code
            rows.append(
                {
                    "segment": card.name,
                    "reason_code": reason.words.code,
                    "characteristic": ", ".join(reason.members),
                    "text": next(iter(reason.words.texts.values())),
                    "reference_points": reason.reference_points,
                    "baseline": reason.baseline,
                    "first": int(hits["reason_1"].sum()),
                    "any": int(hits.any(axis=1).sum()),
                }
            )
    return pd.DataFrame(rows)
