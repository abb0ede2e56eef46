"""The snapshot: the rows that the model was developed and tested on (SPECIFICATION section 5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from credit_risk.sampling.intake import Intake


def snapshot_frame(
    intake: Intake, labels: np.ndarray, weights: np.ndarray | None = None, clusters: np.ndarray | None = None
) -> pd.DataFrame:
    """`_key`, `_sample`, `_outcome`, `_status`, `_weight`, `_cluster`, then the contract's columns as in the source.

    The key column stands as `_key` only; derived characteristics are left to the model's own steps. `weights` default
    to 1.0, `clusters` to none. Rows stand in the order of the source; missing is NaN in numbers and None in text (null
    once written).
    """
    rows = len(intake.key)
    head = {
        "_key": intake.key,
        "_sample": pd.Series(labels, dtype=object),
        "_outcome": intake.outcome.astype(np.float64),
        "_status": pd.Series([None] * rows if intake.status is None else intake.status, dtype=object),
        "_weight": np.ones(rows) if weights is None else np.asarray(weights, dtype=np.float64),
        "_cluster": pd.Series([None] * rows if clusters is None else clusters, dtype=object),
    }
    head["_key"] = pd.Series(intake.key)
    return pd.concat([pd.DataFrame(head), intake.frame[list(intake.contract_columns)]], axis=1)
