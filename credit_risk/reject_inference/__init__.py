"""Reject inference: weighted rows for any model, the evidence whether to use them, and what they cannot know."""

from __future__ import annotations

from credit_risk.reject_inference.augmentation import extrapolation, fuzzy_augmentation, prudent_odds
from credit_risk.reject_inference.bands import band_table, score_bands
from credit_risk.reject_inference.bayesian import approved_parts, bayesian_auc, bayesian_table, expected_auc
from credit_risk.reject_inference.bivariate_probit import (
    BivariateProbitFit,
    bivariate_probit_rows,
    fit_bivariate_probit,
)
from credit_risk.reject_inference.dispatch import infer_rows
from credit_risk.reject_inference.external import external_outcomes, external_values
from credit_risk.reject_inference.labelled import hard_cut_off, parcelling
from credit_risk.reject_inference.perfect_decision import perfect_predictors
from credit_risk.reject_inference.probit_tables import correlation_profile_table, probit_table, probit_test_table
from credit_risk.reject_inference.procedure_errors import ProcedureErrors, bootstrap_procedure
from credit_risk.reject_inference.reweighting import reweighting
from credit_risk.reject_inference.rows import Decided, InferredRows, accepted_only, known_rows
from credit_risk.reject_inference.spec import RejectInferenceSpec

__all__ = [
    "BivariateProbitFit",
    "Decided",
    "InferredRows",
    "ProcedureErrors",
    "RejectInferenceSpec",
    "accepted_only",
    "approved_parts",
    "band_table",
    "bayesian_auc",
    "bayesian_table",
    "bivariate_probit_rows",
    "bootstrap_procedure",
    "correlation_profile_table",
    "expected_auc",
    "external_outcomes",
    "external_values",
    "extrapolation",
    "fit_bivariate_probit",
    "fuzzy_augmentation",
    "hard_cut_off",
    "infer_rows",
    "known_rows",
    "parcelling",
    "perfect_predictors",
    "probit_table",
    "probit_test_table",
    "prudent_odds",
    "reweighting",
    "score_bands",
]
