"""The validator's own evaluator of model.json: every named value of every row, in double arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from validation.errors import Fault, ValidationInputError
from validation.steps import arithmetic, attribution, choice, classing, expressions, points, trees, values
from validation.steps.values import Value


def score(model: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Value]:
    """Return every named value of the model over the rows of `frame`, whose columns hold the inputs.

    Numbers are float64 with NaN for missing, texts objects with None. Rows in error are marked, never dropped.
    Raises ValidationInputError with code `snapshot_invalid` where an input column is absent, infinite or of
    another type.
    """
    names = read_inputs(model, frame)
    for step in model["steps"]:
        names.update(run_step(step, names, len(frame), model["steps"]))
    return names


def read_inputs(model: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Value]:
    """Return the declared inputs as values (SPECIFICATION section 3, Values)."""
    faults, found = [], {}
    for item in model["inputs"]:
        name = item["name"]
        if name not in frame.columns:
            faults.append(Fault("snapshot_invalid", "lacks an input of the model", path=name))
            continue
        try:
            found[name] = _input(frame[name].to_numpy(), item["type"])
        except ValueError as error:
            faults.append(Fault("snapshot_invalid", str(error), path=name))
    if faults:
        raise ValidationInputError(faults)
    return found


def _input(column: np.ndarray, kind: str) -> Value:
    error = np.zeros(len(column), dtype=bool)
    numeric = column.dtype.kind in "fiu"
    if kind == "number":
        if not numeric and not pd.isna(column).all():
            raise ValueError("holds text where the model declares a number")
        data = column.astype(np.float64)
        if np.isinf(data).any():
            raise ValueError("holds an infinite value")
        return values.number(data, error, np.isnan(data))
    if numeric:
        column = np.array([as_text(item) for item in column.tolist()] + [None], dtype=object)[:-1]
    text = np.array([*column.tolist(), None], dtype=object)[:-1]
    text[pd.isna(text)] = None
    return values.string(text, error)


def as_text(value: float) -> str | None:
    """Return a number as text: integral without decimal point, others shortest; NaN is missing."""
    if value != value:
        return None
    return values.text_of_number(value)


def _trees_named(name: str, steps: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next(step for step in steps if step["type"] == "trees" and step["id"] == name)


def run_step(
    step: Mapping[str, Any], names: Mapping[str, Value], rows: int, steps: Sequence[Mapping[str, Any]]
) -> dict[str, Value]:
    """Return the values that one step gives; `steps` are those of the model, `rows` the number of rows."""
    table: dict[str, Callable[[], dict[str, Value]]] = {
        "derive": lambda: {step["output"]: _derive(step, names, rows)},
        "classing": lambda: classing.classing(step, names),
        "linear": lambda: arithmetic.linear(step, names, rows),
        "trees": lambda: trees.trees(step, names),
        "sum": lambda: arithmetic.add_up(step, names),
        "switch": lambda: choice.switch(step, names),
        "guard": lambda: choice.guard(step, names, rows),
        "link": lambda: arithmetic.link(step, names),
        "calibrate": lambda: arithmetic.calibrate(step, names),
        "scale": lambda: points.scale(step, names, rows),
        "grade": lambda: choice.grade(step, names),
        "reasons": lambda: points.reasons(step, names),
        "attribution": lambda: attribution.attribution(step, _trees_named(step["trees"], steps), names),
    }
    return table[step["type"]]()


def _derive(step: Mapping[str, Any], names: Mapping[str, Value], rows: int) -> Value:
    value = expressions.evaluate(step["expression"], names, rows)
    if value.kind == step["value_type"]:
        return value
    return values.of_kind(step["value_type"], _all_missing(step["value_type"], rows), value.error)


def _all_missing(kind: str, rows: int) -> np.ndarray:
    empty = {"number": np.nan, "flag": np.int8(-1)}.get(kind)
    return np.full(rows, empty)
