"""Aggregates over monthly columns (SPECIFICATION 3.1): what is missing is passed over, the most recent month first."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np

from validation.steps import values
from validation.steps.values import Value


def monthly(operation: str, arguments: list[Value]) -> Value:
    """Return the aggregate `operation` of the arguments, a number."""
    error = reduce(np.logical_or, (item.error for item in arguments))
    there = np.stack([~item.missing() & ~item.error for item in arguments])
    if operation == "count_present":
        return values.number(there.sum(axis=0), error)
    table = np.stack([item.data for item in arguments])
    result = _OPERATIONS[operation](table, there)
    if operation in _WITH_THRESHOLD:
        lacking = ~there[0] | (there[1:].sum(axis=0) < 1)
    else:
        lacking = there.sum(axis=0) < (2 if operation == "trend" else 1)
    return values.number(result, error, lacking)


def _running_sum(terms: np.ndarray) -> np.ndarray:
    """Sum down the columns in the order of the rows, never in pairs."""
    return np.add.accumulate(terms, axis=0)[-1]


def _total(table: np.ndarray, there: np.ndarray) -> np.ndarray:
    return _running_sum(np.where(there, table, 0.0))


def _average(table: np.ndarray, there: np.ndarray) -> np.ndarray:
    return _total(table, there) / there.sum(axis=0)


def _lowest(table: np.ndarray, there: np.ndarray) -> np.ndarray:
    return np.fmin.reduce(table, axis=0)


def _highest(table: np.ndarray, there: np.ndarray) -> np.ndarray:
    return np.fmax.reduce(table, axis=0)


def _count_at_least(table: np.ndarray, there: np.ndarray) -> np.ndarray:
    return np.count_nonzero(table[1:] >= table[0], axis=0)


def _count_at_most(table: np.ndarray, there: np.ndarray) -> np.ndarray:
    return np.count_nonzero(table[1:] <= table[0], axis=0)


def _months_since(table: np.ndarray, there: np.ndarray) -> np.ndarray:
    reached = table[1:] >= table[0]
    return np.where(reached.any(axis=0), reached.argmax(axis=0), len(reached))


def _trend(table: np.ndarray, there: np.ndarray) -> np.ndarray:
    month = -np.arange(len(table), dtype=np.float64)[:, None]
    count = there.sum(axis=0).astype(np.float64)
    weight = np.where(there, count * month - np.where(there, month, 0.0).sum(axis=0), 0.0)
    rise = _running_sum(weight * np.where(there, table, 0.0))
    return count * rise / _running_sum(weight * weight)


_WITH_THRESHOLD = ("count_at_least", "count_at_most", "months_since")
_OPERATIONS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "total": _total,
    "average": _average,
    "lowest": _lowest,
    "highest": _highest,
    "count_at_least": _count_at_least,
    "count_at_most": _count_at_most,
    "months_since": _months_since,
    "trend": _trend,
}
OPERATIONS = ("count_present", *_OPERATIONS)
