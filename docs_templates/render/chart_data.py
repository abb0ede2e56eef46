"""The data of a figure, series by series, from its evidence and its chart description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from docs_templates import formatting
from docs_templates.evidence import Cell, Column, Evidence

CATEGORICAL = ("bar", "grouped_bar", "stacked_bar", "bar_line", "heatmap")


@dataclass(frozen=True, slots=True)
class Series:
    """One line, colour or layer. x: numbers or texts; y, lower, upper: numbers or None; all of one length."""

    name: str
    x: tuple[float | str | None, ...]
    y: tuple[float | None, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class ChartData:
    """A figure ready to draw. `lines` are on the second axis; `categories` is None for a numeric x axis."""

    type: str
    series: tuple[Series, ...]
    lines: tuple[Series, ...]
    categories: tuple[str, ...] | None
    x_title: str
    y_title: str
    line_title: str
    x_unit: str | None
    y_unit: str | None
    line_unit: str | None
    reference: str | None
    has_bounds: bool

    def values(self, series: tuple[Series, ...]) -> list[float]:
        """All finite numbers on the vertical axis, bounds included."""
        return [v for s in series for part in (s.y, s.lower, s.upper) for v in part if v is not None]


def chart_data(evidence: Evidence) -> ChartData:
    """Read the chart of a figure."""
    chart = evidence.raw["chart"]
    columns = {c.name: (i, c) for i, c in enumerate(evidence.columns)}
    x_column = columns[chart["x"]][1]
    categorical = chart["type"] in CATEGORICAL or not x_column.numeric
    series = _series(evidence, chart, chart["y"], columns, categorical, chart["type"] != "bar_line")
    lines = _series(evidence, chart, chart.get("line", []), columns, categorical, True)
    names = None
    if categorical:
        names = tuple(dict.fromkeys(str(x) for s in (*series, *lines) for x in s.x))
    y_columns = [columns[name][1] for name in chart["y"]]
    line_columns = [columns[name][1] for name in chart.get("line", [])]
    return ChartData(
        type=chart["type"],
        series=series,
        lines=lines,
        categories=names,
        x_title=chart.get("x_title", x_column.title),
        y_title=chart.get("y_title", ", ".join(c.title for c in y_columns)),
        line_title=chart.get("line_title", ", ".join(c.title for c in line_columns)),
        x_unit=x_column.unit,
        y_unit=y_columns[0].unit,
        line_unit=line_columns[0].unit if line_columns else None,
        reference=chart.get("reference"),
        has_bounds=chart.get("lower") is not None and chart.get("upper") is not None,
    )


def _series(
    evidence: Evidence,
    chart: dict[str, Any],
    y_names: list[str],
    columns: dict[str, tuple[int, Column]],
    categorical: bool,
    bounded: bool,
) -> tuple[Series, ...]:
    place, about = columns[chart["x"]]
    split = columns[chart["series"]] if chart.get("series") else None
    words = formatting.formatter(split[1], []) if split else None
    groups: dict[str | None, list[list[Cell]]] = {}
    for row in evidence.rows:
        groups.setdefault(words(row[split[0]]) if split and words else None, []).append(row)
    write = formatting.formatter(about, [row[place] for row in evidence.rows])
    found = []
    for group, rows in (groups or {None: []}).items():
        xs = tuple(write(row[place]) if categorical else _number(row[place]) for row in rows)
        lower, upper = (_bound(chart, key, rows, columns, bounded) for key in ("lower", "upper"))
        for name in y_names:
            position, column = columns[name]
            ys = tuple(_number(row[position]) for row in rows)
            label = group if group is not None and len(y_names) == 1 else column.title
            if group is not None and len(y_names) > 1:
                label = f"{group}: {column.title}"
            found.append(Series(str(label), xs, ys, lower, upper))
    return tuple(found)


def _bound(
    chart: dict[str, Any], key: str, rows: list[list[Cell]], columns: dict[str, tuple[int, Column]], bounded: bool
) -> tuple[float | None, ...]:
    name = chart.get(key)
    if name is None or not bounded:
        return tuple(None for _ in rows)
    return tuple(_number(row[columns[name][0]]) for row in rows)


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else None
