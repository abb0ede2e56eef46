"""Evidence that belongs to the champion alone: rounding, verification."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.lifecycle.candidates import Candidate, rounding_frame
from credit_risk.lifecycle.performance import Scored

Floats = NDArray[np.float64]


def champion_evidence(champion: Candidate, scored: Scored, linear: Floats, coverage: pd.DataFrame) -> list[Evidence]:
    """Effect of rounding, coverage of the verification rows; what does not apply is said.

    linear: (n,) linear score before any rounding.
    """
    found = [table("verification.coverage", coverage, inputs=("model.json",))]
    points = champion.points if champion.divided is None else champion.divided.cards[0].candidate.points
    if points is None:
        reason = f"the champion is a {champion.type}, not a scorecard"
        return [*found, absent("scaling.rounding_effect", "not_applicable", reason)]
    if champion.tables is not None:
        reason = "the points of the champion are given by hand, and none is rounded"
        return [*found, absent("scaling.rounding_effect", "not_applicable", reason)]
    predictions = scored.predictions[champion.id]
    files = tuple(f"predictions/{sample}.parquet" for sample in scored.samples)
    score = predictions["score"].to_numpy(float)
    pairs = {s: (scored.y[rows], linear[rows], score[rows]) for s in scored.samples for rows in [scored.rows(s)]}
    frame = rounding_frame(points.scaling, pairs, scored.weights_by_sample())
    rounding = table("scaling.rounding_effect", frame, inputs=files)
    return [*found, rounding]
