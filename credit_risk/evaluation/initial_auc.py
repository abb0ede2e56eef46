"""Current AUC against the AUC at initial validation: the one-sided test that supervisors ask for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation.area_under_curve import AreaUnderCurve, interval_of_ranked, placements
from credit_risk.evaluation.clustered import Codes, clusters_of, interval_of_clusters
from credit_risk.evaluation.cut_offs import repeated_within
from credit_risk.evaluation.ranked import rank
from credit_risk.evaluation.samples import ScoredSample

COLUMNS = [
    *("model", "sample", "rows", "bad", "initial_auc", "auc", "auc_lower", "auc_upper", "standard_error"),
    *("statistic", "p_value", "reading"),
]


@dataclass(frozen=True, slots=True)
class InitialAucTest:
    """statistic (initial − current)/standard error and p_value 1 − Φ(statistic); NaN where there is no error."""

    initial: float
    current: AreaUnderCurve
    statistic: float
    p_value: float


def initial_auc_test(initial: float, current: AreaUnderCurve) -> InitialAucTest:
    """H₀: the current AUC is not below `initial`, a constant (ECB instructions for the validation reporting, 2.5.4).

    current: of `delong_interval` or `clustered_auc_interval`; the standard error of the Mann-Whitney statistic is
    DeLong's. A small p-value says that discrimination has fallen. Raises CreditRiskError unless `initial` is in [0, 1].
    """
    if not 0.0 <= initial <= 1.0:
        raise CreditRiskError(Fault("not an AUC", code="range", path="initial", found=repr(initial), allowed="0 to 1"))
    error = current.standard_error
    if math.isnan(error) or error == 0.0:
        return InitialAucTest(initial, current, math.nan, math.nan)
    statistic = (initial - current.auc) / error
    return InitialAucTest(initial, current, statistic, float(special.ndtr(-statistic)))


def auc_of_sample(sample: ScoredSample, confidence: float) -> AreaUnderCurve:
    """AUC of the risk of a sample with both classes, with its weights and, where they repeat, its clusters."""
    codes = dense_clusters(sample)
    if codes is not None:
        parts = placements(sample.bad, sample.risk, sample.weights)
        return interval_of_clusters(parts, clusters_of(sample.bad, codes), confidence)
    return interval_of_ranked(rank(sample.bad, sample.risk, sample.weights), confidence)


def dense_clusters(sample: ScoredSample) -> Codes | None:
    """Clusters (n,) of a sample from 0 without gaps, None where none repeats."""
    if sample.clusters is None or not repeated_within(sample.clusters):
        return None
    return np.unique(sample.clusters, return_inverse=True)[1].astype(np.int64)


def initial_auc_table(
    models: Mapping[str, Mapping[str, ScoredSample]],
    *,
    reference_sample: str = "development",
    min_bads: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `performance.initial_auc`: every model, every sample but the one its initial AUC is of.

    models: {model: {sample: ScoredSample}}. A sample with fewer than `min_bads` bads or goods is not evaluable: rows
    and
    bads are told, numbers are missing.
    """
    lines: list[dict[str, Any]] = []
    for model, samples in models.items():
        initial = auc_of_sample(samples[reference_sample], confidence).auc
        for name, sample in samples.items():
            if name == reference_sample:
                continue
            bad = int(sample.bad.sum())
            head = {"model": model, "sample": name, "rows": len(sample), "bad": bad, "initial_auc": initial}
            if min(bad, len(sample) - bad) < max(min_bads, 1):
                lines.append({**head, "reading": f"not evaluable: fewer than {max(min_bads, 1)} bads or goods"})
                continue
            lines.append({**head, **_tested(initial, auc_of_sample(sample, confidence), 1.0 - confidence)})
    frame = pd.DataFrame(lines, columns=COLUMNS)
    frame.attrs["notes"] = (
        f"initial AUC: that of {reference_sample}, taken as a constant; it is of the rows the model was fitted to, so "
        "that a small fall is usual",
        "statistic (initial − current)/standard error, p-value 1 − Φ(statistic), one-sided",
    )
    return frame


def _tested(initial: float, area: AreaUnderCurve, level: float) -> dict[str, Any]:
    found = initial_auc_test(initial, area)
    if math.isnan(found.p_value):
        reading = f"not evaluable: {area.method}"
    else:
        reading = "lower at this level" if found.p_value < level else "not lower at this level"
    bounds = {"auc": area.auc, "auc_lower": area.lower, "auc_upper": area.upper}
    tail = {"standard_error": area.standard_error, "statistic": found.statistic, "p_value": found.p_value}
    return {**bounds, **tail, "reading": reading}
