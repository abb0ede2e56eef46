"""Discrimination, calibration, stability, concentration and fairness: arrays in, tidy frames out."""

from __future__ import annotations

from credit_risk.evaluation.bands import band_edges, score_band_table, score_distribution
from credit_risk.evaluation.calibration import brier_score, calibration_curve, calibration_table, log_loss
from credit_risk.evaluation.calibration_tests import (
    binomial_p_value,
    calibration_intercept,
    calibration_slope,
    hosmer_lemeshow,
    jeffreys_p_value,
    spiegelhalter,
)
from credit_risk.evaluation.charts import CHARTS
from credit_risk.evaluation.common_factor import (
    correlated_binomial_p_value,
    correlated_hosmer_lemeshow,
    correlated_jeffreys_p_value,
    correlated_spiegelhalter,
    mixed_chi_square,
    vasicek_quantile,
)
from credit_risk.evaluation.concentration import concentration, concentration_table, concentration_test
from credit_risk.evaluation.curves import roc_curve, roc_table
from credit_risk.evaluation.discrimination import (
    auc,
    comparison_table,
    delong_difference,
    delong_interval,
    discrimination_table,
    ks,
)
from credit_risk.evaluation.fairness import (
    adverse_impact_ratio,
    adverse_impact_table,
    fairness_group_table,
    protected_grouping,
    standardised_mean_difference,
)
from credit_risk.evaluation.intervals import jeffreys_interval, wilson_interval
from credit_risk.evaluation.migration import matrix_weighted_bandwidth, migration_matrix, migration_table
from credit_risk.evaluation.portfolio_tests import (
    calibration_in_the_large,
    capped_probability,
    multi_period_normal_test,
    portfolio_normal_test,
)
from credit_risk.evaluation.samples import ScoredSample
from credit_risk.evaluation.stability import bin_counts, population_stability_index, stability_table

__all__ = [
    "CHARTS",
    "ScoredSample",
    "adverse_impact_ratio",
    "adverse_impact_table",
    "auc",
    "band_edges",
    "bin_counts",
    "binomial_p_value",
    "brier_score",
    "calibration_curve",
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_slope",
    "calibration_table",
    "capped_probability",
    "comparison_table",
    "concentration",
    "concentration_table",
    "concentration_test",
    "correlated_binomial_p_value",
    "correlated_hosmer_lemeshow",
    "correlated_jeffreys_p_value",
    "correlated_spiegelhalter",
    "delong_difference",
    "delong_interval",
    "discrimination_table",
    "fairness_group_table",
    "hosmer_lemeshow",
    "jeffreys_interval",
    "jeffreys_p_value",
    "ks",
    "log_loss",
    "matrix_weighted_bandwidth",
    "migration_matrix",
    "migration_table",
    "mixed_chi_square",
    "multi_period_normal_test",
    "population_stability_index",
    "portfolio_normal_test",
    "protected_grouping",
    "roc_curve",
    "roc_table",
    "score_band_table",
    "score_distribution",
    "spiegelhalter",
    "stability_table",
    "standardised_mean_difference",
    "vasicek_quantile",
    "wilson_interval",
]
