"""Settings of training as a package documents them: evidence `boosting.parameters.{model}` and the libraries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from validation.rebuild.boosting.settings import Settings

DIRECTIONS = {"ascending": 1, "descending": -1, "none": 0}
LIBRARIES = ("xgboost", "xgboost-cpu")
NEEDED = ("objective", "tree_method", "max_depth", "eta", "min_child_weight", "lambda", "alpha", "gamma", "max_bin")
OFFSET = "starts from"


def version_of(libraries: Mapping[str, str]) -> tuple[int, int]:
    """Return the first two numbers of the version of xgboost; ValueError with the reason where none is stated."""
    stated = [libraries[name] for name in LIBRARIES if name in libraries]
    numbers = re.findall(r"\d+", stated[0]) if stated else []
    if len(numbers) < 2:
        raise ValueError("the manifest states no version of xgboost, which settles the arithmetic of gains")
    return int(numbers[0]), int(numbers[1])


def settings_of(items: Mapping[str, str], features: Sequence[str], libraries: Mapping[str, str]) -> Settings:
    """Return the settings that a package states; items: text by name of the setting, features in their order.

    Raises ValueError with the reason where they do not suffice or are of another algorithm than is known here.
    """
    if lacking := [name for name in (*NEEDED, "rounds", "monotone_constraints") if name not in items]:
        raise ValueError(f"the package does not state {', '.join(lacking)}")
    known = {"objective": "binary:logistic", "grow_policy": "lossguide"}
    for name, value in known.items():
        if items.get(name, value) != value:
            raise ValueError(f"{name} {items[name]} is not trained again here")
    method = items["tree_method"]
    if method not in ("hist", "exact"):
        raise ValueError(f"tree_method {method} is not trained again here")
    groups = items.get("interaction_constraints")
    try:
        return Settings(
            rounds=int(items["rounds"]),
            learning_rate=float(items["eta"]),
            depth=int(items["max_depth"]),
            leaves=int(items["max_leaves"]) if "max_leaves" in items else None,
            l2=float(items["lambda"]),
            l1=float(items["alpha"]),
            least_gain=float(items["gamma"]),
            least_hessian=float(items["min_child_weight"]),
            largest_step=float(items.get("max_delta_step", "0")),
            most_values=int(items["max_bin"]),
            directions=directions_of(items["monotone_constraints"], features),
            groups=None if groups is None else groups_of(groups, features),
            method="hist" if method == "hist" else "exact",
            version=version_of(libraries),
        )
    except ValueError as error:
        raise ValueError(f"the settings of training cannot be read: {error}") from None


def directions_of(text: str, features: Sequence[str]) -> tuple[int, ...]:
    """Return −1, 0 or 1 for each feature from `name word, name word …`; names may hold commas themselves."""
    found, rest = [], text
    for number, name in enumerate(features):
        start = name if number == 0 else f", {name}"
        word = next((w for w in DIRECTIONS if rest.startswith(f"{start} {w}")), None)
        if word is None:
            raise ValueError(f"no direction of {name}")
        found.append(DIRECTIONS[word])
        rest = rest[len(start) + 1 + len(word) :]
    if rest:
        raise ValueError(f"a direction of none of the features: {rest.lstrip(', ')}")
    return tuple(found)


def groups_of(text: str, features: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """Return groups of feature numbers from `name, name; name …`."""
    number = {name: place for place, name in enumerate(features)}
    longest_first = sorted(features, key=len, reverse=True)
    groups: list[list[int]] = [[]]
    rest = text
    while rest:
        name = next((n for n in longest_first if rest.startswith(n) and _follows(rest[len(n) :])), None)
        if name is None:
            raise ValueError(f"a group of none of the features: {rest}")
        groups[-1].append(number[name])
        rest = rest[len(name) :]
        if rest.startswith("; "):
            groups.append([])
        rest = rest[2:]
    return tuple(tuple(group) for group in groups)


def _follows(rest: str) -> bool:
    return not rest or rest.startswith((", ", "; "))
