"""A plan as a notebook shows it: one line a section, and a table of the columns."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import pandas as pd

from credit_risk._core.html_table import html_table

_AUTHORED = {"text", "author", "date"}


def plan_html(plan: Mapping[str, Any]) -> str:
    """A plan with all defaults, as `Plan.as_dict` has it: every setting is shown, descriptions of columns folded."""
    model, columns = plan["model"], plan["data"]["columns"]
    sections = {**plan, "data": {key: value for key, value in plan["data"].items() if key != "columns"}}
    rows = "".join(
        f"<tr><th style='text-align:left;vertical-align:top'>{escape(key)}</th>"
        f"<td style='text-align:left'>{_section(value)}</td></tr>"
        for key, value in sections.items()
    )
    style = "caption-side:top;text-align:left;font-weight:bold"
    caption = f"Plan of {escape(str(model['name']))}, version {escape(model['version'])}"
    shown = f"<table><caption style='{style}'>{caption}</caption><tbody>{rows}</tbody></table>"
    return shown + (_columns(columns) if columns else "")


def _columns(columns: Mapping[str, Mapping[str, Any]]) -> str:
    records = [{"column": name} | {key: _value(item) for key, item in spec.items()} for name, spec in columns.items()]
    table = html_table(pd.DataFrame(records), max_rows=len(records))
    return f"<details><summary>data.columns: {len(columns)} described</summary>{table}</details>"


def _section(value: Any) -> str:
    """Settings of a section joined on one line; texts, and entries of lists, on lines of their own."""
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "<br>".join(_section(item) for item in value)
    if not isinstance(value, dict) or not value:
        return escape(_value(value))
    if set(value) == _AUTHORED:
        return escape(_authored(value))
    short = [f"{k}: {_value(v)}" for k, v in value.items() if not _is_long(v)]
    long = [f"<i>{escape(k)}</i>: {_section(v)}" for k, v in value.items() if _is_long(v)]
    return "<br>".join([*([escape(" · ".join(short))] if short else []), *long])


def _is_long(value: Any) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(isinstance(item, dict) and item for item in items)


def _authored(value: Mapping[str, Any]) -> str:
    return f"{value['text']} ({value['author']}, {value['date']})"


def _value(value: Any) -> str:
    if value is None:
        return "not declared"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, dict)) and not value:
        return "none"
    if isinstance(value, list):
        return ", ".join("open" if item is None else _value(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_value(item)}" for key, item in value.items())
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
