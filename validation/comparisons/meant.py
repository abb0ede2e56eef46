"""Outcomes and weights of the snapshot held against the columns that the plan takes them from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.workspace import Workspace
from validation.steps.values import text_of_number

SNAPSHOT = "data/snapshot.parquet"


def compare_meant(space: Workspace) -> None:
    """Compare the known outcomes and the weights of all rows with the columns that the plan names for them."""
    _compare_outcomes(space)
    name = (space.package.plan.get("samples") or {}).get("weight")
    if name is None:
        return
    if name not in space.frame.columns:
        space.ledger.not_evaluable(f"{SNAPSHOT}: weights", "the snapshot has no column of them")
        return
    stated, own = (space.frame[column].to_numpy(np.float64) for column in ("_weight", name))
    rows = np.flatnonzero(space.frame["_sample"].notna().to_numpy())
    space.ledger.numbers(SNAPSHOT, "weights", "count", stated[rows], own[rows], _keys(space, rows), [SNAPSHOT])


def _compare_outcomes(space: Workspace) -> None:
    outcome = space.package.plan.get("outcome") or {}
    name = outcome.get("column")
    if name is None or outcome.get("history") is not None:
        return
    if name not in space.frame.columns:
        space.ledger.not_evaluable(f"{SNAPSHOT}: outcomes", "the snapshot has no column of them")
        return
    stated = space.frame["_outcome"].to_numpy(np.float64)
    rows = np.flatnonzero(np.isfinite(stated))
    values = space.frame[name].to_numpy(object)[rows]
    if space.package.outcome_type != "binary":
        own = np.array([np.nan if value is None else float(value) for value in values])
        space.ledger.numbers(SNAPSHOT, "outcomes", "identity", stated[rows], own, _keys(space, rows), [SNAPSHOT])
        return
    known = {value: meaning(value, outcome) for value in set(values.tolist())}
    own_outcome = [known[value] for value in values.tolist()]
    space.ledger.words(SNAPSHOT, "outcomes", stated[rows].tolist(), own_outcome, _keys(space, rows), [SNAPSHOT])


def meaning(value: Any, outcome: dict[str, Any]) -> float | None:
    """1.0 where a value means bad by the plan, 0.0 where good, None where neither or where it is missing."""
    if value is None or value != value:
        return None
    if any(same(code, value) for code in _listed(outcome.get("bad"))):
        return 1.0
    if any(same(code, value) for code in _listed(outcome.get("indeterminate"))):
        return None
    good = outcome.get("good")
    return 0.0 if good is None or any(same(code, value) for code in _listed(good)) else None


def same(code: Any, value: Any) -> bool:
    """Whether a code of the plan is a value of a column: 1 is 1.0 and "1", true is "True"."""
    if isinstance(code, bool):
        return str(value).casefold() == str(code).casefold()
    if isinstance(value, str):
        return value == code or (not isinstance(code, str) and value == text_of_number(code))
    try:
        return float(code) == float(value)
    except ValueError:
        return False


def _listed(codes: Any) -> list[Any]:
    return codes if isinstance(codes, list) else [] if codes is None else [codes]


def _keys(space: Workspace, rows: NDArray[np.int64]) -> list[str]:
    return [str(key) for key in space.frame["_key"].to_numpy()[rows].tolist()]
