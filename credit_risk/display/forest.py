"""Numbers with their intervals in rows: subpopulations, discrimination of models, further measures, cut-offs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.ranking import ALL
from credit_risk.display.style import REFERENCE, line_style, marker_style, readable
from credit_risk.evaluation.cut_offs import ACCEPT_RATES, PLAN, cut_off_table
from credit_risk.evaluation.discrimination import comparison_table, discrimination_table
from credit_risk.evaluation.initial_auc import initial_auc_table
from credit_risk.evaluation.ranking_measures import measure_table
from credit_risk.evaluation.samples import ScoredSample
from credit_risk.evaluation.subpopulations import subpopulation_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DEVELOPMENT = "development"
MEASURES = {
    "auc": ("auc", "auc_lower", "auc_upper", "AUC", None),
    "gini": ("gini", "gini_lower", "gini_upper", "Gini", None),
    "ks": ("ks", "ks_lower", "ks_upper", "KS", None),
    "bad_rate": ("bad_rate", "bad_rate_lower", "bad_rate_upper", "Bad rate", None),
    "ratio": ("ratio", "ratio_lower", "ratio_upper", "Bad rate over mean probability", 1.0),
    "auc_difference": (
        "auc_difference",
        "difference_lower",
        "difference_upper",
        "AUC less that of all other rows",
        0.0,
    ),
}


def draw_forest(
    ax: Axes, frame: pd.DataFrame, labels: Sequence[str], ends: tuple[str, str, str], series: str, note: str
) -> None:
    """One line a label, from the top; one point with whiskers a series; `note` in place of one that is missing."""
    names, rows = series_names(frame[series]), list(dict.fromkeys(labels))
    value, lower, upper = ends
    at = len(rows) - 1 - np.array([rows.index(label) for label in labels], dtype=float)
    for index, name in enumerate(names):
        own = (frame[series].astype(str) == name).to_numpy()
        place = at[own] - (index - (len(names) - 1) / 2) * (0.6 / max(len(names), 2))
        middle, low, high = (frame.loc[own, column].to_numpy(dtype=float) for column in (value, lower, upper))
        whiskers = np.nan_to_num(np.vstack([middle - low, high - middle]))
        style = marker_style(index) | {"linestyle": "none", "capsize": 2.5}
        ax.errorbar(middle, place, xerr=whiskers, label=readable(name), **style)
        for height in place[np.isnan(middle)]:
            where: Any = (0.02, height)
            text = note if len(names) == 1 else f"{readable(name)}: {note}"
            ax.annotate(text, where, xycoords=("axes fraction", "data"), fontsize=7, color="#555555", va="center")
    if frame[value].isna().any() and frame[value].notna().any():  # room for the notes, clear of the intervals
        left, right = ax.get_xlim()
        ax.set_xlim(left - 0.34 * (right - left), right)
    ax.set_yticks(range(len(rows)), rows[::-1])
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.grid(visible=False, axis="y")


def _scored(
    y: ArrayLike, score: ArrayLike, weights: ArrayLike | None = None, clusters: ArrayLike | None = None
) -> ScoredSample:
    """Rows whose risk is the negative of a score; measures of rank do not look at the probability."""
    points = np.asarray(score, dtype=np.float64)
    return ScoredSample(y, points, np.full(points.shape, 0.5), -points, weights, clusters)


class Forest(Display):
    """A display with a line for each label."""

    def _size(self) -> tuple[float, float]:
        return 7.2, max(2.6, 1.2 + 0.34 * len(dict.fromkeys(self._labels())))

    def _labels(self) -> list[str]:
        raise NotImplementedError

    def _legend(self, ax: Axes) -> None:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


class SubpopulationDisplay(Forest):
    """Frame of evidence `performance.subpopulations`: one measure of every group on every sample.

    measure: auc, gini, ks, bad_rate, ratio or auc_difference. Groups that are not evaluable stay, and say so.
    """

    columns = ("attribute", "group", "sample", "rows", "bad", "evaluable", "reading")
    default_title = "By subpopulation"

    def __init__(self, frame: pd.DataFrame, *, measure: str = "auc", title: str | None = None):
        super().__init__(frame, title=title)
        if measure not in MEASURES:
            raise CreditRiskError(Fault("no such measure", path="measure", found=measure, allowed=", ".join(MEASURES)))
        self.measure = measure

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        risk: ArrayLike,
        probability: ArrayLike,
        groups: Mapping[str, ArrayLike] | pd.DataFrame,
        *,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        edges: Mapping[str, Sequence[float]] | None = None,
        measure: str = "auc",
        min_bads: int = 30,
        sample: str = ALL,
    ) -> SubpopulationDisplay:
        """Of outcomes, risks and probabilities (n,) by the columns of `groups` (n,), by `subpopulation_table`."""
        one = {sample: ScoredSample(y, -np.asarray(risk, dtype=np.float64), probability, risk, weights, clusters)}
        values = {str(name): {sample: groups[name]} for name in groups}
        frame = subpopulation_table(one, values, edges=edges, reference_sample=sample, min_bads=min_bads)
        return cls(frame, measure=measure)

    def _labels(self) -> list[str]:
        pairs = zip(self._frame["attribute"], self._frame["group"], strict=True)
        return [f"{attribute}: {group}" for attribute, group in pairs]

    def _draw(self, ax: Axes) -> None:
        *ends, title, reference = MEASURES[self.measure]
        draw_forest(ax, self._frame, self._labels(), (ends[0], ends[1], ends[2]), "sample", "not evaluable")
        if reference is not None:
            ax.axvline(reference, **REFERENCE)
        ax.set(xlabel=title)
        self._legend(ax)


class DiscriminationDisplay(Forest):
    """Frame of evidence `performance.discrimination`: AUC of every model on every sample, with intervals."""

    columns = ("model", "sample", "auc", "auc_lower", "auc_upper")
    default_title = "AUC"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        risks: Mapping[str, ArrayLike],
        *,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        sample: str = ALL,
    ) -> DiscriminationDisplay:
        """Of outcomes (n,) and the risks (n,) of several models by name, by `discrimination_table`."""
        pairs = {name: {sample: (y, risk)} for name, risk in risks.items()}
        groups = None if clusters is None else {sample: clusters}
        w = None if weights is None else {sample: weights}
        return cls(discrimination_table(pairs, clusters=groups, weights=w))

    def _labels(self) -> list[str]:
        return [readable(name) for name in self._frame["model"]]

    def _draw(self, ax: Axes) -> None:
        draw_forest(ax, self._frame, self._labels(), ("auc", "auc_lower", "auc_upper"), "sample", "not evaluable")
        ax.set(xlabel="AUC")
        self._legend(ax)


class MeasureDisplay(Forest):
    """Frame of evidence `performance.measures`: every measure of a model, the first by default, on every sample."""

    columns = ("model", "sample", "measure", "value", "lower", "upper")
    default_title = "Measures of discrimination"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        *,
        cut_off: float | None = None,
        replicates: int = 200,
        seed: int = 0,
        min_bads: int = 30,
        confidence: float = 0.95,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        name: str = "score",
        sample: str = ALL,
    ) -> MeasureDisplay:
        """Of outcomes (n,) 0/1 and a score (n,), higher is safer, by `measure_table`; `seed`: of the bootstrap."""
        one = {name: {sample: _scored(y, score, weights, clusters)}}
        drawn: dict[str, Any] = {"generator": np.random.default_rng(seed), "replicates": replicates}
        return cls(measure_table(one, cut_off=cut_off, min_bads=min_bads, confidence=confidence, **drawn))

    def __init__(self, frame: pd.DataFrame, *, model: str | None = None, title: str | None = None):
        super().__init__(frame, title=title)
        chosen = model if model is not None else next(iter(series_names(frame["model"])), None)
        self._frame = self._frame[self._frame["model"] == chosen].reset_index(drop=True)

    def _labels(self) -> list[str]:
        return [str(name) for name in self._frame["measure"]]

    def _size(self) -> tuple[float, float]:
        return 9.4, super()._size()[1]

    def _draw(self, ax: Axes) -> None:
        draw_forest(ax, self._frame, self._labels(), ("value", "lower", "upper"), "sample", "not evaluable")
        ax.set(xlabel="Value")
        self._legend(ax)


class InitialAucDisplay(Forest):
    """Frame of evidence `performance.initial_auc`: current AUC with its interval, the initial one as a mark."""

    columns = ("model", "sample", "initial_auc", "auc", "auc_lower", "auc_upper")
    default_title = "Current AUC against the initial one"

    @classmethod
    def from_predictions(
        cls,
        initial: tuple[ArrayLike, ArrayLike],
        current: Mapping[str, tuple[ArrayLike, ArrayLike]],
        *,
        min_bads: int = 30,
        confidence: float = 0.95,
        weights: Mapping[str, ArrayLike] | None = None,
        name: str = "score",
    ) -> InitialAucDisplay:
        """Of (y, score) of development and of each later sample by name, by `initial_auc_table`.

        y (n,) 0/1; score (n,), higher is safer; weights: by sample, `development` the first.
        """
        pairs = {DEVELOPMENT: initial, **current}
        samples = {key: _scored(*pair, (weights or {}).get(key)) for key, pair in pairs.items()}
        return cls(initial_auc_table({name: samples}, min_bads=min_bads, confidence=confidence))

    def _labels(self) -> list[str]:
        return [readable(name) for name in self._frame["model"]]

    def _draw(self, ax: Axes) -> None:
        labels = self._labels()
        draw_forest(ax, self._frame, labels, ("auc", "auc_lower", "auc_upper"), "sample", "not evaluable")
        rows = list(dict.fromkeys(labels))
        at = [len(rows) - 1 - rows.index(label) for label in labels]
        mark: dict[str, Any] = {"marker": "|", "markersize": 18, "color": "#333333", "linestyle": "none"}
        ax.plot(self._frame["initial_auc"], at, label="initial", **mark)
        ax.set(xlabel="AUC")
        self._legend(ax)


class ComparisonDisplay(Forest):
    """Frame of evidence `performance.comparison`: AUC of each challenger less that of the champion, paired."""

    columns = ("challenger", "sample", "auc_difference", "lower", "upper")
    default_title = "Difference in AUC to the champion"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        risks: Mapping[str, ArrayLike],
        *,
        champion: str,
        confidence: float = 0.95,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        sample: str = ALL,
    ) -> ComparisonDisplay:
        """Of outcomes (n,) and the risks (n,) of several models by name, one the champion, by `comparison_table`."""
        pairs = {name: {sample: (y, risk)} for name, risk in risks.items()}
        groups = None if clusters is None else {sample: clusters}
        w = None if weights is None else {sample: weights}
        return cls(comparison_table(champion, pairs, confidence, groups, w))

    def _labels(self) -> list[str]:
        return [readable(name) for name in self._frame["challenger"]]

    def _draw(self, ax: Axes) -> None:
        draw_forest(ax, self._frame, self._labels(), ("auc_difference", "lower", "upper"), "sample", "not evaluable")
        ax.axvline(0.0, **REFERENCE)
        ax.set(xlabel="Challenger less champion")
        self._legend(ax)


class CutOffMeasuresDisplay(Display):
    """Frame of evidence `performance.cut_offs`: precision, recall and F1 over the share that is accepted.

    `sample` shows one sample only; the first by default. The plan's cut-off, where declared, is marked.
    """

    columns = ("sample", "basis", "accept_rate", "precision", "recall", "f1")
    default_title = "Measures at cut-offs"

    def __init__(self, frame: pd.DataFrame, *, sample: str | None = None, title: str | None = None):
        super().__init__(frame, title=title)
        chosen = sample if sample is not None else next(iter(series_names(frame["sample"])), None)
        self._frame = self._frame[self._frame["sample"] == chosen].reset_index(drop=True)

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        *,
        cut_off: float | None = None,
        accept_rates: Sequence[float] = ACCEPT_RATES,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        min_bads: int = 30,
        sample: str = ALL,
    ) -> CutOffMeasuresDisplay:
        """Of outcomes (n,) 0/1 and a score (n,) that is higher for safer rows, by `cut_off_table`."""
        one = {sample: _scored(y, score, weights, clusters)}
        options: dict[str, Any] = {"accept_rates": accept_rates, "reference_sample": sample, "min_bads": min_bads}
        return cls(cut_off_table(one, cut_off, **options))

    def _draw(self, ax: Axes) -> None:
        frame = self._frame.sort_values("accept_rate")
        for index, name in enumerate(("precision", "recall", "f1")):
            middle = frame[name].to_numpy(dtype=float)
            style = line_style(index) | marker_style(index) | {"linewidth": 1.2, "capsize": 2.5}
            ends = [frame[f"{name}{end}"].to_numpy(dtype=float) for end in ("_lower", "_upper")]
            whiskers = np.nan_to_num(np.vstack([middle - ends[0], ends[1] - middle]))
            ax.errorbar(frame["accept_rate"], middle, yerr=whiskers, label=readable(name).replace("f1", "F1"), **style)
        declared = frame.loc[frame["basis"] == PLAN, "accept_rate"].dropna()
        for rate in declared:
            ax.axvline(rate, **REFERENCE)
            place: Any = (rate, 1.0)
            options: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
            ax.annotate("plan's cut-off", place, (3, -10), fontsize=8, **options)
        ax.set(xlabel="Share accepted", ylabel="Of the rejected, who are called bad", ylim=(0, 1))
        percent_axis(ax.xaxis)
        percent_axis(ax.yaxis)
        ax.legend(loc="best")
