"""Whether samples are alike: each characteristic's distribution over development bins, sample against development."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from credit_risk.evaluation.stability import population_stability_index

COLUMNS = ["characteristic", "sample", "bins", "rows", "psi", "chance_level", "chi_square", "degrees", "p_value"]


def chi_square_of_counts(expected: np.ndarray, actual: np.ndarray) -> tuple[float, int, float]:
    """Pearson's test that two samples of counts (k,) have one distribution: statistic, degrees of freedom, p-value.

    Bins empty in both are left out; with one bin left there is nothing to test (0, 0, 1).
    """
    table = np.array([expected, actual], float)
    table = table[:, table.sum(axis=0) > 0]
    degrees = table.shape[1] - 1
    if degrees < 1:
        return 0.0, 0, 1.0
    fitted = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    statistic = float(np.sum((table - fitted) ** 2 / fitted))
    return statistic, degrees, float(chi2.sf(statistic, degrees))


def representativeness_table(
    counts: Mapping[str, Mapping[str, np.ndarray]],
    *,
    reference: str = "development",
    rows: Mapping[str, int] | None = None,
) -> pd.DataFrame:
    """Evidence `samples.representativeness`. counts: {characteristic: {sample: counts by bin}}.

    PSI says how large a difference is, χ² whether chance explains it; many rows make small differences significant.
    Where rows have weights, counts are those of `bin_counts` with weights, scaled to effective rows, and `rows` the
    numbers of rows of each sample: Pearson's statistic of scaled counts is that of the weighted shares over its design
    effect (Rao and Scott 1981, JASA 76, 221-230, with Kish's effect of unequal weights).
    """
    found: list[dict[str, Any]] = []
    for name, samples in counts.items():
        base = np.asarray(samples[reference])
        for sample, values in samples.items():
            if sample == reference:
                continue
            result = population_stability_index(base, values)
            statistic, degrees, p_value = chi_square_of_counts(base, np.asarray(values))
            size = int(np.sum(values)) if rows is None else rows[sample]
            cells = (name, sample, result.bins, size, result.psi, result.chance_level)
            found.append(dict(zip(COLUMNS, (*cells, statistic, degrees, p_value), strict=True)))
    frame = pd.DataFrame(found, columns=COLUMNS)
    frame.attrs["notes"] = ("each characteristic is tested by itself; nothing is corrected for the number of tests",)
    return frame
