"""Performance and outcomes by protected group: descriptive tables, and adverse impact at a declared cut-off."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.area_under_curve import AreaUnderCurve, delong_interval
from credit_risk.evaluation.clustered import clustered_auc_interval
from credit_risk.evaluation.intervals import effective_rows, normal_quantile
from credit_risk.evaluation.jurisdictions import joined
from credit_risk.evaluation.measured import cluster_sums
from credit_risk.evaluation.protected_groups import MISSING, ProtectedGrouping, protected_grouping
from credit_risk.evaluation.rate_ratio import mid_p_value, ratio_score_interval
from credit_risk.evaluation.samples import ScoredSample

__all__ = [
    "ProtectedGrouping",
    "adverse_impact_ratio",
    "adverse_impact_table",
    "fairness_group_table",
    "protected_grouping",
    "standardised_mean_difference",
]

REFERENCE = "reference group"
ADVERSE = "below four-fifths and significant"
NOT_SIGNIFICANT = "below four-fifths, not significant"
NOT_BELOW = "not below four-fifths"
NOT_EVALUABLE = "not evaluable"
PASS, REVIEW = "pass", "review"
BESIDE = "verdicts by the exact p-value; score bounds hold where few are approved, the mid-p-value is less conservative"
RESULTS = {REFERENCE: "reference", ADVERSE: REVIEW, NOT_SIGNIFICANT: PASS, NOT_BELOW: PASS}
"""Result of each verdict: a rate below four fifths is for review only where it is significant too."""

_MEASURES = [
    *("rows", "bad", "bad_rate", "mean_probability", "mean_score", "standardised_mean_difference"),
    *("difference_lower", "difference_upper", "auc", "auc_lower", "auc_upper", "evaluable"),
]
_GROUP_COLUMNS = ["jurisdiction", "attribute", "group", "sample", *_MEASURES]
_IMPACT_COLUMNS = [
    *("jurisdiction", "attribute", "group", "reference_group", "sample", "rows", "approved", "approval_rate"),
    *("adverse_impact_ratio", "lower", "upper", "p_value", "score_lower", "score_upper", "mid_p_value"),
    *("verdict", "result"),
]

Attributes = Mapping[str, Mapping[str, ArrayLike]]
Jurisdictions = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """A standardised difference of means with its bounds; all NaN where it is not defined."""

    value: float
    lower: float
    upper: float


def standardised_mean_difference(score: ArrayLike, in_group: ArrayLike, weights: ArrayLike | None = None) -> float:
    """(mean score of the group - mean score of the rest) / standard deviation of the score over all rows.

    score (n,), in_group (n,) true or false; divisor n, all rows weighted. NaN where the group or the rest
    is empty or the score is constant. The convention of fair-lending analysis: one scale for all groups of
    a sample.
    """
    return mean_difference_interval(score, in_group, weights).value


def mean_difference_interval(
    score: ArrayLike,
    in_group: ArrayLike,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> MeanDifference:
    """`standardised_mean_difference` with normal bounds from its influence function.

    A row of share s of its side (group or rest) and share t of all contributes ±s(x − mean of its side)/sd −
    d/2·t((x − mean)²/sd² − 1), so that the standard deviation is estimated too; the variance sums squares, of clusters
    where `clusters` (n,) are given (Hampel 1974, JASA 69, 383-393).
    """
    arguments = Arguments()
    x, g = arguments.numbers("score", score), arguments.outcome(in_group, both_classes=False, name="in_group")
    w = arguments.weights(weights)
    check_confidence(arguments, confidence)
    arguments.raise_if_any()
    mass = np.ones(len(x)) if w is None else w
    inside = g == 1.0
    undefined = MeanDifference(math.nan, math.nan, math.nan)
    if inside.all() or not inside.any():
        return undefined
    centre = _mean(x, mass)
    spread = math.sqrt(math.fsum(mass * (x - centre) ** 2) / math.fsum(mass))
    if spread == 0.0 or np.ptp(x) == 0.0:
        return undefined
    means = _mean(x[inside], mass[inside]), _mean(x[~inside], mass[~inside])
    value = (means[0] - means[1]) / spread
    pull = mean_difference_pull(x, inside, mass)
    sums = pull if clusters is None else cluster_sums(pull, np.asarray(clusters))
    half = normal_quantile(confidence) * math.sqrt(math.fsum(sums**2))
    return MeanDifference(value, value - half, value + half)


def mean_difference_pull(score: Floats, inside: np.ndarray, mass: Floats) -> Floats:
    """Influence (n,) of each row of weight `mass` on the standardised mean difference of the group `inside`."""
    centre = _mean(score, mass)
    spread = math.sqrt(math.fsum(mass * (score - centre) ** 2) / math.fsum(mass))
    means = _mean(score[inside], mass[inside]), _mean(score[~inside], mass[~inside])
    shares = np.where(inside, mass / math.fsum(mass[inside]), -mass / math.fsum(mass[~inside]))
    pull = shares * (score - np.where(inside, *means)) / spread
    value = (means[0] - means[1]) / spread
    return pull - value / 2.0 * mass / math.fsum(mass) * (((score - centre) / spread) ** 2 - 1.0)


def fairness_group_table(
    samples: Mapping[str, ScoredSample],
    attributes: Attributes,
    *,
    groupings: Mapping[str, ProtectedGrouping] | None = None,
    jurisdictions: Jurisdictions | None = None,
    reference_sample: str = "development",
    min_bads: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `fairness.groups`: every group of every attribute on every sample.

    samples: {name: ScoredSample}; attributes: {attribute: {sample: values (n,)}}; groups are learnt on
    `reference_sample` by `protected_grouping` unless `groupings` gives them. A group with fewer than
    `min_bads` bads or goods is not evaluable: its rows and bads are told, every measure is missing. AUC by
    `delong_interval` of `risk`, or `clustered_auc_interval` where rows of one cluster repeat in the group (weights
    count in rates, means and AUC); the difference of means by `mean_difference_interval`. `jurisdictions` of each
    attribute label its rows. Raises CreditRiskError where
    attributes and samples do not fit.
    """
    chosen = _groupings(samples, attributes, groupings, reference_sample, confidence)
    rows: list[dict[str, Any]] = []
    for attribute, grouping in chosen.items():
        for name, sample in samples.items():
            labels = grouping.assign(attributes[attribute][name])
            for group in grouping.order(labels.tolist()):
                values = _group_row(sample, labels == group, min_bads, confidence)
                head = {"jurisdiction": joined(jurisdictions, attribute), "attribute": attribute, "group": group}
                rows.append({**head, "sample": name, **values})
    frame = pd.DataFrame(rows, columns=_GROUP_COLUMNS)
    note = f"groups with fewer than {min_bads} bads or goods are not evaluable: their measures are missing"
    frame.attrs["notes"] = (note, *(_rule(grouping, reference_sample) for grouping in chosen.values()))
    return frame


