"""Points to double the odds, the points table, and what rounding costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.binning.table import BinningTable, bin_name

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Score = offset − factor·ln(odds of bad); odds are good:bad, the score rises as risk falls."""

    points_to_double_odds: float
    base_score: float
    base_odds: float
    rounding: str = "half_away_from_zero"

    @property
    def factor(self) -> float:
        """Points to double the odds / ln 2 (Siddiqi 2006, ch. 6)."""
        return self.points_to_double_odds / math.log(2.0)

    @property
    def offset(self) -> float:
        """base_score − factor·ln(base_odds)."""
        return self.base_score - self.factor * math.log(self.base_odds)

    def as_dict(self) -> dict[str, float]:
        """As the `scaling` block of a scale step."""
        return {
            "points_to_double_odds": self.points_to_double_odds,
            "base_score": self.base_score,
            "base_odds": self.base_odds,
            "factor": self.factor,
            "offset": self.offset,
        }

    def round(self, values: Floats) -> Floats:
        """Apply the declared rounding: half away from zero, sign(x)·floor(|x| + 0.5), or none."""
        if self.rounding == "none":
            return values
        return np.copysign(np.floor(np.abs(values) + 0.5), values) + 0.0


def points_name(characteristic: str) -> str:
    """Name of the value that holds a characteristic's points, as model.json uses it."""
    return f"points({characteristic})"


@dataclass(frozen=True, slots=True)
class PointsTable:
    """Points of a scorecard: base_points, and by characteristic (bins,) before and after rounding."""

    scaling: Scaling
    base_points: float
    unrounded_base: float
    unrounded: dict[str, Floats]
    points: dict[str, Floats]

    def step(self, output: str = "score") -> dict[str, Any]:
        """The `scale` step of form `points`, its value named `output`."""
        return {
            "id": "score",
            "type": "scale",
            "form": "points",
            "base_points": self.base_points,
            "rounding": self.scaling.rounding,
            "scaling": self.scaling.as_dict(),
            "characteristics": [
                {
                    "characteristic": name,
                    "input": bin_name(name),
                    "points": list(values),
                    "output": points_name(name),
                }
                for name, values in self.points.items()
            ],
            "output": output,
        }


def points_table(
    intercept: float,
    coefficients: Mapping[str, float],
    tables: Mapping[str, BinningTable],
    scaling: Scaling,
    *,
    second_stage: bool = False,
) -> PointsTable:
    """Points of bin j of characteristic i: −factor·b_i·WoE_ij; base points: offset − factor·a. Rounded as declared.

    intercept a and coefficients b of the log-odds of bad; the order of `coefficients` is that of the points table.
    second_stage: the points are added to a score that holds the offset already, so that base points are −factor·a.
    """
    unrounded = {name: -scaling.factor * b * tables[name].result.woe + 0.0 for name, b in coefficients.items()}
    base = (0.0 if second_stage else scaling.offset) - scaling.factor * intercept
    rounded = {name: scaling.round(values + 0.0) for name, values in unrounded.items()}
    return PointsTable(scaling, float(scaling.round(np.array([base]))[0]), base, unrounded, rounded)


def points_frame(points: PointsTable, tables: Mapping[str, BinningTable]) -> pd.DataFrame:
    """Evidence `scorecard.points.{model}`: a row for the base points, then one an attribute."""
    rows: list[dict[str, object]] = [
        {
            "characteristic": "base points",
            "bin_id": None,
            "label": "",
            "woe": None,
            "unrounded_points": points.unrounded_base,
            "points": points.base_points,
            "development_share": None,
            "bad_rate": None,
        }
    ]
    for name, values in points.points.items():
        frame = tables[name].frame()
        for i, row in enumerate(frame.itertuples(index=False)):
            rows.append(
                {
                    "characteristic": name,
                    "bin_id": row.bin_id,
                    "label": row.label,
                    "woe": row.woe,
                    "unrounded_points": float(points.unrounded[name][i]),
                    "points": float(values[i]),
                    "development_share": row.count_share,
                    "bad_rate": row.bad_rate,
                }
            )
    return pd.DataFrame(rows)


def bounds_frame(
    points: PointsTable, ids: Mapping[str, NDArray[np.int64]], weights: Floats, total_name: str = "score"
) -> pd.DataFrame:
    """Evidence `scorecard.bounds.{model}`: neutral points and bounds, by characteristic and of the score.

    ids: by characteristic, the bins (n,) of development rows; weights (n,). Neutral points are the weighted mean of
    development: of the score, those of the average applicant. Least and greatest are over all bins; `occurring` over
    bins that hold rows of development, of the score over its rows. total_name: what the sum of all points is called.
    """
    base, total = points.base_points, np.full(len(weights), points.base_points)
    rows: list[tuple[str, float, float, float, float, float]] = [("base points", base, base, base, base, base)]
    least = greatest = base
    for name, values in points.points.items():
        mine = values[ids[name]]
        total = total + mine
        least, greatest = least + float(values.min()), greatest + float(values.max())
        rows.append((name, _mean(mine, weights), float(values.min()), float(values.max()), *_range(mine)))
    rows.append((total_name, _mean(total, weights), least, greatest, *_range(total)))
    columns = ["item", "neutral_points", "least", "greatest", "least_occurring", "greatest_occurring"]
    return pd.DataFrame(rows, columns=columns)


def _mean(values: Floats, weights: Floats) -> float:
    return float(np.sum(weights * values) / np.sum(weights))


def _range(values: Floats) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def scaling_frame(scaling: Scaling) -> pd.DataFrame:
    """Evidence `scaling.parameters`."""
    items = {
        "points to double the odds": scaling.points_to_double_odds,
        "base score": scaling.base_score,
        "base odds (good to bad)": scaling.base_odds,
        "factor": scaling.factor,
        "offset": scaling.offset,
    }
    return pd.DataFrame({"item": list(items), "value": list(items.values())})
