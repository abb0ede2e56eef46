"""What an adverse-action notice is made of: reasons of rules and of the score together, and the range of the score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from credit_risk.scoring.step_names import produced_names, read_names
from credit_risk.scoring.steps import scale_linear

RULE, SCORE = "rule", "score"
ATTAINABLE = "sum of the lowest and of the highest points"
BOUNDS = "sum of the lowest and of the highest leaves of trees"
Step = Mapping[str, Any]


def compose_reasons(
    rules: Sequence[str], scored: Sequence[str], *, score_failed: bool, maximum: int = 4
) -> tuple[tuple[str, str], ...]:
    """Reasons to tell, each (`rule` or `score`, code): those of the component that the applicant failed.

    rules: codes of the rules that declined, in their order, all of which are told (an automatic denial factor must be);
    scored: codes of the score in their order, told only where the score failed too, and then as far as `maximum` in all
    leaves room; where the score alone failed, all of them, an inquiry beyond the maximum included. (Regulation B,
    comments 9(b)(2)-1, -7 and -8 on the number of reasons, combined systems and automatic denial.)
    """
    told = [(RULE, code) for code in dict.fromkeys(rules)]
    if not score_failed:
        return tuple(told)
    room = len(scored) if not told else max(maximum - len(told), 0)
    return (*told, *((SCORE, code) for code in scored[:room]))


def score_range(model: Mapping[str, Any]) -> tuple[float, float, str] | None:
    """Lowest and highest score that a model.json can give, and what they are; None where its form does not tell.

    Points: the sums of the lowest and of the highest points of all characteristics. A linear scale of trees: bounds
    from the lowest and highest leaf of each tree, which one applicant need not reach together. A choice among scores
    of segments: the lowest and highest of all of them. Two stages: both added up; a first stage that is a column has no
    bounds.
    """
    made = {name: step for step in model["steps"] for name in produced_names(step)}
    ends = _ends(made, model["outputs"].get("score"))
    if ends is None:
        return None
    trees = any(step["type"] == "trees" for step in _needed(made, model["outputs"]["score"]))
    return (*ends, BOUNDS if trees else ATTAINABLE)


def _needed(made: Mapping[str, Step], name: str) -> list[Step]:
    """The steps that a value depends on. made: by value the step that produces it."""
    found: list[Step] = []
    waiting = [name]
    while waiting:
        step = made.get(waiting.pop())
        if step is not None and step not in found:
            found.append(step)
            waiting += read_names(step)
    return found


def _ends(made: Mapping[str, Step], name: str | None) -> tuple[float, float] | None:
    """Lowest and highest of a value in points or log-odds, or None."""
    step = made.get(name) if name is not None else None
    kind = None if step is None else step["type"]
    if step is None or kind not in _ENDS:
        return None
    return _ENDS[kind](made, step)


def _of_scale(made: Mapping[str, Step], step: Step) -> tuple[float, float] | None:
    if step["form"] == "points":
        parts = [part["points"] for part in step["characteristics"]]
        base = float(step["base_points"])
        return base + sum(min(p) for p in parts), base + sum(max(p) for p in parts)
    margin = _ends(made, step["input"])
    return None if margin is None else (_scaled(step, margin[1]), _scaled(step, margin[0]))


def _of_sum(made: Mapping[str, Step], step: Step) -> tuple[float, float] | None:
    parts = [_ends(made, name) for name in step["inputs"]]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return float(sum(low for low, _ in known)), float(sum(high for _, high in known))


def _of_switch(made: Mapping[str, Step], step: Step) -> tuple[float, float] | None:
    names = [*(case["value"] for case in step["cases"]), *([step["default"]] if step["default"] is not None else [])]
    parts = [_ends(made, name) for name in names]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return min(low for low, _ in known), max(high for _, high in known)


def _of_trees(made: Mapping[str, Step], step: Step) -> tuple[float, float] | None:
    start = _start(made, step)
    if start is None:
        return None
    leaves = [[v for v, left in zip(t["value"], t["left"], strict=True) if left == -1] for t in step["trees"]]
    low, high = (step["base_margin"] + sum(map(end, leaves)) for end in (min, max))
    return start[0] + low, start[1] + high


def _of_linear(made: Mapping[str, Step], step: Step) -> tuple[float, float] | None:
    """Of weights of evidence only: another term has no bounds."""
    start = _start(made, step)
    classings = [made.get(term["input"], {}) for term in step["terms"]]
    if start is None or any(one.get("type") != "classing" for one in classings):
        return None
    low, high = start[0] + step["intercept"], start[1] + step["intercept"]
    for term, classing in zip(step["terms"], classings, strict=True):
        values = [term["coefficient"] * one["woe"] for one in classing["bins"]]
        low, high = low + min(values), high + max(values)
    return low, high


def _start(made: Mapping[str, Step], step: Step) -> tuple[float, float] | None:
    return (0.0, 0.0) if step["offset"] is None else _ends(made, step["offset"])


_ENDS: dict[str, Callable[[Mapping[str, Step], Step], tuple[float, float] | None]] = {
    "scale": _of_scale,
    "sum": _of_sum,
    "switch": _of_switch,
    "trees": _of_trees,
    "linear": _of_linear,
}


def _scaled(scale: Step, margin: float) -> float:
    return float(scale_linear(scale, np.array([margin]))[0])
