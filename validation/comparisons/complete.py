"""Rows that a table must have by plan, model and snapshot, points that a figure must show: what is left out of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.directions import SIGNS, declared_trends
from validation.rebuild.workspace import DEVELOPMENT, Workspace

Floats = NDArray[np.float64]
Rows = list[dict[str, Any]]
BOOSTING = "boosting.parameters."
ITEMS: Mapping[str, tuple[str, ...]] = {
    "classing.policy": (
        *("Weight of evidence", "Engine", "Trend", "Bins of ordinary values", "Size of bins of ordinary values"),
        *("Difference of bad rates of neighbours, least", "Objective", "Rare categories", "Order of categories"),
        *("Intervals", "Special codes", "Missing", "Zero cells", "Bins without development rows", "Unseen categories"),
    ),
    "data.source": ("file", "layout", "sha256", "rows"),
    "rating.policy": (
        *("bounds", "sample", "probability of a grade", "review at p-value", "fail at p-value"),
        *("fewest rows for a pass", "fewest expected bads for a pass", "largest share", "asset correlation"),
    ),
    "reasons.method": (
        *("Method", "Reference", "Reference in the plan", "Applicants of the reference", "Their number", "Used"),
        *("Chosen", "Most reasons", "Told beyond them", "Groups", "Languages", "Released for notices"),
        *("Named by comment 9(b)(2) of Regulation B", "Mean output of the trees over those used"),
        "Without a text for applicants",
    ),
    "data.duplicates": ("rows",),
    "two_stage.stages.": (
        *("First stage", "Scaling of the column", "Used by the first stage", "Second stage", "Used by both"),
        *("Used by the second stage", "Coefficient of the offset", "Linear score", "Score", "Row without an offset"),
    ),
    BOOSTING: ("objective", "tree_method", "max_depth", "eta", "seed", "rounds"),
}
"""Items that a table, or every table of a family, tells of any plan."""
FIRST, MADE, LAST = "rows of the source", "rows made at observation points", "rows with a known outcome"
LEAKAGE, WATERFALL, SUMMARY = "data.leakage", "data.waterfall", "classing.summary"
SHOWN = re.compile(r"^(?P<sample>\w+): (?P<shown>\d+) of (?P<all>\d+) (?:corners|points) are shown$")


def compare_complete(space: Workspace) -> None:
    """Compare what tables of items, of characteristics and of pairs tell with all that they must tell."""
    for area, items in ITEMS.items():
        for name in space.package.evidence:
            table = space.package.rows_of(name) if name == area or (area[-1] == "." and name.startswith(area)) else None
            if table and "item" in table[0]:
                settled = _settled(space, name.removeprefix(BOOSTING)) if area == BOOSTING else ()
                _required(space, name, [row["item"] for row in table], (*items, *settled))
    _compare_characteristics(space)
    _compare_pairs(space)
    _compare_steps(space)


def _settled(space: Workspace, model_id: str) -> list[str]:
    """Items on what settled the settings of boosting: the plan, or what it asks for on folds of development."""
    spec = next((one for one in space.package.plan.get("models") or [] if one.get("id") == model_id), None)
    if spec is None or spec.get("type") != "monotone_boosting":
        return []
    asked = [name for name in ("search", "early_stopping", "simplicity") if spec.get(name) is not None]
    return ["folds", *asked, *(["refitted"] if "early_stopping" in asked else [])] if asked else ["settled by"]


def _required(space: Workspace, area: str, stated: Iterable[Any], wanted: Sequence[Any]) -> None:
    told = set(stated)
    labels = [_text(one) for one in wanted]
    given = [label if one in told else None for one, label in zip(wanted, labels, strict=True)]
    space.ledger.words(area, "rows that it must have", given, labels, labels)


def _text(key: Any) -> str:
    return " ".join(str(one) for one in key) if isinstance(key, tuple) else str(key)


def _compare_characteristics(space: Workspace) -> None:
    """Every classed characteristic stands in the screens; each with a declared trend is held against it."""
    summary = space.package.rows_of(SUMMARY)
    if not summary:
        return
    names = [row["characteristic"] for row in summary]
    trends = declared_trends(space.package.plan)
    ordered = [row["characteristic"] for row in summary if row["kind"] != "categorical"]
    wanted = {
        "selection.stability": names,
        "classing.expectations": [name for name in ordered if trends.get(name) in SIGNS],
    }
    for area, characteristics in wanted.items():
        table = space.package.rows_of(area)
        if table is not None:
            _required(space, area, (row["characteristic"] for row in table), characteristics)
    table = space.package.rows_of(LEAKAGE)
    if table is not None:
        checks = [(name, check) for name in names for check in _checks(space, name)]
        _required(space, LEAKAGE, ((row["characteristic"], row["check"]) for row in table), checks)


def _checks(space: Workspace, name: str) -> list[str]:
    """Checks of leakage that a characteristic needs; that of being missing where a column is, in part."""
    found = ["discrimination", "pure values"]
    declared = ((space.package.plan.get("data") or {}).get("columns") or {}).get(name)
    if name in space.frame.columns and isinstance(declared, Mapping) and not declared.get("specials"):
        absent = space.frame[name].iloc[space.known(DEVELOPMENT)].isna().to_numpy()
        found += ["missing"] if 0 < absent.sum() < len(absent) else []
    return found


def _compare_pairs(space: Workspace) -> None:
    """Methods of reasons are held against each other in pairs; groups told by the inputs on the samples of the scan."""
    table = space.package.rows_of("reasons.agreement")
    if table:
        methods = list(dict.fromkeys(row[key] for row in table for key in ("method", "other")))
        told = [frozenset((row["method"], row["other"])) for row in table]
        pairs = [one for one in combinations(methods, 2) if frozenset(one) in told]
        _required(space, "reasons.agreement", pairs, list(combinations(methods, 2)))
    table, scan = (space.package.rows_of(f"fairness.{name}") for name in ("proxy_models", "proxies"))
    if table and scan:
        keys = ("jurisdiction", "attribute", "group")
        groups = list(dict.fromkeys(tuple(row[key] for key in keys) for row in table))
        samples = list(dict.fromkeys(row["sample"] for row in scan))
        stated = [(*(row[key] for key in keys), row["sample"]) for row in table]
        _required(space, "fairness.proxy_models", stated, [(*group, one) for group in groups for one in samples])


def _compare_steps(space: Workspace) -> None:
    """The waterfall of rows goes from those of the source, or those made of a history, to the known outcomes."""
    table = space.package.rows_of(WATERFALL)
    if table:
        first = MADE if table[0]["step"] == MADE else FIRST
        _required(space, WATERFALL, (row["step"] for row in table), (first, LAST))


def compare_points(space: Workspace) -> None:
    """Compare the points that figures show with the corners of our own curves, and with the ranges they go through."""
    for area, counted in (("performance.roc", _corners), ("performance.cap", _corners)):
        _compare_shown(space, area, counted)
    _compare_shown(space, "performance.precision_recall", _risks)
    _compare_map(space)
    _compare_distribution(space)


def _corners(risk: Floats, y: Floats) -> int:
    """Corners of the curve of goods and bads from the riskiest, those on a straight line left out."""
    _, place = np.unique(-risk, return_inverse=True)
    goods, bads = (np.bincount(place, y == value).astype(np.int64) for value in (0.0, 1.0))
    turns = goods[:-1] * bads[1:] != goods[1:] * bads[:-1]
    return int(np.count_nonzero(turns)) + 2


def _risks(risk: Floats, y: Floats) -> int:
    """Distinct risks."""
    return len(np.unique(risk))


def _compare_shown(space: Workspace, area: str, counted: Any) -> None:
    """As many points as the curve has, or as the note says are shown of them; by the linear scores of the package."""
    table, champion = space.package.rows_of(area), space.package.champion_id
    if not table:
        return
    notes = [SHOWN.match(str(note)) for note in space.package.evidence[area].get("notes") or []]
    shown = {one["sample"]: (int(one["shown"]), int(one["all"])) for one in notes if one is not None}
    stated: list[int] = []
    own: list[int] = []
    labels: list[str] = []
    for sample in dict.fromkeys(row["sample"] for row in table):
        held = space.package.predictions.get((champion, sample))
        if held is None or sample not in space.rows or "linear_score" not in held.columns:
            continue
        rows = space.rows[sample]
        known = np.isfinite(space.outcome[rows])
        if len(held) != len(rows) or np.ptp(space.weight[rows][known]) > 0:
            continue
        every = counted(held["linear_score"].to_numpy(np.float64)[known], space.outcome[rows][known])
        some, told = shown.get(sample, (every, every))
        stated += [sum(row["sample"] == sample for row in table), told]
        own += [some, every]
        labels += [f"{sample}, points shown", f"{sample}, points that there are"]
    if labels:
        space.ledger.words(area, "points", stated, own, labels)
    else:
        space.ledger.not_evaluable(f"{area}: points", "rows have weights, or the package holds no linear score of them")


def _compare_map(space: Workspace) -> None:
    """The curves of a calibration are drawn at the same scores, evenly spaced."""
    table = space.package.rows_of("calibration.map")
    if not table:
        return
    curves = list(dict.fromkeys(row["curve"] for row in table))
    scores = {one: [float(row["linear_score"]) for row in table if row["curve"] == one] for one in curves}
    first = scores[curves[0]]
    ends = min(min(one) for one in scores.values()), max(max(one) for one in scores.values())
    for curve, told in scores.items():
        even = np.linspace(*ends, len(told))
        labels = [f"{curve} point {k + 1}" for k in range(len(told))]
        space.ledger.numbers("calibration.map", f"even scores, {curve}", "calibrated_probability", told, even, labels)
        space.ledger.words("calibration.map", f"points, {curve}", [len(told)], [len(first)], [curve])


def _compare_distribution(space: Workspace) -> None:
    """Shares of goods and of bads add up to one, over the same classes of the score."""
    area = "performance.score_distribution"
    table = space.package.rows_of(area)
    if not table:
        return
    parts = [[row for row in table if row["outcome"] == one] for one in ("good", "bad")]
    whole = [sum(row["share"] for row in part) for part in parts]
    space.ledger.numbers(area, "shares together", "share", whole, [1.0, 1.0], ["good", "bad"])
    classes = [[row["score"] for row in part] for part in parts]
    space.ledger.words(area, "classes of goods and bads", [classes[0]], [classes[1]], ["classes"])
