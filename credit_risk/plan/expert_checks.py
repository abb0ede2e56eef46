"""What must hold of expert scorecards: bins without gaps, whole points, characteristics that may be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path
from credit_risk.models.expert_bins import read_bins
from credit_risk.models.expert_spec import ExpertCharacteristicSpec

Found = Iterator[tuple[Path, Fault]]


def expert_faults(plan: dict[str, Any], roles: dict[str, str]) -> Found:
    """All faults of expert scorecards that the plan alone tells; parts of the wrong type are passed over.

    roles: columns that may never be predictors, with why.
    """
    models = plan.get("models")
    rounded = _mapping(plan.get("scaling")).get("rounding") != "none"
    for index, model in enumerate(models if isinstance(models, list | tuple) else ()):
        if not isinstance(model, dict) or model.get("type") != "expert":
            continue
        base = model.get("base_points")
        if rounded and isinstance(base, float) and not base.is_integer():
            message = "base points are no whole number, and the plan rounds points"
            remedy = "write a whole number, or scaling.rounding: none"
            yield ("models", index, "base_points"), Fault(message, "expert_bins", found=repr(base), remedy=remedy)
        for name, given in _mapping(model.get("characteristics")).items():
            path: Path = ("models", index, "characteristics", name)
            if name in roles:
                message = f"{name!r} may not be a predictor: it is {roles[name]}"
                yield path, Fault(message, "never_a_predictor", remedy="take it out of the scorecard")
            specials = _mapping(_mapping(_mapping(_mapping(plan.get("data")).get("columns")).get(name)).get("specials"))
            yield from (((*path, *below), fault) for below, fault in _read(given, list(specials), rounded))


def _read(given: Any, specials: list[str], rounded: bool) -> list[tuple[tuple[str | int, ...], Fault]]:
    try:
        spec = ExpertCharacteristicSpec.model_validate(given)
    except ValidationError:
        return []  # told by the specification itself
    return read_bins(spec, specials, rounded=rounded)[1]


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
