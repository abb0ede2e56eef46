"""The fitted classing of one characteristic on an amount or a fraction: bins, sums, means, the value of each bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.binning.bins import Bin
from credit_risk.binning.table import INTERVAL_CONFIDENCE, bin_name, woe_name
from credit_risk.binning.woe import weight_of_evidence, weighted_counts
from credit_risk.evaluation.measured import mean_interval
from credit_risk.scoring.steps import classify_bins

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeanRows:
    """Rows that means are taken of: outcome, base (weight times exposure, or weight) and weight (n,), kind of outcome.

    lost and held (n,) are the two sums that a classing sets against each other, each adding up to the weights: of an
    amount the base and the outcome, of a fraction 1 − y and y.
    """

    kind: str
    outcome: Floats
    base: Floats
    weight: Floats
    held: Floats
    lost: Floats

    @property
    def totals(self) -> tuple[float, float]:
        """Sums of held and lost."""
        return float(np.sum(self.held)), float(np.sum(self.lost))


def mean_rows(y: Floats, kind: str, weights: Floats | None = None, exposure: Floats | None = None) -> MeanRows:
    """Rows of amounts or fractions y (n,). Raises ValueError where they do not differ from nothing (or from one)."""
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    base = w if exposure is None or kind == "fraction" else w * exposure
    outcome, whole = w * y, float(np.sum(w))
    held, lost = (w * (1 - y), outcome) if kind == "fraction" else (base, outcome)
    if not (np.sum(held) > 0 and np.sum(lost) > 0):
        raise ValueError(f"every {kind} is zero, or one")
    if kind == "amount":
        held, lost = held * (whole / np.sum(held)), lost * (whole / np.sum(lost))
    return MeanRows(kind, outcome, base, w, held, lost)


@dataclass(frozen=True, slots=True)
class MeanResult:
    """value, information_value (k,) per bin, rule (k,): `empirical`, `zero_cell_adjusted` or `neutral`."""

    value: Floats
    information_value: Floats
    rule: tuple[str, ...]

    @property
    def total(self) -> float:
        """Information value of the characteristic."""
        return float(np.sum(self.information_value))


@dataclass(frozen=True, slots=True)
class MeanTable:
    """A fitted classing on an amount or a fraction. count, base, outcome, error (k,): sums of weights, of weights times

    exposure (weights where there is none) and of weighted outcomes, and the standard error of the mean. gini and
    fine_gini are the Gini indices of bins and of fine classes, each over the greatest possible one: near 1 the fine
    classes are suspected to know the outcome.
    """

    characteristic: str
    kind: str
    outcome_kind: str
    bins: tuple[Bin, ...]
    count: Floats
    base: Floats
    outcome: Floats
    error: Floats
    result: MeanResult
    trend: str
    trend_source: str
    engine: str
    solver_status: str
    fine_gini: float
    gini: float

    @property
    def information_value(self) -> float:
        """Σ (share of the outcome − share of the base)·ln(ratio of the two): 0 where all means are equal."""
        return self.result.total

    @property
    def mean(self) -> Floats:
        """(k,) mean outcome per unit of base, NaN where there are no rows."""
        return np.divide(self.outcome, self.base, out=np.full(len(self.bins), np.nan), where=self.base > 0)

    def step(self) -> dict[str, Any]:
        """The classing step of model.json; `woe` holds the value of the bin (SPECIFICATION 3.2)."""
        name, values = self.characteristic, [float(v) for v in self.result.value]
        return {
            "id": f"classing({name})",
            "type": "classing",
            "input": name,
            "kind": self.kind,
            "bins": [b.as_dict(v) for b, v in zip(self.bins, values, strict=True)],
            "output_bin": bin_name(name),
            "output_woe": woe_name(name),
        }

    def assign(self, values: Any) -> NDArray[np.int64]:
        """Bin ids (n,) of raw values (n,)."""
        return classify_bins(self.step(), values)

    def transform(self, values: Any) -> Floats:
        """Values of the bins (n,) of raw values (n,)."""
        return self.result.value[self.assign(values)]

    def share_of(self, kind: str) -> float:
        """Share of development weight in bins of a kind."""
        return float(sum(c for c, b in zip(self.count, self.bins, strict=True) if b.kind == kind) / np.sum(self.count))

    def frame(self) -> pd.DataFrame:
        """Columns of evidence `classing.means.{characteristic}`."""
        lower, upper = mean_interval(self.mean, self.error, self.outcome_kind, INTERVAL_CONFIDENCE)
        return pd.DataFrame(
            {
                "bin_id": [b.id for b in self.bins],
                "label": [b.label for b in self.bins],
                "kind": [b.kind for b in self.bins],
                "count": self.count,
                "count_share": self.count / np.sum(self.count),
                "base": self.base,
                "outcome": self.outcome,
                "mean": self.mean,
                "mean_lower": lower,
                "mean_upper": upper,
                "value": self.result.value,
                "information_value": self.result.information_value,
                "value_rule": list(self.result.rule),
            }
        )

    def _repr_html_(self) -> str:
        from credit_risk._core.html_table import html_table

        title = f"{self.characteristic}: information value {self.information_value:.4f}, trend {self.trend}"
        return html_table(self.frame(), caption=title)


def mean_value(held: Floats, lost: Floats, zero_cell: float) -> MeanResult:
    """Value ln(share of lost / share of held) of each bin, the negative of a weight of evidence; its information value.

    Where one of a bin's two sums is zero, `zero_cell` is added to both; a bin without rows has 0.
    """
    result = weight_of_evidence(held, lost, zero_cell=zero_cell)
    return MeanResult(-result.woe + 0.0, result.information_value, result.rule)


def sums(ids: NDArray[np.int64], rows: MeanRows, bins: int) -> tuple[Floats, Floats, Floats, Floats]:
    """count, base, outcome and standard error of the mean (k,) of each bin; NaN errors where fewer than two rows."""
    count, base, outcome = (weighted_counts(ids, part, bins) for part in (rows.weight, rows.base, rows.outcome))
    held = np.bincount(ids, minlength=bins)
    mean = np.divide(outcome, base, out=np.zeros(bins), where=base > 0)
    gaps = weighted_counts(ids, (rows.outcome - mean[ids] * rows.base) ** 2, bins)
    error = np.full(bins, np.nan)
    enough = held > 1
    error[enough] = np.sqrt(gaps[enough] * held[enough] / (held[enough] - 1)) / base[enough]
    return count, base, outcome, error
