"""Each rejected applicant as bad and as good: extrapolation, fuzzy augmentation, and probabilities given rejection."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from credit_risk.reject_inference._inputs import check_prudence, counted, probabilities_of, share
from credit_risk.reject_inference.rows import Decided, Floats, InferredRows, known_rows

NO_OP = (
    "changes nothing under a correct model: the same regression without penalty on the same characteristics returns "
    "the coefficients of the model of known outcomes; what differs with another model is that model's opinion, not data"
)
NO_SELECTION = "assumes that rejected applicants are as risky as accepted ones of the same characteristics"


def extrapolation(decided: Decided, probability: ArrayLike) -> InferredRows:
    """Each reject as bad with weight w·s and as good with w·(1 − s), s (n,) the probability by known outcomes.

    Fuzzy augmentation with prudence 1: no information is added. Raises CreditRiskError on values outside [0, 1].
    """
    s = probabilities_of(decided, probability, "probability")
    return as_bad_and_good(decided, s, "extrapolation", (NO_SELECTION, NO_OP))


def fuzzy_augmentation(decided: Decided, probability: ArrayLike, *, prudence: float = 1.0) -> InferredRows:
    """Each reject as bad with weight w·s' and as good with w·(1 − s'), where odds(s') = prudence · odds(s).

    s (n,): probability of bad by the model of known outcomes; s' = k·s / (1 − s + k·s). Total weight: that of known
    outcomes and rejects. Raises CreditRiskError on values outside [0, 1] and a prudence below 1.
    """
    check_prudence(prudence)
    s = probabilities_of(decided, probability, "probability")
    if prudence == 1:
        notes: tuple[str, ...] = (NO_SELECTION, NO_OP)
    else:
        notes = (
            f"assumes that the odds of bad of rejected applicants are {prudence:g} times those of accepted ones of the "
            "same characteristics; nothing in the data says so",
        )
    return as_bad_and_good(decided, prudent_odds(s, prudence), "fuzzy_augmentation", notes)


def prudent_odds(probability: Floats, prudence: float) -> Floats:
    """Probability whose odds are `prudence` times those of `probability`; both (n,)."""
    if prudence == 1:
        return probability
    return prudence * probability / (1 - probability + prudence * probability)


def as_bad_and_good(decided: Decided, probability: Floats, method: str, notes: tuple[str, ...]) -> InferredRows:
    """Known outcomes, then every reject as bad with weight w·p, then every reject as good with w·(1 − p).

    probability (n,) given rejection. A half of weight zero makes no row, which the notes tell.
    """
    place, y, weight, inferred = known_rows(decided)
    rejects = np.flatnonzero(decided.rejected)
    p, w = probability[rejects], decided.weights[rejects]
    as_bad, as_good = w * p, w * (1 - p)
    bad, good = as_bad > 0, as_good > 0
    sure = int(np.count_nonzero(~bad)) + int(np.count_nonzero(~good))
    told = f"expected bad rate of rejected applicants {share(float(as_bad.sum()), float(w.sum()))}"
    if sure:
        notes = (*notes, f"{counted(sure, 'reject')} surely bad or surely good: one row each")
    return InferredRows(
        method,
        np.concatenate([place, rejects[bad], rejects[good]]),
        np.concatenate([y, np.ones(int(bad.sum())), np.zeros(int(good.sum()))]),
        np.concatenate([weight, as_bad[bad], as_good[good]]),
        np.concatenate([inferred, np.ones(int(bad.sum()) + int(good.sum()), dtype=bool)]),
        (*notes, told),
    )
