"""The fitted classing of one characteristic: bins, counts, weight of evidence; as a frame and as a package step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import rel_entr

from credit_risk.binning.bins import Bin
from credit_risk.binning.coarse import trend_holds
from credit_risk.binning.woe import WoeResult, weight_of_evidence
from credit_risk.evaluation.cells import Cells, count_cells
from credit_risk.scoring.steps import classify_bins

Floats = NDArray[np.float64]
INTERVAL_CONFIDENCE = 0.95

WOE_SIGN = "weight of evidence = ln(share of goods / share of bads): higher is safer"


def bin_name(characteristic: str) -> str:
    """Name of the value that holds the bin id, as model.json uses it."""
    return f"bin({characteristic})"


def woe_name(characteristic: str) -> str:
    """Name of the value that holds the weight of evidence, as model.json uses it."""
    return f"woe({characteristic})"


@dataclass(frozen=True, slots=True)
class Part:
    """A special code or missing that the plan lets join an ordinary bin: what became of it (`fate`: nearest_woe,
    by_hand, or why it is apart), its weighted counts and weight of evidence on development, the bin that takes it (id
    among the bins apart) and the weight of evidence of that bin before."""

    label: str
    fate: str
    count: float
    good: float
    bad: float
    woe: float
    into: int | None
    woe_into: float | None


class Counted:
    """What is counted by bin: weighted rows, goods and bads, from `cells`."""

    __slots__ = ()
    cells: Cells

    @property
    def count(self) -> Floats:
        """(k,) weighted rows."""
        return self.cells.count

    @property
    def good(self) -> Floats:
        """(k,) weighted goods."""
        return self.cells.good

    @property
    def bad(self) -> Floats:
        """(k,) weighted bads."""
        return self.cells.bad


@dataclass(frozen=True, slots=True)
class BinningTable(Counted):
    """A fitted classing. cells: the rows of development by bin, in id order, and outcome.

    fine_gini is the Gini of the fine classes in their best direction, before any merging: what the ordinary values
    tell of the outcome. Near 1 they are suspected to know it. apart: the classing before special codes or missing were
    joined with ordinary bins, None where nothing is; parts: what became of each that could be joined.
    pooled: categories that stood as one group because they were rare; order: the declared order of categories, empty
    where they have none. iv_loss: greatest share of the information value of ordinary values that the cuts may lose
    against the best ones among all distinct values (categories: in their order); 0 where they are proved to be the
    best, None where that is not known, and after bins were changed by hand.
    """

    characteristic: str
    kind: str
    bins: tuple[Bin, ...]
    cells: Cells
    result: WoeResult
    trend: str
    trend_source: str
    engine: str
    solver_status: str
    fine_gini: float
    apart: BinningTable | None = None
    parts: tuple[Part, ...] = ()
    pooled: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    iv_loss: float | None = None

    @property
    def information_value(self) -> float:
        """Information value on development."""
        return self.result.total

    @property
    def regular(self) -> NDArray[np.bool_]:
        """(k,) which bins hold ordinary values (intervals or categories)."""
        return np.array([b.kind in ("interval", "categories") for b in self.bins])

    @property
    def has_order(self) -> bool:
        """Whether the bins have an order of their own: numbers, or categories in their declared order."""
        return self.kind == "numeric" or bool(self.order)

    def ranks(self, values: Any) -> Floats:
        """(n,) ordinary values as numbers that rise with them, NaN for missing, special codes and unseen.

        Numbers are themselves, categories their place in the declared order. values (n,).
        """
        codes = {code for b in self.bins for code in b.codes}
        if self.kind == "numeric":
            numbers = np.asarray(values, np.float64)
            known = np.isfinite(numbers) & ~np.isin(numbers, [float(code) for code in codes])
            return np.where(known, numbers, np.nan)
        place = {text: float(rank) for rank, text in enumerate(self.order)}
        return np.array([place.get(value, np.nan) for value in np.asarray(values, object)], np.float64)

    def keeps_trend(self) -> bool:
        """Whether bad rates of ordinary bins keep the trend; equal neighbours do, and what has no order."""
        if not self.has_order:
            return True
        held = self.regular & (self.count > 0)
        return trend_holds(self.bad[held] / self.count[held], self.trend)

    def step(self) -> dict[str, Any]:
        """The classing step of model.json."""
        name = self.characteristic
        woe = [float(w) for w in self.result.woe]
        return {
            "id": f"classing({name})",
            "type": "classing",
            "input": name,
            "kind": self.kind,
            "bins": [b.as_dict(w) for b, w in zip(self.bins, woe, strict=True)],
            "output_bin": bin_name(name),
            "output_woe": woe_name(name),
        }

    def assign(self, values: Any) -> NDArray[np.int64]:
        """Bin ids (n,) of raw values (n,)."""
        return classify_bins(self.step(), values)

    def transform(self, values: Any) -> Floats:
        """Weights of evidence (n,) of raw values (n,)."""
        return self.result.woe[self.assign(values)]

    def frame(self) -> pd.DataFrame:
        """Columns of evidence `classing.table.{characteristic}`; WoE = ln(share of goods / share of bads).

        Counts are weighted; bounds of the bad rate are Wilson's, at Kish's effective rows where there are weights.
        `frame.attrs["notes"]` states the sign of the weight of evidence.
        """
        rate, lower, upper = self.cells.rates(INTERVAL_CONFIDENCE)
        found = pd.DataFrame(
            {
                "bin_id": [b.id for b in self.bins],
                "label": [b.label for b in self.bins],
                "kind": [b.kind for b in self.bins],
                "count": self.count,
                "count_share": self.count / np.sum(self.count),
                "good": self.good,
                "bad": self.bad,
                "bad_rate": rate,
                "bad_rate_lower": lower,
                "bad_rate_upper": upper,
                "woe": self.result.woe,
                "information_value": self.result.information_value,
                "woe_rule": list(self.result.rule),
            }
        )
        found.attrs["notes"] = (WOE_SIGN,)
        return found

    def optbinning_frame(self) -> pd.DataFrame:
        """The table under the names that users of optbinning know, indexed by bin number, with a row `Totals`.

        Columns Bin, Count, Count (%), Non-event, Event, Event rate, WoE, IV, JS; an event is a bad. Counts are
        weighted. JS is the part of the bin in the Jensen-Shannon divergence of goods and bads (natural logarithm), as
        optbinning gives it; WoE has optbinning's sign, and `frame.attrs["notes"]` states it.
        """
        part = self.frame()
        good, bad = self.good / np.sum(self.good), self.bad / np.sum(self.bad)
        middle = (good + bad) / 2
        apart = (rel_entr(good, middle) + rel_entr(bad, middle)) / 2
        columns = {
            "Bin": part["label"].tolist(),
            "Count": part["count"].tolist(),
            "Count (%)": part["count_share"].tolist(),
            "Non-event": part["good"].tolist(),
            "Event": part["bad"].tolist(),
            "Event rate": part["bad_rate"].tolist(),
            "WoE": part["woe"].tolist(),
            "IV": part["information_value"].tolist(),
            "JS": apart.tolist(),
        }
        sums = {name: float(np.sum(columns[name])) for name in ("Count", "Non-event", "Event", "IV", "JS")}
        rate = sums["Event"] / sums["Count"]
        totals = {**sums, "Bin": "", "Count (%)": 1.0, "Event rate": rate, "WoE": np.nan}
        index: list[object] = [*part["bin_id"].tolist(), "Totals"]
        found = pd.DataFrame({name: [*values, totals[name]] for name, values in columns.items()}, index=index)
        found.attrs["notes"] = (WOE_SIGN,)
        return found

    def recount(self, values: Any, y: Floats, weights: Floats | None = None, *, zero_cell: float = 0.5) -> BinningTable:
        """The same bins counted on other rows: another sample, another month. values, y, weights (n,).

        Weight of evidence and information value are those of the other rows; the bins do not move. Raises ValueError
        where the rows hold no good or no bad.
        """
        cells, result = tabulate(self.assign(values), y, weights, self.bins, zero_cell=zero_cell)
        apart = None if self.apart is None else self.apart.recount(values, y, weights, zero_cell=zero_cell)
        return replace(self, cells=cells, result=result, apart=apart, iv_loss=None)

    def share_of(self, kind: str) -> float:
        """Share of development weight in bins of a kind, before special codes or missing are joined with others."""
        of = self.apart or self
        return float(sum(c for c, b in zip(of.count, of.bins, strict=True) if b.kind == kind) / np.sum(of.count))

    def _repr_html_(self) -> str:
        from credit_risk._core.html_table import html_table

        title = f"{self.characteristic}: information value {self.information_value:.4f}, trend {self.trend}"
        return html_table(self.frame(), caption=title)


def tabulate(
    ids: NDArray[np.int64], y: Floats, weights: Floats | None, bins: tuple[Bin, ...], *, zero_cell: float
) -> tuple[Cells, WoeResult]:
    """The rows by bin and outcome, and the WoE from them. Raises ValueError without goods or bads."""
    cells = count_cells(ids, y, weights, len(bins))
    return cells, weight_of_evidence(cells.good, cells.bad, zero_cell=zero_cell)
