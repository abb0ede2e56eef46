"""Sample labels and weights of an intake's rows, from the columns that the plan names for dates, groups and weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.sampling.clusters import cluster_numbers, repeats, row_clusters
from credit_risk.sampling.intake import Intake
from credit_risk.sampling.samples import split_samples
from credit_risk.sampling.spec import SamplesSpec

Floats = NDArray[np.float64]


def label_rows(intake: Intake, spec: SamplesSpec, date: str | None) -> NDArray[np.object_]:
    """Labels (n,) of `split_samples`; date is the column that places rows in time.

    Rows of one cluster (`row_clusters`) never stand in both development and out-of-sample. Raises IntakeError as
    these two do.
    """
    frame = intake.frame
    dates = frame[date].to_numpy(object) if date in frame.columns else None
    clusters = row_clusters(intake, spec)
    groups = cluster_numbers(clusters) if repeats(clusters[np.isfinite(intake.outcome)]) else None
    return split_samples(intake.outcome, spec, dates=dates, groups=groups)


def row_weights(values: pd.Series, name: str) -> Floats:
    """Weights (n,). Raises IntakeError where one is missing or not positive."""
    weights = pd.to_numeric(values, errors="coerce").to_numpy(float)
    wrong = ~(weights > 0)
    if wrong.any():
        found, row = f"{np.count_nonzero(wrong):,} rows", int(np.flatnonzero(wrong)[0]) + 1
        message = f"the weight {name!r} is missing or not positive in some rows"
        raise IntakeError(Fault(message, "weight", path="samples.weight", row=row, found=found, allowed="above 0"))
    return weights
