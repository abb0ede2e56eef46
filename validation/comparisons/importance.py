"""What is told of the importance of characteristics a second time: ranks, and the figure of the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from validation.comparisons.whole import compare_whole
from validation.rebuild.workspace import Workspace

IMPORTANCE, FIGURE = "explanation.importance", "explanation.importance_figure"


def ranks_of(shares: Sequence[float | None]) -> list[float]:
    """Places (n,) of shares from the greatest, 1 upwards; equal ones in the order in which they stand."""
    order = sorted(range(len(shares)), key=lambda place: -(shares[place] or 0.0))
    found = [0.0] * len(shares)
    for rank, place in enumerate(order, start=1):
        found[place] = float(rank)
    return found


def compare_told(space: Workspace, name: str, table: list[dict[str, Any]]) -> None:
    """Compare the ranks of a model's characteristics with their sizes, and the figure with the table that it draws."""
    labels = [row["characteristic"] for row in table]
    own = ranks_of([row["mean_absolute"] for row in table])
    space.ledger.numbers(f"{IMPORTANCE}.{name}", "rank", "rows", [row["rank"] for row in table], own, labels)
    area = f"{FIGURE}.{name}"
    drawn = space.package.rows_of(area)
    if drawn is None:
        space.ledger.not_evaluable(area, "the package holds no such figure")
        return
    sizes = {row["characteristic"]: row for row in table}
    shown = [row["characteristic"] for row in drawn]
    compare_whole(space, area, shown, labels[: max(len(drawn), 1)])
    known = [row for row in drawn if row["characteristic"] in sizes]
    for column in ("mean_absolute", "share"):
        stated, told = ([r[column] for r in rows] for rows in (known, [sizes[r["characteristic"]] for r in known]))
        space.ledger.numbers(area, column, "importance", stated, told, [row["characteristic"] for row in known])
