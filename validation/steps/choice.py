"""Steps that choose: switch, guard, grade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.steps import expressions, values
from validation.steps.values import Value


def switch(step: Mapping[str, Any], names: Mapping[str, Value]) -> dict[str, Value]:
    """Return the value named by the first case that equals the input, otherwise the default, otherwise an error."""
    source = names[step["input"]]
    rows = len(source.data)
    names_in_order = [case["value"] for case in step["cases"]]
    pattern = names[names_in_order[0]]
    data, error = pattern.data.copy(), np.ones(rows, dtype=bool)
    open_rows = ~source.error
    for case in step["cases"]:
        equals = case["equals"]
        content = int(equals) if isinstance(equals, bool) else equals
        chosen = open_rows & ~source.missing() & np.equal(source.data, content).astype(bool)
        data[chosen], error[chosen] = names[case["value"]].data[chosen], names[case["value"]].error[chosen]
        open_rows = open_rows & ~chosen
    if step["default"] is not None:
        default = names[step["default"]]
        data[open_rows], error[open_rows] = default.data[open_rows], default.error[open_rows]
    return {step["output"]: values.of_kind(pattern.kind, data, error)}


def guard(step: Mapping[str, Any], names: Mapping[str, Value], rows: int) -> dict[str, Value]:
    """Return the flag of the condition; a missing condition counts as false."""
    condition = expressions.evaluate(step["condition"], names, rows)
    return {step["output"]: values.flag(np.where(condition.data == 1, 1, 0), condition.error)}


def grade(step: Mapping[str, Any], names: Mapping[str, Value]) -> dict[str, Value]:
    """Return the grade whose `[lower, upper)` holds the input; missing where the input is missing."""
    source = names[step["input"]]
    starts = np.array([item["lower"] for item in step["grades"][1:]], dtype=np.float64)
    words = np.array([item["grade"] for item in step["grades"]], dtype=object)
    data = words[np.searchsorted(starts, source.data, side="right")]
    data[source.missing()] = None
    return {step["output"]: values.string(data, source.error)}
