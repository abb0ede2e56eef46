"""Intake of a source by all that a plan says of its columns."""

from __future__ import annotations

import pandas as pd

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.models.rule_spec import rule_texts
from credit_risk.plan.plan import Plan
from credit_risk.sampling.intake import Intake, take_in
from credit_risk.sampling.intake_columns import GROUPS, VALUES
from credit_risk.sampling.source import Source


def take_in_plan(plan: Plan, source: Source) -> Intake:
    """Types, roles and contract of the columns of `source`. Raises DataContractError with all breaches."""
    taken = take_in(
        source,
        plan.data,
        plan.outcome,
        derive=plan.derive,
        named=plan.named_columns(),
        needed=needed_columns(plan),
        xml="pmml" in plan.exports,
        history=plan.history_path(),
        rules=rule_texts(plan.rules),
    )
    _refuse_edges_of_texts(plan, taken)
    return taken


def _refuse_edges_of_texts(plan: Plan, taken: Intake) -> None:
    """Raise IntakeError where a column with declared edges holds no numbers."""
    faults = [
        Fault("edges are of a number, and the column is none", "type", path=f"evaluation.subpopulation_edges.{name}")
        for name in plan.evaluation.subpopulation_edges
        if name in taken.frame.columns and not pd.api.types.is_numeric_dtype(taken.frame[name])
    ]
    if faults:
        raise IntakeError(faults)


def needed_columns(plan: Plan) -> dict[str, str]:
    """Columns of the source that samples and evaluation read: for their `values`, or for `groups` of rows."""
    group, weight = plan.samples.group, plan.samples.weight
    needed = {} if group in (None, "duplicates") else {str(group): GROUPS}
    external = plan.calibration.external
    banded = () if external is None else (external.column,)
    banded = (*banded, *(name for name, _ in plan.reject_inference.apart))
    values = (*plan.evaluation.subpopulations, *((weight,) if weight is not None else ()), *banded)
    return needed | dict.fromkeys(values, VALUES)
