"""Characteristics as the validator reads them, and its own classes of them: quantiles, codes and levels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.metrics import effective_size
from validation.rebuild.workspace import Workspace
from validation.steps.values import Value
from validation.structure import read_by, sources_of, steps_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
RARE = 0.01
LARGE = 2.0**500
PREDICTOR = "predictor"


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A named value (n,) over the snapshot with its special codes (numbers, or texts of a text)."""

    name: str
    value: Value
    specials: tuple[Any, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether it is a number."""
        return self.value.kind == "number"

    def missing(self) -> NDArray[np.bool_]:
        """(n,) where it is missing or has no value."""
        return np.asarray(self.value.missing() | self.value.error)

    def special(self) -> NDArray[np.bool_]:
        """(n,) where it is one of its special codes."""
        found = np.zeros(len(self.value.data), dtype=bool)
        for code in self.specials:
            found |= np.equal(self.value.data, code).astype(bool)
        return found

    def ordinary(self) -> NDArray[np.bool_]:
        """(n,) where it is neither missing nor special."""
        return ~self.missing() & ~self.special()


@dataclass(frozen=True, slots=True)
class Classes:
    """Classes (n,) of one characteristic from 0, `size` of them, with the name of each."""

    name: str
    ids: Integers
    size: int
    labels: tuple[str, ...]


def of_champion(space: Workspace) -> list[Characteristic]:
    """Return what the champion scores on: its inputs, then the values derived of them that it reads by itself."""
    model, champion = space.package.model, space.package.champion_id
    used = sources_of(model)
    found = [_of(space, champion, item["name"]) for item in model["inputs"] if item["name"] in used]
    derived = [step["output"] for step in steps_of(model, "derive") if _is_characteristic(space, step)]
    return found + [_of(space, champion, name) for name in derived if _plain(space.scored[champion][name])]


def admissible(space: Workspace, closed: Iterable[str]) -> list[Characteristic]:
    """Return every predictor that a model may use: those of the contract, else the models' inputs, and derived ones.

    `closed`: names of columns that may not be used (protected, forbidden, undisclosable, personal), also in derived
    values; what the plan excludes from selection is left out too.
    """
    plan, frame = space.package.plan, space.frame
    shut = {*closed, *_excluded((plan.get("selection") or {}).get("exclude") or [])}
    contract = space.package.rows_of("data.contract")
    if contract is None:
        names = [item["name"] for model in space.package.models.values() for item in model["inputs"]]
    else:
        names = [row["column"] for row in contract if row["role"] == PREDICTOR]
    names = [name for name in dict.fromkeys(names) if name not in shut and name in frame.columns]
    found = {name: _column(space, name) for name in names}
    for model_id, model in space.package.models.items():
        for step in steps_of(model, "derive"):
            name = step["output"]
            if name in found or name in shut or shut & set(read_by(step)) or not _is_characteristic(space, step):
                continue
            if _plain(space.scored[model_id][name]):
                found[name] = _of(space, model_id, name)
    return list(found.values())


def _excluded(items: Iterable[Any]) -> list[str]:
    return [str(item["name"] if isinstance(item, Mapping) else item) for item in items]


def _is_characteristic(space: Workspace, step: Mapping[str, Any]) -> bool:
    """Whether a derived value is a characteristic: not a value or flag made for trees, as `special(x, 1)`."""
    name = str(step["output"])
    return name in (space.package.plan.get("derive") or {}) or not name.endswith(")")


def _plain(value: Value) -> bool:
    return value.kind in ("number", "string")


def _of(space: Workspace, model_id: str, name: str) -> Characteristic:
    return Characteristic(
        name, space.scored[model_id][name], specials_of(space, name, space.scored[model_id][name].kind)
    )


def _column(space: Workspace, name: str) -> Characteristic:
    for model_id in space.package.models:
        if name in space.scored[model_id] and _plain(space.scored[model_id][name]):
            return _of(space, model_id, name)
    column, nothing = space.frame[name], np.zeros(len(space.frame), dtype=bool)
    if column.dtype.kind in "fiu":
        return Characteristic(
            name, Value("number", column.to_numpy(np.float64), nothing), specials_of(space, name, "number")
        )
    texts = np.array([*(one if isinstance(one, str) else None for one in column.tolist()), None], dtype=object)[:-1]
    return Characteristic(name, Value("string", texts, nothing), specials_of(space, name, "string"))


def specials_of(space: Workspace, name: str, kind: str) -> tuple[Any, ...]:
    """Return the special codes of a column as the plan or a model's input names them, numbers where it is a number."""
    columns = (space.package.plan.get("data") or {}).get("columns") or {}
    codes: list[Any] = list((columns.get(name) or {}).get("specials") or {})
    for model in space.package.models.values():
        codes += [one["code"] for item in model["inputs"] if item["name"] == name for one in item.get("specials") or []]
    found: dict[Any, None] = {}
    for code in codes:
        if kind != "number":
            found[str(code)] = None
            continue
        try:
            found[float(code)] = None
        except (TypeError, ValueError):
            continue
    return tuple(found)


def classes_of(one: Characteristic, rows: Integers, bins: int) -> Classes:
    """Return classes of a characteristic: missing, each special code, then quantiles of a number or levels of a text.

    Quantiles and levels are those of `rows`; levels of less than a hundredth of them, and unseen ones, are one class.
    """
    missing, data = one.missing(), one.value.data
    ids = np.zeros(len(data), dtype=np.int64)
    labels = ["missing", *(f"code {word(code)}" for code in one.specials)]
    first = len(labels)
    if one.numeric:
        known = data[rows][one.ordinary()[rows]].astype(np.float64)
        edges = np.unique(quantiles(known, np.arange(1, bins) / bins)) if len(known) else np.zeros(0)
        ids = first + np.searchsorted(edges, np.where(missing, 0.0, data.astype(np.float64)), side="right")
        ends = ["", *(f"{edge:g}" for edge in edges), ""]
        labels += [_band(low, high) for low, high in pairwise(ends)]
    else:
        levels, counts = np.unique([str(item) for item in data[rows][one.ordinary()[rows]]], return_counts=True)
        kept = [str(level) for level, count in zip(levels, counts, strict=True) if count >= RARE * len(rows)]
        place = {level: first + number for number, level in enumerate(kept)}
        ids = np.fromiter((place.get(item, first + len(kept)) for item in data), np.int64, len(data))
        labels += [*kept, "rare or unseen"]
    for number, code in enumerate(one.specials):
        ids[np.equal(data, code).astype(bool)] = number + 1
    ids[missing] = 0
    return Classes(one.name, ids.astype(np.int64), len(labels), tuple(labels))


def _band(low: str, high: str) -> str:
    if low and high:
        return f"[{low}, {high})"
    return f"≥ {low}" if low else f"< {high}" if high else "all values"


def word(code: Any) -> str:
    """Return a special code as it is told."""
    return f"{code:g}" if isinstance(code, float) else str(code)


def thinned(rows: Integers, most: int) -> Integers:
    """Return at most `most` of the rows, evenly placed."""
    if len(rows) <= most:
        return rows
    return rows[np.unique(np.linspace(0, len(rows) - 1, most).astype(np.int64))]


def spread(value: Floats, weight: Floats) -> float:
    """Return the weighted standard deviation of value (n,), its divisor less one effective row; 0 of fewer than two."""
    size = effective_size(float(np.sum(weight)), float(np.sum(weight**2)))
    if size <= 1.0:
        return 0.0
    unit = _unit(value)
    centred = value / unit - np.average(value / unit, weights=weight)
    return unit * float(np.sqrt(np.average(centred**2, weights=weight) * size / (size - 1.0)))


def quantiles(value: Floats, at: Floats) -> Floats:
    """Return the quantiles (k,) of value (n,), between two values on the line; no difference of two overflows."""
    unit = _unit(value)
    return np.asarray(np.quantile(value / unit, at) * unit, dtype=np.float64)


def _unit(value: Floats) -> float:
    """Return 1.0, or a power of two that makes values whose squares or differences would overflow small."""
    largest = float(np.max(np.abs(value), initial=0.0))
    return 1.0 if largest < LARGE else float(2.0 ** np.floor(np.log2(largest)))
