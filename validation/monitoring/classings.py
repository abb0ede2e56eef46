"""The bins that characteristics are counted on: the champion's, those of another candidate, or development's deciles.

As SPECIFICATION 10 says of monitored characteristics: classings of the champion first; then those of other candidates
(by model id) of values that the champion's inputs give; then, of what no classing is of, tenths of development's
values or its categories. Characteristics of trees are those that their attribution names, else the inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.monitoring.bench import Bench
from validation.score import run_step
from validation.steps.values import Value
from validation.structure import Step, steps_of

Floats = NDArray[np.float64]
TENTHS, MOST_CATEGORIES = 10, 30


@dataclass(frozen=True, slots=True)
class Classing:
    """A value's name, its classing as a step of model.json has it, the value over both sides, and whether the bins are
    the champion's own."""

    name: str
    step: Step
    development: Value
    production: Value
    own: bool


def classings_of(bench: Bench) -> Iterator[Classing]:
    """All of them, in the order of the run; none where production lacks an input of the champion.

    Left out: values that several classings of the champion are of (segments with scorecards of their own).
    """
    if bench.scored is None:
        return
    first, second = dict(bench.development), dict(bench.scored)
    mine = steps_of(bench.package.model, "classing")
    inputs = [step["input"] for step in mine]
    for step in mine:
        if inputs.count(step["input"]) == 1:
            yield Classing(step["input"], step, first[step["input"]], second[step["input"]], True)
    known = set(inputs)
    others = [bench.package.challengers[one] for one in sorted(bench.package.challengers)]
    for model in others:
        _derive(model, (first, bench.development_rows), (second, len(bench.production.frame)))
    for step in (one for model in others for one in steps_of(model, "classing")):
        name = step["input"]
        if name not in known and name in first:
            known.add(name)
            yield Classing(name, step, first[name], second[name], False)
    behind = _behind(known, [bench.package.model, *others])
    for name in _characteristics(bench.package.model):
        if name[0] not in known and (name[1] or name[0] not in behind) and first[name[0]].kind != "flag":
            step = _of_development(bench, name[0], first[name[0]])
            yield Classing(name[0], step, first[name[0]], second[name[0]], False)


def _derive(model: Mapping[str, Any], *sides: tuple[dict[str, Value], int]) -> None:
    """Values that a candidate derives from what is there already."""
    for step in steps_of(model, "derive"):
        if step["output"] not in sides[0][0] and _read(step["expression"]) <= set(sides[0][0]):
            for values, rows in sides:
                values.update(run_step(step, values, rows, model["steps"]))


def _read(node: Mapping[str, Any]) -> set[str]:
    """Names that an expression reads."""
    if "ref" in node:
        return {node["ref"]}
    return {name for item in node.get("args", []) for name in _read(item)}


def _behind(names: set[str], models: list[Mapping[str, Any]]) -> set[str]:
    """The names, and what they are derived from."""
    wanted = set(names)
    for step in reversed([one for model in models for one in steps_of(model, "derive")]):
        if step["output"] in wanted:
            wanted |= _read(step["expression"])
    return wanted


def _characteristics(model: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Names of characteristics, and whether an attribution tells them; each once."""
    told = [part["characteristic"] for step in steps_of(model, "attribution") for part in step["characteristics"]]
    names = told or [item["name"] for item in model["inputs"]]
    produced = {item["name"] for item in model["inputs"]} | {step["output"] for step in steps_of(model, "derive")}
    return [(name, bool(told)) for name in dict.fromkeys(names) if name in produced]


# ------------------------------------------------------------------------------------------------ bins of development
def _of_development(bench: Bench, name: str, value: Value) -> dict[str, Any]:
    """Tenths of numbers; the thirty commonest texts, with all others as one."""
    item = next((one for one in bench.package.model["inputs"] if one["name"] == name), None)
    codes = [one["code"] for one in item["specials"]] if item is not None else []
    if value.kind == "number":
        x = np.asarray(value.data, np.float64)
        good = np.isfinite(x) & ~np.isin(x, np.array(codes, np.float64))
        weight = np.ones(len(x)) if bench.weight is None else bench.weight
        cuts = tenths(x[good], weight[good]) if good.any() else []
        return {"kind": "numeric", "bins": _intervals(cuts, [float(code) for code in codes])}
    return {"kind": "categorical", "bins": _texts(value, [str(code) for code in codes])}


def tenths(x: Floats, weight: Floats) -> list[float]:
    """Values that occur, each with about k tenths of the weight below it: the nearer of the last that has less, and
    the first that has not less; the lower of two as near."""
    values, place = np.unique(x, return_inverse=True)
    mass = np.bincount(place, weight, len(values))
    below = [0.0, *np.cumsum(mass)[:-1].tolist()]
    found = []
    for k in range(1, TENTHS):
        aim = k * (float(mass.sum()) / TENTHS)
        after = next((number for number, less in enumerate(below) if less >= aim), len(below))
        near = min(after, len(below) - 1)
        if abs(below[max(after - 1, 0)] - aim) < abs(below[near] - aim):
            near = max(after - 1, 0)
        if near > 0:
            found.append(float(values[near]))
    return sorted(set(found))


def _intervals(cuts: list[float], codes: list[float]) -> list[dict[str, Any]]:
    edges = [None, *cuts, None]
    bins: list[dict[str, Any]] = [
        {"kind": "interval", "label": _between(low, high), "lower": low, "upper": high} for low, high in pairwise(edges)
    ]
    bins += [{"kind": "special", "label": f"special {code:g}", "codes": [code]} for code in codes]
    return _numbered([*bins, {"kind": "missing", "label": "missing"}])


def _between(low: float | None, high: float | None) -> str:
    if low is None:
        return "all" if high is None else f"< {high!r}"
    return f"≥ {low!r}" if high is None else f"[{low!r}, {high!r})"


def _texts(value: Value, codes: list[str]) -> list[dict[str, Any]]:
    sizes: dict[str, int] = {}
    for text in value.data[~value.error]:
        if text is not None and text not in codes:
            sizes[text] = sizes.get(text, 0) + 1
    ordered = sorted(sizes, key=lambda text: (-sizes[text], text))
    rare = sorted(ordered[MOST_CATEGORIES:])
    bins: list[dict[str, Any]] = [
        {"kind": "categories", "label": text, "values": [text]} for text in sorted(ordered[:MOST_CATEGORIES])
    ]
    if rare:
        bins.append({"kind": "categories", "label": f"{len(rare)} others", "values": rare})
    bins += [{"kind": "special", "label": f"special {code}", "codes": [code]} for code in codes]
    return _numbered([*bins, {"kind": "missing", "label": "missing"}, {"kind": "unseen", "label": "unseen"}])


def _numbered(bins: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"id": number, **one} for number, one in enumerate(bins)]
