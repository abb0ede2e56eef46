"""A tree as nested CASE expressions: a missing feature makes a condition unknown, so it goes the way of ELSE."""

from __future__ import annotations

from collections.abc import Callable

from credit_risk.export.program import Tree
from credit_risk.export.sql.terms import Printer


def tree_text(tree: Tree, p: Printer, cut: Callable[[str], str]) -> str:
    """The value of the leaf. A part of the tree that is deeper than CASEs may be nested gets a column by `cut`."""
    columns = {
        place: p.columns[tree.features[place]] for place, left in zip(tree.feature, tree.left, strict=True) if left >= 0
    }
    literal = p.dialect.literal

    def written(node: int, indent: int, most: int) -> str:
        if tree.left[node] < 0:
            return literal(tree.value[node])
        threshold = tree.threshold[node]
        assert threshold is not None
        x, edge = columns[tree.feature[node]], literal(threshold)
        low, high = (branch(child, indent, most) for child in (tree.left[node], tree.right[node]))
        gap = "\n" + " " * indent
        if tree.default_left[node]:
            return f"CASE WHEN {x} >= {edge} THEN {high}{gap}ELSE {low} END"
        return f"CASE WHEN {x} < {edge} THEN {low}{gap}ELSE {high} END"

    def branch(child: int, indent: int, most: int) -> str:
        if tree.left[child] < 0:
            return literal(tree.value[child])
        if most <= 1:
            return cut(written(child, 0, p.dialect.case_depth))
        return "\n" + " " * (indent + 1) + written(child, indent + 1, most - 1)

    p.used.update(columns.values())
    return written(0, 0, p.dialect.case_depth)
