"""Sample labels and weights of an intake's rows, from the columns that the plan names for dates, groups and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, IntakeError
from credit_risk.sampling.clusters import cluster_numbers, repeats, row_clusters
from credit_risk.sampling.history_columns import CALENDAR_MONTH
from credit_risk.sampling.intake import Intake
from credit_risk.sampling.samples import split_samples
from credit_risk.sampling.spec import SamplesSpec
from credit_risk.scoring.steps import text_of_number

Floats = NDArray[np.float64]


def label_rows(intake: Intake, spec: SamplesSpec, date: str | None) -> NDArray[np.object_]:
    """Labels (n,) of `split_samples`; date is the column that places rows in time.

    Rows of one cluster (`row_clusters`) never stand in both development and out-of-sample. Raises IntakeError as
    these two do.
    """
    frame = intake.frame
    dates = row_times(frame[date], spec) if date in frame.columns else None
    clusters = row_clusters(intake, spec)
    groups = cluster_numbers(clusters) if repeats(clusters[np.isfinite(intake.outcome)]) else None
    return split_samples(intake.outcome, spec, dates=dates, groups=groups, kind=intake.kind)


def row_times(values: pd.Series, spec: SamplesSpec) -> NDArray[np.object_]:
    """Dates of rows (n,) that sort as time: a month without its day (2026-11, 202611) is its first day.

    Numbers stay numbers where the bounds of out-of-time are whole numbers.
    """
    if spec.out_of_time is None:
        return values.to_numpy(object)
    bounds = (spec.out_of_time.after, spec.out_of_time.before)
    counted = pd.api.types.is_numeric_dtype(values)
    if counted and any(isinstance(bound, int) for bound in bounds):
        return np.array([None if pd.isna(value) else float(value) for value in values.tolist()], dtype=object)
    found: dict[object, object] = {}
    for value in values.unique():
        text = None if pd.isna(value) else text_of_number(value) if isinstance(value, float) else str(value)
        month = None if text is None else CALENDAR_MONTH.match(text)
        found[value] = f"{month[1]}-{month[2]}-01" if month else value if counted else text
    return np.array([None if pd.isna(value) else found[value] for value in values.tolist()], dtype=object)


def row_weights(values: pd.Series, name: str, source: Mapping[str, str | int] | None = None) -> Floats:
    """Weights (n,). Raises IntakeError where one is missing or not positive, naming the file of `source` and a row."""
    weights = pd.to_numeric(values, errors="coerce").to_numpy(float)
    wrong = ~(np.isfinite(weights) & (weights > 0))
    if wrong.any():
        found, row = f"{np.count_nonzero(wrong):,} rows", int(np.flatnonzero(wrong)[0]) + 1
        message = f"the weight {name!r} is missing or not positive in some rows"
        file = str(source["file"]) if source is not None and "file" in source else None
        remedy = "give every row of the source a weight above 0, or name another column"
        place: dict[str, Any] = {"file": file, "path": "samples.weight", "row": row}
        raise IntakeError(Fault(message, "weight", found=found, allowed="above 0, finite", remedy=remedy, **place))
    return weights
