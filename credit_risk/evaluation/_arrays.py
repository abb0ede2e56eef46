"""Arrays as the caller gave them, checked once: every fault of every argument is told together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from credit_risk._core.errors import CreditRiskError, Fault

Floats = NDArray[np.float64]


class Arguments:
    """Collects the faults of the arguments of one call; `raise_if_any` refuses them all at once."""

    def __init__(self, where: str | None = None):
        self.where = where
        self.faults: list[Fault] = []
        self.length: int | None = None

    def numbers(self, name: str, values: ArrayLike, *, finite: bool = True, same_length: bool = True) -> Floats:
        """`values` as a vector of doubles; text, missing and (if `finite`) infinite values are faults."""
        array = self._vector(name, values)
        if array is None:
            return np.empty(0)
        if same_length:
            self._match_length(name, array)
        bad = ~np.isfinite(array) if finite else np.isnan(array)
        if bad.any():
            self._fault(name, "missing or infinite values", "missing", _rows(bad), "finite numbers")
        return array

    def outcome(self, values: ArrayLike, *, both_classes: bool = True, name: str = "y") -> Floats:
        """An outcome of 0 (good) and 1 (bad)."""
        y = self.numbers(name, values)
        finite = y[np.isfinite(y)]
        odd = (finite != 0) & (finite != 1)
        if odd.any():
            codes = ", ".join(f"{code:g}" for code in np.unique(finite[odd])[:5])
            self._fault(name, "outcome codes other than 0 and 1", "outcome_code", codes, "0 (good) and 1 (bad)")
        elif both_classes and len(finite) == len(y) > 0 and bool(np.all(finite == finite[0])):
            found = f"{len(y)} rows, all {finite[0]:g}"
            self._fault(name, "the outcome has one class only", "one_class", found, "goods and bads")
        return y

    def probabilities(self, values: ArrayLike, name: str = "probability") -> Floats:
        """Probabilities within [0, 1]."""
        p = self.numbers(name, values)
        outside = (p < 0) | (p > 1)
        if outside.any():
            self._fault(name, "probabilities outside [0, 1]", "range", _rows(outside), "0 to 1")
        return p

    def weights(self, values: ArrayLike | None, name: str = "weights") -> Floats | None:
        """Weights, all positive; None where there are none or all are 1, so that both give the same numbers."""
        if values is None:
            return None
        w = self.numbers(name, values)
        refused = w <= 0
        if refused.any():
            self._fault(name, "weights that are zero or negative", "weight", _rows(refused), "above 0")
        return None if len(w) and bool(np.all(w == 1.0)) else w

    def require(self, condition: bool, name: str, message: str, code: str, **details: Any) -> None:
        """Record a fault unless `condition` holds."""
        if not condition:
            self.faults.append(Fault(message, code=code, path=self._path(name), **details))

    def raise_if_any(self) -> None:
        """Raise CreditRiskError with all faults found so far."""
        if self.faults:
            raise CreditRiskError(self.faults)

    def _vector(self, name: str, values: ArrayLike) -> Floats | None:
        raw: Any = values
        if hasattr(raw, "to_numpy"):
            raw = raw.to_numpy(dtype=object) if raw.dtype.kind not in "iufb" else raw.to_numpy()
        raw = np.asarray(raw)
        if raw.ndim != 1 or len(raw) == 0:
            self._fault(name, "not a vector with rows", "shape", f"shape {raw.shape}", "shape (n,), n >= 1")
            return None
        textual = raw.dtype.kind in "SUMm" or (
            raw.dtype == object and any(isinstance(value, (str, bytes)) for value in raw.ravel())
        )
        try:
            array = np.asarray(None if textual else _without_na(raw), dtype=np.float64)
        except (TypeError, ValueError):
            textual = True
        if textual:
            self._fault(name, "not numeric", "type", str(raw.dtype), "numbers")
            return None
        return array

    def _match_length(self, name: str, array: Floats) -> None:
        if self.length is None:
            self.length = len(array)
        elif len(array) != self.length:
            found, allowed = f"{len(array)} rows", f"{self.length} rows"
            self._fault(name, "length differs from the arguments before it", "length", found, allowed)

    def _path(self, name: str) -> str:
        return name if self.where is None else f"{self.where}.{name}"

    def _fault(self, name: str, message: str, code: str, found: str, allowed: str) -> None:
        self.faults.append(Fault(message, code=code, path=self._path(name), found=found, allowed=allowed))


def _without_na(raw: np.ndarray) -> np.ndarray:
    if raw.dtype != object:
        return raw
    return np.array([np.nan if value is None or value != value else value for value in _plain(raw)], dtype=object)


def _plain(raw: np.ndarray) -> list[Any]:
    """The values with pandas' NA (whose comparisons are themselves NA) as None."""
    return [None if type(value).__name__ == "NAType" else value for value in raw.ravel()]


def _rows(mask: np.ndarray) -> str:
    places = np.flatnonzero(mask)
    shown = ", ".join(str(place + 1) for place in places[:5])
    return f"{len(places)} of {len(mask)} rows (first: {shown})"


def check_confidence(arguments: Arguments, confidence: float) -> None:
    """A confidence level is strictly between 0 and 1."""
    number = isinstance(confidence, (int, float)) and not isinstance(confidence, bool)
    good = number and 0.0 < confidence < 1.0
    arguments.require(
        good,
        "confidence",
        "not a confidence level",
        "range",
        found=repr(confidence),
        allowed="between 0 and 1",
    )
