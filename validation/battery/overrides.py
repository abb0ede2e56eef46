"""Overrides judged: how many by direction, how they turned out against their probability, what they do to the ranking.

Of the low side are applicants whom the score refuses: overridden where they were accepted all the same. Of the high
side those whom it accepts: overridden where they were refused.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.battery.verdicts import not_evaluable, verdict
from validation.comparisons.overrides import HIGH, LOW, NAMES, STOOD
from validation.rebuild import clustered, metrics
from validation.rebuild.workspace import Workspace

AREA, EVIDENCE = "overrides", ("strategy.overrides", "strategy.override_effect")
RATE, LEVEL, RANKING = "rate of overrides", "outcome of overrides", "ranking before and after overrides"
FEWEST = 30
Floats = NDArray[np.float64]


def check_overrides(space: Workspace) -> None:
    """Judge overrides from the statuses of the snapshot; not evaluable where none tells of an override."""
    reason = _why_not(space)
    if reason is not None:
        for test in (RATE, LEVEL, RANKING):
            not_evaluable(space, AREA, test, "champion", reason)
        return
    status = space.frame["_status"].to_numpy(object)
    for name in ("low side", "high side"):
        _judge_rate(space, name, status)
        _judge_level(space, name, status)
    _judge_ranking(space, status)


def _why_not(space: Workspace) -> str | None:
    if space.package.outcome_type != "binary":
        return "the outcome is not binary"
    if not space.frame["_status"].isin([LOW, HIGH]).any():
        return "no status of the snapshot tells of an override"
    champion = space.package.champion_id
    if space.output(champion, "score") is None or space.output(champion, "probability") is None:
        return "the champion gives no score or no probability"
    return None


def sides_of(name: str, status: NDArray[np.object_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the rows (n,) of one direction: those overridden, and all of whom the score decided this way."""
    changed = np.isin(status, NAMES[name])
    stood = [word for side in NAMES[name] for word in STOOD[side]]
    return changed, changed | np.isin(status, stood)


def _judge_rate(space: Workspace, name: str, status: NDArray[np.object_]) -> None:
    changed, decided = sides_of(name, status)
    if np.count_nonzero(decided) < FEWEST:
        not_evaluable(space, AREA, RATE, name, f"fewer than {FEWEST} decisions of this direction")
        return
    w = space.weight[decided]
    rate = float(np.sum(w[changed[decided]]) / np.sum(w))
    size = metrics.effective_size(float(np.sum(w)), float(np.sum(w**2)))
    lower, upper = metrics.wilson(rate * size, size, space.confidence)
    verdict(
        space,
        AREA,
        RATE,
        name,
        "share overridden",
        rate,
        review="override_rate_review",
        fail="override_rate_fail",
        statement=f"{rate:.1%} of the decisions of the {name} were overridden ({lower:.1%} to {upper:.1%}).",
        bounds=(lower, upper),
        remedy="Find what the score lacks that people know, or hold them to it.",
        evidence=EVIDENCE,
    )


def _judge_level(space: Workspace, name: str, status: NDArray[np.object_]) -> None:
    """Bads among overridden applicants with a known outcome against their probability: more are a loss."""
    changed, _ = sides_of(name, status)
    value = space.output(space.package.champion_id, "probability")
    assert value is not None
    known = changed & ~np.isnan(space.outcome) & np.isfinite(value.data.astype(np.float64))
    if np.count_nonzero(known) < FEWEST:
        not_evaluable(space, AREA, LEVEL, name, f"fewer than {FEWEST} overridden applicants with a known outcome")
        return
    y, p, w = space.outcome[known], value.data[known], space.weight[known]
    z = clustered.calibration_z(y, p, space.cluster[known], w)
    rate, mean = (float(np.average(x, weights=w)) for x in (y, p))
    verdict(
        space,
        AREA,
        LEVEL,
        name,
        "z of more bads than their probability",
        max(z, 0.0),
        review="override_level_review",
        fail="override_level_fail",
        statement=f"Overridden applicants of the {name} have a bad rate of {rate:.2%} against a mean probability of "
        f"{mean:.2%} (z {z:.2f}).",
        remedy="Stop overrides that turn out worse than the score said, or price them.",
        evidence=EVIDENCE,
    )


def _judge_ranking(space: Workspace, status: NDArray[np.object_]) -> None:
    """AUC by the score, less that with low-side overrides raised to the cut-off as they were decided."""
    cut_off = (space.package.plan.get("strategy") or {}).get("cut_off")
    if cut_off is None:
        not_evaluable(space, AREA, RANKING, "champion", "the plan declares no cut-off (strategy.cut_off)")
        return
    value = space.output(space.package.champion_id, "score")
    assert value is not None
    accepted = sides_of("low side", status)[0] | np.isin(status, sorted(STOOD[HIGH]))
    known = accepted & ~np.isnan(space.outcome) & np.isfinite(value.data.astype(np.float64))
    y = space.outcome[known]
    least = space.policy.cuts["minimum_bads"].value
    if min(np.count_nonzero(y == 1), np.count_nonzero(y == 0)) < least:
        not_evaluable(space, AREA, RANKING, "champion", f"fewer than {least:g} bads or goods among the accepted")
        return
    score = value.data[known].astype(np.float64)
    raised = np.where((status[known] == LOW) & (score < float(cut_off)), float(cut_off), score)
    parts = (space.cluster[known], space.weight[known])
    areas = [metrics.auc(y, -x, space.weight[known]).auc for x in (score, raised)]
    gain, error, _ = clustered.auc_difference(y, -score, -raised, *parts)
    half = float(special.ndtri(0.5 + space.confidence / 2.0)) * error
    verdict(
        space,
        AREA,
        RANKING,
        "champion",
        "lower bound of the loss in AUC",
        max(0.0, -gain - half) if error > 0 else max(0.0, -gain),
        review="override_ranking_review",
        fail="override_ranking_fail",
        statement=f"The score ranks accepted applicants with an AUC of {areas[0]:.4f}; as overridden, {areas[1]:.4f}.",
        remedy="Overrides that lower the ranking add noise: hold them to reasons that are shown to work.",
        evidence=EVIDENCE,
    )
