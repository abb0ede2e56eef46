"""What the steps of a model are for: its classings, regression, points and reasons, found by reference, not by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Term:
    """One characteristic of a scorecard: its classing step and its coefficient."""

    characteristic: str
    classing: Step
    coefficient: float


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A regression on WoE, with the points and reasons that belong to it (None where the model has none)."""

    intercept: float
    offset: str | None
    terms: tuple[Term, ...]
    points: Step | None
    reasons: Step | None


def steps_of(model: Mapping[str, Any], kind: str) -> list[Step]:
    """Return the steps of one type, in order."""
    return [step for step in model["steps"] if step["type"] == kind]


def is_expert(model: Mapping[str, Any]) -> bool:
    """Whether bins and points of a model were given by hand, so that its bins are not those of the plan's classing."""
    return bool(model["model"]["type"] == "expert")


def planned_classings(model: Mapping[str, Any]) -> list[Step]:
    """Return the classings that were made as the plan's classing says; none of an expert scorecard."""
    return [] if is_expert(model) else steps_of(model, "classing")


def scorecard_of(model: Mapping[str, Any]) -> Scorecard | None:
    """Return the regression on WoE that gives the linear score, or None where the model is of another kind."""
    classings = {step["output_woe"]: step for step in steps_of(model, "classing")}
    for step in steps_of(model, "linear"):
        terms = step["terms"]
        if step["output"] != model["outputs"].get("linear_score") or not terms:
            continue
        if all(term["input"] in classings for term in terms):
            found = tuple(
                Term(
                    str(classings[term["input"]]["input"]),
                    classings[term["input"]],
                    float(term["coefficient"]),
                )
                for term in terms
            )
            points = [item for item in steps_of(model, "scale") if item["form"] == "points"]
            reasons = steps_of(model, "reasons")
            return Scorecard(
                intercept=float(step["intercept"]),
                offset=step["offset"],
                terms=found,
                points=points[0] if points else None,
                reasons=reasons[0] if reasons else None,
            )
    return None


def sources_of(model: Mapping[str, Any]) -> set[str]:
    """Return the inputs that some published output depends on, through every step."""
    parents: dict[str, set[str]] = {}
    for step in model["steps"]:
        read = set(read_by(step))
        for name in made_by(step):
            parents[name] = read
    wanted = [value for key, value in model["outputs"].items() if key != "probability_name" and value]
    stack = [name for item in wanted for name in (item if isinstance(item, list) else [item])]
    found: set[str] = set()
    inputs = {item["name"] for item in model["inputs"]}
    seen: set[str] = set()
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in inputs:
            found.add(name)
        stack.extend(parents.get(name, ()))
    return found


def made_by(step: Step) -> list[str]:
    """Return the names that a step produces."""
    names = [step[key] for key in ("output", "output_bin", "output_woe") if key in step]
    if (step["type"] == "scale" and step["form"] == "points") or step["type"] == "attribution":
        names += [item["output"] for item in step["characteristics"]]
    return names


def read_by(step: Step) -> list[str]:
    """Return the names that a step reads."""
    names = [step["input"]] if "input" in step else []
    parts = [item for key in ("terms", "characteristics") for item in step.get(key, [])]
    names += [item["input"] for item in parts if "input" in item]
    names += [name for item in parts for name in item.get("features", [])]
    names += [*step.get("inputs", []), *step.get("features", [])]
    names += [case["value"] for case in step.get("cases", [])]
    names += [step[key] for key in ("offset", "default") if isinstance(step.get(key), str)]
    for key in ("expression", "condition"):
        if key in step:
            names += _references(step[key])
    return names


def _references(node: Mapping[str, Any]) -> list[str]:
    if "ref" in node:
        return [node["ref"]]
    return [name for item in node.get("args", []) for name in _references(item)]
