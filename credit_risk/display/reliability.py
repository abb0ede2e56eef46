"""Calibration beyond its curve: reliability without bins, scores taken apart, errors, tests and their weakness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.ranking import ALL, weights_of
from credit_risk.display.style import REFERENCE, line_style, marker_style, readable
from credit_risk.evaluation.calibration_test_table import (
    FAIL,
    REVIEW,
    calibration_tests_table,
    group_dependence_table,
)
from credit_risk.evaluation.decomposition import decomposition_table, errors_table
from credit_risk.evaluation.reliability import reliability_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Probabilities = Mapping[str, ArrayLike]
"""Probabilities of bad (n,) by model."""


class ReliabilityDisplay(Display):
    """Frame of evidence `performance.reliability`: recalibrated against predicted probability, consistency bands."""

    columns = ("sample", "probability", "recalibrated", "lower", "upper")
    default_title = "Reliability, with consistency band"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        probability: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        sample: str = ALL,
        confidence: float = 0.95,
        seed: int = 0,
    ) -> ReliabilityDisplay:
        """Of outcomes (n,) 0/1 and probabilities (n,) of bad, by `reliability_table`."""
        held = weights_of(sample, weights)
        return cls(reliability_table({sample: (y, probability)}, confidence, seed=seed, weights=held))

    def _draw(self, ax: Axes) -> None:
        top = min(1.0, float(self._frame[["probability", "recalibrated", "upper"]].max().max()) * 1.04)
        ax.plot([0, top], [0, top], **REFERENCE)
        for index, name in enumerate(series_names(self._frame["sample"])):
            part, style = self._frame[self._frame["sample"] == name], line_style(index)
            x = part["probability"]
            ax.fill_between(x, part["lower"], part["upper"], color=style["color"], alpha=0.14, linewidth=0)
            for edge in ("lower", "upper"):
                ax.plot(x, part[edge], **{**style, "linewidth": 0.6})
            ax.plot(x, part["recalibrated"], label=readable(name), **style)
        ax.set(xlim=(0, top), ylim=(0, top), aspect="equal")
        ax.set(xlabel="Predicted probability", ylabel="Recalibrated probability")
        percent_axis(ax.xaxis, None)
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper left")


class DecompositionDisplay(Display):
    """Frame of evidence `performance.decomposition`: miscalibration against discrimination of each model and sample.

    The tick beside each point is the miscalibration that chance alone exceeds in 5 % of draws.
    """

    columns = ("model", "sample", "rule", "miscalibration", "discrimination", "chance_miscalibration")
    default_title = "Miscalibration and discrimination"

    def __init__(self, frame: pd.DataFrame, *, rule: str = "log_loss", title: str | None = None):
        super().__init__(frame[frame["rule"] == rule] if "rule" in frame.columns else frame, title=title)
        self.rule = rule

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        probability: Probabilities,
        *,
        weights: ArrayLike | None = None,
        sample: str = ALL,
        rule: str = "log_loss",
        seed: int = 0,
    ) -> DecompositionDisplay:
        """Of outcomes (n,) 0/1 and probabilities {model: (n,)} of bad, by `decomposition_table`."""
        held = {model: {sample: (y, values)} for model, values in probability.items()}
        return cls(decomposition_table(held, seed=seed, weights=weights_of(sample, weights)), rule=rule)

    def _draw(self, ax: Axes) -> None:
        names = list(dict.fromkeys(zip(self._frame["model"], self._frame["sample"], strict=True)))
        for index, (model, sample) in enumerate(names):
            part = self._frame[(self._frame["model"] == model) & (self._frame["sample"] == sample)]
            x, y, chance = (
                float(part[c].iloc[0]) for c in ("discrimination", "miscalibration", "chance_miscalibration")
            )
            style = marker_style(index)
            ax.plot([x, x], [y, chance], color=style["color"], linewidth=0.8)
            ax.plot([x], [chance], color=style["color"], marker="_", markersize=14)
            label = readable(sample) if model == ALL else f"{model}, {readable(sample)}"
            ax.plot([x], [y], linestyle="none", label=label, **{**style, "markersize": 7})
        ax.set(xlabel=f"Discrimination ({readable(self.rule)})", ylabel="Miscalibration; tick: 95 % point by chance")
        ax.set(ylim=(0, None))
        ax.margins(x=0.15)
        ax.legend(loc="best")


class CalibrationErrorsDisplay(Display):
    """Frame of evidence `performance.calibration_errors`: each measure beside its mean and 95 % point by chance."""

    columns = ("sample", "measure", "value", "chance_mean", "chance_level")
    default_title = "Errors of calibration beside chance"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        probability: ArrayLike,
        *,
        weights: ArrayLike | None = None,
        sample: str = ALL,
        seed: int = 0,
    ) -> CalibrationErrorsDisplay:
        """Of outcomes (n,) 0/1 and probabilities (n,) of bad, by `errors_table`."""
        held = {ALL: {sample: (y, probability)}}
        return cls(errors_table(held, seed=seed, weights=weights_of(sample, weights)))

    def _draw(self, ax: Axes) -> None:
        samples, measures = series_names(self._frame["sample"]), series_names(self._frame["measure"])
        for index, name in enumerate(samples):
            part = self._frame[self._frame["sample"] == name].set_index("measure").loc[measures]
            place = np.arange(len(measures)) + (index - (len(samples) - 1) / 2) * 0.22
            style = marker_style(index)
            ax.vlines(place, part["chance_mean"], part["chance_level"], color=style["color"], linewidth=5, alpha=0.3)
            ax.plot(place, part["value"], linestyle="none", label=readable(name), **style)
        ax.set_xticks(range(len(measures)), [readable(one) for one in measures])
        ax.set(ylabel="Distance; bar: mean to 95 % point by chance", ylim=(0, None))
        percent_axis(ax.yaxis, None)
        ax.grid(visible=False, axis="x")
        ax.legend(loc="best")


class CalibrationTestsDisplay(Display):
    """Frame of evidence `performance.calibration_tests`: p-values as if independent, and at the asset correlation."""

    columns = ("model", "sample", "test", "p_value", "correlated_p_value")
    default_title = "Tests of calibration"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        probability: Probabilities,
        *,
        asset_correlation: float | None = None,
        weights: ArrayLike | None = None,
        sample: str = ALL,
    ) -> CalibrationTestsDisplay:
        """Of outcomes (n,) 0/1 and probabilities {model: (n,)} fitted elsewhere, by `calibration_tests_table`."""
        held = {model: {sample: (y, values)} for model, values in probability.items()}
        return cls(calibration_tests_table(held, asset_correlation, weights=weights_of(sample, weights)))

    def _size(self) -> tuple[float, float]:
        return 6.8, max(2.4, 0.9 + 0.24 * len(self._frame))

    def _draw(self, ax: Axes) -> None:
        labels = [
            f"{row.model}, {readable(row.sample)}, {readable(row.test)}" for row in self._frame.itertuples(index=False)
        ]
        place = np.arange(len(labels))[::-1]
        for index, (column, label) in enumerate(
            (("p_value", "as if independent"), ("correlated_p_value", "at the asset correlation"))
        ):
            if self._frame[column].notna().any():
                ax.plot(self._frame[column], place, linestyle="none", label=label, **marker_style(index))
        for cut in (FAIL, REVIEW):
            ax.axvline(cut, **REFERENCE)
        ax.set_yticks(place, labels)
        ax.set_xscale("symlog", linthresh=1e-3)
        ticks = [0.0, 0.001, FAIL, REVIEW, 0.2, 1.0]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set(xlabel=f"p-value; lines: {FAIL:g} and {REVIEW:g}", xlim=(-1e-4, 1.3))
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=2)


class GroupDependenceDisplay(Display):
    """Frame of evidence `performance.hosmer_lemeshow_groups`: the p-value by the number of groups."""

    columns = ("sample", "groups", "p_value")
    default_title = "Hosmer-Lemeshow by the number of groups"

    @classmethod
    def from_predictions(
        cls, y: ArrayLike, probability: ArrayLike, *, weights: ArrayLike | None = None, sample: str = ALL
    ) -> GroupDependenceDisplay:
        """Of outcomes (n,) 0/1 and probabilities (n,) of bad fitted elsewhere, by `group_dependence_table`."""
        return cls(group_dependence_table({sample: (y, probability)}, weights=weights_of(sample, weights)))

    def _draw(self, ax: Axes) -> None:
        ax.axhline(REVIEW, **REFERENCE)
        for index, name in enumerate(series_names(self._frame["sample"])):
            part = self._frame[self._frame["sample"] == name]
            style = {**line_style(index), **marker_style(index), "linewidth": 1.2}
            ax.plot(part["groups"], part["p_value"], label=readable(name), **style)
        ax.set(xlabel="Number of groups", ylabel=f"p-value; line: {REVIEW:g}", ylim=(0, 1))
        ax.legend(loc="best")
