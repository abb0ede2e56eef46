"""Rules of redeployment that the plan states before the numbers are known: accept, review by hand, or reject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REDEPLOYMENT_COLUMNS = ["challenger", "sample", "rule", "condition", "value", "limit", "met"]
ACCEPT, REVIEW, REJECT = "auto_accept", "manual_review", "reject"
CONDITIONS = {
    "min_auc_difference": ("auc_difference_lower", "at least", "lower bound of the difference in AUC"),
    "max_auc_difference": ("auc_difference_upper", "at most", "upper bound of the difference in AUC"),
    "max_calibration_gap": ("calibration_gap", "at most", "calibration gap |expected/observed - 1|"),
    "min_calibration_gap": ("calibration_gap", "above", "calibration gap |expected/observed - 1|"),
    "max_psi": ("psi", "at most", "stability index of the score"),
    "min_psi": ("psi", "above", "stability index of the score"),
    "max_inversions": ("inversions", "at most", "significant inversions of the bad rate by band"),
    "min_inversions": ("inversions", "above", "significant inversions of the bad rate by band"),
}
"""By key of the plan: the measure, how it is held against the limit, and what it is in words."""


@dataclass(frozen=True, slots=True)
class Rules:
    """auto_accept: all of it must hold; reject: one of it suffices, and goes first; limits by key of CONDITIONS.

    accepts_only: "review" makes an accept a review where the rows are only those that the champion accepted.
    """

    auto_accept: Mapping[str, float]
    reject: Mapping[str, float]
    accepts_only: str = "review"


def redeployment(measures: Mapping[str, float | None], rules: Rules, *, on_accepts: bool) -> list[dict[str, object]]:
    """Rows `rule`, `condition`, `value`, `limit`, `met` of every condition, and last of the outcome.

    measures: auc_difference_lower, auc_difference_upper, calibration_gap, psi, inversions; None is not evaluable, which
    meets no condition. on_accepts: whether outcomes are known only of whom the champion accepted, where an equally good
    challenger looks better than it is.
    """
    rows: list[dict[str, object]] = []
    held: dict[str, list[bool]] = {REJECT: [], ACCEPT: []}
    for rule, limits in ((REJECT, rules.reject), (ACCEPT, rules.auto_accept)):
        for key, limit in limits.items():
            measure, relation, words = CONDITIONS[key]
            value = measures.get(measure)
            met = value is not None and holds(value, relation, limit)
            held[rule].append(met)
            condition = f"{words} {relation}" + ("" if value is not None else " (not evaluable)")
            rows.append({"rule": rule, "condition": condition, "value": value, "limit": limit, "met": met})
    outcome, why = _outcome(held, rules, on_accepts)
    return [*rows, {"rule": "outcome", "condition": f"{outcome}: {why}", "value": None, "limit": None, "met": None}]


def holds(value: float, relation: str, limit: float) -> bool:
    """Whether a value is at least, at most, or above a limit."""
    return value >= limit if relation == "at least" else value <= limit if relation == "at most" else value > limit


def _outcome(held: Mapping[str, list[bool]], rules: Rules, on_accepts: bool) -> tuple[str, str]:
    if any(held[REJECT]):
        return REJECT, f"{sum(held[REJECT])} of {len(held[REJECT])} conditions to reject hold"
    if not held[ACCEPT] or not all(held[ACCEPT]):
        missing = len(held[ACCEPT]) - sum(held[ACCEPT])
        return REVIEW, f"{missing} of {len(held[ACCEPT])} conditions to accept do not hold, and none to reject"
    if on_accepts and rules.accepts_only == "review":
        return REVIEW, "all conditions to accept hold, on rows that the champion accepted, which favour a challenger"
    return ACCEPT, f"all {len(held[ACCEPT])} conditions to accept hold"
