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

    linear: Step
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
    """Return the regression on WoE that gives the linear score, or None where the model is of another kind.

    Where the published linear score is that of the rounded score, the regression is the one that the score is made of.
    """
    classings = {step["output_woe"]: step for step in steps_of(model, "classing")}
    wanted = {model["outputs"].get("linear_score"), *(step["output"] for step in stages_of(model)[-1:])}
    for step in steps_of(model, "linear"):
        terms = step["terms"]
        if step["output"] not in wanted or not terms:
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
            bins = {term.classing["output_bin"] for term in found}
            points = [
                item
                for item in steps_of(model, "scale")
                if item["form"] == "points" and bins & {part["input"] for part in item["characteristics"]}
            ]
            reasons = steps_of(model, "reasons")
            return Scorecard(
                linear=step,
                intercept=float(step["intercept"]),
                offset=step["offset"],
                terms=found,
                points=points[0] if points else None,
                reasons=reasons[0] if reasons else None,
            )
    return None


def stages_of(model: Mapping[str, Any]) -> list[Step]:
    """Return the linear and trees steps that make the linear score, the first stage first, each the next one's offset.

    A linear step that turns the published score back into log-odds is none of them. Empty where no one step is last.
    """
    made = {step["output"]: step for step in model["steps"] if step["type"] in ("linear", "trees")}
    score = model["outputs"].get("score")
    own = {name: step for name, step in made.items() if score not in [term["input"] for term in step.get("terms", [])]}
    started = {step["offset"] for step in own.values()}
    last = [name for name in own if name not in started]
    found: list[Step] = []
    name = last[0] if len(last) == 1 else None
    while name in own:
        found.insert(0, own[name])
        name = own[name]["offset"]
    return found


def own_trees(model: Mapping[str, Any]) -> list[Step]:
    """Return the trees that the model's own evidence is of: not those of a first stage."""
    started = {step["offset"] for kind in ("linear", "trees") for step in steps_of(model, kind)}
    return [step for step in steps_of(model, "trees") if step["output"] not in started]


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
