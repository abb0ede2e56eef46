"""What is counted: a value with the fixed bins of development, and the bin of each value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from credit_risk.export.program import Bin

Floats = NDArray[np.float64]
CHARACTERISTIC, SCORE, GRADE = "characteristic", "score", "grade"
REFUSED = -1
"""The bin of rows whose value the package refuses: an infinite number, a derived value in error."""


@dataclass(frozen=True, slots=True)
class Within:
    """The rows of one scorecard of a segmented model: those whose `value` is (`other`: is none of) `equals`."""

    value: str
    equals: tuple[str | float, ...]
    other: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """A value with bins.

    role: characteristic, score (bands of the published score, or of the expected value) or grade. value: the name of
    what is classed: an input of the model, a value that it derives, or `output:<name>`. effects (k,): what each bin
    adds to the linear score, NaN where that is not so. origin: where the bins come from, in words. within: the rows
    that it is counted in, None for all. inputs: inputs of the model and outputs that it needs.
    """

    name: str
    role: str
    value: str
    numeric: bool
    bins: tuple[Bin, ...]
    effects: tuple[float, ...]
    origin: str
    within: Within | None = None
    inputs: frozenset[str] = frozenset()

    def assign(self, values: Sequence[object] | NDArray[np.object_] | Floats) -> NDArray[np.int64]:
        """Bin ids (n,) of values (n,): missing, special codes, intervals or categories, unseen, in this order.

        Numbers as doubles, NaN missing; texts as objects, None or empty missing. REFUSED where a number is infinite.
        """
        if self.numeric:
            return self._of_numbers(np.asarray(values, np.float64))
        places = {code: one.id for one in self.bins for code in (*one.values, *one.codes)}
        unseen = next((one.id for one in self.bins if one.kind == "unseen"), REFUSED)
        texts = np.asarray(values, dtype=object)
        found = [self._missing if _absent(text) else places.get(str(text), unseen) for text in texts]
        return np.array(found, np.int64)

    def _of_numbers(self, x: Floats) -> NDArray[np.int64]:
        bands = [one for one in self.bins if one.kind == "interval"]
        ids = np.array([one.id for one in bands] or [REFUSED], np.int64)
        cuts = np.array([one.upper for one in bands[:-1]], np.float64)
        found = ids[np.searchsorted(cuts, x, side="right")]
        for one in self.bins:
            if one.codes:
                found = np.where(np.isin(x, np.array(one.codes, np.float64)), one.id, found)
        found = np.where(np.isinf(x), REFUSED, found)
        return np.where(np.isnan(x), self._missing, found).astype(np.int64)

    @property
    def _missing(self) -> int:
        return next(one.id for one in self.bins if one.takes_missing)


def _absent(text: object) -> bool:
    return text is None or text == "" or (isinstance(text, float) and np.isnan(text))


def bins_of_step(step: dict[str, object]) -> tuple[Bin, ...]:
    """Bins of a `classing` step of model.json."""
    numeric = step["kind"] == "numeric"
    return tuple(
        Bin(
            id=one["id"],
            kind=one["kind"],
            label=one["label"],
            lower=one.get("lower"),
            upper=one.get("upper"),
            values=tuple(one.get("values", ())),
            codes=tuple(float(code) if numeric else code for code in one.get("codes", ())),
            takes_missing=one["kind"] == "missing" or bool(one.get("takes_missing")),
        )
        for one in step["bins"]  # type: ignore[attr-defined]
    )


def banded(cuts: Sequence[float], codes: Sequence[float] = ()) -> tuple[Bin, ...]:
    """Bins [a, b) that cuts (k,) make, ends open, one of each special code, one of what is missing."""
    edges: list[float | None] = [None, *(float(cut) for cut in cuts), None]
    pairs = list(pairwise(edges))
    found = [Bin(k, "interval", label(low, high), low, high) for k, (low, high) in enumerate(pairs)]
    for code in codes:
        found.append(Bin(len(found), "special", f"special {code:g}", codes=(float(code),)))
    found.append(Bin(len(found), "missing", "missing", takes_missing=True))
    return tuple(found)


def listed(values: Sequence[str], codes: Sequence[str] = (), *, together: Sequence[str] = ()) -> tuple[Bin, ...]:
    """A bin of each text, one of `together`, one of each special code, of what is missing, of what is unseen."""
    found = [Bin(k, "categories", value, values=(value,)) for k, value in enumerate(values)]
    if together:
        found.append(Bin(len(found), "categories", f"{len(together)} others", values=tuple(together)))
    for code in codes:
        found.append(Bin(len(found), "special", f"special {code}", codes=(code,)))
    found.append(Bin(len(found), "missing", "missing", takes_missing=True))
    found.append(Bin(len(found), "unseen", "unseen"))
    return tuple(found)


def label(low: float | None, high: float | None) -> str:
    """The interval [low, high) in words."""
    if low is None:
        return "all" if high is None else f"< {high!r}"
    return f"≥ {low!r}" if high is None else f"[{low!r}, {high!r})"
