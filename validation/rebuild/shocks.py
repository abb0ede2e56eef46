"""A model scored again with some named values replaced: only what depends on them is computed anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.workspace import Workspace
from validation.score import run_step
from validation.steps import values
from validation.steps.trees import leaves
from validation.steps.values import Value
from validation.structure import made_by, read_by

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]
RESULTS = ("linear_score", "probability", "expected_value", "score", "grade", "overall_decision")
Step = Mapping[str, Any]


@dataclass(slots=True)
class Probe:
    """A model over m rows of the snapshot. `steps`: those that a result depends on; `base`: every named value (m,)."""

    model: Mapping[str, Any]
    base: dict[str, Value]
    rows: int
    steps: list[Step]
    _leaves: dict[str, list[NDArray[np.float64]]] = field(default_factory=dict)

    def outputs(self, changed: Mapping[str, Value], skip: Sequence[str] = ()) -> dict[str, Value]:
        """Return the results with named values replaced; steps whose output is in `skip` are left as they were."""
        names, moved = {**self.base, **changed}, set(changed)
        for step in self.steps:
            made = made_by(step)
            if moved.isdisjoint(read_by(step)) or moved & set(made) or set(made) & set(skip):
                continue
            names.update(self._trees(step, names) if step["type"] == "trees" else self._step(step, names))
            moved |= set(made)
        published = self.model["outputs"]
        return {key: names[published[key]] for key in RESULTS if published.get(key) in names}

    def _step(self, step: Step, names: Mapping[str, Value]) -> dict[str, Value]:
        return run_step(step, names, self.rows, self.steps)

    def _trees(self, step: Step, names: Mapping[str, Value]) -> dict[str, Value]:
        """As `steps.trees`; a tree none of whose features has other data keeps its leaves."""
        features = [values.as_number(names[name]) for name in step["features"]]
        matrix = np.column_stack([item.data for item in features])
        before = [values.as_number(self.base[name]).data for name in step["features"]]
        moved = {
            number
            for number, (old, new) in enumerate(zip(before, features, strict=True))
            if not np.array_equal(old, new.data, equal_nan=True)
        }
        error = np.logical_or.reduce([item.error for item in features])
        total = np.full(self.rows, float(step["base_margin"]))
        if step["offset"] is not None:
            offset = names[step["offset"]]
            total, error = total + offset.data, error | offset.error | offset.missing()
        if step["id"] not in self._leaves:
            own = np.column_stack(before)
            self._leaves[step["id"]] = [_leaf_values(tree, own) for tree in step["trees"]]
        for tree, kept in zip(step["trees"], self._leaves[step["id"]], strict=True):
            total = total + (kept if moved.isdisjoint(tree["feature"]) else _leaf_values(tree, matrix))
        return {step["output"]: values.number(total, error)}


def _leaf_values(tree: Mapping[str, Any], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(tree["value"], dtype=np.float64)[leaves(tree, matrix)]


def taken(value: Value, rows: Integers) -> Value:
    """Return a value at some rows."""
    return Value(value.kind, value.data[rows], value.error[rows])


def probe(space: Workspace, model_id: str, rows: Integers) -> Probe:
    """Return the probe of a model of the package at some rows of the snapshot, from what was scored already."""
    model = space.package.models[model_id]
    published = model["outputs"]
    wanted = {published[key] for key in RESULTS if published.get(key)}
    steps: list[Step] = []
    for step in reversed(model["steps"]):
        if wanted & set(made_by(step)):
            steps.insert(0, step)
            wanted |= set(read_by(step))
    inputs = {item["name"] for item in model["inputs"]}
    kept = inputs | wanted | {name for step in steps for name in made_by(step)}
    base = {name: taken(value, rows) for name, value in space.scored[model_id].items() if name in kept}
    return Probe(model, base, len(rows), steps)


def direct_only(found: Probe, name: str) -> list[str]:
    """Return the derived values that read `name` and others: those that a response to it alone leaves as they are."""
    others = []
    for step in found.steps:
        read = set(read_by(step))
        if step["type"] == "derive" and name in read and len(read) > 1:
            others += made_by(step)
    return others
