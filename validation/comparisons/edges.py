"""The information value that a classing is said to lose at most, held against other places of its edges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.comparisons.placing import settings_of, stated_trend
from validation.findings import Finding, Outcome
from validation.rebuild.edges import Column, Move, better_place, column, information_value
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import planned_classings

TEST = "classing.summary: information value lost at most"
COLUMN = "information_value_loss"
ROUNDING = 1e-9
Step = Mapping[str, Any]


def compare_edges(space: Workspace) -> None:
    """Try every distinct development value for every edge of the champion's numeric classings.

    A move that gives more than the stated loss allows contradicts it. What was changed by hand has no stated loss.
    """
    stated = {row["characteristic"]: row.get(COLUMN) for row in space.package.rows_of("classing.summary") or []}
    tried = contradicted = 0
    for step in planned_classings(space.package.model):
        loss = stated.get(step["input"])
        if step["kind"] != "numeric" or loss is None:
            continue
        tried += 1
        if not 0 <= loss < 1:
            contradicted += 1
            _record(space, step, loss, None, np.nan)
            continue
        of, edges = _column(space, step), [item["upper"] for item in step["bins"] if item["kind"] == "interval"][:-1]
        most = information_value(of, edges) / (1 - loss) * (1 + ROUNDING)
        move = _move(space, step, of, edges, most)
        contradicted += move is not None
        if move is not None:
            _record(space, step, loss, move, most)
    if not tried:
        space.ledger.not_evaluable(TEST, "no numeric classing of the champion has a stated loss")
    elif not contradicted:
        space.ledger.check(Outcome(TEST, "pass", tried, "no single edge does better", None))


def _column(space: Workspace, step: Step) -> Column:
    """Ordinary values of development: neither missing nor a special code."""
    rows = space.known(DEVELOPMENT)
    values = space.scored[space.package.champion_id][step["input"]].data[rows]
    codes = [float(code) for item in step["bins"] for code in item.get("codes", ())]
    ordinary = ~np.isnan(values) & ~np.isin(values, codes)
    return column(values, space.outcome[rows], space.weight[rows], ordinary)


def _move(space: Workspace, step: Step, of: Column, edges: list[float], most: float) -> Move | None:
    settings = settings_of(space, str(step["input"]))
    fixed = {float(value) for value in settings.get("fixed_splits") or ()}
    least = float(settings.get("min_share") or 0.0) * sum(of.totals)
    trend = stated_trend(space, str(step["input"])) or "none"
    return better_place(of, edges, trend, least, [edge not in fixed for edge in edges], most)


def _record(space: Workspace, step: Step, loss: float, move: Move | None, most: float) -> None:
    name = str(step["input"])
    told = f"A loss of {loss!r} is no share below 1."
    if move is not None:
        told = (
            f"With the edge {move.edge!r} of {name} at {move.place!r}, the information value of the ordinary values is "
            f"{move.information_value:.6g}, more than the {most:.6g} that the stated loss of {loss:.3g} allows."
        )
    finding = Finding(
        test=TEST,
        severity=space.policy.checks["loss_understated"],
        quantity=name,
        developer_value=loss,
        validator_value=None if move is None else move.information_value,
        tolerance=None,
        statement=told,
        remedy="Class the characteristic again, or state what may be lost.",
        evidence=("classing.summary", f"classing.table.{name}"),
    )
    space.ledger.check(Outcome(f"{TEST} ({name})", "fail", 1, "no single edge does better", None, finding))
