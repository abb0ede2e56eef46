"""Errors of a decision by protected group at a cut-off, calibration within groups, and the test of age."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.calibration_tests import Coefficient, calibration_intercept, calibration_slope
from credit_risk.evaluation.fairness import (
    NOT_EVALUABLE,
    PASS,
    REFERENCE,
    REVIEW,
    Attributes,
    Jurisdictions,
    adverse_impact_table,
    mean_difference_interval,
)
from credit_risk.evaluation.intervals import effective_rows, normal_quantile, wilson_interval
from credit_risk.evaluation.jurisdictions import joined
from credit_risk.evaluation.measured import cluster_sums
from credit_risk.evaluation.protected_groups import ProtectedGrouping
from credit_risk.evaluation.samples import ScoredSample

ERROR_MEASURES = ("true_positive_rate", "false_positive_rate", "positive_predictive_value", "good_approval_rate")
"""Bads refused of bads, goods refused of goods, bads of the refused, goods approved of goods (equal opportunity)."""
DIFFERS, SAME = "differs from the reference group", "no difference shown"
ELDERLY = 62.0
_ERROR_COLUMNS = [
    *("jurisdiction", "attribute", "group", "reference_group", "sample", "measure", "rows", "events", "value"),
    *("lower", "upper", "difference", "difference_lower", "difference_upper", "verdict"),
]
_CALIBRATION_COLUMNS = [
    *("jurisdiction", "attribute", "group", "sample", "rows", "bad", "bad_rate", "mean_probability", "gap"),
    *("gap_lower", "gap_upper", "slope", "slope_lower", "slope_upper"),
    *("intercept", "intercept_lower", "intercept_upper", "verdict"),
]
_AGE_COLUMNS = [
    *("jurisdiction", "attribute", "sample", "elderly_rows", "younger_rows", "elderly_mean_score"),
    *("younger_mean_score", "difference", "difference_lower", "difference_upper", "elderly_approval_rate"),
    *(
        "younger_approval_rate",
        "adverse_impact_ratio",
        "lower",
        "upper",
        "p_value",
        "age_is_input",
        "verdict",
        "result",
    ),
]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of rows: rows and events counted, the (weighted) share with Wilson bounds at the effective rows."""

    rows: int
    events: int
    value: float
    lower: float
    upper: float


def rate_of(event: np.ndarray, inside: np.ndarray, weights: Floats | None, confidence: float) -> Rate:
    """Share of `event` among the rows `inside`, both (n,) true or false; NaN where there are none."""
    rows, events = int(inside.sum()), int((event & inside).sum())
    if rows == 0:
        return Rate(0, 0, math.nan, math.nan, math.nan)
    size, share = float(rows), events / rows
    if weights is not None:
        size = effective_rows(weights[inside])
        share = math.fsum(weights[inside & event]) / math.fsum(weights[inside])
    lower, upper = wilson_interval([min(share * size, size)], [size], confidence)
    return Rate(rows, events, share, float(lower[0]), float(upper[0]))


def rate_difference(own: Rate, base: Rate) -> tuple[float, float, float]:
    """Difference of two rates and its bounds from their Wilson bounds (Newcombe 1998, method 10)."""
    value = own.value - base.value
    lower = value - math.hypot(own.value - own.lower, base.upper - base.value)
    upper = value + math.hypot(own.upper - own.value, base.value - base.lower)
    return value, lower, upper


