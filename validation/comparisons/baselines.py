"""The baselines that the developer states: their models are not in the package, their numbers must still agree."""

from __future__ import annotations

from typing import Any

from validation.rebuild import metrics
from validation.rebuild.workspace import Workspace

LEVELS, DIFFERENCES = "performance.baselines", "performance.baseline_differences"


def compare_baselines(space: Workspace) -> None:
    """Compare rows, bads, Gini and the differences with what our own AUC of the candidates leaves of the stated one.

    The baselines' own AUC cannot be recomputed: neither model nor predictions are in the package, which is recorded.
    """
    levels = space.package.rows_of(LEVELS)
    if levels is None:
        space.ledger.not_evaluable(LEVELS, "the package states no baselines")
        return
    reason = "the baselines are no models of the package: made outside it, they can be made again, not recomputed here"
    space.ledger.not_evaluable(f"{LEVELS}: auc and log loss", reason)
    labels = [f"{row['baseline']} {row['sample']}" for row in levels]
    known = [space.known(row["sample"]) for row in levels]
    counts = {"rows": [float(len(rows)) for rows in known], "bad": [float(space.outcome[rows].sum()) for rows in known]}
    for column, own in counts.items():
        space.ledger.numbers(LEVELS, column, "rows", [row[column] for row in levels], own, labels)
    gini = [2.0 * row["auc"] - 1.0 for row in levels]
    space.ledger.numbers(LEVELS, "gini", "auc", [row["gini"] for row in levels], gini, labels)
    _compare_differences(space, {(row["baseline"], row["sample"]): row["auc"] for row in levels})


def _compare_differences(space: Workspace, stated: dict[tuple[Any, Any], float]) -> None:
    table = space.package.rows_of(DIFFERENCES)
    if table is None:
        space.ledger.not_evaluable(DIFFERENCES, "the package states no differences to baselines")
        return
    ids = {name: model_id for model_id, name in space.package.candidate_ids.items()}
    rows = [row for row in table if row["candidate"] in ids and (row["baseline"], row["sample"]) in stated]
    areas: dict[tuple[str, str], float] = {}
    own = []
    for row in rows:
        key = (ids[row["candidate"]], row["sample"])
        if key not in areas:
            inside = space.known(row["sample"])
            value = space.output(key[0], "linear_score")
            assert value is not None
            areas[key] = metrics.auc(space.outcome[inside], value.data[inside], space.weight[inside]).auc
        own.append(areas[key] - stated[row["baseline"], row["sample"]])
    labels = [f"{row['candidate']} less {row['baseline']}, {row['sample']}" for row in rows]
    told = [f"{row['baseline']} {row['sample']}" for row in table]
    wanted = [f"{b} {s}" for b, s in stated for _ in ids]
    space.ledger.words(DIFFERENCES, "baselines and samples", sorted(told), sorted(wanted), "place")
    space.ledger.numbers(DIFFERENCES, "auc_difference", "auc", [row["auc_difference"] for row in rows], own, labels)
