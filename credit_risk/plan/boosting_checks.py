"""What must hold between a model of trees and the rest of the plan. Works on plain values, as `checks` does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path

Found = Iterator[tuple[Path, Fault]]


def boosting_faults(plan: Mapping[str, Any], roles: Mapping[str, str]) -> Found:
    """Interaction groups without a name twice or a column that may not be a predictor; ranges that are searched.

    roles: columns that may never be predictors, with why.
    """
    models = plan.get("models")
    for index, model in enumerate(models if isinstance(models, list | tuple) else ()):
        if isinstance(model, Mapping) and model.get("type") == "monotone_boosting":
            yield from _interactions(model, ("models", index, "interactions"), roles)
            yield from _leaves(model, ("models", index, "search", "leaves"))


def _interactions(model: Mapping[str, Any], path: Path, roles: Mapping[str, str]) -> Found:
    groups = model.get("interactions")
    for place, group in enumerate(groups if isinstance(groups, list | tuple) else ()):
        names = [name for name in group if isinstance(name, str)] if isinstance(group, list | tuple) else []
        for position, name in enumerate(names):
            where: Path = (*path, place, position)
            if name in roles:
                message = f"{name!r} may not be a predictor: it is {roles[name]}"
                yield where, Fault(message, code="never_a_predictor", remedy="take it out of the group")
            if name in names[:position]:
                yield where, Fault(f"{name!r} stands twice", code="duplicate_name", remedy="name it once")


def _leaves(model: Mapping[str, Any], path: Path) -> Found:
    search = model.get("search")
    if isinstance(search, Mapping) and search.get("leaves") is not None and model.get("leaves") is None:
        message = "leaves are searched, and the model does not limit them"
        yield path, Fault(message, code="search", remedy="write leaves for the model, or leave search.leaves out")
