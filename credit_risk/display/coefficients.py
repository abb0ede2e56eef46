"""Coefficients with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from credit_risk.display.base import Display
from credit_risk.display.style import ALERT, COLOURS, REFERENCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class CoefficientDisplay(Display):
    """Frame of evidence `scorecard.coefficients.{model}`; a sign that disagrees is a hollow mark and said in the label.

    `leave_out`: terms that are not drawn (they stay in the frame), by default the intercept, whose scale is another.
    """

    columns = ("term", "coefficient", "lower", "upper")
    default_title = "Coefficients"

    def __init__(
        self, frame: pd.DataFrame, *, leave_out: tuple[str, ...] = ("intercept", "const"), title: str | None = None
    ):
        super().__init__(frame, title=title)
        self.leave_out = leave_out

    def _draw(self, ax: Axes) -> None:
        frame = self._frame[~self._frame["term"].str.lower().isin(self.leave_out)].reset_index(drop=True)
        agrees = [
            value is None or pd.isna(value) or bool(value) for value in frame.get("sign_agrees", [True] * len(frame))
        ]
        ax.axvline(0.0, **REFERENCE)
        labels = []
        for place, (row, sign) in enumerate(zip(frame.to_dict("records"), agrees, strict=True)):
            colour = COLOURS[0] if sign else ALERT
            ax.plot([row["lower"], row["upper"]], [place, place], color=colour, linewidth=1.6)
            face = colour if sign else "white"
            ax.plot(row["coefficient"], place, marker="o" if sign else "D", color=colour, markerfacecolor=face)
            labels.append(str(row["term"]) if sign else f"{row['term']} (sign disagrees)")
        ax.set_yticks(range(len(labels)), labels)
        ax.set_ylim(len(labels) - 0.4, -0.6)
        ax.set_xlabel("Coefficient, with interval")
        ax.grid(visible=False, axis="y")
