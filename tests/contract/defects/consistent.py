"""Packages as a developer makes them whose programs are wrong: one function is replaced, all else follows from it.

What is derived (predictions, verification rows, points, performance, grades, reasons) is then made by the same code as
in a good package, so that only the substance gives the defect away.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from credit_risk._core import canonical_json
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.run import run_plan
from credit_risk.scoring import compile_model
from tests.contract.altered import ANNEXES, reseal
from tests.contract.defects.bases import Base

Model = dict[str, Any]
Replaced = Mapping[str, Callable[[Any], Any]]
MODELS = "credit_risk.lifecycle.stages.margined"
RATED = "credit_risk.lifecycle.stages.rate_candidates"
TARGET_OF_FIT = "credit_risk.lifecycle.candidates.scorecard.scorecard_of"


def run_base(base: Base, folder: Path, replaced: Replaced | None = None, table: Any = None) -> Path:
    """The sealed package of a base, its exports beside it.

    replaced: by dotted name, a function that takes the function of that name and returns what stands in its place.
    table: in place of the base's own.
    """
    plan = base.write(folder, table)
    with ExitStack() as stack:
        for name, change in (replaced or {}).items():
            module, attribute = name.rsplit(".", 1)
            original = getattr(__import__(module, fromlist=[attribute]), attribute)
            stack.enter_context(mock.patch(name, change(original)))
        run_plan(plan, folder / "package", with_validation=False, with_documents=False)
    return folder / "package"


def with_model(change: Callable[[Model], Any], *, graded: bool = False) -> Replaced:
    """Change model.json of the champion after everything was fitted: it is what scores from there on.

    graded: after its rating scale was made, else before.
    """

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def changed(plan: Any, *arguments: Any) -> Any:
            found = original(plan, *arguments)
            if graded:
                return replace(found, candidates=_changed(found.candidates, plan.champion.id, change))
            return _changed(found, plan.champion.id, change)

        return changed

    return {RATED if graded else MODELS: around}


def _changed(candidates: Sequence[Candidate], champion: str, change: Callable[[Model], Any]) -> tuple[Candidate, ...]:
    found = []
    for one in candidates:
        if one.id == champion:
            model = json.loads(canonical_json.to_bytes(one.model))
            change(model)
            one = replace(one, model=model, compiled=compile_model(model))
        found.append(one)
    return tuple(found)


def with_result(name: str, change: Callable[[Any], Any]) -> Replaced:
    """Change what a function returns."""

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **options: Any) -> Any:
            return change(original(*arguments, **options))

        return changed

    return {name: around}


def with_fit(change: Callable[[Any], Any]) -> Replaced:
    """Change the fit of a scorecard (coefficients, errors) before points, evidence and model.json are made of it."""

    def around(original: Callable[..., Any]) -> Callable[..., Any]:
        def scorecard_of(spec: Any, context: Any, selection: Any, *rest: Any) -> Any:
            return original(spec, context, replace(selection, fit=change(selection.fit)), *rest)

        return scorecard_of

    return {TARGET_OF_FIT: around}


def changed_json(package: Path, file: str, change: Callable[[Any], Any]) -> Path:
    """Change one JSON file of a package that may be changed; sealed again, without annexes, which cite its old hash."""
    for annex in ANNEXES:
        shutil.rmtree(package / annex, ignore_errors=True)
    value = json.loads((package / file).read_text("utf-8"))
    change(value)
    return reseal(package, file, canonical_json.to_bytes(value))


def step(model: Model, identifier: str) -> dict[str, Any]:
    """One step of a model by its id."""
    return next(one for one in model["steps"] if one["id"] == identifier)
