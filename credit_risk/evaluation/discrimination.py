"""Tables of discrimination: AUC, Gini and KS of each model on each sample, and paired differences in AUC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    interval_of_placements,
    placements,
)
from credit_risk.evaluation.kolmogorov_smirnov import KS_METHOD, KolmogorovSmirnov, ks, ks_of_arrays

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


def discrimination_table(predictions: Predictions, confidence: float = 0.95) -> pd.DataFrame:
    """Columns of evidence `performance.discrimination`, one row a model and sample, in the order given.

    predictions: {model: {sample: (y, risk)}}, y (n,) 0/1 with 1 = bad, risk (n,) higher is riskier.
    Intervals: AUC and Gini by `delong_interval`, KS by `ks`. `frame.attrs["notes"]` states the methods.
    Raises CreditRiskError with the faults of all models and samples.
    """
    rows: list[dict[str, Any]] = []
    notes = [f"AUC and Gini: {LOGIT}", KS_METHOD]
    faults: list[Fault] = []
    for model, samples in predictions.items():
        for sample, (y, risk) in samples.items():
            arguments = Arguments(f"{model}.{sample}")
            check_confidence(arguments, confidence)
            y_, x = arguments.outcome(y), arguments.numbers("risk", risk)
            faults += arguments.faults
            if arguments.faults:
                continue
            bad = y_ == 1
            area = interval_of_placements(placements(bad, x), confidence)
            if area.method != LOGIT:
                notes.append(f"AUC of {model}, {sample}: {area.method}")
            distance = ks_of_arrays(bad, x, None, confidence)
            head = {"model": model, "sample": sample, "rows": len(bad), "bad": int(bad.sum())}
            rows.append({**head, **_area_columns(area), **_ks_columns(distance)})
    if faults:
        raise CreditRiskError(faults)
    frame = pd.DataFrame(rows, columns=["model", "sample", "rows", "bad", *_AREA_COLUMNS, *_KS_COLUMNS])
    frame.attrs["notes"] = tuple(notes)
    return frame


def comparison_table(champion: str, predictions: Predictions, confidence: float = 0.95) -> pd.DataFrame:
    """Columns of evidence `performance.comparison`: each challenger less the champion, sample by sample, paired.

    predictions as in `discrimination_table`; the rows of a sample must be the same, in the same order, for
    every model (equal y is required). Raises CreditRiskError where they are not, or where the champion or a
    sample is absent.
    """
    if champion not in predictions:
        allowed = ", ".join(predictions)
        raise CreditRiskError(Fault("no such model", path="champion", found=champion, allowed=allowed))
    base = predictions[champion]
    rows = []
    for challenger, samples in predictions.items():
        if challenger == champion:
            continue
        for sample, (y, risk) in samples.items():
            _require_same_rows(champion, challenger, sample, base, y)
            found = delong_difference(y, base[sample][1], risk, confidence=confidence)
            bounds = (found.difference, found.lower, found.upper, found.p_value)
            rows.append((champion, challenger, sample, *bounds))
    names = ["champion", "challenger", "sample", "auc_difference", "lower", "upper", "p_value"]
    frame = pd.DataFrame(rows, columns=names)
    frame.attrs["notes"] = ("Wald interval and two-sided p-value with DeLong's covariance, same rows",)
    return frame


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
