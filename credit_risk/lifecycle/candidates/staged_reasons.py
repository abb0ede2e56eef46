"""Reason codes of a two-stage model: what every stage adds for a characteristic counts, the first stage's too.

A reason's value is the sum over the stages of its points, or of its attributions in points, and so is what it is held
against: points their mean, most or baseline's, attributions nothing, since their own background is the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.explanation import reasons as r
from credit_risk.explanation.reference import (
    BASELINE,
    MAXIMUM,
    ReferenceGroup,
    reference_words,
    systematic_rows,
    typical_number,
)
from credit_risk.lifecycle.candidates import reasons as own
from credit_risk.lifecycle.candidates.training import Candidate, Floats, Grown, Stage, Training
from credit_risk.models.assemble import Identity, document
from credit_risk.plan import Plan
from credit_risk.scoring import CompiledModel, compile_model
from credit_risk.scoring.step_names import free_name

Step = dict[str, Any]
Values = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Staged:
    """A model of two stages before its reasons: model.json, ready to score, its stages, names that are taken."""

    model: Mapping[str, Any]
    compiled: CompiledModel
    stages: tuple[Stage, ...]
    taken: set[str]


def staged(candidate: Candidate) -> Staged:
    """The model of a two-stage candidate without its reasons."""
    made = {step["id"] for step in candidate.reasons.steps()} if candidate.reasons is not None else set()
    steps = [step for step in candidate.model["steps"] if step["id"] not in made]
    model = {**candidate.model, "steps": steps, "outputs": {**candidate.model["outputs"], "reasons": None}}
    taken = {item["name"] for item in model["inputs"]} | {s["output"] for s in steps if s["type"] == "derive"}
    return Staged(model, compile_model(model), candidate.stages, taken)


@dataclass(frozen=True, slots=True)
class _Part:
    """What a stage gives for each reason: names of values and what they are held against; steps; of trees, base."""

    values: Mapping[str, tuple[str, ...]]
    references: Mapping[str, float]
    steps: tuple[Step, ...] = ()
    base: float | None = None
    used: int = 0


@dataclass(frozen=True, slots=True)
class _Reference:
    """What all stages are held against: values of development by name, the method, its group, the reasons' members."""

    plan: Plan
    training: Training
    whole: Staged
    values: Values
    method: str
    group: ReferenceGroup
    members: Mapping[str, tuple[str, ...]]


def staged_reasons(plan: Plan, training: Training, whole: Staged, method: str | None = None) -> r.ReasonCodes | None:
    """Reason codes by the plan's reference, or by `method`; None for `maximum` where a stage is of trees."""
    spec, method = plan.reason_codes, method or plan.reason_codes.reference
    trees = any(stage.grown is not None for stage in whole.stages)
    if method == MAXIMUM and trees:
        return None
    names = list(dict.fromkeys(name for stage in whole.stages for name in stage.characteristics))
    members = own.players_of(plan, training, names)
    values = whole.compiled.values(training.frame)
    score = np.asarray(values[whole.model["outputs"]["score"]], dtype=float)
    held = _Reference(plan, training, whole, values, method, own.group_of(plan, method, score), members)
    parts = [_part(held, stage) for stage in whole.stages]
    named, references, sums = _together(members, parts, {*values, *(s["output"] for p in parts for s in _made(p))})
    used = max((part.used for part in parts), default=0)
    population = int(held.group.rows.sum())
    bases = [part.base for part in parts if part.base is not None]
    words = own.words_by_reason(plan, training, members)
    return r.ReasonCodes(
        r.ATTRIBUTIONS if trees else r.POINTS,
        reference_words(method, held.group.applicants, "attributions" if trees else "points"),
        r.rank_reasons_of(members, named, references, words, spec.rank_step),
        spec.maximum,
        spec.rank_step,
        own.inquiries_of(plan, members),
        (*(step for part in parts for step in part.steps), *sums),
        r.Compared(
            method,
            held.group.applicants,
            population,
            used if trees else 1 if method == BASELINE else population,
            sum(bases) if bases else None,
        ),
    )


def reason_values(training: Training, whole: Staged, codes: r.ReasonCodes) -> Floats:
    """Points (n, reasons) of the development rows, as `codes` reads them."""
    model = {**whole.model, "steps": [*whole.model["steps"], *codes.preparation]}
    values = compile_model(model).values(training.frame)
    return np.column_stack([np.asarray(values[reason.value], dtype=np.float64) for reason in codes.reasons])


def _made(part: _Part) -> list[dict[str, str]]:
    return [each for step in part.steps for each in step["characteristics"]]


