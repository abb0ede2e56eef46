"""The search for less discriminatory alternatives: every measure again from the stated bins, and the choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from validation.comparisons import groups
from validation.comparisons.fairness import labels_of
from validation.comparisons.held import held_classings
from validation.rebuild import clustered, group_rates, proxies
from validation.rebuild.workspace import DEVELOPMENT, Workspace

TABLE, TERMS = "fairness.alternatives", "fairness.alternative_terms"
SELECTION, AS_IS, NEAR = "selection", "as is", 0.9
KINDS = ("drop", "coarser", "replace", "constrained")
_COLUMNS = {
    "rows": "rows",
    "bad": "rows",
    "gini": "gini",
    "gini_loss": "gini",
    "gini_loss_lower": "interval",
    "gini_loss_upper": "interval",
    "standardised_mean_difference": "difference",
    "difference_lower": "interval",
    "difference_upper": "interval",
    "reduction": "difference",
    "reduction_lower": "interval",
    "reduction_upper": "interval",
    "approval_rate": "share",
    "adverse_impact_ratio": "mean",
    "lower": "interval",
    "upper": "interval",
}
Rows = list[dict[str, Any]]
Floats = np.ndarray


def compare_alternatives(space: Workspace) -> None:
    """Compare the measures of every alternative with our own, then which is chosen and what is said of it.

    The coefficients of the alternatives are fits of models that are not in the package: their bins are taken as stated.
    """
    table, terms = space.package.rows_of(TABLE), space.package.rows_of(TERMS)
    if table is None or terms is None:
        space.ledger.not_evaluable(TABLE, "the package holds no such tables")
        return
    known = labels_of(space)
    own_labels = ["; ".join(known.get(row["attribute"], [])) for row in table]
    space.ledger.words(TABLE, "jurisdiction", [row["jurisdiction"] for row in table], own_labels, "row")
    space.ledger.not_evaluable(f"{TERMS}: contribution", "fits of models that are not in the package, taken as stated")
    told = [row for row in table if row["alternative"] is not None]
    if any(row["attribute"] not in space.frame.columns for row in told):
        space.ledger.not_evaluable(TABLE, "protected columns that the snapshot does not hold")
        return
    places = _places(space, [row["sample"] for row in told])
    risks = _risks(space, terms)
    searched = len({row["attribute"] for row in told})
    adjusted = 1.0 - (1.0 - space.confidence) / max(1, searched)
    own = []
    for row in told:
        level = space.confidence if row["sample"] == SELECTION else adjusted
        own.append(_measure(space, row, places[row["sample"]], risks, level))
    labels = [f"{row['attribute']} {row['alternative']} {row['sample']}" for row in told]
    for column, rule in _COLUMNS.items():
        space.ledger.numbers(TABLE, column, rule, [r[column] for r in told], [o[column] for o in own], labels)
    _compare_choice(space, told, own, terms, labels)
    _compare_searched(space, table)


def _places(space: Workspace, samples: list[str]) -> dict[str, np.ndarray]:
    """Rows of the snapshot of each sample; the selection part is the last of the folds of development."""
    rows = space.known(DEVELOPMENT)
    part = rows[proxies.turns(space.cluster[rows]) == proxies.FOLDS - 1]
    return {name: part if name == SELECTION else space.known(name) for name in samples}


def _risks(space: Workspace, terms: Rows) -> dict[str, Floats]:
    """Linear score (n,) of every alternative over the snapshot, from its bins."""
    held = held_classings(space)
    values: dict[str, dict[str, dict[int, float]]] = {}
    for row in terms:
        of_one = values.setdefault(row["alternative"], {}).setdefault(row["characteristic"], {})
        of_one[int(row["bin_id"])] = row["contribution"]
    found = {}
    for name, parts in values.items():
        risk = np.zeros(len(space.frame))
        for characteristic, by_bin in parts.items():
            looked = np.full(max(by_bin) + 1, np.nan)
            looked[list(by_bin)] = list(by_bin.values())
            ids = held[characteristic].ids if characteristic in held else np.full(len(risk), -1)
            inside = (ids >= 0) & (ids < len(looked))
            risk = risk + np.where(inside, looked[np.where(inside, ids, 0)], np.nan)
        found[name] = risk
    return found


def _measure(
    space: Workspace, row: Mapping[str, Any], rows: np.ndarray, risks: Mapping[str, Floats], level: float
) -> dict[str, float]:
    y, w, cluster = space.outcome[rows], space.weight[rows], space.cluster[rows]
    before, after = (risks[name][rows] for name in (AS_IS, row["alternative"]))
    inside = _members(space, row["attribute"], row["group"], rows)
    found: dict[str, float] = dict.fromkeys(_COLUMNS, np.nan) | {"rows": len(rows), "bad": int(np.sum(y == 1))}
    found["gini"] = 2.0 * clustered.auc(y, after, cluster, w).auc - 1.0
    z = float(special.ndtri(0.5 + level / 2.0))
    loss, error = 0.0, 0.0
    if row["alternative"] != AS_IS:
        gain, error, _ = clustered.auc_difference(y, before, after, cluster, w)
        loss = -2.0 * gain
    found |= {"gini_loss": loss, "gini_loss_lower": loss - 2 * z * error, "gini_loss_upper": loss + 2 * z * error}
    first = group_rates.mean_difference(-before, inside, w, cluster, level)
    bounds = group_rates.mean_difference(-after, inside, w, cluster, level)
    names = ("standardised_mean_difference", "difference_lower", "difference_upper")
    found |= dict(zip(names, bounds, strict=True))
    reduction = abs(first[0]) - abs(bounds[0])
    pulls = [np.sign(m[0]) * group_rates.mean_pull(-r, inside, w) for m, r in ((first, before), (bounds, after))]
    half = z * group_rates.length(pulls[0] - pulls[1], cluster)
    found |= {"reduction": reduction, "reduction_lower": reduction - half, "reduction_upper": reduction + half}
    return found | _impact(space, row, rows, (after, inside), level)


def _members(space: Workspace, attribute: str, group: str, rows: np.ndarray) -> np.ndarray:
    found = np.zeros(len(space.frame), dtype=bool)
    for sample in space.rows:
        inside = groups.members(space, attribute, group, sample)
        if inside is not None:
            found[space.known(sample)[inside]] = True
    return found[rows]


def _impact(
    space: Workspace, row: Mapping[str, Any], rows: np.ndarray, told: tuple[Floats, np.ndarray], level: float
) -> dict[str, float]:
    """Adverse impact where as many are approved as the plan's cut-off approves of the champion."""
    cut_off = (space.package.plan.get("strategy") or {}).get("cut_off")
    score = space.output(space.package.champion_id, "score")
    if cut_off is None or score is None or row["reference_group"] is None:
        return {}
    w, (risk, inside) = space.weight[rows], told
    rate = float(np.sum(w[score.data[rows] >= cut_off]) / np.sum(w))
    distinct = np.unique(risk)
    order = np.sort(risk)
    running = np.cumsum(w[np.argsort(risk, kind="stable")]) / np.sum(w)
    shares = running[np.searchsorted(order, distinct, side="right") - 1]
    approved = risk <= distinct[int(np.argmin(np.abs(shares - rate)))]
    base = _members(space, row["attribute"], row["reference_group"], rows)
    own, other = (group_rates.share(approved[side], w[side], level) for side in (inside, base))
    bounds = group_rates.katz(own.value, own.size, other.value, other.size, level)
    overall = float(np.sum(w[approved]) / np.sum(w))
    return {"approval_rate": overall} | dict(zip(("adverse_impact_ratio", "lower", "upper"), bounds, strict=True))


