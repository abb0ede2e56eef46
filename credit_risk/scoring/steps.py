"""The steps of model.json as plain functions of arrays (SPECIFICATION section 3.2); estimators predict through them.

Numbers are float64 with NaN for missing, strings are objects with None for missing. Nothing here checks a model:
`compile_model` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Step = Mapping[str, Any]
MOST_COUNTED_EDGES = 40


def round_half_away_from_zero(x: np.ndarray) -> np.ndarray:
    """`sign(x)·floor(|x| + 0.5)`, as SQL and spreadsheets round (SPECIFICATION section 4); zero is +0.0."""
    return np.sign(x) * np.floor(np.abs(x) + 0.5) + 0.0


def classify_bins(step: Step, values: np.ndarray) -> np.ndarray:
    """Bin ids (int64, shape (n,)) of a `classing` step: missing, special, interval or categories, unseen."""
    return _classify_numeric(step, values) if step["kind"] == "numeric" else _classify_text(step, values)


def _classify_numeric(step: Step, values: np.ndarray) -> np.ndarray:
    x = np.asarray(values, dtype=np.float64)
    intervals = [b for b in step["bins"] if b["kind"] == "interval"]
    edges = np.array([b["upper"] for b in intervals[:-1]], dtype=np.float64)
    ids = np.array([b["id"] for b in intervals], dtype=np.int64)
    place = _interval_of(edges, x)
    follow = bool(np.all(np.diff(ids) == 1))
    result = place + ids[0] if follow else ids[place]
    for one in (b for b in step["bins"] if "codes" in b):
        for code in one["codes"]:
            result[x == float(code)] = one["id"]
    result[np.isnan(x)] = missing_bin(step)["id"]
    return result


def _interval_of(edges: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Number of the interval `[a, b)` between ascending edges that holds each value; any for NaN.

    A few edges are counted one by one, which is many times faster than a search for each value.
    """
    if len(edges) > MOST_COUNTED_EDGES:
        return np.searchsorted(edges, x, side="right").clip(max=len(edges))
    place = np.zeros(len(x), dtype=np.uint8)
    for edge in edges:
        place += x >= edge
    return place


