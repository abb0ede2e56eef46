"""Table of further measures of discrimination: one row a model, sample and measure, each with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.evaluation._arrays import Arguments, check_confidence
from credit_risk.evaluation.area_under_curve import hanley_mcneil_standard_error
from credit_risk.evaluation.bootstrap import bootstrap_of_rows
from credit_risk.evaluation.cut_offs import NO_CUT_OFF
from credit_risk.evaluation.estimates import Estimate
from credit_risk.evaluation.hand_measure import BETA_2_2, BETTER_BETA, h_of_ranked, hull_of_ranked
from credit_risk.evaluation.initial_auc import dense_clusters
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.evaluation.partial_area import partial_of_ranked
from credit_risk.evaluation.precision_recall import average_precision_of_ranked
from credit_risk.evaluation.ranked import Ranked, rank
from credit_risk.evaluation.samples import ScoredSample

COLUMNS = ["model", "sample", "measure", "rows", "bad", "value", "lower", "upper", "method"]
H_MEASURE = "H-measure, Beta(π₁ + 1, π₀ + 1)"
H_2_2 = "H-measure, Beta(2, 2)"
AVERAGE_PRECISION = "Average precision"
PARTIAL = "Partial AUC, false positive rate to {most:.0%}, standardised"
PARTIAL_ACCEPTS = "Partial AUC of the accepts at the cut-off, standardised"
BOOTSTRAP = "AUC, bootstrap interval"
HANLEY_MCNEIL = "AUC, Hanley–McNeil interval"
HULL = "Area under the convex hull"
NONE = "no interval: the hull is fitted to the same rows"
HANLEY_MCNEIL_METHOD = "Hanley and McNeil's (1982) exponential approximation, Wald interval"
Value = tuple[str, float, float, float, str]


def measure_table(
    models: Mapping[str, Mapping[str, ScoredSample]],
    *,
    generator: np.random.Generator,
    cut_off: float | None = None,
    most: float = 0.2,
    replicates: int = 200,
    min_bads: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `performance.measures`.

    models: {model: {sample: ScoredSample}}, the bootstrap being of the first model alone; cut_off: in points, None
    where the plan has none, which makes the partial AUC of the accepts not evaluable; most: greatest false positive
    rate of the partial AUC. A sample with fewer than `min_bads` bads or goods is not evaluable: rows and bads are told,
    numbers are missing. Raises CreditRiskError where `most` is not within (0, 1].
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.require(0.0 < most <= 1.0, "most", "not a rate", "range", found=repr(most), allowed="above 0, to 1")
    arguments.raise_if_any()
    lines = []
    for number, (model, samples) in enumerate(models.items()):
        for name, sample in samples.items():
            bad = int(sample.bad.sum())
            few = min(bad, len(sample) - bad) < max(min_bads, 1)
            reason = f"not evaluable: fewer than {max(min_bads, 1)} bads or goods"
            drawn = replicates if number == 0 else 0
            found = _few(most, drawn, reason) if few else _values(sample, generator, cut_off, most, drawn, confidence)
            lines += [(model, name, one[0], len(sample), bad, *one[1:]) for one in found]
    frame = pd.DataFrame(lines, columns=COLUMNS)
    frame.attrs["notes"] = (
        "H-measure: 1 less the expected least loss over that of deciding without the model; a useless risk has 0",
        "average precision: a useless risk has the bad rate; standardised partial AUC (McClish 1989): it has 0.5",
        f"bootstrap: {replicates:,} seeded resamples, of the champion alone",
    )
    return frame


def _few(most: float, replicates: int, reason: str) -> list[Value]:
    names = [H_MEASURE, H_2_2, AVERAGE_PRECISION, PARTIAL.format(most=most), PARTIAL_ACCEPTS, HULL, HANLEY_MCNEIL]
    names += [BOOTSTRAP] if replicates else []
    return [(name, math.nan, math.nan, math.nan, reason) for name in names]


def _values(
    sample: ScoredSample,
    generator: np.random.Generator,
    cut_off: float | None,
    most: float,
    replicates: int,
    confidence: float,
) -> list[Value]:
    codes = dense_clusters(sample)
    rest = (codes, sample.bad, sample.weights)
    ranked = rank(sample.bad, sample.risk, sample.weights, places=codes is not None)
    partial = partial_of_ranked(ranked, 0.0, most, confidence, *rest).standardised
    found = [
        _told(H_MEASURE, h_of_ranked(ranked, BETTER_BETA, confidence, *rest)),
        _told(H_2_2, h_of_ranked(ranked, BETA_2_2, confidence, *rest)),
        _told(AVERAGE_PRECISION, average_precision_of_ranked(ranked, confidence, *rest)),
        _told(PARTIAL.format(most=most), partial),
        _accepts(sample, ranked, cut_off, confidence, rest),
        (HULL, hull_of_ranked(ranked).area, math.nan, math.nan, NONE),
        _hanley_mcneil(ranked, confidence, clustered=codes is not None),
    ]
    if replicates:
        area = bootstrap_of_rows(sample.bad, sample.risk, sample.weights, codes, confidence, replicates, generator)
        left = f"; {area.left_out} left out that had one class" if area.left_out else ""
        found.append((BOOTSTRAP, area.auc, area.lower, area.upper, f"{area.method}{left}"))
    return found


def _told(name: str, one: Estimate) -> Value:
    return name, one.value, one.lower, one.upper, one.method


def _accepts(sample: ScoredSample, ranked: Ranked, cut_off: float | None, confidence: float, rest: Any) -> Value:
    if cut_off is None:
        return PARTIAL_ACCEPTS, math.nan, math.nan, math.nan, NO_CUT_OFF
    mass = np.ones(len(sample)) if sample.weights is None else sample.weights
    good, rejected = ~sample.bad, sample.score < cut_off
    if not (good & ~rejected).any():
        return PARTIAL_ACCEPTS, math.nan, math.nan, math.nan, "not evaluable: no good is accepted"
    least = float(mass[good & rejected].sum() / mass[good].sum())
    return _told(PARTIAL_ACCEPTS, partial_of_ranked(ranked, least, 1.0, confidence, *rest).standardised)


def _hanley_mcneil(ranked: Ranked, confidence: float, *, clustered: bool) -> Value:
    """Their interval at Kish's effective sizes; rows of clusters are not independent, and it has no form for them."""
    good, bad = ranked.good, ranked.bad
    area = float(bad @ (np.cumsum(good) - good / 2.0)) / (ranked.total_bad * ranked.total_good)
    if clustered:
        return HANLEY_MCNEIL, area, math.nan, math.nan, "not evaluable: rows of one cluster repeat"
    m, n = ranked.effective
    half = normal_quantile(confidence) * hanley_mcneil_standard_error(area, m, n)
    return HANLEY_MCNEIL, area, max(area - half, 0.0), min(area + half, 1.0), HANLEY_MCNEIL_METHOD
