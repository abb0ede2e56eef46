"""Cut-off curves, expected profit by cut-off, and the boundaries of a test with several looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.style import REFERENCE, line_style, marker_style, readable
from credit_risk.strategy.always_valid import always_valid_boundary
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.cut_offs import cut_off_table, cut_offs_of
from credit_risk.strategy.spending import spending_boundaries

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Amount = ArrayLike | float | None


def _table(
    y: ArrayLike,
    score: ArrayLike,
    weights: ArrayLike | None,
    cut_offs: int | Sequence[float],
    good: Amount,
    bad: Amount,
    sample: str,
    confidence: float,
) -> pd.DataFrame:
    rows = Applicants(score, y, weights, good=good, bad=bad)
    rows.require_varied_score()
    points = cut_offs_of(rows.score, cut_offs, rows.weights) if isinstance(cut_offs, int) else np.array(cut_offs)
    return cut_off_table({sample: rows}, points, confidence=confidence)


class CutOffDisplay(Display):
    """Frame of evidence `strategy.acceptance_curve` or `strategy.cut_offs`: bad rate of the accepted by acceptance."""

    columns = ("sample", "acceptance_rate", "bad_rate", "bad_rate_lower", "bad_rate_upper")
    default_title = "Bad rate against acceptance"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        cut_offs: int | Sequence[float] = 20,
        sample: str = "sample",
        confidence: float = 0.95,
        title: str | None = None,
    ) -> CutOffDisplay:
        """Curve of one sample: y (n,) 1 bad, 0 good, NaN unknown; score (n,), higher is safer; as `cut_off_table`."""
        return cls(_table(y, score, weights, cut_offs, None, None, sample, confidence), title=title)

    def _draw(self, ax: Axes) -> None:
        for index, name in enumerate(series_names(self._frame["sample"])):
            part = self._frame[(self._frame["sample"] == name) & self._frame["bad_rate"].notna()]
            part = part.sort_values("acceptance_rate").astype(dict.fromkeys(self.columns[1:], float))
            _band(ax, index, name, part, "acceptance_rate", "bad_rate")
        ax.set(xlabel="Accepted (share of applicants)", ylabel="Bad rate among the accepted", xlim=(0, 1.02))
        ax.set_ylim(bottom=0)
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper left")


class ProfitDisplay(Display):
    """Frame of evidence `strategy.profit_curve` or `strategy.cut_offs`: expected profit an applicant by cut-off."""

    columns = ("sample", "cut_off", "profit", "profit_lower", "profit_upper")
    default_title = "Expected profit by cut-off"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        good: ArrayLike | float,
        bad: ArrayLike | float,
        cut_offs: int | Sequence[float] = 20,
        sample: str = "sample",
        confidence: float = 0.95,
        title: str | None = None,
    ) -> ProfitDisplay:
        """Curve of one sample; good, bad: earned of a good, lost of a bad, one number or (n,); as `cut_off_table`."""
        return cls(_table(y, score, weights, cut_offs, good, bad, sample, confidence), title=title)

    def _draw(self, ax: Axes) -> None:
        ax.axhline(0.0, **REFERENCE)
        for index, name in enumerate(series_names(self._frame["sample"])):
            part = self._frame[(self._frame["sample"] == name) & self._frame["profit"].notna()]
            _band(ax, index, name, part.astype(dict.fromkeys(self.columns[1:], float)), "cut_off", "profit")
        ax.set(xlabel="Cut-off (lowest score that is accepted)", ylabel="Expected profit an applicant")
        ax.legend(loc="best")


def _band(ax: Axes, index: int, name: str, part: pd.DataFrame, x: str, y: str) -> None:
    """A line with markers, and its interval as a band."""
    style: dict[str, Any] = {**line_style(index), **marker_style(index), "markersize": 3.5}
    ax.plot(part[x], part[y], label=readable(name), **style)
    edge = {"color": style["color"], "alpha": 0.15, "linewidth": 0}
    ax.fill_between(part[x], part[f"{y}_lower"], part[f"{y}_upper"], **edge)


class BoundaryDisplay(Display):
    """Frame of evidence `strategy.experiment_looks`: where each look stops the test, beside what one look would ask.

    Where the frame has it, the boundary that may be looked at at any time is dashed.
    """

    columns = ("information", "z")
    default_title = "Boundaries of the looks"

    @classmethod
    def from_looks(
        cls, looks: int, *, significance: float = 0.05, spending: str = "obrien_fleming", title: str | None = None
    ) -> BoundaryDisplay:
        """Boundaries of equally spaced looks, as `spending_boundaries`."""
        found = spending_boundaries(np.arange(1, looks + 1) / looks, significance, spending)
        frame = pd.DataFrame({"information": found.times, "z": found.z, "spent": found.spent})
        return cls(frame.assign(always_valid_z=always_valid_boundary(found.times, significance)), title=title)

    def _draw(self, ax: Axes) -> None:
        x, z = self._frame["information"].astype(float), self._frame["z"].astype(float)
        for side in (1.0, -1.0):
            style = {**line_style(0), **marker_style(0)}
            ax.plot(x, side * z, label="stops the test" if side > 0 else None, **style)
        if "always_valid_z" in self._frame:
            free = self._frame["always_valid_z"].astype(float)
            for side in (1.0, -1.0):
                ax.plot(x, side * free, label="valid at any time" if side > 0 else None, **line_style(1))
        for side in (1.96, -1.96):
            ax.axhline(side, **REFERENCE)
        ax.annotate("1.96: one look", (0.0, 1.96), (2, 3), textcoords="offset points", fontsize=8, color="#666666")
        ax.set(xlim=(0, 1.03), xlabel="Share of the information", ylabel="z of the difference")
        percent_axis(ax.xaxis)
        ax.legend(loc="upper right")
