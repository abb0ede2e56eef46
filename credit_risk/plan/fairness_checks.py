"""What must hold between `fairness`, `data.protected` and the other parts of a plan. Works on plain values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from credit_risk._core.errors import Fault

Path = tuple[str | int, ...]
Found = Iterator[tuple[Path, Fault]]
LABEL = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
RESERVED = "undeclared"


def fairness_faults(plan: dict[str, Any]) -> Found:
    """All faults of fairness that the plan alone tells; parts of the wrong type are passed over."""
    protected = _part(plan, "data").get("protected")
    lists = _lists(protected)
    yield from _labels(protected)
    for where, names in lists.items():
        for name, count in Counter(names).items():
            if count > 1:
                message = f"the protected column {name!r} stands {count} times"
                yield ("data", "protected", *where), _fault(message, "duplicate_name", remedy="name it once")
    named = {name for names in lists.values() for name in names}
    fairness = _part(plan, "fairness")
    for key in ("references", "edges"):
        for name in _part(fairness, key):
            if name not in named:
                yield ("fairness", key, name), _not_protected(name, named)
    if isinstance(age := fairness.get("age"), str):
        yield from _age(plan, age, named)
    if isinstance(fairness.get("less_discriminatory_alternatives"), dict):
        yield from _search(plan, named)
    for name, edges in _part(fairness, "edges").items():
        numbers = isinstance(edges, list | tuple) and all(_number(edge) for edge in edges)
        if numbers and (not edges or any(a >= b for a, b in pairwise(edges))):
            message, found = "edges do not ascend", str(list(edges))
            yield ("fairness", "edges", name), _fault(message, "range", found=found, allowed="a < b < c …")


def _labels(protected: Any) -> Found:
    for label in protected if isinstance(protected, dict) else ():
        if not isinstance(label, str):
            continue
        path: Path = ("data", "protected", label)
        if label == RESERVED:
            message, remedy = f"{RESERVED!r} is the label of a plain list", "write the list without a label"
            yield path, _fault(message, "jurisdiction", found=label, remedy=remedy)
        elif not LABEL.fullmatch(label):
            allowed = "small letters, figures and single underscores, such as us_ecoa, eu, uk"
            yield path, _fault("not a label of a jurisdiction", "jurisdiction", found=label, allowed=allowed)


def _age(plan: dict[str, Any], age: str, named: set[str]) -> Found:
    path: Path = ("fairness", "age")
    if age not in named:
        yield path, _not_protected(age, named)
    column = _part(plan, "data", "columns", age)
    if column.get("type") in ("categorical", "date") or column.get("order") is not None:
        message = f"the column {age!r} is no number, and an age is in years"
        yield path, _fault(message, "type", found=str(column.get("type")), allowed="a numeric column")


def _search(plan: dict[str, Any], named: set[str]) -> Found:
    """A search needs protected attributes, and a champion that is a scorecard of the whole sample."""
    path: Path = ("fairness", "less_discriminatory_alternatives")
    remedy = "name protected columns in data.protected, or leave the search out"
    if not named:
        yield path, _fault("there is no protected attribute to search for", "not_protected", remedy=remedy)
    models = [model for model in plan.get("models") or [] if isinstance(model, dict)]
    types = [model.get("type") for model in models if model.get("champion") is True]
    if len(types) == 1 and types[0] != "scorecard":
        message = "the search is of scorecards, and the champion is none"
        yield path, _fault(message, "champion", found=str(types[0]), allowed="scorecard")


def _not_protected(name: Any, named: set[str]) -> Fault:
    allowed = ", ".join(sorted(named)) or "none: data.protected is empty"
    return _fault(f"the column {name!r} is not protected", "not_protected", found=str(name), allowed=allowed)


def _lists(protected: Any) -> dict[Path, list[str]]:
    if isinstance(protected, Mapping):
        parts: dict[Path, Any] = {(label,): names for label, names in protected.items()}
    else:
        parts = {(): protected}
    return {
        where: [name for name in names if isinstance(name, str)]
        for where, names in parts.items()
        if isinstance(names, list | tuple)
    }


def _part(plan: Any, *path: str) -> dict[Any, Any]:
    for part in path:
        plan = plan.get(part) if isinstance(plan, dict) else None
    return plan if isinstance(plan, dict) else {}


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fault(
    message: str, code: str, *, found: str | None = None, allowed: str | None = None, remedy: str | None = None
) -> Fault:
    return Fault(message, code=code, found=found, allowed=allowed, remedy=remedy)
