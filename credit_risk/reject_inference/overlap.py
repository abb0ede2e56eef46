"""Overlap: whether applicants whose outcome is known can stand for the rejected ones alike in characteristics.

Reweighting (and any other method that rests on outcomes missing at random) needs 0 < P(accepted | x): every kind of
rejected applicant must have been accepted now and then (Rosenbaum and Rubin 1983, Biometrika 70, 41-55). The better the
decision is predicted, the less of that there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.area_under_curve import AreaUnderCurve, delong_interval
from credit_risk.evaluation.clustered import clustered_auc_interval
from credit_risk.evaluation.intervals import effective_rows
from credit_risk.evaluation.rates import Rows, proportion
from credit_risk.reject_inference.rows import Decided
from credit_risk.reject_inference.thresholds import DEFAULTS, Thresholds

COLUMNS = ["measure", "value", "lower", "upper", "limit", "verdict", "reading"]
BAND_COLUMNS = [
    *("band", "least", "greatest", "rows", "accepted", "rejected", "known", "bad", "share", "acceptance_rate"),
    *("mean_acceptance", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
]
BALANCE_COLUMNS = [
    *("characteristic", "mean_applicants", "mean_known", "mean_reweighted", "difference_known"),
    *("difference_reweighted", "verdict"),
]
NONE, WEAK, SUFFICIENT = "none", "weak", "sufficient"
WITHIN, OUTSIDE, TOLD = "within", "outside", "told"


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far acceptance is predicted, and what inverse weights of the known outcomes would be worth.

    auc: of acceptance, with interval. Shares are of the weight of the rejected: below the floor of acceptance, below
    the least acceptance of the known outcomes, below their first percentile. effective_rows: Kish's, of the inverse
    weights; plain_rows: of the sampling weights of the same rows; largest_weight_share: of one row; trimmed_share: of
    the weight of known outcomes, below the floor. verdict: none, weak or sufficient, by the limits of `Thresholds`.
    """

    auc: AreaUnderCurve
    rejected_share: float
    below_floor: float
    below_known: float
    below_percentile: float
    effective_rows: float
    plain_rows: float
    largest_weight_share: float
    trimmed_share: float
    verdict: str

    @property
    def effective_share(self) -> float:
        """Effective rows of the inverse weights over those without."""
        return self.effective_rows / self.plain_rows


def measure_overlap(
    decided: Decided,
    acceptance: ArrayLike,
    *,
    floor: float = 0.02,
    confidence: float = 0.95,
    thresholds: Thresholds = DEFAULTS,
) -> Overlap:
    """Overlap of the known outcomes with the rejected, by probability of acceptance (n,).

    Inverse weights are sampling weights over max(acceptance, floor). No overlap: the AUC of the decision reaches
    `no_overlap_auc`, or a share `no_overlap_share` of the rejected is less likely to be accepted than every known
    outcome. Weak: the rejected below the floor, the effective share or the largest weight are outside their limits.
    Raises CreditRiskError on probabilities outside [0, 1], another length, a floor outside (0, 1).
    """
    p = checked_acceptance(decided, acceptance, floor)
    rejected, known = decided.rejected, decided.known
    area = _area(decided, p, confidence)
    w = inverse_weights(decided, p, floor)[known]
    plain = effective_rows(decided.weights[known])
    edge = weighted_quantile(p[known], decided.weights[known], 0.01)
    found = {
        "below_floor": weight_share(decided, rejected, p < floor),
        "below_known": weight_share(decided, rejected, p < p[known].min()),
        "below_percentile": weight_share(decided, rejected, p < edge),
        "largest_weight_share": float(w.max() / w.sum()),
        "trimmed_share": weight_share(decided, known, p < floor),
    }
    effective = effective_rows(w)
    none = area.auc >= thresholds.no_overlap_auc or found["below_known"] >= thresholds.no_overlap_share
    weak = (
        found["below_floor"] > thresholds.below_floor_share
        or effective < thresholds.effective_share * plain
        or found["largest_weight_share"] > thresholds.largest_weight_share
    )
    share = weight_share(decided, np.ones(len(decided), dtype=bool), rejected)
    verdict = NONE if none else WEAK if weak else SUFFICIENT
    return Overlap(area, share, effective_rows=effective, plain_rows=plain, verdict=verdict, **found)


