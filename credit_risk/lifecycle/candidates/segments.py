"""The segments of a candidate: given by a column or searched for, and what separate models gain on unseen rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk.lifecycle.candidates.fields import derivations, read_inputs, taken_names
from credit_risk.lifecycle.candidates.training import Floats, Training
from credit_risk.models import segment_rules as rules
from credit_risk.models.assemble import Identity, document
from credit_risk.models.boosting_folds import silent
from credit_risk.models.segment_gain import (
    Gain,
    GainRows,
    crossed_gain,
    fold_of,
    gain_rows,
    quick_bins,
    quick_categories,
)
from credit_risk.models.segment_search import JUDGING, Found, SearchRules, judging_parts, search_segments
from credit_risk.models.segmented_spec import ERROR, LARGEST, SegmentedScorecardSpec
from credit_risk.scoring import compile_model
from credit_risk.scoring.step_names import free_name
from credit_risk.scoring.steps import is_absent, text_of_number

Integers = NDArray[np.int64]
MOST_VALUES = 20
VALUE = "segment"


@dataclass(frozen=True, slots=True)
class Segments:
    """names: of the segments, one where a search is refused. member (n,): place in `names` of each development row.

    expression: that gives the name; variables: that it reads; otherwise: the segment of rows that no rule places, or
    None; gain: on rows that no search has seen, None where it cannot be measured; found: of a search; used: share of
    the development rows that the gain is measured with.
    """

    names: tuple[str, ...]
    member: Integers
    expression: Mapping[str, Any]
    variables: tuple[str, ...]
    otherwise: str | None
    gain: Gain | None
    gain_rows: GainRows
    found: Found | None
    used: float

    @property
    def refused(self) -> bool:
        """Whether a search made no division."""
        return self.found is not None and not self.found.found


def find_segments(
    spec: SegmentedScorecardSpec, training: Training, seed: int, report: Callable[[str], None] = silent
) -> Segments:
    """The segments of a plan's candidate on the development rows. report: takes words on how far a search is.

    Raises ModelError where a variable is no predictor, a row belongs to no segment, or a segment has no bads or goods.
    """
    names = list(spec.characteristics or training.tables)
    _refuse_unknown(spec, training, names)
    return (
        _searched(spec, training, seed, names, report) if spec.segments.search else _given(spec, training, seed, names)
    )


def _refuse_unknown(spec: SegmentedScorecardSpec, training: Training, names: Sequence[str]) -> None:
    path, search = f"models.{spec.id}", spec.segments.search
    named = [(f"{path}.characteristics", name) for name in names]
    named += [(f"{path}.segments.column", name) for name in [spec.segments.column] if name is not None]
    named += [(f"{path}.segments.search.variables", name) for name in (search and search.variables) or ()]
    allowed = ", ".join(training.tables)
    faults = [
        Fault(f"{name} is no predictor", "unknown_characteristic", path=where, found=name, allowed=allowed)
        for where, name in named
        if name not in training.tables
    ]
    if faults:
        raise ModelError(faults)


# ------------------------------------------------------------------------------------------------------- given
def _given(spec: SegmentedScorecardSpec, training: Training, seed: int, names: Sequence[str]) -> Segments:
    column, segments = str(spec.segments.column), spec.segments
    variable = variable_of(training, column)
    groups = segments.groups or _values_as_groups(spec, variable)
    groups = {name: tuple(_as_value(variable, v, spec) for v in values) for name, values in groups.items()}
    if segments.otherwise not in {ERROR, LARGEST, *groups}:
        path, allowed = f"models.{spec.id}.segments.otherwise", ", ".join((ERROR, LARGEST, *groups))
        raise ModelError(Fault("is no segment", "segments", path=path, found=segments.otherwise, allowed=allowed))
    expression = rules.given_expression(column, groups)
    placed = placing(training, expression, [column])
    weights = {name: float(training.weights[placed == name].sum()) for name in groups}
    otherwise = _otherwise(segments.otherwise, weights)
    if otherwise is None:
        _refuse_unplaced(spec, placed, variable)
    placed = _filled(placed, otherwise)
    member = np.array([list(groups).index(name) for name in placed], dtype=np.int64)
    refuse_without_events(spec, tuple(groups), member, training)
    rows, _, inside = prepared_rows(training, {*names, column}, seed, None)
    gain = crossed_gain(rows, member[inside], fold_of(rows.clusters, seed, JUDGING, "judge"))
    made = rules.with_default(expression, otherwise)
    return Segments(tuple(groups), member, made, (column,), otherwise, gain, rows, None, 1.0)


def _values_as_groups(spec: SegmentedScorecardSpec, variable: rules.Variable) -> dict[str, tuple[rules.Value, ...]]:
    values = sorted(set(variable.values[~variable.without].tolist()))
    path = f"models.{spec.id}.segments.column"
    if len(values) < 2:
        message = f"{variable.name!r} has not two values in development"
        raise ModelError(Fault(message, "segments", path=path, found=", ".join(map(_text, values)) or "none"))
    if len(values) > MOST_VALUES:
        message = f"{variable.name!r} has {len(values)} values in development, too many to be segments"
        remedy = "name groups of them in segments.groups, or derive a column with band()"
        raise ModelError(Fault(message, "segments", path=path, allowed=f"at most {MOST_VALUES}", remedy=remedy))
    return {_text(value): (value,) for value in values}


def _as_value(variable: rules.Variable, value: rules.Value, spec: SegmentedScorecardSpec) -> rules.Value:
    """A value of a group in the type of the column. Raises ModelError where a number column has a text."""
    if variable.kind != "numeric":
        return value if isinstance(value, str) else text_of_number(value)
    try:
        return float(value)
    except ValueError:
        path = f"models.{spec.id}.segments.groups"
        raise ModelError(Fault(f"{variable.name!r} is a number", "segments", path=path, found=repr(value))) from None


def _refuse_unplaced(spec: SegmentedScorecardSpec, placed: NDArray[np.object_], variable: rules.Variable) -> None:
    lost = np.array([name is None for name in placed])
    if not lost.any():
        return
    without = variable.without
    unknown = sorted({_text(value) for value in variable.values[lost & ~without].tolist()})
    told = [f"{int((lost & without).sum()):,} without a value"] if (lost & without).any() else []
    told += [f"{int((lost & ~without).sum()):,} with {', '.join(unknown[:10])}"] if unknown else []
    message = f"{int(lost.sum()):,} development rows belong to no segment of {variable.name!r}"
    remedy = "name their values in segments.groups, or write segments.otherwise: largest, or the name of a group"
    path = f"models.{spec.id}.segments"
    raise ModelError(Fault(message, "no_segment", path=path, found="; ".join(told), remedy=remedy))


def _filled(placed: NDArray[np.object_], otherwise: str | None) -> NDArray[np.object_]:
    return np.array([None, *(otherwise if name is None else name for name in placed)], dtype=object)[1:]


def _otherwise(declared: str, weights: Mapping[str, float]) -> str | None:
    if declared == ERROR:
        return None
    return max(weights, key=lambda name: weights[name]) if declared == LARGEST else declared


# ---------------------------------------------------------------------------------------------------- searched
def _searched(
    spec: SegmentedScorecardSpec, training: Training, seed: int, names: Sequence[str], report: Callable[[str], None]
) -> Segments:
    search = spec.segments.search
    assert search is not None
    variables = list(search.variables or names)
    rows, declared, inside = prepared_rows(training, {*names, *variables}, seed, search.max_rows)
    allowed = SearchRules(
        search.max_segments,
        search.max_depth,
        search.min_share,
        search.min_bads,
        search.min_goods,
        search.folds,
        spec.segments.level,
    )
    columns = [_part(variable_of(training, name), inside) for name in variables]
    found = search_segments(
        rows, columns, allowed, seed=seed, weights=declared, report=lambda words: report(f"{spec.id}: {words}")
    )
    segment_names, expression = rules.segment_names(found.tree), rules.tree_expression(found.tree)
    read, used = rules.tree_variables(found.tree), len(inside) / len(training.y)
    if not found.found:
        member = np.zeros(len(training.y), dtype=np.int64)
        return Segments(segment_names, member, expression, (), None, None, rows, found, used)
    placed = placing(training, expression, read)
    weights = {name: float(training.weights[placed == name].sum()) for name in segment_names}
    otherwise = _otherwise(spec.segments.otherwise, weights)
    if otherwise is None and any(name is None for name in placed):
        lost = int(sum(name is None for name in placed))
        message = f"{lost:,} development rows belong to no segment: the rows of the search do not hold their values"
        remedy = "write segments.otherwise: largest, or a greater segments.search.max_rows"
        raise ModelError(Fault(message, "no_segment", path=f"models.{spec.id}.segments", remedy=remedy))
    placed = _filled(placed, otherwise)
    member = np.array([segment_names.index(name) for name in placed], dtype=np.int64)
    refuse_without_events(spec, segment_names, member, training)
    gain = crossed_gain(rows, member[inside], judging_parts(rows, seed))
    made = rules.with_default(expression, otherwise)
    return Segments(segment_names, member, made, read, otherwise, gain, rows, found, used)


# -------------------------------------------------------------------------------------------------------- both
def refuse_without_events(
    spec: SegmentedScorecardSpec, names: Sequence[str], member: Integers, training: Training
) -> None:
    """Raise ModelError with every segment that has no bads or no goods in development."""
    faults = []
    for place, name in enumerate(names):
        mine = member == place
        bads = int(np.count_nonzero(training.y[mine] == 1))
        goods = int(mine.sum()) - bads
        if bads == 0 or goods == 0:
            lacking = "rows" if bads == goods else "bads" if bads == 0 else "goods"
            message = f"the segment {name!r} has no {lacking} in development, so no model can be fitted there"
            found = f"{int(mine.sum()):,} rows, {bads:,} bads, {goods:,} goods"
            remedy = "join it with another segment in segments.groups"
            path = f"models.{spec.id}.segments"
            faults.append(Fault(message, "segment_without_events", path=path, found=found, remedy=remedy))
    if faults:
        raise ModelError(faults)


def prepared_rows(
    training: Training, names: set[str], seed: int, most: int | None
) -> tuple[GainRows, Floats, Integers]:
    """Rows for gains, with the predictors `names` in the order of the classing; their weights; which rows they are.

    most: about how many rows at most, whole clusters drawn by `seed`; None: all. Weights of drawn rows are raised, so
    that they stand for all.
    """
    n = len(training.y)
    clusters = np.arange(n) if training.clusters is None else training.clusters
    parts = 1 if most is None else -(-n // most)
    inside = np.flatnonzero(fold_of(clusters, seed, parts, "rows") == 0) if parts > 1 else np.arange(n)
    binned = []
    for name in (name for name in training.tables if name in names):
        variable = _part(variable_of(training, name), inside)
        quick = quick_bins if variable.kind == "numeric" else quick_categories
        binned.append(quick(variable.values, variable.without))
    weights = training.weights[inside] * (training.weights.sum() / training.weights[inside].sum())
    ids = np.column_stack([ids for ids, _ in binned])
    rows = gain_rows(ids, [size for _, size in binned], training.y[inside], weights, clusters[inside])
    return rows, weights, inside


def variable_of(training: Training, name: str) -> rules.Variable:
    """A predictor of the development rows as a variable that may divide."""
    kind, column = training.tables[name].kind, training.frame[name]
    codes = tuple(training.inputs[name].specials) if name in training.inputs else ()
    if kind == "numeric":
        return rules.Variable(name, kind, column.to_numpy(np.float64, na_value=np.nan), tuple(map(float, codes)))
    values = np.array([None, *column.to_numpy(object)], dtype=object)[1:]
    values[pd.isna(values)] = None
    return rules.Variable(name, kind, values, tuple(map(_text, codes)))


def _part(variable: rules.Variable, inside: Integers) -> rules.Variable:
    return rules.Variable(variable.name, variable.kind, variable.values[inside], variable.codes)


def placing(training: Training, expression: Mapping[str, Any], read: Sequence[str]) -> NDArray[np.object_]:
    """Name of the segment (n,) of the development rows, None where there is none, through the scoring authority."""
    inputs, derived = read_inputs(read, training), derivations(read, training)
    output = free_name(VALUE, taken_names(inputs, derived))
    steps = [*derived, segment_step(expression, output)]
    model = document(Identity("segments", "segments", "0", "", ""), "segmented", inputs, steps, {})
    found = compile_model(model).values(training.frame)[output]
    return np.array([None, *(None if is_absent(value) else value for value in found)], dtype=object)[1:]


def segment_step(expression: Mapping[str, Any], output: str) -> dict[str, Any]:
    """The derive step that names the segment of a row."""
    words = "segment whose scorecard gives the score"
    return {
        "id": "segment",
        "type": "derive",
        "output": output,
        "value_type": "string",
        "expression": expression,
        "description": words,
    }


def _text(value: rules.Value) -> str:
    return value if isinstance(value, str) else text_of_number(value)
