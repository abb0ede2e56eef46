"""The waterfalls of the candidates on amounts and fractions, and the stability of its characteristics."""

from __future__ import annotations

from typing import Any

from validation.comparisons.selection import AREA, compare_decisions, compare_group_stability
from validation.measures.classing import classed, recount_step
from validation.measures.fit import GlmFit
from validation.measures.structure import Glm
from validation.rebuild.workspace import Workspace
from validation.structure import steps_of


def compare_selection(space: Workspace, champion: Glm | None, fit: GlmFit | None) -> None:
    """Compare who was screened and selected, information values, thresholds, and the signs of what is in the model."""
    steps = classed(space)
    bins = {n: (space.scored[model][step["output_bin"]].data, len(step["bins"])) for n, (model, step) in steps.items()}
    compare_group_stability(space, bins)
    table = space.package.rows_of(AREA)
    if table is None:
        space.ledger.not_evaluable(AREA, "the package holds no such table")
        return
    for model_id, model in space.package.models.items():
        name = space.package.candidate_ids[model_id]
        names = sorted(step["input"] for step in steps_of(model, "classing"))
        chosen = sorted(r["characteristic"] for r in table if r["model"] == name and r["decision"] == "selected")
        space.ledger.words(AREA, "selected", chosen, names, name)
    rows = [row for row in table if row["characteristic"] in steps]
    own = [recount_step(space, *steps[row["characteristic"]]).total for row in rows]
    labels = [f"{row['model']} {row['characteristic']}" for row in rows]
    developer = [row["information_value"] for row in rows]
    space.ledger.numbers(AREA, "information value", "information_value", developer, own, labels)
    compare_decisions(space, table)
    if champion is not None and fit is not None:
        _compare_rules(space, champion, fit)


def _compare_rules(space: Workspace, champion: Glm, fit: GlmFit) -> None:
    """Say of each classed characteristic that is not forced whether it keeps sign and p-value, by our own numbers."""
    plan = space.package.plan.get("selection") or {}
    forced = {item if isinstance(item, str) else item.get("name") for item in plan.get("include") or []}
    inputs = {step["output_woe"]: step["input"] for step in steps_of(space.package.model, "classing")}
    places = [(i, inputs[name]) for i, name in enumerate(champion.terms, start=1) if name in inputs]
    names = [name for _, name in places]
    limit: Any = plan.get("max_p_value")
    if plan.get("criterion") == "p_value" and plan.get("method") != "all" and isinstance(limit, (int, float)):
        kept = [name in forced or bool(fit.p_value[i] <= limit) for i, name in places]
        space.ledger.words(AREA, "p-value within the plan's limit", [True] * len(names), kept, names)
    if plan.get("sign_check"):
        kept = [name in forced or bool(fit.coefficient[i] > 0) for i, name in places]
        space.ledger.words(AREA, "positive coefficient", [True] * len(names), kept, names)
