"""The rows that candidates are fitted on, where a method of reject inference makes them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.performance import DEVELOPMENT
from credit_risk.sampling import Intake
from credit_risk.sampling.outcome import Outcome

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def retaken(prepared: Prepared, place: Places, y: Floats, weights: Floats) -> Prepared:
    """`prepared` with development made of the rows `place` (m,) with outcomes y and weights (m,), in this order.

    A row may stand there more than once; where it belongs to no cluster, its copies make one. The other samples follow
    as they are; rows of no sample are left out. `known` of the result is `prepared`.
    """
    others = np.flatnonzero(~prepared.development & pd.notna(prepared.labels))
    order = np.concatenate([place, others])
    labels = np.concatenate([np.full(len(place), DEVELOPMENT, dtype=object), prepared.labels[others]])
    outcome = np.concatenate([y, prepared.intake.outcome[others]])
    clusters = np.concatenate([_clusters(prepared, place), prepared.clusters[others]])
    weight = np.concatenate([weights, prepared.weights[others]])
    intake = _taken(prepared.intake, order, outcome)
    return Prepared(intake, labels, weight, clusters, labels == DEVELOPMENT, known=prepared)


def _clusters(prepared: Prepared, place: Places) -> NDArray[np.object_]:
    found = prepared.clusters[place].copy()
    _, number, count = np.unique(place, return_inverse=True, return_counts=True)
    several = (count[number] > 1) & pd.isna(found)
    taken = {cluster for cluster in prepared.clusters.tolist() if cluster is not None} if several.any() else set()
    for row in np.flatnonzero(several):
        name = f"row {place[row] + 1}"
        while name in taken:
            name = f"applicant of {name}"
        found[row] = name
    return found


def _taken(intake: Intake, order: Places, outcome: Floats) -> Intake:
    left = {name: replace(column, codes=column.codes[order]) for name, column in intake.left_out.items()}
    return replace(
        intake,
        frame=intake.frame.iloc[order].reset_index(drop=True),
        key=intake.key[order],
        outcome=outcome,
        decided=_decided(intake.decided, order, outcome),
        left_out=left,
    )


def _decided(decided: Outcome, order: Places, outcome: Floats) -> Outcome:
    """The outcome of the rows taken; its tables stay those of the source."""
    values: dict[str, Any] = {f.name: getattr(decided, f.name) for f in fields(decided)}
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            values[name] = value[order]
    values["values"] = outcome
    return Outcome(**values)
