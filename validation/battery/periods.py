"""Level over several periods: the normal test of yearly rates against yearly mean probabilities."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.battery.calibration_tests import MOVED
from validation.battery.rows import BatteryRow, absent
from validation.battery.settle import Words, settle
from validation.rebuild.calibration_plan import moves_level
from validation.rebuild.periods import period_of
from validation.rebuild.times import dated_column
from validation.rebuild.workspace import Workspace

AREA, TEST = "multi_period", "normal test of yearly rates"


def normal_test(rates: NDArray[np.float64], probabilities: NDArray[np.float64]) -> tuple[float, float]:
    """Return z = Σ(DR − PD)/(√T·τ) and 1 − Φ(z), τ the standard deviation of the differences (T,); NaN without one.

    Basel Committee on Banking Supervision (2005), Working Paper 14: rates above the probabilities give a small p.
    """
    gaps = rates - probabilities
    spread = float(np.std(gaps, ddof=1)) if len(gaps) > 1 else 0.0
    if not spread > 0:
        return math.nan, math.nan
    z = float(np.sum(gaps)) / (math.sqrt(len(gaps)) * spread)
    return z, float(special.ndtr(-z))


def check_periods(space: Workspace) -> None:
    """Judge the years of all samples together: told, as some of them were fitted."""
    model_id = space.package.champion_id
    value = space.output(model_id, "probability")
    column = dated_column(space.package.plan, space.frame)
    reason = "the champion publishes no probability" if value is None else None
    reason = reason or ("the snapshot has no dates" if column is None else None)
    reason = reason or (MOVED if moves_level(space.package.plan) else None)
    if reason or value is None or column is None:
        absent(space.ledger, AREA, TEST, "all samples", reason or "")
        return
    rows = np.concatenate([space.judged(model_id, sample) for sample in space.rows])
    years = np.array(period_of(space.frame[column].to_numpy()[rows].tolist(), "year"), dtype=object)
    least = space.policy.cuts["minimum_expected"].value
    pairs = []
    for year in sorted({one for one in years if one is not None}):
        held = rows[years == year]
        y, p, w = space.outcome[held], value.data[held], space.weight[held]
        if min(float(np.sum(p)), float(np.sum(1.0 - p))) >= least:
            pairs.append((float(np.sum(w * y) / np.sum(w)), float(np.sum(w * p) / np.sum(w))))
    enough = int(space.policy.cuts["minimum_periods"].value)
    if len(pairs) < enough:
        reason = f"{len(pairs)} years have {least:g} expected bads and goods, {enough} are needed"
        absent(space.ledger, AREA, TEST, "all samples", reason)
        return
    found = np.array(pairs)
    z, p_value = normal_test(found[:, 0], found[:, 1])
    if math.isnan(z):
        absent(space.ledger, AREA, TEST, "all samples", "the yearly differences are all the same")
        return
    cut = space.policy.cuts["multi_period_review"]
    row = BatteryRow(
        area=AREA,
        test=TEST,
        population="all samples",
        statistic=f"z of {len(pairs)} years",
        outcome="review" if p_value <= cut.value else "pass",
        value=z,
        p_value=p_value,
        cut=f"review at p of at most {cut.value:g}",
    )
    gap = float(np.mean(found[:, 0] - found[:, 1]))
    words = f"Over {len(pairs)} years the bad rate is {gap:.4f} above the mean probability in the mean (z {z:.2f})."
    settle(space, row, "multi_period_review", Words(words, "Recalibrate the model.", ("performance.calibration",)))
