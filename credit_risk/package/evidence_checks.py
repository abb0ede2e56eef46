"""What evidence.schema.json cannot say: id and columns are those of the catalogue, cells have their types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.evidence import CatalogueEntry, catalogue
from credit_risk.package.layout import evidence_file

Json = dict[str, Any]
_PYTHON = {"number": (int, float), "integer": (int,), "string": (str,), "boolean": (bool,)}


def evidence_faults(value: Json, file: str) -> list[Fault]:
    """Faults of one item of evidence that keeps its schema: codes `evidence_unknown` and `schema`."""
    faults = []
    if evidence_file(value["id"]) != file.removeprefix("validation/"):
        faults.append(Fault("file is not named by the evidence id", "evidence_unknown", file, "/id", found=value["id"]))
    entry = find_entry(value["id"])
    if entry is None:
        return [
            *faults,
            Fault("id is not in the catalogue", "evidence_unknown", file, "/id", found=value["id"]),
        ]
    if value["kind"] in ("not_applicable", "not_provided"):
        return faults
    if value["kind"] != entry.kind:
        faults.append(
            Fault(f"is a {value['kind']}, the catalogue says {entry.kind}", "evidence_unknown", file, "/kind")
        )
    if "columns" in value:
        faults += _columns(value, entry, file)
        faults += _rows(value, file)
        faults += _chart(value, file)
    return faults


def find_entry(identifier: str) -> CatalogueEntry | None:
    """The catalogue entry that an id belongs to; a pattern's braces stand for any text."""
    entries = catalogue()
    if identifier in entries:
        return entries[identifier]
    return next((entry for pattern, entry in entries.items() if _matches(pattern, identifier)), None)


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile("(?s:.+)".join(map(re.escape, re.split(r"\{\w+\}", pattern))))


def _matches(pattern: str, identifier: str) -> bool:
    return "{" in pattern and _regex(pattern).fullmatch(identifier) is not None


def _columns(value: Json, entry: CatalogueEntry, file: str) -> Iterator[Fault]:
    found = [(column["name"], column["type"], column["unit"]) for column in value["columns"]]
    wanted = [(column["name"], column["type"], column["unit"]) for column in entry.columns]
    if found != wanted:
        message = "columns are not those of the catalogue"
        yield Fault(message, "evidence_unknown", file, "/columns", found=str(found)[:300], allowed=str(wanted)[:300])


def _rows(value: Json, file: str) -> Iterator[Fault]:
    types = [column["type"] for column in value["columns"]]
    for index, row in enumerate(value["rows"]):
        if len(row) != len(types):
            yield Fault(f"row has {len(row)} cells for {len(types)} columns", "schema", file, f"/rows/{index}")
            continue
        for position, (cell, kind) in enumerate(zip(row, types, strict=True)):
            if cell is not None and not _is(cell, kind):
                yield Fault(f"cell is not {kind}", "schema", file, f"/rows/{index}/{position}", found=repr(cell)[:80])


def _is(cell: Any, kind: str) -> bool:
    return isinstance(cell, _PYTHON[kind]) and (kind == "boolean" or not isinstance(cell, bool))


def _chart(value: Json, file: str) -> Iterator[Fault]:
    chart = value.get("chart")
    if chart is None:
        return
    names = {column["name"] for column in value["columns"]}
    used = [chart["x"], *chart["y"], *chart.get("line", [])]
    used += [chart[key] for key in ("series", "panels", "lower", "upper") if chart.get(key) is not None]
    for name in used:
        if name not in names:
            yield Fault("chart names a column that is not there", "schema", file, "/chart", found=name)
