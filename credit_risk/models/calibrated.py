"""A model.json whose published probability is calibrated: its own branch beside score and points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from credit_risk.models.assemble import free_name
from credit_risk.scoring.step_names import produced_names, renamed_step

Step = dict[str, Any]
UNCALIBRATED, BRANCH = "uncalibrated_probability", "calibration"


def probability_step(model: Mapping[str, Any]) -> int:
    """Place of the `link` step that gives the published probability from the published linear score.

    Raises ValueError where the model has no such step: a programming error, since every candidate has one.
    """
    outputs = model["outputs"]
    for place, step in enumerate(model["steps"]):
        given = (step["type"], step.get("input"), step.get("output"))
        if given == ("link", outputs["linear_score"], outputs["probability"]):
            return place
    raise ValueError("the probability is not the inverse link of the linear score")


def with_calibration(model: Mapping[str, Any], make: Callable[[str, str], list[Step]]) -> Step:
    """model.json whose probability follows the steps of a calibration map.

    make: steps from the name of the linear score to the name of the probability (`CalibrationMap.steps`). The
    uncalibrated probability stays as the value `uncalibrated_probability`; values between get names that begin with
    `calibration.`. Names that the model has already get `model_` before them.
    """
    place = probability_step(model)
    link = model["steps"][place]
    output = str(link["output"])
    taken = {item["name"] for item in model["inputs"]}
    taken |= {name for step in model["steps"] for name in produced_names(step)}
    ids = {step["id"] for step in model["steps"] if step is not link}
    uncalibrated = free_name(UNCALIBRATED, taken)
    before = {**link, "id": free_name(UNCALIBRATED, ids), "output": uncalibrated}
    renamed = {output: output}
    steps = make(str(link["input"]), output)
    if steps[0]["type"] == "link" and len(steps) > 1:  # the first value is the uncalibrated probability
        renamed[steps[0]["output"]] = uncalibrated
        steps = steps[1:]
    for step in steps:
        own = str(step["output"])
        if own not in renamed:
            renamed[own] = free_name(own.replace(f"{output}.", f"{BRANCH}.", 1), taken | set(renamed.values()))
    made = [renamed_step(s, lambda name: renamed.get(name, name), lambda name: renamed.get(name, name)) for s in steps]
    made = [{**step, "id": free_name(step["id"], ids)} for step in made]
    return {**model, "steps": [*model["steps"][:place], before, *made, *model["steps"][place + 1 :]]}
