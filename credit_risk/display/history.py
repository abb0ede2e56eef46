"""Performance history: vintages, the maturity of the bad rate, roll rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.style import ALERT, COLOURS, line_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class VintageDisplay(Display):
    """Frame of evidence `outcome.vintages`; each curve is thin from the month at which some accounts are censored."""

    columns = ("cohort", "month_on_book", "bad_rate", "complete")
    default_title = "Cumulative bad rate by cohort of opening"

    def _draw(self, ax: Axes) -> None:
        for index, name in enumerate(series_names(self._frame["cohort"])):
            part = self._frame[self._frame["cohort"].astype(str) == name]
            style, whole = line_style(index), part["complete"].astype(bool)
            ax.plot(part["month_on_book"], part["bad_rate"], **{**style, "linewidth": 0.8})
            ax.plot(part["month_on_book"].where(whole), part["bad_rate"].where(whole), label=name, **style)
        ax.set(xlabel="Months on book (thin: some accounts are not observed so long)", ylabel="Cumulative bad rate")
        ax.set(xlim=(0, None), ylim=(0, None))
        percent_axis(ax.yaxis, None)
        ax.legend(title="Opened in", loc="upper left")


class MaturityDisplay(Display):
    """Frame of evidence `outcome.maturity`; `months`, the window, is marked where it is given."""

    columns = ("month_on_book", "bad_rate")
    default_title = "Maturity of the bad rate"

    def __init__(self, frame: pd.DataFrame, *, months: int | None = None, title: str | None = None):
        super().__init__(frame, title=title)
        self.months = months

    def _draw(self, ax: Axes) -> None:
        ax.plot(self._frame["month_on_book"], self._frame["bad_rate"], **line_style(0))
        if self.months is not None:
            ax.axvline(self.months, color=ALERT, linewidth=1.2, linestyle=(0, (4, 2)))
            label = f"window of {self.months} months"
            ax.annotate(label, (self.months, 0), (4, 4), textcoords="offset points", fontsize=9, color=ALERT)
        ax.set(xlabel="Months on book", ylabel="Cumulative bad rate", xlim=(0, None), ylim=(0, None))
        percent_axis(ax.yaxis, None)


class RollRateDisplay(Display):
    """Frame of evidence `outcome.roll_rates`: share of each state (rows) that moves to each state (columns)."""

    columns = ("from_state", "to_state", "share")
    default_title = "Roll rates from one month to the next"

    def _draw(self, ax: Axes) -> None:
        from matplotlib.colors import LinearSegmentedColormap

        origins = series_names(self._frame["from_state"])
        goals = self._goals(origins)
        shares = np.zeros((len(origins), len(goals)))
        for row in self._frame.itertuples():
            shares[origins.index(str(row.from_state)), goals.index(str(row.to_state))] = row.share
        colours = LinearSegmentedColormap.from_list("share", ["#FFFFFF", COLOURS[0]])
        ax.imshow(shares, cmap=colours, vmin=0.0, vmax=1.0, aspect="auto")
        for y, x in zip(*np.nonzero(shares), strict=True):
            share = shares[y, x]
            shown = f"{share:.1%}" if share >= 0.0005 else "< 0.1%"
            ax.text(x, y, shown, ha="center", va="center", fontsize=8, color="white" if share > 0.5 else "black")
        ax.set_xticks(range(len(goals)), goals, rotation=30, ha="right")
        ax.set_yticks(range(len(origins)), origins)
        ax.set(xlabel="State a month later", ylabel="State of arrears, days past due")
        ax.grid(visible=False)

    def _goals(self, origins: list[str]) -> list[str]:
        """States to move to: those moved from in their order, then the others."""
        others = [name for name in series_names(self._frame["to_state"]) if name not in origins]
        return [*origins, *others]
