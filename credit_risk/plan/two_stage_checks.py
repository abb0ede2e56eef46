"""What must hold between a second stage and the rest of the plan. Works on plain values, as `checks` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path

Found = Iterator[tuple[Path, Fault]]
STAGES = ("scorecard", "monotone_boosting")


def two_stage_faults(plan: Mapping[str, Any], roles: Mapping[str, str]) -> Found:
    """Faults of the offsets of candidates: a first stage that is none, or a column that cannot be one.

    roles: columns that may never be predictors, with why.
    """
    models = _listed(plan)
    for index, model in enumerate(models):
        for key, check in (("model", _model), ("column", _column)):
            name = offset_of(model).get(key)
            if isinstance(name, str):
                path: Path = ("models", index, "offset", key)
                yield from ((path, fault) for fault in check(plan, models, index, name, roles))
    yield from _maximum(plan, models)


def offset_of(model: Any) -> Mapping[str, Any]:
    """What a candidate says of its first stage; nothing where it has none, or is a glm, whose offset is a column."""
    offset = model.get("offset") if isinstance(model, Mapping) else None
    return offset if isinstance(offset, Mapping) else {}


def offset_columns(plan: Mapping[str, Any]) -> dict[str, str]:
    """Columns that are the first stage of a candidate, each with its key path in words."""
    found: dict[str, str] = {}
    for index, model in enumerate(_listed(plan)):
        if isinstance(name := offset_of(model).get("column"), str):
            found.setdefault(name, f"models[{index}].offset.column")
    return found


def first_stages(plan: Mapping[str, Any], model: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The candidates that a candidate starts from, the nearest first; a chain that closes is cut."""
    by_id = {one["id"]: one for one in _listed(plan) if isinstance(one, Mapping) and isinstance(one.get("id"), str)}
    found: list[Mapping[str, Any]] = []
    name = offset_of(model).get("model")
    while isinstance(name, str) and name in by_id and by_id[name] not in found:
        found.append(by_id[name])
        name = offset_of(by_id[name]).get("model")
    return found


def _listed(plan: Mapping[str, Any]) -> list[Any]:
    models = plan.get("models")
    return list(models) if isinstance(models, list | tuple) else []


def _model(
    plan: Mapping[str, Any], models: list[Any], index: int, name: str, roles: Mapping[str, str]
) -> Iterator[Fault]:
    places = [k for k, one in enumerate(models) if isinstance(one, Mapping) and one.get("id") == name]
    earlier = [str(one["id"]) for one in models[:index] if isinstance(one, Mapping) and one.get("type") in STAGES]
    allowed = ", ".join(earlier) or "no candidate stands before this one"
    if not places:
        yield _fault("the plan has no such candidate", "offset", found=name, allowed=allowed)
    elif places[0] == index:
        yield _fault("a candidate is its own first stage", "offset", found=name, allowed=allowed)
    elif places[0] > index:
        message = "the first stage stands after the second"
        yield _fault(message, "offset", found=name, allowed=allowed, remedy="write it before this candidate")
    elif models[places[0]].get("type") not in (None, *STAGES):
        kind = models[places[0]]["type"]
        message = f"a candidate of type {kind} is no first stage: only a scorecard or monotone boosting is"
        yield _fault(message, "offset", found=name, allowed=allowed)


def _column(
    plan: Mapping[str, Any], models: list[Any], index: int, name: str, roles: Mapping[str, str]
) -> Iterator[Fault]:
    if name in roles:
        message = f"{name!r} may not be an offset: it is {roles[name]}"
        yield _fault(message, "never_a_predictor", remedy="name another column")
        return
    if name in _mapping(plan.get("derive")):
        message, remedy = f"{name!r} is a derived characteristic", "name a column of the source"
        yield _fault(message, "offset", remedy=remedy)
        return
    column = _mapping(_mapping(_mapping(plan.get("data")).get("columns")).get(name))
    kind = column.get("type")
    if kind in ("categorical", "date") or column.get("order") is not None:
        message = f"{name!r} is {kind or 'categorical'}, and an offset is a number"
        yield _fault(message, "offset", remedy="name a numeric column")
    if column.get("missing") is not False:
        message = f"{name!r} may be missing by the contract, and a row without its offset has no score"
        remedy = f"write data.columns.{name}.missing: false, and fill it or exclude such rows"
        yield _fault(message, "offset", found="missing: true", allowed="missing: false", remedy=remedy)
    if _mapping(column.get("specials")):
        message = f"{name!r} has special codes, which are no log-odds and no points"
        yield _fault(message, "offset", remedy="fill the column in the source, or exclude such rows")
    for place, model in enumerate(models):
        named = model.get("characteristics") if isinstance(model, Mapping) else None
        if isinstance(named, list | tuple) and name in named:
            message = f"{name!r} is also among the characteristics of models[{place}]"
            yield _fault(message, "offset", remedy="a column is an offset or a predictor")


def _maximum(plan: Mapping[str, Any], models: list[Any]) -> Found:
    """Reasons by the most points need points in every stage of the champion."""
    if _mapping(plan.get("reason_codes")).get("reference") != "maximum":
        return
    for model in models:
        if isinstance(model, Mapping) and model.get("champion") is True:
            for first in first_stages(plan, model):
                if first.get("type") == "monotone_boosting":
                    message = (
                        "the first stage of the champion is of trees, which have no most points of a characteristic"
                    )
                    allowed = "mean_development, above_cut_off or baseline"
                    fault = _fault(message, "reference", found="maximum", allowed=allowed)
                    yield ("reason_codes", "reference"), fault


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _fault(
    message: str, code: str, *, found: str | None = None, allowed: str | None = None, remedy: str | None = None
) -> Fault:
    return Fault(message, code=code, found=found, allowed=allowed, remedy=remedy)
