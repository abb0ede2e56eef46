"""Importance of characteristics, and attributions along their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.style import REFERENCE, line_style, marker_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ImportanceDisplay(Display):
    """Frame of evidence `explanation.importance.{model}`: mean absolute attribution, the most important on top."""

    columns = ("characteristic", "mean_absolute")
    default_title = "Importance of characteristics"

    def _draw(self, ax: Axes) -> None:
        part = self._frame.iloc[::-1]
        ax.barh(range(len(part)), part["mean_absolute"], color=line_style(0)["color"], height=0.7)
        ax.set_yticks(range(len(part)), [str(name) for name in part["characteristic"]])
        ax.set(xlabel="Mean absolute attribution (linear score)")
        ax.grid(axis="y", visible=False)


class DependenceDisplay(Display):
    """Frame of evidence `explanation.dependence_figure.{model}`: mean attribution by bin, along the applicants."""

    columns = ("characteristic", "position", "mean")
    default_title = "Attributions along the values"

    def _draw(self, ax: Axes) -> None:
        ax.axhline(0.0, **REFERENCE)
        for index, name in enumerate(series_names(self._frame["characteristic"])):
            part = self._frame[self._frame["characteristic"] == name]
            style = {**line_style(index), **marker_style(index)}
            ax.plot(part["position"], part["mean"], label=name, **style)
        ax.set(xlim=(0, 1), xlabel="Share of applicants with a lower value", ylabel="Mean attribution (linear score)")
        percent_axis(ax.xaxis)
        ax.legend(loc="best")
