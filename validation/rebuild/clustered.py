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


def auc(
    outcome: Floats, risk: Floats, clusters: Integers, weight: Floats | None = None, confidence: float = 0.95
) -> metrics.Auc:
    """Area as in `metrics.auc`; standard error and logit bounds that allow for clusters (n,)."""
    if not repeat(clusters):
        return metrics.auc(outcome, risk, weight, confidence)
    bads, goods = metrics.components(outcome, risk, weight)
    shares = _shares(outcome, weight)
    area = metrics.weighted_mean(bads, shares[outcome == 1] if weight is not None else np.ones(len(bads)))
    if area in (0.0, 1.0):
        bad = outcome == 1
        held = [float(len(np.unique(clusters[side]))) for side in (bad, ~bad)]
        return metrics.Auc(area, 0.0, *metrics.perfect_bounds(area, held[0], held[1], confidence))
    error = _error(outcome, bads, goods, clusters, shares)
    if not error > 0:
        return metrics.Auc(area, error, area + error, area + error)  # NaN where the error is
    half = special.ndtri(0.5 + confidence / 2.0) * error / (area * (1.0 - area))
    centre = special.logit(area)
    return metrics.Auc(area, error, float(special.expit(centre - half)), float(special.expit(centre + half)))


def auc_difference(
    outcome: Floats, first: Floats, second: Floats, clusters: Integers, weight: Floats | None = None
) -> tuple[float, float, float]:
    """AUC(second) − AUC(first) as in `metrics.auc_difference`, its standard error and p-value allowing for clusters."""
    if not repeat(clusters):
        return metrics.auc_difference(outcome, first, second, weight)
    bads_a, goods_a = metrics.components(outcome, first, weight)
    bads_b, goods_b = metrics.components(outcome, second, weight)
    shares = _shares(outcome, weight)
    difference = float(np.sum(shares[outcome == 1] * (bads_b - bads_a)))
    error = _error(outcome, bads_b - bads_a, goods_b - goods_a, clusters, shares)
    p_value = 2.0 * float(special.ndtr(-abs(difference) / error)) if error > 0 else np.nan
    return difference, error, p_value


def calibration_z(outcome: Floats, probability: Floats, clusters: Integers, weight: Floats | None = None) -> float:
    """z of the (weighted) bads against Σwp, by `residual_variance`; NaN where there is none."""
    w = np.ones(len(outcome)) if weight is None else weight
    variance = residual_variance(outcome, probability, clusters, w)
    return float(np.sum(w * (outcome - probability))) / float(np.sqrt(variance)) if variance > 0 else float("nan")


def residual_variance(outcome: Floats, probability: Floats, clusters: Integers, weight: Floats) -> float:
    """Variance of Σw(y − p): binomial for independent rows, Σw²p(1 − p); where clusters repeat, the squared sums of
    weighted residuals over clusters."""
    if repeat(clusters):
        numbers, count = dense(clusters)
        sums = np.zeros(count)
        np.add.at(sums, numbers, weight * (outcome - probability))
        return float(np.sum(sums**2))
    return float(np.sum(weight**2 * probability * (1.0 - probability)))


def _shares(outcome: Floats, weight: Floats | None) -> Floats:
    """Share of each row in the weight of its class."""
    w = np.ones(len(outcome)) if weight is None else weight
    return np.where(outcome == 1, w / np.sum(w[outcome == 1]), w / np.sum(w[outcome != 1]))


def _error(outcome: Floats, bads: Floats, goods: Floats, clusters: Integers, shares: Floats) -> float:
    """Square root of Obuchowski's S10/m + S01/n + 2·S11/(m·n), shares of weight in place of 1/m and 1/n.

    NaN with fewer than two clusters of a kind.
    """
    bad = outcome == 1
    numbers, count = dense(clusters)
    of_bads, of_goods = np.zeros(count), np.zeros(count)
    np.add.at(of_bads, numbers[bad], shares[bad] * (bads - np.sum(shares[bad] * bads)))
    np.add.at(of_goods, numbers[~bad], shares[~bad] * (goods - np.sum(shares[~bad] * goods)))
    with_bads, with_goods = len(np.unique(numbers[bad])), len(np.unique(numbers[~bad]))
    if min(with_bads, with_goods) < 2:
        return float("nan")
    own = with_bads / (with_bads - 1.0) * float(np.sum(of_bads**2))
    own += with_goods / (with_goods - 1.0) * float(np.sum(of_goods**2))
    both = count / (count - 1.0) * float(np.sum(of_bads * of_goods))
    return float(np.sqrt(max(own + 2.0 * both, 0.0)))
