"""Baselines of reason codes such that engines which break ties differently all give the model's reasons."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from credit_risk._core.errors import Fault, PackageError

Step = Mapping[str, Any]


def portable_baselines(reasons: Step, scale: Step) -> dict[str, float]:
    """Baseline score of each points value of a `reasons` step of method `points_below_reference`.

    Engines disagree on zero shortfalls (some list them) and on equal shortfalls (list order, or the reverse).
    The model's own baselines differ by its rank step, so neither occurs as a rule; where it does, each baseline is
    lowered by its rank times a fraction of the smallest gap between shortfalls, which keeps every strict order, puts
    equal shortfalls in list order and turns zero ones negative. Raises PackageError where the gap is too small for
    doubles.
    """
    points = {item["output"]: item["points"] for item in scale["characteristics"]}
    items = reasons["characteristics"]
    values = [(item["baseline"] - p, k) for k, item in enumerate(items) for p in points[item["input"]]]
    values.append((0.0, -1))
    ordered = sorted(set(values))
    pairs = [(b[0] - a[0], a[1] != b[1]) for a, b in pairwise(ordered)]
    if not any(gap == 0.0 and across for gap, across in pairs):
        return {item["input"]: item["baseline"] for item in items}
    smallest = min((gap for gap, _ in pairs if gap > 0.0), default=1.0)
    step = smallest / (4.0 * (len(items) + 1))
    greatest = max(abs(shortfall) for shortfall, _ in values) + max(abs(item["baseline"]) for item in items)
    if step < greatest * 1e-14:
        fault = Fault(
            f"shortfalls of reason codes differ by {smallest!r}, too little for engines to order them alike",
            code="export_unsupported",
            file="model.json",
            path="reasons",
            remedy="choose a greater reason_codes.rank_step",
        )
        raise PackageError(fault)
    return {item["input"]: item["baseline"] - step * (k + 1) for k, item in enumerate(items)}
