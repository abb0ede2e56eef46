"""Performance by subpopulation: the groups of columns that the plan names, every sample."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from credit_risk.evaluation.fairness import Attributes, fairness_group_table
from credit_risk.evaluation.samples import ScoredSample

NOT_SHOWN = ["jurisdiction", "mean_score", "standardised_mean_difference", "difference_lower", "difference_upper"]


def subpopulation_table(
    samples: Mapping[str, ScoredSample], columns: Attributes, *, min_bads: int = 30, confidence: float = 0.95
) -> pd.DataFrame:
    """Evidence `performance.subpopulations`; groups, intervals and what is not evaluable as in `fairness_group_table`.

    columns: {column: {sample: values (n,)}}. Raises CreditRiskError where lengths or samples do not fit.
    """
    frame = fairness_group_table(samples, columns, min_bads=min_bads, confidence=confidence)
    kept = frame.drop(columns=NOT_SHOWN)
    kept.attrs = frame.attrs
    return kept
