"""Groups of a protected attribute: by value, or by fixed bands of a number; missing is a group of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._groups import class_numbers, quantile_edges

MISSING = "missing"
TOGETHER = " × "
Labels = dict[str, dict[str, np.ndarray]]


@dataclass(frozen=True, slots=True)
class ProtectedGrouping:
    """How an attribute is grouped: `edges` of bands [a, b), or None when every value is a group.

    `groups`: labels in order as the development sample has them, MISSING (where it occurs) last.
    """

    attribute: str
    edges: tuple[float, ...] | None
    groups: tuple[str, ...]

    def assign(self, values: ArrayLike) -> np.ndarray:
        """Label of each row, object array (n,). A value not met in development is a group of its own.

        Raises CreditRiskError where a banded attribute holds text or infinite values.
        """
        raw = _objects(values)
        if self.edges is None:
            return np.array([MISSING if _absent(value) else _label(value) for value in raw], dtype=object)
        numbers = _numbers(self.attribute, raw)
        names = np.array([*_band_labels(self.edges), MISSING], dtype=object)
        place = class_numbers(np.nan_to_num(numbers), np.array(self.edges))
        return names[np.where(np.isnan(numbers), len(names) - 1, place)]

    def order(self, labels: Sequence[str]) -> list[str]:
        """The distinct labels present: development's order first, then others by name, MISSING last."""
        present = set(labels)
        known = [group for group in self.groups if group in present and group != MISSING]
        others = sorted(present - set(known) - {MISSING})
        return known + others + ([MISSING] if MISSING in present else [])


def protected_grouping(
    attribute: str,
    development: ArrayLike,
    *,
    edges: Sequence[float] | None = None,
    max_values: int = 10,
    bands: int = 4,
) -> ProtectedGrouping:
    """Learn the groups of `attribute` from its development values, shape (n,).

    Text, flags and numbers with at most `max_values` distinct values: one group for each value. Other
    numbers: `bands` quantile bands [a, b) of development, or the bands that the caller's interior `edges`
    make (ages 25, 35, ... say). Nothing is guessed from the name. Raises CreditRiskError where edges do not
    ascend, or are given for text.
    """
    raw = _objects(development)
    present = [value for value in raw if not _absent(value)]
    numeric = bool(present) and all(_is_number(value) for value in present)
    tail = (MISSING,) if len(present) < len(raw) else ()
    if edges is None and (not numeric or len(set(present)) <= max_values):
        ordered = sorted(set(present)) if numeric else sorted({_label(value) for value in present})
        labels = [_label(value) for value in ordered] if numeric else ordered
        return ProtectedGrouping(attribute, None, (*labels, *tail))
    numbers = _numbers(attribute, raw)
    if edges is None:
        cuts = tuple(float(cut) for cut in quantile_edges(numbers[~np.isnan(numbers)], bands))
    else:
        cuts = tuple(float(cut) for cut in edges)
        ascending = all(math.isfinite(cut) for cut in cuts) and all(a < b for a, b in pairwise(cuts))
        if not ascending or not cuts:
            fault = Fault("edges do not ascend", path=f"{attribute}.edges", found=str(list(edges)))
            raise CreditRiskError(fault)
    return ProtectedGrouping(attribute, cuts, (*_band_labels(cuts), *tail))


@dataclass(frozen=True, slots=True)
class GroupedAttributes:
    """Attributes grouped once. labels: {attribute: {sample: (n,) texts, None where missing}}; groupings know the order.

    Both are what the tables of fairness take as `attributes` and `groupings`.
    """

    labels: Labels
    groupings: dict[str, ProtectedGrouping]


def group_attributes(
    attributes: Mapping[str, Mapping[str, ArrayLike]],
    *,
    reference_sample: str = "development",
    edges: Mapping[str, Sequence[float]] | None = None,
) -> GroupedAttributes:
    """Learn groups on `reference_sample` by `protected_grouping` (with `edges` where given) and label all rows once."""
    labels: Labels = {}
    groupings = {}
    for name, values in attributes.items():
        learnt = protected_grouping(name, values[reference_sample], edges=(edges or {}).get(name))
        labels[name] = {sample: _without_missing(learnt.assign(column)) for sample, column in values.items()}
        groupings[name] = ProtectedGrouping(name, None, learnt.groups)
    return GroupedAttributes(labels, groupings)


def intersect(grouped: GroupedAttributes, *, reference_sample: str = "development") -> GroupedAttributes:
    """Groups of every two attributes together, named `A × B`; missing where either is."""
    labels: Labels = {}
    groupings = {}
    names = list(grouped.labels)
    for first, second in ((a, b) for i, a in enumerate(names) for b in names[i + 1 :]):
        both = f"{first}{TOGETHER}{second}"
        one, other = grouped.labels[first], grouped.labels[second]
        labels[both] = {sample: _together(one[sample], other[sample]) for sample in one}
        pairs = [(a, b) for a in grouped.groupings[first].groups for b in grouped.groupings[second].groups]
        order = [f"{a}{TOGETHER}{b}" for a, b in pairs if MISSING not in (a, b)]
        present = set(labels[both][reference_sample].tolist())
        tail = (MISSING,) if None in present else ()
        groupings[both] = ProtectedGrouping(both, None, (*(g for g in order if g in present), *tail))
    return GroupedAttributes(labels, groupings)


def _together(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    pairs = zip(one.tolist(), other.tolist(), strict=True)
    return np.array([None if a is None or b is None else f"{a}{TOGETHER}{b}" for a, b in pairs], dtype=object)


def _without_missing(labels: np.ndarray) -> np.ndarray:
    return np.array([None if label == MISSING else label for label in labels.tolist()], dtype=object)


def _objects(values: ArrayLike) -> list[Any]:
    return pd.Series(values, dtype=object).tolist() if not isinstance(values, pd.Series) else values.tolist()


def _absent(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _label(value: Any) -> str:
    if _is_number(value):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    text = str(value)
    return f'"{text}"' if text == MISSING else text  # a category of that name is not absence


def _band_labels(edges: Sequence[float]) -> list[str]:
    names = [_label(edge) for edge in edges]
    middle = [f"[{a}, {b})" for a, b in pairwise(names)]
    return [f"< {names[0]}", *middle, f"≥ {names[-1]}"] if names else ["all values"]


def _numbers(attribute: str, raw: list[Any]) -> np.ndarray:
    odd = [value for value in raw if not _absent(value) and not (_is_number(value) and math.isfinite(value))]
    if odd:
        found = ", ".join(sorted({repr(value) for value in odd})[:5])
        fault = Fault("bands need finite numbers", code="type", path=attribute, found=found, allowed="finite numbers")
        raise CreditRiskError(fault)
    return np.array([math.nan if _absent(value) else float(value) for value in raw])
