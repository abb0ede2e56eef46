"""Reject inference: overlap, support, sensitivity, evaluation on applicants, and methods side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.display.base import Display, percent_axis, series_names
from credit_risk.display.style import ALERT, BAR, COLOURS, HATCHES, REFERENCE, line_style, marker_style, readable
from credit_risk.reject_inference.applicants import COLUMNS as EVALUATION_COLUMNS
from credit_risk.reject_inference.applicants import KICKOUT_COLUMNS, applicant_evaluation, kickout_table
from credit_risk.reject_inference.comparison import COLUMNS as COMPARISON_COLUMNS
from credit_risk.reject_inference.comparison import comparison_table
from credit_risk.reject_inference.overlap import (
    BALANCE_COLUMNS,
    BAND_COLUMNS,
    balance_table,
    overlap_bands,
    overlap_table,
)
from credit_risk.reject_inference.overlap import COLUMNS as OVERLAP_COLUMNS
from credit_risk.reject_inference.recommendation import COLUMNS as RECOMMENDATION_COLUMNS
from credit_risk.reject_inference.rows import Decided
from credit_risk.reject_inference.sensitivity import COLUMNS as SENSITIVITY_COLUMNS
from credit_risk.reject_inference.sensitivity import TIPPING_COLUMNS, sensitivity_table, tipping_table
from credit_risk.reject_inference.support import COLUMNS as SUPPORT_COLUMNS
from credit_risk.reject_inference.support import JOINT_COLUMNS, joint_support_table, support_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class _Judged(Display):
    """Horizontal bars of shares, with the limit of each where there is one."""

    label, share, axis = "measure", "value", "Share"

    def _bars(self, ax: Axes, names: Sequence[str], values: pd.Series, outside: Sequence[bool]) -> None:
        place = np.arange(len(names))[::-1]
        colours = [ALERT if one else BAR for one in outside]
        hatches = [HATCHES[1] if one else "" for one in outside]
        for at, value, colour, hatch in zip(place, values.astype(float), colours, hatches, strict=True):
            ax.barh(at, value, color=colour, hatch=hatch, edgecolor="#444444", linewidth=0.6, height=0.62)
        ax.set_yticks(place, list(names))
        ax.set_ylim(-0.6, len(names) - 0.4)
        ax.grid(axis="y", visible=False)

    def _size(self) -> tuple[float, float]:
        return 7.0, max(2.2, 0.9 + 0.34 * len(self._frame))


class OverlapDisplay(_Judged):
    """Frame of evidence `reject_inference.overlap`: shares that tell overlap, each with its limit as a mark."""

    columns = tuple(OVERLAP_COLUMNS)
    default_title = "Overlap of accepted and rejected applicants"

    @classmethod
    def from_predictions(
        cls, decided: Decided, acceptance: ArrayLike, *, floor: float = 0.02, title: str | None = None
    ) -> OverlapDisplay:
        """Of applicants and their probability of acceptance (n,), by `overlap_table`."""
        return cls(overlap_table(decided, acceptance, floor=floor), title=title)

    def _draw(self, ax: Axes) -> None:
        shown = self._frame[self._frame["value"].between(0, 1) & self._frame["value"].notna()]
        names = [readable(name).replace("auc", "AUC") for name in shown["measure"]]
        self._bars(ax, names, shown["value"], [verdict == "outside" for verdict in shown["verdict"]])
        place = np.arange(len(shown))[::-1]
        limits = shown["limit"].astype(float).to_numpy()
        ax.plot(limits, place, linestyle="none", marker="|", markersize=15, color="#222222", label="limit")
        verdict = self._frame.loc[self._frame["measure"] == "verdict", "verdict"]
        ax.set(xlabel=f"Share or AUC; overlap: {next(iter(verdict), 'not told')}", ylabel="Measure", xlim=(0, 1.02))
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


class OverlapBandDisplay(Display):
    """Frame of evidence `reject_inference.overlap_bands`: applicants and bad rate by band of acceptance."""

    columns = tuple(BAND_COLUMNS)
    default_title = "Applicants by probability of acceptance"

    @classmethod
    def from_predictions(
        cls,
        decided: Decided,
        acceptance: ArrayLike,
        *,
        floor: float = 0.02,
        confidence: float = 0.95,
        title: str | None = None,
    ) -> OverlapBandDisplay:
        """Of applicants and their probability of acceptance (n,), by `overlap_bands`."""
        return cls(overlap_bands(decided, acceptance, floor=floor, confidence=confidence), title=title)

    def _draw(self, ax: Axes) -> None:
        frame, place = self._frame, np.arange(len(self._frame))
        edge: dict[str, Any] = {"edgecolor": "#444444", "linewidth": 0.6, "width": 0.78}
        ax.bar(place, frame["accepted"], color=BAR, label="accepted", **edge)
        ax.bar(place, frame["rejected"], bottom=frame["accepted"], color="white", hatch="///", label="rejected", **edge)
        ax.set_xticks(place, [str(name) for name in frame["band"]], rotation=40, ha="right")
        ax.set(xlabel="Probability of acceptance", ylabel="Applicants")
        other = ax.twinx()
        value, lower, upper = (
            frame[name].astype(float).to_numpy() for name in ("bad_rate", "bad_rate_lower", "bad_rate_upper")
        )
        held = ~np.isnan(value)
        ends = np.vstack([np.maximum(value - lower, 0.0), np.maximum(upper - value, 0.0)])[:, held]
        style = marker_style(4) | {"linestyle": "none", "capsize": 3}
        other.errorbar(place[held], value[held], yerr=ends, label="bad rate of known outcomes", **style)
        other.set_ylabel("Bad rate of known outcomes")
        other.set_ylim(bottom=0)
        other.grid(visible=False)
        other.spines["right"].set_visible(True)
        percent_axis(other.yaxis)
        handles = [one for axes in (ax, other) for one in axes.get_legend_handles_labels()[0]]
        names = [one for axes in (ax, other) for one in axes.get_legend_handles_labels()[1]]
        ax.legend(handles, names, loc="upper center", bbox_to_anchor=(0.5, -0.28), ncols=3)


class BalanceDisplay(Display):
    """Frame of evidence `reject_inference.balance`: standardised mean differences, as they are and reweighted."""

    columns = tuple(BALANCE_COLUMNS)
    default_title = "Balance: known outcomes against all applicants"

    @classmethod
    def from_predictions(
        cls,
        decided: Decided,
        acceptance: ArrayLike,
        values: Mapping[str, ArrayLike],
        *,
        floor: float = 0.02,
        title: str | None = None,
    ) -> BalanceDisplay:
        """Of applicants, probability of acceptance (n,) and numbers (n,) by characteristic, by `balance_table`."""
        return cls(balance_table(decided, acceptance, values, floor=floor), title=title)

    def _draw(self, ax: Axes) -> None:
        frame, place = self._frame, np.arange(len(self._frame))[::-1]
        for at in (-0.1, 0.0, 0.1):
            ax.axvline(at, **REFERENCE)
        sides = (("difference_known", "as they are", "white"), ("difference_reweighted", "reweighted", None))
        for index, (name, label, face) in enumerate(sides):
            style = marker_style(index) | ({"markerfacecolor": face} if face else {})
            ax.plot(frame[name].astype(float), place, linestyle="none", label=label, **(style | {"markersize": 7}))
        ax.set_yticks(place, [str(name) for name in frame["characteristic"]])
        ax.set(xlabel="Mean less that of all applicants, in standard deviations", ylabel="Characteristic")
        ax.set_ylim(-0.6, len(frame) - 0.4)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="Known outcomes")

    def _size(self) -> tuple[float, float]:
        return 7.0, max(2.2, 0.9 + 0.34 * len(self._frame))


class SupportDisplay(_Judged):
    """Frame of evidence `reject_inference.support`: share of the rejected outside the known outcomes."""

    columns = tuple(SUPPORT_COLUMNS)
    default_title = "Rejected applicants outside the support of known outcomes"

    @classmethod
    def from_predictions(
        cls,
        decided: Decided,
        values: Mapping[str, ArrayLike],
        bins: Mapping[str, ArrayLike] | None = None,
        *,
        title: str | None = None,
    ) -> SupportDisplay:
        """Of applicants, their values and bins (n,) by characteristic, by `support_table`."""
        return cls(support_table(decided, values, bins), title=title)

    def _draw(self, ax: Axes) -> None:
        frame = self._frame
        names = [str(name) for name in frame["characteristic"]]
        self._bars(ax, names, frame["rejected_outside"], [one == "extrapolation" for one in frame["verdict"]])
        ax.set(xlabel="Share of the rejected (hatched: extrapolation)", ylabel="Characteristic")
        ax.set_xlim(0, max(0.05, 1.1 * float(frame["rejected_outside"].max())))
        percent_axis(ax.xaxis, None)


class JointSupportDisplay(Display):
    """Frame of evidence `reject_inference.joint_support`: share of the rejected beyond the known outcomes."""

    columns = tuple(JOINT_COLUMNS)
    default_title = "Rejected applicants beyond the known outcomes, jointly"

    @classmethod
    def from_predictions(
        cls, decided: Decided, design: ArrayLike, probability: ArrayLike, *, title: str | None = None
    ) -> JointSupportDisplay:
        """Of applicants, design (n, k) and probability of bad (n,), by `joint_support_table`."""
        return cls(joint_support_table(decided, design, probability), title=title)

    def _draw(self, ax: Axes) -> None:
        frame, place = self._frame, np.arange(len(self._frame))
        sides = (
            ("rejected_beyond_quantile", "beyond 99 % of them", BAR, ""),
            ("rejected_beyond_greatest", "beyond all", ALERT, "///"),
        )
        for side, (name, label, colour, hatch) in zip((-0.2, 0.2), sides, strict=True):
            edge: dict[str, Any] = {"edgecolor": "#444444", "linewidth": 0.6, "width": 0.38}
            ax.bar(place + side, frame[name].astype(float), color=colour, hatch=hatch, label=label, **edge)
        ax.set_xticks(place, [readable(name) for name in frame["measure"]])
        ax.set(xlabel="Measure", ylabel="Share of the rejected")
        percent_axis(ax.yaxis, None)
        ax.legend(loc="upper right")


class SensitivityDisplay(Display):
    """Frame of evidence `reject_inference.sensitivity`: bad rates by how much riskier the rejected are supposed."""

    columns = tuple(SENSITIVITY_COLUMNS)
    default_title = "Bad rates by prudence factor"

    @classmethod
    def from_predictions(
        cls,
        decided: Decided,
        probability: ArrayLike,
        risk: ArrayLike,
        *,
        prudence: Sequence[float] = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0),
        approved: ArrayLike | None = None,
        title: str | None = None,
    ) -> SensitivityDisplay:
        """Of applicants, probabilities by the model of known outcomes and by the model judged (n,); as the table."""
        return cls(sensitivity_table(decided, probability, risk, prudence=prudence, approved=approved), title=title)

    def _draw(self, ax: Axes) -> None:
        part = self._frame[self._frame["prudence"].notna()].sort_values("prudence")
        lines = {
            "rejected_bad_rate": "rejected",
            "newly_approved_bad_rate": "newly approved",
            "applicant_bad_rate": "through the door",
            "approved_bad_rate": "approved at the cut-off",
            "equal_acceptance_bad_rate": "approved at equal acceptance",
        }
        for index, (name, label) in enumerate(lines.items()):
            style = line_style(index) | marker_style(index)
            ax.plot(part["prudence"].astype(float), part[name].astype(float), label=label, **style)
        ax.plot(
            part["prudence"].astype(float),
            part["mean_probability"].astype(float),
            label="mean probability",
            **REFERENCE,
        )
        ax.set_xscale("log")
        ticks = part["prudence"].astype(float).tolist()
        ax.set_xticks(ticks, [f"{k:g}" for k in ticks])
        ax.minorticks_off()
        ax.set(xlabel="Odds of bad of the rejected over those of accepted ones alike", ylabel="Expected bad rate")
        ax.set_ylim(bottom=0)
        percent_axis(ax.yaxis)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))

    def _size(self) -> tuple[float, float]:
        return 7.6, 4.2


class TippingDisplay(Display):
    """Frame of evidence `reject_inference.tipping`: the factor up to which each decision stands."""

    columns = tuple(TIPPING_COLUMNS)
    default_title = "Factor up to which decisions stand"

    @classmethod
    def from_predictions(
        cls,
        decided: Decided,
        probability: ArrayLike,
        risk: ArrayLike,
        *,
        approved: ArrayLike | None = None,
        tolerated: float | None = None,
        good: ArrayLike | float | None = None,
        bad: ArrayLike | float | None = None,
        title: str | None = None,
    ) -> TippingDisplay:
        """Of applicants, probabilities by the model of known outcomes and by the model judged (n,); as the table."""
        options: dict[str, Any] = {"approved": approved, "tolerated": tolerated, "good": good, "bad": bad}
        return cls(tipping_table(decided, probability, risk, **options), title=title)

    def _draw(self, ax: Axes) -> None:
        frame, place = self._frame, np.arange(len(self._frame))[::-1]
        factor = frame["tipping_factor"].astype(float).to_numpy()
        held = ~np.isnan(factor)
        ax.hlines(place[held], 1.0, factor[held], **(line_style(0) | {"linewidth": 2.5}))
        ax.plot(factor[held], place[held], linestyle="none", **(marker_style(0) | {"markersize": 7}))
        for at, value in zip(place[held], factor[held], strict=True):
            ax.annotate(f"{value:.2f}", (value, at), (6, 5), textcoords="offset points", fontsize=9)
        ax.axvline(1.0, **REFERENCE)
        for at, verdict in zip(place[~held], frame["verdict"][~held], strict=True):
            ax.annotate(str(verdict), (1.0, at), (6, -3), textcoords="offset points", fontsize=9, color="#444444")
        ax.set_yticks(place, [str(name) for name in frame["decision"]])
        ax.set(xlabel="Odds of bad of the rejected over those of accepted ones alike", ylabel="Decision")
        ax.set_xlim(0.9, 1.15 * max([2.0, *factor[held]]))
        ax.set_ylim(-0.6, len(frame) - 0.4)
        ax.grid(axis="y", visible=False)

    def _size(self) -> tuple[float, float]:
        return 7.4, max(2.2, 0.9 + 0.42 * len(self._frame))


class RecommendationDisplay(Display):
    """Frame of evidence `reject_inference.recommendation`: each question with its finding, and what to do."""

    columns = tuple(RECOMMENDATION_COLUMNS)
    default_title = "What to do about the rejected"

    def _draw(self, ax: Axes) -> None:
        count = len(self._frame)
        ax.set_axis_off()
        rows = zip(self._frame["question"], self._frame["finding"], self._frame["value"].astype(float), strict=True)
        for index, (question, finding, value) in enumerate(rows):
            last, at = index == count - 1, 1.0 - (index + 0.5) / count
            told = str(finding) if np.isnan(value) else f"{finding} ({value:.3g})"
            weight = "bold" if last else "normal"
            shown = readable(self._frame["measure"].iloc[index]) if last else told
            ax.text(0.0, at, str(question), fontsize=9, va="center", transform=ax.transAxes, fontweight=weight)
            ax.text(1.0, at, shown, fontsize=9, va="center", ha="right", transform=ax.transAxes, fontweight=weight)
            ax.plot([0, 1], [at - 0.5 / count] * 2, transform=ax.transAxes, color="#E3E3E3", linewidth=0.7)

    def _size(self) -> tuple[float, float]:
        return 7.4, max(2.0, 0.6 + 0.26 * len(self._frame))


class ApplicantEvaluationDisplay(Display):
    """Frame of evidence `reject_inference.applicant_evaluation`: one measure of every model by prudence factor.

    measure: auc, gini, ks, brier, log_loss or bad_rate_approved.
    """

    columns = tuple(EVALUATION_COLUMNS)
    default_title = "Bayesian evaluation on all applicants"

    def __init__(self, frame: pd.DataFrame, *, measure: str = "auc", title: str | None = None):
        super().__init__(frame, title=title)
        self.measure = measure
        self._frame = self._frame[self._frame["measure"] == measure].reset_index(drop=True)

    @classmethod
    def from_predictions(
        cls,
        decided: Decided,
        probabilities: Mapping[str, ArrayLike],
        probability: ArrayLike,
        *,
        prudence: Sequence[float] = (1.0,),
        draws: int = 100,
        seed: int = 0,
        measure: str = "auc",
        title: str | None = None,
    ) -> ApplicantEvaluationDisplay:
        """Of applicants and probabilities of bad (n,) by model, by `applicant_evaluation`."""
        options: dict[str, Any] = {"prudence": prudence, "draws": draws, "seed": seed}
        return cls(applicant_evaluation(decided, probabilities, probability, **options), measure=measure, title=title)

    def _draw(self, ax: Axes) -> None:
        factors = sorted(set(self._frame["prudence"].astype(float)))
        names = series_names(self._frame["model"])
        for index, name in enumerate(names):
            part = self._frame[self._frame["model"] == name].drop_duplicates("prudence")
            place = np.array([factors.index(k) for k in part["prudence"]]) + (index - (len(names) - 1) / 2) * 0.1
            value, lower, upper = (part[column].astype(float).to_numpy() for column in ("estimate", "lower", "upper"))
            ends = np.vstack([np.maximum(value - lower, 0.0), np.maximum(upper - value, 0.0)])
            style = marker_style(index) | {"linestyle": "none", "capsize": 3}
            ax.errorbar(place, value, yerr=ends, label=readable(name), **style)
        ax.set_xticks(np.arange(len(factors)), [f"{k:g}" for k in factors])
        ax.set_xlim(-0.6, len(factors) - 0.4)
        label = {"auc": "AUC", "gini": "Gini", "ks": "KS"}.get(self.measure, readable(self.measure).capitalize())
        ax.set(xlabel="Prudence factor of the prior", ylabel=f"{label}, all applicants")
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


class KickoutDisplay(_Judged):
    """Frame of evidence `reject_inference.kickout`: kickout of every model against the base."""

    columns = tuple(KICKOUT_COLUMNS)
    default_title = "Kickout"

    @classmethod
    def from_predictions(
        cls,
        decided: Decided,
        base: str,
        probabilities: Mapping[str, ArrayLike],
        probability: ArrayLike,
        *,
        approved: float | None = None,
        title: str | None = None,
    ) -> KickoutDisplay:
        """Of applicants and probabilities of bad (n,) by model, by `kickout_table`."""
        return cls(kickout_table(decided, base, probabilities, probability, approved=approved), title=title)

    def _draw(self, ax: Axes) -> None:
        frame = self._frame
        values = frame["kickout"].astype(float)
        self._bars(ax, [readable(name) for name in frame["candidate"]], values, [bool(v < 0) for v in values])
        ax.axvline(0.0, **REFERENCE)
        base = readable(next(iter(series_names(frame["base"])), ""))
        ax.set(xlabel=f"Kickout against {base}: 1 only bads are left out, −1 only goods", ylabel="Model")
        reach = max([0.1, *(1.15 * values.abs().dropna())])
        ax.set_xlim(-min(reach, 1.05), min(reach, 1.05))


class MethodComparisonDisplay(Display):
    """Frame of evidence `reject_inference.comparison`: AUC of every method by three ways to judge it."""

    columns = tuple(COMPARISON_COLUMNS)
    default_title = "Methods side by side"

    @classmethod
    def from_predictions(
        cls,
        decided: Decided,
        probabilities: Mapping[str, ArrayLike],
        probability: ArrayLike,
        acceptance: ArrayLike,
        *,
        base: str = "none",
        held_out: ArrayLike | None = None,
        draws: int = 100,
        seed: int = 0,
        title: str | None = None,
    ) -> MethodComparisonDisplay:
        """Of applicants and probabilities of bad (n,) by method, by `comparison_table`."""
        options: dict[str, Any] = {"base": base, "held_out": held_out, "draws": draws, "seed": seed}
        return cls(comparison_table(decided, probabilities, probability, acceptance, **options), title=title)

    def _draw(self, ax: Axes) -> None:
        frame, place = self._frame, np.arange(len(self._frame))[::-1]
        kinds = {
            "auc": "known outcomes",
            "reweighted_auc": "known outcomes, reweighted",
            "bayesian_auc": "all applicants, Bayesian",
        }
        for index, (name, label) in enumerate(kinds.items()):
            value, lower, upper = (frame[f"{name}{end}"].astype(float).to_numpy() for end in ("", "_lower", "_upper"))
            ends = np.vstack([np.maximum(value - lower, 0.0), np.maximum(upper - value, 0.0)])
            style = marker_style(index) | {"linestyle": "none", "capsize": 3, "color": COLOURS[index]}
            ax.errorbar(value, place + 0.22 * (1 - index), xerr=ends, label=label, **style)
        ax.set_yticks(place, [readable(name) for name in frame["method"]])
        ax.set(xlabel="AUC", ylabel="Method")
        ax.set_ylim(-0.6, len(frame) - 0.4)
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))

    def _size(self) -> tuple[float, float]:
        return 7.6, max(2.4, 1.0 + 0.55 * len(self._frame))