def adverse_impact_ratio(
    approved: int, rows: int, reference_approved: int, reference_rows: int, confidence: float = 0.95
) -> tuple[float, float, float, float]:
    """Ratio of approval rates to the reference group's, its bounds, and Fisher's exact two-sided p-value.

    Bounds on the logarithmic scale (Katz et al. 1978, Biometrics 34, 469-474):
    variance 1/approved - 1/rows + 1/reference_approved - 1/reference_rows; NaN where a group has no approval.
    Raises CreditRiskError unless 0 <= approved <= rows and rows > 0 for both.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    for name, part, whole in (("group", approved, rows), ("reference", reference_approved, reference_rows)):
        possible = 0 <= part <= whole and whole > 0
        found = f"{part} approved of {whole}"
        arguments.require(possible, name, "counts do not fit", "range", found=found, allowed="0 <= approved <= rows")
    arguments.raise_if_any()
    table = [[approved, rows - approved], [reference_approved, reference_rows - reference_approved]]
    p_value = min(float(stats.fisher_exact(table).pvalue), 1.0)
    if reference_approved == 0:
        return math.nan, math.nan, math.nan, p_value
    ratio = (approved * reference_rows) / (rows * reference_approved)
    if approved == 0:
        return ratio, math.nan, math.nan, p_value
    variance = 1.0 / approved - 1.0 / rows + 1.0 / reference_approved - 1.0 / reference_rows
    factor = math.exp(normal_quantile(confidence) * math.sqrt(max(variance, 0.0)))
    return ratio, ratio / factor, ratio * factor, p_value


def weighted_impact_ratio(
    rate: float, size: float, reference_rate: float, reference_size: float, confidence: float = 0.95
) -> tuple[float, float, float, float]:
    """`adverse_impact_ratio` of weighted approval rates, sizes being Kish's effective rows (Σw)²/Σw² of the groups.

    Bounds as there, the variance of a rate p being (1 - p)/(size p) on the logarithmic scale; the two-sided p-value is
    that of two proportions with pooled variance, since Fisher's test is of whole counts.
    """
    pooled = (rate * size + reference_rate * reference_size) / (size + reference_size)
    variance = pooled * (1.0 - pooled) * (1.0 / size + 1.0 / reference_size)
    p_value = 1.0 if not variance > 0 else float(2.0 * stats.norm.sf(abs(rate - reference_rate) / math.sqrt(variance)))
    return *ratio_interval(rate, size, reference_rate, reference_size, confidence), p_value


def four_fifths_verdict(
    approved: int, rows: int, reference_approved: int, reference_rows: int, p_value: float, confidence: float = 0.95
) -> str:
    """Verdict in words (29 CFR 1607.4(D)): a rate below four fifths of the reference's, and significant or not.

    Compared in whole numbers, so that exactly 80 % is not below (Questions and Answers to the Uniform
    Guidelines, no. 11).
    """
    return _verdict(5 * approved * reference_rows >= 4 * reference_approved * rows, p_value, confidence)


def _verdict(not_below: bool, p_value: float, confidence: float) -> str:
    if not_below:
        return NOT_BELOW
    return ADVERSE if p_value < 1.0 - confidence else NOT_SIGNIFICANT


def adverse_impact_table(
    samples: Mapping[str, ScoredSample],
    attributes: Attributes,
    cut_off: float,
    *,
    groupings: Mapping[str, ProtectedGrouping] | None = None,
    references: Mapping[str, str] | None = None,
    jurisdictions: Jurisdictions | None = None,
    reference_sample: str = "development",
    min_rows: int = 30,
    min_share: float = 0.02,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `fairness.adverse_impact`; a row is approved where score >= cut_off.

    rows and approved are rows; where a sample has weights, approval rates are weighted, and ratio, bounds and p-value
    are those of `weighted_impact_ratio`, not below four fifths to within 1e-12. Beside them stand the bounds of
    `ratio_score_interval` (of effective rows where there are weights) and `mid_p_value` (missing there). The reference
    group of an attribute is the caller's, else the group with the highest approval rate on `reference_sample` (29 CFR
    1607.4(D)) among those with at least `min_rows` rows and `min_share` of the rows, never MISSING; it is the same for
    every sample. A group with fewer than `min_rows` rows is not evaluable. Verdicts: REFERENCE, ADVERSE,
    NOT_SIGNIFICANT, NOT_BELOW, NOT_EVALUABLE with its reason; result: review where ADVERSE, pass, reference or not
    evaluable. `jurisdictions` of each attribute label its rows. Raises CreditRiskError where attributes and samples do
    not fit, a reference group does not occur, or the cut-off is not a number.
    """
    chosen = _groupings(samples, attributes, groupings, reference_sample, confidence)
    if not math.isfinite(cut_off):
        raise CreditRiskError(Fault("the cut-off is not a finite number", path="cut_off", found=repr(cut_off)))
    rows: list[dict[str, Any]] = []
    notes = [f"approved: score >= {cut_off:g}; groups with fewer than {min_rows} rows are not evaluable", BESIDE]
    for attribute, grouping in chosen.items():
        counts = {
            name: _approvals(grouping, attributes[attribute][name], sample.score >= cut_off, sample.weights)
            for name, sample in samples.items()
        }
        base = counts[reference_sample]
        wanted = (references or {}).get(attribute)
        reference = _reference_group(attribute, base, wanted, min_rows, min_share)
        origin = "given" if wanted is not None else f"highest approval rate on {reference_sample}"
        notes.append(f"{attribute}: reference group {reference or 'none'} ({origin})")
        for name in samples:
            for group in grouping.order(list(counts[name])):
                label = joined(jurisdictions, attribute)
                head: dict[str, Any] = {"jurisdiction": label, "attribute": attribute, "group": group}
                head |= {"reference_group": reference, "sample": name}
                rows.append({**head, **_impact_row(counts[name], group, reference, min_rows, confidence)})
    frame = pd.DataFrame(rows, columns=_IMPACT_COLUMNS)
    frame.attrs["notes"] = tuple(notes)
    return frame


