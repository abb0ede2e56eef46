"""A package in the language of its documents: titles, columns, notes and reasons of its evidence, where it has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from docs_templates.evidence import Evidence
from docs_templates.language import Language, current
from docs_templates.package import Package


def spoken(package: Package) -> Package:
    """The package as documents of the present language print it.

    In English it is the package as it is. What people wrote (statements, labels, names) stays in every language.
    """
    language = current()
    if language.is_english:
        return package
    return replace(package, evidence={name: _item(item, language) for name, item in package.evidence.items()})


def _item(item: Evidence, language: Language) -> Evidence:
    title = language.title(item.id, item.title)
    raw: dict[str, Any] = {**item.raw, "title": title}
    if "notes" in raw:
        raw["notes"] = [language.told(note) for note in raw["notes"]]
    if "reason" in raw:
        raw["reason"] = language.told(str(raw["reason"]))
    if "columns" in raw:
        raw["columns"] = [
            {**column, "title": language.column(item.id, column["name"], column["title"])} for column in raw["columns"]
        ]
    if "chart" in raw:
        titles = ("x_title", "y_title", "line_title")
        chart = raw["chart"]
        raw["chart"] = {k: language.told(v) if k in titles else v for k, v in chart.items()}
    return replace(item, title=title, raw=raw)
