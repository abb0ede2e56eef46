"""A model of amounts or fractions by group: subpopulations that the plan names, and protected attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.evaluation.fairness import standardised_mean_difference
from credit_risk.evaluation.lorenz import greatest_gini, ordered_lorenz
from credit_risk.evaluation.measured import MeasuredSample, positive_interval, ratio_error
from credit_risk.evaluation.protected_groups import protected_grouping

GROUP_COLUMNS = [
    *("attribute", "group", "sample", "rows", "weight", "observed_mean", "expected_mean", "ratio", "ratio_lower"),
    *("ratio_upper", "normalised_gini", "standardised_mean_difference", "evaluable"),
]


def measure_group_table(
    samples: Mapping[str, MeasuredSample],
    attributes: Mapping[str, Mapping[str, ArrayLike]],
    *,
    reference_sample: str = "development",
    min_rows: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Evidence `performance.measure_groups` and `fairness.measures`: every group of every attribute on every sample.

    attributes: {attribute: {sample: values (n,)}}; groups are learnt on `reference_sample`. Means are per unit of
    exposure. A group with fewer than `min_rows` rows whose outcome is above 0 is not evaluable: its rows are told,
    every measure is missing. standardised_mean_difference is that of what is expected, group against the rest.
    """
    rows: list[dict[str, Any]] = []
    for attribute, values in attributes.items():
        grouping = protected_grouping(attribute, values[reference_sample])
        for name, sample in samples.items():
            labels = grouping.assign(values[name])
            for group in grouping.order(labels.tolist()):
                head = {"attribute": attribute, "group": group, "sample": name}
                rows.append({**head, **_group(sample, labels == group, min_rows, confidence)})
    frame = pd.DataFrame(rows, columns=GROUP_COLUMNS)
    note = f"groups with fewer than {min_rows} rows above zero are not evaluable: their measures are missing"
    frame.attrs["notes"] = (note,)
    return frame


def _group(sample: MeasuredSample, inside: np.ndarray, min_rows: int, confidence: float) -> dict[str, Any]:
    part = sample.part(inside)
    row: dict[str, Any] = {"rows": len(part), "weight": float(np.sum(part.weights)), "evaluable": False}
    if np.count_nonzero(part.y > 0) < min_rows:
        return row
    outcome, expected, whole = part.weights * part.y, part.weights * part.expected, float(np.sum(part.base))
    ratio, error = ratio_error(outcome, expected, part.clusters)
    lower, upper = positive_interval(ratio, error, confidence)
    most = greatest_gini(outcome, part.base)
    gini = ordered_lorenz(part.rate, outcome, part.base).gini
    difference = standardised_mean_difference(sample.rate, inside.astype(float), sample.weights)
    return row | {
        "observed_mean": float(np.sum(outcome)) / whole,
        "expected_mean": float(np.sum(expected)) / whole,
        "ratio": ratio,
        "ratio_lower": lower,
        "ratio_upper": upper,
        "normalised_gini": gini / most if most > 0 else float("nan"),
        "standardised_mean_difference": difference,
        "evaluable": True,
    }
