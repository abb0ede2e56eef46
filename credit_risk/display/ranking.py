"""Curves of discrimination: CAP, precision and recall, lift, and both distributions with the KS distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.style import REFERENCE, line_style, marker_style, readable
from credit_risk.evaluation.kolmogorov_smirnov import ks_table
from credit_risk.evaluation.lift import cap_table, gains_table
from credit_risk.evaluation.precision_recall import precision_recall_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL = "all rows"


def weights_of(sample: str, weights: ArrayLike | None) -> dict[str, ArrayLike] | None:
    """Weights by sample, as tables take them."""
    return None if weights is None else {sample: weights}


class CapDisplay(Display):
    """Frame of evidence `performance.cap`: share of bads among the riskiest rows."""

    columns = ("sample", "row_share", "bad_share")
    default_title = "Cumulative accuracy profile"

    @classmethod
    def from_predictions(
        cls, y: ArrayLike, risk: ArrayLike, *, weights: ArrayLike | None = None, sample: str = ALL
    ) -> CapDisplay:
        """Of outcomes (n,) 0/1 and a risk (n,) that is higher for riskier rows, by `cap_table`."""
        return cls(cap_table({sample: (y, risk)}, weights=weights_of(sample, weights)))

    def _draw(self, ax: Axes) -> None:
        ax.plot([0, 1], [0, 1], **REFERENCE)
        for index, name in enumerate(series_names(self._frame["sample"])):
            part = self._frame[self._frame["sample"] == name]
            ax.plot(part["row_share"], part["bad_share"], label=readable(name), **line_style(index))
        ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        ax.set(xlabel="Share of rows, the riskiest first", ylabel="Share of bads")
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis)
        ax.legend(loc="lower right")


class PrecisionRecallDisplay(Display):
    """Frame of evidence `performance.precision_recall`: bad rate of those called bad against the share of bads."""

    columns = ("sample", "recall", "precision")
    default_title = "Precision and recall"

    @classmethod
    def from_predictions(
        cls, y: ArrayLike, risk: ArrayLike, *, weights: ArrayLike | None = None, sample: str = ALL
    ) -> PrecisionRecallDisplay:
        """Of outcomes (n,) 0/1 and a risk (n,) that is higher for riskier rows, by `precision_recall_table`."""
        return cls(precision_recall_table({sample: (y, risk)}, weights=weights_of(sample, weights)))

    def _draw(self, ax: Axes) -> None:
        for index, name in enumerate(series_names(self._frame["sample"])):
            part = self._frame[self._frame["sample"] == name]
            ax.plot(part["recall"], part["precision"], label=readable(name), **line_style(index))
            rate = float(part.loc[part["recall"].idxmax(), "precision"])
            style = REFERENCE | {"color": line_style(index)["color"]}
            ax.axhline(rate, **style)
        ax.set(xlim=(0, 1), ylim=(0, None))
        ax.set(xlabel="Recall (share of bads called bad)", ylabel="Precision (bad rate of those called bad)")
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper right", title="dotted: all called bad", title_fontsize=8)


class LiftDisplay(Display):
    """Frame of evidence `performance.lift`: bad rate of each part over that of all rows, with intervals."""

    columns = ("sample", "part", "lift", "lift_lower", "lift_upper")
    default_title = "Lift, the riskiest part first"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        risk: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        parts: int = 10,
        sample: str = ALL,
    ) -> LiftDisplay:
        """Of outcomes (n,) 0/1 and a risk (n,) that is higher for riskier rows, by `gains_table`."""
        frame = gains_table(y, risk, weights, clusters, parts=parts)
        frame.insert(0, "sample", sample)
        return cls(frame)

    def _draw(self, ax: Axes) -> None:
        names = series_names(self._frame["sample"])
        for index, name in enumerate(names):
            part = self._frame[self._frame["sample"] == name]
            place = part["part"] + (index - (len(names) - 1) / 2) * 0.16
            whiskers = [part["lift"] - part["lift_lower"], part["lift_upper"] - part["lift"]]
            style = line_style(index) | marker_style(index) | {"linewidth": 1.2, "capsize": 2.5}
            ax.errorbar(place, part["lift"], yerr=whiskers, label=readable(name), **style)
        ax.axhline(1.0, **REFERENCE)
        ax.set_xticks(sorted(self._frame["part"].unique()))
        ax.set(xlabel="Part of the rows", ylabel="Lift (bad rate over that of all rows)", ylim=(0, None))
        ax.grid(visible=False, axis="x")
        ax.legend(loc="upper right")


class KsDisplay(Display):
    """Frame of `ks_table`: shares of goods and of bads up to each risk; the greatest distance is marked.

    `sample` shows one sample only; the first by default.
    """

    columns = ("sample", "risk", "good_share", "bad_share")
    default_title = "Distributions of goods and bads"

    def __init__(self, frame: pd.DataFrame, *, sample: str | None = None, title: str | None = None):
        super().__init__(frame, title=title)
        chosen = sample if sample is not None else next(iter(series_names(frame["sample"])), None)
        self._frame = self._frame[self._frame["sample"] == chosen]

    @classmethod
    def from_predictions(
        cls, y: ArrayLike, risk: ArrayLike, *, weights: ArrayLike | None = None, sample: str = ALL
    ) -> KsDisplay:
        """Of outcomes (n,) 0/1 and a risk (n,) that is higher for riskier rows, by `ks_table`."""
        return cls(ks_table({sample: (y, risk)}, weights=weights_of(sample, weights)))

    def _draw(self, ax: Axes) -> None:
        frame = self._frame
        for index, name in enumerate(("good_share", "bad_share")):
            label = f"{name.removesuffix('_share')}s"
            ax.plot(frame["risk"], frame[name], drawstyle="steps-post", label=label, **line_style(index))
        gap = np.abs(frame["good_share"] - frame["bad_share"]).to_numpy()
        row = frame.iloc[int(np.argmax(gap))]
        ax.vlines(row["risk"], *sorted((row["good_share"], row["bad_share"])), color="#333333", linewidth=1.6)
        middle = (row["risk"], (row["good_share"] + row["bad_share"]) / 2)
        ax.annotate(f"KS {gap.max():.4f}", middle, (6, -3), textcoords="offset points", fontsize=9)
        ax.set(xlabel="Risk", ylabel="Share of goods, of bads up to it", ylim=(0, 1))
        percent_axis(ax.yaxis)
        ax.legend(loc="lower right")
