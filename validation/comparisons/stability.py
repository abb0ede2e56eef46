"""Score bands and population stability, counted again on the developer's own edges and bins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.rebuild import metrics
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

BANDS, STABILITY = "performance.score_bands", "stability.psi"


def compare_stability(space: Workspace) -> None:
    """Compare the counts of the score bands and the PSI of the score and of every classed characteristic."""
    table = space.package.rows_of(BANDS)
    score = space.output(space.package.champion_id, "score")
    edges: np.ndarray | None = None
    if table is None or score is None:
        space.ledger.not_evaluable(BANDS, "the package holds no such table, or the champion has no score")
    else:
        edges = _edges(table)
        _compare_bands(space, table, score.data, edges)
    _compare_psi(space, edges)


def _edges(table: list[dict[str, Any]]) -> np.ndarray:
    rows = [row for row in table if row["sample"] == DEVELOPMENT and row["lower"] is not None]
    return np.array(sorted(row["lower"] for row in rows), dtype=np.float64)


def _compare_bands(space: Workspace, table: list[dict[str, Any]], score: np.ndarray, edges: np.ndarray) -> None:
    """Bands are `[lower, upper)`, numbered from 1 upwards from the lowest score."""
    rules = {"count": "rows", "good": "rows", "bad": "rows", "mean_probability": "mean_probability"}
    developer: dict[str, list[Any]] = {name: [] for name in rules}
    own: dict[str, list[float]] = {name: [] for name in rules}
    labels = []
    probability = space.output(space.package.champion_id, "probability")
    for row in table:
        if row["sample"] not in space.rows:
            continue
        rows = space.judged(space.package.champion_id, row["sample"])
        inside = rows[np.searchsorted(edges, score[rows], side="right") == row["band"] - 1]
        bad = int(np.count_nonzero(space.outcome[inside] == 1))
        mean = float(np.mean(probability.data[inside])) if probability is not None and len(inside) else np.nan
        found = {"count": len(inside), "good": len(inside) - bad, "bad": bad, "mean_probability": mean}
        for name, value in found.items():
            developer[name].append(row[name])
            own[name].append(value)
        labels.append(f"{row['sample']} band {row['band']}")
    for name, rule in rules.items():
        space.ledger.numbers(BANDS, name, rule, developer[name], own[name], labels)


def _compare_psi(space: Workspace, edges: np.ndarray | None) -> None:
    model_id = space.package.champion_id
    score = space.output(model_id, "score")
    ids: dict[str, np.ndarray] = {}
    if score is not None and edges is not None:
        ids["score"] = np.searchsorted(edges, score.data, side="right")
    for step in steps_of(space.package.model, "classing"):
        ids[step["input"]] = space.scored[model_id][step["output_bin"]].data
    compare_index(space, ids)


def compare_index(space: Workspace, ids: Mapping[str, np.ndarray]) -> None:
    """Compare the population stability index of every quantity whose bins (n,) over the snapshot are known."""
    table = space.package.rows_of(STABILITY)
    if table is None:
        space.ledger.not_evaluable(STABILITY, "the package holds no such table")
        return
    columns: dict[str, tuple[list[Any], list[float]]] = {
        "psi": ([], []),
        "chance_level": ([], []),
        "bins": ([], []),
    }
    labels, left_out = [], []
    for row in table:
        counts = _counts(space, ids.get(row["quantity"]), row["sample"])
        if counts is None or row["zero_cell_rule"] not in ("no empty cell", "0.5 added to every cell"):
            left_out.append(row["quantity"])
            continue
        found = metrics.population_stability(*counts)
        for name, value in (("psi", found.psi), ("chance_level", found.chance_level), ("bins", float(found.bins))):
            columns[name][0].append(row[name])
            columns[name][1].append(value)
        labels.append(f"{row['quantity']} {row['sample']}")
    for name, (developer, own) in columns.items():
        space.ledger.numbers(STABILITY, name, "rows" if name == "bins" else "psi", developer, own, labels)
    if left_out:
        names = ", ".join(dict.fromkeys(left_out))
        space.ledger.not_evaluable(
            f"{STABILITY}: {names}", "its bins or its rule of empty cells are not in the package"
        )


def _counts(space: Workspace, ids: np.ndarray | None, sample: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the counts of development and of the sample over bins (n,)."""
    if ids is None or sample not in space.rows:
        return None
    bins = int(ids.max()) + 1
    first, second = (np.bincount(ids[space.rows[name]], minlength=bins) for name in (DEVELOPMENT, sample))
    return first, second
