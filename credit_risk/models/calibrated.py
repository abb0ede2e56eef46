"""A model.json whose published probability is calibrated: its own branch beside score and points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from credit_risk.scoring.step_names import free_name, produced_names, renamed_step

Step = dict[str, Any]
UNCALIBRATED, BRANCH = "uncalibrated_probability", "calibration"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a calibration reads beside the linear score.

    inputs: declared input columns; order: names of the columns of the source; derived: steps that make characteristics,
    each before its use, which are added where the model has them not.
    """

    inputs: tuple[Mapping[str, Any], ...]
    order: tuple[str, ...]
    derived: tuple[Mapping[str, Any], ...] = ()


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


def with_calibration(
    model: Mapping[str, Any],
    make: Callable[[str, str], list[Step]],
    reading: Reading | None = None,
) -> Step:
    """model.json whose probability follows the steps of a calibration map.

    make: steps from the name of the linear score to the name of the probability (`CalibrationMap.steps`). The
    uncalibrated probability stays as the value `uncalibrated_probability`; values between get names that begin with
    `calibration.`. Names that the model has already get `model_` before them. reading: what the steps read beside the
    linear score. Raises ValueError where an added input has the name of a value of the model.
    """
    model = model if reading is None else _reading(model, reading)
    place = probability_step(model)
    link = model["steps"][place]
    output, source = str(link["output"]), str(link["input"])
    taken = {item["name"] for item in model["inputs"]}
    taken |= {name for step in model["steps"] for name in produced_names(step)}
    ids = {step["id"] for step in model["steps"] if step is not link}
    uncalibrated = free_name(UNCALIBRATED, taken)
    before = {**link, "id": free_name(UNCALIBRATED, ids), "output": uncalibrated}
    renamed, steps = {output: output}, list[Step]()
    for step in make(source, output):
        if step["type"] == "link" and step["input"] == source and step["output"] != output:
            renamed[str(step["output"])] = uncalibrated  # it is the uncalibrated probability
        else:
            steps.append(step)
    for step in steps:
        own = str(step["output"])
        if own not in renamed:
            renamed[own] = free_name(own.replace(f"{output}.", f"{BRANCH}.", 1), taken | set(renamed.values()))
    made = [renamed_step(s, lambda name: renamed.get(name, name), lambda name: renamed.get(name, name)) for s in steps]
    made = [{**step, "id": free_name(step["id"], ids)} for step in made]
    return {**model, "steps": [*model["steps"][:place], before, *made, *model["steps"][place + 1 :]]}


def _reading(model: Mapping[str, Any], reading: Reading) -> Mapping[str, Any]:
    """The model with more inputs and derived values, before its published probability."""
    own = {item["name"]: item for item in model["inputs"]}
    produced = {name for step in model["steps"] for name in produced_names(step)}
    wanted = {item["name"]: dict(item) for item in reading.inputs if item["name"] not in own}
    if clash := sorted(produced & set(wanted)):
        raise ValueError(f"the model has a value of its own that is called {', '.join(map(repr, clash))}")
    known = own | wanted
    order = [*reading.order, *(name for name in known if name not in reading.order)]
    more = [dict(step) for step in reading.derived if step["output"] not in produced]
    place = probability_step(model)
    return {
        **model,
        "inputs": [known[name] for name in order if name in known],
        "steps": [*model["steps"][:place], *more, *model["steps"][place:]],
    }
