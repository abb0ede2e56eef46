"""The waterfall of rows, from the source to the samples: each step follows from the one before, and both ends do."""

from __future__ import annotations

import numpy as np

from validation.rebuild.workspace import Workspace

AREA = "data.waterfall"
OF_SOURCE = "rows of the source"


def compare_row_waterfall(space: Workspace) -> None:
    """Compare the rows of the source, the rows that remain after each step, and the rows of the samples."""
    table = space.package.rows_of(AREA)
    if not table:
        space.ledger.not_evaluable(AREA, "the package holds no such table")
        return
    steps = [row["step"] for row in table]
    remaining = [row["remaining"] for row in table]
    removed = [row["removed"] for row in table]
    if steps[0] == OF_SOURCE:
        source = space.package.manifest["source"]["rows"]
        space.ledger.numbers(AREA, "rows of the source", "rows", [remaining[0]], [source], steps[:1], [AREA])
    own = [before - gone for before, gone in zip(remaining[:-1], removed[1:], strict=True)]
    space.ledger.numbers(AREA, "rows that remain", "rows", remaining[1:], own, steps[1:], [AREA])
    known = np.isfinite(space.frame["_outcome"].to_numpy(np.float64)) & space.frame["_sample"].notna().to_numpy()
    rows = [int(np.count_nonzero(known))]
    space.ledger.numbers(AREA, "rows of the samples", "rows", remaining[-1:], rows, steps[-1:], [AREA])
