"""Amounts and fractions: expected and observed means by band, and the ordered Lorenz curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from numpy.typing import ArrayLike

from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.forest import Forest, draw_forest
from credit_risk.display.ranking import ALL
from credit_risk.display.style import REFERENCE, line_style, marker_style, readable
from credit_risk.evaluation.measure_bands import even_edges, mean_band_table, mean_curve
from credit_risk.evaluation.measure_ranking import lorenz_table
from credit_risk.evaluation.measured import MeasuredSample

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class MeanCurveDisplay(Display):
    """Frame of evidence `performance.mean_curve`: observed mean of bands with intervals against the expected."""

    columns = ("sample", "expected_mean", "observed_mean", "lower", "upper")
    default_title = "Expected and observed mean"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        expected: ArrayLike,
        *,
        kind: Literal["amount", "fraction"],
        bands: int = 10,
        confidence: float = 0.95,
        weights: ArrayLike | None = None,
        exposure: ArrayLike | None = None,
        sample: str = ALL,
    ) -> MeanCurveDisplay:
        """Of outcomes and what was expected (n,), in bands of like exposure, by `mean_band_table`."""
        one = MeasuredSample(y, expected, weights, exposure)
        edges = even_edges(one.rate, one.base, bands)
        return cls(mean_curve(mean_band_table({sample: one}, edges, kind, confidence)))

    def _draw(self, ax: Axes) -> None:
        top = float(self._frame[["expected_mean", "upper"]].max().max()) * 1.04
        ax.plot([0, top], [0, top], **REFERENCE)
        for index, name in enumerate(series_names(self._frame["sample"])):
            part = self._frame[self._frame["sample"] == name]
            mean = part["observed_mean"]
            style = {**line_style(index), **marker_style(index), "linewidth": 1.2, "capsize": 2.5}
            whiskers = [mean - part["lower"], part["upper"] - mean]
            ax.errorbar(part["expected_mean"], mean, yerr=whiskers, label=readable(name), **style)
        ax.set(xlim=(0, top), ylim=(0, top), aspect="equal", xlabel="Mean expected", ylabel="Mean observed")
        ax.legend(loc="upper left")


class MeasureGroupDisplay(Forest):
    """Frame of evidence `performance.measure_groups` or `fairness.measures`: observed over expected mean by group."""

    columns = ("attribute", "group", "sample", "ratio", "ratio_lower", "ratio_upper")
    default_title = "Observed over expected mean of groups"

    def _labels(self) -> list[str]:
        return [f"{one}: {group}" for one, group in zip(self._frame["attribute"], self._frame["group"], strict=True)]

    def _draw(self, ax: Axes) -> None:
        ends = ("ratio", "ratio_lower", "ratio_upper")
        draw_forest(ax, self._frame, self._labels(), ends, "sample", "not evaluable")
        ax.axvline(1.0, **REFERENCE)
        ax.set(xlabel="Observed mean over expected mean")
        self._legend(ax)


class LorenzDisplay(Display):
    """Frame of evidence `performance.lorenz`: share of the outcome among those who are expected to have least."""

    columns = ("sample", "base_share", "outcome_share")
    default_title = "Ordered Lorenz curve"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        expected: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        exposure: ArrayLike | None = None,
        sample: str = ALL,
    ) -> LorenzDisplay:
        """Of outcomes and what was expected (n,), by `lorenz_table`."""
        return cls(lorenz_table({sample: MeasuredSample(y, expected, weights, exposure)}))

    def _draw(self, ax: Axes) -> None:
        ax.plot([0, 1], [0, 1], **REFERENCE)
        for index, name in enumerate(series_names(self._frame["sample"])):
            part = self._frame[self._frame["sample"] == name]
            ax.plot(part["base_share"], part["outcome_share"], label=readable(name), **line_style(index))
        ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", ylabel="Share of the outcome")
        ax.set(xlabel="Share of rows or exposure, lowest expected first")
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis)
        ax.legend(loc="upper left")
