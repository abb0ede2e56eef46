"""The text that stands for a figure where it cannot be seen, written from its data."""

from __future__ import annotations

import math
from collections.abc import Iterable

from docs_templates.document import Spans, plain
from docs_templates.evidence import Column, Evidence
from docs_templates.formatting import formatter
from docs_templates.language import say
from docs_templates.render.chart_data import ChartData, Series, chart_data

MOST_TOLD = 12


def text(evidence: Evidence, number: str, caption: Spans) -> str:
    """Kind, title, axes with their ranges, and for each series its range and where it begins and ends."""
    data = chart_data(evidence)
    parts = [say("alternative.begin", kind=say(f"alternative.kind_{data.type}"), number=number, caption=plain(caption))]
    if data.is_empty:
        return f"{parts[0]} {say('alternative.empty')}"
    parts.append(_horizontal(data))
    parts.append(_vertical(data.y_title, data.y_unit, data.series))
    if data.lines:
        parts.append(say("alternative.second_axis", range=_range(data.line_title, data.line_unit, data.lines)))
    if data.panels:
        parts.append(
            say("alternative.panels", number=len(data.panels), names=_listed(panel.name for panel in data.panels))
        )
    parts += _each(data)
    if data.has_bounds:
        parts.append(say("alternative.intervals"))
    if data.reference:
        parts.append(say(f"alternative.reference_{data.reference}"))
    return " ".join(part for part in parts if part)


def _horizontal(data: ChartData) -> str:
    if data.categories is not None:
        return say(
            "alternative.categories", title=data.x_title, number=len(data.categories), names=_listed(data.categories)
        )
    found = [x for series in data.series for x in series.x if isinstance(x, float)]
    return say("alternative.horizontal", range=data.x_title + _from_to(found, data.x_unit))


def _vertical(title: str, unit: str | None, series: tuple[Series, ...]) -> str:
    return say("alternative.vertical", range=_range(title, unit, series))


def _range(title: str, unit: str | None, series: Iterable[Series]) -> str:
    return title + _from_to([y for one in series for y in one.y if y is not None], unit)


def _from_to(values: list[float], unit: str | None) -> str:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return ""
    write = formatter(Column("value", "value", "number", unit), finite)
    return say("alternative.from_to", low=write(min(finite)), high=write(max(finite)))


def _each(data: ChartData) -> list[str]:
    """What each series does; panels and single series are told by the axes."""
    if data.panels or len(data.series) + len(data.lines) < 2:
        return []
    told = [(s, data.y_unit) for s in data.series] + [(s, data.line_unit) for s in data.lines]
    parts = [f"{s.name}{_from_to([y for y in s.y if y is not None], unit)}" for s, unit in told[:MOST_TOLD]]
    more = say("alternative.more", number=len(told) - MOST_TOLD) if len(told) > MOST_TOLD else ""
    return [say("alternative.series", number=len(told), names="; ".join(parts) + more)]


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    if len(shown) <= MOST_TOLD:
        return ", ".join(shown)
    return say(
        "alternative.listed", names=", ".join(shown[: MOST_TOLD - 1]), number=len(shown) - MOST_TOLD + 1, last=shown[-1]
    )
