"""What an adverse-action notice is made of: reasons of rules and of the score together, and the range of the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

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
    of segments: the lowest and highest of all of them.
    """
    return _range_of(model["steps"], model["outputs"].get("score"))


def _range_of(steps: Sequence[Step], name: str | None) -> tuple[float, float, str] | None:
    choice = next((s for s in steps if s["type"] == "switch" and s["output"] == name), None)
    if choice is not None:
        chosen = [*(case["value"] for case in choice["cases"]), choice["default"]]
        ranges = [_range_of(steps, each) for each in chosen if each is not None]
        known = [each for each in ranges if each is not None]
        whole = known and len(known) == len(ranges) and len({words for _, _, words in known}) == 1
        return (min(k[0] for k in known), max(k[1] for k in known), known[0][2]) if whole else None
    scale = next((s for s in steps if s["type"] == "scale" and s["output"] == name), None)
    if scale is None:
        return None
    if scale["form"] == "points":
        parts = [part["points"] for part in scale["characteristics"]]
        base = float(scale["base_points"])
        return base + sum(min(p) for p in parts), base + sum(max(p) for p in parts), ATTAINABLE
    trees = next((s for s in steps if s["type"] == "trees" and s["output"] == scale["input"]), None)
    if trees is None or trees["offset"] is not None:
        return None
    leaves = [[v for v, left in zip(t["value"], t["left"], strict=True) if left == -1] for t in trees["trees"]]
    ends = [trees["base_margin"] + sum(map(end, leaves)) for end in (max, min)]
    low, high = (_scaled(scale, margin) for margin in ends)
    return low, high, BOUNDS


def _scaled(scale: Step, margin: float) -> float:
    return float(scale_linear(scale, np.array([margin]))[0])
