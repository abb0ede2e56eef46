"""Develop, explain, package and hand over credit-risk models. `import credit_risk as cr`.

>>> import credit_risk as cr
>>> plan = cr.read_plan("scorecards/taiwan_credit")          # doctest: +SKIP
>>> development = cr.develop(plan)                           # doctest: +SKIP
>>> package = cr.run_plan("scorecards/taiwan_credit", "out") # doctest: +SKIP

Names are imported when first used, so that the import is quick and needs no extra that is not used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "CalibrationError": "credit_risk._core.errors",
    "CreditRiskError": "credit_risk._core.errors",
    "IntakeError": "credit_risk._core.errors",
    "ModelError": "credit_risk._core.errors",
    "PackageError": "credit_risk._core.errors",
    "PlanError": "credit_risk._core.errors",
    "ScoringError": "credit_risk._core.errors",
    "Plan": "credit_risk.plan",
    "check_plan": "credit_risk.plan",
    "read_plan": "credit_risk.plan",
    "Development": "credit_risk.lifecycle.develop",
    "develop": "credit_risk.lifecycle.develop",
    "run_plan": "credit_risk.lifecycle.run",
    "read_package": "credit_risk.package",
    "write_zip": "credit_risk.package",
    "check_parity": "credit_risk.lifecycle.parity",
    "export_package": "credit_risk.export",
    "write_exports": "credit_risk.lifecycle.exports",
    "compile_model": "credit_risk.scoring",
    "AdverseAction": "credit_risk.lifecycle.adverse_action",
    "adverse_action": "credit_risk.lifecycle.adverse_action",
    "tree_shapley": "credit_risk.explanation.shapley",
    "linear_shapley": "credit_risk.explanation.shapley",
    "path_dependent_shapley": "credit_risk.explanation.shapley",
    "class_frame": "credit_risk.binning.classing",
    "ClassingSpec": "credit_risk.binning.spec",
    "weight_of_evidence": "credit_risk.binning.woe",
    "RecountRules": "credit_risk.binning.recount",
    "recount_by": "credit_risk.binning.recount",
    "stability_by": "credit_risk.binning.recount",
    "period_labels": "credit_risk.sampling.periods",
    "Binner": "credit_risk.binning.transformers",
    "WoeTransformer": "credit_risk.binning.transformers",
    "CharacteristicSelector": "credit_risk.selection.estimators",
    "CorrelationSelector": "credit_risk.selection.estimators",
    "InformationValueSelector": "credit_risk.selection.estimators",
    "StabilitySelector": "credit_risk.selection.estimators",
    "StepwiseSelector": "credit_risk.selection.estimators",
    "VarianceInflationSelector": "credit_risk.selection.estimators",
    "fit_map": "credit_risk.calibration.fit",
    "ProbabilityCalibrator": "credit_risk.calibration.estimator",
    "choose_map": "credit_risk.calibration.choice",
    "anchor_map": "credit_risk.calibration.anchor",
    "anchor_shift": "credit_risk.calibration.anchor",
    "bayes_odds_shift": "credit_risk.calibration.anchor",
    "calibrate_to_external": "credit_risk.calibration.external",
    "Margin": "credit_risk.calibration.margins",
    "margin_of_error": "credit_risk.calibration.margins",
    "with_margin": "credit_risk.calibration.margins",
    "match_quasi_moments": "credit_risk.calibration.quasi_moment",
    "pluto_tasche": "credit_risk.calibration.low_default",
    "correlation_of_cohorts": "credit_risk.calibration.cohort_likelihood",
    "fit_segments": "credit_risk.calibration.segments",
    "design_scale": "credit_risk.calibration.scale_design",
    "given_scale": "credit_risk.calibration.master_scale",
    "fit_logistic": "credit_risk.models.logistic",
    "fit_glm": "credit_risk.models.glm",
    "GeneralizedLinearRegressor": "credit_risk.models.regressors",
    "MonotoneBoostingClassifier": "credit_risk.models.boosting_classifier",
    "ScorecardClassifier": "credit_risk.models.scorecard_classifier",
    "Scaling": "credit_risk.scaling.points",
    "auc": "credit_risk.evaluation.area_under_curve",
    "ks": "credit_risk.evaluation.kolmogorov_smirnov",
    "average_precision": "credit_risk.evaluation.precision_recall",
    "at_cut_off": "credit_risk.evaluation.cut_offs",
    "auc_bootstrap": "credit_risk.evaluation.bootstrap",
    "cap_curve": "credit_risk.evaluation.lift",
    "delong_difference": "credit_risk.evaluation.area_under_curve",
    "delong_interval": "credit_risk.evaluation.area_under_curve",
    "gains_table": "credit_risk.evaluation.lift",
    "h_measure": "credit_risk.evaluation.hand_measure",
    "initial_auc_test": "credit_risk.evaluation.initial_auc",
    "partial_auc": "credit_risk.evaluation.partial_area",
    "precision_recall_curve": "credit_risk.evaluation.precision_recall",
    "rank_association": "credit_risk.evaluation.concordance",
    "roc_hull": "credit_risk.evaluation.hand_measure",
    "discrimination_table": "credit_risk.evaluation.discrimination",
    "calibration_table": "credit_risk.evaluation.calibration",
    "population_stability_index": "credit_risk.evaluation.stability",
    "subpopulation_table": "credit_risk.evaluation.subpopulations",
    "adverse_impact_ratio": "credit_risk.evaluation.fairness",
    "adverse_impact_table": "credit_risk.evaluation.fairness",
    "fairness_group_table": "credit_risk.evaluation.fairness",
    "standardised_mean_difference": "credit_risk.evaluation.fairness",
    "error_rate_table": "credit_risk.evaluation.fairness_gaps",
    "calibration_gap_table": "credit_risk.evaluation.fairness_gaps",
    "fairness_curve_table": "credit_risk.evaluation.fairness_curves",
    "group_attributes": "credit_risk.evaluation.protected_groups",
    "proxy_table": "credit_risk.evaluation.proxies",
    "proxy_model_table": "credit_risk.evaluation.proxy_models",
    "infer_rejects": "credit_risk.reject_inference.inference",
    "through_the_door": "credit_risk.reject_inference.through_the_door",
    "search_alternatives": "credit_risk.strategy.alternatives_table",
    "AlertLog": "credit_risk.monitoring.alerts.log",
    "read_alerts": "credit_risk.monitoring.alerts.log",
    "MonitoringRun": "credit_risk.monitoring.run",
    "OutcomeTable": "credit_risk.monitoring.run",
    "Words": "credit_risk.monitoring.run",
    "monitor": "credit_risk.monitoring.run",
    "monitor_package": "credit_risk.lifecycle.monitor",
    "read_reference": "credit_risk.monitoring.reference",
    "ProductionTable": "credit_risk.monitoring.source",
    "open_production": "credit_risk.monitoring.source",
    "prediction_log": "credit_risk.monitoring.source",
    "same_names": "credit_risk.monitoring.source",
}

_ROOMS = (
    "calibration",
    "datasets",
    "evaluation",
    "explanation",
    "display",
    "inventory",
    "reject_inference",
    "strategy",
)

__all__ = [
    "AdverseAction",
    "AlertLog",
    "Binner",
    "CalibrationError",
    "CharacteristicSelector",
    "ClassingSpec",
    "CorrelationSelector",
    "CreditRiskError",
    "Development",
    "GeneralizedLinearRegressor",
    "InformationValueSelector",
    "IntakeError",
    "Margin",
    "ModelError",
    "MonitoringRun",
    "MonotoneBoostingClassifier",
    "OutcomeTable",
    "PackageError",
    "Plan",
    "PlanError",
    "ProbabilityCalibrator",
    "ProductionTable",
    "RecountRules",
    "Scaling",
    "ScorecardClassifier",
    "ScoringError",
    "StabilitySelector",
    "StepwiseSelector",
    "VarianceInflationSelector",
    "WoeTransformer",
    "Words",
    "__version__",
    "adverse_action",
    "adverse_impact_ratio",
    "adverse_impact_table",
    "anchor_map",
    "anchor_shift",
    "at_cut_off",
    "auc",
    "auc_bootstrap",
    "average_precision",
    "bayes_odds_shift",
    "calibrate_to_external",
    "calibration",
    "calibration_gap_table",
    "calibration_table",
    "cap_curve",
    "check_parity",
    "check_plan",
    "choose_map",
    "class_frame",
    "compile_model",
    "correlation_of_cohorts",
    "datasets",
    "delong_difference",
    "delong_interval",
    "design_scale",
    "develop",
    "discrimination_table",
    "display",
    "error_rate_table",
    "evaluation",
    "explanation",
    "export_package",
    "fairness_curve_table",
    "fairness_group_table",
    "fit_glm",
    "fit_logistic",
    "fit_map",
    "fit_segments",
    "gains_table",
    "given_scale",
    "group_attributes",
    "h_measure",
    "infer_rejects",
    "initial_auc_test",
    "inventory",
    "ks",
    "linear_shapley",
    "margin_of_error",
    "match_quasi_moments",
    "monitor",
    "monitor_package",
    "open_production",
    "partial_auc",
    "path_dependent_shapley",
    "period_labels",
    "pluto_tasche",
    "population_stability_index",
    "precision_recall_curve",
    "prediction_log",
    "proxy_model_table",
    "proxy_table",
    "rank_association",
    "read_alerts",
    "read_package",
    "read_plan",
    "read_reference",
    "recount_by",
    "reject_inference",
    "roc_hull",
    "run_plan",
    "same_names",
    "search_alternatives",
    "stability_by",
    "standardised_mean_difference",
    "strategy",
    "subpopulation_table",
    "through_the_door",
    "tree_shapley",
    "weight_of_evidence",
    "with_margin",
    "write_exports",
    "write_zip",
]

if TYPE_CHECKING:
    from credit_risk._core.errors import (
        CalibrationError,
        CreditRiskError,
        IntakeError,
        ModelError,
        PackageError,
        PlanError,
        ScoringError,
    )
    from credit_risk.binning.classing import class_frame
    from credit_risk.binning.recount import RecountRules, recount_by, stability_by
    from credit_risk.binning.spec import ClassingSpec
    from credit_risk.binning.transformers import Binner, WoeTransformer
    from credit_risk.binning.woe import weight_of_evidence
    from credit_risk.calibration.anchor import anchor_map, anchor_shift, bayes_odds_shift
    from credit_risk.calibration.choice import choose_map
    from credit_risk.calibration.cohort_likelihood import correlation_of_cohorts
    from credit_risk.calibration.estimator import ProbabilityCalibrator
    from credit_risk.calibration.external import calibrate_to_external
    from credit_risk.calibration.fit import fit_map
    from credit_risk.calibration.low_default import pluto_tasche
    from credit_risk.calibration.margins import Margin, margin_of_error, with_margin
    from credit_risk.calibration.master_scale import given_scale
    from credit_risk.calibration.quasi_moment import match_quasi_moments
    from credit_risk.calibration.scale_design import design_scale
    from credit_risk.calibration.segments import fit_segments
    from credit_risk.evaluation.area_under_curve import auc, delong_difference, delong_interval
    from credit_risk.evaluation.bootstrap import auc_bootstrap
    from credit_risk.evaluation.calibration import calibration_table
    from credit_risk.evaluation.concordance import rank_association
    from credit_risk.evaluation.cut_offs import at_cut_off
    from credit_risk.evaluation.discrimination import discrimination_table
    from credit_risk.evaluation.fairness import (
        adverse_impact_ratio,
        adverse_impact_table,
        fairness_group_table,
        standardised_mean_difference,
    )
    from credit_risk.evaluation.fairness_curves import fairness_curve_table
    from credit_risk.evaluation.fairness_gaps import calibration_gap_table, error_rate_table
    from credit_risk.evaluation.hand_measure import h_measure, roc_hull
    from credit_risk.evaluation.initial_auc import initial_auc_test
    from credit_risk.evaluation.kolmogorov_smirnov import ks
    from credit_risk.evaluation.lift import cap_curve, gains_table
    from credit_risk.evaluation.partial_area import partial_auc
    from credit_risk.evaluation.precision_recall import average_precision, precision_recall_curve
    from credit_risk.evaluation.protected_groups import group_attributes
    from credit_risk.evaluation.proxies import proxy_table
    from credit_risk.evaluation.proxy_models import proxy_model_table
    from credit_risk.evaluation.stability import population_stability_index
    from credit_risk.evaluation.subpopulations import subpopulation_table
    from credit_risk.explanation.shapley import linear_shapley, path_dependent_shapley, tree_shapley
    from credit_risk.export import export_package
    from credit_risk.lifecycle.adverse_action import AdverseAction, adverse_action
    from credit_risk.lifecycle.develop import Development, develop
    from credit_risk.lifecycle.exports import write_exports
    from credit_risk.lifecycle.monitor import monitor_package
    from credit_risk.lifecycle.parity import check_parity
    from credit_risk.lifecycle.run import run_plan
    from credit_risk.models.boosting_classifier import MonotoneBoostingClassifier
    from credit_risk.models.glm import fit_glm
    from credit_risk.models.logistic import fit_logistic
    from credit_risk.models.regressors import GeneralizedLinearRegressor
    from credit_risk.models.scorecard_classifier import ScorecardClassifier
    from credit_risk.monitoring.alerts.log import AlertLog, read_alerts
    from credit_risk.monitoring.reference import read_reference
    from credit_risk.monitoring.run import MonitoringRun, OutcomeTable, Words, monitor
    from credit_risk.monitoring.source import ProductionTable, open_production, prediction_log, same_names
    from credit_risk.package import read_package, write_zip
    from credit_risk.plan import Plan, check_plan, read_plan
    from credit_risk.reject_inference.inference import infer_rejects
    from credit_risk.reject_inference.through_the_door import through_the_door
    from credit_risk.sampling.periods import period_labels
    from credit_risk.scaling.points import Scaling
    from credit_risk.scoring import compile_model
    from credit_risk.selection.estimators import (
        CharacteristicSelector,
        CorrelationSelector,
        InformationValueSelector,
        StabilitySelector,
        StepwiseSelector,
        VarianceInflationSelector,
    )
    from credit_risk.strategy.alternatives_table import search_alternatives


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"credit_risk.{name}")
    if name not in _PUBLIC:
        raise AttributeError(f"module 'credit_risk' has no attribute {name!r}")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
