"""Cumulative accuracy profile, and the table of gains and lift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation._groups import class_numbers, quantile_edges
from credit_risk.evaluation.curves import RocCurve, roc_curve, thin
from credit_risk.evaluation.cut_offs import repeated_within
from credit_risk.evaluation.ranked import Ranked, rank
from credit_risk.evaluation.rates import Rows, lift, proportion
from credit_risk.evaluation.samples import ScoredSample

CAP_COLUMNS = ["sample", "row_share", "bad_share"]
LIFT_COLUMNS = [
    *("sample", "part", "rows", "bad", "row_share", "bad_rate", "bad_rate_lower", "bad_rate_upper"),
    *("lift", "lift_lower", "lift_upper", "captured", "captured_lower", "captured_upper"),
    *("cumulative_lift", "cumulative_lift_lower", "cumulative_lift_upper"),
]


@dataclass(frozen=True, slots=True)
class CapCurve:
    """Corners from (0, 0) to (1, 1), (k,): share of all rows taken, the riskiest first, and share of the bads in them.

    accuracy_ratio: area between the curve and the diagonal over that of a perfect ranking, equal to the Gini
    coefficient (Engelmann, Hayden and Tasche 2003, Risk 16, 82-86).
    """

    row_share: Floats
    bad_share: Floats
    accuracy_ratio: float


def cap_curve(y: ArrayLike, risk: ArrayLike, weights: ArrayLike | None = None) -> CapCurve:
    """Cumulative accuracy profile (power curve), one corner for each distinct risk.

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive. Its interval is that of the Gini
    coefficient (`delong_interval`). Raises CreditRiskError on one class or missing values.
    """
    arguments = Arguments()
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.raise_if_any()
    return cap_of_ranked(rank(y_ == 1, x, w))


def cap_of_ranked(ranked: Ranked) -> CapCurve:
    """`cap_curve` from ranked counts."""
    bad = np.append(0.0, np.cumsum(ranked.bad[::-1]))
    rows = np.append(0.0, np.cumsum((ranked.bad + ranked.good)[::-1]))
    x, y = rows / rows[-1], bad / bad[-1]
    area = float(np.sum(np.diff(x) * (y[1:] + y[:-1]))) / 2.0
    return CapCurve(x, y, (2.0 * area - 1.0) / (1.0 - bad[-1] / rows[-1]))


def cap_table(
    samples: Mapping[str, tuple[ArrayLike, ArrayLike]],
    max_points: int = 500,
    weights: Mapping[str, ArrayLike] | None = None,
) -> pd.DataFrame:
    """Columns of evidence `performance.cap`: the corners that `roc_table` shows, over the share of all rows.

    samples: {name: (y, risk)}; weights: {name: weights (n,)}.
    """
    parts, notes = [], ["corners on a straight line are left out"]
    for name, (y, risk) in samples.items():
        w = (weights or {}).get(name)
        full = roc_curve(y, risk, w)
        curve = thin(full, max_points)
        if len(curve.threshold) < len(full.threshold):
            notes.append(f"{name}: {len(curve.threshold)} of {len(full.threshold)} corners are shown")
        mass = None if w is None else np.asarray(w, dtype=np.float64)
        share = float(np.average(np.asarray(y, dtype=np.float64), weights=mass))
        parts.append(
            pd.DataFrame({"sample": name, "row_share": _rows_of(curve, share), "bad_share": curve.true_positive_rate})
        )
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=CAP_COLUMNS)
    frame.attrs["notes"] = tuple(notes)
    return frame


def _rows_of(curve: RocCurve, share: float) -> Floats:
    """Share of all rows at each corner, from the rates of goods and bads and the share of bads."""
    return share * curve.true_positive_rate + (1.0 - share) * curve.false_positive_rate


def gains_table(
    y: ArrayLike,
    risk: ArrayLike,
    weights: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    *,
    parts: int = 10,
) -> pd.DataFrame:
    """Evidence `performance.lift` without the sample: rows in `parts` parts of like size, the riskiest first.

    y (n,) 0/1 with 1 = bad; risk (n,), higher is riskier; weights (n,) positive; clusters (n,) any names. Ties stay in
    one part, so that there may be fewer. row_share and captured are cumulative: share of rows, and of the bads, in this
    part and those above it; lift is the bad rate over that of all rows. Intervals: Wilson's for rates and shares,
    linearised on the scale of ln for lifts. Raises CreditRiskError on one class, missing values or fewer than 2 parts.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    y_, x, w = arguments.outcome(y), arguments.numbers("risk", risk), arguments.weights(weights)
    arguments.require(parts >= 2, "parts", "too few parts", "range", found=repr(parts), allowed="2 or more")
    arguments.raise_if_any()
    sample = ScoredSample(y_, -x, np.full(len(x), 0.5), risk=x, weights=w, clusters=clusters)
    return lift_table({"": sample}, parts, confidence).drop(columns="sample")


def lift_table(samples: Mapping[str, ScoredSample], parts: int = 10, confidence: float = 0.95) -> pd.DataFrame:
    """Columns of evidence `performance.lift`: `gains_table` of every sample, each in parts of its own rows."""
    lines = [line for name, sample in samples.items() for line in _lift_lines(name, sample, parts, confidence)]
    frame = pd.DataFrame(lines, columns=LIFT_COLUMNS)
    frame.attrs["notes"] = (
        f"{parts} parts of like size of the sample itself, the riskiest first, ties in one part",
        "share of rows, bads captured and cumulative lift are of the part and all above it",
        "Wilson intervals of rates and shares; lifts linearised, on the scale of ln",
    )
    return frame


def _lift_lines(name: str, sample: ScoredSample, parts: int, confidence: float) -> list[dict[str, Any]]:
    edges = quantile_edges(sample.risk, parts, sample.weights)
    number = len(edges) - class_numbers(sample.risk, edges)
    repeats = sample.clusters is not None and repeated_within(sample.clusters)
    rows = Rows(sample.bad, sample.weights, sample.clusters if repeats else None)
    whole, lines = float(rows.mass.sum()), []
    for part in range(len(edges) + 1):
        inside, above = number == part, number <= part
        line: dict[str, Any] = {"sample": name, "part": part + 1, "rows": int(inside.sum())}
        line |= {"bad": int((inside & sample.bad).sum()), "row_share": float(rows.mass[above].sum()) / whole}
        rates = {
            "bad_rate": proportion(rows, sample.bad, inside, confidence),
            "lift": lift(rows, inside, confidence),
            "captured": proportion(rows, above, sample.bad, confidence),
            "cumulative_lift": lift(rows, above, confidence),
        }
        for key, one in rates.items():
            line |= {key: one.value, f"{key}_lower": one.lower, f"{key}_upper": one.upper}
        lines.append(line)
    return lines
