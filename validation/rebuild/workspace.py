"""What all comparisons work on: the package, its rows by sample, and every model scored again over the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from validation.compare import Ledger
from validation.package import Package
from validation.policy import Policy
from validation.rebuild.clusters import cluster_codes
from validation.score import score
from validation.steps.values import Value
from validation.tables import SAMPLES

DEVELOPMENT = "development"
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Workspace:
    """outcome, weight (n,) over the snapshot; `rows` the row numbers of each sample in the package, in its order.

    cluster (n,): whole numbers, equal where rows belong to one obligor, account or group.

    `scored` holds every named value of every model over the snapshot, computed by the validator.
    """

    package: Package
    policy: Policy
    ledger: Ledger
    frame: pd.DataFrame
    outcome: NDArray[np.float64]
    weight: NDArray[np.float64]
    cluster: NDArray[np.int64]
    rows: Mapping[str, NDArray[np.int64]]
    scored: Mapping[str, Mapping[str, Value]]

    @property
    def confidence(self) -> float:
        """The level of the intervals, as the plan sets it."""
        return self.package.setting("evaluation", "confidence", CONFIDENCE)

    def known(self, sample: str) -> NDArray[np.int64]:
        """Return the rows of a sample whose outcome is known."""
        rows = self.rows.get(sample, np.zeros(0, dtype=np.int64))
        return rows[~np.isnan(self.outcome[rows])]

    def output(self, model_id: str, key: str) -> Value | None:
        """Return a published output of a model over the snapshot, or None where it has none."""
        name = self.package.models[model_id]["outputs"].get(key)
        return None if name is None else self.scored[model_id][name]

    def judged(self, model_id: str, sample: str) -> NDArray[np.int64]:
        """Return the rows of a sample with a known outcome and a linear score."""
        rows = self.known(sample)
        value = self.output(model_id, "linear_score")
        return rows if value is None else rows[~np.isnan(value.data[rows])]


def open_workspace(package: Package, policy: Policy) -> Workspace | None:
    """Score every model over the snapshot; None where the package came without rows."""
    if package.snapshot is None:
        return None
    frame = package.snapshot
    sample = frame["_sample"].to_numpy()
    rows = {name: np.flatnonzero(np.equal(sample, name)) for name in SAMPLES}
    scored: dict[str, Mapping[str, Value]] = {}
    for model_id, model in package.models.items():
        scored[model_id] = score(model, frame)
    return Workspace(
        package=package,
        policy=policy,
        ledger=Ledger(policy),
        frame=frame,
        outcome=frame["_outcome"].to_numpy(np.float64),
        weight=frame["_weight"].to_numpy(np.float64),
        cluster=cluster_codes(frame["_cluster"].tolist()),
        rows={name: found for name, found in rows.items() if len(found)},
        scored=scored,
    )