def _group_row(sample: ScoredSample, inside: np.ndarray, min_bads: int, confidence: float) -> dict[str, Any]:
    count, bad = int(inside.sum()), int((inside & sample.bad).sum())
    evaluable = min(bad, count - bad) >= max(min_bads, 1)
    measures: tuple[float, ...] = (math.nan,) * 9
    if evaluable:
        w = None if sample.weights is None else sample.weights[inside]
        mass = np.ones(count) if w is None else w
        y = sample.y[inside]
        clusters = None if sample.clusters is None else sample.clusters[inside]
        area = _area(y, sample.risk[inside], w, clusters, confidence)
        means = (_mean(values[inside], mass) for values in (sample.y, sample.probability, sample.score))
        apart = mean_difference_interval(sample.score, inside, sample.weights, sample.clusters, confidence)
        measures = (*means, apart.value, apart.lower, apart.upper, area.auc, area.lower, area.upper)
    return dict(zip(_MEASURES, (count, bad, *measures, evaluable), strict=True))


def _area(
    y: np.ndarray, risk: np.ndarray, weights: np.ndarray | None, clusters: np.ndarray | None, confidence: float
) -> AreaUnderCurve:
    """AUC of a group; where its rows share clusters, with the variance of clusters."""
    if clusters is None or len(np.unique(clusters)) == len(clusters):
        return delong_interval(y, risk, weights, confidence)
    return clustered_auc_interval(y, risk, clusters, weights, confidence)


