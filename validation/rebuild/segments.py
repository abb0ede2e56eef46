"""Models of segments: the scorecard of each segment as a model of its own, and the whole without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from validation.package import Package
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import made_by, read_by, steps_of

Step = Mapping[str, Any]
PUBLISHED = ("linear_score", "score", "reasons")
OF_THE_WHOLE = ("classing.", "reasons.", "selection.")


@dataclass(frozen=True, slots=True)
class Part:
    """One segment of a model: its name, the key of its scorecard in the evidence, and a workspace of its rows alone."""

    name: str
    key: str
    space: Workspace


def is_segmented(model: Mapping[str, Any]) -> bool:
    """Say whether a model chooses its published linear score among those of segments."""
    return model["model"]["type"] == "segmented" and switch_of(model, "linear_score") is not None


def switch_of(model: Mapping[str, Any], key: str) -> Step | None:
    """Return the `switch` step that gives a published output, or None."""
    name = model["outputs"].get(key)
    return next((step for step in steps_of(model, "switch") if step["output"] == name), None)


def parts_of(space: Workspace, model_id: str) -> list[Part]:
    """Return the segments of a model in the order of its cases; each is the champion of its own workspace."""
    model = space.package.models[model_id]
    switch = switch_of(model, "linear_score")
    if switch is None:
        return []
    candidate = space.package.candidate_ids[model_id]
    segment = space.scored[model_id][switch["input"]].data
    parts = []
    for number, case in enumerate(switch["cases"], start=1):
        name, key = case["equals"], f"{candidate}.segment_{number}"
        inside = np.equal(segment, name).astype(bool)
        rows = {sample: found[inside[found]] for sample, found in space.rows.items()}
        package = _package(space.package, model, candidate, key, name)
        own = replace(space, package=package, rows=rows, scored={key: space.scored[model_id]})
        parts.append(Part(str(name), key, own))
    return parts


def has_events(part: Part) -> bool:
    """Say whether development has goods and bads in a segment."""
    known = part.space.outcome[part.space.known(DEVELOPMENT)]
    return 0 < int(np.count_nonzero(known == 1)) < len(known)


def _package(package: Package, model: Mapping[str, Any], candidate: str, key: str, name: Any) -> Package:
    outputs = {}
    for output in PUBLISHED:
        switch = switch_of(model, output)
        cases = switch["cases"] if switch is not None else []
        outputs[output] = next((case["value"] for case in cases if case["equals"] == name), None)
    part = {
        **model,
        "model": {**model["model"], "id": key, "type": "scorecard"},
        "steps": _needed(model, {value for value in outputs.values() if value is not None}),
        "outputs": outputs,
    }
    listed = [item for item in package.plan.get("models") or [] if isinstance(item, dict)]
    own = [{**item, "id": key, "champion": True} for item in listed if item.get("id") == candidate]
    evidence = {name: item for name, item in package.evidence.items() if not name.startswith(OF_THE_WHOLE)}
    return replace(package, model=part, challengers={}, plan={**package.plan, "models": own}, evidence=evidence)


def _needed(model: Mapping[str, Any], wanted: set[str]) -> list[Step]:
    """Return the steps that the wanted values depend on, in order."""
    found = []
    for step in reversed(model["steps"]):
        if wanted & set(made_by(step)):
            found.append(step)
            wanted = wanted | set(read_by(step))
    return found[::-1]


def whole_of(space: Workspace) -> Workspace:
    """Return the workspace in which models of segments are without the steps of their segments.

    In place of those, a segmented champion has the classings of the scorecard that it is held against, as far as it
    uses their characteristics: those of the whole sample, which the evidence `classing.*` is of.
    """
    package, scored = space.package, dict(space.scored)
    models = {}
    for model_id, model in package.models.items():
        models[model_id] = model
        if not is_segmented(model):
            continue
        parts = [step for part in parts_of(space, model_id) for step in part.space.package.model["steps"]]
        own = [step for step in model["steps"] if step not in parts or step["type"] == "derive"]
        borrowed: list[Step] = []
        against = one_model(space, model_id)
        if against is not None:
            used = {step["input"] for step in parts if step["type"] == "classing"}
            classings = steps_of(package.models[against], "classing")
            borrowed = [step for step in classings if step["input"] in used]
            names = [name for step in borrowed for name in made_by(step)]
            scored[model_id] = {**space.scored[model_id], **{name: space.scored[against][name] for name in names}}
        models[model_id] = {**model, "steps": [*borrowed, *own]}
    champion = models.pop(package.champion_id)
    return replace(space, package=replace(package, model=champion, challengers=models), scored=scored)


def one_model(space: Workspace, model_id: str) -> str | None:
    """Return the id of the scorecard that a model of segments is held against, as the plan says; None where absent."""
    names = space.package.candidate_ids
    ids = {name: known for known, name in names.items()}
    listed = [item for item in space.package.plan.get("models") or [] if isinstance(item, dict)]
    own = next((item for item in listed if item.get("id") == names[model_id]), {})
    first = next((item.get("id") for item in listed if item.get("type") == "scorecard"), None)
    return ids.get(str(own.get("against") or first))
