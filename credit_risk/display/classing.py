"""One classed characteristic: how many rows each bin holds, and its bad rate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from credit_risk.display.base import Display, percent_axis
from credit_risk.display.style import BAR, COLOURS, marker_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INTERVAL = re.compile(r"(?:< |≥ )-?[0-9].*|\[-?[0-9].*, -?[0-9].*\)")
_BAND = re.compile(r"\[[^\[\]()]*, [^\[\]()]*\)")  # a value of its own, such as `[100, 200)`
_SEPARATOR = re.compile(r", | \+ ")
_NUMBER = re.compile(r"[0-9]+\.[0-9]+(?:e[+-]?[0-9]+)?")


class ClassingDisplay(Display):
    """Frame of evidence `classing.table.{characteristic}`, or of `BinningTable.frame`.

    Bars: share of rows (left axis); points with intervals: bad rate (right axis). Where the frame tells the kind of
    bin, neighbouring intervals are joined by a line. `plot` returns the left axes.
    """

    columns = ("label", "count_share", "bad_rate", "bad_rate_lower", "bad_rate_upper")
    default_title = "Classing"
    title_pad = 22.0  # the legend lies between the axes and the title

    def _draw(self, ax: Axes) -> None:
        frame, place = self._frame, np.arange(len(self._frame))
        ax.bar(place, frame["count_share"], color=BAR, width=0.72, label="rows (left)")
        right = ax.twinx()
        rate = frame["bad_rate"].astype(float)
        whiskers = [rate - frame["bad_rate_lower"].astype(float), frame["bad_rate_upper"].astype(float) - rate]
        bars = right.errorbar(place, rate, yerr=whiskers, capsize=3, linestyle="none", **marker_style(0))
        if "kind" in frame.columns:  # only neighbouring intervals are joined: nothing lies between other bins
            right.plot(place, rate.where(frame["kind"] == "interval"), color=COLOURS[0], linewidth=1.2)
        kinds = frame["kind"] if "kind" in frame.columns else [None] * len(frame)
        labels = [short_label(text) for text in neat_labels([str(label) for label in frame["label"]], list(kinds))]
        crowded = max((len(label) for label in labels), default=0) * len(labels) > 55
        ax.set_xticks(place, labels, rotation=30 if crowded else 0, ha="right" if crowded else "center")
        ax.set(ylabel="Share of rows", ylim=(0, None))
        right.set(ylabel="Bad rate", ylim=(0, None))
        right.spines["right"].set_visible(True)
        right.grid(visible=False)
        ax.grid(visible=False, axis="x")
        percent_axis(ax.yaxis, None)
        percent_axis(right.yaxis, None)
        handles, names = ax.get_legend_handles_labels()
        below: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": 2, "borderaxespad": 0.2}
        ax.legend([*handles, bars], [*names, "bad rate (right)"], **below)


def neat_labels(labels: list[str], kinds: list[str | None]) -> list[str]:
    """Labels with the edges of intervals to six digits, for the picture; as they are where two would look alike.

    Where the kind is not known (None), a label that looks like an interval is taken for one.
    """
    neat = [
        _NUMBER.sub(lambda found: f"{float(found[0]):.6g}", label)
        if kind == "interval" or (kind is None and _INTERVAL.fullmatch(label))
        else label
        for label, kind in zip(labels, kinds, strict=True)
    ]
    return neat if len(set(neat)) == len(set(labels)) else labels


def short_label(label: str, most: int = 34) -> str:
    """The label on at most `most` characters; of a longer list whole values and how many are cut.

    `A, B, C + missing` becomes `A, B … and 2 more`; a value that itself holds a comma and a space counts as two.
    What is no list is cut with an ellipsis.
    """
    if len(label) <= most:
        return label
    masked = _BAND.sub(lambda one: "_" * len(one[0]), label)
    ends = [found.start() for found in _SEPARATOR.finditer(masked)]
    for number, end in enumerate(reversed(ends), 1):
        shorter = f"{label[:end]} … and {number} more"
        if len(shorter) <= most:
            return shorter
    return f"{label[: most - 1]}…"
