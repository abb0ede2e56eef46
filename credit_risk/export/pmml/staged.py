"""A two-stage scorecard as one: points of both stages in one table, which is how PMML adds them up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from credit_risk._core import canonical_json
from credit_risk._core.errors import Fault, PackageError

Step = Mapping[str, Any]
TWO_STAGE = "two_stage"


def one_scorecard(model: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same model with one table of points, where it is a scorecard on top of a scorecard; any other unchanged.

    Base points are added up, and so are, bin by bin, the points of a characteristic that both stages class alike; its
    reason then reads the sum. Linear scores stay as they are. Raises PackageError where a stage has no points: PMML
    adds up points of bins only.
    """
    if model["model"]["type"] != TWO_STAGE:
        return model
    steps = {step["output"]: step for step in model["steps"] if step["type"] in ("scale", "sum")}
    added = _added(steps, model["outputs"].get("score"))
    if added is None:
        raise PackageError(
            Fault(
                "PMML export is not supported for a second stage whose first stage is a column or trees",
                code="export_unsupported",
                file="model.json",
                path="/outputs/score",
                remedy="export the package in another format, or leave pmml out of `exports`",
            )
        )
    parts = [step for step in added if step["type"] == "scale"]
    total, renamed = _merged(model, parts, steps[model["outputs"]["score"]])
    gone = {step["id"] for step in added} - {total["id"]}
    kept = [_with_points(step, total) for step in model["steps"] if step["id"] not in gone]
    sums = {step["output"]: step for step in kept if step["type"] == "sum"}
    joined = {name: {renamed.get(i, i) for i in step["inputs"]} for name, step in sums.items()}
    replaced = {name: next(iter(inputs)) for name, inputs in joined.items() if len(inputs) == 1}
    steps_left = [_read(step, {**renamed, **replaced}) for step in kept if step.get("output") not in replaced]
    return {**model, "model": {**model["model"], "type": "scorecard"}, "steps": steps_left}


def _added(steps: Mapping[str, Step], score: str | None) -> list[Step] | None:
    """The tables of points and sums that make a score, in order; None where something else is in it."""
    step = steps.get(score) if score is not None else None
    if step is None or (step["type"] == "scale" and step["form"] != "points"):
        return None
    if step["type"] == "scale":
        return [step]
    found = [_added(steps, name) for name in step["inputs"]]
    known = [part for part in found if part is not None]
    return [*(one for part in known for one in part), step] if len(known) == len(found) else None


def _merged(model: Mapping[str, Any], parts: list[Step], total: Step) -> tuple[Step, dict[str, str]]:
    """One table of points in place of `total`; renamed: by value of a table, the value of the one that holds it."""
    classings = {step["output_bin"]: step for step in model["steps"] if step["type"] == "classing"}
    entries: dict[bytes, dict[str, Any]] = {}
    renamed: dict[str, str] = {}
    for part in (part for step in parts for part in step["characteristics"]):
        classing = classings[part["input"]]
        key = canonical_json.to_bytes([classing["input"], classing["kind"], classing["bins"]])
        if key in entries:
            held = entries[key]
            held["points"] = [a + b for a, b in zip(held["points"], part["points"], strict=True)]
        else:
            entries[key] = {**part, "points": list(part["points"])}
        renamed[part["output"]] = entries[key]["output"]
    base = 0.0
    for step in parts:
        base += step["base_points"]
    head = {key: parts[0][key] for key in ("type", "form", "rounding", "scaling")}
    whole = {**head, "id": total["id"], "output": total["output"], "base_points": base}
    return {**whole, "characteristics": list(entries.values())}, renamed


def _with_points(step: Step, total: Step) -> Step:
    return total if step["id"] == total["id"] else step


def _read(step: Step, renamed: Mapping[str, str]) -> Step:
    """A `reasons` step that reads what the merged table gives; any other step as it is."""
    if step["type"] != "reasons":
        return step
    items = [{**item, "input": renamed.get(item["input"], item["input"])} for item in step["characteristics"]]
    return {**step, "characteristics": items}
