"""All comparisons of reject inference: applicants, models and rows, tables, diagnosis, probit and methods."""

from __future__ import annotations

from validation.comparisons.reject_diagnosis import compare_reject_diagnosis
from validation.comparisons.reject_inference import AREA, compare_reject_inference
from validation.comparisons.reject_methods import compare_methods, compare_self_learning
from validation.comparisons.reject_probit import compare_probit
from validation.comparisons.reject_tables import compare_reject_tables
from validation.rebuild.workspace import Workspace

NOT_REPEATED = {
    f"{AREA}.recommendation": "its tests of form and selection are not repeated; overlap and tipping factors that it "
    "tells are compared in their own tables, and the battery judges overlap by cuts of its own",
    f"{AREA}.thresholds": "the developer's limits are stated, not estimated: what is measured with them is compared, "
    "the limits themselves are not",
}


def compare_rejects(space: Workspace) -> None:
    """Compare what a package holds of reject inference; nothing where its plan asks for none."""
    decision = compare_reject_inference(space)
    compare_reject_tables(space, decision)
    compare_reject_diagnosis(space)
    compare_probit(space)
    compare_methods(space)
    compare_self_learning(space)
    for name, reason in NOT_REPEATED.items():
        if space.package.rows_of(name) is not None:
            space.ledger.not_evaluable(name, reason)
