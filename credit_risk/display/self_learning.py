"""Rounds of self-learning: how many rejects were labelled, and what the labels did to the Bayesian AUC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.display.base import Display
from credit_risk.display.style import BAR, COLOURS, HATCHES, line_style, marker_style
from credit_risk.reject_inference.self_learning import COLUMNS, SelfLearning, self_learning_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class SelfLearningDisplay(Display):
    """Frame of evidence `reject_inference.self_learning`: bars of labels, and the Bayesian AUC with its interval."""

    columns = COLUMNS
    default_title = "Rounds of self-learning"

    @classmethod
    def from_run(cls, run: SelfLearning, *, title: str | None = None) -> SelfLearningDisplay:
        """The rounds of a run as `self_learning_table` tells them."""
        return cls(self_learning_table(run), title=title)

    def _draw(self, ax: Axes) -> None:
        frame = self._frame
        rounds, bad, good = (frame[name].to_numpy(dtype=float) for name in ("round", "labelled_bad", "labelled_good"))
        ax.bar(rounds, bad, width=0.6, color=BAR, edgecolor=COLOURS[4], hatch=HATCHES[1], label="labelled bad")
        ax.bar(rounds, good, width=0.6, bottom=bad, color=BAR, edgecolor=COLOURS[2], label="labelled good")
        ax.set(
            xlabel="Round",
            ylabel="Rejects labelled",
            xticks=rounds,
            ylim=(0, 1.6 * max(float((bad + good).max()), 1.0)),
        )
        ax.grid(visible=False)
        other = ax.twinx()
        area = frame["bayesian_auc"].to_numpy(dtype=float)
        low, high = (frame[name].to_numpy(dtype=float) for name in ("lower", "upper"))
        style = {**line_style(0), **marker_style(0)}
        other.errorbar(rounds, area, yerr=[area - low, high - area], capsize=3, label="Bayesian AUC", **style)
        spread = max(float((high - low).max()), 1e-3)
        other.set(ylabel="Bayesian AUC", ylim=(float(low.min()) - 2.0 * spread, float(high.max()) + 0.6 * spread))
        other.grid(visible=False)
        other.spines["right"].set_visible(True)
        handles = [*ax.get_legend_handles_labels()[0], *other.get_legend_handles_labels()[0]]
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=3)
