"""Baselines that a model must beat: their AUC, and that of each candidate less theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_risk.display.forest import Forest, draw_forest
from credit_risk.display.style import REFERENCE, readable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class BaselineDisplay(Forest):
    """Frame of evidence `performance.baselines`: AUC of every baseline on every sample, with intervals."""

    columns = ("baseline", "sample", "auc", "auc_lower", "auc_upper")
    default_title = "AUC of the baselines"

    def _labels(self) -> list[str]:
        return [readable(name) for name in self._frame["baseline"]]

    def _draw(self, ax: Axes) -> None:
        draw_forest(ax, self._frame, self._labels(), ("auc", "auc_lower", "auc_upper"), "sample", "not evaluable")
        ax.set(xlabel="AUC")
        self._legend(ax)


class BaselineDifferenceDisplay(Forest):
    """Frame of evidence `performance.baseline_differences`: AUC of each candidate less that of a baseline, paired."""

    columns = ("baseline", "candidate", "sample", "auc_difference", "lower", "upper")
    default_title = "Difference in AUC to the baselines"

    def _labels(self) -> list[str]:
        pairs = zip(self._frame["candidate"], self._frame["baseline"], strict=True)
        return [f"{readable(one)} less {readable(two)}" for one, two in pairs]

    def _draw(self, ax: Axes) -> None:
        ends = ("auc_difference", "lower", "upper")
        draw_forest(ax, self._frame, self._labels(), ends, "sample", "not evaluable")
        ax.axvline(0.0, **REFERENCE)
        ax.set(xlabel="AUC of the candidate less that of the baseline")
        self._legend(ax)
