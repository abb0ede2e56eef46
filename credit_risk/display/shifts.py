"""Stability: the index of each quantity, and what moved by bin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.display.base import Display, series_names
from credit_risk.display.style import COLOURS, HATCHES, REFERENCE, readable
from credit_risk.evaluation.binned import band_edges, bin_counts
from credit_risk.evaluation.stability import FAIL, REVIEW, stability_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


DEVELOPMENT = "development"


class StabilityDisplay(Display):
    """Frame of evidence `stability.psi`: index of each quantity, cuts of the rule of thumb, and what chance gives."""

    columns = ("quantity", "sample", "psi", "chance_level")
    default_title = "Population stability index"

    @classmethod
    def from_predictions(
        cls,
        development: ArrayLike,
        others: Mapping[str, ArrayLike],
        *,
        bins: int = 10,
        weights: Mapping[str, ArrayLike] | None = None,
        name: str = "score",
    ) -> StabilityDisplay:
        """Of the score (n,) of development and of others by name, in bins of about equal weight on development.

        By `stability_table`; weights: by sample, `development` the first; then every sample needs its own.
        """
        samples = {DEVELOPMENT: development, **others}
        edges = band_edges(development, bins, None if weights is None else weights[DEVELOPMENT])
        ids = {key: np.searchsorted(edges, np.asarray(x, np.float64), "right") for key, x in samples.items()}
        rows = {key: len(values) for key, values in ids.items()}
        return cls(stability_table({name: bin_counts(ids, weights)}, rows=None if weights is None else rows))

    def _size(self) -> tuple[float, float]:
        rows = self._frame["quantity"].nunique() * max(1, self._frame["sample"].nunique())
        return 6.8, max(2.6, 1.2 + 0.2 * rows)

    def _draw(self, ax: Axes) -> None:
        quantities, samples = series_names(self._frame["quantity"]), series_names(self._frame["sample"])
        height = 0.8 / max(1, len(samples))
        for index, name in enumerate(samples):
            part = self._frame[self._frame["sample"] == name].set_index("quantity").reindex(quantities)
            place = np.arange(len(quantities)) + (index - (len(samples) - 1) / 2) * height
            look: Any = {"color": COLOURS[index % len(COLOURS)], "hatch": HATCHES[index % len(HATCHES)]}
            ax.barh(place, part["psi"], height * 0.9, label=readable(name), edgecolor="white", **look)
            label = "95 % point by chance" if index == 0 else None
            ax.plot(part["chance_level"], place, linestyle="none", marker="|", color="black", markersize=9, label=label)
        for cut in (REVIEW, FAIL):
            ax.axvline(cut, **REFERENCE)
        ax.set_yticks(range(len(quantities)), quantities)
        ax.invert_yaxis()
        ax.set(xlabel=f"Index; lines: {REVIEW:g} and {FAIL:g}, a rule of thumb", xlim=(0, None))
        ax.grid(visible=False, axis="y")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)


class ContributionDisplay(Display):
    """Frame of evidence `stability.bins`: contribution of each bin of one quantity to its index, signed by the shift.

    `quantity`: the first by default.
    """

    columns = ("quantity", "sample", "label", "difference", "contribution")
    default_title = "What moved"

    def __init__(self, frame: pd.DataFrame, *, quantity: str | None = None, title: str | None = None):
        if quantity is None and len(frame) and "quantity" in frame.columns:
            quantity = str(frame["quantity"].iloc[0])
        kept = frame[frame["quantity"] == quantity] if "quantity" in frame.columns else frame
        super().__init__(kept, title=f"What moved: {quantity}" if title is None else title)

    def _draw(self, ax: Axes) -> None:
        samples, labels = series_names(self._frame["sample"]), series_names(self._frame["label"])
        width = 0.8 / max(1, len(samples))
        for index, name in enumerate(samples):
            part = self._frame[self._frame["sample"] == name].set_index("label").reindex(labels)
            place = np.arange(len(labels)) + (index - (len(samples) - 1) / 2) * width
            look: Any = {"color": COLOURS[index % len(COLOURS)], "hatch": HATCHES[index % len(HATCHES)]}
            signed = np.sign(part["difference"]) * part["contribution"]
            ax.bar(place, signed, width * 0.9, label=readable(name), edgecolor="white", **look)
        ax.axhline(0.0, color="black", linewidth=0.8)
        crowded = max((len(label) for label in labels), default=0) * len(labels) > 60
        ax.set_xticks(range(len(labels)), labels, rotation=35 if crowded else 0, ha="right" if crowded else "center")
        ax.set(ylabel="Contribution to the index\n(above 0: more rows than in development)")
        ax.grid(visible=False, axis="x")
        ax.legend(loc="best")
