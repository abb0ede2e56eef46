"""Evidence: one table, figure or statement, as the package stores it (SPECIFICATION section 7)."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

Cell = str | int | float | bool | None
FORMAT_VERSION = "0.1"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One item of evidence; `content` holds the fields that belong to its `kind`."""

    id: str
    kind: str
    title: str
    producer: str
    inputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    content: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The JSON object of evidence.schema.json."""
        head = {"format": "credit-risk-evidence", "format_version": FORMAT_VERSION}
        body = {"id": self.id, "kind": self.kind, "title": self.title, "producer": self.producer}
        return {**head, **body, "inputs": list(self.inputs), "notes": list(self.notes), **self.content}

    def frame(self) -> pd.DataFrame:
        """The rows of a table or figure as a frame, columns in order."""
        names = [column["name"] for column in self.content["columns"]]
        return pd.DataFrame(self.content["rows"], columns=names)


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What the catalogue says of an evidence id; `parameter` is the part of a pattern in braces, if any."""

    pattern: str
    title: str
    kind: str
    producer: str
    columns: tuple[dict[str, Any], ...]
    parameter: str | None


@cache
def catalogue() -> dict[str, CatalogueEntry]:
    """The evidence catalogue by id pattern."""
    text = (files("credit_risk") / "package" / "schemas" / "evidence_catalogue.json").read_text("utf-8")
    entries = {}
    for raw in json.loads(text)["entries"]:
        match = re.search(r"\{(\w+)\}", raw["id"])
        entries[raw["id"]] = CatalogueEntry(
            raw["id"],
            raw["title"],
            raw["kind"],
            raw["producer"],
            tuple(raw["columns"]),
            match and match.group(1),
        )
    return entries


def table(
    pattern: str,
    rows: pd.DataFrame,
    *,
    parameter: str | None = None,
    inputs: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    chart: dict[str, Any] | None = None,
) -> Evidence:
    """Make the evidence `pattern` from a frame whose columns are the catalogue's.

    `parameter` fills the braces of a pattern; `chart` is given for a figure and only for one; notes in
    `rows.attrs["notes"]` are kept. Raises ValueError where columns, kind or types
    are not those of the catalogue: a programming error, never the user's.
    """
    entry = catalogue()[pattern]
    names = [column["name"] for column in entry.columns]
    if list(rows.columns) != names:
        raise ValueError(f"{pattern}: columns {list(rows.columns)} are not the catalogue's {names}")
    if (entry.kind == "figure") != (chart is not None):
        raise ValueError(f"{pattern}: a chart belongs to a figure and to nothing else")
    kinds = {column["name"]: column["type"] for column in entry.columns}
    lists = [[_cell(value, kinds[name], pattern) for value in rows[name].tolist()] for name in names]
    content: dict[str, Any] = {
        "columns": list(entry.columns),
        "rows": [list(row) for row in zip(*lists, strict=True)],
    }
    if chart is not None:
        content["chart"] = chart
    return _make(entry, entry.kind, parameter, inputs, (*notes, *rows.attrs.get("notes", ())), content)


def key_values(pattern: str, items: dict[str, Cell], **options: Any) -> Evidence:
    """Make a two-column table `item`, `value`; values are written as text where the catalogue says so."""
    entry = catalogue()[pattern]
    textual = entry.columns[1]["type"] == "string"
    values = [None if v is None else (str(v) if textual else v) for v in items.values()]
    rows = pd.DataFrame({"item": list(items), "value": pd.Series(values, dtype=object)})
    return table(pattern, rows, **options)


def statement(pattern: str, text: str, *, author: str | None = None, date: str | None = None) -> Evidence:
    """A text, authored in the plan or generated, with who wrote it and when."""
    return _make(catalogue()[pattern], "statement", None, (), (), {"text": text, "author": author, "date": date})


def absent(pattern: str, kind: str, reason: str, *, parameter: str | None = None) -> Evidence:
    """`kind` is `not_applicable` (with its reason) or `not_provided` (an authored text that the plan lacks)."""
    return _make(catalogue()[pattern], kind, parameter, (), (), {"reason": reason})


def _make(
    entry: CatalogueEntry,
    kind: str,
    parameter: str | None,
    inputs: tuple[str, ...],
    notes: tuple[str, ...],
    content: dict[str, Any],
) -> Evidence:
    if (entry.parameter is None) != (parameter is None):
        raise ValueError(f"{entry.pattern}: parameter {entry.parameter!r} must be given if and only if the id has one")
    brace = f"{{{entry.parameter}}}"
    identifier = entry.pattern if parameter is None else entry.pattern.replace(brace, parameter)
    title = entry.title if parameter is None else entry.title.replace(brace, parameter)
    return Evidence(identifier, kind, title, entry.producer, tuple(inputs), tuple(notes), content)


def _cell(value: Any, kind: str, where: str) -> Cell:
    """One cell as JSON holds it; missing (None, NaN, NA) is None."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if kind == "integer" and float(value).is_integer():
        return int(value)
    if kind == "number" and not isinstance(value, (str, bool)):
        number = float(value)
        if math.isinf(number):
            raise ValueError(f"{where}: infinite value")
        return number
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "string" and isinstance(value, str):
        return value
    raise ValueError(f"{where}: {value!r} is not {kind}")
