"""Tables of items and values, and words of model.json, held against plan, manifest and the rows of the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from validation.rebuild.workspace import Workspace
from validation.structure import scorecard_of, steps_of

IDENTITY, DEFINITION, SOURCE, CLASSING = "model.identity", "outcome.definition", "data.source", "classing.policy"
OTHER = "probability of bad"
CONFORMANT = "PD"


def compare_items(space: Workspace) -> None:
    """Compare who and what the model is, what its outcome is called, its source, and the limits of its classing."""
    _compare_identity(space)
    _compare_outcome(space)
    _compare_definition(space)
    _compare_source(space)
    _compare_limits(space)
    _compare_reasons(space)


def _items(space: Workspace, area: str) -> dict[str, Any] | None:
    table = space.package.rows_of(area)
    if table is None:
        space.ledger.not_evaluable(area, "the package holds no such table")
        return None
    return {row["item"]: row["value"] for row in table}


def _compare(space: Workspace, area: str, items: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    names = list(own)
    stated = [_text(items.get(name)) for name in names]
    space.ledger.words(area, "items", stated, [_text(own[name]) for name in names], names)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _compare_identity(space: Workspace) -> None:
    items, plan = _items(space, IDENTITY), space.package.plan
    told, model = plan.get("model") or {}, space.package.model
    if items is None:
        return
    own = {
        "Identifier": model["model"]["id"],
        "Name": model["model"]["name"],
        "Version": model["model"]["version"],
        "Owner": told.get("owner"),
        "Tier": told.get("tier"),
    }
    kinds = {one["id"]: one["type"] for one in plan.get("models") or []}
    name = space.package.candidate_ids[space.package.champion_id]
    if name in kinds:
        others = [f"{one} ({kind})" for one, kind in kinds.items() if one != name]
        own |= {"Champion": f"{name} ({kinds[name]})", "Challengers": ", ".join(others) or "none"}
    card = scorecard_of(model)
    if card is not None and card.offset is None:
        own["Characteristics of the champion"] = len(card.terms)
    _compare(space, IDENTITY, items, own)


def _compare_outcome(space: Workspace) -> None:
    """The words of model.json: a probability is called PD only where the plan says that bad is a default."""
    plan = space.package.plan["outcome"]
    if space.package.outcome_type != "binary" or "default_conformant" not in plan:
        return
    called = CONFORMANT if plan["default_conformant"] else OTHER
    for model_id, model in space.package.models.items():
        file = space.package.file_of(model_id)
        stated = [model["outcome"]["probability_name"], model["outputs"].get("probability_name", called)]
        space.ledger.words(file, "name of the probability", stated, [called] * 2, ["outcome", "outputs"], [DEFINITION])
        if plan.get("history") is None:
            event = [model["outcome"]["event"]]
            space.ledger.words(file, "event", event, [f"{plan['column']} is bad"], ["outcome"], [DEFINITION])


def _compare_definition(space: Workspace) -> None:
    """Words of the plan, and counts where the snapshot has all rows of the source."""
    items, plan = _items(space, DEFINITION), space.package.plan["outcome"]
    if items is None or space.package.outcome_type != "binary" or "default_conformant" not in plan:
        return
    own: dict[str, Any] = {"type": "binary", "default-conformant": "yes" if plan["default_conformant"] else "no"}
    own["probability is called"] = CONFORMANT if plan["default_conformant"] else OTHER
    if plan.get("history") is None:
        own["column"] = plan["column"]
    _compare(space, DEFINITION, items, own)
    if space.package.manifest["source"]["rows"] != len(space.frame):
        space.ledger.not_evaluable(f"{DEFINITION}: rows", "the snapshot has not all rows of the source")
        return
    bad, good = (int(np.count_nonzero(space.outcome == one)) for one in (1.0, 0.0))
    counts = {"rows bad": float(bad), "rows good": float(good), "bad rate": bad / max(bad + good, 1)}
    stated = [_number(items.get(name)) for name in counts]
    space.ledger.numbers(DEFINITION, "rows", "share", stated, list(counts.values()), list(counts))


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _compare_source(space: Workspace) -> None:
    items, stated = _items(space, SOURCE), space.package.manifest["source"]
    if items is not None:
        known = {"sha256": stated["sha256"], "rows": stated["rows"], "columns": stated["columns"]}
        _compare(space, SOURCE, items, {name: value for name, value in known.items() if value is not None})


def _compare_limits(space: Workspace) -> None:
    """The numbers of the plan's classing stand in the sentences that tell of them."""
    items, plan = _items(space, CLASSING), space.package.plan.get("classing") or {}
    if items is None or "max_bins" not in plan:
        return
    wanted = {
        "Bins of ordinary values": f"at least {plan['min_bins']}, at most {plan['max_bins']}",
        "Size of bins of ordinary values": f"at least {plan['min_share']} of development rows",
        "Rare categories": f"less than {plan['rare_share']} of development rows",
    }
    stated = [wanted[name] if wanted[name] in str(items.get(name)) else items.get(name) for name in wanted]
    space.ledger.words(CLASSING, "limits", stated, list(wanted.values()), list(wanted))


def _compare_reasons(space: Workspace) -> None:
    """As many reasons as the plan allows, against the reference that it names."""
    asked = space.package.plan.get("reason_codes") or {}
    steps = steps_of(space.package.model, "reasons")
    if "maximum" not in asked or not steps:
        return
    own = [asked["maximum"]] * len(steps)
    names = [step["id"] for step in steps]
    space.ledger.numbers(
        "reasons step", "most reasons", "rows", [step["maximum"] for step in steps], own, names, ["reasons.method"]
    )
