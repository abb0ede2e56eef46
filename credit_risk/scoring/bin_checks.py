"""Bins of a classing and intervals of grades: ids in order, no overlap, no gap, open ends, one place for missing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from credit_risk._core.errors import Fault

_OWN_KINDS = {"numeric": {"interval"}, "categorical": {"categories", "unseen"}}
Bound = float | None


def interval_chain_faults(bounds: Sequence[tuple[Bound, Bound]]) -> Iterator[tuple[str, str, int]]:
    """Faults of `[lower, upper)` intervals that must cover the line in ascending order.

    Each is (`order`, `overlap` or `gap`; message; index of the interval). A null lower is minus infinity,
    a null upper plus infinity.
    """
    ends = [(-math.inf if lo is None else lo, math.inf if up is None else up) for lo, up in bounds]
    for index, (lower, upper) in enumerate(ends):
        if not lower < upper:
            yield "order", f"interval from {lower} to {upper} holds nothing", index
    if ends != sorted(ends):
        yield "order", "intervals do not stand in ascending order", 0
    if not ends or ends[0][0] != -math.inf:
        yield "gap", "nothing covers values down to minus infinity (the first lower is not null)", 0
    if not ends or ends[-1][1] != math.inf:
        yield (
            "gap",
            "nothing covers values up to infinity (the last upper is not null)",
            max(len(ends) - 1, 0),
        )
    for position in range(1, len(ends)):
        before, after = ends[position - 1][1], ends[position][0]
        if after < before:
            yield "overlap", f"begins at {after}, before the interval below ends at {before}", position
        elif after > before:
            yield "gap", f"nothing covers [{before}, {after})", position


def classing_faults(step: dict[str, Any], file: str, path: str) -> list[Fault]:
    """Faults of the bins of one classing step that keeps its schema."""
    bins = step["bins"]
    faults = [
        Fault(f"bin id is not {index}", "bin_ids", file, f"{path}/bins/{index}/id", found=repr(item["id"]))
        for index, item in enumerate(bins)
        if item["id"] != index
    ]
    allowed = _OWN_KINDS[step["kind"]] | {"special", "missing"}
    for index, item in enumerate(bins):
        if item["kind"] not in allowed and item["kind"] != "unseen":
            message = f"a {step['kind']} classing has no bin of this kind"
            faults.append(Fault(message, "schema", file, f"{path}/bins/{index}/kind", found=repr(item["kind"])))
    faults += _takers_of_missing(bins, file, path)
    faults += _count(bins, "unseen", int(step["kind"] == "categorical"), "unseen_bin", file, path)
    faults += _woe_of_unseen(bins, file, path)
    if step["kind"] == "numeric":
        places = [index for index, item in enumerate(bins) if item["kind"] == "interval"]
        bounds = [(bins[index]["lower"], bins[index]["upper"]) for index in places]
        for name, message, index in interval_chain_faults(bounds):
            place = f"{path}/bins/{places[index]}" if places else f"{path}/bins"
            faults.append(Fault(message, f"bins_{name}", file, place))
    faults += _repeated(bins, "values", "category_repeated", file, path)
    faults += _repeated(bins, "codes", "special_repeated", file, path)
    faults += _category_and_code(bins, file, path)
    textual = step["kind"] == "categorical"
    for index, item in enumerate(bins):
        if any(isinstance(code, str) != textual for code in item.get("codes", [])):
            message = f"special code is not a {'string' if textual else 'number'}"
            faults.append(Fault(message, "schema", file, f"{path}/bins/{index}/codes", found=repr(item["codes"])))
    return faults


def _count(bins: list[dict[str, Any]], kind: str, wanted: int, code: str, file: str, path: str) -> list[Fault]:
    found = sum(item["kind"] == kind for item in bins)
    if found == wanted:
        return []
    return [Fault(f"has {found} bins of kind {kind}, needs {wanted}", code, file, f"{path}/bins")]


def _takers_of_missing(bins: list[dict[str, Any]], file: str, path: str) -> Iterator[Fault]:
    """Exactly one bin holds what is missing: the one of kind `missing`, or another that says so."""
    takers = [index for index, item in enumerate(bins) if item["kind"] == "missing" or "takes_missing" in item]
    if len(takers) != 1:
        message = f"{len(takers)} bins take what is missing, needs 1"
        yield Fault(message, "missing_bin", file, f"{path}/bins", found=repr(takers))


def _woe_of_unseen(bins: list[dict[str, Any]], file: str, path: str) -> Iterator[Fault]:
    """The bin whose weight of evidence the unseen categories have: another one, with that very weight."""
    for index, item in enumerate(bins):
        if "woe_of" not in item:
            continue
        place, named = f"{path}/bins/{index}/woe_of", item["woe_of"]
        if named == index or named >= len(bins):
            yield Fault("names no other bin", "unseen_bin", file, place, found=repr(named))
        elif bins[named]["woe"] != item["woe"]:
            message = f"the weight of evidence is not that of bin {named}"
            yield Fault(message, "unseen_bin", file, place, found=repr(item["woe"]), allowed=repr(bins[named]["woe"]))


def _repeated(bins: list[dict[str, Any]], key: str, code: str, file: str, path: str) -> Iterator[Fault]:
    seen: set[Any] = set()
    for index, item in enumerate(bins):
        for value in item.get(key, ()):
            if value in seen:
                yield Fault("stands twice", code, file, f"{path}/bins/{index}/{key}", found=repr(value))
            seen.add(value)


def _category_and_code(bins: list[dict[str, Any]], file: str, path: str) -> Iterator[Fault]:
    """A value of a special bin is never looked up among the categories, so it may not stand there."""
    codes = {code for item in bins for code in item.get("codes", [])}
    for index, item in enumerate(bins):
        for value in item.get("values", []):
            if value in codes:
                message = "is a category and a special code"
                place = f"{path}/bins/{index}/values"
                yield Fault(message, "category_repeated", file, place, found=repr(value))


def grades_faults(step: dict[str, Any], file: str, path: str) -> Iterator[Fault]:
    """Faults `grades_order` of a grade step that keeps its schema: the intervals, and grades that stand twice."""
    grades = step["grades"]
    for _, message, index in interval_chain_faults([(grade["lower"], grade["upper"]) for grade in grades]):
        yield Fault(message, "grades_order", file, f"{path}/grades/{index}")
    names = [grade["grade"] for grade in grades]
    for index, name in enumerate(names):
        if name in names[:index]:
            place = f"{path}/grades/{index}/grade"
            yield Fault("grade stands twice", "grades_order", file, place, found=repr(name))
