"""The verdicts of the diagnosis: each word of a table follows from its numbers and the limits that the package states.

The numbers themselves are compared in `reject_diagnosis`; here a word that contradicts them is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validation.comparisons.reject_diagnosis import BALANCE, JOINT, OVERLAP, PROFIT, SUPPORT, TIPPING
from validation.comparisons.reject_recommendation import stated_limits
from validation.rebuild import rejects_diagnosed
from validation.rebuild.overlap import Overlap
from validation.rebuild.workspace import Workspace

WITHIN, OUTSIDE, TOLD = "within", "outside", "told"
LIMITS: Mapping[str, tuple[str, str]] = {
    "decision_auc": ("no_overlap_auc", ">="),
    "rejected_below_floor": ("below_floor_share", ">"),
    "rejected_below_known": ("no_overlap_share", ">="),
    "effective_share": ("effective_share", "<"),
    "largest_weight_share": ("largest_weight_share", ">"),
}
"""Limit of a measure of overlap, and how a value stands to it that is outside."""
EXTRAPOLATION = {SUPPORT: "rejected_outside", JOINT: "rejected_beyond_greatest"}
Row = Mapping[str, Any]


def compare_verdicts(space: Workspace) -> None:
    """Compare limits and verdicts of overlap, balance, both tables of support and tipping factors."""
    limits = stated_limits(space, told=False)
    if limits is None:
        return
    _compare_overlap(space, limits)
    for area, word in (
        (BALANCE, lambda row: _balanced(row, limits["balance"])),
        (SUPPORT, lambda row: _outside(row, SUPPORT, limits["outside_support"])),
        (JOINT, lambda row: _outside(row, JOINT, limits["outside_support"])),
        (TIPPING, _tipped),
    ):
        rows = space.package.rows_of(area) or []
        labels = [str(next(iter(row.values()))) for row in rows]
        space.ledger.words(area, "verdict", [row["verdict"] for row in rows], [word(row) for row in rows], labels)


def _compare_overlap(space: Workspace, limits: Mapping[str, float]) -> None:
    table = {str(row["measure"]): row for row in space.package.rows_of(OVERLAP) or []}
    measures = [name for name in table if name != "verdict"]
    own = [limits[LIMITS[name][0]] if name in LIMITS else None for name in measures]
    space.ledger.numbers(OVERLAP, "limit", "diagnosis", [table[name]["limit"] for name in measures], own, measures)
    words = [_word(name, table[name]["value"], limits) for name in measures]
    told = [table[name]["verdict"] for name in measures]
    if {"verdict", "rejected_share", "effective_rows", "rejected_below_percentile", "trimmed_share", *LIMITS} <= set(
        table
    ):
        value = {name: float(table[name]["value"]) for name in measures}
        area = value.pop("decision_auc")
        measures.append("verdict")
        told.append(table["verdict"]["verdict"])
        words.append(rejects_diagnosed.overlap_verdict(Overlap(**value), area, limits))
    space.ledger.words(OVERLAP, "verdict", told, words, measures)


def _word(name: str, value: float, limits: Mapping[str, float]) -> str:
    if name not in LIMITS:
        return TOLD
    limit, sign = limits[LIMITS[name][0]], LIMITS[name][1]
    outside = value > limit or (sign == ">=" and value == limit) if sign != "<" else value < limit
    return OUTSIDE if outside else WITHIN


def _balanced(row: Row, limit: float) -> str:
    after = row["difference_reweighted"]
    return "constant" if after is None else "balanced" if abs(after) <= limit else "not balanced"


def _outside(row: Row, area: str, limit: float) -> str:
    return "extrapolation" if float(row[EXTRAPOLATION[area]]) > limit else "inside"


def _tipped(row: Row) -> str:
    """A decision holds up to a factor, or is changed where rejects are as good as accepted ones, or never changes."""
    first, limit = row["at_least_prudence"], float(row["limit"])
    if first is None:
        return "not evaluable"
    changed = first < limit if row["measure"] == PROFIT else first > limit
    if changed:
        return "changed at 1 already"
    return "no factor changes it" if row["tipping_factor"] is None else "changes from the factor on"
