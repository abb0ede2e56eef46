"""The first stage of a two-stage model: an earlier candidate, or a column, made part of the second stage's model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import Fault, ModelError
from credit_risk.lifecycle.candidates.fields import derivations, read_inputs, taken_names
from credit_risk.lifecycle.candidates.training import Candidate, FitContext, Floats, Grown, Stage, Training
from credit_risk.models.assemble import Identity, InputColumn, Start, document, score_step
from credit_risk.models.embedding import Embedded, embedded_steps, free_prefix, needed_steps
from credit_risk.models.spec import OffsetSpec
from credit_risk.scaling.points import Scaling
from credit_risk.scoring import CompiledModel, compile_model
from credit_risk.scoring.step_names import free_name

Step = dict[str, Any]
PREFIX = "first"


@dataclass(frozen=True, slots=True)
class Sources:
    """What a model reads: derive steps, inputs, and the names that they take."""

    derived: list[Step]
    inputs: list[InputColumn]
    taken: set[str]


@dataclass(frozen=True, slots=True)
class FirstStage:
    """offset: log-odds of bad (n,) of development. characteristics: what it reads; reads: those, and the column.

    candidate: the earlier candidate, or None where the first stage is a column.
    """

    spec: OffsetSpec
    offset: Floats
    characteristics: tuple[str, ...]
    reads: tuple[str, ...]
    candidate: Candidate | None = None

    def sources(self, names: Sequence[str], training: Training) -> Sources:
        """What a model of both stages reads, whose second stage has the characteristics `names`."""
        return sources([*self.reads, *names], training)

    def inside(self, taken: set[str], scaling: Scaling) -> Inside:
        """The steps of this stage in a model whose inputs and derived characteristics are `taken`."""
        if self.candidate is None:
            return _column_inside(self.spec, taken, scaling)
        return _candidate_inside(self.candidate, taken)


@dataclass(frozen=True, slots=True)
class Inside:
    """A first stage inside a model: its steps, where the second stage starts, and its stages as `finish` makes them.

    made: the stages of the embedded candidate, as it names them; renamed: its names inside.
    """

    steps: list[Step]
    start: Start
    embedded: Embedded
    made: tuple[Stage, ...]
    prefix: str = ""

    def stages(self, model: Mapping[str, Any], compiled: CompiledModel, taken: set[str]) -> tuple[Stage, ...]:
        """Its stages under the names of `model`, which holds them."""
        return tuple(self._stage(stage, model, compiled, taken) for stage in self.made)

    def _stage(self, stage: Stage, model: Mapping[str, Any], compiled: CompiledModel, taken: set[str]) -> Stage:
        names = self.embedded.renamed
        linear = names.get(stage.linear, stage.linear)
        named = {name: names.get(value, value) for name, value in stage.named.items()}
        if stage.grown is None:
            return Stage(linear, stage.points, named, None, stage.column)
        own = {f"{self.prefix}.{step['id']}" for step in stage.grown.preparation}
        features = {name: tuple(names.get(one, one) for one in each) for name, each in stage.grown.features.items()}
        preparation = [step for step in self.embedded.steps if step["id"] in own]
        return Stage(linear, None, {}, Grown(model, compiled, linear, features, preparation, taken))


def sources(names: Sequence[str], training: Training) -> Sources:
    """What a model of these characteristics, and offset columns, reads."""
    derived, inputs = derivations(names, training), read_inputs(names, training)
    return Sources(derived, inputs, taken_names(inputs, derived))


def first_stage(spec: Any, context: FitContext) -> FirstStage | None:
    """The first stage of a candidate on development; None where it has none.

    Raises ModelError where the column is no number, or missing or not finite in some rows.
    """
    offset: OffsetSpec | None = spec.offset
    if offset is None:
        return None
    if offset.model is None:
        return _of_column(spec.id, offset, context.training)
    first = context.fitted[offset.model]
    values = np.asarray(first.compiled.values(context.training.frame)[first.unrounded], dtype=np.float64)
    columns = tuple(stage.column for stage in first.parts if stage.column is not None)
    return FirstStage(offset, values, first.characteristics, (*columns, *first.characteristics), first)


def _of_column(model: str, offset: OffsetSpec, training: Training) -> FirstStage:
    name, path = str(offset.column), f"models.{model}.offset.column"
    if not pd.api.types.is_numeric_dtype(training.frame[name]):
        raise ModelError(Fault(f"the offset {name!r} is no number", "offset", path=path, remedy="name another column"))
    column = training.frame[name].to_numpy(np.float64, na_value=np.nan)
    missing = ~np.isfinite(column)
    if missing.any():
        found = f"{int(missing.sum()):,} of {len(column):,} development rows"
        message, remedy = f"the offset {name!r} is missing", "fill it in the source, or leave these rows out"
        raise ModelError(Fault(message, "offset", path=path, found=found, remedy=remedy))
    step = _offset_step(offset, "offset")
    unnamed = document(Identity("offset", "offset", "0", "", ""), "two_stage", [training.inputs[name]], [step], {})
    values = np.asarray(compile_model(unnamed).values(training.frame)["offset"], dtype=np.float64)
    return FirstStage(offset, values, (), (name,))


def _offset_step(offset: OffsetSpec, output: str) -> Step:
    """Log-odds of bad from the column: the column itself, or (score at odds 1 − points)/factor."""
    intercept, coefficient = 0.0, 1.0
    if offset.points_to_double_odds is not None:
        assert offset.base_score is not None
        assert offset.base_odds is not None
        scale = Scaling(offset.points_to_double_odds, offset.base_score, offset.base_odds)
        intercept, coefficient = scale.offset / scale.factor, -1.0 / scale.factor
    terms = [{"input": str(offset.column), "coefficient": coefficient}]
    return {
        "id": "offset",
        "type": "linear",
        "intercept": intercept,
        "offset": None,
        "terms": terms,
        "output": output,
    }


def _column_inside(offset: OffsetSpec, taken: set[str], scaling: Scaling) -> Inside:
    linear, score = free_name("offset", taken), free_name("offset_score", taken)
    steps = [_offset_step(offset, linear), score_step(scaling, "offset_score", linear, score)]
    start = Start(linear, score, free_name("stage_score", taken))
    stage = Stage(linear, None, {str(offset.column): score}, None, offset.column)
    return Inside(steps, start, Embedded(steps, {}), (stage,))


def _candidate_inside(first: Candidate, taken: set[str]) -> Inside:
    prefix = free_prefix(PREFIX, taken)
    embedded = embedded_steps(first.model, prefix, taken)
    linear, score = embedded.renamed[first.unrounded], embedded.renamed[first.model["outputs"]["score"]]
    start = Start(linear, score, free_name("stage_score", taken))
    values = [name for stage in first.parts for name in stage.named.values()]
    needed = needed_steps(embedded.steps, [linear, start.score, *(embedded.renamed[name] for name in values)])
    return Inside(needed, start, Embedded(needed, embedded.renamed), first.parts, prefix)