def classify_levels(step: Step, codes: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Bin ids (int64, (n,)) of a categorical `classing` step for texts `levels[codes]`; the last level is None."""
    return _classify_text(step, levels)[codes]


def _classify_text(step: Step, values: np.ndarray) -> np.ndarray:
    lookup: dict[str, int] = {}
    for key in ("codes", "values"):
        for one in step["bins"]:
            for text in one.get(key, ()):
                lookup.setdefault(text, one["id"])
    missing = missing_bin(step)["id"]
    unseen = next(b["id"] for b in step["bins"] if b["kind"] == "unseen")
    ids = (missing if value is None else lookup.get(value, unseen) for value in values)
    return np.fromiter(ids, dtype=np.int64, count=len(values))


def missing_bin(step: Step) -> Step:
    """The bin of a `classing` step that missing values fall into: its own, or one that also takes them."""
    return next(b for b in step["bins"] if b["kind"] == "missing" or b.get("takes_missing", False))


def bin_woe(step: Step, bins: np.ndarray) -> np.ndarray:
    """WoE (float64, ln of share of goods over share of bads) of bin ids of a `classing` step."""
    return np.array([b["woe"] for b in step["bins"]], dtype=np.float64)[bins]


def linear_value(
    step: Step, terms: Sequence[np.ndarray], offset: np.ndarray | None = None, rows: int = 0
) -> np.ndarray:
    """`((intercept + offset) + c1·x1) + c2·x2 …` in the order of the step; `rows` where there are no terms."""
    size = len(terms[0]) if terms else (rows if offset is None else len(offset))
    result = np.full(size, float(step["intercept"]))
    if offset is not None:
        result = result + offset
    for term, x in zip(step["terms"], terms, strict=True):
        result = result + float(term["coefficient"]) * x
    return result


@dataclass(frozen=True, slots=True)
class PackedTree:
    """One tree ready to walk: leaves point to themselves, so `depth` passes bring every row to its leaf."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    default_left: np.ndarray
    value: np.ndarray
    depth: int


def pack_tree(tree: Step) -> PackedTree:
    """Arrays of one tree of a `trees` step; children must have greater indices than their parent."""
    left = np.array(tree["left"], dtype=np.int64)
    right = np.array(tree["right"], dtype=np.int64)
    leaf = left < 0
    own = np.arange(len(left))
    depth = np.zeros(len(left), dtype=np.int64)
    for node in np.flatnonzero(~leaf):
        depth[left[node]] = depth[right[node]] = depth[node] + 1
    threshold = np.array([0.0 if t is None else t for t in tree["threshold"]], dtype=np.float64)
    return PackedTree(
        feature=np.where(leaf, 0, np.array(tree["feature"], dtype=np.int64)),
        threshold=threshold,
        left=np.where(leaf, own, left),
        right=np.where(leaf, own, right),
        default_left=np.array(tree["default_left"], dtype=bool),
        value=np.array(tree["value"], dtype=np.float64),
        depth=int(depth.max()),
    )


def pack_trees(step: Step) -> list[PackedTree]:
    """All trees of a `trees` step, in order."""
    return [pack_tree(tree) for tree in step["trees"]]


def walk_tree(tree: PackedTree, flat: np.ndarray, rows: int) -> np.ndarray:
    """Leaf index (int64, (n,)) of each row; `flat` is the feature matrix, feature after feature, NaN missing."""
    node = np.zeros(rows, dtype=np.int64)
    row = np.arange(rows)
    for _ in range(tree.depth):
        x = flat.take(tree.feature.take(node) * rows + row)
        go_left = np.where(np.isnan(x), tree.default_left.take(node), x < tree.threshold.take(node))
        node = np.where(go_left, tree.left.take(node), tree.right.take(node))
    return node


def tree_leaves(step: Step, matrix: np.ndarray, trees: Sequence[PackedTree] | None = None) -> np.ndarray:
    """Leaf indices (int64, shape (n, number of trees)) for a feature matrix (n, features), NaN missing."""
    flat, rows = _flatten(matrix)
    packed = pack_trees(step) if trees is None else trees
    return np.stack([walk_tree(tree, flat, rows) for tree in packed], axis=1)


def evaluate_trees(
    step: Step,
    matrix: np.ndarray,
    offset: np.ndarray | None = None,
    trees: Sequence[PackedTree] | None = None,
) -> np.ndarray:
    """Raw score (float64, (n,)): `((base_margin + offset) + leaf1) + leaf2 …` in tree order.

    `matrix` (n, features) holds the features in the order of the step, NaN missing; `trees` is `pack_trees(step)`
    where a caller scores often.
    """
    flat, rows = _flatten(matrix)
    result = np.full(rows, float(step["base_margin"]))
    if offset is not None:
        result = result + offset
    for tree in pack_trees(step) if trees is None else trees:
        result = result + tree.value.take(walk_tree(tree, flat, rows))
    return result


def _flatten(matrix: np.ndarray) -> tuple[np.ndarray, int]:
    x = np.asarray(matrix, dtype=np.float64)
    return np.ascontiguousarray(x.T).reshape(-1), x.shape[0]


def inverse_link(function: str, x: np.ndarray) -> np.ndarray:
    """logit: `1 / (1 + exp(−x))`; log: `exp(x)`; probit: Φ(x); identity: x."""
    with np.errstate(over="ignore", under="ignore"):
        if function == "logit":
            return 1.0 / (1.0 + np.exp(-x))
        if function == "log":
            return np.exp(x)
        if function == "probit":
            from scipy.special import ndtr

            return np.asarray(ndtr(x), dtype=np.float64)
    return np.array(x, dtype=np.float64)


def log_odds(p: np.ndarray) -> np.ndarray:
    """`ln(p / (1 − p))`; infinite at 0 and 1."""
    with np.errstate(divide="ignore", invalid="ignore", under="ignore"):
        return np.log(p / (1.0 - p))


def calibrate(step: Step, x: np.ndarray) -> np.ndarray:
    """A `calibrate` step; what is not finite in the result is the caller's to refuse."""
    method = step["method"]
    if method == "logistic" and step["scale"] == "probability":
        return inverse_link("logit", float(step["slope"]) * log_odds(x) + float(step["intercept"]))
    if method == "logistic":
        return float(step["slope"]) * x + float(step["intercept"])
    if method == "intercept_shift":
        return x + float(step["shift"])
    if method == "beta":
        with np.errstate(divide="ignore", invalid="ignore"):
            shifted = float(step["a"]) * np.log(x) - float(step["b"]) * np.log(1.0 - x) + float(step["c"])
        return inverse_link("logit", shifted)
    if method == "piecewise_constant":
        return _piecewise_constant(np.array(step["x"], float), np.array(step["y"], float), x)
    return _piecewise_linear(np.array(step["x"], float), np.array(step["y"], float), x)


def _piecewise_linear(knots: np.ndarray, levels: np.ndarray, x: np.ndarray) -> np.ndarray:
    """`y0 + (x − x0)·((y1 − y0)/(x1 − x0))` between knots, constant outside."""
    at = np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)
    slope = (levels[1:] - levels[:-1]) / (knots[1:] - knots[:-1])
    inside = levels[at] + (x - knots[at]) * slope[at]
    return np.where(
        x < knots[0], levels[0], np.where(x >= knots[-1], levels[-1], np.where(np.isnan(x), np.nan, inside))
    )


def _piecewise_constant(cuts: np.ndarray, levels: np.ndarray, x: np.ndarray) -> np.ndarray:
    """`levels[i]` on `[cuts[i − 1], cuts[i])`, ends open; one level more than cuts."""
    return np.where(np.isnan(x), np.nan, levels[np.searchsorted(cuts, x, side="right").clip(max=len(cuts))])


