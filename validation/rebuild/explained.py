"""Attributions of a scorecard, trees or a generalised linear model over the snapshot, against their background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.reference import rule_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps import attribution
from validation.steps.values import as_number
from validation.structure import is_expert, made_by, read_by, stages_of, steps_of

Floats = NDArray[np.float64]
Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explained:
    """values (n, k) over all rows of the snapshot, of the characteristics `names`; base; the background's rows.

    games: trees, and by feature the place of its characteristic in `names`; of stages of trees, else none.
    """

    names: list[str]
    values: Floats
    base: float
    background: NDArray[np.int64]
    games: tuple[tuple[Step, list[int]], ...]
    linear: str


def background_rows(space: Workspace, model_id: str) -> NDArray[np.int64]:
    """Return the development rows at or above the plan's cut-off; all where it has none or nobody reaches it."""
    rows = space.rows[DEVELOPMENT]
    cut_off, score = rule_of(space.package).cut_off, space.output(model_id, "score")
    if cut_off is None or score is None:
        return rows
    approved = rows[score.data[rows] >= cut_off]
    return approved if len(approved) else rows


def explain(space: Workspace, model_id: str, names: list[str]) -> Explained | None:
    """Return the attributions of a model whose evidence names these characteristics; None for another kind."""
    model = space.package.models[model_id]
    rows = background_rows(space, model_id)
    if is_expert(model):
        return _of_points(space, model_id, rows)
    if space.package.outcome_type != "binary":
        return _of_terms(space, model_id, names, rows)
    stages = stages_of(model)
    parts = [_of_stage(space, model_id, step, names, rows) for step in stages]
    found = [part for part in parts if part is not None]
    if not found or len(found) < len(parts):
        return None
    values = np.sum([part.values for part in found], axis=0)
    base = sum(part.base for part in found)
    games = tuple(game for part in found for game in part.games)
    return Explained(names, values, base, rows, games, stages[-1]["output"])


def _of_stage(
    space: Workspace, model_id: str, step: Step, names: list[str], rows: NDArray[np.int64]
) -> Explained | None:
    """What one stage adds, by the characteristics `names`; None where it reads what is none of them."""
    if step["type"] == "trees":
        return _of_trees(space, model_id, step, names, rows)
    classed = {s["output_woe"]: s["input"] for s in steps_of(space.package.models[model_id], "classing")}
    owner = [classed.get(term["input"], term["input"]) for term in step["terms"]]
    if not owner or not set(owner) <= set(names):
        return None
    return _of_scorecard(space, model_id, step, owner, names, rows)


def _of_terms(space: Workspace, model_id: str, names: list[str], rows: NDArray[np.int64]) -> Explained | None:
    """Of an amount or a fraction: a term adds to the characteristic that its value is made of, the offset to none."""
    model = space.package.models[model_id]
    found = [step for step in steps_of(model, "linear") if step["output"] == model["outputs"].get("linear_score")]
    if len(found) != 1 or not found[0]["terms"]:
        return None
    owner = [_owner(model, term["input"], names) for term in found[0]["terms"]]
    known = [name for name in owner if name is not None]
    if len(known) < len(owner) or set(known) != set(names):
        return None
    return _of_scorecard(space, model_id, found[0], known, names, rows)


def _of_scorecard(
    space: Workspace, model_id: str, step: Step, owner: list[str], names: list[str], rows: NDArray[np.int64]
) -> Explained:
    """In an additive model a characteristic adds the same to every coalition: its term less the background's mean."""
    scored, weight = space.scored[model_id], space.weight[rows]
    values, base = np.zeros((len(space.frame), len(names))), float(step["intercept"])
    for name, term in zip(owner, step["terms"], strict=True):
        part = float(term["coefficient"]) * scored[term["input"]].data
        mean = float(weight @ part[rows] / weight.sum())
        values[:, names.index(name)] += part - mean
        base += mean
    return Explained(names, values, base, rows, (), step["output"])


def _of_points(space: Workspace, model_id: str, rows: NDArray[np.int64]) -> Explained | None:
    """Points given by hand add −slope·points/factor to the log-odds of bad."""
    model, weight = space.package.models[model_id], space.weight[rows]
    scale = next((step for step in steps_of(model, "scale") if step["form"] == "points"), None)
    if scale is None:
        return None
    stated = scale["scaling"]
    factor = stated["points_to_double_odds"] / np.log(2.0)
    own = (step for step in steps_of(model, "calibrate") if step["output"] == model["outputs"]["linear_score"])
    calibration = next(own, {"slope": 1.0, "intercept": 0.0})
    slope, base = float(calibration["slope"]), float(scale["base_points"])
    columns = []
    for item in scale["characteristics"]:
        points = space.scored[model_id][item["output"]].data
        mean = float(weight @ points[rows] / weight.sum())
        columns.append(-slope * (points - mean) / factor)
        base += mean
    offset = stated["base_score"] - factor * np.log(stated["base_odds"])
    names = [item["characteristic"] for item in scale["characteristics"]]
    held = float(slope * (offset - base) / factor + float(calibration["intercept"]))
    return Explained(names, np.column_stack(columns), held, rows, (), model["outputs"]["linear_score"])


def _of_trees(
    space: Workspace, model_id: str, trees: Step, names: list[str], rows: NDArray[np.int64]
) -> Explained | None:
    owner = [_owner(space.package.models[model_id], feature, names) for feature in trees["features"]]
    if None in owner:
        return None
    owners = [names.index(name) for name in owner if name is not None]
    matrix = features_of(space, model_id, trees)
    share = space.weight[rows] / space.weight[rows].sum()
    used = np.unique(np.concatenate(list(space.rows.values())))
    found = np.full((len(matrix), len(names)), np.nan)
    inside = attribution.shapley_values(trees, owners, matrix[used], matrix[rows], share)
    found[used] = np.pad(inside, ((0, 0), (0, len(names) - inside.shape[1])))
    scored = space.scored[model_id]
    start = 0.0 if trees["offset"] is None else scored[trees["offset"]].data[rows]
    base = float(share @ (scored[trees["output"]].data[rows] - start))
    return Explained(names, found, base, rows, ((trees, owners),), trees["output"])


def features_of(space: Workspace, model_id: str, trees: Step) -> Floats:
    """Return the features of the trees over the snapshot (n, features)."""
    return np.column_stack([as_number(space.scored[model_id][name]).data for name in trees["features"]])


def _owner(model: Mapping[str, Any], feature: str, names: list[str]) -> str | None:
    """The characteristic that a feature is, or is made of."""
    if feature in names:
        return feature
    for step in model["steps"]:
        if feature in made_by(step):
            return next((name for name in read_by(step) if name in names), None)
    return None
