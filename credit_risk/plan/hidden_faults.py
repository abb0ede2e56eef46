"""Faults between the keys of one part of a plan that pydantic tells only once every key of the part is right.

The part is validated again without what is at fault. What is told then is held back where it may come of what was left
out: where it names a key that was, or one that an unknown key may stand for; where a key is missing; or where the key
at fault chooses what the others mean.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from pydantic import ValidationError

from credit_risk._core.errors import Fault
from credit_risk._core.spec import Spec
from credit_risk._core.spec_faults import fault_at, resolve, spec_at
from credit_risk._core.yaml_document import Document, Path

CHOICES = frozenset({"missing", "literal_error", "union_tag_invalid", "union_tag_not_found"})


def hidden_faults(error: ValidationError, document: Document, root: type[Spec], skip: str) -> list[Fault]:
    """Faults of whole mappings that have faulty keys inside; `skip` is an error type told elsewhere."""
    items = [item for item in error.errors(include_url=False) if item["type"] != skip]
    paths = [(resolve(item["loc"], document.value, item["type"]), str(item["type"])) for item in items]
    value = copy.deepcopy(document.value)
    removed = [remove(value, path) for path in sorted({path for path, _ in paths}, key=len, reverse=True) if path]
    open_parts = [path for path, kind in paths if kind in CHOICES]
    removed += [name for path, kind in paths if kind == "extra_forbidden" for name in _absent(path, document, root)]
    try:
        root.model_validate(value)
    except ValidationError as again:
        found: dict[Path, list[Any]] = {}
        for item in again.errors(include_url=False):
            path = resolve(item["loc"], value, item["type"])
            if item["type"] not in (skip, "missing") and _stands(path, str(item["msg"]), removed, open_parts):
                found.setdefault(path, []).append(item)
        return [fault_at(path, found[path], document, root) for path in found]
    return []


def _absent(path: Path, document: Document, root: type[Spec]) -> list[Path]:
    """Keys that an unknown key at `path` may have been meant to be: those that its mapping does not have."""
    spec, mapping = spec_at(root, path[:-1], document.value), document.value
    for part in path[:-1]:
        mapping = mapping[part]  # type: ignore[index]
    return [] if spec is None else [(*path[:-1], name) for name in spec.model_fields if name not in mapping]


def _stands(path: Path, message: str, removed: list[Path], open_parts: list[Path]) -> bool:
    inside = [other[len(path) :] for other in removed if other[: len(path)] == path and other != path]
    if not inside or any(other[: len(path)] == path for other in open_parts):
        return False
    names = {str(part) for rest in inside for part in rest}
    return not any(re.search(rf"\b{re.escape(name)}\b", message) for name in names)


def remove(value: Any, path: Path) -> Path:
    """Take `path` out of the mapping, an item of a list with the whole list; returns the path that was taken out."""
    for index, part in enumerate(path):
        if index == len(path) - 1 or isinstance(value.get(part), list):
            value.pop(part, None)
            return path[: index + 1]
        if not isinstance(value.get(part), dict):
            return path[: index + 1]
        value = value[part]
    return path
