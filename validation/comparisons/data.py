"""Rows and samples: the snapshot counted again."""

from __future__ import annotations

import numpy as np

from validation.rebuild import metrics
from validation.rebuild.workspace import Workspace


def compare_data(space: Workspace) -> None:
    """Compare the hash and rows of the snapshot with the manifest, and the summary of the samples with our counts."""
    stated = space.package.manifest["snapshot"]
    space.ledger.words("manifest", "snapshot hash", [stated["sha256"]], [space.package.snapshot_hash], ["snapshot"])
    space.ledger.numbers("manifest", "snapshot rows", "rows", [stated["rows"]], [len(space.frame)], ["snapshot"])
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
    lower, upper = metrics.wilson(bad, good + bad)
    return {
        "rows": len(rows),
        "weight": float(np.sum(space.weight[rows])),
        "good": good,
        "bad": bad,
        "bad_rate": bad / (good + bad) if good + bad else np.nan,
        "bad_rate_lower": lower,
        "bad_rate_upper": upper,
    }
