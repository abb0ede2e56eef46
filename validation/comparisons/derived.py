"""Derived characteristics read from the plan's own words and computed over the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.findings import Finding, Outcome
from validation.rebuild.source.derived import needed, text_of_derived
from validation.rebuild.source.language import LanguageError, names_in, parse, without_codes
from validation.rebuild.workspace import Workspace
from validation.steps.expressions import evaluate
from validation.steps.values import Value

TEST = "derived characteristics are those of the plan"
SHOWN = 3


def compare_derived(space: Workspace) -> None:
    """Compare what each model derives with the plan's expression of that name, over every row of the snapshot."""
    plan = space.package.plan.get("derive") or {}
    if not plan:
        return
    compared, wrong = 0, []
    for model_id, scored in space.scored.items():
        for name in plan:
            if name not in scored or (own := planned_value(space, name)) is None:
                continue
            compared += len(own.data)
            differs = _differing(scored[name], own)
            if differs.any():
                wrong.append((model_id, name, differs))
    if not compared:
        reason = "no model holds one whose columns stand in the snapshot"
        space.ledger.check(Outcome(TEST, "not_evaluable", 0, None, reason))
    elif not wrong:
        space.ledger.check(Outcome(TEST, "pass", compared, "equal", None))
    else:
        space.ledger.check(Outcome(TEST, "fail", compared, "equal", None, _finding(space, wrong)))


def _finding(space: Workspace, wrong: list[tuple[str, str, NDArray[np.bool_]]]) -> Finding:
    model_id, name, differs = wrong[0]
    places = np.flatnonzero(differs)
    own = planned_value(space, name)
    assert own is not None
    values = [_plain(one.data[places[0]]) for one in (space.scored[model_id][name], own)]
    keys = ", ".join(map(str, space.frame["_key"].to_numpy()[places[:SHOWN]].tolist()))
    told = ", ".join(f"{one} of {model} in {np.count_nonzero(mask):,} rows" for model, one, mask in wrong)
    statement = f"Models derive other values than the plan's expressions: {told}; {name} at keys {keys}."
    remedy = "Make the model's derive steps those of the plan, or the plan those of the model."
    severity = space.policy.checks["derived_not_as_planned"]
    return Finding(TEST, severity, name, values[0], values[1], 0.0, statement, remedy, ("plan.json", "model.json"))


def _plain(value: Any) -> Any:
    return None if value is None or value != value else value.item() if isinstance(value, np.generic) else value


def _differing(theirs: Value, ours: Value) -> NDArray[np.bool_]:
    if theirs.kind != ours.kind:
        return np.ones(len(ours.data), dtype=bool)
    same = theirs.data == ours.data
    if theirs.kind == "number":
        same = same | (np.isnan(theirs.data) & np.isnan(ours.data))
    return ~(np.asarray(same, dtype=bool) & (theirs.error == ours.error))


def planned_value(space: Workspace, name: str) -> Value | None:
    """A derived characteristic of the plan over the snapshot, None where a column of it is not there."""
    plan = space.package.plan
    derive: Mapping[str, Any] = plan.get("derive") or {}
    names: dict[str, Value] = {}
    for one in needed(derive, name):
        try:
            tree = parse(text_of_derived(derive[one]))
        except LanguageError:
            return None
        for column in names_in(tree):
            if column not in names:
                if column not in space.frame.columns:
                    return None
                names[column] = _column(space, column)
        names[one] = evaluate(without_codes(tree, _codes(space, names)), names, len(space.frame))
    return names.get(name)


def _column(space: Workspace, name: str) -> Value:
    data, nothing = space.frame[name], np.zeros(len(space.frame), dtype=bool)
    if data.dtype.kind in "fiu":
        return Value("number", data.to_numpy(np.float64), nothing)
    return Value("string", data.to_numpy(object), nothing)


def _codes(space: Workspace, names: Mapping[str, Value]) -> dict[str, tuple[Any, ...]]:
    """Special codes of the columns that were read, doubles where the column holds numbers."""
    columns = (space.package.plan.get("data") or {}).get("columns") or {}
    found = {}
    for name, value in names.items():
        codes = list((columns.get(name) or {}).get("specials") or {})
        if codes:
            found[name] = tuple(map(float, codes)) if value.kind == "number" else tuple(codes)
    return found
