"""The data of a figure, series by series, from its evidence and its chart description."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from docs_templates import formatting
from docs_templates.evidence import Cell, Column, Evidence

CATEGORICAL = ("bar", "grouped_bar", "stacked_bar", "bar_line", "heatmap")


@dataclass(frozen=True, slots=True)
class Series:
    """One line, colour or layer. x: numbers or texts; y, lower, upper: numbers or None; all of one length.

    count: how many each value is made of, empty where the chart does not say; for heat maps.
    """

    name: str
    x: tuple[float | str | None, ...]
    y: tuple[float | None, ...]
    lower: tuple[float | None, ...]
    upper: tuple[float | None, ...]
    count: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One of several small plots on the same axes: its name and what it shows."""

    name: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class ChartData:
    """A figure ready to draw. `lines` are on the second axis; `categories` is None for a numeric x axis.

    panels: the small plots of a figure that is divided by a column, whose series are then those of all panels;
    left_out: how many categories no panel has a value in, which are not drawn; series_title: of what the series are;
    few: a value of a heat map that is made of fewer has no shade; own_scales: each panel has its own vertical scale.
    """

    type: str
    series: tuple[Series, ...]
    lines: tuple[Series, ...]
    panels: tuple[Panel, ...]
    categories: tuple[str, ...] | None
    left_out: int
    x_title: str
    y_title: str
    line_title: str
    x_unit: str | None
    y_unit: str | None
    line_unit: str | None
    reference: str | None
    has_bounds: bool
    series_title: str = ""
    few: float | None = None
    own_scales: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is no value to draw."""
        return not any(y is not None for s in (*self.series, *self.lines) for y in s.y)

    @property
    def is_paired(self) -> bool:
        """Whether bars and lines of several series are drawn in two plots, one above the other."""
        return self.type == "bar_line" and len(self.series) > 1 and len(self.series) == len(self.lines)

    def values(self, series: tuple[Series, ...]) -> list[float]:
        """All finite numbers on the vertical axis, bounds included."""
        return [v for s in series for part in (s.y, s.lower, s.upper) for v in part if v is not None]


def chart_data(evidence: Evidence) -> ChartData:
    """Read the chart of a figure."""
    chart = evidence.raw["chart"]
    columns = {c.name: (i, c) for i, c in enumerate(evidence.columns)}
    x_column = columns[chart["x"]][1]
    categorical = chart["type"] in CATEGORICAL or not x_column.numeric
    reader = _Reader(evidence, chart, columns, categorical)
    panels = reader.panels() if chart.get("panels") else ()
    lines = () if panels else reader.series(evidence.rows, chart.get("line", []))
    series = reader.series(evidence.rows, chart["y"], bounded=chart["type"] != "bar_line") if not panels else ()
    series = series or tuple(s for panel in panels for s in panel.series)
    names, left_out = None, 0
    if categorical:
        names = tuple(dict.fromkeys(str(x) for s in (*series, *lines) for x in s.x))
        names = tuple(sorted(names)) if chart.get("sorted") else names
        if panels:
            told = {str(x) for s in series for x, y in zip(s.x, s.y, strict=True) if y is not None}
            names, left_out = tuple(name for name in names if name in told), len(names) - len(told)
    y_columns = [columns[name][1] for name in chart["y"]]
    line_columns = [columns[name][1] for name in chart.get("line", [])]
    return ChartData(
        type=chart["type"],
        series=series,
        lines=lines,
        panels=panels,
        categories=names,
        left_out=left_out,
        x_title=chart.get("x_title", x_column.title),
        y_title=chart.get("y_title", ", ".join(c.title for c in y_columns)),
        line_title=chart.get("line_title", ", ".join(c.title for c in line_columns)),
        x_unit=x_column.unit,
        y_unit=y_columns[0].unit,
        line_unit=line_columns[0].unit if line_columns else None,
        reference=chart.get("reference"),
        has_bounds=chart.get("lower") is not None and chart.get("upper") is not None,
        series_title=columns[chart["series"]][1].title if chart.get("series") else "",
        few=chart.get("few"),
        own_scales=chart.get("scales") == "own",
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the series of a figure from some of its rows."""

    evidence: Evidence
    chart: dict[str, Any]
    columns: dict[str, tuple[int, Column]]
    categorical: bool

    def panels(self) -> tuple[Panel, ...]:
        """The panels in the order of their first rows."""
        place, about = self.columns[self.chart["panels"]]
        words = formatting.formatter(about, [row[place] for row in self.evidence.rows])
        groups: dict[str, list[list[Cell]]] = {}
        for row in self.evidence.rows:
            groups.setdefault(words(row[place]), []).append(row)
        return tuple(Panel(name, self.series(rows, self.chart["y"])) for name, rows in groups.items())

    def series(self, rows: list[list[Cell]], y_names: list[str], *, bounded: bool = True) -> tuple[Series, ...]:
        """One series for each group of rows and each name; `bounded` gives them the bounds of the chart."""
        chart, columns = self.chart, self.columns
        place, about = columns[chart["x"]]
        split = columns[chart["series"]] if chart.get("series") else None
        words = formatting.formatter(split[1], []) if split else None
        groups: dict[str | None, list[list[Cell]]] = {}
        for row in rows:
            groups.setdefault(words(row[split[0]]) if split and words else None, []).append(row)
        write = formatting.formatter(about, [row[place] for row in self.evidence.rows])
        found = []
        for group, members in (groups or {None: []}).items():
            xs = tuple(write(row[place]) if self.categorical else _number(row[place]) for row in members)
            first = chart.get("bounded") == "first"
            lower, upper = (self._bound(key, members, bounded) for key in ("lower", "upper"))
            count = self._bound("count", members, True) if chart.get("count") else ()
            for name in y_names:
                position, column = columns[name]
                ys = tuple(_number(row[position]) for row in members)
                label = group if group is not None and len(y_names) == 1 else column.title
                if group is not None and len(y_names) > 1:
                    label = f"{group}: {column.title}"
                ends = (lower, upper) if name == y_names[0] or not first else (tuple(None for _ in members),) * 2
                found.append(Series(str(label), xs, ys, *ends, count))
        return tuple(found)

    def _bound(self, key: str, rows: list[list[Cell]], bounded: bool) -> tuple[float | None, ...]:
        name = self.chart.get(key)
        if name is None or not bounded:
            return tuple(None for _ in rows)
        return tuple(_number(row[self.columns[name][0]]) for row in rows)


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, (int, float)) and not isinstance(cell, bool) else None
