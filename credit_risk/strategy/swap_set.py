"""Swap sets: whom a candidate score would accept in place of whom, and what that changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from credit_risk.evaluation._arrays import Floats
from credit_risk.strategy.applicants import (
    Applicants,
    Mask,
    influence_error,
    mean_error,
    normal_bounds,
    proportion,
)
from credit_risk.strategy.pair import Pair

CELLS = (("accepted by both", 1, 1), ("swapped out", 1, 0), ("swapped in", 0, 1), ("declined by both", 0, 0))
SWAP_COLUMNS = [
    *("base", "candidate", "basis", "sample", "cell", "rows", "share", "known", "bad", "bad_rate", "lower", "upper"),
    "profit",
]
CHANGE_COLUMNS = [
    *("base", "candidate", "basis", "sample", "rows", "base_cut_off", "candidate_cut_off", "base_acceptance"),
    *("candidate_acceptance", "unknown", "base_bad_rate", "candidate_bad_rate", "bad_rate_change", "change_lower"),
    *("change_upper", "change_p_value", "profit_change", "profit_lower", "profit_upper", "profit_p_value"),
]
Row = dict[str, object]


def swap_set(pair: Pair, base_cut_off: float, candidate_cut_off: float, confidence: float = 0.95) -> pd.DataFrame:
    """The four cells of two decisions, columns from `cell` on of evidence `strategy.swap_sets`.

    Accepted is who scores at least a score's cut-off. share: of all weight; bad_rate: of those whose outcome is known,
    with the interval of `proportion`; profit: what the cell would earn an applicant of all, missing where it is not
    evaluable. Outcomes that are not known are counted in `rows` and never inferred.
    """
    one = pair.base
    first, second = one.score >= base_cut_off, pair.candidate >= candidate_cut_off
    rows: list[Row] = []
    for name, accepted, taken in CELLS:
        inside = (first == bool(accepted)) & (second == bool(taken))
        rate, lower, upper = proportion(one.y == 1, one.weights * (inside & one.known), one.clusters, confidence)
        row: Row = {"cell": name, "rows": int(inside.sum()), "share": _share(one, inside)}
        row |= {"known": int(np.sum(inside & one.known)), "bad": int(np.sum(inside & (one.y == 1)))}
        rows.append(row | {"bad_rate": rate, "lower": lower, "upper": upper, "profit": _profit(one, inside)})
    return pd.DataFrame(rows, columns=SWAP_COLUMNS[4:])


def swap_change(pair: Pair, base_cut_off: float, candidate_cut_off: float, confidence: float = 0.95) -> Row:
    """What the candidate changes, columns from `rows` to the end of evidence `strategy.swap_changes`, but the cut-offs.

    bad_rate_change: bad rate among whom the candidate accepts less that among whom the base accepts, of known outcomes;
    profit_change: profit an applicant. Intervals and two-sided p-values are paired: normal, from the influence of each
    row on both sides at once (clusters summed), so that those whom both accept do not count twice. unknown: rows that
    the candidate accepts without a known outcome.
    """
    one = pair.base
    first, second = one.score >= base_cut_off, pair.candidate >= candidate_cut_off
    found: Row = {
        "rows": len(one),
        "base_acceptance": _share(one, first),
        "candidate_acceptance": _share(one, second),
        "unknown": int(np.sum(second & ~one.known)),
    }
    y = np.where(one.known, one.y, 0.0)
    rates, influence = [], np.zeros(len(one))
    for sign, taken in ((-1.0, first), (1.0, second)):
        base = one.weights * (taken & one.known)
        total = float(base.sum())
        rate = float(base @ y) / total if total > 0 else float("nan")
        rates.append(rate)
        influence = influence + sign * base * (y - rate) / total if total > 0 else np.full(len(one), np.nan)
    change = rates[1] - rates[0]
    error = influence_error(influence, one.known, one.clusters)
    found |= {"base_bad_rate": rates[0], "candidate_bad_rate": rates[1]}
    found |= _tested("bad_rate_change", "change", change, error, confidence)
    if one.profit is None or not one.known.all():
        return {**found, **dict.fromkeys(CHANGE_COLUMNS[-4:])}
    earned = one.profit * (second.astype(float) - first.astype(float))
    return {**found, **_tested("profit_change", "profit", *mean_error(earned, one.weights, one.clusters), confidence)}


def _tested(name: str, prefix: str, value: float, error: float, confidence: float) -> Row:
    _, lower, upper = normal_bounds(value, error, confidence)
    p_value = two_sided(value / error) if error > 0 else None
    return {name: value, f"{prefix}_lower": lower, f"{prefix}_upper": upper, f"{prefix}_p_value": p_value}


def two_sided(z: float) -> float:
    """Two-sided normal p-value."""
    return float(2.0 * special.ndtr(-abs(z)))


def _share(one: Applicants, inside: Mask) -> float:
    return float(np.sum(one.weights[inside])) / float(np.sum(one.weights))


def _profit(one: Applicants, inside: Mask) -> float | None:
    if one.profit is None or not one.known.all():
        return None
    weighted: Floats = one.weights * one.profit
    return float(np.sum(weighted[inside])) / float(np.sum(one.weights))
