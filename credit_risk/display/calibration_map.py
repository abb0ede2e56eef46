"""Calibration maps over the linear score, against no calibration and the observed bad rate of bands."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.calibration import CalibrationMap, fit_map, fit_segments
from credit_risk.calibration.curve import BEFORE, OBSERVED, map_curves
from credit_risk.display.base import Display, series_names
from credit_risk.display.style import REFERENCE, line_style, readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POOLED = "pooled"
LOW_TICKS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
TICKS = (*LOW_TICKS, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999)
"""Probabilities that label the axis of log-odds."""


class CalibrationMapDisplay(Display):
    """Frame of evidence `calibration.map`, or of `map_curves`: probability by linear score, one curve a map.

    The curve `before` is no calibration: a straight line, as the axis of probabilities is one of log-odds. The rows
    `observed`, if there are any, are bad rates of bands of the score with their intervals (lower, upper).
    """

    columns = ("curve", "linear_score", "probability")
    default_title = "Calibration of the linear score"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        linear_score: ArrayLike,
        maps: Mapping[str, CalibrationMap] | None = None,
        *,
        weights: ArrayLike | None = None,
        bands: int = 10,
        confidence: float = 0.95,
        title: str | None = None,
    ) -> CalibrationMapDisplay:
        """Of outcomes (n,) and linear scores (n,) in log-odds: `maps` by name, or a logistic map fitted to them."""
        shown = {"logistic": fit_map("logistic", linear_score, y, weights).map} if maps is None else maps
        frame = map_curves(shown, linear_score, y, weights, bands=bands, confidence=confidence)
        return cls(frame, title=title)

    def _draw(self, ax: Axes) -> None:
        curves = [name for name in series_names(self._frame["curve"]) if name != OBSERVED]
        index = 0
        for name in curves:
            part = self._frame[self._frame["curve"] == name]
            style = dict(REFERENCE) if name == BEFORE else line_style(index)
            index += name != BEFORE
            label = "no calibration" if name == BEFORE else readable(name)
            ax.plot(part["linear_score"], _log_odds(part["probability"]), label=label, **style)
        seen = self._frame[self._frame["curve"] == OBSERVED]
        if len(seen):
            self._points(ax, seen)
        ax.set(xlabel="Linear score (log-odds of bad)", ylabel="Probability of bad (scale of log-odds)")
        _label_probabilities(ax)
        ax.legend(loc="upper left")

    def _points(self, ax: Axes, seen: pd.DataFrame) -> None:
        """Bands with their intervals; where no bad was seen, the interval alone."""
        rate, low, high = (seen[name].to_numpy(dtype=float) for name in ("probability", "lower", "upper"))
        floor, ceiling = (float(edge) for edge in ax.get_ylim())
        low_end, high_end = (np.clip(_log_odds(end), floor - 1.0, ceiling + 1.0) for end in (low, high))
        x = seen["linear_score"].to_numpy(dtype=float)
        ax.vlines(x, low_end, high_end, color="#333333", linewidth=1.1)
        inside = (rate > 0.0) & (rate < 1.0)
        points: dict[str, Any] = {
            "color": "#333333",
            "marker": "o",
            "markersize": 4.5,
            "linestyle": "none",
            "zorder": 4,
        }
        ax.plot(x[inside], _log_odds(rate[inside]), label="observed bad rate", **points)


class SegmentMapsDisplay(Display):
    """Frame of evidence `calibration.segment_maps`: the map of each segment over its scores, the pooled one dotted."""

    columns = ("segment", "curve", "linear_score", "probability")
    default_title = "Maps of segments"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        linear_score: ArrayLike,
        segment: Sequence[Any] | ArrayLike,
        *,
        method: str = "logistic",
        weights: ArrayLike | None = None,
        points: int = 25,
        title: str | None = None,
        **settings: Any,
    ) -> SegmentMapsDisplay:
        """Of outcomes, linear scores (log-odds of bad) and segments, all (n,), by `fit_segments`."""
        fits = fit_segments(method, linear_score, y, segment, weights, **settings)
        score, names, parts = np.asarray(linear_score, dtype=float), pd.Series(np.asarray(segment, object)), []
        for name, fit in fits.own.items():
            inside = score[(names == name).to_numpy(dtype=bool)]
            grid = np.linspace(inside.min(), inside.max(), points)
            for curve, one in ((POOLED, fits.pooled.map), ("segment", fit.map)):
                given = {"linear_score": grid, "probability": one.probability(grid)}
                parts.append(pd.DataFrame({"segment": str(name), "curve": curve, **given}))
        return cls(pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=cls.columns), title=title)

    def _draw(self, ax: Axes) -> None:
        pooled = self._frame[self._frame["curve"] == POOLED].sort_values("linear_score")
        ax.plot(pooled["linear_score"], _log_odds(pooled["probability"]), label="pooled", **REFERENCE)
        own = self._frame[self._frame["curve"] != POOLED]
        for index, name in enumerate(series_names(own["segment"])):
            part = own[own["segment"].astype(str) == name]
            ax.plot(part["linear_score"], _log_odds(part["probability"]), label=name, **line_style(index))
        ax.set(xlabel="Linear score (log-odds of bad)", ylabel="Probability of bad (scale of log-odds)")
        _label_probabilities(ax)
        ax.legend(loc="upper left")


def _log_odds(probability: pd.Series | np.ndarray) -> np.ndarray:
    p = np.asarray(probability, dtype=float)
    with np.errstate(divide="ignore"):
        return np.log(p / (1.0 - p))


def _label_probabilities(ax: Axes) -> None:
    low, high = ax.get_ylim()
    within = [p for p in TICKS if low <= math.log(p / (1.0 - p)) <= high]
    gap = (high - low) / 14.0
    shown: list[float] = []
    for p in within:
        if not shown or _log_odds(np.array([p]))[0] - _log_odds(np.array([shown[-1]]))[0] >= gap:
            shown.append(p)
    ax.set_yticks(_log_odds(np.array(shown)), [f"{100 * p:g}%" for p in shown])
    ax.set_ylim(low, high)
