"""What the rules of redeployment are held against, from scores and outcomes of development and of one sample."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.binned import bin_counts
from credit_risk.evaluation.intervals import effective_rows
from credit_risk.evaluation.stability import population_stability_index
from credit_risk.strategy.cut_offs import cut_offs_of
from credit_risk.strategy.matrix import bands, one_sided

SIGNIFICANCE = 0.05
DEVELOPMENT, SAMPLE = "development", "sample"


@dataclass(frozen=True, slots=True)
class JudgedRows:
    """Rows of a sample with known outcomes, shapes (n,): score (higher is safer), probability of bad, y, weights or
    None for 1 each."""

    score: Floats
    probability: Floats
    y: Floats
    weights: Floats | None = None


def redeployment_measures(first: JudgedRows, here: JudgedRows, count: int) -> dict[str, float | None]:
    """Calibration gap, stability index and significant inversions of a score on a sample, for `redeployment`.

    first: rows of development, whose `count` score bands of equal weight are the bins. The gap is |expected/observed -
    1|, None where nothing bad was observed; inversions count neighbouring bands whose bad rate is in the wrong order at
    one-sided 5 %.
    """
    w = np.ones(len(here.score)) if here.weights is None else here.weights
    edges = cut_offs_of(first.score, count, first.weights)
    ids = {DEVELOPMENT: bands(first.score, edges), SAMPLE: bands(here.score, edges)}
    weights = None if here.weights is None or first.weights is None else {DEVELOPMENT: first.weights, SAMPLE: w}
    counts = bin_counts(ids, weights)
    bad = float(w @ here.y)
    cells = [_cell(here.y, w, ids[SAMPLE] == band) for band in range(1, len(edges) + 1)]
    there = [cell for cell in cells if cell is not None]
    return {
        "calibration_gap": abs(float(w @ here.probability) / bad - 1.0) if bad > 0 else None,
        "psi": population_stability_index(counts[DEVELOPMENT], counts[SAMPLE]).psi,
        "inversions": float(sum(one_sided(a, b) < SIGNIFICANCE for a, b in itertools.pairwise(there))),
    }


def _cell(y: Floats, w: Floats, inside: NDArray[np.bool_]) -> tuple[float, float] | None:
    return (float(np.average(y[inside], weights=w[inside])), effective_rows(w[inside])) if inside.any() else None
