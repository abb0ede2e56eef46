"""Swap sets, two-score matrix, paired comparison and rules of redeployment, from our own scores and the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from validation.comparisons.strategy import ALL, amounts, compare_rows, strategy_of
from validation.rebuild import metrics, pairs
from validation.rebuild import strategy as own
from validation.rebuild.recount import effective_counts
from validation.rebuild.strategy import Floats, Group
from validation.rebuild.workspace import DEVELOPMENT, Workspace

SWAPS, CHANGES, MATRIX, ORDER = (
    "strategy.swap_sets",
    "strategy.swap_changes",
    "strategy.matrix",
    "strategy.matrix_order",
)
COMPARISON, REDEPLOYMENT = "strategy.comparison", "strategy.redeployment"
RULES = {
    **dict.fromkeys(("rows", "known", "bad", "unknown", "base_band", "candidate_band"), "rows"),
    **dict.fromkeys(("compared", "inversions", "significant", "only_base_right", "only_candidate_right"), "rows"),
    **dict.fromkeys(("share", "bad_rate", "base_acceptance", "candidate_acceptance"), "share"),
    **dict.fromkeys(("base_bad_rate", "candidate_bad_rate"), "share"),
    **dict.fromkeys(("base_cut_off", "candidate_cut_off", "base_from", "candidate_from"), "score_unrounded"),
    **dict.fromkeys(("lower", "upper"), "interval"),
    **dict.fromkeys(("bad_rate_change", "change_lower", "change_upper", "auc_difference", "auc_lower"), "difference"),
    **dict.fromkeys(("auc_upper", "log_loss_difference", "log_loss_lower", "log_loss_upper"), "difference"),
    **dict.fromkeys(("brier_difference", "brier_lower", "brier_upper"), "difference"),
    **dict.fromkeys(("profit", "profit_change", "profit_lower", "profit_upper"), "profit"),
    **dict.fromkeys(("auc_base", "auc_candidate"), "auc"),
    **{f"{name}_p_value": "p_value" for name in ("change", "profit", "least", "auc", "log_loss", "brier", "decisions")},
    "least_p_value": "p_value",
}
Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Versus:
    """Two scores over the snapshot (n,), higher is safer; cut-offs as declared, on that scale."""

    base: str
    candidate: str
    first: Floats
    second: Floats
    cuts: tuple[float | None, float | None]
    sign: float
    probabilities: tuple[Floats, Floats] | None


def compare_pairs(space: Workspace) -> None:
    """Compare every table of two scores with our own; not evaluable where there is one score only."""
    found = _versus(space)
    if not found:
        space.ledger.not_evaluable(COMPARISON, "there is neither a challenger nor an incumbent")
        return
    tables: dict[str, Rows] = {name: [] for name in (SWAPS, CHANGES, MATRIX, ORDER, COMPARISON)}
    for one in found:
        groups = _groups(space, one)
        edges = None
        if DEVELOPMENT in groups:
            first, second = groups[DEVELOPMENT]
            count = int(strategy_of(space).get("matrix_bands", 5))
            edges = own.points(first.score, first.weight, count), own.points(second, first.weight, count)
        for sample, (group, second) in groups.items():
            head = {"base": one.base, "candidate": one.candidate, "sample": sample}
            cuts = _cuts(one, group, second)
            for basis, low, high in cuts:
                told = {**head, "basis": basis}
                flags = group.score >= low, second >= high
                tables[SWAPS] += [{**told, **row} for row in pairs.swaps(group, *flags, space.confidence)]
                changed = pairs.change(group, *flags, space.confidence)
                tables[CHANGES].append({**told, **changed, "base_cut_off": one.sign * low, "candidate_cut_off": high})
            if edges is not None:
                cells, orders = pairs.matrix(group, second, edges, space.confidence)
                tables[MATRIX] += [{**head, **row, "base_from": one.sign * row["base_from"]} for row in cells]
                tables[ORDER] += [{**head, **row} for row in orders]
            if sample != ALL and len(np.unique(group.outcome)) == 2:
                tables[COMPARISON].append({**head, **_compared(space, one, group, second, sample, cuts)})
    keys = {SWAPS: ("basis", "sample", "cell"), CHANGES: ("basis", "sample"), ORDER: ("sample", "within")}
    for area, mine in tables.items():
        compare_rows(space, area, ("base", "candidate", *keys.get(area, ("sample",))), mine, RULES)
    _compare_redeployment(space, tables[COMPARISON])


def _versus(space: Workspace) -> list[Versus]:
    strategy, champion = strategy_of(space), space.package.champion_id
    names = dict(space.package.candidate_ids)
    scores = {model_id: space.output(model_id, "score") for model_id in names}
    mine = scores[champion]
    if mine is None:
        return []
    cut_off, incumbent = strategy.get("cut_off"), strategy.get("incumbent")
    found = []
    if incumbent is not None:
        sign = -1.0 if incumbent["direction"] == "ascending" else 1.0
        given = incumbent.get("cut_off")
        values = sign * space.frame[incumbent["column"]].to_numpy(np.float64)
        cuts = (None if given is None else sign * float(given), cut_off)
        found.append(Versus("incumbent", names[champion], values, mine.data, cuts, sign, None))
    for model_id, score in scores.items():
        if model_id != champion and score is not None:
            both = [space.output(one, "probability") for one in (champion, model_id)]
            chances = None if both[0] is None or both[1] is None else (both[0].data, both[1].data)
            found.append(Versus(names[champion], names[model_id], mine.data, score.data, (cut_off, None), 1.0, chances))
    return found


def _groups(space: Workspace, one: Versus) -> dict[str, tuple[Group, Floats]]:
    """Rows with both scores: the base's group and the candidate's score, by sample, and of all."""
    money, profit = amounts(space), None
    if money is not None:
        profit = np.where(space.outcome == 1, -money[1], money[0])
    there = ~np.isnan(one.first) & ~np.isnan(one.second)
    masks = {}
    for sample in space.rows:
        masks[sample] = np.zeros(len(there), dtype=bool)
        masks[sample][space.known(sample)] = True
    if np.isnan(space.outcome[there & (space.weight > 0)]).any():
        masks[ALL] = space.weight > 0
    found = {}
    for name, mask in masks.items():
        inside = mask & there
        varied = inside.any() and np.ptp(one.first[inside]) > 0 and np.ptp(one.second[inside]) > 0
        if varied and (~np.isnan(space.outcome[inside])).any():
            whole = Group(one.first, space.outcome, space.weight, space.cluster, None if name == ALL else profit)
            found[name] = whole.part(inside), one.second[inside]
    return found


def _cuts(one: Versus, group: Group, second: Floats) -> list[tuple[str, float, float]]:
    low, high = one.cuts
    w, found = group.weight, []
    total = float(np.sum(w))
    if low is not None:
        share = float(w @ (group.score >= low)) / total
        found.append(("equal acceptance", float(low), pairs.matching(second, w, share)))
    elif high is not None:
        share = float(w @ (second >= high)) / total
        found.append(("equal acceptance", pairs.matching(group.score, w, share), float(high)))
    if low is not None and high is not None:
        found.append(("declared cut-offs", float(low), float(high)))
    return found


def _compared(
    space: Workspace, one: Versus, group: Group, second: Floats, sample: str, cuts: list[tuple[str, float, float]]
) -> dict[str, Any]:
    names = [f"{loss}_{end}" for loss in ("log_loss", "brier") for end in ("difference", "lower", "upper", "p_value")]
    row: dict[str, Any] = dict.fromkeys(
        [*names, "only_base_right", "only_candidate_right", "decisions_p_value"], np.nan
    )
    row |= {"rows": len(second), "bad": int(np.sum(group.outcome))}
    row |= pairs.ranking(group, second, space.confidence)
    if one.probabilities is not None:
        inside = space.known(sample)
        inside = inside[~np.isnan(one.first[inside]) & ~np.isnan(one.second[inside])]
        both = [chance[np.sort(inside)] for chance in one.probabilities]
        row |= pairs.losses(group, both, space.confidence)
    for _, low, high in cuts[:1]:
        row |= pairs.decisions(group, group.score >= low, second >= high, space.confidence)
    return row


def _compare_redeployment(space: Workspace, compared: Rows) -> None:
    rules = strategy_of(space).get("redeployment")
    if rules is None:
        space.ledger.not_evaluable(REDEPLOYMENT, "the plan states no rules of redeployment")
        return
    if set(space.package.candidate_ids) <= {space.package.champion_id}:
        space.ledger.not_evaluable(REDEPLOYMENT, "the plan has no challenger to hold its rules against")
        return
    accepts = "rejected" in set(space.frame["_status"].tolist())
    mine: Rows = []
    champion = space.package.champion_id
    for model_id, name in space.package.candidate_ids.items():
        if model_id != champion:
            measures = _measures(space, compared, model_id, name, rules["sample"])
            mine += [
                {"challenger": name, "sample": rules["sample"], **row} for row in pairs.ruled(measures, rules, accepts)
            ]
    table = space.package.rows_of(REDEPLOYMENT) or []
    columns = ("challenger", "sample", "rule", "condition", "limit", "met")
    stated = [tuple(_plain(row, name) for name in columns) for row in table]
    wanted = [tuple(_plain(row, name) for name in columns) for row in mine]
    labels = [f"{row['challenger']}, {row['rule']}" for row in mine]
    space.ledger.words(REDEPLOYMENT, "conditions and outcome", stated, wanted, labels)
    if len(table) == len(mine):
        values = [None if np.isnan(row["value"]) else row["value"] for row in mine]
        space.ledger.numbers(REDEPLOYMENT, "value", "difference", [row["value"] for row in table], values, labels)


def _plain(row: Mapping[str, Any], name: str) -> Any:
    """A cell; of the outcome its first word, since the reason beside it is the developer's own."""
    value = row[name]
    if isinstance(value, float) and np.isnan(value):
        return None
    return str(value).split(":")[0] if name == "condition" and row["rule"] == "outcome" else value


