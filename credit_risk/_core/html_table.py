"""A frame as a neat HTML table: catalogue titles, values formatted by unit, text escaped. The frame is not changed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
import pandas as pd

from credit_risk._core.evidence import catalogue

MISSING = "–"
_ONE_LINE = 24
_DECIMALS = {"auc": 4, "woe": 4, "coefficient": 4, "correlation": 3, "ratio": 3}


def html_table(
    frame: pd.DataFrame,
    *,
    units: Mapping[str, str | None] | None = None,
    titles: Mapping[str, str] | None = None,
    caption: str | None = None,
    max_rows: int = 60,
) -> str:
    """`frame` as an HTML table, without its index.

    units: {column: unit of the evidence catalogue}, titles: {column: heading}; for columns not named there, those
    of the catalogue's entry with exactly these columns, else of its columns of that name where all agree.
    Rows beyond `max_rows` are not shown, and their number is told. All text is escaped.
    """
    known = _catalogue_columns(tuple(str(column) for column in frame.columns))
    unit_of = {name: unit for name, (_, unit) in known.items()} | dict(units or {})
    title_of = {name: title for name, (title, _) in known.items() if title} | dict(titles or {})
    columns = list(frame.columns)
    right = {column: _is_numeric(frame[column]) for column in columns}
    heads = "".join(
        f'<th style="text-align:{_side(right[c])}">{escape(str(title_of.get(str(c), _words(c))))}</th>' for c in columns
    )
    body = []
    for values in frame.head(max_rows).itertuples(index=False, name=None):
        cells = (_cell(format_value(v, unit_of.get(str(c))), right[c]) for c, v in zip(columns, values, strict=True))
        body.append(f"<tr>{''.join(cells)}</tr>")
    left_out = len(frame) - min(len(frame), max_rows)
    if left_out:
        body.append(f'<tr><td colspan="{len(columns)}">{left_out:,} more rows are not shown</td></tr>')
    style = "caption-side:top;text-align:left;font-weight:bold"
    title = f'<caption style="{style}">{escape(caption)}</caption>' if caption else ""
    table = f"{title}<thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody>"
    whole = f'<table class="dataframe" style="font-variant-numeric:tabular-nums">{table}</table>'
    return f'<div style="overflow-x:auto">{whole}</div>'


def format_value(value: Any, unit: str | None = None) -> str:
    """One value as text, by its unit: share as percent, count with separators, p-value not below 0.0001, and so on."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if not isinstance(value, (int, float, np.integer, np.floating)):
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        return "∞" if number > 0 else "-∞"
    if unit == "share":
        return f"{100.0 * number:.2f} %"
    if unit == "count":
        return f"{number:,.0f}" if number.is_integer() else f"{number:,.1f}"
    if unit == "p_value":
        return "< 0.0001" if number < 0.0001 else f"{number:.4f}"
    if unit == "points":
        return f"{number:.0f}" if number.is_integer() else f"{number:.2f}"
    if unit in _DECIMALS:
        return f"{number:.{_DECIMALS[unit]}f}"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    return _significant(number)


def _significant(number: float) -> str:
    if number.is_integer() and abs(number) < 1e15:
        return f"{number:.0f}"
    if 1e-4 <= abs(number) < 1e6:
        decimals = max(0, 4 - max(0, math.floor(math.log10(abs(number)))))
        return f"{number:.{decimals}f}"
    return f"{number:.4g}"


def _catalogue_columns(names: tuple[str, ...]) -> dict[str, tuple[str | None, str | None]]:
    """{column: (title, unit)} of the entry with these columns, else what all columns of that name agree on."""
    entries = [entry.columns for entry in catalogue().values()]
    exact = [columns for columns in entries if tuple(column["name"] for column in columns) == names]
    found: dict[str, tuple[str | None, str | None]] = {}
    for name in names:
        same = [column for columns in exact or entries for column in columns if column["name"] == name]
        title, unit = {column["title"] for column in same}, {column["unit"] for column in same}
        found[name] = (title.pop() if len(title) == 1 else None, unit.pop() if len(unit) == 1 else None)
    return found


def _is_numeric(column: pd.Series) -> bool:
    values = [v for v in column if not (v is None or v is pd.NA or (isinstance(v, float) and math.isnan(v)))]
    number = (int, float, np.integer, np.floating)
    return bool(values) and all(isinstance(v, number) and not isinstance(v, bool) for v in values)


def _cell(text: str, right: bool) -> str:
    """Numbers and short texts stay on one line."""
    wrap = "" if len(text) > _ONE_LINE else ";white-space:nowrap"
    return f'<td style="text-align:{_side(right)}{wrap}">{escape(text)}</td>'


def _side(right: bool) -> str:
    return "right" if right else "left"


def _words(name: object) -> str:
    text = str(name)
    words = text.replace("_", " ")
    return words[:1].upper() + words[1:] if text.islower() else text
