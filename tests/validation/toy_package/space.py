"""A workspace of the toy package with its rows or evidence changed, for checks of the battery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from validation import read_package
from validation.findings import Outcome
from validation.policy import read_policy
from validation.rebuild.workspace import Workspace, open_workspace


def space_of(
    folder: Path,
    change: Callable[[pd.DataFrame], pd.DataFrame] | None = None,
    evidence: Mapping[str, list[dict[str, Any]]] | None = None,
    plan: Mapping[str, Any] | None = None,
    model: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> Workspace:
    """Open the package with its snapshot changed and tables (rows as dictionaries) and sections of the plan put in."""
    package = read_package(folder)
    tables = {name: table(rows) for name, rows in (evidence or {}).items()}
    package = replace(
        package,
        snapshot=package.snapshot if change is None else change(package.snapshot.copy()),
        evidence={**package.evidence, **tables},
        plan={**package.plan, **(plan or {})},
        model=package.model if model is None else model(dict(package.model)),
    )
    space = open_workspace(package, read_policy())
    assert space is not None
    return space


def table(rows: list[dict[str, Any]]) -> dict[str, Any]:
    names = list(rows[0])
    return {
        "kind": "table",
        "columns": [{"name": name} for name in names],
        "rows": [[row[name] for name in names] for row in rows],
    }


def outcome(space: Workspace, test: str) -> Outcome:
    """The one outcome of a test of the battery, `test (population)`."""
    found = [item for item in space.ledger.outcomes if item.test == f"battery: {test}"]
    assert len(found) == 1, [item.test for item in space.ledger.outcomes]
    return found[0]


def predictor(name: str) -> dict[str, Any]:
    """A row of a data contract."""
    return {"column": name, "role": "predictor"}
