"""The data dictionary: the contract of the plan, a row for each column of the source."""

from __future__ import annotations

import csv
import io
from typing import Any

from docs_templates.formatting import truth
from docs_templates.language import say
from docs_templates.package import Package

COLUMNS = (
    "column", "description", "type", "missing", "range", "allowed", "special_codes", "date_format", "expected_trend",
    "personal", "disclosable", "read",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def titles() -> tuple[str, ...]:
    """Titles of the dictionary's columns."""
    return tuple(say(f"dictionary.{name}") for name in COLUMNS)


def dictionary_rows(package: Package) -> list[tuple[str, ...]]:
    """Cells of the dictionary as text, in order of name; `Read by the model` says whether model.json has the input."""
    columns: dict[str, Any] = (package.plan.get("data") or {}).get("columns") or {}
    inputs = {one.get("name") for one in package.model.get("inputs", []) if isinstance(one, dict)}
    return [_row(name, about or {}, inputs) for name, about in sorted(columns.items())]


def _row(name: str, about: dict[str, Any], inputs: set[Any]) -> tuple[str, ...]:
    codes = about.get("specials") or {}
    told = [f"{code}: {what}" for code, what in codes.items()] if isinstance(codes, dict) else [_text(codes)]
    return (
        name,
        _text(about.get("description")),
        _text(about.get("type")),
        _text(about.get("missing")),
        _text(about.get("range")),
        _text(about.get("allowed")),
        "; ".join(told),
        _text(about.get("date_format")),
        _text(about.get("expected_trend")),
        _text(about.get("personal")),
        _text(about.get("disclosable")),
        truth(name in inputs),
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return truth(value)
    if isinstance(value, list):
        return ", ".join(_text(one) or "–" for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_text(one)}" for key, one in value.items() if one is not None)
    return str(value)


def dictionary_csv(rows: list[tuple[str, ...]]) -> bytes:
    """The dictionary as CSV (UTF-8, one head). A cell that a spreadsheet would take for a formula has an apostrophe."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(titles())
    writer.writerows([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in row] for row in rows)
    return buffer.getvalue().encode("utf-8")
