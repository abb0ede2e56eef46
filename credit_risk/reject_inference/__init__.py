"""Reject inference: weighted rows for any model, the evidence whether to use them, and what they cannot know."""

from __future__ import annotations

from credit_risk.reject_inference.augmentation import extrapolation, fuzzy_augmentation, prudent_odds
from credit_risk.reject_inference.bands import band_table, score_bands
from credit_risk.reject_inference.dispatch import infer_rows
from credit_risk.reject_inference.external import external_outcomes, external_values
from credit_risk.reject_inference.labelled import hard_cut_off, parcelling
from credit_risk.reject_inference.procedure_errors import ProcedureErrors, bootstrap_procedure
from credit_risk.reject_inference.reweighting import reweighting
from credit_risk.reject_inference.rows import Decided, InferredRows, accepted_only, known_rows
from credit_risk.reject_inference.spec import RejectInferenceSpec

__all__ = [
    "Decided",
    "InferredRows",
    "ProcedureErrors",
    "RejectInferenceSpec",
    "accepted_only",
    "band_table",
    "bootstrap_procedure",
    "external_outcomes",
    "external_values",
    "extrapolation",
    "fuzzy_augmentation",
    "hard_cut_off",
    "infer_rows",
    "known_rows",
    "parcelling",
    "prudent_odds",
    "reweighting",
    "score_bands",
]
