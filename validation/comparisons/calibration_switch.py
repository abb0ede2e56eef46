"""Steps and knots of maps by segment, which stand in no table: those of model.json against our pooled blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from validation.comparisons.calibration_fit import Fitted
from validation.rebuild.calibration_maps import OwnMap
from validation.rebuild.calibration_segments import segment_names
from validation.rebuild.workspace import Workspace
from validation.structure import read_by, steps_of

KNOTS, RULE = "calibration.knots", "calibrated_probability"
PIECEWISE = ("piecewise_constant", "piecewise_linear")
Step = Mapping[str, Any]


def compare_switched(space: Workspace, models: Sequence[Fitted]) -> None:
    """Compare where the maps of segments step or bend, and their probabilities before any level, by model and segment.

    The pooled map, which is of all other rows, is compared in its table.
    """
    for one in models:
        if one.switch is None or one.segments is None:
            continue
        stepped = {name: own for name, own in one.segments.own.items() if own.knots and own.only_at is None}
        if not stepped:
            continue
        file = space.package.file_of(one.model_id)
        found = piecewise_by_case(space.package.models[one.model_id])
        area = f"{KNOTS} of {one.name}, {file}"
        for name in sorted(stepped):
            if name in found:
                _compare_knots(space, f"{area}, {name}", file, found[name], stepped[name])
            else:  # a map that is missing, or another's, is found by the probabilities
                space.ledger.not_evaluable(f"{area}, {name}", "no case of that name leads to steps")


def piecewise_by_case(model: Mapping[str, Any]) -> dict[str, Step]:
    """The piecewise step that each case of the switch of the probability comes from, by the segment's name."""
    produced = {step["output"]: step for step in model["steps"] if "output" in step}
    wanted = model["outputs"].get("probability")
    found: dict[str, Step] = {}
    for switch in (step for step in steps_of(model, "switch") if step["output"] == wanted):
        for case in switch["cases"]:
            step = _source(case["value"], produced)
            if step is not None:
                found[segment_names([case["equals"]], None, [])[0]] = step
    return found


def _source(name: str, produced: Mapping[str, Step]) -> Step | None:
    """The first piecewise step on the way back from a value through steps that read one value each."""
    for _ in range(len(produced)):
        step = produced.get(name)
        if step is None:
            return None
        if step["type"] == "calibrate" and step["method"] in PIECEWISE:
            return step
        names = read_by(step)
        if len(names) != 1:
            return None
        name = names[0]
    return None


def _compare_knots(space: Workspace, area: str, file: str, step: Step, own: OwnMap) -> None:
    x = [start for start, _ in own.knots if not np.isinf(start)]
    y = [probability for _, probability in own.knots]
    if len(step["x"]) != len(x) or len(step["y"]) != len(y):
        stated, mine = (
            f"{a} places, {b} probabilities" for a, b in ((len(step["x"]), len(step["y"])), (len(x), len(y)))
        )
        space.ledger.words(area, "steps and knots", [stated], [mine], ["knots"], [file])
        return
    labels = [f"knot {k + 1}" for k in range(max(len(x), len(y)))]
    space.ledger.numbers(area, "linear score", "linear_score", step["x"], x, labels, [file])
    space.ledger.numbers(area, "probability", RULE, step["y"], y, labels, [file])
