"""Decisions by hand and by two scores: override rates against the policy, paired differences in AUC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.display.base import percent_axis
from credit_risk.display.forest import Forest, draw_forest
from credit_risk.display.ranking import ALL
from credit_risk.display.style import REFERENCE
from credit_risk.display.two_scores import NAMES, named
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.comparison import COMPARISON_COLUMNS, compared_ranking
from credit_risk.strategy.overrides import override_table
from credit_risk.strategy.pair import Pair

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class OverridesDisplay(Forest):
    """Frame of evidence `strategy.overrides`: override rate by direction, beside what the policy allows."""

    columns = ("direction", "rate", "lower", "upper", "policy")
    default_title = "Overrides"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        probability: ArrayLike,
        status: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        policy: float,
        confidence: float = 0.95,
    ) -> OverridesDisplay:
        """By `override_table`: y (n,) 1 bad, 0 good, NaN unknown; status (n,) as in the column of that name."""
        one, p = Applicants(score, y, weights), np.asarray(probability, dtype=np.float64)
        return cls(override_table(one, p, np.asarray(status, dtype=object), policy, confidence))

    def _labels(self) -> list[str]:
        return [str(name) for name in self._frame["direction"]]

    def _draw(self, ax: Axes) -> None:
        shown = self._frame.assign(what="share of decisions that were changed by hand")
        draw_forest(ax, shown, self._labels(), ("rate", "lower", "upper"), "what", "not evaluable")
        policy = float(self._frame["policy"].iloc[0])
        ax.axvline(policy, **REFERENCE)
        top: tuple[float, float] = (policy, 1.0)
        ax.annotate("policy", top, (3, -9), xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=8)
        ax.set(xlabel="Overridden, of those decided", xlim=(0, None))
        percent_axis(ax.xaxis, None)


class PairDisplay(Forest):
    """Frame of evidence `strategy.comparison`: AUC of each candidate less that of its base, on the same rows."""

    columns = ("base", "candidate", "sample", "auc_difference", "auc_lower", "auc_upper")
    default_title = "Difference in AUC, paired"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        candidate: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        names: tuple[str, str] = NAMES,
        sample: str = ALL,
        confidence: float = 0.95,
    ) -> PairDisplay:
        """Of outcomes (n,) 0/1 and two scores (n,), higher is safer, by `compared_ranking`."""
        pair = Pair(Applicants(score, y, weights), candidate)
        head = {**named(names), "sample": sample, "rows": len(pair.base), "bad": int(np.sum(pair.base.y == 1))}
        row = {**head, **compared_ranking(pair.base, pair.candidate, confidence)}
        return cls(pd.DataFrame([row], columns=COMPARISON_COLUMNS).astype(object))

    def _labels(self) -> list[str]:
        return [f"{one} less {two}" for one, two in zip(self._frame["candidate"], self._frame["base"], strict=True)]

    def _draw(self, ax: Axes) -> None:
        ends = ("auc_difference", "auc_lower", "auc_upper")
        draw_forest(ax, self._frame, self._labels(), ends, "sample", "not evaluable")
        ax.axvline(0.0, **REFERENCE)
        ax.set(xlabel="AUC of the candidate less that of the base")
        self._legend(ax)
