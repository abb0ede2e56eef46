"""One item of evidence as the package stores it (SPECIFICATION section 7), read only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Cell = str | int | float | bool | None
LONGEST_NAME = 180
ABSENT_KINDS = ("not_applicable", "not_provided")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: name, title, type (number, integer, string, boolean) and unit, or None."""

    name: str
    title: str
    type: str
    unit: str | None

    @property
    def numeric(self) -> bool:
        """Whether the cells are numbers."""
        return self.type in ("number", "integer")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Evidence with where it lies in the package; `raw` is the JSON object."""

    id: str
    kind: str
    title: str
    file: str
    sha256: str
    raw: dict[str, Any]

    @property
    def is_absent(self) -> bool:
        """Whether the package says that this does not apply or was not provided."""
        return self.kind in ABSENT_KINDS

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns of a table or figure; none for other kinds."""
        return tuple(Column(c["name"], c["title"], c["type"], c["unit"]) for c in self.raw.get("columns", ()))

    @property
    def rows(self) -> list[list[Cell]]:
        """Rows of a table or figure, unrounded; none for other kinds."""
        return list(self.raw.get("rows", ()))

    @property
    def reason(self) -> str:
        """Why the evidence is absent."""
        return str(self.raw.get("reason", ""))

    def position(self, column: str) -> int | None:
        """Position of a column by name, or None."""
        return next((i for i, c in enumerate(self.columns) if c.name == column), None)

    def matching(self, where: Sequence[tuple[str, str, bool]]) -> list[list[Cell]]:
        """The rows that keep all filters (column, text, negated): the cell, as text, equals the text, negated does not.

        Unknown columns match nothing.
        """
        places = [(self.position(name), text, negated) for name, text, negated in where]
        if any(place is None for place, _, _ in places):
            return []
        return [
            row for row in self.rows if all((as_text(row[p or 0]) == text) != negated for p, text, negated in places)
        ]


def as_text(cell: Cell) -> str:
    """A cell as the templates' row filters write it: `true`, `false`, empty for missing, shortest numbers."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)


def file_name(identifier: str) -> str:
    """File name of an evidence id: percent-encoded outside `[A-Za-z0-9._-]`; long ones are cut and hashed."""
    text = quote(identifier, safe="").replace("~", "%7E")
    if len(text) > LONGEST_NAME:
        text = f"{text[:150]}~{hashlib.sha256(identifier.encode('utf-8')).hexdigest()[:16]}"
    return text + ".json"