def error_rate_table(
    samples: Mapping[str, ScoredSample],
    attributes: Attributes,
    cut_off: float,
    *,
    groupings: Mapping[str, ProtectedGrouping],
    references: Mapping[str, str | None],
    jurisdictions: Jurisdictions | None = None,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `fairness.error_rates`: ERROR_MEASURES of every group; refused is score < cut_off.

    A bad is positive, a refusal predicts one. Differences are those to the reference group of the attribute
    (`rate_difference`). A share of fewer than `min_rows` rows, in the group or the reference, is not evaluable.
    Equal-opportunity difference: the difference of good_approval_rate (Hardt, Price and Srebro 2016, NIPS 29).
    """
    rows: list[dict[str, Any]] = []
    for attribute, grouping in groupings.items():
        label, reference = joined(jurisdictions, attribute), references[attribute]
        for name, sample in samples.items():
            groups = grouping.assign(attributes[attribute][name])
            found = {g: _errors(sample, groups == g, cut_off, confidence) for g in grouping.order(groups.tolist())}
            for group, rates in found.items():
                base = found.get(reference) if reference is not None else None
                for measure in ERROR_MEASURES:
                    head = (label, attribute, group, reference, name, measure)
                    other = None if base is None else base[measure]
                    tail = _compared(rates[measure], other, group == reference, min_rows)
                    rows.append(dict(zip(_ERROR_COLUMNS, (*head, *tail), strict=True)))
    frame = pd.DataFrame(rows, columns=_ERROR_COLUMNS)
    notes = f"refused: score < {cut_off:g}; shares of fewer than {min_rows} rows are not evaluable"
    frame.attrs["notes"] = (notes, "the difference of good_approval_rate is the equal-opportunity difference")
    return frame


def _errors(sample: ScoredSample, inside: np.ndarray, cut_off: float, confidence: float) -> dict[str, Rate]:
    refused, bad, w = sample.score < cut_off, sample.bad, sample.weights
    shares = {
        "true_positive_rate": (refused, inside & bad),
        "false_positive_rate": (refused, inside & ~bad),
        "positive_predictive_value": (bad, inside & refused),
        "good_approval_rate": (~refused, inside & ~bad),
    }
    return {name: rate_of(event, whole, w, confidence) for name, (event, whole) in shares.items()}


def _compared(own: Rate, base: Rate | None, is_reference: bool, min_rows: int) -> tuple[Any, ...]:
    none = (math.nan,) * 3
    if own.rows < min_rows:
        return own.rows, own.events, *none, *none, f"{NOT_EVALUABLE}: fewer than {min_rows} rows"
    head = (own.rows, own.events, own.value, own.lower, own.upper)
    if is_reference:
        return *head, *none, REFERENCE
    if base is None:
        return *head, *none, f"{NOT_EVALUABLE}: there is no reference group"
    if base.rows < min_rows:
        return *head, *none, f"{NOT_EVALUABLE}: fewer than {min_rows} rows in the reference group"
    value, lower, upper = rate_difference(own, base)
    return *head, value, lower, upper, DIFFERS if lower > 0 or upper < 0 else SAME


def calibration_gap_table(
    samples: Mapping[str, ScoredSample],
    attributes: Attributes,
    *,
    groupings: Mapping[str, ProtectedGrouping],
    jurisdictions: Jurisdictions | None = None,
    min_bads: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `fairness.calibration`: bad rate less mean probability, slope and intercept within groups.

    The gap is Σw(y − p)/Σw; its variance sums squares of w(y − p − gap)/Σw, of clusters where rows share
    them. Slope and intercept as `calibration_slope` and `calibration_intercept`. A group with
    fewer than `min_bads` bads or goods is not evaluable.
    """
    rows: list[dict[str, Any]] = []
    for attribute, grouping in groupings.items():
        label = joined(jurisdictions, attribute)
        for name, sample in samples.items():
            groups = grouping.assign(attributes[attribute][name])
            for group in grouping.order(groups.tolist()):
                tail = _calibration(sample, groups == group, min_bads, confidence)
                rows.append(dict(zip(_CALIBRATION_COLUMNS, (label, attribute, group, name, *tail), strict=True)))
    frame = pd.DataFrame(rows, columns=_CALIBRATION_COLUMNS)
    frame.attrs["notes"] = (f"groups with fewer than {min_bads} bads or goods are not evaluable",)
    return frame


def _calibration(sample: ScoredSample, inside: np.ndarray, min_bads: int, confidence: float) -> tuple[Any, ...]:
    count, bad = int(inside.sum()), int((inside & sample.bad).sum())
    if min(bad, count - bad) < max(min_bads, 1):
        return count, bad, *(math.nan,) * 11, f"{NOT_EVALUABLE}: fewer than {min_bads} bads or goods"
    y, p = sample.y[inside], sample.probability[inside]
    w = None if sample.weights is None else sample.weights[inside]
    mass = np.ones(count) if w is None else w
    total = math.fsum(mass)
    rate, mean = math.fsum(mass * y) / total, math.fsum(mass * p) / total
    pull = mass * (y - p - (rate - mean)) / total
    sums = pull if sample.clusters is None else cluster_sums(pull, sample.clusters[inside])
    half = normal_quantile(confidence) * math.sqrt(math.fsum(sums**2))
    gap = rate - mean
    lines: list[Coefficient] = [
        calibration_slope(y, p, confidence, w),
        calibration_intercept(y, p, confidence, w),
    ]
    both = [value for line in lines for value in (line.estimate, line.lower, line.upper)]
    verdict = "as predicted" if gap - half <= 0 <= gap + half else "more bads than predicted" if gap > 0 else ""
    return count, bad, rate, mean, gap, gap - half, gap + half, *both, verdict or "fewer bads than predicted"


def age_table(
    samples: Mapping[str, ScoredSample],
    attribute: str,
    ages: Mapping[str, np.ndarray],
    cut_off: float | None,
    *,
    jurisdictions: Jurisdictions | None = None,
    age_is_input: bool = False,
    min_rows: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `fairness.age`: applicants of 62 and over against younger ones, on every sample.

    ages: {sample: years (n,), NaN missing}, which are left out. For review where 62 and over score lower (the bounds of
    the standardised mean difference lie below 0), or are approved at less than four fifths of the younger's rate,
    significantly (15 USC 1691(b); 12 CFR 1002.6(b)(2): no negative factor or value for the age of the elderly). Without
    a cut-off the approval rates are not evaluable; groups of fewer than `min_rows` rows are not evaluable.
    """
    rows = []
    for name, sample in samples.items():
        years = np.asarray(ages[name], float)
        known = np.isfinite(years)
        elderly = years[known] >= ELDERLY
        part = _part(sample, known)
        head = (joined(jurisdictions, attribute), attribute, name)
        tail = _elderly(part, elderly, cut_off, min_rows, confidence)
        made = dict(zip(_AGE_COLUMNS, (*head, *tail[:13], age_is_input, *tail[13:]), strict=True))
        rows.append(made)
    frame = pd.DataFrame(rows, columns=_AGE_COLUMNS)
    told = (
        "no cut-off is declared: approval rates are not evaluable"
        if cut_off is None
        else f"approved: score >= {cut_off:g}"
    )
    frame.attrs["notes"] = (told, "rows without an age are left out", f"fewer than {min_rows} rows: not evaluable")
    return frame


def _part(sample: ScoredSample, rows: np.ndarray) -> ScoredSample:
    if rows.all():
        return sample
    weights = None if sample.weights is None else sample.weights[rows]
    clusters = None if sample.clusters is None else sample.clusters[rows]
    parts = (sample.y, sample.score, sample.probability, sample.risk)
    y, score, probability, risk = (part[rows] for part in parts)
    return ScoredSample(y, score, probability, risk, weights, clusters)


def _elderly(
    sample: ScoredSample, elderly: np.ndarray, cut_off: float | None, min_rows: int, confidence: float
) -> tuple[Any, ...]:
    """Columns after the head: counts, means, difference, rates, ratio, verdict, result."""
    old, young = int(elderly.sum()), int((~elderly).sum())
    if min(old, young) < max(min_rows, 1):
        reason = f"{NOT_EVALUABLE}: fewer than {min_rows} rows of 62 and over, or younger"
        return old, young, *(math.nan,) * 11, reason, NOT_EVALUABLE
    apart = mean_difference_interval(sample.score, elderly, sample.weights, sample.clusters, confidence)
    mass = np.ones(len(sample)) if sample.weights is None else sample.weights
    means = [math.fsum((mass * sample.score)[side]) / math.fsum(mass[side]) for side in (elderly, ~elderly)]
    rates: tuple[float, ...] = (math.nan,) * 6
    adverse = False
    if cut_off is not None:
        labels = np.where(elderly, "elderly", "younger").astype(object)
        impact = adverse_impact_table(
            {"s": sample},
            {"age": {"s": labels}},
            cut_off,
            groupings={"age": ProtectedGrouping("age", None, ("elderly", "younger"))},
            references={"age": "younger"},
            reference_sample="s",
            min_rows=min_rows,
            confidence=confidence,
        ).set_index("group")
        one = impact.loc["elderly"]
        rates = (float(one["approval_rate"]), float(impact.loc["younger", "approval_rate"]))
        rates = (*rates, *(float(one[c]) for c in ("adverse_impact_ratio", "lower", "upper", "p_value")))
        adverse = one["result"] == REVIEW
    lower_score = bool(apart.upper < 0)
    words = [w for w, told in (("score lower", lower_score), ("approved less than four fifths", adverse)) if told]
    verdict = f"62 and over: {', '.join(words)}" if words else "no disadvantage of 62 and over shown"
    values = (*means, apart.value, apart.lower, apart.upper, *rates)
    return old, young, *values, verdict, REVIEW if words else PASS
