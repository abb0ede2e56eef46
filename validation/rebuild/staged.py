"""What a reason is made of in a model of one stage or more: points, attributions of trees, a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validation.structure import made_by, read_by, stages_of, steps_of

Step = Mapping[str, Any]


def leaves_of(model: Mapping[str, Any], name: str) -> list[str]:
    """Return the values that a value adds up, through `sum` steps; itself where no such step makes it."""
    for step in steps_of(model, "sum"):
        if step["output"] == name:
            return [leaf for item in step["inputs"] for leaf in leaves_of(model, item)]
    return [name]


def attributions_of(model: Mapping[str, Any], step: Step) -> tuple[Step, ...]:
    """Return the attribution steps that a `reasons` step reads, in the order of the model."""
    read = {leaf for item in step["characteristics"] for leaf in leaves_of(model, item["input"])}
    return tuple(s for s in steps_of(model, "attribution") if read & {c["output"] for c in s["characteristics"]})


def part_of(model: Mapping[str, Any], leaf: str) -> Step | None:
    """Return the entry of a points table that gives a value, or None where it comes from elsewhere."""
    items = [item for step in steps_of(model, "scale") for item in step.get("characteristics", [])]
    return next((item for item in items if item["output"] == leaf), None)


def characteristics_of(model: Mapping[str, Any], derived: set[str]) -> set[str]:
    """Return what the stages read: characteristics of points and of trees, and a column that is the first stage.

    derived: names of the plan's derived characteristics, which are characteristics themselves.
    """
    found = {item["characteristic"] for step in steps_of(model, "scale") for item in step.get("characteristics", [])}
    makers = {name: step for step in model["steps"] for name in made_by(step)}
    inputs = {item["name"] for item in model["inputs"]}
    for step in stages_of(model):
        names = [term["input"] for term in step["terms"]] if step["type"] == "linear" else step["features"]
        for name in names:
            direct = name in inputs or name in derived
            found |= {name} if direct else set(read_by(makers[name]))
    return found
