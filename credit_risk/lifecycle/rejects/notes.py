"""Notes on the tables of a development whose models were fitted on the rows of reject inference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from credit_risk._core.evidence import Evidence
from credit_risk.plan import Plan
from credit_risk.reject_inference import RejectInferenceSpec

FITTED = (
    *("classing.summary", "classing.table.", "classing.figure.", "classing.expectations", "classing.overrides"),
    *("classing.joined", "data.leakage", "selection.waterfall", "segmentation.decision.", "segmentation.search."),
    *("scorecard.", "boosting.", "expert.", "reasons.agreement", "reasons.catalogue"),
)
"""Ids, or their beginnings where they end with a full stop, of what is counted or fitted on these rows."""
NAIVE = ("selection.waterfall", "scorecard.coefficients.", "scorecard.fit.", "scorecard.covariance.")
KNOWN = ("calibration.", "performance.", "long_run.")
NAIVE_NOTE = (
    "standard errors, intervals and tests take these rows and weights as given: they are too small, since the weights "
    "are estimated and supposed outcomes are none; errors of the whole procedure: reject_inference.coefficients"
)
KNOWN_NOTE = "of known outcomes, and so of accepted applicants: no supposed outcome is among them"
WEIGHED = (
    *("calibration.method", "calibration.parameters", "calibration.segments", "calibration.segment_parameters"),
    *("calibration.choice", "calibration.folds", "calibration.quasi_moments"),
)
WEIGHED_NOTE = (
    "each known outcome of the calibration's sample counts by the inverse of its probability of acceptance, so that "
    "they stand for all applicants"
)
ANCHOR = "calibration.anchor"
AVERAGE_NOTE = (
    "the means are of known outcomes with the plan's weights, as the long-run average that they are set to is"
)


def told_of_inference(evidence: Iterable[Evidence], plan: Plan) -> tuple[Evidence, ...]:
    """`evidence` with the notes, where a method of reject inference made the rows or weighs the calibration."""
    spec = plan.reject_inference
    if spec.method == "none" and not spec.weighs_calibration:
        return tuple(evidence)
    average = plan.calibration.target == "long_run_average"
    return tuple(_noted(item, spec, average) for item in evidence)


def _noted(item: Evidence, spec: RejectInferenceSpec, average: bool) -> Evidence:
    notes = []
    if item.kind not in ("table", "figure"):
        return item
    if spec.method != "none":
        method = spec.method.replace("_", " ")
        if _among(item.id, FITTED):
            words = "in place of development, with their weights"
            notes.append(f"counted on the rows of reject inference ({method}) {words}")
        if _among(item.id, NAIVE):
            notes.append(NAIVE_NOTE)
        if _among(item.id, KNOWN):
            notes.append(KNOWN_NOTE)
    if spec.weighs_calibration and _among(item.id, WEIGHED):
        notes.append(WEIGHED_NOTE)
    if spec.weighs_calibration and item.id == ANCHOR:
        notes.append(AVERAGE_NOTE if average else WEIGHED_NOTE)
    return replace(item, notes=(*item.notes, *notes)) if notes else item


def _among(identifier: str, names: tuple[str, ...]) -> bool:
    return any(identifier.startswith(name) if name.endswith(".") else identifier == name for name in names)
