"""Read a plan from YAML and tell everything that is wrong with it at once."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from credit_risk._core.errors import Fault, PlanError
from credit_risk._core.spec_faults import faults_of
from credit_risk._core.yaml_document import Document, path_text, read_document
from credit_risk.plan.checks import cross_faults
from credit_risk.plan.hidden_faults import hidden_faults
from credit_risk.plan.plan import CROSS_FAULT, VARIABLE, Plan

PLAN_FILE = "plan.yaml"


def read_plan(path: Path | str) -> Plan:
    """Read `path`, a plan or a folder that holds `plan.yaml`.

    Raises PlanError with all faults: file, line, key path, what was found, what is allowed, and the remedy.
    """
    plan, faults, _, _ = examine_plan(Path(path))
    if faults or plan is None:
        raise PlanError(faults)
    return plan


def examine_plan(path: Path) -> tuple[Plan | None, list[Fault], Document, Path]:
    """The plan where it can be made, its faults in the order of the lines, the document, and the file.

    Raises PlanError only where there is no YAML mapping to examine.
    """
    return _examined(*_read_bytes(path))


def plan_in(data: bytes, file: Path) -> Plan:
    """The plan in these bytes, as though they stood in `file`: its relative paths begin in that folder.

    Raises PlanError as `read_plan` does.
    """
    plan, faults, _, _ = _examined(file, data)
    if faults or plan is None:
        raise PlanError(faults)
    return plan


def _examined(file: Path, data: bytes) -> tuple[Plan | None, list[Fault], Document, Path]:
    document = read_document(data, str(file))
    faults = list(document.faults)
    plan: Plan | None = None
    try:
        plan = Plan.model_validate(document.value)
    except ValidationError as error:
        faults += faults_of(error, document, Plan, CROSS_FAULT)
        faults += hidden_faults(error, document, Plan, CROSS_FAULT)
    for where, fault in cross_faults(document.value):
        faults.append(replace(fault, path=path_text(where), row=document.line(where)))
    faults += _source_faults(document)
    if plan is not None:
        plan._path, plan._source_bytes = file, data
    placed = [replace(fault, file=str(file)) for fault in faults]
    ordered = sorted(placed, key=lambda fault: (fault.row or 0, fault.path or ""))
    return plan, ordered, document, file


def _read_bytes(path: Path) -> tuple[Path, bytes]:
    file = path / PLAN_FILE if path.is_dir() else path
    try:
        return file, file.read_bytes()
    except OSError as error:
        remedy = "give a plan.yaml or a folder that holds one"
        reason = error.strerror or type(error).__name__
        raise PlanError(Fault(f"cannot be read: {reason}", code="unreadable", file=str(file), remedy=remedy)) from error


def _source_faults(document: Document) -> list[Fault]:
    """Variables in the paths of the applications and of the performance history."""
    return [*_variable_faults(document, "data", "source"), *_variable_faults(document, "outcome", "history", "source")]


def _variable_faults(document: Document, *path: str) -> list[Fault]:
    source: Any = document.value
    for key in path:
        source = source.get(key) if isinstance(source, dict) else None
    if isinstance(source, dict):
        source = source.get("duckdb", source.get("url"))
    if not isinstance(source, str):
        return []
    place: dict[str, Any] = {"path": ".".join(path), "row": document.line(path)}
    faults = [
        Fault(
            f"the environment variable {name} is not set",
            code="variable_not_set",
            found=source,
            remedy=f"set {name}, or write the path itself",
            **place,
        )
        for name in dict.fromkeys(VARIABLE.findall(source))
        if name not in os.environ
    ]
    if "$" in VARIABLE.sub("", source):
        allowed = "${NAME} with letters, digits and _"
        faults.append(Fault("a $ that begins no variable", code="variable", found=source, allowed=allowed, **place))
    return faults
