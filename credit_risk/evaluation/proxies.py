"""How well classed predictors, the score tell the protected groups, and what else they tell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, special, stats

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.cells import Cells, auc_of_cells, count_cells
from credit_risk.evaluation.fairness import NOT_EVALUABLE, PASS, REVIEW, Jurisdictions
from credit_risk.evaluation.fairness_intersections import holm
from credit_risk.evaluation.intervals import effective_rows, normal_quantile
from credit_risk.evaluation.jurisdictions import joined

Ids = NDArray[np.int64]
NOT_TOLD, BOTH, PROXY = "does not tell the group", "tells the group, and bad within groups", "tells the group only"
_COLUMNS = [
    *("jurisdiction", "attribute", "predictor", "sample", "rows", "groups", "statistic", "degrees", "p_value"),
    *("adjusted_p_value", "cramers_v", "cramers_v_lower", "cramers_v_upper", "mutual_information"),
    *("mutual_information_lower", "mutual_information_upper", "group", "auc"),
    *("auc_lower", "auc_upper", "bad_auc", "bad_auc_within", "within_lower", "within_upper", "verdict", "result"),
]
RIDGE, FOLDS, SMOOTHING = 1.0, 3, 0.5


@dataclass(frozen=True, slots=True)
class ProxySample:
    """Rows of one sample. y (n,) 0/1; groups: by attribute, codes (n,) from 0, −1 left out; bins: by predictor, (n,).

    weights (n,) or None; clusters (n,) or None.
    """

    y: Floats
    groups: Mapping[str, Ids]
    bins: Mapping[str, Ids]
    weights: Floats | None = None
    clusters: Ids | None = None


@dataclass(frozen=True, slots=True)
class Association:
    """Pearson's chi-square of bins by groups, Cramér's V and mutual information in nats, both with their bounds."""

    statistic: float
    degrees: int
    p_value: float
    cramers_v: float
    lower: float
    upper: float
    mutual_information: float
    information_lower: float
    information_upper: float


def association(table: Floats, confidence: float = 0.95) -> Association:
    """Association in a table (k, g) of (effective) counts; empty rows and columns are left out.

    V = √(max(χ² − df, 0)/(N·min(k − 1, g − 1))), less what chance gives, as mutual information is less df/2N. Bounds
    of V from those of the non-centrality of χ² (Steiger 2004, Psychological Methods 9, 164-182). Mutual information I
    has normal bounds, not below 0, of variance (Σp·ln²r − I²)/N + df/2N², r being p over the product of its margins:
    the delta method (Moddemeijer 1989, Signal Processing 16, 233-248), and what is left of it where nothing is told.
    All NaN where one row or column is left.
    """
    kept = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    if min(kept.shape) < 2:
        return Association(math.nan, 0, *(math.nan,) * 7)
    total = float(kept.sum())
    expected = np.outer(kept.sum(axis=1), kept.sum(axis=0)) / total
    statistic = float(np.sum((kept - expected) ** 2 / expected))
    degrees = (kept.shape[0] - 1) * (kept.shape[1] - 1)
    unit = total * (min(kept.shape) - 1)
    lower, upper = (math.sqrt(bound / unit) for bound in noncentrality(statistic, degrees, confidence))
    logs = special.xlogy(kept > 0, kept / np.where(kept > 0, expected, 1.0))
    information = float(np.sum(kept * logs)) / total
    spread = max(float(np.sum(kept * logs * logs)) / total - information * information, 0.0)
    half = normal_quantile(confidence) * math.sqrt(spread / total + degrees / (2.0 * total * total))
    p_value = float(special.chdtrc(degrees, statistic))
    v = math.sqrt(max(statistic - degrees, 0.0) / unit)
    told = max(information - degrees / (2.0 * total), 0.0)
    return Association(statistic, degrees, p_value, v, lower, min(upper, 1.0), told, max(told - half, 0.0), told + half)


def noncentrality(statistic: float, degrees: int, confidence: float) -> tuple[float, float]:
    """Bounds of the non-centrality of a chi-square: those at which the statistic is its upper and lower tail point."""
    tail = (1.0 - confidence) / 2.0
    found = []
    for probability in (1.0 - tail, tail):
        if special.chdtr(degrees, statistic) <= probability:
            found.append(0.0)
            continue
        most = (math.sqrt(statistic) + 8.0) ** 2

        def gap(value: float, probability: float = probability) -> float:
            return float(stats.ncx2.cdf(statistic, degrees, value)) - probability

        found.append(float(optimize.brentq(gap, 1e-12, most, xtol=1e-9, rtol=1e-12)))
    return found[0], found[1]


def proxy_table(
    samples: Mapping[str, ProxySample],
    groups: Mapping[str, tuple[str, ...]],
    *,
    jurisdictions: Jurisdictions | None = None,
    reference_sample: str = "development",
    proxy_auc: float = 0.6,
    min_rows: int = 30,
    min_bads: int = 30,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Columns of evidence `fairness.proxies`: every predictor of `samples`, held against every attribute.

    groups: names of the codes of each attribute. A predictor tells a group by the share of the group in its bins on
    `reference_sample`: `auc` is that of the group that is told best there, one against the rest. p-values are adjusted
    by Holm over the predictors of an attribute on a sample. bad_auc is that of the bad rates of the bins on
    `reference_sample`; within is its mean over groups of at least `min_bads` bads and goods, by their pairs. For review
    where the adjusted p-value is significant and the AUC at least `proxy_auc` (a domain classifier's cut).
    """
    rows: list[dict[str, Any]] = []
    for attribute, names in groups.items():
        label = joined(jurisdictions, attribute)
        for name, sample in samples.items():
            told = [
                _predictor(samples[reference_sample], sample, attribute, predictor, names, min_bads, confidence)
                for predictor in sample.bins
            ]
            enough = sum(np.bincount(sample.groups[attribute][sample.groups[attribute] >= 0]) >= min_rows) > 1
            adjusted = holm([one["p_value"] for one in told])
            for one, p in zip(told, adjusted, strict=True):
                one |= {"jurisdiction": label, "attribute": attribute, "sample": name, "adjusted_p_value": float(p)}
                verdict = _verdict(one, enough, proxy_auc, 1.0 - confidence)
                results = {NOT_TOLD: PASS, BOTH: REVIEW, PROXY: REVIEW}
                rows.append(one | {"verdict": verdict, "result": results.get(verdict, NOT_EVALUABLE)})
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame.attrs["notes"] = (
        f"tells the group: adjusted p-value below {1.0 - confidence:g} and AUC of {proxy_auc:g} or more",
        f"the order of bins is that of {reference_sample}, where what they tell is therefore flattered",
        "p-values are adjusted by Holm over the predictors; rows without a group are left out",
    )
    return frame


