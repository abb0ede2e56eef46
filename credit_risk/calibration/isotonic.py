"""Isotonic calibration: blocks of pool-adjacent-violators, end blocks that hold both outcomes, and two maps of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

from credit_risk._core.errors import CalibrationError, Fault
from credit_risk.calibration._arrays import Rows
from credit_risk.calibration.maps import PiecewiseLinearMap, StepMap

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Isotonic blocks, all (k,), ascending: first and last score, weighted mean score (centre), weight, bads.

    merged_low, merged_high: weight of the rows of blocks without bads at the low end and without goods at the high end,
    which were pooled with the next block that has both.
    """

    first: Floats
    last: Floats
    centre: Floats
    weight: Floats
    bads: Floats
    merged_low: float
    merged_high: float

    @property
    def rate(self) -> Floats:
        """Bad rate of each block, within (0, 1)."""
        return self.bads / self.weight


def isotonic_blocks(rows: Rows) -> Blocks:
    """Blocks of the weighted isotonic regression of the outcome on the score, strictly increasing rates within (0, 1).

    Blocks of equal rate are one. At either end, blocks of rate 0 (or 1) are pooled with the next: their rate has no
    log-odds. Pooling keeps the order and the weighted mean, and is the isotonic fit with those rows held together.
    CalibrationError where one block is left: the score ranks nothing.
    """
    scores, weight, bads = rows.by_score()
    starts = _pooled(weight, bads)
    rate = np.add.reduceat(bads, starts) / np.add.reduceat(weight, starts)
    low, high = int((rate <= 0.0).sum()), int((rate >= 1.0).sum())
    kept = np.ones(len(starts), dtype=bool)
    kept[1 : low + 1] = False
    kept[len(starts) - high :] = False
    sums = np.add.reduceat(weight, starts)
    joined = starts[kept]
    if len(joined) < 2:
        raise CalibrationError(_one_block(rows, separated=low > 0 and high > 0))
    ends = np.append(joined[1:], len(scores)) - 1
    total = np.add.reduceat(weight, joined)
    return Blocks(
        first=scores[joined],
        last=scores[ends],
        centre=np.add.reduceat(weight * scores, joined) / total,
        weight=total,
        bads=np.add.reduceat(bads, joined),
        merged_low=float(sums[:low].sum()),
        merged_high=float(sums[len(starts) - high :].sum()),
    )


def refuse_unranked(rows: Rows) -> None:
    """CalibrationError where isotonic regression pools all scores: they rank nothing, or the wrong way round."""
    _, weight, bads = rows.by_score()
    if len(_pooled(weight, bads)) < 2:
        raise CalibrationError(_one_block(rows, separated=False))


def _pooled(weight: Floats, bads: Floats) -> NDArray[np.int64]:
    """Starts of the blocks of the isotonic regression, blocks of equal rate joined."""
    starts = isotonic_regression(bads / weight, weights=weight, increasing=True).blocks[:-1]
    return _equal_joined(starts, weight, bads)


def _one_block(rows: Rows, separated: bool) -> Fault:
    found = f"{len(np.unique(rows.score))} distinct scores, bad rate {rows.rate:.6g}"
    if separated:
        message = (
            "fewer than two isotonic blocks hold both outcomes: too few rows, or the score separates goods and bads"
        )
        return Fault(message, "separation", path="calibration", found=found)
    message = "isotonic regression pools all scores into one block: they do not rank these rows by risk"
    return Fault(message, "calibration_constant", path="calibration", found=found)


def _equal_joined(starts: NDArray[np.int64], weight: Floats, bads: Floats) -> NDArray[np.int64]:
    """Starts of blocks whose rate is greater than that of the block before, to rounding."""
    total, bad = np.add.reduceat(weight, starts), np.add.reduceat(bads, starts)
    rising = bad[1:] * total[:-1] - bad[:-1] * total[1:] > 1e-12 * total[1:] * total[:-1]
    joined: NDArray[np.int64] = starts[np.append(True, rising)].astype(np.int64)
    return joined


def isotonic_map(blocks: Blocks) -> StepMap:
    """A step at the midpoint between the scores on either side of it."""
    cuts = blocks.last[:-1] + (blocks.first[1:] - blocks.last[:-1]) / 2.0
    cuts = np.where(cuts > blocks.last[:-1], cuts, blocks.first[1:])
    return StepMap(tuple(cuts.tolist()), tuple(blocks.rate.tolist()), name="isotonic")


def centred_isotonic_map(blocks: Blocks) -> PiecewiseLinearMap:
    """Lines between the centroids of the blocks, constant outside them (Oron and Flournoy 2017)."""
    return PiecewiseLinearMap(tuple(blocks.centre.tolist()), tuple(blocks.rate.tolist()), name="centred_isotonic")
