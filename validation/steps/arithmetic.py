"""Steps that compute numbers: linear, sum, link, calibrate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from validation.steps import values
from validation.steps.values import Mask, Value


def linear(step: Mapping[str, Any], names: Mapping[str, Value], rows: int) -> dict[str, Value]:
    """Return `((intercept + offset) + c1·x1) + c2·x2 …`; a missing term is an error."""
    total = np.full(rows, float(step["intercept"]))
    error = np.zeros(rows, dtype=bool)
    if step["offset"] is not None:
        total, error = _add(total, error, names[step["offset"]])
    for term in step["terms"]:
        total, error = _add(total, error, names[term["input"]], float(term["coefficient"]))
    return {step["output"]: values.number(total, error)}


def add_up(step: Mapping[str, Any], names: Mapping[str, Value]) -> dict[str, Value]:
    """Return the inputs of a `sum` step added left to right; a missing term is an error."""
    first = names[step["inputs"][0]]
    total, error = first.data, first.error | first.missing()
    for name in step["inputs"][1:]:
        total, error = _add(total, error, names[name])
    return {step["output"]: values.number(total, error)}


def _add(total: np.ndarray, error: Mask, value: Value, coefficient: float | None = None) -> tuple[np.ndarray, Mask]:
    with np.errstate(all="ignore"):
        part = value.data if coefficient is None else coefficient * value.data
        return total + part, error | value.error | value.missing()


def link(step: Mapping[str, Any], names: Mapping[str, Value]) -> dict[str, Value]:
    """Return the inverse of the link function."""
    source = names[step["input"]]
    with np.errstate(all="ignore"):
        data = _inverse(step["function"], source.data)
    return {step["output"]: values.number(data, source.error, source.missing())}


def _inverse(function: str, x: np.ndarray) -> np.ndarray:
    if function == "logit":
        return 1.0 / (1.0 + np.exp(-x))
    if function == "log":
        return np.exp(x)
    return special.ndtr(x) if function == "probit" else x


def calibrate(step: Mapping[str, Any], names: Mapping[str, Value]) -> dict[str, Value]:
    """Return the calibrated value of the step's method."""
    source = names[step["input"]]
    with np.errstate(all="ignore"):
        data = _METHODS[step["method"]](step, source.data)
    return {step["output"]: values.number(data, source.error, source.missing())}


def _logistic(step: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
    if step["scale"] == "log_odds":
        return step["slope"] * x + step["intercept"]
    return _inverse("logit", step["slope"] * _log_odds(x) + step["intercept"])


def _log_odds(p: np.ndarray) -> np.ndarray:
    return np.log(p) - np.log(1.0 - p)


def _shift(step: Mapping[str, Any], x: np.ndarray) -> np.ndarray:
    return x + step["shift"]


def _beta(step: Mapping[str, Any], p: np.ndarray) -> np.ndarray:
    return _inverse("logit", step["a"] * np.log(p) - step["b"] * np.log(1.0 - p) + step["c"])


def _piecewise(step: Mapping[str, Any], value: np.ndarray) -> np.ndarray:
    x, y = np.asarray(step["x"], dtype=np.float64), np.asarray(step["y"], dtype=np.float64)
    place = np.clip(np.searchsorted(x, value, side="right") - 1, 0, len(x) - 2)
    inside = y[place] + (value - x[place]) * ((y[place + 1] - y[place]) / (x[place + 1] - x[place]))
    result = np.where(value <= x[0], y[0], np.where(value >= x[-1], y[-1], inside))
    return np.where(np.isnan(value), np.nan, result)


def _constant(step: Mapping[str, Any], value: np.ndarray) -> np.ndarray:
    """The level of the last cut that is not above the value; the first level below all of them."""
    cuts, levels = (np.asarray(step[key], dtype=np.float64) for key in ("x", "y"))
    place = np.searchsorted(cuts, value, side="right")
    return np.where(np.isnan(value), np.nan, levels[np.minimum(place, len(cuts))])


_METHODS = {
    "logistic": _logistic,
    "intercept_shift": _shift,
    "beta": _beta,
    "piecewise_linear": _piecewise,
    "piecewise_constant": _constant,
}