def _verdict(row: Mapping[str, Any], enough: bool, proxy_auc: float, level: float) -> str:
    if not enough or math.isnan(row["auc"]):
        return f"{NOT_EVALUABLE}: fewer than two groups of enough rows, or one bin"
    if not (row["adjusted_p_value"] < level and row["auc"] >= proxy_auc):
        return NOT_TOLD
    return BOTH if row["within_lower"] > 0.5 else PROXY


def _predictor(
    base: ProxySample,
    sample: ProxySample,
    attribute: str,
    predictor: str,
    names: tuple[str, ...],
    min_bads: int,
    confidence: float,
) -> dict[str, Any]:
    bins = 1 + max(int(one.bins[predictor].max()) for one in (base, sample))
    shares = _shares(base, attribute, predictor, bins, len(names))
    codes = sample.groups[attribute]
    inside = codes >= 0
    ids, code = sample.bins[predictor][inside], codes[inside]
    w = None if sample.weights is None else sample.weights[inside]
    table = np.bincount(ids * len(names) + code, w, bins * len(names)).astype(float).reshape(bins, len(names))
    if w is not None:
        table *= effective_rows(w) / math.fsum(w)
    found = association(table, confidence)
    best, areas = _best(base, attribute, predictor, shares), (math.nan,) * 3
    if best is not None and 0 < np.count_nonzero(code == best) < len(code):
        area = auc_of_cells(count_cells(ids, code == best, w, bins), shares[:, best], confidence)
        areas = (area.auc, area.lower, area.upper)
    within = _within(base, sample, attribute, predictor, bins, min_bads, confidence)
    values = (found.statistic, found.degrees, found.p_value, found.cramers_v, found.lower, found.upper)
    keys = ("statistic", "degrees", "p_value", "cramers_v", "cramers_v_lower", "cramers_v_upper")
    row: dict[str, Any] = dict(zip(keys, values, strict=True))
    row |= {"predictor": predictor, "rows": int(inside.sum()), "groups": int(np.unique(code).size)}
    row |= {"mutual_information": found.mutual_information, "mutual_information_lower": found.information_lower}
    row |= {"mutual_information_upper": found.information_upper, "group": None if best is None else names[best]}
    row |= dict(zip(("auc", "auc_lower", "auc_upper"), areas, strict=True))
    return row | dict(zip(("bad_auc", "bad_auc_within", "within_lower", "within_upper"), within, strict=True))


