"""Check a plan together with its data, as far as both can be examined, and tell all faults at once."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from credit_risk._core.errors import CreditRiskError, Fault, PlanError
from credit_risk._core.spec_faults import key_paths
from credit_risk._core.yaml_document import Document
from credit_risk.models.boosting import defect_faults
from credit_risk.models.spec import MonotoneBoostingSpec
from credit_risk.plan.checks import cross_faults
from credit_risk.plan.hidden_faults import remove
from credit_risk.plan.intake import take_in_plan
from credit_risk.plan.plan import CROSS_FAULT, VARIABLE, Plan
from credit_risk.plan.read import examine_plan
from credit_risk.sampling.applicants import label_applicants
from credit_risk.sampling.labels import label_rows, row_weights
from credit_risk.sampling.source_spec import source_texts

ROUNDS = 5
PLACEHOLDER_MODEL = {"id": "model"}


def check_plan(path: Path | str) -> list[Fault]:
    """All faults of the plan at `path` and of the data that it names; an empty list where there is none.

    Where the plan itself has faults, the source is still opened, and the columns that the readable parts of the plan
    name are looked for. Nothing is written.
    """
    try:
        plan, faults, document, file = examine_plan(Path(path))
    except PlanError as error:
        return list(error.faults)
    if plan is not None and not faults:
        boosted = [model for model in plan.models if isinstance(model, MonotoneBoostingSpec)]
        defects = [fault for model in boosted for fault in defect_faults(model)]
        return [*defects, *_told(lambda: _take_in(plan))]
    partial = _readable_part(document, file)
    if partial is None:
        return faults
    known = {fault.path for fault in faults}
    return [*faults, *(fault for fault in _told(lambda: _take_in(partial)) if fault.path not in known)]


def _take_in(plan: Plan) -> None:
    intake = take_in_plan(plan, plan.open_source())
    labels = label_rows(intake, plan.samples, plan.time_column)
    if plan.reject_inference.tried:
        label_applicants(intake, plan.samples, plan.time_column, labels)
    if plan.samples.weight is not None:
        row_weights(intake.frame[plan.samples.weight], plan.samples.weight, intake.source)


def _told(action: Callable[[], Any]) -> list[Fault]:
    try:
        action()
    except CreditRiskError as error:
        return list(error.faults)
    return []


def _readable_part(document: Document, file: Path) -> Plan | None:
    """The plan without what is at fault; None where too little is left to look at the data."""
    value = copy.deepcopy(document.value)
    if not isinstance(value.get("model"), dict):
        value["model"] = dict(PLACEHOLDER_MODEL)
    for _ in range(ROUNDS):
        try:
            plan = Plan.model_validate(value)
        except ValidationError as error:
            paths = [*key_paths(error, value, CROSS_FAULT), *(path for path, _ in cross_faults(value))]
        else:
            plan._path = file
            names = VARIABLE.findall(source_texts(plan.data.source)[0])
            names += VARIABLE.findall(plan.outcome.history.source) if plan.outcome.history is not None else []
            return plan if all(name in os.environ for name in names) else None
        for path in sorted(set(paths), key=len, reverse=True):
            remove(value, path)
        value["model"] = value["model"] if "id" in value.get("model", {}) else dict(PLACEHOLDER_MODEL)
    return None
