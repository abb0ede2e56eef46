"""Steps in points: scale and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.steps import values
from validation.steps.values import Value


def round_half_away(x: np.ndarray) -> np.ndarray:
    """Return `sign(x)·floor(|x| + 0.5)` (SPECIFICATION section 4)."""
    return np.sign(x) * np.floor(np.abs(x) + 0.5)


def scale(step: Mapping[str, Any], names: Mapping[str, Value], rows: int) -> dict[str, Value]:
    """Return the score, and the points of each characteristic where the form is `points`."""
    if step["form"] == "linear":
        source = names[step["input"]]
        data = step["offset"] - step["factor"] * source.data
        if step["rounding"] == "half_away_from_zero":
            data = round_half_away(data)
        return {step["output"]: values.number(data, source.error, source.missing())}
    result: dict[str, Value] = {}
    total, error = np.full(rows, float(step["base_points"])), np.zeros(rows, dtype=bool)
    for item in step["characteristics"]:
        bins = names[item["input"]]
        points = np.asarray(item["points"], dtype=np.float64)[bins.data]
        result[item["output"]] = values.number(points, bins.error)
        total, error = total + points, error | bins.error
    result[step["output"]] = values.number(total, error)
    return result


def reasons(step: Mapping[str, Any], names: Mapping[str, Value]) -> dict[str, Value]:
    """Return the codes of the greatest positive shortfalls, greatest first, equal ones in list order."""
    items = step["characteristics"]
    sources = [names[item["input"]] for item in items]
    shortfall = np.column_stack([item["baseline"] - source.data for item, source in zip(items, sources, strict=True)])
    error = np.logical_or.reduce([source.error | source.missing() for source in sources])
    order = np.argsort(-shortfall, axis=1, kind="stable")[:, : step["maximum"]]
    positive = np.take_along_axis(shortfall, order, axis=1) > 0
    codes = [item["reason_code"] for item in items]
    data = np.empty(len(shortfall), dtype=object)
    asked = [place for place, item in enumerate(items) if item["characteristic"] in step.get("inquiries", ())]
    for row, (places, kept) in enumerate(zip(order.tolist(), positive.tolist(), strict=True)):
        told = [place for place, keep in zip(places, kept, strict=True) if keep]
        if asked and not set(asked) & set(told):
            told += _inquiry(shortfall[row], asked)
        data[row] = tuple(codes[place] for place in told)
    return {step["output"]: Value("reason list", data, error)}


def _inquiry(shortfall: np.ndarray, asked: list[int]) -> list[int]:
    """The one more reason: the inquiry that cost most, where any cost something."""
    worst = max(asked, key=lambda place: (shortfall[place], -place))
    return [worst] if shortfall[worst] > 0 else []
