"""Models with and without reject inference side by side: on known outcomes, on all applicants, in their decisions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from credit_risk.evaluation._arrays import Arguments, Floats, check_confidence
from credit_risk.evaluation.area_under_curve import AreaUnderCurve, delong_interval
from credit_risk.evaluation.calibration import brier_score
from credit_risk.evaluation.clustered import clustered_auc_interval
from credit_risk.reject_inference.applicants import accepted_share, checked_models
from credit_risk.reject_inference.bayesian import approved_parts, bayesian_auc
from credit_risk.reject_inference.overlap import inverse_weights
from credit_risk.reject_inference.rows import Decided, Mask

COLUMNS = [
    *("method", "rows", "bad", "auc", "auc_lower", "auc_upper", "gini", "brier", "reweighted_auc"),
    *("reweighted_auc_lower", "reweighted_auc_upper", "reweighted_gini", "reweighted_brier", "bayesian_auc"),
    *("bayesian_auc_lower", "bayesian_auc_upper", "mean_probability", "known_bad_rate", "approved_bad_rate"),
    *("rank_correlation", "changed_decisions", "largest_shift", "shifted_term"),
]
NOTES = (
    "Measures on known outcomes judge a model on those whom the decision let in; reweighted ones on all applicants if "
    "outcomes are missing at random and the model of the decision is right; Bayesian ones if the prior, the model of "
    "known outcomes, is right, which favours that model.",
)


def comparison_table(
    decided: Decided,
    probabilities: Mapping[str, ArrayLike],
    probability: ArrayLike,
    acceptance: ArrayLike,
    *,
    base: str = "none",
    held_out: ArrayLike | None = None,
    coefficients: Mapping[str, Mapping[str, float]] | None = None,
    floor: float = 0.02,
    draws: int = 100,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Evidence `reject_inference.comparison`: a row a method. Columns `COLUMNS`.

    probabilities: of bad (n,) by method, `base` among them (accepted only); probability (n,): of bad by the model of
    known outcomes, the prior of Bayesian evaluation and what approved applicants without an outcome are expected at;
    acceptance (n,): inverse weights above `floor`. held_out (n,): 1 where a row took no part in fitting (None: all
    known outcomes, in sample); AUC, Gini and Brier score are of held-out known outcomes, with DeLong's interval, or
    Obuchowski's of clusters. approved_bad_rate: expected, when the accepted share of least risk is approved;
    rank_correlation: Spearman's with `base` over all applicants; changed_decisions: share of applicants whom the two
    decide otherwise at equal acceptance; largest_shift: greatest change of a coefficient by `coefficients` (name to
    value, by method). Weights everywhere but in the ranks. Raises CreditRiskError with all faults.
    """
    models = checked_models(decided, probabilities)
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.length = len(decided)
    prior = arguments.probabilities(probability)
    pi = arguments.probabilities(acceptance, "acceptance")
    kept = None if held_out is None else arguments.outcome(held_out, both_classes=False, name="held_out")
    arguments.require(base in models, "base", "no such method", "unknown_name", found=base, allowed=", ".join(models))
    arguments.raise_if_any()
    test = decided.known if kept is None else decided.known & (kept == 1)
    _require_classes(decided, test)
    share, weights = accepted_share(decided), decided.weights
    q = np.where(decided.known, decided.y, prior)
    approved = {name: approved_parts(p, share, weights) for name, p in models.items()}
    inverse = inverse_weights(decided, pi, floor)
    ranks = stats.rankdata(models[base])
    rows = []
    for name, p in models.items():
        plain, again = (
            _measured(decided, p, test, weights, confidence),
            _measured(decided, p, test, inverse, confidence),
        )
        drawn = bayesian_auc(decided.y, p, prior, weights, draws=draws, seed=seed, confidence=confidence)
        changed = float(weights @ np.abs(approved[name] - approved[base])) / float(weights.sum())
        rows.append(
            (
                *(name, int(test.sum()), int(np.sum(decided.y[test] == 1)), *plain, *again),
                *(drawn.estimate, drawn.lower, drawn.upper, _mean(p, weights)),
                *(_mean(decided.y[decided.known], weights[decided.known]), _mean(q, weights * approved[name])),
                *(_correlation(ranks, p), changed, *_shift(coefficients, base, name)),
            )
        )
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame.attrs["notes"] = [*NOTES, *(("Known outcomes took part in fitting: in sample.",) if kept is None else ())]
    return frame


def _measured(
    decided: Decided, p: Floats, test: Mask, weights: Floats, confidence: float
) -> tuple[float, float, float, float, float]:
    y, risk, w = decided.y[test], p[test], weights[test]
    area: AreaUnderCurve
    if decided.clusters is None:
        area = delong_interval(y, risk, w, confidence)
    else:
        area = clustered_auc_interval(y, risk, decided.clusters[test], w, confidence)
    return area.auc, area.lower, area.upper, area.gini, brier_score(y, risk, w)


def _require_classes(decided: Decided, test: Mask) -> None:
    y = decided.y[test]
    arguments = Arguments()
    both = bool(np.any(y == 0) and np.any(y == 1))
    found = f"{len(y):,} rows, {int(np.count_nonzero(y == 1)):,} bad"
    arguments.require(both, "held_out", "no held-out good or no held-out bad", "one_class", found=found)
    arguments.raise_if_any()


def _mean(values: Floats, mass: Floats) -> float:
    return float(mass @ values) / float(mass.sum())


def _correlation(ranks: Floats, p: Floats) -> float:
    other = stats.rankdata(p)
    if np.ptp(ranks) == 0 or np.ptp(other) == 0:
        return float("nan")
    if np.array_equal(ranks, other):
        return 1.0
    return float(np.corrcoef(ranks, other)[0, 1])


def _shift(coefficients: Mapping[str, Mapping[str, float]] | None, base: str, name: str) -> tuple[float, str | None]:
    """Greatest change of a coefficient against the base, with its term; a term that one of them lacks counts as 0."""
    if coefficients is None or base not in coefficients or name not in coefficients:
        return float("nan"), None
    first, second = coefficients[base], coefficients[name]
    terms = [*first, *(term for term in second if term not in first)]
    shifts = [second.get(term, 0.0) - first.get(term, 0.0) for term in terms]
    place = int(np.argmax(np.abs(shifts)))
    return float(shifts[place]), terms[place] if shifts[place] != 0.0 else None
