"""What must hold between an outcome that is an amount or a fraction and the other parts of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.models.families import OUTCOMES_OF
from credit_risk.plan.outcome_checks import MEASURES

Found = Iterator[tuple[Path, Fault]]
BINARY_CLASSING: dict[str, Any] = {
    "engine": "exact",
    "min_goods": 0.0,
    "min_bads": 0.0,
    "min_rate_difference": 0.0,
    "max_p_value": None,
    "missing": "apart",
    "special": "apart",
    "nearest_woe_below": None,
    "unseen": "neutral",
    "overrides": (),
}
"""Settings of classing that only a binary outcome has, with the value that says nothing."""


def measure_faults(plan: dict[str, Any]) -> Found:
    """All faults of models, classing and strategy beside the type of the outcome; wrong types are passed over."""
    outcome = plan.get("outcome")
    kind = outcome.get("type", "binary") if isinstance(outcome, dict) else "binary"
    models = plan.get("models")
    for index, model in enumerate(models if isinstance(models, list | tuple) else ()):
        if isinstance(model, dict) and isinstance(model.get("type"), str):
            yield from _model(("models", index), model, str(kind))
    if kind in MEASURES:
        yield from _settings(plan, str(kind))


def _model(path: Path, model: dict[str, Any], kind: str) -> Found:
    if (model["type"] == "glm") != (kind in MEASURES):
        allowed = "glm" if kind in MEASURES else "scorecard, segmented_scorecard, monotone_boosting, expert"
        article = "an" if model["type"][:1] in "aeiou" else "a"
        message = f"{article} {model['type']} does not model an outcome of type {kind}"
        remedy = "name a model of this outcome, or write outcome.type"
        yield (*path, "type"), _fault(message, "outcome", found=model["type"], allowed=allowed, remedy=remedy)
        return
    family = model.get("family")
    if model["type"] == "glm" and isinstance(family, str) and OUTCOMES_OF.get(family, kind) != kind:
        allowed = ", ".join(name for name, of in OUTCOMES_OF.items() if of == kind)
        message = f"the family {family} is of {OUTCOMES_OF[family]}s, and the outcome is of type {kind}"
        yield (*path, "family"), _fault(message, "outcome", found=family, allowed=allowed)


def _settings(plan: dict[str, Any], kind: str) -> Found:
    classing = plan.get("classing")
    classing = classing if isinstance(classing, dict) else {}
    own = classing.get("characteristics")
    places: list[tuple[Path, Any]] = [(("classing",), classing)]
    places += [(("classing", "characteristics", name), part) for name, part in (own or {}).items()] if own else []
    for path, part in places:
        for key, usual in BINARY_CLASSING.items() if isinstance(part, dict) else ():
            given = part.get(key)
            if given not in (None, [], ()) and given != usual:
                message = f"{key} is of the classing of a binary outcome, and the outcome is of type {kind}"
                yield (*path, key), _fault(message, "outcome", remedy=f"leave {key} out")


def columns_beside(plan: dict[str, Any]) -> dict[str, str]:
    """Columns that enter a model otherwise than as characteristics, with how: the exposure and offsets."""
    found: dict[str, str] = {}
    outcome, models = plan.get("outcome"), plan.get("models")
    if isinstance(outcome, dict) and isinstance(outcome.get("exposure"), str):
        found[outcome["exposure"]] = "the exposure (outcome.exposure)"
    for index, model in enumerate(models if isinstance(models, list | tuple) else ()):
        if isinstance(model, dict) and isinstance(model.get("offset"), str):
            found.setdefault(model["offset"], f"an offset (models[{index}].offset)")
    return found


def _fault(
    message: str, code: str, *, found: str | None = None, allowed: str | None = None, remedy: str | None = None
) -> Fault:
    return Fault(message, code=code, found=found, allowed=allowed, remedy=remedy)
