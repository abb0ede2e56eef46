"""Evaluation on the population that applies: Bayesian evaluation under several priors, kickout, and swaps.

Known outcomes alone judge a model on those whom the present decision let in. Two answers: draw the outcomes of the
others from a prior (`bayesian.py`), or count which known bads a model would no longer accept (kickout).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.reject_inference.augmentation import prudent_odds
from credit_risk.reject_inference.bayesian import approved_parts, bayesian_table
from credit_risk.reject_inference.rows import Decided
from credit_risk.reject_inference.sensitivity import check_prudence

COLUMNS = [
    *("model", "prudence", "measure", "approved", "estimate", "standard_deviation", "lower", "upper", "draws"),
]
KICKOUT_COLUMNS = [
    *("base", "candidate", "approved", "selected_good", "selected_bad", "kicked_out_good", "kicked_out_bad", "kickout"),
    *("swapped", "swapped_in_bad_rate", "swapped_out_bad_rate"),
]


@dataclass(frozen=True, slots=True)
class Kickout:
    """What a candidate no longer accepts of those whom the base selects; weights. `value` is NaN without a bad."""

    selected_good: float
    selected_bad: float
    kicked_out_good: float
    kicked_out_bad: float
    value: float


def applicant_evaluation(
    decided: Decided,
    probabilities: Mapping[str, ArrayLike],
    probability: ArrayLike,
    *,
    prudence: Sequence[float] = (1.0,),
    approved: Sequence[float] | None = None,
    draws: int = 100,
    seed: int = 0,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Evidence `reject_inference.applicant_evaluation`: `bayesian_table` of each model under each factor. `COLUMNS`.

    probabilities: of bad (n,) by name of the model; probability (n,): of bad by the model of known outcomes, which is
    the prior of those without an outcome, of the rejected with odds times `prudence`; approved: shares of applicants
    (None: the accepted share). All models see the same draws of one factor. Raises CreditRiskError with all faults.
    """
    check_prudence(prudence)
    models = checked_models(decided, probabilities)
    arguments = Arguments()
    arguments.length = len(decided)
    s = arguments.probabilities(probability)
    arguments.raise_if_any()
    shares = (accepted_share(decided),) if approved is None else tuple(approved)
    parts = []
    for k in prudence:
        prior = np.where(decided.rejected, prudent_odds(s, k), s)
        for name, p in models.items():
            options = {"approved": shares, "draws": draws, "seed": seed, "confidence": confidence}
            table = bayesian_table(decided.y, p, prior, decided.weights, **options)  # type: ignore[arg-type]
            parts.append(table.rename(columns={"share": "approved"}).assign(model=name, prudence=float(k)))
    return pd.concat(parts, ignore_index=True)[COLUMNS]


def kickout(decided: Decided, base: ArrayLike, candidate: ArrayLike, approved: float | None = None) -> Kickout:
    """Kickout of Kozodoi, Katsas, Lessmann, Moreira-Matias and Papakonstantinou (2019, arXiv 1909.06108).

        kickout = (K_B / p − K_G / (1 − p)) / (S_B / p),   p = S_B / (S_B + S_G)

    S: the least risky share `approved` of the known outcomes by `base` (n,), a model without reject inference, S_G good
    and S_B bad; K: those of S whom `candidate` (n,) leaves out where it approves the same share of all applicants,
    known and rejected. Only known outcomes count. 1: all bads and no good are kicked out; 0: goods and bads in equal
    parts; −1: all goods and no bad. Ties at a cut-off are approved in part, and are kicked out by what they lose.
    approved None: the accepted share. Weights everywhere. Raises CreditRiskError with all faults.
    """
    models = checked_models(decided, {"base": base, "candidate": candidate})
    share = _share(decided, approved)
    known, w = decided.known, decided.weights
    compared = known | decided.rejected
    first, second = np.zeros(len(decided)), np.zeros(len(decided))
    first[known] = approved_parts(models["base"][known], share, w[known])
    second[compared] = approved_parts(models["candidate"][compared], share, w[compared])
    out = w * np.maximum(first - second, 0.0)
    bad = known & (decided.y == 1)
    s_g, s_b = (float((w * first)[one].sum()) for one in (known & ~bad, bad))
    k_g, k_b = (float(out[one].sum()) for one in (known & ~bad, bad))
    if s_b == 0.0 or s_g == 0.0:
        return Kickout(s_g, s_b, k_g, k_b, float("nan"))
    p = s_b / (s_b + s_g)
    return Kickout(s_g, s_b, k_g, k_b, (k_b / p - k_g / (1.0 - p)) / (s_b / p))


def kickout_table(
    decided: Decided,
    base: str,
    probabilities: Mapping[str, ArrayLike],
    probability: ArrayLike,
    *,
    approved: float | None = None,
) -> pd.DataFrame:
    """Evidence `reject_inference.kickout`: kickout of every model against `base`, and swaps. `KICKOUT_COLUMNS`.

    swapped: share of applicants whom the candidate approves in place of as many whom the present decision accepted,
    when it approves as many; their expected bad rate, and that of whom they replace: known outcomes as they are, others
    at `probability` (n,), of bad by the model of known outcomes.
    """
    models = checked_models(decided, probabilities)
    arguments = Arguments()
    arguments.length = len(decided)
    s = arguments.probabilities(probability)
    arguments.require(base in models, "base", "no such model", "unknown_name", found=base, allowed=", ".join(models))
    arguments.raise_if_any()
    q, w, accepted = np.where(decided.known, decided.y, s), decided.weights, decided.accepted.astype(np.float64)
    rows = []
    for name, p in models.items():
        if name == base:
            continue
        one = kickout(decided, models[base], p, approved)
        now = approved_parts(p, accepted_share(decided), w)
        moved = [w * np.maximum(side, 0.0) for side in (now - accepted, accepted - now)]
        told = (one.selected_good, one.selected_bad, one.kicked_out_good, one.kicked_out_bad, one.value)
        rates = (_rate(mass, q) for mass in moved)
        share = float(moved[0].sum()) / float(w.sum())
        rows.append((base, name, _share(decided, approved), *told, share, *rates))
    return pd.DataFrame(rows, columns=KICKOUT_COLUMNS)


def accepted_share(decided: Decided) -> float:
    """Weight of the accepted over that of all applicants."""
    return float(decided.weights[decided.accepted].sum()) / float(decided.weights.sum())


def checked_models(decided: Decided, probabilities: Mapping[str, ArrayLike]) -> dict[str, Floats]:
    """Probabilities (n,) by name of the model; raises CreditRiskError with all faults."""
    arguments = Arguments()
    arguments.length = len(decided)
    models = {name: arguments.probabilities(p, name) for name, p in probabilities.items()}
    arguments.require(len(models) > 0, "probabilities", "no model", "missing", allowed="1 or more")
    arguments.raise_if_any()
    return models


def _share(decided: Decided, approved: float | None) -> float:
    if approved is None:
        return accepted_share(decided)
    arguments = Arguments()
    good = isinstance(approved, (int, float)) and 0.0 < approved < 1.0
    arguments.require(good, "approved", "not a share", "range", found=repr(approved), allowed="between 0 and 1")
    arguments.raise_if_any()
    return float(approved)


def _rate(mass: Floats, q: Floats) -> float:
    total = float(mass.sum())
    return float(mass @ q) / total if total > 0 else float("nan")
