"""The curve from the linear score to the probability, as the steps of a model have it, and development on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.evaluation._arrays import Floats
from credit_risk.monitoring.drift.probability import Link, MeanProbability
from credit_risk.scoring import compile_model
from credit_risk.scoring.step_names import produced_names, read_names

X = "x"
MOST_SCORES = 5_000
"""Distinct linear scores of development; of more, as many groups of equal weight stand for them by their means."""


def probability_link(model: Mapping[str, Any]) -> Link | None:
    """The published probability as a function of the published linear score; None where it is none of it alone.

    The steps between the two are run as they are (link, calibration, points that are rounded), so that nothing is
    approximated. None too where the model publishes no probability, or a segment chooses the curve.
    """
    outputs = model["outputs"]
    start, end = outputs.get("linear_score"), outputs.get("probability")
    if not start or not end:
        return None
    wanted: set[str] = {end}
    steps: list[Mapping[str, Any]] = []
    for step in reversed(model["steps"]):
        if start not in produced_names(step) and wanted & set(produced_names(step)):
            steps.insert(0, step)
            wanted |= read_names(step)
    made = {name for step in steps for name in produced_names(step)}
    if wanted - made != {start}:
        return None
    first = {"id": X, "type": "linear", "intercept": 0.0, "offset": None, "output": start}
    inner = {
        **model,
        "inputs": [{"name": X, "type": "number", "description": "linear score", "specials": []}],
        "steps": [{**first, "terms": [{"input": X, "coefficient": 1.0}]}, *steps],
        "outputs": {**outputs, "score": None, "grade": None, "reasons": None, "decision": []},
    }
    compiled = compile_model(inner)

    def link(x: Floats) -> Floats:
        return compiled.score(pd.DataFrame({X: x}), outputs=["probability"])["probability"].to_numpy(np.float64)

    return link


def mean_probability_of(scores: Floats, weights: Floats | None, link: Link) -> tuple[MeanProbability, str | None]:
    """Development's linear scores (n,) with weights (n,) on a curve, and a note where groups stand for them."""
    values, place = np.unique(scores, return_inverse=True)
    rows = np.bincount(place, weights, len(values)).astype(np.float64)
    if len(values) <= MOST_SCORES:
        return MeanProbability(values, rows, link), None
    ends = np.cumsum(rows)
    group = np.minimum((MOST_SCORES * (ends - rows / 2.0) / ends[-1]).astype(np.int64), MOST_SCORES - 1)
    mass = np.bincount(group, rows, MOST_SCORES).astype(np.float64)
    held = mass > 0
    means = np.bincount(group, rows * values, MOST_SCORES)[held] / mass[held]
    note = f"{len(values):,} linear scores of development stand in the mean probability by {int(held.sum()):,} groups"
    return MeanProbability(means, mass[held], link), note
