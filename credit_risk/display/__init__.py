"""How results look in a notebook: tables and plots of frames that other rooms have computed."""

from __future__ import annotations

from credit_risk._core.html_table import format_value, html_table
from credit_risk.display.base import Display
from credit_risk.display.baselines import BaselineDifferenceDisplay, BaselineDisplay
from credit_risk.display.calibration_map import CalibrationMapDisplay
from credit_risk.display.calibration_tables import (
    CalibrationChoiceDisplay,
    ExternalRatesDisplay,
    LowDefaultDisplay,
    QuasiMomentDisplay,
    SegmentCalibrationDisplay,
)
from credit_risk.display.classing import ClassingDisplay
from credit_risk.display.classing_groups import ClassingPeriodsDisplay, ClassingSamplesDisplay
from credit_risk.display.coefficients import CoefficientDisplay
from credit_risk.display.cohorts import CohortDisplay
from credit_risk.display.correlation import CorrelationProfileDisplay, ProbitDisplay
from credit_risk.display.curves import CalibrationDisplay, RocDisplay
from credit_risk.display.decisions import OverridesDisplay, PairDisplay
from credit_risk.display.explanation import DependenceDisplay, ImportanceDisplay
from credit_risk.display.fairness import (
    AdverseImpactDisplay,
    AgeDisplay,
    ErrorRateDisplay,
    FairnessCurveDisplay,
    GroupCalibrationDisplay,
    GroupDifferenceDisplay,
)
from credit_risk.display.forest import (
    ComparisonDisplay,
    CutOffMeasuresDisplay,
    DiscriminationDisplay,
    InitialAucDisplay,
    MeasureDisplay,
    SubpopulationDisplay,
)
from credit_risk.display.history import MaturityDisplay, RollRateDisplay, VintageDisplay
from credit_risk.display.means import LorenzDisplay, MeanCurveDisplay, MeasureGroupDisplay
from credit_risk.display.migration import MigrationDisplay
from credit_risk.display.proxies import AlternativesDisplay, ProxyDisplay, ProxyModelDisplay
from credit_risk.display.ranking import CapDisplay, KsDisplay, LiftDisplay, PrecisionRecallDisplay
from credit_risk.display.rating import GradeValidationDisplay, RatingScaleDisplay
from credit_risk.display.reject_inference import (
    ApplicantEvaluationDisplay,
    BalanceDisplay,
    JointSupportDisplay,
    KickoutDisplay,
    MethodComparisonDisplay,
    OverlapBandDisplay,
    OverlapDisplay,
    RecommendationDisplay,
    SensitivityDisplay,
    SupportDisplay,
    TippingDisplay,
)
from credit_risk.display.reliability import (
    CalibrationErrorsDisplay,
    CalibrationTestsDisplay,
    DecompositionDisplay,
    GroupDependenceDisplay,
    ReliabilityDisplay,
)
from credit_risk.display.scores import ScoreBandDisplay, ScoreDistributionDisplay
from credit_risk.display.self_learning import SelfLearningDisplay
from credit_risk.display.shifts import ContributionDisplay, StabilityDisplay
from credit_risk.display.strategy import BoundaryDisplay, CutOffDisplay, ProfitDisplay
from credit_risk.display.two_scores import SwapSetDisplay, TwoScoreMatrixDisplay

