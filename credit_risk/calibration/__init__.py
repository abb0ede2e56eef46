"""Calibration of probabilities and the rating scale: arrays in, frozen results out.

The estimator for scikit-learn stands in `credit_risk.calibration.estimator`: plans are read without that extra.
"""

from __future__ import annotations

from credit_risk.calibration.anchor import Anchor, anchor_map, anchor_shift, bayes_odds_shift
from credit_risk.calibration.asset_correlation import correlation_by_likelihood, correlation_by_moments
from credit_risk.calibration.choice import MapChoice, choose_map, stratified_folds
from credit_risk.calibration.cohort_likelihood import cohort_log_likelihood, correlation_of_cohorts
from credit_risk.calibration.cohorts import CohortRules, cohort_table
from credit_risk.calibration.curve import map_curves
from credit_risk.calibration.cycle import CycleYear, cycle_table, cycle_years_table
from credit_risk.calibration.external import ExternalFit, calibrate_to_external
from credit_risk.calibration.fit import METHODS, MapFit, fit_map
from credit_risk.calibration.long_run import average_table, cohort_mean, long_run_target
from credit_risk.calibration.low_default import LowDefault, LowDefaultBounds, pluto_tasche
from credit_risk.calibration.maps import (
    AnchoredMap,
    BetaMap,
    CalibrationMap,
    IdentityMap,
    InterceptShift,
    LogisticMap,
    OrderReport,
    PiecewiseLinearMap,
    StepMap,
    require_order,
)
from credit_risk.calibration.margins import Margin, margin_of_error, with_margin
from credit_risk.calibration.master_scale import MasterScale, geometric_edges, given_scale, scale_frame
from credit_risk.calibration.philosophy import philosophy_table
from credit_risk.calibration.quasi_moment import QuasiMomentFit, implied_auc, match_quasi_moments, moments_frame
from credit_risk.calibration.scale_design import ScaleDesign, ScaleRules, TriedScale, design_scale
from credit_risk.calibration.segments import SegmentFits, fit_segments
from credit_risk.calibration.switched import SwitchedAnchor, SwitchedMap, anchor_switched

__all__ = [
    "METHODS",
    "Anchor",
    "AnchoredMap",
    "BetaMap",
    "CalibrationMap",
    "CohortRules",
    "CycleYear",
    "ExternalFit",
    "IdentityMap",
    "InterceptShift",
    "LogisticMap",
    "LowDefault",
    "LowDefaultBounds",
    "MapChoice",
    "MapFit",
    "Margin",
    "MasterScale",
    "OrderReport",
    "PiecewiseLinearMap",
    "QuasiMomentFit",
    "ScaleDesign",
    "ScaleRules",
    "SegmentFits",
    "StepMap",
    "SwitchedAnchor",
    "SwitchedMap",
    "TriedScale",
    "anchor_map",
    "anchor_shift",
    "anchor_switched",
    "average_table",
    "bayes_odds_shift",
    "calibrate_to_external",
    "choose_map",
    "cohort_log_likelihood",
    "cohort_mean",
    "cohort_table",
    "correlation_by_likelihood",
    "correlation_by_moments",
    "correlation_of_cohorts",
    "cycle_table",
    "cycle_years_table",
    "design_scale",
    "fit_map",
    "fit_segments",
    "geometric_edges",
    "given_scale",
    "implied_auc",
    "long_run_target",
    "map_curves",
    "margin_of_error",
    "match_quasi_moments",
    "moments_frame",
    "philosophy_table",
    "pluto_tasche",
    "require_order",
    "scale_frame",
    "stratified_folds",
    "with_margin",
]
