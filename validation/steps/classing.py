"""The classing step: which bin a value falls into, looked up as missing, special, ordinary, then unseen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.steps.values import Value


def classing(step: Mapping[str, Any], names: Mapping[str, Value]) -> dict[str, Value]:
    """Return the bin ids and the WoE of the step (SPECIFICATION 3.2)."""
    source = names[step["input"]]
    ids = assign(step, source)
    woe = np.array([item["woe"] for item in step["bins"]], dtype=np.float64)
    value = np.where(source.error, np.nan, woe[ids])
    return {
        step["output_bin"]: Value("bin", ids, source.error),
        step["output_woe"]: Value("number", value, source.error),
    }


def assign(step: Mapping[str, Any], source: Value) -> np.ndarray:
    """Return the bin id (n,) of each value; 0 where the value is in error."""
    special = {code: item["id"] for item in step["bins"] for code in item.get("codes", [])}
    absent = place_of_missing(step)
    ids = _numeric(step, source) if step["kind"] == "numeric" else _categorical(step, source)
    for code, number in special.items():
        ids[np.equal(source.data, code).astype(bool)] = number
    ids[source.missing()] = absent
    ids[source.error] = 0
    return ids


def place_of_missing(step: Mapping[str, Any]) -> int:
    """Return the bin of missing values: that of the kind `missing`, or the one that says that it takes them."""
    return next(int(item["id"]) for item in step["bins"] if item["kind"] == "missing" or "takes_missing" in item)


def _numeric(step: Mapping[str, Any], source: Value) -> np.ndarray:
    intervals = [item for item in step["bins"] if item["kind"] == "interval"]
    starts = np.array([item["lower"] for item in intervals[1:]], dtype=np.float64)
    numbers = np.array([item["id"] for item in intervals], dtype=np.int64)
    return numbers[np.searchsorted(starts, source.data, side="right")]


def _categorical(step: Mapping[str, Any], source: Value) -> np.ndarray:
    table = {value: item["id"] for item in step["bins"] for value in item.get("values", [])}
    unseen = next(item["id"] for item in step["bins"] if item["kind"] == "unseen")
    return np.fromiter((table.get(value, unseen) for value in source.data), np.int64, len(source.data))
