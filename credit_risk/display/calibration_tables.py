"""Calibration in tables: methods compared, external rates, maps by segment, bounds of low-default grades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.calibration import (
    calibrate_to_external,
    choose_map,
    fit_segments,
    match_quasi_moments,
    moments_frame,
    pluto_tasche,
)
from credit_risk.display.base import Display, percent_axis
from credit_risk.display.style import BAR, REFERENCE, marker_style, readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DARK = "#333333"


class CalibrationChoiceDisplay(Display):
    """Frame `means` of `choose_map`: how far each method is from the best, with the standard error of that."""

    columns = ("method", "mean", "difference", "difference_standard_error", "chosen")
    default_title = "Methods of calibration on rows held out"

    def __init__(self, frame: pd.DataFrame, *, model: str | None = None, title: str | None = None):
        """Of evidence `calibration.choice`, which holds several models: `model`, or the first of them."""
        super().__init__(_of_model(frame, model), title=title)

    @classmethod
    def from_predictions(
        cls, y: ArrayLike, linear_score: ArrayLike, *, weights: ArrayLike | None = None, **choice: Any
    ) -> CalibrationChoiceDisplay:
        """Of outcomes (n,) and linear scores (n,) in log-odds of bad; `choice` as `choose_map` takes it."""
        return cls(choose_map(linear_score, y, weights, **choice).means)

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self._frame))[::-1]
        error = self._frame["difference_standard_error"]
        style = marker_style(0) | {"linestyle": "none", "capsize": 2.5}
        ax.axvline(0.0, **REFERENCE)
        ax.errorbar(self._frame["difference"], place, xerr=error, label="one standard error", **style)
        chosen = self._frame["chosen"].to_numpy(dtype=bool)
        ring: dict[str, Any] = {"facecolors": "none", "edgecolors": DARK, "s": 110, "zorder": 4}
        ax.scatter(self._frame["difference"][chosen], place[chosen], label="chosen", **ring)
        names = [readable(name) for name in self._frame["method"]]
        ax.set_yticks(place, names)
        for at, value in zip(place, self._frame["mean"], strict=True):
            if np.isnan(value):
                ax.annotate("cannot be fitted in every fold", (0.0, at), xytext=(6, -3), textcoords="offset points")
        ax.set(xlabel="Criterion less that of the best", ylim=(-0.6, len(place) - 0.4))
        ax.grid(visible=False, axis="y")
        ax.legend(loc="lower right")


class ExternalRatesDisplay(Display):
    """Frame `bands` of `calibrate_to_external`: external rate of each band, and mean probability before and after."""

    columns = ("band", "external_rate", "external_count", "mean_before", "mean_after")
    default_title = "Calibration to external rates"

    @classmethod
    def from_predictions(
        cls,
        linear_score: ArrayLike,
        band: Sequence[Any] | ArrayLike,
        rates: pd.DataFrame,
        *,
        weights: ArrayLike | None = None,
        **fit: Any,
    ) -> ExternalRatesDisplay:
        """Of linear scores (n,) and bands (n,) of all applicants, whose outcomes need not be known."""
        return cls(calibrate_to_external(linear_score, band, rates, weights, **fit).bands)

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self._frame))
        rate, count = (self._frame[name].to_numpy(dtype=float) for name in ("external_rate", "external_count"))
        error = 1.96 * np.sqrt(rate * (1.0 - rate) / count)
        ax.bar(place, rate, width=0.7, color=BAR, label="external rate")
        if np.isfinite(error).all():
            ax.vlines(
                place, np.maximum(rate - error, 0.0), rate + error, color=DARK, linewidth=1.1, label="its 95% interval"
            )
        for index, (name, label) in enumerate((("mean_before", "before"), ("mean_after", "after"))):
            style = marker_style(index + 3) | {"linestyle": "none"}
            ax.plot(place, self._frame[name], label=f"mean probability {label}", **style)
        _named(ax, self._frame["band"])
        ax.set(xlabel="Band", ylabel="Bad rate", ylim=(0, None))
        percent_axis(ax.yaxis, None)
        ax.legend(loc="best")


class QuasiMomentDisplay(Display):
    """Evidence `calibration.quasi_moments`: mean and AUC before, after and observed, each over its target."""

    columns = (
        *("target_rate", "mean_before", "mean_after", "bad_rate"),
        *("target_auc", "auc_before", "auc_after", "observed_auc"),
    )
    default_title = "Quasi-moments over their targets"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        linear_score: ArrayLike,
        *,
        rate: float,
        auc: float,
        weights: ArrayLike | None = None,
        title: str | None = None,
    ) -> QuasiMomentDisplay:
        """Of outcomes (n,), linear scores (n,) in log-odds of bad, and the targets of mean probability and AUC."""
        fit = match_quasi_moments(linear_score, rate, auc, weights)
        return cls(moments_frame(fit, y, linear_score, weights), title=title)

    def _draw(self, ax: Axes) -> None:
        frame, names = self._frame, []
        series: dict[str, list[float]] = {"before": [], "after": [], "observed": []}
        for _, row in frame.iterrows():
            model = f"{row['model']}\n" if "model" in frame.columns and len(frame) > 1 else ""
            for word, goal, columns in (
                ("mean probability", "target_rate", ("mean_before", "mean_after", "bad_rate")),
                ("AUC", "target_auc", ("auc_before", "auc_after", "observed_auc")),
            ):
                names.append(f"{model}{word}, target {row[goal]:.4g}")
                for told, column in zip(series.values(), columns, strict=True):
                    told.append(float(row[column] / row[goal]))
        place = np.arange(len(names))[::-1]
        ax.axvline(1.0, **REFERENCE)
        for index, (label, values) in enumerate(series.items()):
            style = marker_style(index) | ({"markersize": 9, "markerfacecolor": "none"} if label == "after" else {})
            ax.plot(values, place, label=label, linestyle="none", **style)
        ax.set_yticks(place, names)
        ax.set(xlabel="Value over target", ylim=(-0.6, len(place) - 0.4))
        ax.grid(visible=False, axis="y")
        ax.legend(loc="best")


class SegmentCalibrationDisplay(Display):
    """Frame `table` of `fit_segments`: bad rate of each segment against the pooled map and the map that is used."""

    columns = ("segment", "bad_rate", "mean_pooled", "mean_probability", "own_map")
    default_title = "Calibration by segment"

    def __init__(self, frame: pd.DataFrame, *, model: str | None = None, title: str | None = None):
        """Of evidence `calibration.segments`, which holds several models: `model`, or the first of them."""
        super().__init__(_of_model(frame, model), title=title)

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        linear_score: ArrayLike,
        segment: Sequence[Any] | ArrayLike,
        *,
        method: str = "logistic",
        weights: ArrayLike | None = None,
        **settings: Any,
    ) -> SegmentCalibrationDisplay:
        """Of outcomes, linear scores (log-odds of bad) and segments, all (n,)."""
        return cls(fit_segments(method, linear_score, y, segment, weights, **settings).table)

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self._frame))
        ax.bar(place, self._frame["bad_rate"], width=0.7, color=BAR, label="observed bad rate")
        pooled = marker_style(1) | {"markerfacecolor": "none"}
        ax.plot(place, self._frame["mean_pooled"], label="pooled map", linestyle="none", **pooled)
        own = self._frame["own_map"].to_numpy(dtype=bool)
        used = self._frame["mean_probability"]
        ax.plot(place[own], used[own], label="own map", linestyle="none", **marker_style(0))
        pairs = zip(self._frame["segment"], own, strict=True)
        names = [("missing" if pd.isna(name) else str(name), one) for name, one in pairs]
        _named(ax, [name if one else f"{name}\n(pooled)" for name, one in names])
        top = float(self._frame[["bad_rate", "mean_pooled", "mean_probability"]].max().max())
        ax.set(ylabel="Bad rate, mean probability", ylim=(0, 1.3 * top))
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper left", ncols=3)


class LowDefaultDisplay(Display):
    """Frame `table` of `pluto_tasche`: upper bound of each grade beside its observed default rate."""

    columns = ("grade", "obligors", "defaults", "bound", "raised", "upper_bound")
    default_title = "Upper bounds of default probabilities"

    @classmethod
    def from_counts(
        cls, obligors: ArrayLike, defaults: ArrayLike, confidence: float = 0.9, **settings: Any
    ) -> LowDefaultDisplay:
        """Of obligors (k,) and defaults (k,), grades from the best to the worst; settings of `pluto_tasche`."""
        return cls(pluto_tasche(obligors, defaults, confidence, **settings).table)

    def _draw(self, ax: Axes) -> None:
        place = np.arange(len(self._frame))
        ax.bar(place, self._frame["upper_bound"], width=0.6, color=BAR, label="upper bound")
        rate = self._frame["defaults"] / self._frame["obligors"]
        ax.plot(place, rate, label="observed default rate", linestyle="none", **marker_style(0))
        raised = self._frame["raised"].to_numpy(dtype=bool)
        if raised.any():
            own = marker_style(4) | {"marker": "_", "markersize": 14}
            ax.plot(place[raised], self._frame["bound"][raised], label="bound before raising", linestyle="none", **own)
        _named(ax, self._frame["grade"])
        ax.set(xlabel="Grade, from the best to the worst", ylabel="Probability of default", ylim=(0, None))
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper left")


def _of_model(frame: pd.DataFrame, model: str | None) -> pd.DataFrame:
    """The rows of one model, the first where none is named; all rows of a frame of no model."""
    if "model" not in frame.columns or not len(frame):
        return frame
    return frame[frame["model"] == (frame["model"].iloc[0] if model is None else model)]


def _named(ax: Axes, names: Sequence[Any] | pd.Series) -> None:
    labels = [str(name) for name in names]
    crowded = max((len(label) for label in labels), default=0) * len(labels) > 70
    ax.set_xticks(range(len(labels)), labels, rotation=35 if crowded else 0, ha="right" if crowded else "center")
    ax.grid(visible=False, axis="x")
