"""Rows and samples: the snapshot counted again."""

from __future__ import annotations

import numpy as np

from validation.comparisons.contract import compare_contract
from validation.comparisons.meant import compare_meant
from validation.comparisons.row_waterfall import compare_row_waterfall
from validation.rebuild import metrics
from validation.rebuild.clusters import repeat
from validation.rebuild.workspace import DEVELOPMENT, Workspace


def compare_snapshot(space: Workspace) -> None:
    """Compare the snapshot with manifest, contract and the plan's columns, and clusters with our count of them."""
    stated = space.package.manifest["snapshot"]
    if space.package.made is None:
        space.ledger.words("manifest", "snapshot hash", [stated["sha256"]], [space.package.snapshot_hash], ["snapshot"])
    space.ledger.numbers("manifest", "snapshot rows", "rows", [stated["rows"]], [len(space.frame)], ["snapshot"])
    _compare_clusters(space)
    compare_contract(space)
    compare_meant(space)
    compare_row_waterfall(space)


def compare_data(space: Workspace) -> None:
    """Compare the snapshot with the manifest, and the summary of the samples with our counts."""
    compare_snapshot(space)
    table = space.package.rows_of("samples.summary")
    if table is None:
        space.ledger.not_evaluable("samples.summary", "the package holds no such table")
        return
    table = [row for row in table if row["sample"] in space.rows]
    names = [row["sample"] for row in table]
    missing = sorted(set(space.rows) - set(names))
    space.ledger.words("samples.summary", "samples", [*names, *missing], [*names, *([None] * len(missing))], "sample")
    found = [_counts(space, name) for name in names]
    for column, rule in _COLUMNS.items():
        developer = [row[column] for row in table]
        if rule == "interval" and any(item is None for item in developer):
            space.ledger.not_evaluable(f"samples.summary: {column}", "the package leaves cells of the column empty")
            continue
        space.ledger.numbers("samples.summary", column, rule, developer, [item[column] for item in found], names)


_COLUMNS = {
    "rows": "rows",
    "weight": "count",
    "good": "rows",
    "bad": "rows",
    "bad_rate": "share",
    "bad_rate_lower": "interval",
    "bad_rate_upper": "interval",
}


def _counts(space: Workspace, sample: str) -> dict[str, float]:
    rows = space.rows[sample]
    outcome = space.outcome[rows]
    good, bad = int(np.count_nonzero(outcome == 0)), int(np.count_nonzero(outcome == 1))
    w = space.weight[rows][np.isfinite(outcome)]
    whole = float(np.sum(w))
    rate = float(np.sum(space.weight[rows][outcome == 1])) / whole if good + bad else np.nan
    size = metrics.effective_size(whole, float(np.sum(w**2)))
    lower, upper = metrics.wilson(rate * size, size, space.confidence)
    return {
        "rows": len(rows),
        "weight": float(np.sum(space.weight[rows])),
        "good": good,
        "bad": bad,
        "bad_rate": rate,
        "bad_rate_lower": lower,
        "bad_rate_upper": upper,
    }


def _compare_clusters(space: Workspace) -> None:
    """Compare rows and clusters of the samples with our count of `_cluster`."""
    area = "samples.clusters"
    table = space.package.rows_of(area)
    every = np.concatenate([np.zeros(0, dtype=np.int64), *space.rows.values()])
    if table is None and not repeat(space.cluster[every]):
        space.ledger.not_evaluable(area, "no two rows of the samples share a cluster")
        return
    stated = {row["sample"]: row for row in table or []}
    names = list(dict.fromkeys([*stated, *space.rows]))
    space.ledger.words(area, "samples", [n if n in stated else None for n in names], names, names)
    own = {name: _cluster_counts(space, name) for name in stated if name in space.rows}
    for column in ("rows", "clusters", "largest", "shared_clusters", "shared_rows"):
        developer = [stated[name][column] for name in own]
        space.ledger.numbers(area, column, "rows", developer, [item[column] for item in own.values()], list(own))


def _cluster_counts(space: Workspace, sample: str) -> dict[str, float | None]:
    found, counts = np.unique(space.cluster[space.rows[sample]], return_counts=True)
    inside = space.cluster[space.rows.get(DEVELOPMENT, np.zeros(0, dtype=np.int64))]
    shared = np.isin(found, inside)
    first = sample == DEVELOPMENT
    return {
        "rows": int(counts.sum()),
        "clusters": len(found),
        "largest": int(counts.max()),
        "shared_clusters": None if first else int(shared.sum()),
        "shared_rows": None if first else int(counts[shared].sum()),
    }
