"""Tables of discrimination: AUC, Gini and KS of each model on each sample, and paired differences in AUC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, check_confidence
from credit_risk.evaluation.area_under_curve import (
    LOGIT,
    AreaUnderCurve,
    AucDifference,
    auc,
    delong_difference,
    delong_interval,
    hanley_mcneil_standard_error,
    interval_of_ranked,
    placements,
)
from credit_risk.evaluation.clustered import (
    CLUSTERED_KS,
    CLUSTERED_LOGIT,
    Codes,
    cluster_codes,
    clustered_auc_difference,
    clusters_of,
    interval_of_clusters,
    ks_of_clusters,
    repeated,
)
from credit_risk.evaluation.kolmogorov_smirnov import KS_METHOD, KolmogorovSmirnov, ks, ks_of_ranked
from credit_risk.evaluation.ranked import rank

__all__ = [
    "AreaUnderCurve",
    "AucDifference",
    "KolmogorovSmirnov",
    "auc",
    "comparison_table",
    "delong_difference",
    "delong_interval",
    "discrimination_table",
    "hanley_mcneil_standard_error",
    "ks",
]

Predictions = Mapping[str, Mapping[str, tuple[ArrayLike, ArrayLike]]]
ClustersBySample = Mapping[str, ArrayLike]
WeightsBySample = Mapping[str, ArrayLike]


def discrimination_table(
    predictions: Predictions,
    confidence: float = 0.95,
    clusters: ClustersBySample | None = None,
    weights: WeightsBySample | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.discrimination`, one row a model and sample, in the order given.

    predictions: {model: {sample: (y, risk)}}, y (n,) 0/1 with 1 = bad, risk (n,) higher is riskier; clusters: {sample:
    names of clusters (n,)}, where rows of one obligor may repeat; weights: {sample: weights (n,)}, which count in AUC,
    Gini and KS and their intervals, not in rows and bads. Intervals: AUC and Gini by `delong_interval`, KS by
    `ks`; where clusters repeat, by `clustered_auc_interval` and `clustered_ks`. `frame.attrs["notes"]` states the
    methods. Raises CreditRiskError with the faults of all models and samples.
    """
    rows: list[dict[str, Any]] = []
    codes = _repeating(predictions, clusters)
    notes = _methods(codes, [sample for samples in predictions.values() for sample in samples])
    faults: list[Fault] = []
    for model, samples in predictions.items():
        for sample, (y, risk) in samples.items():
            arguments = Arguments(f"{model}.{sample}")
            check_confidence(arguments, confidence)
            y_, x = arguments.outcome(y), arguments.numbers("risk", risk)
            w = arguments.weights((weights or {}).get(sample))
            faults += arguments.faults
            if arguments.faults:
                continue
            bad = y_ == 1
            area, distance = _measures(bad, x, w, codes.get(sample), confidence)
            if area.method not in (LOGIT, CLUSTERED_LOGIT):
                notes.append(f"AUC of {model}, {sample}: {area.method}")
            head = {"model": model, "sample": sample, "rows": len(bad), "bad": int(bad.sum())}
            rows.append({**head, **_area_columns(area), **_ks_columns(distance)})
    if faults:
        raise CreditRiskError(faults)
    frame = pd.DataFrame(rows, columns=["model", "sample", "rows", "bad", *_AREA_COLUMNS, *_KS_COLUMNS])
    frame.attrs["notes"] = tuple(notes)
    return frame