def _compare_choice(space: Workspace, told: Rows, own: list[dict[str, float]], terms: Rows, labels: list[str]) -> None:
    """Which alternative the rule chooses on the selection part, and whether held-out data confirm it."""
    search = (space.package.plan.get("fairness") or {}).get("less_discriminatory_alternatives") or {}
    most, least = float(search.get("gini_loss", 0.01)), float(search.get("least_reduction", 0.05))
    good = dict.fromkeys({row["alternative"] for row in terms}, True)
    for row in terms:
        woe = _weight(space, row)
        if woe is not None and row["contribution"] * woe > 1e-12:
            good[row["alternative"]] = False
    best: dict[str, str | None] = {}
    for attribute in dict.fromkeys(row["attribute"] for row in told):
        pairs = [
            (row, found)
            for row, found in zip(told, own, strict=True)
            if row["attribute"] == attribute and row["sample"] == SELECTION and row["kind"] != AS_IS
        ]
        fit = [
            (r, f) for r, f in pairs if good[r["alternative"]] and f["gini_loss"] <= most and f["reduction"] >= least
        ]
        top = max((f["reduction"] for _, f in fit), default=np.nan)
        near = [
            (KINDS.index(r["kind"]), f["gini_loss"], r["alternative"]) for r, f in fit if f["reduction"] >= NEAR * top
        ]
        best[attribute] = min(near)[2] if near else None
    wanted = [row["alternative"] == best[row["attribute"]] for row in told]
    space.ledger.words(TABLE, "chosen", [row["chosen"] for row in told], wanted, labels)
    words = []
    for row, found, picked in zip(told, own, wanted, strict=True):
        word = "chosen on the selection part" if picked else "tried"
        if row["kind"] == AS_IS:
            word = "the model as it is"
        elif not good[row["alternative"]]:
            word = "a sign is wrong"
        elif picked and row["sample"] != SELECTION:
            confirmed = found["reduction_lower"] > 0 and found["gini_loss_upper"] <= most
            word = "less discriminatory alternative" if confirmed else "not confirmed on held-out data"
        words.append(word)
    space.ledger.words(TABLE, "verdict", [row["verdict"] for row in told], words, labels)
    kept = {name for name in best.values() if name is not None}
    flags = [row["alternative"] in kept for row in terms]
    space.ledger.words(TERMS, "chosen", [row["chosen"] for row in terms], flags, "row")


def _weight(space: Workspace, row: Mapping[str, Any]) -> float | None:
    """Weight of evidence of the bin of a term, by our own count; None where the bin was joined with others."""
    held = held_classings(space).get(row["characteristic"])
    if held is None or "in two bins" in row["alternative"]:
        return None
    return float(held.counts(space).woe[int(row["bin_id"])])


def _compare_searched(space: Workspace, table: Rows) -> None:
    """An attribute without a row of an alternative is one in which no group scores lower by enough."""
    known = list(labels_of(space))
    told = list(dict.fromkeys(row["attribute"] for row in table))
    space.ledger.words(TABLE, "attributes", sorted(told), sorted(known), "attribute")
