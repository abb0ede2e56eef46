"""Selection as scikit-learn selectors, for pipelines: what a plan's selection does, a step each and the whole."""

from credit_risk.selection.estimators.redundant import CorrelationSelector, VarianceInflationSelector
from credit_risk.selection.estimators.search import StepwiseSelector
from credit_risk.selection.estimators.single import InformationValueSelector
from credit_risk.selection.estimators.stable import StabilitySelector
from credit_risk.selection.estimators.whole import CharacteristicSelector

__all__ = [
    "CharacteristicSelector",
    "CorrelationSelector",
    "InformationValueSelector",
    "StabilitySelector",
    "StepwiseSelector",
    "VarianceInflationSelector",
]
