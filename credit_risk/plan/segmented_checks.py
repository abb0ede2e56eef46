"""What must hold between a scorecard of segments and the rest of the plan. Works on plain values, as `checks` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path

Found = Iterator[tuple[Path, Fault]]
TYPE = "segmented_scorecard"


def segmented_faults(plan: Mapping[str, Any], roles: Mapping[str, str]) -> Found:
    """The one scorecard to hold it against, ids that its segments use, variables that may be predictors.

    roles: columns that may never be predictors, with why.
    """
    models = plan.get("models")
    listed = models if isinstance(models, list | tuple) else ()
    for index, model in enumerate(listed):
        if isinstance(model, Mapping) and model.get("type") == TYPE:
            yield from _against(listed, index, model)
            yield from _ids(listed, model)
            yield from _variables(model, ("models", index, "segments"), roles)


def _against(models: Any, index: int, model: Mapping[str, Any]) -> Found:
    before = [m.get("id") for m in models[:index] if isinstance(m, Mapping) and m.get("type") == "scorecard"]
    named = model.get("against")
    path: Path = ("models", index, "against")
    if not before:
        message = "no scorecard stands before it, so nothing tells whether segments pay"
        yield path, Fault(message, "against", remedy="name a candidate of type scorecard before it")
    elif isinstance(named, str) and named not in before:
        message = f"{named!r} is no scorecard that stands before it"
        yield path, Fault(message, "against", allowed=", ".join(map(str, before)))


def _ids(models: Any, model: Mapping[str, Any]) -> Found:
    beginning = f"{model.get('id')}.segment_"
    for index, other in enumerate(models):
        name = other.get("id") if isinstance(other, Mapping) else None
        if isinstance(name, str) and name.startswith(beginning):
            message = f"ids that begin with {beginning!r} are those of the scorecards of its segments"
            yield ("models", index, "id"), Fault(message, "duplicate_id", found=name, remedy="rename one")


def _variables(model: Mapping[str, Any], path: Path, roles: Mapping[str, str]) -> Found:
    segments = model.get("segments")
    if not isinstance(segments, Mapping):
        return
    search = segments.get("search")
    named = search.get("variables") if isinstance(search, Mapping) else None
    places: list[tuple[Path, Any]] = [((*path, "column"), segments.get("column"))]
    listed = named if isinstance(named, list | tuple) else ()
    places += [((*path, "search", "variables", k), name) for k, name in enumerate(listed)]
    for where, name in places:
        if isinstance(name, str) and name in roles:
            message = f"{name!r} may not divide applicants: it is {roles[name]}"
            yield where, Fault(message, code="never_a_predictor", remedy="name another column")
        if isinstance(name, str) and listed and list(listed).count(name) > 1 and where[-1] == list(listed).index(name):
            yield where, Fault(f"{name!r} stands twice", code="duplicate_name", remedy="name it once")
