"""Evidence of stability: the index of each quantity with its tests, and what moved by bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.evidence import Evidence, table
from credit_risk.evaluation.stability import stability_bins_table, stability_table
from credit_risk.lifecycle.performance import DEVELOPMENT, Scored

Floats = NDArray[np.float64]
SCORE = "score"


def stability_evidence(
    scored: Scored,
    ids: Mapping[str, NDArray[np.int64]],
    labels: Mapping[str, Sequence[str]],
    inputs: tuple[str, ...],
    *,
    points: Mapping[str, Floats] | None = None,
    score: Floats | None = None,
    score_name: str = SCORE,
) -> list[Evidence]:
    """Evidence `stability.psi` and `stability.bins` of quantities whose bin ids (n,) of all rows are given.

    labels: names of all bins of each quantity, by id; points: a characteristic's points by id, where a scorecard gives
    them; score (n,): its mean moves by the sum of what the characteristics move, rounding and bounds aside; score_name:
    of its quantity, no name of a characteristic.
    """
    inside = np.isin(scored.sample.astype(str), scored.samples)
    present = {name: np.unique(values[inside]) for name, values in ids.items()}
    counts = {name: scored.bin_counts(values) for name, values in ids.items()}
    named = {name: [labels[name][place] for place in places] for name, places in present.items()}
    worth = {name: np.asarray(values)[present[name]] for name, values in (points or {}).items() if name in present}
    bins = stability_bins_table(counts, named, points=worth)
    summed = bins.dropna(subset=["score_shift"]).groupby(["quantity", "sample"], sort=False)["score_shift"].sum()
    shifts: dict[str, dict[str, float]] = {name: {} for name in ids}
    for (name, sample), shift in summed.items():
        shifts[name][sample] = float(shift)
    if score is not None:
        shifts[score_name] = _mean_shifts(scored, score)
    index = stability_table(counts, rows=scored.sizes, score_shifts=shifts)
    return [table("stability.psi", index, inputs=inputs), table("stability.bins", bins, inputs=inputs)]


def points_of(model: Mapping[str, Any]) -> dict[str, Floats]:
    """Points of each characteristic by bin id, from the point scales of a model.json; those of stages are summed."""
    found: dict[str, Floats] = {}
    for step in model["steps"]:
        if step["type"] == "scale" and step["form"] == "points":
            for part in step["characteristics"]:
                name, own = part["characteristic"], np.asarray(part["points"], np.float64)
                found[name] = own if name not in found else found[name] + own
    return found


def band_labels(edges: Sequence[float] | Floats) -> list[str]:
    """Names of the bands [a, b) that edges (k,) cut, lowest first."""
    shown = [f"{edge:.6g}" for edge in edges]
    if not shown:
        return ["all"]
    inner = [f"[{low}, {high})" for low, high in pairwise(shown)]
    return [f"< {shown[0]}", *inner, f"≥ {shown[-1]}"]


def _mean_shifts(scored: Scored, score: Floats) -> dict[str, float]:
    """Mean score of each sample less that of development, weighted."""
    weights = scored.all_weights_by_sample()
    means = {
        s: float(np.average(score[scored.sample == s], weights=None if weights is None else weights[s]))
        for s in scored.samples
    }
    return {s: mean - means[DEVELOPMENT] for s, mean in means.items()}
