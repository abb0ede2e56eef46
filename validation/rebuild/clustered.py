"""Discrimination where rows of one obligor repeat: variances from sums over clusters (Obuchowski 1997).

Obuchowski (1997), Nonparametric analysis of clustered ROC curve data, Biometrics 53, 567-578. Every function falls back
to independent rows (`metrics.py`) where no cluster repeats; the two agree there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild import metrics
from validation.rebuild.clusters import Integers, dense, repeat

Floats = NDArray[np.float64]


def auc(outcome: Floats, risk: Floats, clusters: Integers, confidence: float = 0.95) -> metrics.Auc:
    """Area as in `metrics.auc`; standard error and logit bounds that allow for clusters (n,)."""
    if not repeat(clusters):
        return metrics.auc(outcome, risk, confidence=confidence)
    bads, goods = metrics.components(outcome, risk)
    area = float(np.mean(bads))
    error = _error(outcome, bads, goods, clusters)
    if not error > 0 or not 0 < area < 1:
        return metrics.Auc(area, error, np.nan, np.nan)
    half = special.ndtri(0.5 + confidence / 2.0) * error / (area * (1.0 - area))
    centre = special.logit(area)
    return metrics.Auc(area, error, float(special.expit(centre - half)), float(special.expit(centre + half)))


def auc_difference(outcome: Floats, first: Floats, second: Floats, clusters: Integers) -> tuple[float, float, float]:
    """AUC(second) − AUC(first) as in `metrics.auc_difference`, its standard error and p-value allowing for clusters."""
    if not repeat(clusters):
        return metrics.auc_difference(outcome, first, second)
    bads_a, goods_a = metrics.components(outcome, first)
    bads_b, goods_b = metrics.components(outcome, second)
    difference = float(np.mean(bads_b) - np.mean(bads_a))
    error = _error(outcome, bads_b - bads_a, goods_b - goods_a, clusters)
    p_value = 2.0 * float(special.ndtr(-abs(difference) / error)) if error > 0 else np.nan
    return difference, error, p_value


def calibration_z(outcome: Floats, probability: Floats, clusters: Integers) -> float:
    """z of the bads against Σp: binomial for independent rows; where clusters repeat, by their sums of residuals."""
    residual = outcome - probability
    if repeat(clusters):
        numbers, count = dense(clusters)
        sums = np.zeros(count)
        np.add.at(sums, numbers, residual)
        variance = float(np.sum(sums**2))
    else:
        variance = float(np.sum(probability * (1.0 - probability)))
    return float(np.sum(residual)) / float(np.sqrt(variance)) if variance > 0 else float("nan")


def _error(outcome: Floats, bads: Floats, goods: Floats, clusters: Integers) -> float:
    """Square root of Obuchowski's S10/m + S01/n + 2·S11/(m·n), NaN with fewer than two clusters of a kind."""
    bad = outcome == 1
    numbers, count = dense(clusters)
    of_bads, of_goods = np.zeros(count), np.zeros(count)
    np.add.at(of_bads, numbers[bad], bads - np.mean(bads))
    np.add.at(of_goods, numbers[~bad], goods - np.mean(goods))
    m, n = len(bads), len(goods)
    with_bads, with_goods = len(np.unique(numbers[bad])), len(np.unique(numbers[~bad]))
    if min(with_bads, with_goods) < 2:
        return float("nan")
    s10 = with_bads / ((with_bads - 1.0) * m) * float(np.sum(of_bads**2))
    s01 = with_goods / ((with_goods - 1.0) * n) * float(np.sum(of_goods**2))
    s11 = count / (count - 1.0) * float(np.sum(of_bads * of_goods))
    return float(np.sqrt(max(s10 / m + s01 / n + 2.0 * s11 / (m * n), 0.0)))
