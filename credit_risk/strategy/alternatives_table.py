"""Alternatives of a scorecard on the selection part and on held-out data: Gini, difference of means, adverse impact."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.area_under_curve import delong_difference
from credit_risk.evaluation.clustered import clustered_auc_difference, repeated
from credit_risk.evaluation.fairness import (
    Jurisdictions,
    mean_difference_interval,
    mean_difference_pull,
    ratio_interval,
)
from credit_risk.evaluation.intervals import effective_rows, normal_quantile
from credit_risk.evaluation.jurisdictions import joined
from credit_risk.evaluation.measured import cluster_sums
from credit_risk.strategy.less_discriminatory import AS_IS, Alternative, Ids, Measured, SearchRows, alternatives, chosen

SELECTION = "selection"
FOUND, NOT_CONFIRMED = "less discriminatory alternative", "not confirmed on held-out data"
NONE, CHOSEN, TRIED, WRONG = "no disparity to reduce", "chosen on the selection part", "tried", "a sign is wrong"
_COLUMNS = [
    *("jurisdiction", "attribute", "group", "reference_group", "alternative", "kind", "detail", "strength"),
    *("sample", "rows", "bad", "gini", "gini_loss", "gini_loss_lower", "gini_loss_upper"),
    *("standardised_mean_difference", "difference_lower", "difference_upper"),
    *("reduction", "reduction_lower", "reduction_upper", "approval_rate"),
    *("adverse_impact_ratio", "lower", "upper", "chosen", "verdict"),
]


@dataclass(frozen=True, slots=True)
class SearchPart:
    """Rows on which alternatives are measured. codes: by attribute, group of each row, −1 left out; clusters (n,)."""

    rows: SearchRows
    codes: Mapping[str, Ids]
    clusters: Ids
    approval_rate: float | None


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """What the plan says of the search: loss of Gini, least reduction of the difference, fits, rows, confidence."""

    gini_loss: float
    least_reduction: float
    budget: int
    min_rows: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Columns of evidence `fairness.alternatives` and `fairness.alternative_terms`."""

    table: pd.DataFrame
    terms: pd.DataFrame


def search_alternatives(
    fit: SearchPart,
    selection: SearchPart,
    held: tuple[str, SearchPart],
    values: Mapping[str, Floats],
    used: Sequence[str],
    groups: Mapping[str, tuple[str, ...]],
    references: Mapping[str, str | None],
    limits: SearchLimits,
    *,
    jurisdictions: Jurisdictions | None = None,
) -> Alternatives:
    """Search for each attribute in which a group scores lower on the selection part, significantly and by enough.

    fit, selection: parts of development; held: name and rows of the held-out sample; values: weight of evidence (k,) of
    the bins of classed predictors; used: characteristics of the model; groups: names of the codes. Differences are of
    the group against the rest, in the order of safety. Intervals on held-out data are at the level that Bonferroni
    leaves for the attributes searched. An alternative is found where, on held-out data, the bounds of the reduction lie
    above 0 and those of the loss at or below the stated loss.
    """
    first = alternatives(fit.rows, values, used, {}, budget=1)[0]
    worst = {name: _worst(first, selection, name, len(groups[name]), limits) for name in groups}
    targets = {
        f"{name} {groups[name][code]}": fit.codes[name] == code for name, code in worst.items() if code is not None
    }
    made = alternatives(fit.rows, values, used, targets, budget=limits.budget) if targets else (first,)
    level = 1.0 - (1.0 - limits.confidence) / max(1, len(targets))
    rows: list[dict[str, Any]] = []
    kept: set[str] = set()
    for attribute, code in worst.items():
        names, reference = groups[attribute], references[attribute]
        head: dict[str, Any] = {
            "jurisdiction": joined(jurisdictions, attribute),
            "attribute": attribute,
            "reference_group": reference,
        }
        if code is None:
            rows.append(dict.fromkeys(_COLUMNS) | head | {"chosen": False, "verdict": NONE})
            continue
        place = (attribute, code, None if reference is None else names.index(reference))
        told = [_measure(first, one, selection, place, limits.confidence) for one in made]
        measured = [Measured(one, row["gini_loss"], row["reduction"]) for one, row in zip(made, told, strict=True)]
        best = chosen(measured, limits.gini_loss, limits.least_reduction)
        held_rows = [_measure(first, one, held[1], place, level) for one in made]
        for sample, measures in ((SELECTION, told), (held[0], held_rows)):
            for one, row in zip(made, measures, strict=True):
                picked = best is not None and one.name == best.name
                words = _verdict(one, row, picked=picked, judged=sample != SELECTION, limits=limits)
                about: dict[str, Any] = {
                    "group": names[code],
                    "alternative": one.name,
                    "kind": one.kind,
                    "detail": one.detail,
                }
                about |= {"strength": one.strength, "sample": sample, "chosen": picked, "verdict": words}
                rows.append({**head, **about, **row})
        kept |= set() if best is None else {best.name}
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame.attrs["notes"] = _notes(limits, len(made), held[0], level)
    return Alternatives(frame, _terms(made, kept))


def _notes(limits: SearchLimits, fits: int, judged: str, level: float) -> tuple[str, ...]:
    return (
        f"within a loss of Gini of {limits.gini_loss:g}; least reduction {limits.least_reduction:g}; {fits} fits",
        f"intervals on {judged} are at {100 * level:.6g} % confidence, by Bonferroni over the attributes searched",
        "the search reports; it never changes the model",
    )


