"""Champion and challenger on the same rows: paired tests of ranking, of probabilities and of decisions."""

from __future__ import annotations

import numpy as np
from scipy import stats

from credit_risk.evaluation._arrays import Floats
from credit_risk.evaluation.area_under_curve import delong_difference
from credit_risk.evaluation.clustered import clustered_auc_difference
from credit_risk.strategy.applicants import Applicants, mean_error, normal_bounds
from credit_risk.strategy.swap_set import two_sided

SAME = 1e-9
COMPARISON_COLUMNS = [
    *("base", "candidate", "sample", "rows", "bad", "auc_base", "auc_candidate", "auc_difference", "auc_lower"),
    *("auc_upper", "auc_p_value", "log_loss_difference", "log_loss_lower", "log_loss_upper", "log_loss_p_value"),
    *("brier_difference", "brier_lower", "brier_upper", "brier_p_value"),
    *("only_base_right", "only_candidate_right", "decisions_p_value"),
]
Row = dict[str, object]


def compared_ranking(base: Applicants, candidate: Floats, confidence: float = 0.95) -> Row:
    """AUC of both scores and their paired difference: DeLong, with Obuchowski's covariance where clusters repeat.

    base: applicants with known outcomes and the score of the base; candidate (n,): the other score.
    """
    if base.clusters is None:
        found = delong_difference(base.y, -base.score, -candidate, base.weights, confidence)
    else:
        found = clustered_auc_difference(base.y, -base.score, -candidate, base.clusters, base.weights, confidence)
    values = (found.auc_a, found.auc_b, found.difference, found.lower, found.upper, found.p_value)
    return dict(zip(COMPARISON_COLUMNS[5:11], values, strict=True))


def compared_losses(one: Applicants, base: Floats, candidate: Floats, confidence: float = 0.95) -> Row:
    """Mean log loss and Brier score of the candidate less those of the base, with paired normal tests.

    base, candidate (n,): probabilities of bad within (0, 1). The statistic of Diebold and Mariano (1995), Journal of
    Business and Economic Statistics 13, 253-263, for losses of rows that are independent (clusters are summed). Losses
    that differ by a relative 1e-9 or less are the same: two fits of one model have no p-value made of rounding.
    """
    y, found = one.y, Row()
    with np.errstate(divide="ignore"):
        log_loss = [-np.where(y == 1, np.log(p), np.log1p(-p)) for p in (base, candidate)]
    brier = [(p - y) ** 2 for p in (base, candidate)]
    for name, (first, second) in (("log_loss", log_loss), ("brier", brier)):
        if not (np.isfinite(first).all() and np.isfinite(second).all()):
            found |= dict.fromkeys(f"{name}_{end}" for end in ("difference", "lower", "upper", "p_value"))
            continue
        gap = second - first
        gap[np.abs(gap) <= SAME * np.maximum(np.abs(first), np.abs(second))] = 0.0
        value, error = mean_error(gap, one.weights, one.clusters)
        _, lower, upper = normal_bounds(value, error, confidence)
        found |= {f"{name}_difference": value, f"{name}_lower": lower, f"{name}_upper": upper}
        found[f"{name}_p_value"] = two_sided(value / error) if error > 0 else None
    return found


def compared_decisions(one: Applicants, base: np.ndarray, candidate: np.ndarray) -> Row:
    """Rows on which one decision alone is right (a good accepted, a bad declined), and the paired test of both.

    base, candidate (n,): accepted or not. McNemar's exact test (1947, Psychometrika 12, 153-157) of independent rows of
    weight 1; with weights or clusters the normal test of the weighted mean difference in being right.
    """
    good = one.y == 0
    first, second = base == good, candidate == good
    b, c = int(np.sum(first & ~second)), int(np.sum(second & ~first))
    if one.clusters is None and bool(np.all(one.weights == 1.0)):
        p_value = float(stats.binomtest(b, b + c).pvalue) if b + c else None
    else:
        value, error = mean_error(second.astype(float) - first.astype(float), one.weights, one.clusters)
        p_value = two_sided(value / error) if error > 0 else None
    return {"only_base_right": b, "only_candidate_right": c, "decisions_p_value": p_value}
