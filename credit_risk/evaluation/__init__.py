"""Discrimination, calibration, stability, concentration and fairness: arrays in, tidy frames out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk._core.lazy import imported_when_used

__all__ = [
    "CHARTS",
    "GradePolicy",
    "GradedSample",
    "GroupedAttributes",
    "ProtectedGrouping",
    "ProxySample",
    "ScoredSample",
    "accept_rate_cut_off",
    "adverse_impact_ratio",
    "adverse_impact_table",
    "age_table",
    "association",
    "at_cut_off",
    "auc",
    "auc_bootstrap",
    "average_precision",
    "band_edges",
    "bin_counts",
    "binomial_p_value",
    "brier_score",
    "calibration_curve",
    "calibration_errors",
    "calibration_gap_table",
    "calibration_in_the_large",
    "calibration_intercept",
    "calibration_slope",
    "calibration_table",
    "calibration_tests_table",
    "cap_curve",
    "cap_table",
    "capped_probability",
    "comparison_table",
    "concentration",
    "concentration_table",
    "concentration_test",
    "correlated_binomial_p_value",
    "correlated_hosmer_lemeshow",
    "correlated_jeffreys_p_value",
    "correlated_spiegelhalter",
    "cut_off_table",
    "decomposition_table",
    "delong_difference",
    "delong_interval",
    "discrimination_table",
    "error_rate_table",
    "errors_table",
    "fairness_curve_table",
    "fairness_group_table",
    "gains_table",
    "grade_concentration_table",
    "grade_validation_table",
    "group_attributes",
    "group_dependence_table",
    "h_measure",
    "hanley_mcneil_standard_error",
    "heterogeneity_table",
    "holm",
    "homogeneity_table",
    "hosmer_lemeshow",
    "initial_auc_table",
    "initial_auc_test",
    "intersect",
    "intersection_table",
    "jeffreys_interval",
    "jeffreys_p_value",
    "jurisdiction_table",
    "ks",
    "ks_table",
    "lift_table",
    "log_loss",
    "matrix_weighted_bandwidth",
    "mean_difference_interval",
    "measure_table",
    "mid_p_value",
    "migration_matrix",
    "migration_table",
    "mixed_chi_square",
    "monotonicity_table",
    "multi_period_normal_test",
    "partial_auc",
    "partial_auc_of_accepts",
    "population_stability_index",
    "portfolio_normal_test",
    "portfolio_table",
    "precision_recall_curve",
    "precision_recall_table",
    "protected_grouping",
    "proxy_model_table",
    "proxy_table",
    "rank_association",
    "ratio_score_interval",
    "recalibrate",
    "reference_by_score",
    "reliability_table",
    "roc_curve",
    "roc_hull",
    "roc_table",
    "score_band_table",
    "score_decomposition",
    "score_distribution",
    "spiegelhalter",
    "stability_bins_table",
    "stability_table",
    "stability_tests",
    "standardised_mean_difference",
    "subpopulation_table",
    "vasicek_quantile",
    "wilson_interval",
]

if TYPE_CHECKING:
    from credit_risk.evaluation.bands import score_band_table, score_distribution
    from credit_risk.evaluation.binned import band_edges, bin_counts
    from credit_risk.evaluation.bootstrap import auc_bootstrap
    from credit_risk.evaluation.calibration import brier_score, calibration_curve, calibration_table, log_loss
    from credit_risk.evaluation.calibration_test_table import calibration_tests_table, group_dependence_table
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
    from credit_risk.evaluation.concordance import rank_association
    from credit_risk.evaluation.curves import roc_curve, roc_table
    from credit_risk.evaluation.cut_offs import accept_rate_cut_off, at_cut_off, cut_off_table
    from credit_risk.evaluation.decomposition import calibration_errors, decomposition_table, errors_table
    from credit_risk.evaluation.discrimination import (
        auc,
        comparison_table,
        delong_difference,
        delong_interval,
        discrimination_table,
        hanley_mcneil_standard_error,
        ks,
    )
    from credit_risk.evaluation.fairness import (
        adverse_impact_ratio,
        adverse_impact_table,
        fairness_group_table,
        mean_difference_interval,
        protected_grouping,
        standardised_mean_difference,
    )
    from credit_risk.evaluation.fairness_curves import fairness_curve_table, reference_by_score
    from credit_risk.evaluation.fairness_gaps import age_table, calibration_gap_table, error_rate_table
    from credit_risk.evaluation.fairness_intersections import holm, intersection_table
    from credit_risk.evaluation.grade_order import heterogeneity_table, homogeneity_table, monotonicity_table
    from credit_risk.evaluation.graded import GradedSample
    from credit_risk.evaluation.grades import (
        GradePolicy,
        grade_concentration_table,
        grade_validation_table,
        portfolio_table,
    )
    from credit_risk.evaluation.hand_measure import h_measure, roc_hull
    from credit_risk.evaluation.herfindahl import concentration, concentration_table, concentration_test
    from credit_risk.evaluation.initial_auc import initial_auc_table, initial_auc_test
    from credit_risk.evaluation.intervals import jeffreys_interval, wilson_interval
    from credit_risk.evaluation.isotonic import recalibrate, score_decomposition
    from credit_risk.evaluation.jurisdictions import jurisdiction_table
    from credit_risk.evaluation.kolmogorov_smirnov import ks_table
    from credit_risk.evaluation.lift import cap_curve, cap_table, gains_table, lift_table
    from credit_risk.evaluation.migration import matrix_weighted_bandwidth, migration_matrix, migration_table
    from credit_risk.evaluation.partial_area import partial_auc, partial_auc_of_accepts
    from credit_risk.evaluation.portfolio_tests import (
        calibration_in_the_large,
        capped_probability,
        multi_period_normal_test,
        portfolio_normal_test,
    )
    from credit_risk.evaluation.precision_recall import (
        average_precision,
        precision_recall_curve,
        precision_recall_table,
    )
    from credit_risk.evaluation.protected_groups import (
        GroupedAttributes,
        ProtectedGrouping,
        group_attributes,
        intersect,
    )
    from credit_risk.evaluation.proxies import ProxySample, association, proxy_table
    from credit_risk.evaluation.proxy_models import proxy_model_table
    from credit_risk.evaluation.ranking_measures import measure_table
    from credit_risk.evaluation.rate_ratio import mid_p_value, ratio_score_interval
    from credit_risk.evaluation.reliability import reliability_table
    from credit_risk.evaluation.samples import ScoredSample
    from credit_risk.evaluation.stability import (
        population_stability_index,
        stability_bins_table,
        stability_table,
        stability_tests,
    )
    from credit_risk.evaluation.subpopulations import subpopulation_table
else:
    __getattr__ = imported_when_used(
        __name__,
        {
            "bands": ("score_band_table", "score_distribution"),
            "binned": (
                "band_edges",
                "bin_counts",
            ),
            "bootstrap": ("auc_bootstrap",),
            "calibration": ("brier_score", "calibration_curve", "calibration_table", "log_loss"),
            "calibration_test_table": ("calibration_tests_table", "group_dependence_table"),
            "calibration_tests": (
                "binomial_p_value",
                "calibration_intercept",
                "calibration_slope",
                "hosmer_lemeshow",
                "jeffreys_p_value",
                "spiegelhalter",
            ),
            "charts": ("CHARTS",),
            "common_factor": (
                "correlated_binomial_p_value",
                "correlated_hosmer_lemeshow",
                "correlated_jeffreys_p_value",
                "correlated_spiegelhalter",
                "mixed_chi_square",
                "vasicek_quantile",
            ),
            "concordance": ("rank_association",),
            "curves": ("roc_curve", "roc_table"),
            "cut_offs": ("accept_rate_cut_off", "at_cut_off", "cut_off_table"),
            "decomposition": ("calibration_errors", "decomposition_table", "errors_table"),
            "discrimination": (
                "auc",
                "comparison_table",
                "delong_difference",
                "delong_interval",
                "discrimination_table",
                "hanley_mcneil_standard_error",
                "ks",
            ),
            "fairness": (
                "adverse_impact_ratio",
                "adverse_impact_table",
                "fairness_group_table",
                "mean_difference_interval",
                "protected_grouping",
                "standardised_mean_difference",
            ),
            "fairness_curves": ("fairness_curve_table", "reference_by_score"),
            "fairness_gaps": ("age_table", "calibration_gap_table", "error_rate_table"),
            "fairness_intersections": ("holm", "intersection_table"),
            "grade_order": ("heterogeneity_table", "homogeneity_table", "monotonicity_table"),
            "graded": ("GradedSample",),
            "grades": ("GradePolicy", "grade_concentration_table", "grade_validation_table", "portfolio_table"),
            "hand_measure": ("h_measure", "roc_hull"),
            "herfindahl": ("concentration", "concentration_table", "concentration_test"),
            "initial_auc": ("initial_auc_table", "initial_auc_test"),
            "intervals": ("jeffreys_interval", "wilson_interval"),
            "isotonic": ("recalibrate", "score_decomposition"),
            "jurisdictions": ("jurisdiction_table",),
            "kolmogorov_smirnov": ("ks_table",),
            "lift": ("cap_curve", "cap_table", "gains_table", "lift_table"),
            "migration": ("matrix_weighted_bandwidth", "migration_matrix", "migration_table"),
            "partial_area": ("partial_auc", "partial_auc_of_accepts"),
            "portfolio_tests": (
                "calibration_in_the_large",
                "capped_probability",
                "multi_period_normal_test",
                "portfolio_normal_test",
            ),
            "precision_recall": ("average_precision", "precision_recall_curve", "precision_recall_table"),
            "protected_groups": ("GroupedAttributes", "ProtectedGrouping", "group_attributes", "intersect"),
            "proxies": ("ProxySample", "association", "proxy_table"),
            "proxy_models": ("proxy_model_table",),
            "ranking_measures": ("measure_table",),
            "rate_ratio": ("mid_p_value", "ratio_score_interval"),
            "reliability": ("reliability_table",),
            "samples": ("ScoredSample",),
            "stability": (
                "population_stability_index",
                "stability_bins_table",
                "stability_table",
                "stability_tests",
            ),
            "subpopulations": ("subpopulation_table",),
        },
    )
