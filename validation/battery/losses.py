"""Level of losses and amounts: the t-test of errors, rows counting alike, one-sided and (best estimates) two-sided."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from validation.battery.rows import BatteryRow, absent
from validation.battery.settle import Words, by_chance, in_words, settle, settled
from validation.measures.performance import sample_rows
from validation.rebuild.clusters import Integers, dense, repeat
from validation.rebuild.workspace import Workspace

AREA = "loss_level"
EVIDENCE = ("performance.level",)


def t_test(errors: NDArray[np.float64], cluster: Integers | None = None) -> tuple[float, float, float, int]:
    """Return T = √N·ē/s, P(t > T), twice the smaller tail and N: errors (n,) realised less estimated.

    Unweighted (ECB instructions 2019, 2.6.2.1). Where rows share a cluster its mean is one error. NaN without spread.
    """
    if cluster is not None and repeat(cluster):
        numbers, count = dense(cluster)
        errors = np.bincount(numbers, errors, count) / np.bincount(numbers, minlength=count)
    n = len(errors)
    spread = float(np.std(errors, ddof=1)) if n > 1 else 0.0
    if not spread > 0:
        return math.nan, math.nan, math.nan, n
    statistic = math.sqrt(n) * float(np.mean(errors)) / spread
    return statistic, float(stats.t.sf(statistic, n - 1)), 2.0 * float(stats.t.sf(abs(statistic), n - 1)), n


def check_losses(space: Workspace) -> None:
    """Judge every sample: estimates below what was realised, and apart from it either way."""
    for sample in space.rows:
        rows = sample_rows(space, space.package.champion_id, sample)
        errors = rows.y - rows.expected
        statistic, above, apart, count = t_test(errors, rows.cluster)
        least = space.policy.cuts["minimum_grade_rows"].value
        if count < least or math.isnan(statistic):
            reason = f"{count} independent rows, {least:g} are needed" if count < least else "the errors do not vary"
            absent(space.ledger, AREA, "t-test of the errors", sample, reason)
            continue
        mean = float(np.mean(rows.expected))
        share = float(np.mean(errors)) / mean if mean > 0 else math.nan
        half = abs(float(stats.t.isf((1.0 - space.confidence) / 2.0, count - 1)) * float(np.mean(errors)) / statistic)
        for words, p_value, effect in (
            ("t-test, one-sided: estimates too low", above, share),
            ("t-test, two-sided (as of best estimates in default)", apart, abs(share)),
        ):
            row = BatteryRow(
                area=AREA,
                test=words,
                population=sample,
                statistic=f"T of {count} unweighted errors, mean {np.mean(errors):.4g} +/- {half:.4g}",
                outcome=settled(space, sample, by_chance(p_value, effect, space.policy, "loss_level_fail")),
                value=statistic,
                p_value=p_value,
                cut=in_words(space.policy, "a mean error over the mean estimate", "loss_level_fail"),
            )
            told = f"On {sample} the mean error is {share:.4f} of the mean estimate (T {statistic:.2f})."
            settle(space, row, "loss_level_fail", Words(told, "Recalibrate the model.", EVIDENCE), compared=count)
