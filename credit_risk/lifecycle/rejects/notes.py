"""Notes on the tables of a development whose models were fitted on the rows of reject inference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from credit_risk._core.evidence import Evidence

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


def told_of_inference(evidence: Iterable[Evidence], method: str) -> tuple[Evidence, ...]:
    """`evidence` with the notes, where a method of reject inference made the rows."""
    if method == "none":
        return tuple(evidence)
    return tuple(_noted(item, method.replace("_", " ")) for item in evidence)


def _noted(item: Evidence, method: str) -> Evidence:
    notes = []
    if item.kind not in ("table", "figure"):
        return item
    if _among(item.id, FITTED):
        notes.append(f"counted on the rows of reject inference ({method}) in place of development, with their weights")
    if _among(item.id, NAIVE):
        notes.append(NAIVE_NOTE)
    if _among(item.id, KNOWN):
        notes.append(KNOWN_NOTE)
    return replace(item, notes=(*item.notes, *notes)) if notes else item


def _among(identifier: str, names: tuple[str, ...]) -> bool:
    return any(identifier.startswith(name) if name.endswith(".") else identifier == name for name in names)
