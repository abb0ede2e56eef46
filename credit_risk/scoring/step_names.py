"""The names of values that a step of model.json reads and produces, and the same step under other names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from credit_risk.scoring.expressions import references

Step = Mapping[str, Any]
Rename = Callable[[str], str]
_ONE = ("input", "offset", "default", "output", "output_bin", "output_woe")
_MANY = ("inputs", "features")


def free_name(name: str, taken: Collection[str]) -> str:
    """`name`, with `model_` before it as often as it takes to be none of `taken`."""
    while name in taken:
        name = f"model_{name}"
    return name


def produced_names(step: Step) -> list[str]:
    """Names that a step produces."""
    parts = step.get("characteristics", []) if step["type"] in ("scale", "attribution") else []
    keys = ("output", "output_bin", "output_woe")
    return [step[key] for key in keys if key in step] + [part["output"] for part in parts]


def read_names(step: Step) -> set[str]:
    """Names that a step reads."""
    parts = [*step.get("terms", []), *step.get("characteristics", [])]
    names = {part["input"] for part in parts if "input" in part} | {*step.get("inputs", []), *step.get("features", [])}
    names |= {feature for part in parts for feature in part.get("features", [])}
    names |= {case["value"] for case in step.get("cases", [])}
    names |= {step[key] for key in ("input", "offset", "default") if isinstance(step.get(key), str)}
    for key in ("expression", "condition"):
        names |= set(references(step[key])) if key in step else set()
    return names


def renamed_step(step: Step, name: Rename, identifier: Rename) -> dict[str, Any]:
    """The step with `name` of every value that it reads or produces, and `identifier` of every step id.

    Names of characteristics, labels, codes and texts stay as they are: they name no value.
    """
    result = {**step, "id": identifier(step["id"])}
    result |= {key: name(step[key]) for key in _ONE if isinstance(step.get(key), str)}
    result |= {key: [name(each) for each in step[key]] for key in _MANY if key in step}
    result |= {key: _expression(step[key], name) for key in ("expression", "condition") if key in step}
    if step["type"] == "attribution":
        result["trees"] = identifier(step["trees"])
    for key in ("terms", "characteristics"):
        if key in step:
            result[key] = [_part(part, name) for part in step[key]]
    if "cases" in step:
        result["cases"] = [{**case, "value": name(case["value"])} for case in step["cases"]]
    return result


def _part(part: Step, name: Rename) -> dict[str, Any]:
    named = {key: name(part[key]) for key in ("input", "output") if key in part}
    listed = {"features": [name(each) for each in part["features"]]} if "features" in part else {}
    return {**part, **named, **listed}


def _expression(expression: Step, name: Rename) -> dict[str, Any]:
    if "ref" in expression:
        return {"ref": name(expression["ref"])}
    if "args" in expression:
        return {**expression, "args": [_expression(each, name) for each in expression["args"]]}
    return dict(expression)