@dataclass(frozen=True, slots=True)
class _Approvals:
    """Approved rows and rows of a group, its (weighted) approval rate, its effective rows; whether it has weights."""

    approved: int
    rows: int
    rate: float
    size: float
    weighted: bool


def _impact_row(
    counts: Mapping[str, _Approvals], group: str, reference: str | None, min_rows: int, confidence: float
) -> dict[str, Any]:
    own, base = counts[group], None if reference is None else counts.get(reference)
    reason = None
    if reference is None:
        reason = "no group is large enough to be the reference"
    elif own.rows < min_rows:
        reason = f"fewer than {min_rows} rows"
    elif base is None or base.rows < min_rows:
        reason = f"fewer than {min_rows} rows in the reference group"
    elif base.approved == 0:
        reason = "nobody in the reference group is approved"
    if reason is not None or base is None:
        tail: tuple[Any, ...] = (*(math.nan,) * 7, f"{NOT_EVALUABLE}: {reason}")
    elif group == reference:
        tail = (1.0, *(math.nan,) * 6, REFERENCE)
    else:
        tail = _impact(own, base, confidence)
    result = RESULTS.get(tail[-1], NOT_EVALUABLE)
    return dict(zip(_IMPACT_COLUMNS[5:], (own.rows, own.approved, own.rate, *tail, result), strict=True))