def overlap_table(
    decided: Decided,
    acceptance: ArrayLike,
    *,
    floor: float = 0.02,
    confidence: float = 0.95,
    thresholds: Thresholds = DEFAULTS,
) -> pd.DataFrame:
    """`measure_overlap` as evidence `reject_inference.overlap`: a row a measure, with its limit and a reading.

    Columns `COLUMNS`; limit is missing where a measure is told and not judged, bounds where it has no interval.
    """
    one = measure_overlap(decided, acceptance, floor=floor, confidence=confidence, thresholds=thresholds)
    nan, t = float("nan"), thresholds
    rows: list[tuple[str, float, float, float, float, str, str]] = []

    def add(measure: str, value: float, limit: float, fails: bool, reading: str, *ends: float) -> None:
        verdict = TOLD if limit != limit else OUTSIDE if fails else WITHIN
        rows.append((measure, value, *(ends or (nan, nan)), limit, verdict, reading))  # type: ignore[arg-type]

    area = one.auc
    told = "how well the characteristics tell accepted from rejected; the nearer to 1, the less overlap"
    add("decision_auc", area.auc, t.no_overlap_auc, area.auc >= t.no_overlap_auc, told, area.lower, area.upper)
    add("rejected_share", one.rejected_share, nan, False, "share of applicants that was rejected")
    text = f"share of the rejected whose probability of acceptance is below {floor:g}, where weights are trimmed"
    add("rejected_below_floor", one.below_floor, t.below_floor_share, one.below_floor > t.below_floor_share, text)
    text = "share of the rejected less likely to be accepted than every known outcome"
    add("rejected_below_known", one.below_known, t.no_overlap_share, one.below_known >= t.no_overlap_share, text)
    text = "share of the rejected less likely to be accepted than 99 % of the known outcomes"
    add("rejected_below_percentile", one.below_percentile, nan, False, text)
    text = "known outcomes that would tell as much without weights as these do with inverse weights (Kish)"
    add("effective_rows", one.effective_rows, nan, False, text)
    share = one.effective_share
    text = "effective rows over those of the known outcomes as they are"
    add("effective_share", share, t.effective_share, share < t.effective_share, text)
    large = one.largest_weight_share
    text = "share of all inverse weight that one row carries"
    add("largest_weight_share", large, t.largest_weight_share, large > t.largest_weight_share, text)
    text = f"share of the known outcomes whose weight is trimmed at 1/{floor:g}"
    add("trimmed_share", one.trimmed_share, nan, False, text)
    rows.append(("verdict", nan, nan, nan, nan, one.verdict, VERDICTS[one.verdict]))
    return pd.DataFrame(rows, columns=COLUMNS)


VERDICTS = {
    NONE: "no overlap: acceptance is as good as perfectly predicted, so that reweighting is refused and no method can "
    "learn of the rejected from the accepted",
    WEAK: "weak overlap: few known outcomes stand for many rejected; reweighting is advised against",
    SUFFICIENT: "overlap: known outcomes reach the rejected, as far as the characteristics say",
}


def overlap_bands(
    decided: Decided, acceptance: ArrayLike, *, floor: float = 0.02, confidence: float = 0.95
) -> pd.DataFrame:
    """Applicants by band of acceptance, evidence `reject_inference.overlap_bands`, columns `BAND_COLUMNS`.

    Bands of tenths, the lowest cut at the floor, [least, greatest) and the last closed. Counts are rows; share: of the
    weight of all; acceptance_rate beside mean_acceptance shows whether the model of the decision is calibrated;
    bad_rate: of known outcomes, weighted, Wilson's interval at effective rows, allowing for clusters.
    """
    p = checked_acceptance(decided, acceptance, floor)
    edges = np.unique([0.0, floor, *(np.arange(1, 11) / 10.0)])
    place = np.clip(np.searchsorted(edges, p, side="right") - 1, 0, len(edges) - 2)
    y, w = decided.y == 1, decided.weights
    group = Rows(y, None if np.all(w == 1.0) else w, decided.clusters)
    rows = []
    for k in range(len(edges) - 1):
        inside = place == k
        known, mass = inside & decided.known, float(w[inside].sum())
        rate = proportion(group, y, known, confidence)
        counts = [int(np.count_nonzero(inside & one)) for one in (decided.accepted, decided.rejected, decided.known, y)]
        means = (float(w[inside] @ one[inside].astype(float)) / mass for one in (decided.accepted, p))
        told = tuple(means) if mass > 0 else (np.nan, np.nan)
        rows.append(
            (
                *(_name(edges[k], edges[k + 1]), edges[k], edges[k + 1], int(inside.sum()), *counts),
                *(mass / float(w.sum()), *told, rate.value, rate.lower, rate.upper),
            )
        )
    return pd.DataFrame(rows, columns=BAND_COLUMNS)


