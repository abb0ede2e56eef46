"""Two scores of the same rows, counted our own way: swaps, bands against bands, paired differences, stated rules."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from validation.rebuild import clustered, metrics
from validation.rebuild.clusters import repeat
from validation.rebuild.strategy import NEARLY, Floats, Group, normal, share, spread

Row = dict[str, Any]
Flags = NDArray[np.bool_]
LEVEL = 0.05


def matching(score: Floats, weight: Floats, wanted: float) -> float:
    """Return the highest score that accepts at least the share `wanted`; above all scores where that is none."""
    if wanted <= 0:
        return math.nextafter(float(score.max()), math.inf)
    order = np.argsort(-score, kind="stable")
    ranked, running = score[order], np.cumsum(weight[order])
    last = np.append(ranked[1:] != ranked[:-1], True)
    reached = running[last] >= wanted * running[-1] * (1.0 - NEARLY)
    return float(ranked[last][int(np.argmax(reached))])


def swaps(group: Group, first: Flags, second: Flags, confidence: float) -> list[Row]:
    """Return the four cells of two decisions (n,)."""
    total, rows = float(np.sum(group.weight)), []
    for name, inside in (
        ("accepted by both", first & second),
        ("swapped out", first & ~second),
        ("swapped in", ~first & second),
        ("declined by both", ~first & ~second),
    ):
        known = inside & group.known
        bounds = share(group.outcome == 1, np.where(known, group.weight, 0.0), group.cluster, confidence)
        row: Row = {"cell": name, "rows": int(np.sum(inside)), "share": float(np.sum(group.weight * inside)) / total}
        row |= {"known": int(np.sum(known)), "bad": int(np.sum(group.outcome[known]))}
        row |= dict(zip(("bad_rate", "lower", "upper"), bounds, strict=True))
        money = group.profit is not None and bool(group.known.all())
        row["profit"] = float(np.sum((group.weight * group.profit)[inside])) / total if money else np.nan  # type: ignore[operator]
        rows.append(row)
    return rows


def change(group: Group, first: Flags, second: Flags, confidence: float) -> Row:
    """Return acceptance, bad rate and profit of both decisions (n,), and their paired differences with tests."""
    w, total = group.weight, float(np.sum(group.weight))
    known = group.known
    found: Row = {"rows": len(w), "unknown": int(np.sum(second & ~known))}
    found["base_acceptance"], found["candidate_acceptance"] = (float(w @ side) / total for side in (first, second))
    part, y = group.part(known), group.outcome[known]
    rates, influence = [], np.zeros(len(y))
    for side, sign in ((first[known], -1.0), (second[known], 1.0)):
        inside = part.weight * side
        mass = float(np.sum(inside))
        rate = float(inside @ y) / mass if mass > 0 else np.nan
        influence += sign * inside * (y - rate) / mass if mass > 0 else np.nan
        rates.append(rate)
    found["base_bad_rate"], found["candidate_bad_rate"] = rates
    found |= tested("bad_rate_change", "change", rates[1] - rates[0], influence, part.cluster, confidence)
    if group.profit is None or not known.all():
        return found | dict.fromkeys(("profit_change", "profit_lower", "profit_upper", "profit_p_value"), np.nan)
    earned = group.profit * (second.astype(np.float64) - first.astype(np.float64))
    mean = float(w @ earned) / total
    return found | tested("profit_change", "profit", mean, w * (earned - mean) / total, group.cluster, confidence)


def tested(
    name: str, prefix: str, value: float, influence: Floats, cluster: NDArray[np.int64], confidence: float
) -> Row:
    """Return a value with its normal interval and two-sided p-value, from the influence of each row (n,)."""
    _, lower, upper = normal(value, influence, cluster, confidence)
    count = len(np.unique(cluster))
    error = math.sqrt(spread(influence, cluster) * count / (count - 1.0)) if count > 1 else math.nan
    p_value = float(special.erfc(abs(value) / error / math.sqrt(2.0))) if error > 0 else np.nan
    return {name: value, f"{prefix}_lower": lower, f"{prefix}_upper": upper, f"{prefix}_p_value": p_value}


def band(score: Floats, edges: Sequence[float]) -> NDArray[np.int64]:
    """Return the band of each score (n,), from 1."""
    found = np.ones(len(score), dtype=np.int64)
    for edge in edges[1:]:
        found += score >= edge
    return found


def matrix(
    group: Group, second: Floats, edges: tuple[Sequence[float], Sequence[float]], confidence: float
) -> tuple[list[Row], list[Row]]:
    """Return the cells of bands against bands, and the order of the bad rate along each score."""
    bands, total = (band(group.score, edges[0]), band(second, edges[1])), float(np.sum(group.weight))
    cells: list[Row] = []
    sizes: dict[tuple[int, int], tuple[float, float]] = {}
    for i in range(1, len(edges[0]) + 1):
        for j in range(1, len(edges[1]) + 1):
            inside = (bands[0] == i) & (bands[1] == j)
            known = inside & group.known
            w = group.weight[known]
            bounds = share(group.outcome == 1, np.where(known, group.weight, 0.0), group.cluster, confidence)
            row: Row = {"base_band": i, "candidate_band": j, "base_from": edges[0][i - 1]}
            row |= {"candidate_from": edges[1][j - 1], "rows": int(np.sum(inside)), "known": int(np.sum(known))}
            row |= {"share": float(np.sum(group.weight[inside])) / total, "bad": int(np.sum(group.outcome[known]))}
            cells.append(row | dict(zip(("bad_rate", "lower", "upper"), bounds, strict=True)))
            if len(w):
                sizes[i, j] = bounds[0], metrics.effective_size(float(np.sum(w)), float(w @ w))
    orders = []
    for words, step in (("bands of the base", (0, 1)), ("bands of the candidate", (1, 0))):
        pairs = [(sizes[at], sizes.get((at[0] + step[0], at[1] + step[1]))) for at in sizes]
        p_values = [inverted(one, other) for one, other in pairs if other is not None]
        wrong = sum(other[0] > one[0] for one, other in pairs if other is not None)
        least = min(p_values) if p_values else np.nan
        significant = sum(p < LEVEL for p in p_values)
        told = {"compared": len(p_values), "inversions": wrong, "significant": significant, "least_p_value": least}
        orders.append({"within": words, **told})
    return cells, orders


def inverted(riskier: tuple[float, float], safer: tuple[float, float]) -> float:
    """Return the one-sided p-value of a greater bad rate in the safer cell; each (bad rate, effective rows)."""
    size = riskier[1] + safer[1]
    p = (riskier[0] * riskier[1] + safer[0] * safer[1]) / size
    variance = p * (1.0 - p) * size / (riskier[1] * safer[1])
    return float(special.ndtr((riskier[0] - safer[0]) / math.sqrt(variance))) if variance > 0 else 0.5


def ranking(group: Group, second: Floats, confidence: float) -> Row:
    """Return both areas and their paired difference with bounds and p-value."""
    y, c, w = group.outcome, group.cluster, group.weight
    areas = [metrics.auc(y, -score, w).auc for score in (group.score, second)]
    difference, error, p_value = clustered.auc_difference(y, -group.score, -second, c, w)
    reach = float(special.ndtri(0.5 + confidence / 2.0)) * error
    found = {"auc_base": areas[0], "auc_candidate": areas[1], "auc_difference": difference, "auc_p_value": p_value}
    return found | {"auc_lower": max(difference - reach, -1.0), "auc_upper": min(difference + reach, 1.0)}


def area(group: Group, score: Floats) -> tuple[float, float]:
    """Return the area of one score and its variance, of clusters where rows of one repeat."""
    found = clustered.auc(group.outcome, -score, group.cluster, group.weight)
    return found.auc, found.standard_error**2


def losses(group: Group, probabilities: Sequence[Floats], confidence: float) -> Row:
    """Return the mean differences of log loss and Brier score with bounds and p-values."""
    y, w, found = group.outcome, group.weight, Row()
    brier = [(p - y) ** 2 for p in probabilities]
    inside = all(bool(np.all((p > 0) & (p < 1))) for p in probabilities)
    log_loss = [-(special.xlogy(y, p) + special.xlog1py(1.0 - y, -p)) for p in probabilities] if inside else None
    for name, pair in (("log_loss", log_loss), ("brier", brier)):
        if pair is None:
            found |= dict.fromkeys((f"{name}_{end}" for end in ("difference", "lower", "upper", "p_value")), np.nan)
            continue
        gap = pair[1] - pair[0]
        gap = np.where(np.abs(gap) <= 1e-9 * np.maximum(*np.abs(np.stack(pair))), 0.0, gap)
        mean = float(w @ gap / np.sum(w))
        told = tested(f"{name}_difference", name, mean, w * (gap - mean) / np.sum(w), group.cluster, confidence)
        found |= told
    return found


def decisions(group: Group, first: Flags, second: Flags, confidence: float) -> Row:
    """Return how often one decision alone is right, and the paired test."""
    good = group.outcome == 0
    alone = [int(np.sum((one == good) & (other != good))) for one, other in ((first, second), (second, first))]
    if not repeat(group.cluster) and np.all(group.weight == 1.0):
        p_value = min(2.0 * float(stats.binom.cdf(min(alone), sum(alone), 0.5)), 1.0) if sum(alone) else np.nan
    else:
        gap = (second == good).astype(np.float64) - (first == good).astype(np.float64)
        mean = float(np.average(gap, weights=group.weight))
        influence = group.weight * (gap - mean) / np.sum(group.weight)
        p_value = tested("x", "x", mean, influence, group.cluster, confidence)["x_p_value"]
    return {"only_base_right": alone[0], "only_candidate_right": alone[1], "decisions_p_value": p_value}


WORDS: Mapping[str, tuple[str, str, str]] = {
    "min_auc_difference": ("auc_lower", "at least", "lower bound of the difference in AUC"),
    "max_auc_difference": ("auc_upper", "at most", "upper bound of the difference in AUC"),
    "max_calibration_gap": ("gap", "at most", "calibration gap |expected/observed - 1|"),
    "min_calibration_gap": ("gap", "above", "calibration gap |expected/observed - 1|"),
    "max_psi": ("psi", "at most", "stability index of the score"),
    "min_psi": ("psi", "above", "stability index of the score"),
    "max_inversions": ("inversions", "at most", "significant inversions of the bad rate by band"),
    "min_inversions": ("inversions", "above", "significant inversions of the bad rate by band"),
}


def ruled(measures: Mapping[str, float], rules: Mapping[str, Any], accepts: bool) -> list[Row]:
    """Return the conditions of the plan with what they come to, and the outcome last."""
    rows: list[Row] = []
    met: dict[str, list[bool]] = {}
    for rule in ("reject", "auto_accept"):
        met[rule] = []
        for key, (measure, relation, words) in WORDS.items():
            limit = rules[rule].get(key)
            if limit is None:
                continue
            value = measures.get(measure, np.nan)
            fine = {"at least": value >= limit, "at most": value <= limit, "above": value > limit}[relation]
            met[rule].append(bool(fine))
            told = f"{words} {relation}{' (not evaluable)' if np.isnan(value) else ''}"
            rows.append({"rule": rule, "condition": told, "value": value, "limit": float(limit), "met": bool(fine)})
    outcome = "reject" if any(met["reject"]) else "auto_accept" if all(met["auto_accept"]) else "manual_review"
    if outcome == "auto_accept" and accepts and rules.get("accepts_only") == "review":
        outcome = "manual_review"
    return [*rows, {"rule": "outcome", "condition": outcome, "value": np.nan, "limit": np.nan, "met": None}]
