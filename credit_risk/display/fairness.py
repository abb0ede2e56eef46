"""Protected groups: adverse impact, errors, calibration and means with their intervals, and curves by cut-off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.forest import Forest, draw_forest
from credit_risk.display.ranking import ALL
from credit_risk.display.style import REFERENCE, line_style, marker_style, readable
from credit_risk.evaluation.fairness import REFERENCE as COMPARED_WITH
from credit_risk.evaluation.fairness import adverse_impact_table, fairness_group_table
from credit_risk.evaluation.fairness_curves import APPROVAL_RATES, fairness_curve_table, reference_by_score
from credit_risk.evaluation.fairness_gaps import (
    ERROR_MEASURES,
    age_table,
    calibration_gap_table,
    error_rate_table,
)
from credit_risk.evaluation.protected_groups import GroupedAttributes, group_attributes
from credit_risk.evaluation.samples import ScoredSample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Groups: TypeAlias = Mapping[str, ArrayLike] | pd.DataFrame
Edges: TypeAlias = Mapping[str, Sequence[float]] | None
FOUR_FIFTHS = 0.8
CURVES = {
    "adverse_impact_ratio": "Approval rate over that of the reference group",
    "group_approval_rate": "Approval rate of the group",
    "true_positive_rate": "Refused, of the bads of the group",
    "false_positive_rate": "Refused, of the goods of the group",
    "positive_predictive_value": "Bads, of the refused of the group",
}
ERRORS = {
    "true_positive_rate": "Bads refused: less the reference group's share",
    "false_positive_rate": "Goods refused: less the reference group's share",
    "positive_predictive_value": "Bads of the refused: less the reference group's share",
    "good_approval_rate": "Goods approved: less the reference group's share",
}


class _Gaps(Forest):
    """One gap of every group on every sample, with its interval, about the line of no gap."""

    ends: ClassVar[tuple[str, str, str]]
    axis: ClassVar[str]
    lines: ClassVar[tuple[float, ...]] = (0.0,)
    shares: ClassVar[bool] = False

    def _labels(self) -> list[str]:
        frame = self._frame
        if "reference_group" not in frame:
            return [f"{a}: {g}" for a, g in zip(frame["attribute"], frame["group"], strict=True)]
        triples = zip(frame["attribute"], frame["group"], frame["reference_group"], strict=True)
        return [f"{a}: {g}{' (reference)' if g == r else ''}" for a, g, r in triples]

    def _axis_label(self) -> str:
        return self.axis

    def _draw(self, ax: Axes) -> None:
        for place in self.lines:
            ax.axvline(place, **REFERENCE)
        shown, labels = self._frame, self._labels()
        if "reference_group" in shown:  # compared with itself: on the line of no gap
            own = (shown["verdict"] == COMPARED_WITH).to_numpy()
            shown = shown.assign(**{column: shown[column].mask(own, self.lines[0]) for column in self.ends})
        draw_forest(ax, shown, labels, self.ends, "sample", "not evaluable")
        ax.set(xlabel=self._axis_label())
        if self.shares:
            percent_axis(ax.xaxis, None)
        self._legend(ax)


class AdverseImpactDisplay(_Gaps):
    """Frame of evidence `fairness.adverse_impact` or `fairness.intersections`: ratio of approval rates.

    Lines at one and at four fifths; the reference group stands at one, without an interval.
    """

    columns = ("attribute", "group", "reference_group", "sample", "adverse_impact_ratio", "lower", "upper", "verdict")
    default_title = "Adverse impact"
    ends = ("adverse_impact_ratio", "lower", "upper")
    axis = "Approval rate over that of the reference group"
    lines = (1.0, FOUR_FIFTHS)

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        groups: Groups,
        *,
        cut_off: float,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        edges: Edges = None,
        references: Mapping[str, str] | None = None,
        min_rows: int = 30,
        confidence: float = 0.95,
        sample: str = ALL,
    ) -> AdverseImpactDisplay:
        """Of outcomes and scores (n,), higher is safer, by the columns of `groups` (n,), by `adverse_impact_table`."""
        one, grouped = _grouped(y, score, None, groups, weights, clusters, edges, sample)
        options: dict[str, Any] = {"references": references, "reference_sample": sample, "min_rows": min_rows}
        options |= {"groupings": grouped.groupings, "confidence": confidence}
        return cls(adverse_impact_table(one, grouped.labels, cut_off, **options))


class ErrorRateDisplay(_Gaps):
    """Frame of evidence `fairness.error_rates`: one measure of every group less that of the reference group.

    measure: true_positive_rate, false_positive_rate, positive_predictive_value, or good_approval_rate (equal
    opportunity).
    """

    columns = (
        *("attribute", "group", "reference_group", "sample", "measure"),
        *("difference", "difference_lower", "difference_upper", "verdict"),
    )
    default_title = "Errors of the decision"
    ends = ("difference", "difference_lower", "difference_upper")
    shares = True

    def __init__(self, frame: pd.DataFrame, *, measure: str = "true_positive_rate", title: str | None = None):
        super().__init__(frame, title=title)
        self.measure = _known("measure", measure, ERROR_MEASURES)
        self._frame = self._frame[self._frame["measure"] == measure].reset_index(drop=True)

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        groups: Groups,
        *,
        cut_off: float,
        weights: ArrayLike | None = None,
        edges: Edges = None,
        references: Mapping[str, str] | None = None,
        measure: str = "true_positive_rate",
        min_rows: int = 30,
        confidence: float = 0.95,
        sample: str = ALL,
    ) -> ErrorRateDisplay:
        """Of outcomes and scores (n,), higher is safer, by the columns of `groups` (n,), by `error_rate_table`.

        Reference groups as `adverse_impact_table` finds them, unless they are given.
        """
        one, grouped = _grouped(y, score, None, groups, weights, None, edges, sample)
        options: dict[str, Any] = {"groupings": grouped.groupings, "min_rows": min_rows, "confidence": confidence}
        impact = adverse_impact_table(
            one, grouped.labels, cut_off, references=references, reference_sample=sample, **options
        )
        first = impact.drop_duplicates("attribute")
        against = dict(zip(first["attribute"], first["reference_group"], strict=True))
        return cls(error_rate_table(one, grouped.labels, cut_off, references=against, **options), measure=measure)

    def _axis_label(self) -> str:
        return ERRORS[self.measure]


class GroupCalibrationDisplay(_Gaps):
    """Frame of evidence `fairness.calibration`: bad rate less mean probability within every group."""

    columns = ("attribute", "group", "sample", "gap", "gap_lower", "gap_upper", "verdict")
    default_title = "Calibration within groups"
    ends = ("gap", "gap_lower", "gap_upper")
    axis = "Bad rate less mean probability"
    shares = True

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        probability: ArrayLike,
        groups: Groups,
        *,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        edges: Edges = None,
        min_bads: int = 30,
        confidence: float = 0.95,
        sample: str = ALL,
    ) -> GroupCalibrationDisplay:
        """Of outcomes and probabilities of bad (n,), by the columns of `groups` (n,), by `calibration_gap_table`."""
        score = -np.asarray(probability, dtype=np.float64)
        one, grouped = _grouped(y, score, probability, groups, weights, clusters, edges, sample)
        options: dict[str, Any] = {"min_bads": min_bads, "confidence": confidence}
        return cls(calibration_gap_table(one, grouped.labels, groupings=grouped.groupings, **options))


class GroupDifferenceDisplay(_Gaps):
    """Frame of evidence `fairness.groups`: standardised mean difference of the score of every group."""

    columns = (
        *("attribute", "group", "sample", "standardised_mean_difference"),
        *("difference_lower", "difference_upper"),
    )
    default_title = "Mean score of groups"
    ends = ("standardised_mean_difference", "difference_lower", "difference_upper")
    axis = "Mean score less that of all other rows, in standard deviations"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        groups: Groups,
        *,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        edges: Edges = None,
        min_bads: int = 30,
        confidence: float = 0.95,
        sample: str = ALL,
    ) -> GroupDifferenceDisplay:
        """Of outcomes and scores (n,), higher is safer, by the columns of `groups` (n,), by `fairness_group_table`."""
        one, grouped = _grouped(y, score, None, groups, weights, clusters, edges, sample)
        options: dict[str, Any] = {"reference_sample": sample, "min_bads": min_bads, "confidence": confidence}
        return cls(fairness_group_table(one, grouped.labels, groupings=grouped.groupings, **options))


class AgeDisplay(_Gaps):
    """Frame of evidence `fairness.age`: mean score of applicants of 62 and over against younger ones."""

    columns = ("attribute", "sample", "difference", "difference_lower", "difference_upper", "verdict")
    default_title = "Applicants of 62 and over"
    ends = ("difference", "difference_lower", "difference_upper")
    axis = "Mean score less that of younger applicants, in standard deviations"

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        age: ArrayLike,
        *,
        cut_off: float | None = None,
        weights: ArrayLike | None = None,
        clusters: ArrayLike | None = None,
        age_is_input: bool = False,
        min_rows: int = 30,
        confidence: float = 0.95,
        sample: str = ALL,
    ) -> AgeDisplay:
        """Of outcomes and scores (n,), higher is safer, and ages (n,) in years, by `age_table`."""
        points = np.asarray(score, dtype=np.float64)
        one = {sample: ScoredSample(y, points, np.full(points.shape, 0.5), -points, weights, clusters)}
        options: dict[str, Any] = {"age_is_input": age_is_input, "min_rows": min_rows, "confidence": confidence}
        return cls(age_table(one, "age", {sample: np.asarray(age, dtype=np.float64)}, cut_off, **options))

    def _labels(self) -> list[str]:
        return [f"{attribute}: 62 and over" for attribute in self._frame["attribute"]]


class FairnessCurveDisplay(Display):
    """Frame of evidence `fairness.curves`: one measure of every group of one attribute along all cut-offs.

    measure: adverse_impact_ratio, group_approval_rate, true_positive_rate, false_positive_rate or
    positive_predictive_value; attribute and sample: the first by default. Ratios have their intervals as bands.
    """

    columns = (
        *("attribute", "group", "reference_group", "sample", "approval_rate", "group_approval_rate"),
        *("adverse_impact_ratio", "lower", "upper", "true_positive_rate", "false_positive_rate"),
        "positive_predictive_value",
    )
    default_title = "Groups along all cut-offs"

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        measure: str = "adverse_impact_ratio",
        attribute: str | None = None,
        sample: str | None = None,
        title: str | None = None,
    ):
        super().__init__(frame, title=title)
        self.measure = _known("measure", measure, CURVES)
        self._frame = one_of(one_of(self._frame, "attribute", attribute), "sample", sample)

    @classmethod
    def from_predictions(
        cls,
        y: ArrayLike,
        score: ArrayLike,
        groups: Groups,
        *,
        weights: ArrayLike | None = None,
        edges: Edges = None,
        references: Mapping[str, str] | None = None,
        rates: Sequence[float] = APPROVAL_RATES,
        measure: str = "adverse_impact_ratio",
        attribute: str | None = None,
        min_rows: int = 30,
        confidence: float = 0.95,
        sample: str = ALL,
    ) -> FairnessCurveDisplay:
        """Of outcomes and scores (n,), higher is safer, by the columns of `groups` (n,), by `fairness_curve_table`.

        Reference groups, unless they are given, are those of the highest mean score.
        """
        one, grouped = _grouped(y, score, None, groups, weights, None, edges, sample)
        options: dict[str, Any] = {"groupings": grouped.groupings, "min_rows": min_rows}
        found = reference_by_score(one, grouped.labels, grouped.groupings, reference_sample=sample, min_rows=min_rows)
        options |= {"references": found | dict(references or {}), "rates": rates, "confidence": confidence}
        return cls(fairness_curve_table(one, grouped.labels, **options), measure=measure, attribute=attribute)

    def _draw(self, ax: Axes) -> None:
        ratio = self.measure == "adverse_impact_ratio"
        for place in (1.0, FOUR_FIFTHS) if ratio else ():
            ax.axhline(place, **REFERENCE)
        for index, name in enumerate(series_names(self._frame["group"])):
            part = self._frame[self._frame["group"] == name].sort_values("approval_rate")
            x, y = (part[column].to_numpy(dtype=float) for column in ("approval_rate", self.measure))
            reference = name == str(part["reference_group"].iloc[0])
            label = f"{name} (reference)" if reference else name
            if np.isnan(y).all():
                label = f"{name}: not evaluable"
            style = line_style(index) | marker_style(index)
            if ratio:
                ends = [part[column].to_numpy(dtype=float) for column in ("lower", "upper")]
                ax.fill_between(x, *ends, color=style["color"], alpha=0.12, linewidth=0)
            ax.plot(x, y, label=label, **(style | {"markersize": 4, "linewidth": 1.4}))
        ax.set(xlabel="Approved (share of all rows)", ylabel=CURVES[self.measure], xlim=(0, 1))
        percent_axis(ax.xaxis)
        if ratio:
            self._limit(ax)
        else:
            ax.set_ylim(0, 1.02)
            percent_axis(ax.yaxis)
        title = readable(next(iter(series_names(self._frame["attribute"])), ""))
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title=title)

    def _limit(self, ax: Axes) -> None:
        """Room for every ratio; where intervals of few rows reach further, it is said how far."""
        ratios, upper = (self._frame[column].to_numpy(dtype=float) for column in ("adverse_impact_ratio", "upper"))
        top = 1.2 * max([1.25, *ratios[np.isfinite(ratios)]])
        ax.set_ylim(0, top)
        furthest = max([0.0, *upper[np.isfinite(upper)]])
        if furthest > top:
            place: Any = (0.99, 0.98)
            text = f"intervals reach to {furthest:.1f}"
            ax.annotate(text, place, xycoords="axes fraction", ha="right", va="top", fontsize=8)


def one_of(frame: pd.DataFrame, column: str, wanted: str | None) -> pd.DataFrame:
    """The rows of one value of a column, the first where none is wanted; raises CreditRiskError where it is absent."""
    names = series_names(frame[column])
    if wanted is not None:
        _known(column, wanted, names)
    chosen = wanted if wanted is not None else next(iter(names), None)
    return frame[frame[column].astype(str) == chosen].reset_index(drop=True)


def _known(path: str, found: str, allowed: Sequence[str] | Mapping[str, str]) -> str:
    if found not in allowed:
        raise CreditRiskError(Fault(f"no such {path}", path=path, found=found, allowed=", ".join(allowed)))
    return found


def _grouped(
    y: ArrayLike,
    score: ArrayLike,
    probability: ArrayLike | None,
    groups: Groups,
    weights: ArrayLike | None,
    clusters: ArrayLike | None,
    edges: Edges,
    sample: str,
) -> tuple[dict[str, ScoredSample], GroupedAttributes]:
    """The rows as one sample, and the groups that are learnt on it."""
    points = np.asarray(score, dtype=np.float64)
    told = np.full(len(points), 0.5) if probability is None else probability
    one = {sample: ScoredSample(y, points, told, -points, weights, clusters)}
    values = {str(name): {sample: groups[name]} for name in groups}
    return one, group_attributes(values, reference_sample=sample, edges=edges)
