"""Classing on means: every bin recounted from the development rows, its value and information value from the sums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.impact import Change, impact_of
from validation.measures.means import MeanCounts, recount_means, values
from validation.measures.structure import amount_base
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import steps_of

AREA = "classing.means"
_COLUMNS = {
    "count": "count",
    "base": "mean",
    "outcome": "mean",
    "mean": "mean",
    "mean_lower": "interval",
    "mean_upper": "interval",
    "value": "woe",
    "information_value": "information_value",
}


def recount_step(space: Workspace, model_id: str, step: Mapping[str, Any]) -> MeanCounts:
    """Recount the bins of one classing step over the development rows."""
    rows = space.known(DEVELOPMENT)
    ids = space.scored[model_id][step["output_bin"]].data[rows]
    zero_cell = space.package.setting("classing", "zero_cell", 0.5)
    exposure = amount_base(space)[rows]
    kind = space.package.outcome_type
    return recount_means(ids, space.outcome[rows], space.weight[rows], exposure, len(step["bins"]), kind, zero_cell)


def classed(space: Workspace) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Return the model and classing step of every characteristic that some model classes, the champion's first."""
    found: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for model_id, model in space.package.models.items():
        for step in steps_of(model, "classing"):
            found.setdefault(step["input"], (model_id, step))
    return found


def compare_classing(space: Workspace) -> None:
    """Compare the values in the models, each table of means, the summary; tables without bins with themselves."""
    developer, own, labels, changes = [], [], [], []
    for model_id, model in space.package.models.items():
        for step in steps_of(model, "classing"):
            counts = recount_step(space, model_id, step)
            for number, (item, value) in enumerate(zip(step["bins"], counts.value, strict=True)):
                developer.append(item["woe"])
                own.append(float(value))
                labels.append(f"{model_id} {step['input']} bin {item['id']}")
                changes.append(Change(model_id, step["id"], ("bins", number, "woe"), float(value)))
    if labels:
        impact = impact_of(space, changes)
        told = ("model.json", "value of the bins", "woe")
        space.ledger.numbers(*told, developer, own, labels, [AREA], impact=impact)
    else:
        space.ledger.not_evaluable("model.json: value of the bins", "no model has classed characteristics")
    found = {name: recount_step(space, *place) for name, place in classed(space).items()}
    _compare_tables(space, found)
    _compare_summary(space, found)


def _compare_tables(space: Workspace, found: Mapping[str, MeanCounts]) -> None:
    pairs: dict[str, tuple[list[Any], list[Any], list[str]]] = {column: ([], [], []) for column in (*_COLUMNS, "rule")}
    inner: dict[str, tuple[list[Any], list[Any], list[str]]] = {c: ([], [], []) for c in ("value", "information_value")}
    for evidence_id in space.package.evidence:
        if not evidence_id.startswith(f"{AREA}."):
            continue
        name = evidence_id.removeprefix(f"{AREA}.")
        table = space.package.rows_of(evidence_id) or []
        if name in found:
            _collect(pairs, name, table, found[name])
        else:
            _collect_inner(space, inner, name, table)
    for name in sorted(set(found) - {e.removeprefix(f"{AREA}.") for e in space.package.evidence}):
        space.ledger.not_evaluable(f"{AREA}: {name}", "the package holds no table of the characteristic")
    for column, rule in _COLUMNS.items():
        space.ledger.numbers(AREA, column, rule, *pairs[column])
    space.ledger.words(AREA, "rule of the value", *pairs["rule"])
    for column, (developer, own, labels) in inner.items():
        area = f"{AREA} (not in a model, from their own sums)"
        space.ledger.numbers(area, column, _COLUMNS[column], developer, own, labels)


def _collect(pairs: dict[str, Any], name: str, table: list[dict[str, Any]], counts: MeanCounts) -> None:
    by_id = {row["bin_id"]: row for row in table}
    for number in range(max(len(counts.count), len(table))):
        row, place = by_id.get(number, {}), f"{name} bin {number}"
        inside = number < len(counts.count)
        for column in _COLUMNS:
            value = float(getattr(counts, column)[number]) if inside else None
            _append(pairs[column], row.get(column), value, place)
        _append(pairs["rule"], row.get("value_rule"), counts.rule[number] if inside else None, place)


def _collect_inner(space: Workspace, inner: dict[str, Any], name: str, table: list[dict[str, Any]]) -> None:
    """Recompute value and information value of a characteristic outside the models from the sums its table states."""
    count, base, outcome = (np.array([row[key] or 0.0 for row in table]) for key in ("count", "base", "outcome"))
    if not len(table) or outcome.sum() <= 0:
        return
    kind, zero_cell = space.package.outcome_type, space.package.setting("classing", "zero_cell", 0.5)
    first = base if kind == "amount" else count - outcome
    if kind == "fraction" and np.any((np.abs(first) < 1e-9 * count) & (count > 0)):
        return  # a bin of ones: its rest is lost in the rounding of the sums
    own, information, _ = values(first, outcome, float(count.sum()), kind, zero_cell)
    for number, row in enumerate(table):
        place = f"{name} bin {row['bin_id']}"
        _append(inner["value"], row["value"], float(own[number]), place)
        _append(inner["information_value"], row["information_value"], float(information[number]), place)


def _append(target: tuple[list[Any], list[Any], list[str]], developer: Any, own: Any, place: str) -> None:
    target[0].append(developer)
    target[1].append(own)
    target[2].append(place)


def _compare_summary(space: Workspace, found: Mapping[str, MeanCounts]) -> None:
    table = [row for row in space.package.rows_of("classing.summary") or [] if row["characteristic"] in found]
    if not table:
        space.ledger.not_evaluable("classing.summary", "the package holds no row of a characteristic of the models")
        return
    labels = [row["characteristic"] for row in table]
    totals, bins = [found[n].total for n in labels], [float(len(found[n].value)) for n in labels]
    developer = [row["information_value"] for row in table]
    space.ledger.numbers("classing.summary", "information_value", "information_value", developer, totals, labels)
    space.ledger.numbers("classing.summary", "bins", "rows", [row["bins"] for row in table], bins, labels)
