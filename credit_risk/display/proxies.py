"""What tells protected groups, ranked, and what alternatives of a scorecard cost and bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from credit_risk.display.base import Display, series_names
from credit_risk.display.fairness import FOUR_FIFTHS, one_of
from credit_risk.display.forest import Forest, draw_forest
from credit_risk.display.style import REFERENCE, marker_style, readable
from credit_risk.strategy.alternatives_table import NONE, SELECTION, WRONG
from credit_risk.strategy.less_discriminatory import AS_IS, KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORDS = {
    AS_IS: "the model as it is",
    "drop": "a characteristic left out",
    "coarser": "a characteristic in two bins",
    "replace": "a characteristic replaced",
    "constrained": "constrained",
}
RATIO, APART = "adverse_impact_ratio", "standardised_mean_difference"
BOUNDS = {RATIO: ("lower", "upper"), APART: ("difference_lower", "difference_upper")}


class _Told(Forest):
    """AUC with its interval, a line each, about one half; `proxy_auc` draws the cut from which on a group is told."""

    axis = "AUC"

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        attribute: str | None = None,
        proxy_auc: float | None = None,
        title: str | None = None,
    ):
        super().__init__(frame, title=title)
        self.proxy_auc = proxy_auc
        self._frame = one_of(self._frame, "attribute", attribute)

    def _draw(self, ax: Axes) -> None:
        for place in (0.5,) if self.proxy_auc is None else (0.5, self.proxy_auc):
            ax.axvline(place, **REFERENCE)
        draw_forest(ax, self._frame, self._labels(), ("auc", "auc_lower", "auc_upper"), "sample", "not evaluable")
        attribute = next(iter(series_names(self._frame["attribute"])), "")
        ax.set(xlabel=f"AUC with which a group of {attribute} is told from the rest")
        self._legend(ax)


class ProxyDisplay(_Told):
    """Frame of evidence `fairness.proxies`: predictors and score by how well they tell a group of one attribute.

    The best first, by the first sample; each with the group that it tells best. attribute: the first by default.
    """

    columns = ("attribute", "predictor", "sample", "group", "auc", "auc_lower", "auc_upper", "verdict")
    default_title = "Proxies of protected groups"

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        attribute: str | None = None,
        proxy_auc: float | None = None,
        title: str | None = None,
    ):
        super().__init__(frame, attribute=attribute, proxy_auc=proxy_auc, title=title)
        first = self._frame.drop_duplicates("predictor").set_index("predictor")["auc"].astype(float)
        place = (-first).rank(method="first", na_option="bottom")
        order = self._frame["predictor"].map(place).argsort(kind="stable")
        self._frame = self._frame.iloc[order].reset_index(drop=True)

    def _labels(self) -> list[str]:
        pairs = zip(self._frame["predictor"], self._frame["group"], strict=True)
        return [str(predictor) if pd.isna(group) else f"{predictor}: {group}" for predictor, group in pairs]


class ProxyModelDisplay(_Told):
    """Frame of evidence `fairness.proxy_models`: all inputs together, a line for each group of one attribute."""

    columns = ("attribute", "group", "sample", "auc", "auc_lower", "auc_upper", "verdict")
    default_title = "All inputs together"

    def _labels(self) -> list[str]:
        return [str(group) for group in self._frame["group"]]


class AlternativesDisplay(Display):
    """Frame of evidence `fairness.alternatives`: Gini of every alternative against the adverse impact ratio.

    Hollow on the selection part, filled on the held-out sample; the model as it is and the chosen alternative are
    named, the chosen one with intervals on the held-out sample. Without a cut-off the standardised mean difference
    stands in place of the ratio. attribute: the first that was searched by default; gini_loss: the stated loss, drawn
    as a line below the model as it is on held-out data.
    """

    columns = (
        *("attribute", "group", "alternative", "kind", "sample", "gini", "gini_loss", "gini_loss_lower"),
        *("gini_loss_upper", APART, "difference_lower", "difference_upper", RATIO, "lower", "upper"),
        *("chosen", "verdict"),
    )
    default_title = "Less discriminatory alternatives"

    def __init__(
        self,
        frame: pd.DataFrame,
        *,
        attribute: str | None = None,
        gini_loss: float | None = None,
        title: str | None = None,
    ):
        super().__init__(frame, title=title)
        searched = self._frame[self._frame["verdict"] != NONE]
        chosen = attribute if attribute is not None or searched.empty else str(searched["attribute"].iloc[0])
        self.gini_loss = gini_loss
        self._frame = one_of(self._frame, "attribute", chosen)

    def _size(self) -> tuple[float, float]:
        return 7.6, 4.4

    def _draw(self, ax: Axes) -> None:
        frame, group = self._frame, next(iter(series_names(self._frame["group"])), "")
        attribute = next(iter(series_names(frame["attribute"])), "")
        if (frame["verdict"] == NONE).all():
            ax.annotate(f"{attribute}: {NONE}", (0.5, 0.5), xycoords="axes fraction", ha="center", color="#555555")
            ax.set(xticks=[], yticks=[], xlabel="", ylabel="Gini")
            return
        x = APART if frame[RATIO].isna().all() else RATIO
        self._lines(ax, x)
        held = frame["sample"] != SELECTION
        for index, kind in enumerate((AS_IS, *KINDS)):
            own = frame[(frame["kind"] == kind) & (frame["verdict"] != WRONG)]
            _points(ax, own, held, x, index, WORDS[kind])
        wrong = frame[frame["verdict"] == WRONG]
        if len(wrong):
            ax.plot(wrong[x], wrong["gini"], "x", color="#777777", markersize=4, label=f"{WRONG}: not admissible")
        for _, row in frame[held & frame["chosen"].astype(bool)].iterrows():
            _chosen(ax, row, x)
        words = "Adverse impact ratio" if x == RATIO else "Standardised mean difference"
        ax.set(xlabel=f"{words} of {attribute} {group}", ylabel="Gini")
        samples = ", ".join(
            f"{'hollow' if s == SELECTION else 'filled'}: {readable(s)}" for s in frame["sample"].unique()
        )
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title=samples.replace(", ", "\n"))

    def _lines(self, ax: Axes, x: str) -> None:
        for place in (1.0, FOUR_FIFTHS) if x == RATIO else (0.0,):
            ax.axvline(place, **REFERENCE)
        if self.gini_loss is not None:
            before = self._frame[(self._frame["kind"] == AS_IS) & (self._frame["sample"] != SELECTION)]
            for gini in before["gini"]:
                ax.axhline(float(gini) - self.gini_loss, **REFERENCE)
                ax.annotate(
                    "stated loss",
                    (0.01, float(gini) - self.gini_loss),
                    xycoords=("axes fraction", "data"),
                    fontsize=7,
                    va="bottom",
                )


def _points(ax: Axes, own: pd.DataFrame, held: pd.Series, x: str, index: int, label: str) -> None:
    """Points of one kind: hollow on the selection part, filled on the held-out sample."""
    style: dict[str, Any] = marker_style(index) | {"linestyle": "none"}
    if label == WORDS[AS_IS]:
        style |= {"marker": "*", "markersize": 11, "color": "#000000"}
    of_held = held[own.index]
    for part, fill in ((own[~of_held], "none"), (own[of_held], "full")):
        told: dict[str, Any] = {"label": label} if fill == "full" and len(own) else {}
        ax.plot(part[x].astype(float), part["gini"].astype(float), **style, fillstyle=fill, **told)


def _chosen(ax: Axes, row: pd.Series, x: str) -> None:
    """Name and intervals of the chosen alternative; the Gini's is that of the loss against the model as it is."""
    value, gini = float(row[x]), float(row["gini"])
    across = np.abs(np.array([[row[end] for end in BOUNDS[x]]], dtype=float).T - value)
    before = gini + float(row["gini_loss"])
    along = np.abs(np.array([[before - row["gini_loss_upper"]], [before - row["gini_loss_lower"]]], dtype=float) - gini)
    ax.errorbar([value], [gini], xerr=across, yerr=along, color="#333333", linewidth=1, capsize=2.5, zorder=1)
    options: dict[str, Any] = {"textcoords": "axes fraction", "fontsize": 8, "ha": "right", "va": "bottom"}
    options["arrowprops"] = {"arrowstyle": "-", "color": "#333333", "linewidth": 0.8}
    ax.annotate(f"{row['alternative']}:\n{row['verdict']}", (value, gini), (0.98, 0.03), **options)
