"""All comparisons of reject inference: applicants, models, rows, tables, diagnosis, recommendation, probit, methods."""

from __future__ import annotations

from validation.comparisons.reject_diagnosis import compare_reject_diagnosis
from validation.comparisons.reject_inference import compare_reject_inference
from validation.comparisons.reject_methods import compare_methods, compare_self_learning
from validation.comparisons.reject_probit import compare_probit
from validation.comparisons.reject_recommendation import compare_recommendation
from validation.comparisons.reject_tables import compare_reject_tables
from validation.comparisons.reject_verdicts import compare_verdicts
from validation.rebuild.workspace import Workspace


def compare_rejects(space: Workspace) -> None:
    """Compare what a package holds of reject inference; nothing where its plan asks for none."""
    decision = compare_reject_inference(space)
    compare_reject_tables(space, decision)
    compare_reject_diagnosis(space)
    compare_verdicts(space)
    compare_recommendation(space)
    compare_probit(space)
    compare_methods(space)
    compare_self_learning(space)
