"""The workspace of what was fitted on the rows of reject inference: development as the methods left it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.steps.values import Value

TOGETHER = "rows of one applicant"
"""Says that a row has a cluster; which one, `Workspace.cluster` tells."""


def fitted_of(space: Workspace) -> Workspace:
    """Return the workspace whose development sample is rows.parquet over the snapshot, the other samples as they are.

    Rows are taken again by their place, so that an applicant stands in as many rows as the method gave; outcome and
    weight are those of rows.parquet; rows of one applicant are one cluster. Without reject inference, the same one.
    """
    held = space.package.reject_inference
    if held is None:
        return space
    own = held.rows["row"].to_numpy(np.int64)
    others = {name: rows for name, rows in space.rows.items() if name != DEVELOPMENT}
    taken = np.concatenate([own, *others.values()])
    ends = len(own) + np.cumsum([0, *(len(rows) for rows in others.values())])
    rows = {DEVELOPMENT: np.arange(len(own), dtype=np.int64)}
    rows |= {name: np.arange(ends[k], ends[k + 1], dtype=np.int64) for k, name in enumerate(others)}
    outcome, weight = space.outcome[taken], space.weight[taken]
    outcome[: len(own)] = held.rows["_outcome"].to_numpy(np.float64)
    weight[: len(own)] = held.rows["_weight"].to_numpy(np.float64)
    frame = space.frame.iloc[taken].reset_index(drop=True)
    clusters = frame["_cluster"].to_numpy(object).copy()
    clusters[_alone_and_several(clusters, taken)] = TOGETHER
    return replace(
        space,
        frame=frame.assign(_outcome=outcome, _weight=weight, _cluster=clusters),
        outcome=outcome,
        weight=weight,
        cluster=space.cluster[taken],
        rows={name: rows[name] for name in [DEVELOPMENT, *others]},
        scored={
            model_id: {name: _taken(value, taken) for name, value in values.items()}
            for model_id, values in space.scored.items()
        },
    )


def _alone_and_several(clusters: NDArray[np.object_], taken: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,) rows of applicants without a cluster that stand in several rows: these are one cluster."""
    _, place, count = np.unique(taken, return_inverse=True, return_counts=True)
    alone = np.array([name is None or name != name for name in clusters.tolist()], dtype=bool)
    return np.asarray(alone & (count[place] > 1))


def _taken(value: Value, rows: NDArray[np.int64]) -> Value:
    return Value(value.kind, value.data[rows], value.error[rows])
