"""Settings of the plan held against what was done: the plan may be changed alone, and its hash with it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from validation.rebuild.calibration import quantile_groups
from validation.rebuild.workspace import DEVELOPMENT, Workspace

POLICY, SUMMARY, RATING = "classing.policy", "classing.summary", "rating.policy"
BANDS, ERRORS, PARTS = "performance.score_bands", "performance.calibration_errors", "performance.decomposition"
NUMBER = r"(\d[\d.e+-]*)"
SIZES = "Size of bins of ordinary values"
NUMBERS: Mapping[str, tuple[str, str, float | None]] = {
    "max_share": (SIZES, f"at most {NUMBER}", 1.0),
    "min_bads": (SIZES, f"{NUMBER} bads", 0.0),
    "min_goods": (SIZES, f"{NUMBER} goods", 0.0),
    "min_rate_difference": ("Difference of bad rates of neighbours, least", f"^{NUMBER}$", None),
    "zero_cell": ("Zero cells", f"{NUMBER} is added", None),
    "max_p_value": ("Test of neighbours", f"at most {NUMBER}", None),
    "max_prebins": ("Prebins", f"at most {NUMBER}", None),
}
"""By setting of the classing: the item that tells of it, where its number stands there, and what silence means."""
WORDS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "engine": ("Engine", {"exact": "dynamic programme", "optbinning": "optbinning ("}),
    "special": ("Special codes", {"apart": "one bin each", "nearest_woe": "into the bin of ordinary values"}),
    "missing": ("Missing", {"apart": "a bin of its own", "nearest_woe": "into the bin of ordinary values"}),
    "unseen": (
        "Unseen categories",
        {
            "neutral": "weight of evidence 0 (neutral)",
            "missing": "the weight of evidence of the bin that takes missing",
            "worst": "the weight of evidence of the riskiest bin",
            "rare": "the weight of evidence of the bin that holds the rare categories",
        },
    ),
}
"""By setting of the classing: the item that tells of it, and how its sentence begins for each choice."""
OF_ENGINE = {"max_p_value": "exact", "max_prebins": "optbinning"}
RATING_ITEMS: Mapping[str, str] = {
    "review at p-value": "review",
    "fail at p-value": "fail",
    "fewest rows for a pass": "min_rows",
    "fewest expected bads for a pass": "min_expected",
    "largest share": "max_share",
    "asset correlation": "asset_correlation",
}
IDLE = "plan.json: settings that nothing in the package rests on"


def compare_planned(space: Workspace) -> None:
    """Compare settings of classing, grades, bands and draws with tables; tell which settings moved nothing."""
    _compare_classing(space)
    _compare_rating(space)
    _compare_bands(space)
    _compare_draws(space)
    _tell_idle(space)


def _compare_classing(space: Workspace) -> None:
    """The sentences of the policy say what the plan asks for, and the summary which engine classed."""
    plan, table = space.package.plan.get("classing") or {}, space.package.rows_of(POLICY)
    if table is None or "engine" not in plan:
        return
    items = {row["item"]: str(row["value"]) for row in table}
    engine = plan["engine"]
    asked = [key for key in NUMBERS if key in plan and OF_ENGINE.get(key, engine) == engine]
    own = [None if plan[key] is None else float(plan[key]) for key in asked]
    stated = [_number(items.get(NUMBERS[key][0], ""), *NUMBERS[key][1:]) for key in asked]
    space.ledger.words(POLICY, "numbers of the plan", stated, own, asked)
    chosen = [key for key in WORDS if key in plan]
    told = [_choice(items.get(WORDS[key][0], ""), WORDS[key][1]) for key in chosen]
    space.ledger.words(POLICY, "choices of the plan", told, [plan[key] for key in chosen], chosen)
    if engine == "exact" and "trend" in plan:
        trend = items.get("Trend", "").rpartition(": ")[2]
        space.ledger.words(POLICY, "rule of the trend", [trend], [plan["trend"]], ["trend"])
    own_settings = plan.get("characteristics") or {}
    names = [f"Settings of {name}" for name in own_settings]
    held = [name if name in items else None for name in names]
    space.ledger.words(POLICY, "settings of single characteristics", held, names, names)


def _choice(sentence: str, choices: Mapping[str, str]) -> str | None:
    return next((word for word, start in choices.items() if sentence.startswith(start)), None)


def _number(sentence: str, pattern: str, silence: float | None) -> float | None:
    found = re.search(pattern, sentence)
    return silence if found is None else float(found[1])


def _compare_rating(space: Workspace) -> None:
    """The cuts of the grades' tests are those of the plan."""
    plan, table = space.package.plan.get("rating_scale"), space.package.rows_of(RATING)
    if plan is None or table is None:
        return
    items = {row["item"]: row["value"] for row in table}
    asked = [name for name, key in RATING_ITEMS.items() if plan.get(key) is not None]
    own = [f"{plan[RATING_ITEMS[name]]:g}" for name in asked]
    space.ledger.words(RATING, "numbers of the plan", [items.get(name) for name in asked], own, asked)


def _compare_bands(space: Workspace) -> None:
    """The edges of the score bands divide the development sample into as many as the plan says, ties apart."""
    table, score = space.package.rows_of(BANDS), space.output(space.package.champion_id, "score")
    asked = (space.package.plan.get("evaluation") or {}).get("bands")
    if table is None or score is None or asked is None:
        return
    rows = space.judged(space.package.champion_id, DEVELOPMENT)
    x, w = score.data[rows], space.weight[rows]
    told = [float(row["lower"]) for row in table if row["sample"] == DEVELOPMENT and row["lower"] is not None]
    group = quantile_groups(x, w, int(asked))
    own = [float(np.min(x[group == one])) for one in np.unique(group)[1:]]
    space.ledger.numbers(BANDS, "edges that the plan asks for", "score_difference", told, own, "edge")


def _compare_draws(space: Workspace) -> None:
    """A p-value of draws is a whole number of them, itself counted, over one more than the plan's number of draws."""
    asked = (space.package.plan.get("evaluation") or {}).get("consistency_replicates")
    if asked is None:
        return
    for area in (ERRORS, PARTS):
        table = space.package.rows_of(area) or []
        told = [row for row in table if row["p_value"] is not None]
        counts = np.array([row["p_value"] for row in told], dtype=np.float64) * (int(asked) + 1)
        keys = [key for key in ("model", "sample", "measure", "rule") if told and key in told[0]]
        labels = [" ".join(str(row[key]) for key in keys) for row in told]
        whole = np.abs(counts - np.round(counts)) < 1e-6
        space.ledger.words(area, "p-values of as many draws as planned", whole.tolist(), [True] * len(told), labels)


def _tell_idle(space: Workspace) -> None:
    """Settings that moved nothing cannot be held against a result; they are told."""
    calibration = space.package.plan.get("calibration") or {}
    if "criterion" in calibration and len(calibration.get("methods") or ()) < 2:
        space.ledger.not_evaluable(IDLE, "calibration.criterion, folds and one_standard_error, with one method alone")
