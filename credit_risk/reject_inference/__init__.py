"""Reject inference: weighted rows for any model, the evidence whether to use them, and what they cannot know."""

from __future__ import annotations

from credit_risk.reject_inference.applicants import Kickout, applicant_evaluation, kickout, kickout_table
from credit_risk.reject_inference.augmentation import extrapolation, fuzzy_augmentation, prudent_odds
from credit_risk.reject_inference.bands import band_table, score_bands
from credit_risk.reject_inference.bayesian import approved_parts, bayesian_auc, bayesian_table, expected_auc
from credit_risk.reject_inference.bivariate_probit import (
    BivariateProbitFit,
    bivariate_probit_rows,
    fit_bivariate_probit,
)
from credit_risk.reject_inference.comparison import comparison_table
from credit_risk.reject_inference.dispatch import infer_rows
from credit_risk.reject_inference.external import external_outcomes, external_values
from credit_risk.reject_inference.labelled import hard_cut_off, parcelling
from credit_risk.reject_inference.overlap import Overlap, balance_table, measure_overlap, overlap_bands, overlap_table
from credit_risk.reject_inference.perfect_decision import perfect_predictors
from credit_risk.reject_inference.probit_tables import correlation_profile_table, probit_table, probit_test_table
from credit_risk.reject_inference.procedure_errors import ProcedureErrors, bootstrap_procedure
from credit_risk.reject_inference.recommendation import Recommendation, recommend
from credit_risk.reject_inference.reweighting import reweighting
from credit_risk.reject_inference.rows import Decided, InferredRows, accepted_only, known_rows
from credit_risk.reject_inference.self_learning import SelfLearning, fit_self_learning, recalibrate, self_learning_table
from credit_risk.reject_inference.sensitivity import sensitivity_table, tipping_table
from credit_risk.reject_inference.spec import RejectInferenceSpec
from credit_risk.reject_inference.specification import (
    SpecificationTest,
    curvature_test,
    instrument_tests,
    reweighting_test,
)
from credit_risk.reject_inference.support import joint_support_table, support_table
from credit_risk.reject_inference.thresholds import Thresholds, threshold_table

__all__ = [
    "BivariateProbitFit",
    "Decided",
    "InferredRows",
    "Kickout",
    "Overlap",
    "ProcedureErrors",
    "Recommendation",
    "RejectInferenceSpec",
    "SelfLearning",
    "SpecificationTest",
    "Thresholds",
    "accepted_only",
    "applicant_evaluation",
    "approved_parts",
    "balance_table",
    "band_table",
    "bayesian_auc",
    "bayesian_table",
    "bivariate_probit_rows",
    "bootstrap_procedure",
    "comparison_table",
    "correlation_profile_table",
    "curvature_test",
    "expected_auc",
    "external_outcomes",
    "external_values",
    "extrapolation",
    "fit_bivariate_probit",
    "fit_self_learning",
    "fuzzy_augmentation",
    "hard_cut_off",
    "infer_rows",
    "instrument_tests",
    "joint_support_table",
    "kickout",
    "kickout_table",
    "known_rows",
    "measure_overlap",
    "overlap_bands",
    "overlap_table",
    "parcelling",
    "perfect_predictors",
    "probit_table",
    "probit_test_table",
    "prudent_odds",
    "recalibrate",
    "recommend",
    "reweighting",
    "reweighting_test",
    "score_bands",
    "self_learning_table",
    "sensitivity_table",
    "support_table",
    "threshold_table",
    "tipping_table",
]