def _measures(space: Workspace, compared: Rows, model_id: str, name: str, sample: str) -> dict[str, float]:
    rows = [r for r in compared if r["candidate"] == name and r["sample"] == sample and r["base"] != "incumbent"]
    score, chance = space.output(model_id, "score"), space.output(model_id, "probability")
    if not rows or score is None or chance is None:
        return {}
    here, first = space.known(sample), space.known(DEVELOPMENT)
    w, y = space.weight[here], space.outcome[here]
    edges = own.points(score.data[first], space.weight[first], int(space.package.setting("evaluation", "bands", 10)))
    ids = pairs.band(score.data, edges)
    union = np.unique(np.concatenate([ids[first], ids[here]]))
    places = np.searchsorted(union, ids)
    counts = [effective_counts(places[part], space.weight[part], len(union)) for part in (first, here)]
    cells = []
    for number in range(1, len(edges) + 1):
        inside = ids[here] == number
        if inside.any():
            size = metrics.effective_size(float(np.sum(w[inside])), float(w[inside] @ w[inside]))
            cells.append((float(np.average(y[inside], weights=w[inside])), size))
    wrong = sum(pairs.inverted(*pair) < pairs.LEVEL for pair in pairwise(cells))
    return {
        "auc_lower": rows[0]["auc_lower"],
        "auc_upper": rows[0]["auc_upper"],
        "gap": abs(float(w @ chance.data[here]) / float(w @ y) - 1.0),
        "psi": metrics.population_stability(*counts).psi,
        "inversions": float(wrong),
    }
