"""Score bands, and the distribution of the score of goods and bads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.html_table import format_value
from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.ranking import ALL
from credit_risk.display.style import COLOURS, HATCHES, line_style, marker_style, readable
from credit_risk.evaluation.bands import score_band_table, score_distribution
from credit_risk.evaluation.binned import band_edges
from credit_risk.evaluation.samples import ScoredSample

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ScoreBandDisplay(Display):
    """Frame of evidence `performance.score_bands`: observed bad rate with interval and mean prediction by band.

    `sample` shows one sample only; all by default.
    """

    columns = ("sample", "band", "lower", "upper", "bad_rate", "bad_rate_lower", "bad_rate_upper", "mean_probability")
    default_title = "Bad rate by score band"

    def __init__(self, frame: pd.DataFrame, *, sample: str | None = None, title: str | None = None):
        super().__init__(frame if sample is None else frame[frame["sample"] == sample], title=title)

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        probability: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        bands: int = 10,
        sample: str = ALL,
    ) -> ScoreBandDisplay:
        """Of outcomes (n,) 0/1, scores (n,), higher is safer, and probabilities of bad (n,), by `score_band_table`."""
        rows = ScoredSample(y, score, probability, weights=weights)
        return cls(score_band_table({sample: rows}, band_edges(score, bands, weights)))

    def _draw(self, ax: Axes) -> None:
        names = series_names(self._frame["sample"])
        for index, name in enumerate(names):
            part = self._frame[self._frame["sample"] == name]
            place = part["band"] + (index - (len(names) - 1) / 2) * 0.22
            rate = part["bad_rate"]
            whiskers = [rate - part["bad_rate_lower"], part["bad_rate_upper"] - rate]
            style = {**marker_style(index), "linestyle": "none", "capsize": 2.5}
            ax.errorbar(place, rate, yerr=whiskers, label=f"{readable(name)}, observed", **style)
            predicted = line_style(index) | {"linewidth": 1.2}
            label = f"{readable(name)}, predicted"
            ax.plot(place, part["mean_probability"], label=label, drawstyle="steps-mid", **predicted)
        first = self._frame.drop_duplicates("band")
        labels = [band_label(low, high) for low, high in zip(first["lower"], first["upper"], strict=True)]
        crowded = max((len(label) for label in labels), default=0) * len(labels) > 60
        ax.set_xticks(
            first["band"].to_list(), labels, rotation=35 if crowded else 0, ha="right" if crowded else "center"
        )
        ax.set(xlabel="Score", ylabel="Bad rate", ylim=(0, None))
        ax.grid(visible=False, axis="x")
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper right")


class ScoreDistributionDisplay(Display):
    """Frame of evidence `performance.score_distribution`: share of goods and of bads by class of score."""

    columns = ("outcome", "score", "share")
    default_title = "Distribution of the score"

    @classmethod
    def from_predictions(
        cls, y: ArrayLike, score: ArrayLike, *, weights: ArrayLike | None = None
    ) -> ScoreDistributionDisplay:
        """Of outcomes (n,) 0/1 and scores (n,), by `score_distribution`."""
        return cls(score_distribution(y, score, weights))

    def _draw(self, ax: Axes) -> None:
        for index, name in enumerate(series_names(self._frame["outcome"])):
            part = self._frame[self._frame["outcome"] == name]
            middle = part["score"].to_numpy(dtype=float)
            half = float(np.diff(middle).min()) / 2 if len(middle) > 1 else 0.5
            edges = np.append(middle - half, middle[-1] + half)
            style = line_style(index)
            fill = {"facecolor": (*_rgb(COLOURS[index]), 0.18), "hatch": HATCHES[index], "edgecolor": style["color"]}
            ax.stairs(part["share"], edges, fill=True, linewidth=0.0, **fill)
            ax.stairs(part["share"], edges, label=f"{readable(name)}s", **style)
        ax.set(xlabel="Score", ylabel="Share of goods, of bads", ylim=(0, None))
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper left")


def band_label(lower: float, upper: float) -> str:
    """Label of the score band [lower, upper), as bins are labelled; a missing end is open."""
    low, high = (None if pd.isna(end) else format_value(float(end), "points") for end in (lower, upper))
    if low is None:
        return "all" if high is None else f"< {high}"
    return f"≥ {low}" if high is None else f"[{low}, {high})"


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue
