"""The authored texts of a plan that may be edited in a document: where each stands, and what it says now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docs_templates.package import Package

PREFIX = "authored."


@dataclass(frozen=True, slots=True)
class EditableText:
    """One text: `tag` names it in the document, `path` is its place in the plan, `text` is None where it lacks."""

    tag: str
    evidence: str
    path: tuple[str | int, ...]
    text: str | None


def editable_texts(package: Package) -> dict[str, list[EditableText]]:
    """Texts by the id of the evidence that prints them. A list of the plan has one text an item."""
    model = package.plan.get("model", {})
    found: dict[str, list[EditableText]] = {}
    for identifier in package.evidence:
        name = identifier.removeprefix(PREFIX)
        if identifier.startswith(PREFIX) and name in model:
            texts = _of(identifier, name, model[name], package)
            if texts:
                found[identifier] = texts
    return found


def _of(identifier: str, name: str, value: Any, package: Package) -> list[EditableText]:
    if isinstance(value, list):
        items = [item for item in value if isinstance(item, Mapping) and "text" in item]
        return [
            EditableText(f"model.{name}[{place}]", identifier, ("model", name, place), item["text"])
            for place, item in enumerate(items)
        ]
    if isinstance(value, Mapping) and "text" in value:
        return [EditableText(f"model.{name}", identifier, ("model", name), value["text"])]
    absent = value is None and package.evidence[identifier].kind == "not_provided"
    return [EditableText(f"model.{name}", identifier, ("model", name), None)] if absent and name not in PLAIN else []


PLAIN = ("owner", "contact", "tier")
"""Keys of the model that are a word or a name, not a text with author and date."""
