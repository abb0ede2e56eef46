"""Where the developer's standard errors come from: covariance, clusters and Wald test against our own."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.rebuild.clusters import dense
from validation.rebuild.covariance import KINDS, factor, resolve, wald
from validation.rebuild.logistic import LogisticFit
from validation.rebuild.workspace import DEVELOPMENT, Workspace

NUMBERS = {
    "n, rows": "rows",
    "k, coefficients": "rows",
    "G, clusters": "rows",
    "rows of the largest cluster": "rows",
    "small-sample factor": "count",
    "standard errors over those of independent rows, least": "standard_error",
    "standard errors over those of independent rows, greatest": "standard_error",
}


def setting_of(space: Workspace, model_id: str, key: str) -> Any:
    """Return what the plan says of a candidate under `key`, or None."""
    name = space.package.candidate_ids[model_id]
    for item in space.package.plan.get("models") or []:
        if isinstance(item, dict) and item.get("id") == name:
            return item.get(key)
    return None


def covariance_of(space: Workspace, model_id: str) -> str:
    """Return the covariance that the plan means on the development rows; without a word of it, auto."""
    declared = setting_of(space, model_id, "covariance")
    known = declared if declared in KINDS else "auto"
    return resolve(known, space.cluster[space.known(DEVELOPMENT)])


def compare_inference(space: Workspace, name: str, fit: LogisticFit, kind: str) -> None:
    """Compare kind, clusters and small-sample factor of the covariance, and the Wald test of all characteristics."""
    _compare_wald(space, f"scorecard.fit.{name}", fit)
    area = f"scorecard.covariance.{name}"
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return
    stated = {row["item"]: row["value"] for row in table}
    space.ledger.words(area, "covariance", [stated.get("covariance")], [kind], ["covariance"])
    own = _own(space, fit, kind)
    for item, rule in NUMBERS.items():
        developer = _number(stated.get(item))
        space.ledger.numbers(area, item, rule, [developer], [own[item]], [item])


def _own(space: Workspace, fit: LogisticFit, kind: str) -> dict[str, float | None]:
    rows = space.known(DEVELOPMENT)
    named = bool(space.frame["_cluster"].iloc[rows].notna().any())
    numbers, count = dense(space.cluster[rows])
    ratio = fit.standard_error / fit.independent_error
    values = (
        len(rows),
        fit.parameters,
        count if named else None,
        int(np.bincount(numbers).max()) if named else None,
        factor(kind, len(rows), fit.parameters, count),
        float(np.nanmin(ratio)),
        float(np.nanmax(ratio)),
    )
    return dict(zip(NUMBERS, values, strict=True))


def _compare_wald(space: Workspace, area: str, fit: LogisticFit) -> None:
    stated = {row["item"]: row["value"] for row in space.package.rows_of(area) or []}
    if "Wald chi-square" not in stated:
        space.ledger.not_evaluable(f"{area}: Wald test", "the package states none")
        return
    free = np.flatnonzero(fit.free)[1:]
    value = wald(fit.coefficient[free], fit.covariance[np.ix_(free, free)])
    space.ledger.numbers(area, "Wald chi-square", "z", [stated["Wald chi-square"]], [value], ["all characteristics"])


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
