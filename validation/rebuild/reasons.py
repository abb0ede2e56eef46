"""What reasons are held against, worked out from the plan's rule: points, backgrounds of trees, baseline applicants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.reference import Rule, rule_of, spaced_rows, typical_number, typical_text
from validation.rebuild.staged import attributions_of, characteristics_of, leaves_of, part_of
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.score import run_step
from validation.steps import attribution, points, values
from validation.steps.values import Value
from validation.structure import made_by, read_by, steps_of

Floats = NDArray[np.float64]
Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """The published reasons of one model: its `reasons` step, the attributions behind it, and its rule."""

    model_id: str
    model: Mapping[str, Any]
    step: Step
    attributions: tuple[Step, ...]
    rule: Rule

    @property
    def staged(self) -> bool:
        """Whether the model has two stages or more."""
        return bool(self.model["model"]["type"] == "two_stage")


def told_by(space: Workspace, model_id: str) -> Told | None:
    """Return the published reasons of a model, or None where it gives none."""
    model = space.package.models[model_id]
    for step in steps_of(model, "reasons"):
        if step["output"] == model["outputs"].get("reasons"):
            return Told(model_id, model, step, attributions_of(model, step), rule_of(space.package))
    return None


def members_of(space: Workspace, told: Told, name: str) -> list[str]:
    """Return the characteristics behind a reason: those of the plan's group that the model has, or itself."""
    if name not in told.rule.groups:
        return [name]
    read = characteristics_of(told.model, set(space.package.plan.get("derive") or {}))
    return [member for member in told.rule.groups[name] if member in read]


def behind(space: Workspace, told: Told, name: str) -> set[str]:
    """Return the characteristics whose points or attributions a value adds up, and the column of a first stage."""
    derived = set(space.package.plan.get("derive") or {})
    features = {c["output"]: c["features"] for step in told.attributions for c in step["characteristics"]}
    found: set[str] = set()
    for leaf in leaves_of(told.model, name):
        part = part_of(told.model, leaf)
        found |= _roots(told.model, [part["input"]] if part else features.get(leaf, [leaf]), derived)
    return found


def _roots(model: Step, names: Sequence[str], derived: set[str]) -> set[str]:
    """Return the inputs, and the characteristics that the plan derives, which values go back to."""
    makers = {name: step for step in model["steps"] for name in made_by(step)}
    found: set[str] = set()
    for name in names:
        found |= {name} if name in derived or name not in makers else _roots(model, read_by(makers[name]), derived)
    return found


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


def references(space: Workspace, told: Told, method: str | None = None) -> list[float]:
    """Return what every reason is held against: of each stage its points by the rule; of attributions nothing."""
    method, rows = method or told.rule.method, reference_rows(space, told, method)
    attributed = {c["output"] for step in told.attributions for c in step["characteristics"]}
    found = []
    for item in told.step["characteristics"]:
        leaves = [leaf for leaf in leaves_of(told.model, item["input"]) if leaf not in attributed]
        found.append(float(sum(_held_against(space, told, leaf, method, rows) for leaf in leaves)))
    return found


def _held_against(space: Workspace, told: Told, leaf: str, method: str, rows: NDArray[np.int64]) -> float:
    """What one value in points is held against: of a characteristic, or of the column that is the first stage."""
    part, scored = part_of(told.model, leaf), space.scored[told.model_id]
    if method == "maximum":
        most = scored[leaf].data[space.rows[DEVELOPMENT]] if part is None else part["points"]
        return float(max(most))
    if method == "baseline":
        if part is not None:
            return _baseline_points(space, told, part, rows)
        return _baseline_column(space, told, leaf, rows)
    weight = space.weight[rows]
    return float(weight @ scored[leaf].data[rows] / np.sum(weight))


def _baseline_column(space: Workspace, told: Told, leaf: str, rows: NDArray[np.int64]) -> float:
    """Points of the baseline applicant's value of the column that is the first stage."""
    steps = told.model["steps"]
    scale = next(step for step in steps if leaf in made_by(step))
    offset = next(step for step in steps if scale["input"] in made_by(step))
    names = {term["input"]: typical(space, told, term["input"], rows) for term in offset["terms"]}
    names |= run_step(offset, names, 1, steps)
    return float(run_step(scale, names, 1, steps)[leaf].data[0])


def parts_of(told: Told, name: str) -> list[Step]:
    """Return the entries of the points table that a value adds up."""
    found = [part_of(told.model, leaf) for leaf in leaves_of(told.model, name)]
    return [part for part in found if part is not None]


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


def background_of(space: Workspace, told: Told, of: Step, method: str | None = None) -> Background:
    """Return the rows that the trees of an attribution `of` are compared with, by the plan's rule or another method."""
    method, rows = method or told.rule.method, reference_rows(space, told, method)
    features = trees_of(told, of)["features"]
    if method == "baseline":
        made = _made_from_characteristics(space, told, of, rows)
        one = [values.as_number(made[name]).data[0] for name in features]
        return Background(np.array([one], dtype=np.float64), np.ones(1))
    linear = space.output(told.model_id, "linear_score")
    assert linear is not None
    places, weights = spaced_rows(linear.data[rows], space.weight[rows], told.rule.background_rows)
    scored = space.scored[told.model_id]
    matrix = np.column_stack([values.as_number(scored[name]).data for name in features])
    return Background(matrix[rows][places], weights)


def trees_of(told: Told, of: Step) -> Step:
    """Return the trees that an attribution explains."""
    return next(s for s in steps_of(told.model, "trees") if s["id"] == of["trees"])


def _made_from_characteristics(space: Workspace, told: Told, of: Step, rows: NDArray[np.int64]) -> dict[str, Value]:
    """Every value that can be made for one applicant with the baseline's characteristics."""
    members = [m for item in of["characteristics"] for m in members_of(space, told, item["characteristic"])]
    names = {member: typical(space, told, member, rows) for member in members}
    for step in told.model["steps"]:
        fresh = not set(made_by(step)) & set(names)
        if fresh and set(read_by(step)) <= set(names) and step["type"] in ("derive", "classing"):
            names.update(run_step(step, names, 1, told.model["steps"]))
    return names


def reasons_by(space: Workspace, told: Told, method: str, rows: NDArray[np.int64]) -> list[tuple[str, ...]]:
    """Return the reasons that `rows` of the snapshot would be told by another method."""
    scored, step = space.scored[told.model_id], told.step
    none = np.zeros(len(rows), dtype=bool)
    attributed: dict[str, Floats] = {}
    for of in told.attributions:
        trees, background = trees_of(told, of), background_of(space, told, of, method)
        matrix = np.column_stack([values.as_number(scored[name]).data[rows] for name in trees["features"]])
        owners = attribution.owners_of(of, trees)
        share = background.weights / background.weights.sum()
        found = attribution.shapley_values(trees, owners, matrix, background.rows, share)
        for number, item in enumerate(of["characteristics"]):
            attributed[item["output"]] = float(of["multiplier"]) * found[:, number]
    names: dict[str, Value] = {}
    for item in step["characteristics"]:
        total = np.zeros(len(rows))
        for leaf in leaves_of(told.model, item["input"]):
            total = total + (attributed[leaf] if leaf in attributed else scored[leaf].data[rows])
        names[item["input"]] = values.number(total, none)
    items = [
        {**item, "baseline": reference - step["rank_step"] * rank}
        for rank, (item, reference) in enumerate(
            zip(step["characteristics"], references(space, told, method), strict=True), start=1
        )
    ]
    return list(points.reasons({**step, "characteristics": items}, names)[step["output"]].data)