def _worst(first: Alternative, part: SearchPart, attribute: str, count: int, limits: SearchLimits) -> int | None:
    """The group whose score is the lowest against the rest, significantly and by the least reduction; None for none."""
    codes = part.codes[attribute]
    score, lowest, found = -first.risk(part.rows.bins), -limits.least_reduction, None
    for code in range(count):
        inside = codes == code
        if min(inside.sum(), (~inside).sum()) < limits.min_rows:
            continue
        apart = mean_difference_interval(score, inside, part.rows.weights, part.clusters, limits.confidence)
        if apart.upper < 0 and apart.value <= lowest:
            lowest, found = apart.value, code
    return found


def _measure(
    first: Alternative, own: Alternative, part: SearchPart, place: tuple[str, int, int | None], level: float
) -> dict[str, Any]:
    attribute, code, reference = place
    rows, codes = part.rows, part.codes[attribute]
    inside = codes == code
    before, after = first.risk(rows.bins), own.risk(rows.bins)
    apart = mean_difference_interval(-after, inside, rows.weights, part.clusters, level)
    base = mean_difference_interval(-before, inside, rows.weights, part.clusters, level)
    loss, lower, upper = 0.0, 0.0, 0.0
    gini = math.nan
    compared = _difference(rows, before, after, part.clusters, level)
    gini = 2.0 * compared[1] - 1.0
    if own.name != AS_IS:
        loss, lower, upper = (-2.0 * compared[k] for k in (2, 4, 3))
    reduction = abs(base.value) - abs(apart.value)
    signs = (math.copysign(1.0, base.value), math.copysign(1.0, apart.value))
    pull = signs[0] * mean_difference_pull(-before, inside, rows.weights)
    pull = pull - signs[1] * mean_difference_pull(-after, inside, rows.weights)
    half = normal_quantile(level) * math.sqrt(math.fsum(cluster_sums(pull, part.clusters) ** 2))
    found = {"rows": len(codes), "bad": int(rows.y.sum()), "gini": gini}
    found |= {"gini_loss": loss, "gini_loss_lower": lower, "gini_loss_upper": upper}
    found |= {"standardised_mean_difference": apart.value}
    found |= {"difference_lower": apart.lower, "difference_upper": apart.upper, "reduction": reduction}
    found |= {"reduction_lower": reduction - half, "reduction_upper": reduction + half}
    return found | _impact(part, after, inside, None if reference is None else codes == reference, level)


def _difference(
    rows: SearchRows, before: Floats, after: Floats, clusters: Ids, level: float
) -> tuple[float, float, float, float, float]:
    """AUC before and after, difference and its bounds."""
    w = None if np.all(rows.weights == 1.0) else rows.weights
    dense = np.unique(clusters, return_inverse=True)[1]
    if repeated(dense):
        found = clustered_auc_difference(rows.y, before, after, dense, w, level)
    else:
        found = delong_difference(rows.y, before, after, w, level)
    return found.auc_a, found.auc_b, found.difference, found.lower, found.upper


def _impact(
    part: SearchPart, risk: Floats, inside: NDArray[np.bool_], base: NDArray[np.bool_] | None, level: float
) -> dict[str, float]:
    """Adverse impact at the cut-off that approves the share that the plan's cut-off approves of this sample."""
    names = ("approval_rate", "adverse_impact_ratio", "lower", "upper")
    if part.approval_rate is None or base is None or not base.any():
        return dict.fromkeys(names, math.nan)
    w = part.rows.weights
    approved = approved_at(risk, w, part.approval_rate)
    rates = [math.fsum(w[side & approved]) / math.fsum(w[side]) for side in (inside, base)]
    sizes = [effective_rows(w[side]) for side in (inside, base)]
    overall = math.fsum(w[approved]) / math.fsum(w)
    bounds = ratio_interval(rates[0], sizes[0], rates[1], sizes[1], level)
    return dict(zip(names, (overall, *bounds), strict=True))


def approved_at(risk: Floats, weights: Floats, rate: float) -> NDArray[np.bool_]:
    """Rows (n,) of the lowest risk whose share of the weight is the nearest to `rate`, equal risks together."""
    values, place = np.unique(risk, return_inverse=True)
    share = np.cumsum(np.bincount(place, weights)) / math.fsum(weights)
    return risk <= values[int(np.argmin(np.abs(share - rate)))]


def _verdict(one: Alternative, row: Mapping[str, Any], *, picked: bool, judged: bool, limits: SearchLimits) -> str:
    if one.kind == AS_IS:
        return "the model as it is"
    if not one.admissible:
        return WRONG
    if not picked:
        return TRIED
    if not judged:
        return CHOSEN
    good = row["reduction_lower"] > 0 and row["gini_loss_upper"] <= limits.gini_loss
    return FOUND if good else NOT_CONFIRMED


def _terms(made: Sequence[Alternative], kept: set[str]) -> pd.DataFrame:
    """Columns of evidence `fairness.alternative_terms`: contribution of every bin to the log-odds of bad."""
    rows = [
        (one.name, name, bin_id, float(value), one.name in kept)
        for one in made
        for name, values in one.contributions.items()
        for bin_id, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["alternative", "characteristic", "bin_id", "contribution", "chosen"])
