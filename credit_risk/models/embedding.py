"""One model inside another: the steps of its model.json under names that do not meet those of the outer model."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from credit_risk.scoring.step_names import produced_names, read_names, renamed_step

Step = dict[str, Any]


class Embedded(NamedTuple):
    """Steps of an embedded model in their order. renamed: by name in that model, the name in the outer one.

    `renamed` holds every value that the model produces, also those that the outer model produces in its place.
    """

    steps: list[Step]
    renamed: Mapping[str, str]


def embedded_steps(model: Mapping[str, Any], prefix: str, shared: Collection[str]) -> Embedded:
    """The steps of a model.json for use inside another, which declares the same inputs.

    Every step id and every value that a step produces gets `<prefix>.` before it, and everything that reads it follows:
    expressions, terms, features, offsets, cases, points, attributions and reasons. Inputs keep their names, and so do
    names of characteristics, which name no value. `shared`: outputs of derive steps that the outer model makes itself,
    by the same expression; their steps are left out and their names stand. A name in `shared` that another type of
    step produces is renamed like all others. The embedded model scores bit by bit as the model does by itself.

    `free_prefix` gives a prefix that meets no name; `needed_steps` leaves out what the outer model does not read.
    """
    kept = {
        step["output"]: step["output"]
        for step in model["steps"]
        if step["type"] == "derive" and step["output"] in shared
    }
    steps = [step for step in model["steps"] if not (step["type"] == "derive" and step["output"] in kept)]
    renamed = kept | {name: f"{prefix}.{name}" for step in steps for name in produced_names(step)}

    def name(known: str) -> str:
        return renamed.get(known, known)

    return Embedded([renamed_step(step, name, lambda known: f"{prefix}.{known}") for step in steps], renamed)


def free_prefix(prefix: str, taken: Iterable[str]) -> str:
    """`prefix`, with `model_` before it as often as it takes for no name of `taken` to begin with it and a dot."""
    names = list(taken)
    while any(name.startswith(f"{prefix}.") for name in names):
        prefix = f"model_{prefix}"
    return prefix


def needed_steps(steps: Sequence[Step], names: Iterable[str]) -> list[Step]:
    """Those of the steps, in their order, that the values `names` depend on."""
    wanted, needed, ids = set(names), [], set[str]()
    for step in reversed(steps):
        if wanted & set(produced_names(step)) or step["id"] in ids:
            needed.append(step)
            wanted |= read_names(step)
            if step["type"] == "attribution":
                ids.add(step["trees"])
    return needed[::-1]
