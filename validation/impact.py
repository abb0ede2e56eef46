"""What a wrong parameter does to a model: the snapshot scored again with the rebuilt values in place of the stated."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.materiality import Effects
from validation.rebuild import metrics
from validation.rebuild.workspace import Workspace
from validation.score import score
from validation.steps.values import Value
from validation.structure import steps_of

Mask = NDArray[np.bool_]
PROBABILITIES = ("probability", "probability_with_margin", "expected_value")
FLOOR = 1e-6
"""Probabilities below it are compared as if of its size."""


@dataclass(frozen=True, slots=True)
class Change:
    """One rebuilt value: where it stands in a model (step by id, then keys and places), and what it is."""

    model_id: str
    step: str
    path: tuple[str | int, ...]
    value: Any


def impact_of(space: Workspace, changes: Sequence[Change | Sequence[Change]]) -> Callable[[Mask], Effects]:
    """Return what the ledger calls where a comparison is breached: the effects of the places that are marked.

    changes (n,): what replaces the stated value of each place compared, one value or several.
    """

    def measured(wrong: Mask) -> Effects:
        chosen = [one for one, marked in zip(changes, wrong, strict=True) if marked]
        return effects_of(space, [one for some in chosen for one in ([some] if isinstance(some, Change) else some)])

    return measured


def effects_of(space: Workspace, changes: Sequence[Change]) -> Effects:
    """Score the snapshot again with the changes made, and return the greatest effects over the models they touch."""
    by_model: dict[str, list[Change]] = {}
    for one in changes:
        by_model.setdefault(one.model_id, []).append(one)
    found = [compare_values(space, name, *_again(space, name, some)) for name, some in by_model.items()]
    return reduce(Effects.greatest, found, Effects())


def _again(space: Workspace, model_id: str, changes: Sequence[Change]) -> tuple[dict[str, Any], Mapping[str, Value]]:
    model = changed(space.package.models[model_id], changes)
    return model, score(model, space.frame)


def coefficient_changes(model_id: str, step: Mapping[str, Any], values: Sequence[float] | NDArray) -> list[Change]:
    """Return rebuilt coefficients (1 + terms,), the constant first, in place of those of a linear step."""
    paths: list[tuple[str | int, ...]] = [("intercept",)]
    paths += [("terms", place, "coefficient") for place in range(len(step["terms"]))]
    return [Change(model_id, step["id"], path, float(value)) for path, value in zip(paths, values, strict=True)]


def changed(model: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """Return a copy of a model with the changes made; raises KeyError where a step or key is not there."""
    result = copy.deepcopy(dict(model))
    steps = {step["id"]: step for step in result["steps"]}
    for one in changes:
        node = steps[one.step]
        for key in one.path[:-1]:
            node = node[key]
        node[one.path[-1]] = one.value
    return result


def compare_values(space: Workspace, model_id: str, model: Mapping[str, Any], rebuilt: Mapping[str, Value]) -> Effects:
    """Return how far the values of a rebuilt model lie from those of the stated one, over all rows of the snapshot."""
    stated, outputs = space.scored[model_id], space.package.models[model_id]["outputs"]
    names = [outputs[key] for key in PROBABILITIES if outputs.get(key)]
    moves: list[float | None] = [_relative(stated[name], rebuilt[name]) for name in names]
    moves.append(_grade_move(space.package.models[model_id], model, stated, rebuilt))
    probability = max((move for move in moves if move is not None), default=None)
    results = _results(space.package.models[model_id], stated, rebuilt)
    return Effects(probability, _ranking(space, outputs, stated, rebuilt), max(results.values(), default=None), results)


def _relative(stated: Value, rebuilt: Value) -> float:
    """Mean |stated − rebuilt|/rebuilt; where only one of the two is there, all of the value changed."""
    d, v = stated.data.astype(np.float64), rebuilt.data.astype(np.float64)
    both, one = ~np.isnan(d) & ~np.isnan(v), np.isnan(d) != np.isnan(v)
    move = np.where(one, 1.0, 0.0)
    move[both] = np.abs(d[both] - v[both]) / np.maximum(np.abs(v[both]), FLOOR)
    return float(np.mean(move)) if len(move) else 0.0


def _grade_move(
    old: Mapping[str, Any], new: Mapping[str, Any], stated: Mapping[str, Value], rebuilt: Mapping[str, Value]
) -> float | None:
    """Mean relative change of the probability of the grade that an applicant has; None without such."""
    moves = []
    for before, after in zip(steps_of(old, "grade"), steps_of(new, "grade"), strict=True):
        pair = []
        for step, values in ((before, stated), (after, rebuilt)):
            table = {item["grade"]: item["probability"] for item in step["grades"]}
            column = [table.get(grade) for grade in values[step["output"]].data]
            data = np.array([np.nan if p is None else p for p in column], dtype=np.float64)
            pair.append(Value("number", data, np.isnan(data)))
        if not all(np.isnan(one.data).all() for one in pair):
            moves.append(_relative(*pair))
    return max(moves, default=None)


def _ranking(
    space: Workspace, outputs: Mapping[str, Any], stated: Mapping[str, Value], rebuilt: Mapping[str, Value]
) -> float | None:
    """Change of the AUC over the rows of all samples whose outcome is known; None where there is no ranking."""
    name = outputs.get("linear_score") or outputs.get("probability")
    if space.package.outcome_type != "binary" or name is None:
        return None
    rows = np.concatenate([np.zeros(0, dtype=np.int64), *(space.known(sample) for sample in space.rows)])
    old, new = stated[name].data[rows], rebuilt[name].data[rows]
    kept = ~np.isnan(old) & ~np.isnan(new)
    outcome, weight = space.outcome[rows][kept], space.weight[rows][kept]
    if len(np.unique(outcome)) < 2:
        return None
    return abs(metrics.auc(outcome, old[kept], weight).auc - metrics.auc(outcome, new[kept], weight).auc)


def _results(model: Mapping[str, Any], stated: Mapping[str, Value], rebuilt: Mapping[str, Value]) -> dict[str, float]:
    """Share of the rows with another grade, decision, rounded score, reasons or bin, by kind."""
    outputs, names = model["outputs"], {}
    for key, word in (("grade", "grade"), ("overall_decision", "decision"), ("reasons", "reasons")):
        if outputs.get(key):
            names[outputs[key]] = word
    names |= dict.fromkeys(outputs.get("decision") or [], "rule")
    names |= {
        step["output"]: "score"
        for step in steps_of(model, "scale")
        if step["rounding"] != "none" and step["output"] == outputs.get("score")
    }
    names |= {step["output"]: "grade" for step in steps_of(model, "grade")}
    names |= {step["output_bin"]: "bin" for step in steps_of(model, "classing")}
    found: dict[str, float] = {}
    for name, word in names.items():
        found[word] = max(found.get(word, 0.0), _share(stated[name], rebuilt[name]))
    return found


def _share(stated: Value, rebuilt: Value) -> float:
    if stated.kind == "number":
        return float(np.mean(~((stated.data == rebuilt.data) | (np.isnan(stated.data) & np.isnan(rebuilt.data)))))
    if stated.data.dtype == object:
        return float(np.mean([one != two for one, two in zip(stated.data, rebuilt.data, strict=True)]))
    return float(np.mean(stated.data != rebuilt.data))
