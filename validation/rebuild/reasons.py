"""What reasons are held against, worked out from the plan's rule: points, backgrounds of trees, baseline applicants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.reference import Rule, rule_of, spaced_rows, typical_number, typical_text
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.score import run_step
from validation.steps import attribution, points, values
from validation.steps.values import Value
from validation.structure import made_by, read_by, steps_of

Floats = NDArray[np.float64]
Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """The published reasons of one model: its `reasons` step, the attribution behind it, or None, and its rule."""

    model_id: str
    model: Mapping[str, Any]
    step: Step
    attribution: Step | None
    rule: Rule


def told_by(space: Workspace, model_id: str) -> Told | None:
    """Return the published reasons of a model, or None where it gives none."""
    model = space.package.models[model_id]
    for step in steps_of(model, "reasons"):
        if step["output"] == model["outputs"].get("reasons"):
            read = {item["input"] for item in step["characteristics"]}
            own = [s for s in steps_of(model, "attribution") if read & {c["output"] for c in s["characteristics"]}]
            return Told(model_id, model, step, own[0] if own else None, rule_of(space.package))
    return None


def members_of(told: Told, name: str) -> list[str]:
    """Return the characteristics behind a reason: those of the plan's group that the model has, or itself."""
    if name not in told.rule.groups:
        return [name]
    known = {item["name"] for item in told.model["inputs"]} | {n for s in told.model["steps"] for n in made_by(s)}
    scored = {item["characteristic"] for s in steps_of(told.model, "scale") for item in s.get("characteristics", [])}
    return [member for member in told.rule.groups[name] if member in (scored or known)]


def source_columns(model: Step, names: list[str]) -> list[str]:
    """Return the inputs of a model that characteristics are read from, derived ones through their expressions."""
    derived = {name: step for step in steps_of(model, "derive") for name in made_by(step)}
    found: dict[str, None] = {}
    for name in names:
        if name in derived:
            found |= dict.fromkeys(source_columns(model, read_by(derived[name])))
        else:
            found[name] = None
    return list(found)


def reference_rows(space: Workspace, told: Told, method: str | None = None) -> NDArray[np.int64]:
    """Return the snapshot rows of the development applicants that a method compares with."""
    rows = space.rows[DEVELOPMENT]
    score = space.output(told.model_id, "score")
    return rows if score is None else rows[told.rule.rows(score.data[rows], method)]


def point_references(space: Workspace, told: Told, method: str | None = None) -> list[float]:
    """Return the reference points of every reason of a scorecard."""
    method, rows = method or told.rule.method, reference_rows(space, told, method)
    weight = space.weight[rows]
    found = []
    for item in told.step["characteristics"]:
        if method == "maximum":
            found.append(float(sum(max(part["points"]) for part in parts_of(told, item["input"]))))
        elif method == "baseline":
            found.append(
                float(sum(_baseline_points(space, told, part, rows) for part in parts_of(told, item["input"])))
            )
        else:
            own = space.scored[told.model_id][item["input"]].data[rows]
            found.append(float(weight @ own / np.sum(weight)))
    return found


def parts_of(told: Told, name: str) -> list[Step]:
    """Return the entries of the points table that a value adds up."""
    items = [item for s in steps_of(told.model, "scale") for item in s.get("characteristics", [])]
    direct = [item for item in items if item["output"] == name]
    if direct:
        return direct
    inputs = [n for s in steps_of(told.model, "sum") if s["output"] == name for n in s["inputs"]]
    return [part for n in inputs for part in parts_of(told, n)]


def _baseline_points(space: Workspace, told: Told, part: Step, rows: NDArray[np.int64]) -> float:
    classing = next(s for s in steps_of(told.model, "classing") if s["output_bin"] == part["input"])
    made = run_step(
        classing, {classing["input"]: typical(space, told, classing["input"], rows)}, 1, told.model["steps"]
    )
    return float(part["points"][int(made[classing["output_bin"]].data[0])])


def typical(space: Workspace, told: Told, name: str, rows: NDArray[np.int64]) -> Value:
    """Return the baseline applicant's value of a characteristic: that of the plan, else the typical one of `rows`."""
    given = space.scored[told.model_id][name]
    none = np.zeros(1, dtype=bool)
    if given.kind == "string":
        value: Any = typical_text(given.data[rows], space.weight[rows])
        if name in told.rule.baseline:
            value = _text(told.rule.baseline[name])
        return values.string(np.array([value], dtype=object), none)
    found = typical_number(given.data[rows], space.weight[rows], _codes(space, told, name))
    if name in told.rule.baseline:
        stated = told.rule.baseline[name]
        found = np.nan if stated is None else float(stated)
    return values.number(np.array([found]), none, np.isnan([found]))


