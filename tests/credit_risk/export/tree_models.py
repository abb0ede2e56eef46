"""Hypothesis strategy: models of trees with an offset, attributions, points, calibration, grades and rules."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from credit_risk.scoring.attribution import pack_step
from tests.credit_risk.scoring.strategies import EDGES, NAMES, NASTY, WEIGHTS

FACTOR, OFFSET = 20.0 / math.log(2.0), 487.1228762045055
SCALING = {"points_to_double_odds": 20.0, "base_score": 600.0, "base_odds": 50.0, "factor": FACTOR, "offset": OFFSET}
THRESHOLDS = st.sampled_from([*EDGES, 16.999999046325684])


def tree(draw: st.DrawFn, features: int, depth: int) -> dict[str, list[Any]]:
    """A random tree as column arrays, children after their parent."""
    result: dict[str, list[Any]] = {
        name: [] for name in ("feature", "threshold", "left", "right", "default_left", "value")
    }

    def add(level: int) -> int:
        here = len(result["left"])
        leaf = level == depth or draw(st.integers(0, 4)) == 0
        cells = (-1, None, -1, -1, False, draw(WEIGHTS)) if leaf else None
        if cells is None:
            cells = (draw(st.integers(0, features - 1)), draw(THRESHOLDS), -1, -1, draw(st.booleans()), 0.0)
        for name, cell in zip(result, cells, strict=True):
            result[name].append(cell)
        if not leaf:
            result["left"][here] = add(level + 1)
            result["right"][here] = add(level + 1)
        return here

    add(0)
    return result


@st.composite
def tree_models(draw: st.DrawFn) -> dict[str, Any]:
    """A model.json of type monotone_boosting over numbers, a derived number and the WoE of a text."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=3, max_size=4))
    text, numbers = names[0], names[1:]
    steps = [_half(numbers[0]), _classed(draw, text)]
    features = [*numbers, "half", "woe of text"]
    offset = draw(st.sampled_from([None, "start", numbers[0]]))
    if offset == "start":
        steps.append(_start())
    trees = {
        "id": "trees",
        "type": "trees",
        "features": features,
        "base_margin": 0.0 if offset else draw(WEIGHTS),
        "offset": offset,
        "trees": [tree(draw, len(features), draw(st.integers(1, 4))) for _ in range(draw(st.integers(1, 4)))],
        "output": "linear_score",
    }
    steps += [trees, *_tail(draw)]
    outputs = {
        "linear_score": "linear_score",
        "probability": "calibrated",
        "score": "points",
        "grade": "class",
        "probability_name": "PD",
        "decision": ["low"],
    }
    if draw(st.booleans()):
        steps += _explained(draw, trees)
        outputs["reasons"] = "why"
    inputs = [
        {"name": n, "type": "string" if n == text else "number", "description": "", "specials": []} for n in names
    ]
    return {
        "format": "credit-risk-model",
        "format_version": "0.1",
        "model": {"id": "grown", "name": "grown", "version": "1", "type": "monotone_boosting"},
        "outcome": {"type": "binary", "event": "bad", "probability_name": "PD"},
        "inputs": inputs,
        "steps": steps,
        "outputs": outputs,
    }


def _half(name: str) -> dict[str, Any]:
    expression = {"op": "multiply", "args": [{"ref": name}, {"const": 0.5}]}
    return {"id": "half", "type": "derive", "output": "half", "value_type": "number", "expression": expression}


def _classed(draw: st.DrawFn, name: str) -> dict[str, Any]:
    values = draw(st.lists(st.sampled_from(NASTY), unique=True, min_size=1, max_size=12))
    bins: list[dict[str, Any]] = [{"kind": "categories", "values": [value]} for value in values]
    bins += [{"kind": "unseen"}, {"kind": "missing"}]
    bins = [{**one, "id": k, "label": "", "woe": k / 4 - 1} for k, one in enumerate(bins)]
    head = {"id": "classing", "type": "classing", "input": name, "kind": "categorical", "bins": bins}
    return {**head, "output_bin": "bin of text", "output_woe": "woe of text"}


def _start() -> dict[str, Any]:
    terms = [{"input": "woe of text", "coefficient": -0.7}]
    return {"id": "start", "type": "linear", "intercept": -1.5, "offset": None, "terms": terms, "output": "start"}


def _tail(draw: st.DrawFn) -> list[dict[str, Any]]:
    rounding = draw(st.sampled_from(["none", "half_away_from_zero"]))
    scale = {"id": "s", "type": "scale", "form": "linear", "input": "linear_score", "factor": FACTOR}
    low = {"op": "less", "args": [{"ref": "points"}, {"const": 500.0}]}
    edges = [(None, 0.1), (0.1, 0.4), (0.4, None)]
    grades = [
        {"grade": name, "lower": a, "upper": b, "probability": None} for name, (a, b) in zip("CBA", edges, strict=True)
    ]
    knots = {"x": [0.01, 0.2, 0.6], "y": [0.02, 0.15, 0.7]}
    return [
        {"id": "p", "type": "link", "function": "logit", "input": "linear_score", "output": "probability"},
        {"id": "k", "type": "calibrate", "method": "piecewise_linear", **knots, "input": "probability",
         "output": "calibrated"},
        {**scale, "offset": OFFSET, "rounding": rounding, "scaling": SCALING, "output": "points"},
        {"id": "g", "type": "grade", "input": "calibrated", "grades": grades, "output": "class"},
        {"id": "low", "type": "guard", "condition": low, "action": "refer", "reason_code": "L", "output": "low"},
    ]  # fmt: skip


def _explained(draw: st.DrawFn, trees: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributions against a few rows, the first two features taken together, and their reasons."""
    features = trees["features"]
    groups = [features[:2], *([name] for name in features[2:])]
    cells = st.sampled_from([None, *EDGES, 3.0])
    rows = draw(st.lists(st.tuples(*[cells for _ in features]).map(list), min_size=1, max_size=5))
    weights = [draw(st.sampled_from([1.0, 0.5, 3.0])) for _ in rows]
    parts = [
        {"characteristic": f"c{k}", "features": group, "output": f"attribution {k}"} for k, group in enumerate(groups)
    ]
    step = {
        "id": "a",
        "type": "attribution",
        "trees": "trees",
        "multiplier": -FACTOR,
        "base": 0.0,
        "characteristics": parts,
        "background": {"description": "a few", "rows": rows, "weights": weights},
    }
    step["base"] = pack_step(step, trees).base
    items = [
        {"characteristic": part["characteristic"], "input": part["output"], "reason_code": f"R{k % 3}",
         "reference_points": 0.0, "baseline": -1e-6 * (k + 1)}
        for k, part in enumerate(parts)
    ]  # fmt: skip
    head = {"id": "r", "type": "reasons", "method": "attribution_below_reference", "reference": "the background"}
    asked = {"inquiries": ["c1"]} if draw(st.booleans()) else {}
    most = {"maximum": draw(st.integers(1, 6)), "rank_step": 1e-6}
    return [step, {**head, **most, "characteristics": items, "output": "why", **asked}]


def near_ties(shortfalls: np.ndarray) -> np.ndarray:
    """Rows (bool) in which two shortfalls, or one and zero, are closer than the order of a sum decides."""
    with_zero = np.sort(np.column_stack([shortfalls, np.zeros(len(shortfalls))]), axis=1)
    return (np.diff(with_zero, axis=1) < 1e-9).any(axis=1)