def ratio_interval(
    rate: float, size: float, reference_rate: float, reference_size: float, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Ratio of two approval rates and its bounds on the logarithmic scale (Katz et al. 1978).

    The variance of a rate p of (effective) size n is (1 − p)/(n p); all NaN where nobody of the reference is approved,
    bounds NaN where nobody of the group is.
    """
    if reference_rate == 0:
        return math.nan, math.nan, math.nan
    ratio = rate / reference_rate
    if rate == 0:
        return ratio, math.nan, math.nan
    variance = (1.0 - rate) / (size * rate) + (1.0 - reference_rate) / (reference_size * reference_rate)
    factor = math.exp(normal_quantile(confidence) * math.sqrt(max(variance, 0.0)))
    return ratio, ratio / factor, ratio * factor


def _impact(own: _Approvals, base: _Approvals, confidence: float) -> tuple[Any, ...]:
    """Ratio, its bounds, p-value and verdict of a group against the reference group."""
    if own.weighted:
        found = weighted_impact_ratio(own.rate, own.size, base.rate, base.size, confidence)
        events = own.rate * own.size, own.size, base.rate * base.size, base.size
        bounds = ratio_score_interval(*events, confidence)
        return *found, *bounds, math.nan, _verdict(found[0] >= 0.8 * (1.0 - 1e-12), found[3], confidence)
    counts = (own.approved, own.rows, base.approved, base.rows)
    found = adverse_impact_ratio(*counts, confidence)
    beside = (*ratio_score_interval(*counts, confidence), mid_p_value(*counts))
    return *found, *beside, four_fifths_verdict(*counts, found[3], confidence)


def _approvals(
    grouping: ProtectedGrouping, values: ArrayLike, approved: np.ndarray, weights: Floats | None
) -> dict[str, _Approvals]:
    labels = grouping.assign(values)
    masks = {group: labels == group for group in grouping.order(labels.tolist())}
    return {group: _approved(mask, approved, weights) for group, mask in masks.items()}


def _approved(inside: np.ndarray, approved: np.ndarray, weights: Floats | None) -> _Approvals:
    rows, passed = int(inside.sum()), int((inside & approved).sum())
    if weights is None:
        return _Approvals(passed, rows, passed / rows, float(rows), False)
    rate = math.fsum(weights[inside & approved]) / math.fsum(weights[inside])
    return _Approvals(passed, rows, rate, effective_rows(weights[inside]), True)


def _reference_group(
    attribute: str,
    counts: Mapping[str, _Approvals],
    wanted: str | None,
    min_rows: int,
    min_share: float,
) -> str | None:
    if wanted is not None:
        if wanted not in counts:
            fault = Fault("no such group", path=f"references.{attribute}", found=wanted, allowed=", ".join(counts))
            raise CreditRiskError(fault)
        return wanted
    total = sum(one.rows for one in counts.values())
    fit = [g for g, one in counts.items() if g != MISSING and one.rows >= max(min_rows, min_share * total)]
    return max(fit, key=lambda group: counts[group].rate, default=None)


def _groupings(
    samples: Mapping[str, ScoredSample],
    attributes: Attributes,
    groupings: Mapping[str, ProtectedGrouping] | None,
    reference_sample: str,
    confidence: float,
) -> dict[str, ProtectedGrouping]:
    arguments = Arguments()
    check_confidence(arguments, confidence)
    known = reference_sample in samples
    arguments.require(known, "reference_sample", "no such sample", "absent", found=reference_sample)
    for attribute, values in attributes.items():
        for name, sample in samples.items():
            length = len(np.asarray(values[name], dtype=object)) if name in values else -1
            found = "absent" if length < 0 else f"{length} values"
            fits = length == len(sample)
            where = f"attributes.{attribute}.{name}"
            arguments.require(
                fits, where, "values do not fit the sample", "length", found=found, allowed=f"{len(sample)} values"
            )
    arguments.raise_if_any()
    given = groupings or {}
    return {
        name: given[name] if name in given else protected_grouping(name, values[reference_sample])
        for name, values in attributes.items()
    }


def _rule(grouping: ProtectedGrouping, reference_sample: str) -> str:
    if grouping.edges is None:
        return f"{grouping.attribute}: one group for each value"
    return f"{grouping.attribute}: bands of a number with edges fixed on {reference_sample} or given"


def _mean(values: Floats, mass: Floats) -> float:
    return math.fsum(values * mass) / math.fsum(mass)
