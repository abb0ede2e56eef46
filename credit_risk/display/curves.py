"""ROC curve and calibration curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.ranking import ALL, weights_of
from credit_risk.display.style import REFERENCE, line_style, marker_style, readable
from credit_risk.evaluation.area_under_curve import auc
from credit_risk.evaluation.calibration import calibration_curve
from credit_risk.evaluation.curves import roc_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class RocDisplay(Display):
    """Frame of evidence `performance.roc`; `areas`: {sample: AUC} for the legend, as the evaluation has it."""

    columns = ("sample", "false_positive_rate", "true_positive_rate")
    default_title = "Receiver operating characteristic"

    def __init__(self, frame: pd.DataFrame, *, areas: Mapping[str, float] | None = None, title: str | None = None):
        super().__init__(frame, title=title)
        self.areas = dict(areas or {})

    @classmethod
    def from_predictions(
        cls, y: ArrayLike, risk: ArrayLike, *, weights: ArrayLike | None = None, sample: str = ALL
    ) -> RocDisplay:
        """Of outcomes (n,) 0/1 and a risk (n,) that is higher for riskier rows, by `roc_table`."""
        frame = roc_table({sample: (y, risk)}, weights=weights_of(sample, weights))
        return cls(frame, areas={sample: auc(y, risk, weights)})

    def _draw(self, ax: Axes) -> None:
        ax.plot([0, 1], [0, 1], **REFERENCE)
        for index, name in enumerate(series_names(self._frame["sample"])):
            part = self._frame[self._frame["sample"] == name]
            label = f"{readable(name)}, AUC {self.areas[name]:.4f}" if name in self.areas else readable(name)
            style = line_style(index)
            ax.plot(part["false_positive_rate"], part["true_positive_rate"], label=label, **style)
        ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        ax.set(xlabel="False positive rate (share of goods)", ylabel="True positive rate (share of bads)")
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis)
        ax.legend(loc="lower right")


class CalibrationDisplay(Display):
    """Frame of evidence `performance.calibration_curve`: observed bad rate with interval against prediction."""

    columns = ("sample", "mean_probability", "bad_rate", "lower", "upper")
    default_title = "Predicted and observed bad rate"

    @classmethod
    def from_predictions(
        cls, y: ArrayLike, probability: ArrayLike, *, weights: ArrayLike | None = None, sample: str = ALL
    ) -> CalibrationDisplay:
        """Of outcomes (n,) 0/1 and probabilities (n,) of bad, by `calibration_curve`."""
        return cls(calibration_curve({sample: (y, probability)}, weights=weights_of(sample, weights)))

    def _draw(self, ax: Axes) -> None:
        top = float(self._frame[["mean_probability", "upper"]].max().max()) * 1.04
        ax.plot([0, top], [0, top], **REFERENCE)
        for index, name in enumerate(series_names(self._frame["sample"])):
            part = self._frame[self._frame["sample"] == name]
            rate = part["bad_rate"]
            whiskers = [rate - part["lower"], part["upper"] - rate]
            style = {**line_style(index), **marker_style(index), "linewidth": 1.2, "capsize": 2.5}
            ax.errorbar(part["mean_probability"], rate, yerr=whiskers, label=readable(name), **style)
        ax.set(xlim=(0, top), ylim=(0, top), aspect="equal")
        ax.set(xlabel="Mean predicted probability", ylabel="Observed bad rate")
        percent_axis(ax.xaxis, None)
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper left")
