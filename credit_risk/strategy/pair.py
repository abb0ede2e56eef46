"""Two scores of the same applicants: one in use (the base) and one that would take its place (the candidate)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.strategy.applicants import Applicants

SLACK = 1e-12


@dataclass(frozen=True, slots=True, init=False)
class Pair:
    """base: applicants with the score in use; candidate (n,): the other score of each, higher is safer too.

    Raises CreditRiskError where the candidate misses values or has another length, or where either score is constant.
    """

    base: Applicants
    candidate: Floats

    def __init__(self, base: Applicants, candidate: ArrayLike):
        arguments = Arguments()
        arguments.length = len(base)
        score = arguments.numbers("candidate", candidate)
        arguments.raise_if_any()
        base.require_varied_score()
        if np.ptp(score) == 0:
            found = f"{len(score)} rows, all {score[0]:g}"
            raise CreditRiskError(Fault("the score is constant", "constant", path="candidate", found=found))
        object.__setattr__(self, "base", base)
        object.__setattr__(self, "candidate", score)


def matching_cut_off(score: Floats, weights: Floats, share: float) -> float:
    """The highest distinct score from which on at least `share` of the weight is accepted; score, weights (n,).

    Where `share` is 0 a value above all scores: nobody is accepted.
    """
    if share <= 0:
        return float(np.nextafter(np.max(score), np.inf))
    values, cells = np.unique(score, return_inverse=True)
    tail = np.cumsum(np.bincount(cells, weights)[::-1])[::-1]
    fine = np.flatnonzero(tail >= share * tail[0] * (1 - SLACK))
    return float(values[fine[-1]])
