"""Whether the data agree with points that experts give.

What the points say of a bin is held against the log-odds ratio of bad in the bin against all other bins of the
characteristic, with Woolf's interval (Woolf 1955, Annals of Human Genetics 19, 251-253): variance the sum of the
reciprocals of the four cells, half a row added to each of them where one is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.evaluation.cells import Cells
from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.models.expert_bins import ExpertBins

Floats = NDArray[np.float64]
AGREES, CONTRADICTED, OPEN, NO_ROWS = "agrees", "contradicted", "not told apart", "no rows"
CONTINUITY = 0.5


def agreement_rows(points: Floats, cells: Cells, factor: float, confidence: float = 0.95) -> dict[str, list[Any]]:
    """By bin (k,): what the points state and what development shows, both in log-odds of bad against the other bins.

    factor: points to a unit of log-odds. `stated` is −(points − weighted mean of the other bins)/factor; `observed` the
    log-odds ratio with bounds; verdict: contradicted where the interval excludes zero and the points say the opposite,
    agrees where it excludes zero and they do not, else not told apart; no rows where the bin has none.
    """
    z = normal_quantile(confidence)
    good, bad = cells.good, cells.bad
    count = good + bad
    columns: dict[str, list[Any]] = {
        name: [] for name in ("count", "bad_rate", "stated", "observed", "lower", "upper", "verdict")
    }
    for k in range(len(points)):
        others = np.arange(len(points)) != k
        rest = float(np.sum(count[others]))
        stated = None
        if rest > 0:
            stated = -(float(points[k]) - float(count[others] @ points[others]) / rest) / factor
        row: tuple[Any, ...] = (None, None, None, NO_ROWS)
        if count[k] > 0 and rest > 0 and stated is not None:
            parts = [_effective(cells, [k]), _effective(cells, np.flatnonzero(others).tolist())]
            observed, error = log_odds_ratio(parts[0], parts[1])
            low, high = observed - z * error, observed + z * error
            row = (observed, low, high, _verdict(stated, low, high))
        rate = float(bad[k] / count[k]) if count[k] > 0 else None
        for name, value in zip(columns, (float(count[k]), rate, stated, *row), strict=True):
            columns[name].append(value)
    return columns


def _verdict(stated: float, low: float, high: float) -> str:
    if low <= 0.0 <= high:
        return OPEN
    return AGREES if stated * low > 0 else CONTRADICTED


def ordering_rows(points: Floats, cells: Cells, confidence: float = 0.95) -> list[dict[str, Any]]:
    """Pairs of bins with rows of which the one with more points has the higher bad rate: bin, other, log-odds ratio.

    `bin` has more points than `other`; the ratio is of bad in it against the other, above zero; contradicted where its
    interval excludes zero.
    """
    z, found = normal_quantile(confidence), []
    count = cells.good + cells.bad
    rate = np.divide(cells.bad, count, out=np.zeros(len(count)), where=count > 0)
    for k in range(len(points)):
        for other in range(len(points)):
            if points[k] > points[other] and count[k] > 0 and count[other] > 0 and rate[k] > rate[other]:
                ratio, error = log_odds_ratio(_effective(cells, [k]), _effective(cells, [other]))
                low, high = ratio - z * error, ratio + z * error
                found.append(
                    {
                        "bin_id": k,
                        "other_id": other,
                        "points": float(points[k]),
                        "other_points": float(points[other]),
                        "bad_rate": float(rate[k]),
                        "other_bad_rate": float(rate[other]),
                        "log_odds_ratio": ratio,
                        "lower": low,
                        "upper": high,
                        "contradicted": low > 0,
                    }
                )
    return found


def _effective(cells: Cells, bins: Sequence[int]) -> tuple[float, float, float, float]:
    """Weighted goods and bads of bins, and Kish's effective goods and bads (Σw)²/Σw²."""
    place = np.array(bins, dtype=np.int64)
    weight, squared = cells.weight[place].sum(axis=0), cells.squared[place].sum(axis=0)
    size = np.divide(weight**2, squared, out=np.zeros(2), where=squared > 0)
    return float(weight[0]), float(weight[1]), float(size[0]), float(size[1])


def log_odds_ratio(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> tuple[float, float]:
    """ln((bads/goods of one) / (bads/goods of other)) and its standard error (Woolf).

    Each is goods, bads, effective goods, effective bads. Half a row is added to every cell where one is empty.
    """
    more = CONTINUITY if min(one[0], one[1], other[0], other[1]) <= 0 else 0.0
    a, b = [(part[0] + more, part[1] + more) for part in (one, other)]
    ratio = float(np.log(a[1] / a[0]) - np.log(b[1] / b[0]))
    return ratio, float(np.sqrt(sum(1.0 / (size + more) for part in (one, other) for size in part[2:])))


def agreement_frame(parts: Iterable[tuple[str, ExpertBins, Cells]], factor: float, confidence: float) -> pd.DataFrame:
    """Evidence `expert.agreement.{model}`: `agreement_rows` of each characteristic with its bins and points."""
    frames = []
    for name, read, cells in parts:
        frame = pd.DataFrame(agreement_rows(read.points, cells, factor, confidence))
        frame.insert(0, "points", read.points)
        frame.insert(0, "label", [b.label for b in read.bins])
        frame.insert(0, "bin_id", [b.id for b in read.bins])
        frame.insert(0, "characteristic", name)
        frames.append(frame.astype(object))
    return pd.concat(frames, ignore_index=True)


def ordering_frame(parts: Iterable[tuple[str, ExpertBins, Cells]], confidence: float) -> pd.DataFrame:
    """Evidence `expert.ordering.{model}`: `ordering_rows` of each characteristic."""
    columns = ["characteristic", "bin_id", "label", "other_id", "other_label", "points", "other_points"]
    columns += ["bad_rate", "other_bad_rate", "log_odds_ratio", "lower", "upper", "contradicted"]
    rows = []
    for name, read, cells in parts:
        labels = [b.label for b in read.bins]
        for row in ordering_rows(read.points, cells, confidence):
            told = {"label": labels[row["bin_id"]], "other_label": labels[row["other_id"]]}
            rows.append({"characteristic": name, **told, **row})
    return pd.DataFrame(rows, columns=columns)
