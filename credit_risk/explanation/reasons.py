"""Reason codes of a scorecard: shortfall of points against a named reference (Regulation B, comment 9(b)(2)-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk.scaling.points import PointsTable, points_name

Floats = NDArray[np.float64]
MEAN_DEVELOPMENT = "mean points of all development applicants"


@dataclass(frozen=True, slots=True)
class Reason:
    """A characteristic's reason code and what its points are measured against."""

    characteristic: str
    reason_code: str
    text: str
    text_source: str
    reference_points: float
    baseline: float


@dataclass(frozen=True, slots=True)
class ReasonCodes:
    """The reasons of a scorecard in rank order; at most `maximum` are given."""

    reasons: tuple[Reason, ...]
    maximum: int
    rank_step: float

    def step(self, output: str = "reasons") -> dict[str, Any]:
        """The `reasons` step of model.json, its value named `output`."""
        return {
            "id": "reasons",
            "type": "reasons",
            "method": "points_below_reference",
            "reference": MEAN_DEVELOPMENT,
            "maximum": self.maximum,
            "rank_step": self.rank_step,
            "characteristics": [
                {
                    "characteristic": r.characteristic,
                    "input": points_name(r.characteristic),
                    "reason_code": r.reason_code,
                    "reference_points": r.reference_points,
                    "baseline": r.baseline,
                }
                for r in self.reasons
            ],
            "output": output,
        }


def reason_codes(
    points: PointsTable,
    bin_ids: Mapping[str, NDArray[np.int64]],
    *,
    weights: Floats,
    maximum: int,
    rank_step: float,
    texts: Mapping[str, tuple[str, str]],
) -> ReasonCodes:
    """Reasons in the order of the points table. bin_ids: development bins (n,) by characteristic; weights (n,).

    The baseline is the mean development points less rank_step·rank, so that two characteristics never tie and one whose
    points never vary is never a reason. texts: (text, source of the text) by characteristic.
    """
    reasons = []
    for rank, (name, values) in enumerate(points.points.items(), start=1):
        reference = float(np.sum(weights * values[bin_ids[name]]) / np.sum(weights))
        text, source = texts[name]
        reasons.append(Reason(name, name, text, source, reference, reference - rank_step * rank))
    return ReasonCodes(tuple(reasons), maximum, rank_step)


def catalogue_frame(codes: ReasonCodes, points: PointsTable) -> pd.DataFrame:
    """Evidence `reasons.catalogue`."""
    return pd.DataFrame(
        [
            {
                "reason_code": r.reason_code,
                "characteristic": r.characteristic,
                "text": r.text,
                "text_source": r.text_source,
                "reference_points": r.reference_points,
                "baseline": r.baseline,
                "maximum_points": float(points.points[r.characteristic].max()),
                "minimum_points": float(points.points[r.characteristic].min()),
            }
            for r in codes.reasons
        ]
    )


def frequency_frame(codes: ReasonCodes, given: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Evidence `reasons.frequency`. given: by sample, the columns reason_1 … of the scored rows."""
    rows: list[dict[str, object]] = []
    for sample, frame in given.items():
        columns: Sequence[str] = [c for c in frame.columns if c.startswith("reason_")]
        for reason in codes.reasons:
            hits = frame[columns] == reason.reason_code
            first, anywhere = int(hits["reason_1"].sum()), int(hits.any(axis=1).sum())
            rows.append(
                {
                    "reason_code": reason.reason_code,
                    "sample": sample,
                    "first": first,
                    "first_share": first / len(frame),
                    "any": anywhere,
                    "any_share": anywhere / len(frame),
                }
            )
    return pd.DataFrame(rows)