def _shares(sample: ProxySample, attribute: str, predictor: str, bins: int, groups: int) -> Floats:
    """Share (k, g) of each group in each bin; in an empty bin that of all rows."""
    inside = sample.groups[attribute] >= 0
    w = None if sample.weights is None else sample.weights[inside]
    place = sample.bins[predictor][inside] * groups + sample.groups[attribute][inside]
    table = np.bincount(place, w, bins * groups).astype(float).reshape(bins, groups)
    mass = table.sum(axis=1, keepdims=True)
    return np.where(mass > 0, table / np.where(mass > 0, mass, 1.0), table.sum(axis=0) / table.sum())


def _best(base: ProxySample, attribute: str, predictor: str, shares: Floats) -> int | None:
    """The group that the predictor tells best on the base sample, by AUC; the first of equals."""
    inside = base.groups[attribute] >= 0
    ids, code = base.bins[predictor][inside], base.groups[attribute][inside]
    w = None if base.weights is None else base.weights[inside]
    best, most = None, -math.inf
    for group in range(shares.shape[1]):
        if 0 < np.count_nonzero(code == group) < len(code):
            area = auc_of_cells(count_cells(ids, code == group, w, len(shares)), shares[:, group]).auc
            if area > most + 1e-12:
                best, most = group, area
    return best


def _within(
    base: ProxySample,
    sample: ProxySample,
    attribute: str,
    predictor: str,
    bins: int,
    min_bads: int,
    confidence: float,
) -> tuple[float, float, float, float]:
    """AUC for bad of the bins by their bad rates on the base sample: of all rows; mean within groups, bounds."""
    whole = count_cells(base.bins[predictor], base.y, base.weights, bins)
    overall = float(whole.bad.sum() / whole.count.sum())
    rate = np.where(whole.count > 0, whole.bad / np.where(whole.count > 0, whole.count, 1.0), overall)
    ids, y, codes = sample.bins[predictor], sample.y, sample.groups[attribute]
    every = auc_of_cells(count_cells(ids, y, sample.weights, bins), rate, confidence).auc
    areas, errors, pairs = [], [], []
    for group in range(int(codes.max()) + 1):
        own = codes == group
        cells = count_cells(ids[own], y[own], None if sample.weights is None else sample.weights[own], bins)
        if min(cells.rows.sum(axis=0)) < max(min_bads, 2):
            continue
        area = auc_of_cells(cells, rate, confidence)
        areas.append(area.auc)
        errors.append(area.standard_error)
        pairs.append(_pairs(cells))
    if not areas:
        return every, math.nan, math.nan, math.nan
    weight = np.array(pairs) / sum(pairs)
    mean = float(weight @ np.array(areas))
    half = normal_quantile(confidence) * math.sqrt(float(np.sum((weight * np.array(errors)) ** 2)))
    return every, mean, mean - half, mean + half


def _pairs(cells: Cells) -> float:
    return float(cells.good.sum() * cells.bad.sum())
