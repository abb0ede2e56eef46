"""Reweighting: known outcomes stand for all applicants, each by the inverse of its probability of acceptance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.reject_inference._inputs import counted, probabilities_of, share
from credit_risk.reject_inference.rows import Decided, Floats, InferredRows, Mask, known_rows


def reweighting(decided: Decided, acceptance: ArrayLike, *, floor: float = 0.02) -> InferredRows:
    """Known outcomes with weights w·f, where f = c / max(acceptance, floor) (Horvitz and Thompson 1952).

    acceptance (n,): probability of acceptance by the model of the decision. c is such that the weights of the known
    outcomes keep their sum (Hájek 1971), so that counts and penalties keep their meaning; with one acceptance for all,
    f is 1 exactly. Unbiased where acceptance depends on what the model of the decision knows, and on nothing else that
    moves the outcome. Raises CreditRiskError on probabilities outside [0, 1], a floor outside (0, 1), and where
    acceptance tells accepted from rejected perfectly.
    """
    if not (math.isfinite(floor) and 0 < floor < 1):
        allowed = "between 0 and 1"
        raise CreditRiskError(Fault("not a probability", "range", path="floor", found=repr(floor), allowed=allowed))
    pi = probabilities_of(decided, acceptance, "acceptance")
    _refuse_no_overlap(decided, pi)
    known = decided.known
    factor = inverse_factor(pi, floor, known, decided.weights)
    place, y, weight, inferred = known_rows(decided, factor)
    return InferredRows("reweighting", place, y, weight, inferred, _notes(decided, pi, floor, factor))


def inverse_factor(acceptance: Floats, floor: float, known: Mask, weights: Floats) -> Floats:
    """f (n,) of `reweighting`: r over the weighted mean of r of the known; r = max(π) / π, π = max(acceptance, floor).

    The greatest π is that of the known. In this order of computing, equal acceptance gives 1 to the last bit.
    """
    pi = np.maximum(acceptance, floor)
    relative = pi[known].max() / pi
    w = weights[known]
    return relative / (np.sum(w * relative[known]) / np.sum(w))


def _notes(decided: Decided, pi: Floats, floor: float, factor: Floats) -> tuple[str, ...]:
    known = decided.known
    trimmed = known & (pi < floor)
    w = decided.weights
    used = factor[known]
    count = int(np.count_nonzero(trimmed))
    told = [
        "assumes that, given the characteristics of the model of the decision, the decision knew nothing else of the "
        "outcome",
        f"trimmed: {counted(count, 'known outcome')} of {int(np.count_nonzero(known)):,} "
        f"({share(float(w[trimmed].sum()), float(w[known].sum()))} of the weight) with acceptance below {floor:g} "
        f"{'counts' if count == 1 else 'count'} as accepted with {floor:g}",
        f"factors from {used.min():.3g} to {used.max():.3g}; the weights of the known outcomes keep their sum",
    ]
    taken_up = decided.accepted & ~known
    if taken_up.any():
        told.append(
            f"{counted(int(np.count_nonzero(taken_up)), 'accepted applicant')} without a known outcome: supposed to be "
            "like those with one and the same characteristics"
        )
    return tuple(told)


def _refuse_no_overlap(decided: Decided, pi: Floats) -> None:
    least, most = float(pi[decided.accepted].min()), float(pi[decided.rejected].max())
    if most < least:
        raise CreditRiskError(
            Fault(
                "acceptance is predicted perfectly: no accepted applicant is like a rejected one",
                "no_overlap",
                path="acceptance",
                found=f"rejected up to {most:.6g}, accepted from {least:.6g}",
                remedy="no weight can correct this; use no reject inference, or outcomes observed elsewhere",
            )
        )
