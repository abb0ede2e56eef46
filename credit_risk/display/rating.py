"""A rating scale: share of each grade, its observed bad rate with interval, and its probability."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from credit_risk.calibration.master_scale import MasterScale, given_scale, scale_frame
from credit_risk.calibration.scale_design import ScaleRules, design_scale
from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.ranking import ALL
from credit_risk.display.style import BAR, line_style, marker_style, readable
from credit_risk.evaluation.graded import GradedSample
from credit_risk.evaluation.grades import grade_validation_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class GradeValidationDisplay(Display):
    """Frame of evidence `rating.validation`: bad rate of each grade with its interval beside its probability."""

    columns = ("sample", "grade", "probability", "bad_rate", "bad_rate_lower", "bad_rate_upper")
    default_title = "Grades against their probabilities"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        probability: ArrayLike,
        scale: MasterScale,
        *,
        confidence: float = 0.95,
        weights: ArrayLike | None = None,
        sample: str = ALL,
    ) -> GradeValidationDisplay:
        """Of rows y and probability (n,) on `scale`, by `grade_validation_table`."""
        rows = {sample: GradedSample(y, scale.index(probability), probability, weights)}
        return cls(grade_validation_table(rows, scale.grades, scale.probabilities, confidence=confidence))

    def _draw(self, ax: Axes) -> None:
        grades, samples = series_names(self._frame["grade"]), series_names(self._frame["sample"])
        for index, name in enumerate(samples):
            part = self._frame[self._frame["sample"] == name]
            at = [grades.index(str(grade)) + (index - (len(samples) - 1) / 2) * 0.16 for grade in part["grade"]]
            rate, lower, upper = (part[f"bad_rate{end}"].astype(float) for end in ("", "_lower", "_upper"))
            style = {**marker_style(index), "linestyle": "none", "capsize": 2.5}
            ax.errorbar(at, rate, yerr=[rate - lower, upper - rate], label=readable(name), **style)
        first = self._frame.drop_duplicates("grade")
        values = first["probability"].astype(float)
        ax.plot(range(len(grades)), values, label="probability of the grade", drawstyle="steps-mid", **line_style(4))
        ax.set_xticks(range(len(grades)), grades)
        ax.set(xlabel="Grade", ylabel="Bad rate")
        ax.grid(visible=False, axis="x")
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper left")


class RatingScaleDisplay(Display):
    """Frame of evidence `rating.scale`; bars of the share stand behind, on an axis of their own at the right."""

    columns = ("grade", "share", "bad_rate", "bad_rate_lower", "bad_rate_upper", "probability")
    default_title = "Grades of the rating scale"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        probability: ArrayLike,
        *,
        scale: MasterScale | None = None,
        rules: ScaleRules | None = None,
        confidence: float = 0.95,
        weights: ArrayLike | None = None,
        title: str | None = None,
    ) -> RatingScaleDisplay:
        """Rows y and probability (n,) on `scale`; without one, on the scale that `design_scale` makes under `rules`.

        A designed scale has the mean probability of its grades. Raises as `design_scale` and `scale_frame` do.
        """
        if scale is None:
            edges = design_scale(probability, y, rules, weights).edges
            scale = given_scale(edges, probability, weights=weights)
        sample = GradedSample(y, scale.index(probability), probability, weights)
        return cls(scale_frame(scale, sample, confidence), title=title)

    def _draw(self, ax: Axes) -> None:
        place, rate = np.arange(len(self._frame)), self._frame["bad_rate"]
        behind = ax.twinx()
        behind.bar(place, self._frame["share"], width=0.7, color=BAR, label="share of the rows (right)")
        behind.set(ylabel="Share of the rows", ylim=(0, 2.5 * float(self._frame["share"].max())))
        behind.grid(visible=False)
        percent_axis(behind.yaxis)
        ax.set_zorder(behind.get_zorder() + 1)
        ax.patch.set_visible(False)
        whiskers = [rate - self._frame["bad_rate_lower"], self._frame["bad_rate_upper"] - rate]
        ax.errorbar(place, rate, yerr=whiskers, label="observed", **marker_style(0), linestyle="none", capsize=2.5)
        values = self._frame["probability"]
        ax.plot(place, values, label="probability of the grade", drawstyle="steps-mid", **line_style(4))
        ax.set_xticks(place, [str(grade) for grade in self._frame["grade"]])
        ax.set(xlabel="Grade", ylabel="Bad rate", ylim=(0, None))
        ax.grid(visible=False, axis="x")
        percent_axis(ax.yaxis, None)
        lines, bars = ax.get_legend_handles_labels(), behind.get_legend_handles_labels()
        ax.legend([*lines[0], *bars[0]], [*lines[1], *bars[1]], loc="upper left")
