"""The baselines that the developer states: their models are not in the package, their numbers must still agree."""

from __future__ import annotations

from typing import Any

from scipy import special

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
    for end in ("", "_lower", "_upper"):
        gini = [None if row[f"auc{end}"] is None else 2.0 * row[f"auc{end}"] - 1.0 for row in levels]
        space.ledger.numbers(LEVELS, f"gini{end}", "auc", [row[f"gini{end}"] for row in levels], gini, labels)
    _compare_bounds(space, levels, labels)
    _compare_differences(space, {(row["baseline"], row["sample"]): row["auc"] for row in levels})


def _compare_bounds(space: Workspace, levels: list[dict[str, Any]], labels: list[str]) -> None:
    """The bounds of a stated area stand on both sides of it."""
    whole = [
        (row, label)
        for row, label in zip(levels, labels, strict=True)
        if row["auc_lower"] is not None and row["auc_upper"] is not None and 0.0 < row["auc_lower"] < 1.0
    ]
    inside = [row["auc_lower"] <= row["auc"] <= row["auc_upper"] for row, _ in whole]
    names = [label for _, label in whole]
    space.ledger.words(LEVELS, "bounds on both sides of the area", inside, [True] * len(inside), names)


def _compare_errors(space: Workspace, rows: list[dict[str, Any]], labels: list[str]) -> None:
    """Bounds lie evenly about the difference, and the p-value is that of the error that they are made of."""
    known = [
        (row, label)
        for row, label in zip(rows, labels, strict=True)
        if None not in (row["lower"], row["upper"], row["p_value"]) and row["upper"] > row["lower"]
    ]
    quantile = float(special.ndtri(0.5 + space.confidence / 2.0))
    names = [label for _, label in known]
    middle = [(row["lower"] + row["upper"]) / 2.0 for row, _ in known]
    stated = [row["auc_difference"] for row, _ in known]
    space.ledger.numbers(DIFFERENCES, "middle of the bounds", "difference", middle, stated, names)
    errors = [(row["upper"] - row["lower"]) / (2.0 * quantile) for row, _ in known]
    p_values = [2.0 * float(special.ndtr(-abs(d) / e)) for d, e in zip(stated, errors, strict=True)]
    space.ledger.numbers(DIFFERENCES, "p_value", "p_value", [row["p_value"] for row, _ in known], p_values, names)


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
    _compare_errors(space, rows, labels)