def comparison_table(
    champion: str,
    predictions: Predictions,
    confidence: float = 0.95,
    clusters: ClustersBySample | None = None,
    weights: WeightsBySample | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.comparison`: each challenger less the champion, sample by sample, paired.

    predictions, clusters and weights as in `discrimination_table`; the rows of a sample must be the same, in the same
    order, for every model (equal y is required). Raises CreditRiskError where they are not, or where the champion or a
    sample is absent.
    """
    if champion not in predictions:
        allowed = ", ".join(predictions)
        raise CreditRiskError(Fault("no such model", path="champion", found=champion, allowed=allowed))
    base, codes = predictions[champion], _repeating(predictions, clusters)
    rows = []
    for challenger, samples in predictions.items():
        if challenger == champion:
            continue
        for sample, (y, risk) in samples.items():
            _require_same_rows(champion, challenger, sample, base, y)
            first, groups, w = base[sample][1], codes.get(sample), (weights or {}).get(sample)
            if groups is None:
                found = delong_difference(y, first, risk, w, confidence)
            else:
                found = clustered_auc_difference(y, first, risk, groups, w, confidence)
            bounds = (found.difference, found.lower, found.upper, found.p_value)
            rows.append((champion, challenger, sample, *bounds))
    names = ["champion", "challenger", "sample", "auc_difference", "lower", "upper", "p_value"]
    frame = pd.DataFrame(rows, columns=names)
    notes = ["Wald interval and two-sided p-value with DeLong's covariance, same rows"]
    if codes:
        notes.append(f"rows of one cluster repeat in {', '.join(codes)}: there, Obuchowski's covariance of clusters")
    frame.attrs["notes"] = tuple(notes)
    return frame


def _repeating(predictions: Predictions, clusters: ClustersBySample | None) -> dict[str, Codes]:
    """Cluster codes of the samples in which a cluster repeats."""
    found: dict[str, Codes] = {}
    for sample, names in (clusters or {}).items():
        rows = next((len(np.asarray(pairs[sample][0])) for pairs in predictions.values() if sample in pairs), None)
        if rows is not None and repeated(codes := cluster_codes(names, rows)):
            found[sample] = codes
    return found


def _methods(codes: Mapping[str, Codes], samples: list[str]) -> list[str]:
    plain = [name for name in dict.fromkeys(samples) if name not in codes]
    notes = [f"AUC and Gini: {LOGIT}"] if plain or not samples else []
    if codes:
        where = f" ({', '.join(codes)})" if plain else ""
        notes += [f"AUC and Gini{where}: {CLUSTERED_LOGIT}", CLUSTERED_KS]
    return [*notes, KS_METHOD]


def _measures(
    bad: np.ndarray, risk: np.ndarray, weights: np.ndarray | None, codes: Codes | None, confidence: float
) -> tuple[AreaUnderCurve, KolmogorovSmirnov]:
    if codes is None:
        ranked = rank(bad, risk, weights)
        return interval_of_ranked(ranked, confidence), ks_of_ranked(ranked, confidence)
    area = interval_of_clusters(placements(bad, risk, weights), clusters_of(bad, codes), confidence)
    return area, ks_of_clusters(bad, risk, codes, confidence, weights)


_AREA_COLUMNS = ("auc", "auc_lower", "auc_upper", "gini", "gini_lower", "gini_upper")
_KS_COLUMNS = ("ks", "ks_lower", "ks_upper")


def _area_columns(area: AreaUnderCurve) -> dict[str, float]:
    bounds = (area.auc, area.lower, area.upper)
    return dict(zip(_AREA_COLUMNS, (*bounds, *(2.0 * bound - 1.0 for bound in bounds)), strict=True))


def _ks_columns(found: KolmogorovSmirnov) -> dict[str, float]:
    return dict(zip(_KS_COLUMNS, (found.statistic, found.lower, found.upper), strict=True))


def _require_same_rows(champion: str, challenger: str, sample: str, base: Mapping[str, Any], y: ArrayLike) -> None:
    where = f"{challenger}.{sample}"
    if sample not in base:
        raise CreditRiskError(Fault(f"{champion} has no such sample", path=where, allowed=", ".join(base)))
    arguments = Arguments(where)
    mine, theirs = arguments.outcome(y), arguments.outcome(base[sample][0], name=f"y of {champion}")
    if not arguments.faults:
        same = bool((mine == theirs).all())
        arguments.require(same, "y", f"outcomes are not those of {champion}: rows are not paired", "rows_differ")
    arguments.raise_if_any()
