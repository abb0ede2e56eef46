"""Inputs of the models and samples: protected and forbidden columns, overlap, one class."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.findings import Finding, Outcome
from validation.package import Package
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import sources_of

FLAGS = {"undisclosable": ("disclosable", False), "personal": ("personal", True)}


def check_inputs(space: Workspace) -> None:
    """A protected, forbidden, undisclosable or personal column that any step of a model reads is a finding."""
    for kind in ("protected", "forbidden", "undisclosable", "personal"):
        columns = named_columns(space.package, kind)
        for model_id, model in space.package.models.items():
            test = f"battery: {kind} column as input of {model_id}"
            if not columns:
                space.ledger.not_evaluable(test, f"the plan names no {kind} column")
                continue
            declared = {item["name"] for item in model["inputs"]} | sources_of(model)
            found = sorted(declared & columns)
            for name in found:
                space.ledger.check(_input_finding(space, test, kind, model_id, name))
            if not found:
                space.ledger.check(Outcome(test, "pass", len(columns), "none", None))


def named_columns(package: Package, kind: str) -> set[str]:
    """Return the columns that the plan (`data.<kind>`) or the data contract calls protected or forbidden.

    Undisclosable are those that the plan says an applicant may not be told of (`data.columns.NAME.disclosable`),
    personal those with personal data (`data.columns.NAME.personal`).
    """
    if kind in FLAGS:
        key, value = FLAGS[kind]
        columns = (package.plan.get("data") or {}).get("columns") or {}
        return {name for name, column in columns.items() if (column or {}).get(key) is value}
    found: set[str] = set()
    stack: list[Any] = [(package.plan.get("data") or {}).get(kind)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            found.add(item)
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            named = [item[key] for key in ("column", "name", "columns") if key in item]
            stack.extend(named or list(item.values()))
    for row in package.rows_of("data.contract") or []:
        if kind in str(row["role"]).lower().split():
            found.add(row["column"])
    return found


def _input_finding(space: Workspace, test: str, kind: str, model_id: str, name: str) -> Outcome:
    finding = Finding(
        test=test,
        severity=space.policy.checks[f"{kind}_input"],
        quantity=name,
        developer_value=name,
        validator_value=None,
        tolerance=None,
        statement=f"The {kind} column {name} is an input of {model_id}.",
        remedy="Develop the model again without the column.",
        evidence=("data.contract",),
    )
    return Outcome(test, "fail", 1, "none", None, finding)


def check_overlap(space: Workspace) -> None:
    """Samples share no key, development and out-of-sample no cluster, and there is a test sample."""
    seen: dict[Any, str] = {}
    shared = 0
    for (model_id, sample), table in space.package.predictions.items():
        if model_id != space.package.champion_id:
            continue
        for key in table["_key"].tolist():
            shared += seen.setdefault(key, sample) != sample
    test = "battery: samples share no row"
    finding = None
    if shared:
        finding = _sample_finding(
            space, test, "sample_overlap", shared, f"{shared} keys stand in more than one sample."
        )
    space.ledger.check(Outcome(test, "fail" if shared else "pass", len(seen), "no key twice", None, finding))
    _check_clusters(space)
    if len(space.rows) < 2:
        space.ledger.not_evaluable("battery: test sample", "the package has the development sample only")


def check_samples(space: Workspace) -> None:
    """As `check_overlap`, and each sample holds goods and bads."""
    check_overlap(space)
    test = "battery: each sample has goods and bads"
    for sample, rows in space.rows.items():
        outcome = space.outcome[rows]
        bad, good = int(np.count_nonzero(outcome == 1)), int(np.count_nonzero(outcome == 0))
        finding = None
        if not bad or not good:
            statement = f"The sample {sample} has {good} goods and {bad} bads."
            finding = _sample_finding(space, test, "sample_one_class", bad, statement)
        space.ledger.check(
            Outcome(f"{test} ({sample})", "fail" if finding else "pass", len(rows), "at least 1", None, finding)
        )


def _check_clusters(space: Workspace) -> None:
    """Samples drawn at random share no obligor, account or group: the test rows would not be independent."""
    known = space.frame["_cluster"].notna().to_numpy()
    pairs = [(DEVELOPMENT, "out_of_sample")]
    if "calibration" in space.rows:
        pairs += [(DEVELOPMENT, "calibration"), ("calibration", "out_of_sample")]
    none = np.zeros(0, dtype=np.int64)
    for names in pairs:
        both = " and ".join(names)
        test = f"battery: {both} share no cluster"
        if not known.any():
            space.ledger.not_evaluable(test, "the snapshot names no clusters")
            continue
        first, second = (space.rows.get(name, none) for name in names)
        shared = np.intersect1d(space.cluster[first], space.cluster[second])
        finding = None
        if len(shared):
            statement = f"{len(shared)} clusters (obligors, accounts, groups) stand in both {both}."
            finding = _sample_finding(space, test, "sample_overlap", len(shared), statement)
        outcome = "fail" if finding else "pass"
        space.ledger.check(Outcome(test, outcome, int(known.sum()), "no cluster in both", None, finding))


def _sample_finding(space: Workspace, test: str, check: str, value: int, statement: str) -> Finding:
    return Finding(
        test=test,
        severity=space.policy.checks[check],
        quantity="rows",
        developer_value=None,
        validator_value=value,
        tolerance=0.0,
        statement=statement,
        remedy="Draw the samples again.",
        evidence=("samples.summary",),
    )
