"""One classed characteristic on several samples side by side, and over time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.classing import neat_labels, short_label
from credit_risk.display.style import COLOURS, marker_style, readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GROUPS = ("sample", "period", "by")
COLUMNS = ("label", "count_share", "bad_rate", "bad_rate_lower", "bad_rate_upper")
SHARES, RATES = (0.0, 0.36), (0.44, 1.0)  # parts of the height that bars and points take


class _Grouped(Display):
    """A display of a frame that has a column of groups: `sample`, `period` or `by` (of `recount_by`)."""

    def __init__(self, frame: pd.DataFrame, *, title: str | None = None):
        super().__init__(frame, title=title)
        found = [name for name in GROUPS if name in frame.columns]
        if not found:
            allowed = ", ".join(GROUPS)
            fault = Fault(
                "no column of groups", "column_absent", found=", ".join(map(str, frame.columns)), allowed=allowed
            )
            raise CreditRiskError(fault)
        self._by = found[0]

    @property
    def _groups(self) -> list[str]:
        return series_names(self._frame[self._by])


class ClassingSamplesDisplay(_Grouped):
    """Frame of evidence `classing.figure.{characteristic}` or `classing.samples.{characteristic}`, or of `recount_by`.

    Points with intervals: bad rate of each bin on each sample (left axis). Bars below them: share of rows (right axis).
    Bins with rows in no sample are not drawn. `plot` returns the left axes.
    """

    columns = COLUMNS
    default_title = "Classing on every sample"
    title_pad = 22.0

    def _size(self) -> tuple[float, float]:
        return 8.6, 4.6

    def _draw(self, ax: Axes) -> None:
        frame, groups = self._frame, self._groups
        held = [label for label in series_names(frame["label"]) if _of(frame, "label", label)["count_share"].sum() > 0]
        place, width = np.arange(len(held)), 0.8 / len(groups)
        right = ax.twinx()
        for index, name in enumerate(groups):
            part = _of(frame, self._by, name).set_index("label").reindex(held).astype({"count_share": float})
            at = place + (index + 0.5) * width - 0.4
            colour = COLOURS[index % len(COLOURS)]
            right.bar(at, part["count_share"], width, color=colour, alpha=0.3, edgecolor=colour, linewidth=0.6)
            rate = part["bad_rate"].astype(float)
            whiskers = [rate - part["bad_rate_lower"].astype(float), part["bad_rate_upper"].astype(float) - rate]
            line = {"linewidth": 0.9, "elinewidth": 0.9, "capsize": 2, "label": readable(name)}
            ax.errorbar(at, rate, yerr=whiskers, **{**marker_style(index), "markersize": 4, **line})
        _label_bins(ax, held)
        _part(right, frame["count_share"], SHARES)
        _part(ax, frame["bad_rate_upper"], RATES)
        ax.set_ylabel("Bad rate (points)", y=sum(RATES) / 2)
        right.set_ylabel("Share of rows (bars)", y=sum(SHARES) / 2)
        right.spines["right"].set_visible(True)
        right.grid(visible=False)
        ax.grid(visible=False, axis="x")
        ax.set_zorder(right.get_zorder() + 1)
        ax.patch.set_visible(False)
        below: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.2}
        ax.legend(ncols=len(groups), **below)


class ClassingPeriodsDisplay(_Grouped):
    """Frame of evidence `classing.periods.{characteristic}`, or of `recount_by` over periods.

    A small plot for each bin, on the same axes: its bad rate with interval, the other bins in grey behind it. Periods
    in which no bin has a rate are not drawn. `plot` returns the axes that hold the small ones.
    """

    columns = ("label", "bad_rate", "bad_rate_lower", "bad_rate_upper")
    default_title = "Bad rate of each bin over time"
    title_pad = 16.0

    def _size(self) -> tuple[float, float]:
        return 8.6, 1.0 + 1.6 * self._grid()[0]

    def _bins(self) -> list[str]:
        told = self._frame[self._frame["bad_rate"].notna()]
        return [label for label in series_names(self._frame["label"]) if (told["label"] == label).any()]

    def _grid(self) -> tuple[int, int]:
        count = max(1, len(self._bins()))
        columns = min(count, 3 if count <= 6 else 4)
        return math.ceil(count / columns), columns

    def _draw(self, ax: Axes) -> None:
        frame, bins = self._frame, self._bins()
        told = frame[frame["bad_rate"].notna()]
        periods = [name for name in self._groups if (told[self._by] == name).any()]
        rows, columns = self._grid()
        ax.set_axis_off()
        top = float(told["bad_rate_upper"].max()) if len(told) else 1.0
        names = neat_labels(bins, [None] * len(bins))
        lines = {label: _of(frame, "label", label).set_index(self._by).reindex(periods) for label in bins}
        wide, high = 1.0 / columns, 1.0 / rows
        for number, label in enumerate(bins):
            row, column = divmod(number, columns)
            box = (column * wide + 0.01, 1.0 - (row + 1) * high + 0.16 * high, wide - 0.025, 0.68 * high)
            small = ax.inset_axes(box)
            self._small(small, lines, label, periods)
            small.set_ylim(0, top * 1.05)
            small.set_title(short_label(names[number]), fontsize=9)
            small.tick_params(labelsize=8)
            small.tick_params(labelleft=column == 0, labelbottom=number + columns >= len(bins))

    def _small(self, ax: Axes, lines: dict[str, pd.DataFrame], label: str, periods: list[str]) -> None:
        place = np.arange(len(periods))
        for other, part in lines.items():
            if other != label:
                ax.plot(place, part["bad_rate"].astype(float), color="#D5DAE0", linewidth=0.8, zorder=1)
        own = lines[label].astype(dict.fromkeys(self.columns[1:], float))
        whiskers = [own["bad_rate"] - own["bad_rate_lower"], own["bad_rate_upper"] - own["bad_rate"]]
        ax.errorbar(
            place, own["bad_rate"], yerr=whiskers, **{**marker_style(0), "markersize": 3}, linewidth=1.0, capsize=1.5
        )
        step = max(1, math.ceil(len(periods) / 6))
        ax.set_xticks(place[::step], periods[::step], rotation=60, ha="right", rotation_mode="anchor")
        percent_axis(ax.yaxis, None)


def _of(frame: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    return frame[frame[column].astype(str) == name]


def _label_bins(ax: Axes, held: list[str]) -> None:
    labels = [short_label(text) for text in neat_labels(held, [None] * len(held))]
    crowded = max((len(label) for label in labels), default=0) * len(labels) > 75
    ax.set_xticks(range(len(labels)), labels, rotation=30 if crowded else 0, ha="right" if crowded else "center")


def _part(ax: Axes, values: pd.Series, part: tuple[float, float]) -> None:
    """Scale an axis so that zero to the largest value takes a part of its height; ticks within that part only."""
    top = float(values.astype(float).max())
    top = top if top > 0 else 1.0
    unit = top / (part[1] - part[0])
    ax.set_ylim(-part[0] * unit, top + (1.0 - part[1]) * unit + 0.02 * unit)
    ticks = [tick for tick in _ticks(top) if tick <= top * 1.001]
    ax.set_yticks(ticks)
    percent_axis(ax.yaxis, None)


def _ticks(top: float) -> list[float]:
    power = 10.0 ** math.floor(math.log10(top))
    step = next(step for step in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0) if top / (step * power) <= 5) * power
    return [round(step * i, 12) for i in range(6)]
