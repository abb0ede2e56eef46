"""Two scores beside each other: the swap set, and the bad rate by band of one and band of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.heat_map import draw_heat_map
from credit_risk.display.style import COLOURS, HATCHES, readable
from credit_risk.strategy.applicants import Applicants
from credit_risk.strategy.cut_offs import cut_offs_of
from credit_risk.strategy.matrix import two_score_matrix
from credit_risk.strategy.pair import Pair, matching_cut_off
from credit_risk.strategy.swap_set import swap_set

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 30  # a cell of fewer known outcomes has its number, and no shade: chance would be the darkest
NAMES = ("base", "candidate")


def named(names: tuple[str, str]) -> dict[str, str]:
    """Names of the two scores by column. Raises CreditRiskError unless they are two, and differ."""
    if isinstance(names, str) or len(set(names)) != 2:
        fault = Fault("not two names that differ", path="names", found=repr(names), allowed="(base, candidate)")
        raise CreditRiskError(fault)
    return dict(zip(NAMES, names, strict=True))


class SwapSetDisplay(Display):
    """Frame of evidence `strategy.swap_sets`: bad rate with its interval of the four cells, shares beside their names.

    Of several pairs and bases the first is drawn, its samples side by side; select rows for another.
    """

    columns = ("base", "candidate", "basis", "sample", "cell", "share", "known", "bad_rate", "lower", "upper")
    default_title = "Swap set"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        candidate: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        cut_off: float,
        candidate_cut_off: float | None = None,
        sample: str = "sample",
        names: tuple[str, str] = NAMES,
        confidence: float = 0.95,
        title: str | None = None,
    ) -> SwapSetDisplay:
        """Swap set of one sample: y (n,) 1 bad, 0 good, NaN unknown; two scores (n,), higher is safer.

        candidate_cut_off: by default that of equal acceptance; names: of the base and of the candidate.
        """
        pair = Pair(Applicants(score, y, weights), candidate)
        w, basis, other = pair.base.weights, "declared cut-offs", candidate_cut_off
        if other is None:
            share = float(w[pair.base.score >= cut_off].sum()) / float(w.sum())
            basis, other = "equal acceptance", matching_cut_off(pair.candidate, w, share)
        head = {**named(names), "basis": basis, "sample": sample}
        return cls(swap_set(pair, cut_off, other, confidence).assign(**head), title=title)

    def _draw(self, ax: Axes) -> None:
        first = self._frame.iloc[0]
        frame = self._frame
        for name in ("base", "candidate", "basis"):
            frame = frame[frame[name] == first[name]]
        cells, samples = series_names(frame["cell"]), series_names(frame["sample"])
        width = 0.8 / len(samples)
        for index, sample in enumerate(samples):
            part = frame[frame["sample"] == sample].set_index("cell").reindex(cells)
            x = np.arange(len(cells)) + (index - (len(samples) - 1) / 2) * width
            rate = part["bad_rate"].astype(float)
            whiskers = [rate - part["lower"].astype(float), part["upper"].astype(float) - rate]
            style: dict[str, Any] = {"color": COLOURS[index % 6], "hatch": HATCHES[index % 6], "edgecolor": "white"}
            ax.bar(x, rate, width, yerr=whiskers, capsize=2.5, label=readable(sample), **style)
            for place, share in zip(x, part["share"], strict=True):
                ax.annotate(
                    f"{share:.0%}",
                    (place, 0),
                    (0, 2),
                    textcoords="offset points",
                    ha="center",
                    fontsize=7,
                    bbox={"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"},
                )
        ax.set_xticks(range(len(cells)), cells)
        ax.set(ylabel="Bad rate (in the bars: share of applicants)")
        ax.set_xlabel(f"{first['candidate']} in place of {first['base']}, {first['basis']}")
        ax.grid(visible=False, axis="x")
        percent_axis(ax.yaxis, None)
        if len(samples) > 1:
            ax.legend(loc="upper left")


class TwoScoreMatrixDisplay(Display):
    """Frame of evidence `strategy.matrix`: bad rates as a heat map in one hue, the numbers in the cells.

    Of several pairs and samples the first is drawn; select rows for another. A cell without known outcomes is empty;
    one with fewer than FEW has its number, and no shade.
    """

    columns = ("base", "candidate", "sample", "base_band", "candidate_band", "rows", "known", "bad_rate")
    default_title = "Bad rate by band of two scores"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        candidate: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        bands: int = 5,
        sample: str = "sample",
        names: tuple[str, str] = NAMES,
        confidence: float = 0.95,
        title: str | None = None,
    ) -> TwoScoreMatrixDisplay:
        """Matrix of one sample, bands of equal weight; all else as in `SwapSetDisplay.from_predictions`."""
        pair = Pair(Applicants(score, y, weights), candidate)
        edges = [cut_offs_of(x, bands, pair.base.weights) for x in (pair.base.score, pair.candidate)]
        frame = two_score_matrix(pair, edges[0], edges[1], confidence)
        return cls(frame.assign(**named(names), sample=sample), title=title)

    def _draw(self, ax: Axes) -> None:
        first = self._frame.iloc[0]
        frame = self._frame
        for name in ("base", "candidate", "sample"):
            frame = frame[frame[name] == first[name]]
        rates = frame.pivot_table(index="base_band", columns="candidate_band", values="bad_rate", dropna=False)
        values = rates.to_numpy(float)
        counts, known = (
            frame.pivot_table(index="base_band", columns="candidate_band", values=name).to_numpy(float)
            for name in ("rows", "known")
        )
        draw_heat_map(ax, values, counts, np.where(known >= FEW, values, np.nan))
        ax.set_xticks(np.arange(values.shape[1]) + 0.5, [f"{band:.0f}" for band in rates.columns])
        ax.set_yticks(np.arange(values.shape[0]) + 0.5, [f"{band:.0f}" for band in rates.index])
        ax.set(
            xlabel=f"Band of {first['candidate']} (riskiest first)", ylabel=f"Band of {first['base']} (riskiest first)"
        )