def balance_table(
    decided: Decided,
    acceptance: ArrayLike,
    values: Mapping[str, ArrayLike],
    *,
    floor: float = 0.02,
    thresholds: Thresholds = DEFAULTS,
) -> pd.DataFrame:
    """Standardised mean differences of each characteristic, evidence `reject_inference.balance`.

    values: numbers (n,) by characteristic, such as WoE. Differences are of the known outcomes less all applicants, in
    standard deviations of all applicants, as they are and by inverse acceptance (Austin and Stuart 2015). verdict:
    balanced or not after reweighting, constant where all applicants are alike. Columns `BALANCE_COLUMNS`.
    """
    p = checked_acceptance(decided, acceptance, floor)
    w, known = decided.weights, decided.known
    inverse = inverse_weights(decided, p, floor)[known]
    arguments = Arguments()
    arguments.length = len(decided)
    columns = {name: arguments.numbers(name, one) for name, one in values.items()}
    arguments.raise_if_any()
    rows = []
    for name, x in columns.items():
        mean = float(w @ x) / float(w.sum())
        spread = float(np.sqrt(w @ (x - mean) ** 2 / w.sum()))
        plain = float(w[known] @ x[known]) / float(w[known].sum())
        weighted = float(inverse @ x[known]) / float(inverse.sum())
        if spread <= 1e-12 * max(1.0, abs(mean)):
            rows.append((name, mean, plain, weighted, np.nan, np.nan, "constant"))
            continue
        before, after = (plain - mean) / spread, (weighted - mean) / spread
        verdict = "balanced" if abs(after) <= thresholds.balance else "not balanced"
        rows.append((name, mean, plain, weighted, before, after, verdict))
    return pd.DataFrame(rows, columns=BALANCE_COLUMNS)


def inverse_weights(decided: Decided, acceptance: Floats, floor: float) -> Floats:
    """Sampling weights over max(acceptance, floor), (n,); only those of known outcomes are used."""
    return decided.weights / np.maximum(acceptance, floor)


def weight_share(decided: Decided, base: NDArray[np.bool_], event: NDArray[np.bool_]) -> float:
    """Weight of `event` within `base`, both (n,), over the weight of `base`."""
    w = decided.weights
    return float(w[base & event].sum()) / float(w[base].sum())


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Least value up to which at least `share` of the weight lies."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, share * reached[-1] * (1.0 - 1e-12)))
    return float(values[order][min(place, len(values) - 1)])


def checked_acceptance(decided: Decided, acceptance: ArrayLike, floor: float) -> Floats:
    """Probabilities of acceptance (n,) as doubles; raises CreditRiskError with all faults."""
    arguments = Arguments()
    arguments.length = len(decided)
    p = arguments.probabilities(acceptance, "acceptance")
    arguments.require(0.0 < floor < 1.0, "floor", "not a floor", "range", found=repr(floor), allowed="between 0 and 1")
    arguments.raise_if_any()
    return p


def _area(decided: Decided, acceptance: Floats, confidence: float) -> AreaUnderCurve:
    event = decided.accepted.astype(np.float64)
    w = decided.weights
    if decided.clusters is None:
        return delong_interval(event, acceptance, w, confidence)
    return clustered_auc_interval(event, acceptance, decided.clusters, w, confidence)


def _name(least: float, greatest: float) -> str:
    return f"{least:g} to {greatest:g}"