def _together(
    members: Mapping[str, tuple[str, ...]], parts: Sequence[_Part], taken: set[str]
) -> tuple[dict[str, str], dict[str, float], list[Step]]:
    """By reason the value that holds it and its reference, and the steps that add up what more than one value holds."""
    named: dict[str, str] = {}
    references: dict[str, float] = {}
    steps: list[Step] = []
    for name in members:
        inputs = [value for part in parts for value in part.values.get(name, ())]
        references[name] = float(sum(part.references[name] for part in parts if name in part.references))
        if len(inputs) == 1:
            named[name] = inputs[0]
            continue
        named[name] = free_name(f"points({name}) of all stages", taken)
        steps.append({"id": named[name], "type": "sum", "inputs": inputs, "output": named[name]})
    return named, references, steps


def _part(held: _Reference, stage: Stage) -> _Part:
    found = {name: tuple(m for m in each if m in stage.characteristics) for name, each in held.members.items()}
    inside = {name: each for name, each in found.items() if each}
    if stage.grown is not None:
        return _trees_part(held, stage.grown, inside)
    reference = _column_reference(held, stage) if stage.column is not None else _points_reference(held, stage)
    references = {name: sum(reference(m) for m in each) for name, each in inside.items()}
    return _Part({name: tuple(stage.named[m] for m in each) for name, each in inside.items()}, references)


def _mean(held: _Reference, value: str) -> float:
    rows = held.group.rows
    weights, values = held.training.weights[rows], np.asarray(held.values[value], dtype=np.float64)[rows]
    return float(np.sum(weights * values) / np.sum(weights))


def _points_reference(held: _Reference, stage: Stage) -> Callable[[str], float]:
    """What the points of each characteristic of a scorecard are held against."""
    assert stage.points is not None
    table = stage.points.points
    if held.method == BASELINE:
        typical = own.baseline_values(held.plan, held.training, list(table), held.group.rows)
        tables = held.training.tables
        return lambda name: float(table[name][own.bin_of(tables[name], typical[name])])
    if held.method == MAXIMUM:
        return lambda name: float(table[name].max())
    return lambda name: _mean(held, stage.named[name])


def _column_reference(held: _Reference, stage: Stage) -> Callable[[str], float]:
    """What the points of the column that is the first stage are held against; its most are those of development."""
    if held.method == MAXIMUM:
        return lambda name: float(np.max(held.values[stage.named[name]]))
    if held.method == BASELINE:
        return lambda name: _typical_points(held, stage, name)
    return lambda name: _mean(held, stage.named[name])


def _typical_points(held: _Reference, stage: Stage, name: str) -> float:
    """Points of the baseline applicant's value of the column: that of the plan, else the typical one."""
    value, stated = stage.named[name], held.plan.reason_codes.baseline.get(name)
    if isinstance(stated, str | bool):
        fault = Fault(f"{name!r} is a number", "baseline", path=f"reason_codes.baseline.{name}", found=repr(stated))
        raise ModelError(fault)
    rows = held.group.rows
    column = held.training.frame[name].to_numpy(np.float64)[rows]
    typical = typical_number(column, held.training.weights[rows]) if stated is None else float(stated)
    steps = [step for step in held.whole.model["steps"] if step.get("output") in (stage.linear, value)]
    inputs = [held.training.inputs[name]]
    model = document(Identity("offset", "offset", "0", "", ""), "two_stage", inputs, steps, {})
    return float(compile_model(model).values(pd.DataFrame({name: [typical]}))[value][0])


def _trees_part(held: _Reference, grown: Grown, inside: Mapping[str, tuple[str, ...]]) -> _Part:
    plan, training, rows = held.plan, held.training, held.group.rows
    if held.method == BASELINE:
        chosen = own.baseline_values(plan, training, list(grown.features), rows)
        background, weights = own.features_of(grown, training, chosen), np.ones(1)
    else:
        linear = np.asarray(held.values[held.whole.model["outputs"]["linear_score"]], dtype=float)
        size = plan.reason_codes.background_rows
        places, weights = systematic_rows(linear[rows], training.weights[rows], size)
        background = grown.matrix(held.values)[rows][places]
    tag = str(grown.trees["id"]).removesuffix("trees")
    factor, applicants = training.scaling.factor, held.group.applicants
    step = own.attribution_step(grown, inside, background, weights, applicants, factor, tag)
    values = {part["characteristic"]: (part["output"],) for part in step["characteristics"]}
    return _Part(values, dict.fromkeys(inside, 0.0), (step,), step["base"], len(background))
