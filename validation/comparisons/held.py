"""The classing of every characteristic over the snapshot: as a model holds it, else as its table states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.comparisons.derived import planned_value
from validation.rebuild.binning import ADJUSTMENT, BinCounts, recount
from validation.rebuild.labels import step_of_labels
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.classing import assign
from validation.steps.values import Value
from validation.structure import planned_classings

TABLE = "classing.table."
UNREAD = "bins or values of it are neither in a model nor to be read from the labels and the snapshot"
Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """One classing. model_id: the model that holds it, None where only its table states it; source: values (n,) of the
    characteristic over the snapshot; ids: bins (n,)."""

    name: str
    model_id: str | None
    step: Step
    source: Value
    ids: NDArray[np.int64]

    @property
    def ordinary(self) -> NDArray[np.bool_]:
        """(k,) which bins hold ordinary values."""
        return np.array([item["kind"] in ("interval", "categories") for item in self.step["bins"]])

    def counts(self, space: Workspace) -> BinCounts:
        """The bins counted over the development rows with a known outcome."""
        rows = space.known(DEVELOPMENT)
        zero_cell = space.package.setting("classing", "zero_cell", ADJUSTMENT)
        return recount(self.ids[rows], space.outcome[rows], space.weight[rows], len(self.step["bins"]), zero_cell)


def every_step(space: Workspace) -> list[Held]:
    """The classing steps that the plan's classing made, of all models, those of the champion first."""
    models = sorted(space.package.models, key=lambda model_id: model_id != space.package.champion_id)
    return [
        Held(str(step["input"]), model_id, step, space.scored[model_id][step["input"]], _ids(space, model_id, step))
        for model_id in models
        for step in planned_classings(space.package.models[model_id])
    ]


def _ids(space: Workspace, model_id: str, step: Step) -> NDArray[np.int64]:
    ids: NDArray[np.int64] = space.scored[model_id][step["output_bin"]].data
    return ids


def held_classings(space: Workspace) -> dict[str, Held]:
    """By characteristic: the classing of the champion, else of a challenger, else the one that its table states."""
    found: dict[str, Held] = {}
    for held in every_step(space):
        found.setdefault(held.name, held)
    kinds = {row["characteristic"]: row["kind"] for row in space.package.rows_of("classing.summary") or []}
    for evidence_id in space.package.evidence:
        name = evidence_id.removeprefix(TABLE)
        if not evidence_id.startswith(TABLE) or name in found or name not in kinds:
            continue
        stated = _stated(space, name, str(kinds[name]))
        if stated is not None:
            found[name] = stated
    return found


def _stated(space: Workspace, name: str, kind: str) -> Held | None:
    table, source = space.package.rows_of(f"{TABLE}{name}"), _source(space, name, kind)
    if not table or source is None:
        return None
    step = step_of_labels(name, kind, table, source.data.tolist())
    return None if step is None else Held(name, None, step, source, assign(step, source))


def _source(space: Workspace, name: str, kind: str) -> Value | None:
    """Values of a characteristic: as some model computes them, as the snapshot holds them, or by the plan's words."""
    wanted = "number" if kind == "numeric" else "string"
    for values in space.scored.values():
        if name in values and values[name].kind == wanted:
            return values[name]
    if name not in space.frame.columns:
        planned = planned_value(space, name)
        return planned if planned is not None and planned.kind == wanted else None
    data, nothing = space.frame[name], np.zeros(len(space.frame), dtype=bool)
    if wanted == "number":
        if data.dtype.kind != "f":
            return None
        return Value("number", data.to_numpy(np.float64), nothing)
    texts = np.array([value if isinstance(value, str) else None for value in data.tolist()], dtype=object)
    return Value("string", texts, nothing)
