"""Groups of two protected attributes together, with multiplicity control: many small cells are compared at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.fairness import (
    ADVERSE,
    NOT_EVALUABLE,
    NOT_SIGNIFICANT,
    RESULTS,
    Jurisdictions,
    adverse_impact_table,
    fairness_group_table,
)
from credit_risk.evaluation.protected_groups import GroupedAttributes
from credit_risk.evaluation.samples import ScoredSample

_PLACE = ["jurisdiction", "attribute", "group", "sample"]
_OUTCOME = [
    *("rows", "bad", "bad_rate", "mean_probability", "standardised_mean_difference"),
    *("difference_lower", "difference_upper"),
]
_IMPACT = ["reference_group", "approved", "approval_rate", "adverse_impact_ratio", "lower", "upper", "p_value"]


def holm(p_values: ArrayLike) -> Floats:
    """Adjusted p-values (k,) by Holm (1979), Scand. J. Statist. 6, 65-70; NaN stays NaN and is not counted."""
    p = np.asarray(p_values, float)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    found = np.full(len(p), math.nan)
    steps = p[order] * (len(order) - np.arange(len(order)))
    found[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return found


def intersection_table(
    samples: Mapping[str, ScoredSample],
    together: GroupedAttributes,
    cut_off: float | None,
    *,
    jurisdictions: Jurisdictions | None = None,
    reference_sample: str = "development",
    min_rows: int = 30,
    min_bads: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `fairness.intersections`: `fairness_group_table` and `adverse_impact_table` of `A × B`.

    together: of `intersect`. p-values are adjusted by `holm` over the groups of two attributes on a sample, and it is
    the adjusted one that makes a ratio significant. Without a cut-off its columns are missing.
    """
    options: dict[str, Any] = {
        "groupings": together.groupings,
        "jurisdictions": jurisdictions,
        "confidence": confidence,
    }
    groups = fairness_group_table(
        samples, together.labels, reference_sample=reference_sample, min_bads=min_bads, **options
    )
    frame = groups[[*_PLACE, *_OUTCOME]].copy()
    notes = [groups.attrs["notes"][0]]
    if cut_off is None:
        for column in _IMPACT:
            frame[column] = None if column == "reference_group" else math.nan
        frame["adjusted_p_value"] = math.nan
        frame["verdict"] = f"{NOT_EVALUABLE}: no cut-off is declared"
        frame["result"] = NOT_EVALUABLE
    else:
        impact = adverse_impact_table(
            samples, together.labels, cut_off, reference_sample=reference_sample, min_rows=min_rows, **options
        )
        notes += [
            impact.attrs["notes"][0],
            "p-values are adjusted by Holm over the groups of two attributes on a sample",
        ]
        impact["adjusted_p_value"] = impact.groupby(["attribute", "sample"])["p_value"].transform(holm)
        level = 1.0 - confidence
        adverse = (impact["verdict"] == ADVERSE) & ~(impact["adjusted_p_value"] < level)
        impact.loc[adverse, "verdict"] = NOT_SIGNIFICANT
        impact["result"] = [RESULTS.get(verdict, NOT_EVALUABLE) for verdict in impact["verdict"]]
        kept = [*_IMPACT, "adjusted_p_value", "verdict", "result"]
        frame = frame.merge(impact[[*_PLACE, *kept]], on=_PLACE, how="left", validate="one_to_one")
    ordered = frame[[*_PLACE, *_OUTCOME, *_IMPACT, "adjusted_p_value", "verdict", "result"]].copy()
    ordered.attrs["notes"] = tuple(notes)
    return ordered
