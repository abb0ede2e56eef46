"""Overrides counted again: rates by direction, how they turned out, the AUC with and without them, reasons."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from validation.comparisons.strategy import compare_rows, strategy_of
from validation.rebuild import clustered
from validation.rebuild.strategy import share
from validation.rebuild.workspace import Workspace

OVERRIDES, EFFECT, REASONS = "strategy.overrides", "strategy.override_effect", "strategy.override_reasons"
RULES = {
    **dict.fromkeys(("decided", "overridden", "known", "bad", "rows"), "rows"),
    **dict.fromkeys(("rate", "bad_rate", "share", "policy"), "share"),
    **dict.fromkeys(("lower", "upper", "bad_rate_lower", "bad_rate_upper"), "interval"),
    "mean_probability": "mean_probability",
    "p_value": "p_value",
    "auc": "auc",
}
LOW, HIGH = "overridden_low", "overridden_high"
STOOD = {LOW: {"rejected"}, HIGH: {"booked", "not_taken_up"}}
NAMES = {"low side": (LOW,), "high side": (HIGH,), "both sides": (LOW, HIGH)}


def compare_overrides(space: Workspace) -> None:
    """Compare every table of overrides with our own; not evaluable where the plan declares no policy."""
    spec = strategy_of(space).get("overrides")
    champion = space.package.champion_id
    score, chance = space.output(champion, "score"), space.output(champion, "probability")
    status = space.frame["_status"].to_numpy(object)
    if spec is None or score is None or chance is None or space.package.rows_of(OVERRIDES) is None:
        space.ledger.not_evaluable(OVERRIDES, "the plan declares no policy of overrides, or no status tells them")
        return
    kept = np.flatnonzero(~np.isnan(score.data) & np.array([one is not None for one in status]))
    words, y, w, c = status[kept], space.outcome[kept], space.weight[kept], space.cluster[kept]
    p, known = chance.data[kept], ~np.isnan(space.outcome[kept])
    rows: list[dict[str, Any]] = []
    for name, sides in NAMES.items():
        changed = np.array([one in sides for one in words])
        decided = changed | np.array([any(one in STOOD[side] for side in sides) for one in words])
        rate = share(changed, np.where(decided, w, 0.0), c, space.confidence)
        told = changed & known
        bad = share(y == 1, np.where(told, w, 0.0), c, space.confidence)
        row: dict[str, Any] = {"direction": name, "decided": int(np.sum(decided)), "overridden": int(np.sum(changed))}
        row |= dict(zip(("rate", "lower", "upper"), rate, strict=True))
        row |= dict(zip(("bad_rate", "bad_rate_lower", "bad_rate_upper"), bad, strict=True))
        row |= {"policy": float(spec["policy"]), "verdict": _verdict(rate, float(spec["policy"]))}
        row |= {"known": int(np.sum(told)), "bad": int(np.sum(y[told]))}
        row["mean_probability"] = float(np.average(p[told], weights=w[told])) if told.any() else np.nan
        error = np.sqrt(np.sum(w[told] ** 2 * p[told] * (1.0 - p[told])))
        gap = float(np.sum(w[told] * (y[told] - p[told])))
        row["p_value"] = float(special.erfc(abs(gap) / error / np.sqrt(2.0))) if error > 0 else np.nan
        rows.append(row)
    compare_rows(space, OVERRIDES, ("direction", "verdict"), rows, RULES)
    low = np.array([one == LOW for one in words])
    cut_off, own = strategy_of(space).get("cut_off"), score.data[kept]
    effects = [("accepted without override", known & ~low, own), ("all accepted, by the score", known, own)]
    if cut_off is not None:
        raised = np.where(low & (own < float(cut_off)), float(cut_off), own)
        effects.append(("all accepted, overrides raised to the cut-off", known, raised))
    mine = [
        {"applicants": name, **_area(space, y[part], values[part], c[part], w[part])} for name, part, values in effects
    ]
    compare_rows(space, EFFECT, ("applicants",), mine, RULES)
    if spec.get("reason") is not None:
        _compare_reasons(space, space.frame[spec["reason"]].to_numpy(object)[kept], words, y, w)


def _verdict(rate: tuple[float, float, float], policy: float) -> str:
    if np.isnan(rate[0]):
        return "not evaluable"
    return "pass" if rate[0] <= policy else "review" if rate[1] <= policy else "fail"


def _area(space: Workspace, y: np.ndarray, score: np.ndarray, c: np.ndarray, w: np.ndarray) -> dict[str, Any]:
    head = {"rows": len(y), "bad": int(np.sum(y))}
    if len(np.unique(y)) < 2:
        return {**head, "auc": np.nan, "lower": np.nan, "upper": np.nan}
    found = clustered.auc(y, -score, c, w, space.confidence)
    return {**head, "auc": found.auc, "lower": found.lower, "upper": found.upper}


def _compare_reasons(space: Workspace, reason: np.ndarray, words: np.ndarray, y: np.ndarray, w: np.ndarray) -> None:
    told = np.array(["not given" if one is None or one != one else str(one) for one in reason], dtype=object)
    rows: list[dict[str, Any]] = []
    for name in ("low side", "high side"):
        changed = np.array([one in NAMES[name] for one in words])
        for word in sorted(set(told[changed].tolist())):
            inside = changed & np.array([one == word for one in told])
            known = inside & ~np.isnan(y)
            rate = float(np.average(y[known], weights=w[known])) if known.any() else np.nan
            counts = {"rows": int(np.sum(inside)), "known": int(np.sum(known)), "bad": int(np.sum(y[known]))}
            part = float(np.sum(w[inside]) / np.sum(w[changed]))
            rows.append({"direction": name, "reason": word, **counts, "share": part, "bad_rate": rate})
    compare_rows(space, REASONS, ("direction", "reason"), rows, RULES)
