"""Categories that have a feature of their own in trees: chosen by the plan's rule, made as stated, counted again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.comparisons.placing import ordered_by
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.values import as_number
from validation.structure import steps_of

Step = Mapping[str, Any]
Key = tuple[str, str | None]
MIN_ROWS, MAX_LEVELS = 100, 64
_COLUMNS = {
    "bin_id": "rows",
    "categories": "rows",
    "rows": "rows",
    "bads": "rows",
    "bad_rate": "mean_probability",
    "woe": "woe",
}


@dataclass(frozen=True, slots=True)
class Classed:
    """A characteristic of categories that the trees read through its classing; values (n,) of known development."""

    name: str
    classing: Step
    values: list[str | None]

    @property
    def places(self) -> dict[str, Mapping[str, Any]]:
        """The class of each ordinary category."""
        return {value: one for one in self.classing["bins"] for value in one.get("values", [])}

    def chosen(self, least: int, most: int) -> list[str]:
        """Categories of a class with others that have `least` rows, the `most` most frequent, in order of text."""
        counts = Counter(value for value in self.values if value is not None)
        places = self.places
        able = [v for v, n in counts.items() if n >= least and v in places and len(places[v]["values"]) > 1]
        return sorted(sorted(able, key=lambda value: (-counts[value], value))[:most])


def compare_categories(space: Workspace, model_id: str, name: str, step: Step) -> None:
    """Compare the categories with a feature, their features, counts and directions with the rule of the plan."""
    area = f"boosting.categories.{name}"
    models = space.package.plan.get("models") or []
    spec = next((m for m in models if isinstance(m, Mapping) and m.get("id") == name), {})
    asked = spec.get("categories")
    if not isinstance(asked, Mapping):
        space.ledger.not_evaluable(area, "the plan of the package says nothing of categories in trees")
        return
    rows = space.known(DEVELOPMENT)
    classings = [s for s in steps_of(space.package.models[model_id], "classing") if s["output_woe"] in step["features"]]
    classed = [
        Classed(str(s["input"]), s, space.scored[model_id][s["input"]].data[rows].tolist())
        for s in classings
        if s["kind"] == "categorical"
    ]
    _compare_directions(space, name, classed, bool(asked.get("bound", False)))
    free = [one for one in classed if not ordered_by(space, one.name)]
    table = space.package.rows_of(area) or []
    if not free and not table:
        space.ledger.not_evaluable(area, "no characteristic of categories without a declared order")
        return
    least, most = int(asked.get("min_rows", MIN_ROWS)), int(asked.get("max_levels", MAX_LEVELS))
    wanted: list[Key] = []
    for one in free:
        wanted += [*((one.name, level) for level in one.chosen(least, most)), (one.name, None)]
    stated = {(row["characteristic"], row["category"]): row for row in table}
    labels = [f"{characteristic} {level or 'others'}" for characteristic, level in wanted]
    own = _figures(space, rows, free, wanted)
    told = [list(key) for key in stated]
    space.ledger.words(area, "categories with a feature", told, [list(key) for key in wanted], labels, [area])
    both = [key for key in wanted if key in stated]
    labels = [f"{characteristic} {level or 'others'}" for characteristic, level in both]
    for column, rule in _COLUMNS.items():
        developer, ours = [stated[key][column] for key in both], [own[key][column] for key in both]
        space.ledger.numbers(area, column, rule, developer, ours, labels, [area])
    _compare_features(space, model_id, name, step, [stated[key] for key in both if key[1] is not None])


def _figures(
    space: Workspace, rows: NDArray[np.int64], free: list[Classed], wanted: list[Key]
) -> dict[Key, dict[str, float | None]]:
    y, weight = space.outcome[rows], space.weight[rows]
    found: dict[Key, dict[str, float | None]] = {}
    for one in free:
        places = one.places
        own = [level for name, level in wanted if name == one.name and level is not None]
        rest = set(places) - set(own)
        for level in [*own, None]:
            inside = rest if level is None else {level}
            held = np.array([value in inside for value in one.values], dtype=bool)
            place = None if level is None else places[level]
            found[one.name, level] = {
                "bin_id": None if place is None else float(place["id"]),
                "categories": float(len(inside & set(one.values))) if level is None else 1.0,
                "rows": float(np.count_nonzero(held)),
                "bads": float(np.count_nonzero(y[held] > 0)),
                "bad_rate": float(np.average(y[held], weights=weight[held])) if held.any() else None,
                "woe": None if place is None else float(place["woe"]),
            }
    return found


def _compare_features(space: Workspace, model_id: str, name: str, step: Step, stated: list[dict[str, Any]]) -> None:
    """Is each feature in the trees, and over the whole snapshot 1 where the value is the category and 0 elsewhere?"""
    area, scored = f"boosting.categories.{name}", space.scored[model_id]
    labels = [str(row["feature"]) for row in stated]
    used = [label if label in step["features"] else None for label in labels]
    space.ledger.words(area, "features of the trees", labels, used, labels, [area])
    wrong = []
    for row, known in zip(stated, used, strict=True):
        if known is None:
            continue
        value = scored[row["characteristic"]]
        ours = np.array([item == row["category"] for item in value.data.tolist()], dtype=np.float64)
        wrong.append(float(np.count_nonzero((as_number(scored[known]).data != ours) & ~value.error)))
    labels = [label for label in used if label is not None]
    if labels:
        space.ledger.numbers(area, "rows that differ", "rows", [0.0] * len(wrong), wrong, labels, [area])


def _compare_directions(space: Workspace, name: str, classed: list[Classed], bound: bool) -> None:
    """The weight of evidence falls with the bad rate where an order is declared, else only where the plan binds it."""
    area = f"boosting.constraints.{name}"
    table = {row["feature"]: row for row in space.package.rows_of(area) or [] if row["used"]}
    known = [one for one in classed if one.classing["output_woe"] in table]
    labels = [str(one.classing["output_woe"]) for one in known]
    ours = ["descending" if bound or ordered_by(space, one.name) else "none" for one in known]
    told = [table[label]["direction"] for label in labels]
    space.ledger.words(area, "directions of weights of evidence", told, ours, labels, [area])
