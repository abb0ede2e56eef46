"""Intake of a source by all that a plan says of its columns."""

from __future__ import annotations

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.models.rule_spec import rule_texts
from credit_risk.plan.plan import Plan
from credit_risk.sampling.applicants import REJECTED
from credit_risk.sampling.contract import same_code
from credit_risk.sampling.history import counted
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
    _refuse_outcomes_of_rejects(plan, taken, source.name)
    return taken


def _refuse_outcomes_of_rejects(plan: Plan, taken: Intake, file: str) -> None:
    """Raise IntakeError where the column of the outcome tells good or bad of rejected applicants, who have none."""
    column = plan.outcome.column
    if not plan.reject_inference.tried or column is None or taken.status is None:
        return
    values = taken.frame[column]
    rejected = np.isin(taken.status, REJECTED)
    outcomes = [value for value in values[rejected].dropna().unique().tolist() if _means_something(plan, value)]
    told = rejected & values.isin(outcomes).to_numpy()
    if told.any():
        message = f"{column!r} tells an outcome of applicants who were rejected"
        remedy = "declare them as outcomes elsewhere (reject_inference.external), empty them, or mend the statuses"
        row, found = int(np.flatnonzero(told)[0]) + 1, counted(int(np.count_nonzero(told)), "row")
        raise IntakeError(
            Fault(message, "rejected_outcome", file, path="outcome.column", row=row, found=found, remedy=remedy)
        )


def _refuse_edges_of_texts(plan: Plan, taken: Intake) -> None:
    """Raise IntakeError where a column with declared edges holds no numbers."""
    faults = [
        Fault("edges are of a number, and the column is none", "type", path=f"evaluation.subpopulation_edges.{name}")
        for name in plan.evaluation.subpopulation_edges
        if name in taken.frame.columns and not pd.api.types.is_numeric_dtype(taken.frame[name])
    ]
    if faults:
        raise IntakeError(faults)


def _means_something(plan: Plan, value: float | str) -> bool:
    """Whether a value of the outcome's column means bad or good."""
    spec = plan.outcome
    if any(same_code(code, value) for code in spec.indeterminate):
        return False
    good = spec.good_codes
    return good is None or any(same_code(code, value) for code in (*spec.bad_codes, *good))


def needed_columns(plan: Plan) -> dict[str, str]:
    """Columns of the source that samples and evaluation read: for their `values`, or for `groups` of rows."""
    group, weight = plan.samples.group, plan.samples.weight
    needed = {} if group in (None, "duplicates") else {str(group): GROUPS}
    by, external = plan.calibration.by, plan.calibration.external
    banded = tuple(one.column for one in (by, external) if one is not None and one.column not in plan.derive)
    banded = (*banded, *(name for name, _ in plan.reject_inference.apart))
    values = (*plan.evaluation.subpopulations, *((weight,) if weight is not None else ()), *banded)
    return needed | dict.fromkeys(values, VALUES)