def scale_linear(step: Step, x: np.ndarray) -> np.ndarray:
    """Score in points of log-odds of bad: `offset − factor·x`, rounded as the step says."""
    score = float(step["offset"]) - float(step["factor"]) * x
    return round_half_away_from_zero(score) if step["rounding"] == "half_away_from_zero" else score


def bin_points(characteristic: Step, bins: np.ndarray) -> np.ndarray:
    """Points (float64) of bin ids, for one entry of a `scale` step of form `points`."""
    return np.array(characteristic["points"], dtype=np.float64)[bins]


def scale_points(step: Step, points: Sequence[np.ndarray]) -> np.ndarray:
    """`base_points + p1 + p2 …` left to right; `points` in the order of the step."""
    score = np.full(len(points[0]), float(step["base_points"]))
    for p in points:
        score += p
    return score


def grade_index(step: Step, x: np.ndarray) -> np.ndarray:
    """Index (int64) into `grades` of a `grade` step; intervals `[lower, upper)`."""
    edges = np.array([g["upper"] for g in step["grades"][:-1]], dtype=np.float64)
    return np.searchsorted(edges, x, side="right").clip(max=len(step["grades"]) - 1)


def rank_reasons(step: Step, points: np.ndarray) -> np.ndarray:
    """Reason codes (object, shape (n, most), None where fewer) from points (n, characteristics).

    Shortfall = baseline − points; the greatest positive shortfalls first, equal ones in list order; at most `maximum`,
    and one more where the step names `inquiries` (see `_add_inquiries`).
    """
    baseline = np.array([c["baseline"] for c in step["characteristics"]], dtype=np.float64)
    codes = np.array([*(c["reason_code"] for c in step["characteristics"]), None], dtype=object)
    shortfall = baseline[:, None] - np.ascontiguousarray(np.asarray(points, dtype=np.float64).T)
    told = _greatest(shortfall, min(int(step["maximum"]), len(shortfall)))
    result = np.full((shortfall.shape[1], most_reasons(step)), None, dtype=object)
    result[:, : len(told)] = codes[told].T
    if "inquiries" in step:
        _add_inquiries(step, shortfall.T, told.T, codes, result)
    return result


def _greatest(values: np.ndarray, most: int) -> np.ndarray:
    """Places (most, n) of the greatest positive values (k, n) of each column, greatest first, equal ones in order; −1.

    One pass that inserts each row of `values` into the best so far: no sort.
    """
    best = np.zeros((most, values.shape[1]))
    place = np.full((most, values.shape[1]), -1, dtype=np.int16)
    for k, row in enumerate(values):
        above = row > best[-1]
        for r in range(most - 1, 0, -1):
            beyond = row > best[r - 1]
            np.copyto(best[r], np.where(beyond, best[r - 1], row), where=above)
            np.copyto(place[r], np.where(beyond, place[r - 1], np.int16(k)), where=above)
            above = beyond
        np.copyto(best[0], row, where=above)
        np.copyto(place[0], np.int16(k), where=above)
    return place


def most_reasons(step: Step) -> int:
    """Length of the reason list of a `reasons` step: `maximum`, and one more where it names `inquiries`."""
    return int(step["maximum"]) + ("inquiries" in step)


def widest_reasons(lists: Sequence[np.ndarray]) -> int:
    """Length of a reason list that is chosen among several (each (n, most)): that of the longest."""
    return max(each.shape[1] for each in lists)


def published_reasons(model: Step) -> int:
    """Length of the published reason list of a model.json, through every `switch`; 0 where it gives none."""
    made = {step["output"]: step for step in model["steps"] if step["type"] in ("reasons", "switch")}

    def longest(name: str | None) -> int:
        step = made.get(name or "")
        if step is None:
            return 0
        if step["type"] == "reasons":
            return most_reasons(step)
        return max(longest(each) for each in [*(case["value"] for case in step["cases"]), step["default"]])

    return longest(model["outputs"].get("reasons"))


def _add_inquiries(step: Step, shortfall: np.ndarray, told: np.ndarray, codes: np.ndarray, result: np.ndarray) -> None:
    """The last reason: the greatest positive shortfall among inquiries, where none of them is told already."""
    places = [k for k, c in enumerate(step["characteristics"]) if c["characteristic"] in set(step["inquiries"])]
    best = np.array(places)[np.argmax(shortfall[:, places], axis=1)]
    greatest = np.take_along_axis(shortfall, best[:, None], axis=1)[:, 0]
    added = (greatest > 0.0) & ~np.isin(told, places).any(axis=1)
    result[added, -1] = codes[best[added]]


def text_of_number(value: float | int) -> str:
    """How a number reads as a code: `1`, not `1.0`; others in shortest round-trip form (SPECIFICATION section 3)."""
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def is_absent(value: Any) -> bool:
    """Whether a scalar cell of a table is missing: None, NaN, NaT or pandas' NA."""
    if isinstance(value, (float, np.floating)):
        return bool(value != value)
    return value is None or value is pd.NA or value is pd.NaT