DISPLAYS: dict[str, type[Display]] = {
    "performance.roc": RocDisplay,
    "performance.discrimination": DiscriminationDisplay,
    "performance.comparison": ComparisonDisplay,
    "performance.measures": MeasureDisplay,
    "performance.mean_curve": MeanCurveDisplay,
    "performance.lorenz": LorenzDisplay,
    "performance.baselines": BaselineDisplay,
    "performance.baseline_differences": BaselineDifferenceDisplay,
    "performance.measure_groups": MeasureGroupDisplay,
    "fairness.measures": MeasureGroupDisplay,
    "performance.initial_auc": InitialAucDisplay,
    "performance.cap": CapDisplay,
    "performance.precision_recall": PrecisionRecallDisplay,
    "performance.lift": LiftDisplay,
    "performance.cut_offs": CutOffMeasuresDisplay,
    "performance.subpopulations": SubpopulationDisplay,
    "performance.calibration_curve": CalibrationDisplay,
    "performance.reliability": ReliabilityDisplay,
    "performance.decomposition": DecompositionDisplay,
    "performance.calibration_errors": CalibrationErrorsDisplay,
    "performance.calibration_tests": CalibrationTestsDisplay,
    "performance.hosmer_lemeshow_groups": GroupDependenceDisplay,
    "stability.psi": StabilityDisplay,
    "stability.bins": ContributionDisplay,
    "calibration.map": CalibrationMapDisplay,
    "calibration.choice": CalibrationChoiceDisplay,
    "calibration.external": ExternalRatesDisplay,
    "calibration.quasi_moments": QuasiMomentDisplay,
    "performance.score_bands": ScoreBandDisplay,
    "performance.score_distribution": ScoreDistributionDisplay,
    "classing.table.{characteristic}": ClassingDisplay,
    "classing.figure.{characteristic}": ClassingSamplesDisplay,
    "classing.samples.{characteristic}": ClassingSamplesDisplay,
    "classing.periods.{characteristic}": ClassingPeriodsDisplay,
    "scorecard.coefficients.{model}": CoefficientDisplay,
    "long_run.cohorts": CohortDisplay,
    "rating.scale": RatingScaleDisplay,
    "rating.validation": GradeValidationDisplay,
    "rating.migration": MigrationDisplay,
    "outcome.vintages": VintageDisplay,
    "outcome.maturity": MaturityDisplay,
    "outcome.roll_rates": RollRateDisplay,
    "explanation.importance.{model}": ImportanceDisplay,
    "explanation.importance_figure.{model}": ImportanceDisplay,
    "explanation.dependence_figure.{model}": DependenceDisplay,
    "fairness.groups": GroupDifferenceDisplay,
    "fairness.adverse_impact": AdverseImpactDisplay,
    "fairness.error_rates": ErrorRateDisplay,
    "fairness.calibration": GroupCalibrationDisplay,
    "fairness.curves": FairnessCurveDisplay,
    "fairness.intersections": AdverseImpactDisplay,
    "fairness.age": AgeDisplay,
    "fairness.proxies": ProxyDisplay,
    "fairness.proxy_models": ProxyModelDisplay,
    "fairness.alternatives": AlternativesDisplay,
    "strategy.cut_offs": CutOffDisplay,
    "strategy.acceptance_curve": CutOffDisplay,
    "strategy.profit_curve": ProfitDisplay,
    "strategy.experiment_looks": BoundaryDisplay,
    "strategy.swap_sets": SwapSetDisplay,
    "strategy.matrix": TwoScoreMatrixDisplay,
    "strategy.comparison": PairDisplay,
    "strategy.overrides": OverridesDisplay,
}

__all__ = [
    "DISPLAYS",
    "AdverseImpactDisplay",
    "AgeDisplay",
    "AlternativesDisplay",
    "ApplicantEvaluationDisplay",
    "BalanceDisplay",
    "BaselineDifferenceDisplay",
    "BaselineDisplay",
    "BoundaryDisplay",
    "CalibrationChoiceDisplay",
    "CalibrationDisplay",
    "CalibrationErrorsDisplay",
    "CalibrationMapDisplay",
    "CalibrationTestsDisplay",
    "CapDisplay",
    "ClassingDisplay",
    "ClassingPeriodsDisplay",
    "ClassingSamplesDisplay",
    "CoefficientDisplay",
    "CohortDisplay",
    "ComparisonDisplay",
    "ContributionDisplay",
    "CorrelationProfileDisplay",
    "CutOffDisplay",
    "CutOffMeasuresDisplay",
    "DecompositionDisplay",
    "DependenceDisplay",
    "DiscriminationDisplay",
    "Display",
    "ErrorRateDisplay",
    "ExternalRatesDisplay",
    "FairnessCurveDisplay",
    "GradeValidationDisplay",
    "GroupCalibrationDisplay",
    "GroupDependenceDisplay",
    "GroupDifferenceDisplay",
    "ImportanceDisplay",
    "InitialAucDisplay",
    "JointSupportDisplay",
    "KickoutDisplay",
    "KsDisplay",
    "LiftDisplay",
    "LorenzDisplay",
    "LowDefaultDisplay",
    "MaturityDisplay",
    "MeanCurveDisplay",
    "MeasureDisplay",
    "MeasureGroupDisplay",
    "MethodComparisonDisplay",
    "MigrationDisplay",
    "OverlapBandDisplay",
    "OverlapDisplay",
    "OverridesDisplay",
    "PairDisplay",
    "PrecisionRecallDisplay",
    "ProbitDisplay",
    "ProfitDisplay",
    "ProxyDisplay",
    "ProxyModelDisplay",
    "QuasiMomentDisplay",
    "RatingScaleDisplay",
    "RecommendationDisplay",
    "ReliabilityDisplay",
    "RocDisplay",
    "RollRateDisplay",
    "ScoreBandDisplay",
    "ScoreDistributionDisplay",
    "SegmentCalibrationDisplay",
    "SelfLearningDisplay",
    "SensitivityDisplay",
    "StabilityDisplay",
    "SubpopulationDisplay",
    "SupportDisplay",
    "SwapSetDisplay",
    "TippingDisplay",
    "TwoScoreMatrixDisplay",
    "VintageDisplay",
    "format_value",
    "html_table",
]