def _text(stated: Any) -> str | None:
    if stated is None or isinstance(stated, str):
        return stated
    return str(stated).lower() if isinstance(stated, bool) else values.text_of_number(stated)


def _codes(space: Workspace, told: Told, name: str) -> list[float]:
    """Special codes of a characteristic: those of its bins, else those that its input declares, in order."""
    for model in (told.model, *space.package.models.values()):
        for step in steps_of(model, "classing"):
            if step["input"] == name and step["kind"] == "numeric":
                return [float(code) for item in step["bins"] for code in item.get("codes", [])]
    declared = [item for item in told.model["inputs"] if item["name"] == name]
    return [float(special["code"]) for item in declared for special in item["specials"]]


@dataclass(frozen=True, slots=True)
class Background:
    """rows (m, features), NaN missing, and their weights (m,)."""

    rows: Floats
    weights: Floats


def background_of(space: Workspace, told: Told, method: str | None = None) -> Background:
    """Return the rows that trees are compared with, by the plan's rule or by another method."""
    method, rows = method or told.rule.method, reference_rows(space, told, method)
    features = trees_of(told)["features"]
    if method == "baseline":
        made = _made_from_characteristics(space, told, rows)
        one = [values.as_number(made[name]).data[0] for name in features]
        return Background(np.array([one], dtype=np.float64), np.ones(1))
    linear = space.output(told.model_id, "linear_score")
    assert linear is not None
    places, weights = spaced_rows(linear.data[rows], space.weight[rows], told.rule.background_rows)
    scored = space.scored[told.model_id]
    matrix = np.column_stack([values.as_number(scored[name]).data for name in features])
    return Background(matrix[rows][places], weights)


def trees_of(told: Told) -> Step:
    """Return the trees that the attribution explains."""
    assert told.attribution is not None
    name = told.attribution["trees"]
    return next(s for s in steps_of(told.model, "trees") if s["id"] == name)


def _made_from_characteristics(space: Workspace, told: Told, rows: NDArray[np.int64]) -> dict[str, Value]:
    """Every value that can be made for one applicant with the baseline's characteristics."""
    assert told.attribution is not None
    members = [m for item in told.attribution["characteristics"] for m in members_of(told, item["characteristic"])]
    names = {member: typical(space, told, member, rows) for member in members}
    for step in told.model["steps"]:
        fresh = not set(made_by(step)) & set(names)
        if fresh and set(read_by(step)) <= set(names) and step["type"] in ("derive", "classing"):
            names.update(run_step(step, names, 1, told.model["steps"]))
    return names


def reasons_by(space: Workspace, told: Told, method: str, rows: NDArray[np.int64]) -> list[tuple[str, ...]]:
    """Return the reasons that `rows` of the snapshot would be told by another method."""
    scored, step = space.scored[told.model_id], told.step
    names: dict[str, Value] = {}
    if told.attribution is None:
        held = point_references(space, told, method)
        for item in step["characteristics"]:
            given = scored[item["input"]]
            names[item["input"]] = Value(given.kind, given.data[rows], given.error[rows])
    else:
        trees, background = trees_of(told), background_of(space, told, method)
        matrix = np.column_stack([values.as_number(scored[name]).data[rows] for name in trees["features"]])
        owners = attribution.owners_of(told.attribution, trees)
        share = background.weights / background.weights.sum()
        found = attribution.shapley_values(trees, owners, matrix, background.rows, share)
        held = [0.0] * len(step["characteristics"])
        for number, item in enumerate(told.attribution["characteristics"]):
            data = float(told.attribution["multiplier"]) * found[:, number]
            names[item["output"]] = values.number(data, np.zeros(len(rows), dtype=bool))
    items = [
        {**item, "baseline": reference - step["rank_step"] * rank}
        for rank, (item, reference) in enumerate(zip(step["characteristics"], held, strict=True), start=1)
    ]
    return list(points.reasons({**step, "characteristics": items}, names)[step["output"]].data)
