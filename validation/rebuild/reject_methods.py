"""The model of each method of reject inference, fitted again: the same characteristics and classes, other rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.rebuild import clustered, metrics
from validation.rebuild.applicants import Applicants
from validation.rebuild.clusters import repeat
from validation.rebuild.logistic import fit_logistic
from validation.rebuild.prudence import least_risky, rate
from validation.rebuild.reject_inference import Inferred, inverse_weights

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tried:
    """Coefficients (k + 1,) of a method's model, the constant first, and its probability of bad (m,) of applicants."""

    coefficient: Floats
    probability: Floats


def tried(rows: Inferred, woe: Floats, judged: Floats) -> Tried:
    """Fit on the rows of a method; woe (n, k) over the snapshot, judged (m, k) of the applicants that are scored.

    Raises numpy.linalg.LinAlgError where the columns are collinear.
    """
    x = np.column_stack([np.ones(len(rows)), woe[rows.row]])
    fit = fit_logistic(x, rows.outcome, rows.weight)
    beta = fit.coefficient
    return Tried(beta, special.expit(beta[0] + judged @ beta[1:]))


def area(people: Applicants, risk: Floats, weight: Floats, confidence: float) -> metrics.Auc:
    """AUC of known outcomes, allowing for clusters; people: those with known outcomes, weight (n,) of them."""
    if repeat(people.cluster):
        return clustered.auc(people.outcome, risk, people.cluster, weight, confidence)
    return metrics.auc(people.outcome, risk, weight, confidence)


def known_measures(people: Applicants, risk: Floats, floor: float, confidence: float) -> dict[str, float]:
    """Ranking and Brier score on known outcomes, as they are and by inverse acceptance."""
    known = people.known
    some = people.where(known)
    p, found = risk[known], dict[str, float]()
    for start, weight in (("", some.weight), ("reweighted_", inverse_weights(people, floor)[known])):
        one = area(some, p, weight, confidence)
        found |= {f"{start}auc": one.auc, f"{start}auc_lower": one.lower, f"{start}auc_upper": one.upper}
        found |= {f"{start}gini": 2.0 * one.auc - 1.0}
        found[f"{start}brier"] = float(np.average((p - some.outcome) ** 2, weights=weight))
    return found


def decisions(people: Applicants, risk: Floats, base: Floats) -> dict[str, float]:
    """What a method changes against the base: both probabilities of bad (n,), as many approved as were accepted."""
    w, whole = people.weight, float(np.sum(people.weight))
    share = float(np.sum(w[people.accepted])) / whole
    now, then = least_risky(risk, w, share), least_risky(base, w, share)
    known = people.known
    q = np.where(known, people.outcome, people.probability)
    ranks = [_midranks(one) for one in (base, risk)]
    spread = [float(np.ptp(one)) for one in ranks]
    return {
        "mean_probability": float(w @ risk) / whole,
        "known_bad_rate": float(w[known] @ people.outcome[known]) / float(np.sum(w[known])),
        "approved_bad_rate": rate(w * now, q),
        "rank_correlation": float(np.corrcoef(ranks[0], ranks[1])[0, 1]) if min(spread) > 0 else np.nan,
        "changed_decisions": float(w @ np.abs(now - then)) / whole,
    }


def _midranks(values: Floats) -> Floats:
    """(n,) rank of each value, ties at their mean."""
    ordered = np.sort(values)
    first, last = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return np.asarray((first + last + 1.0) / 2.0)


def largest_shift(own: Mapping[str, float], base: Mapping[str, float]) -> float:
    """The greatest change of a coefficient against the base, with its sign."""
    shifts = [own[name] - base[name] for name in own]
    return float(shifts[int(np.argmax(np.abs(shifts)))])


def kickout(people: Applicants, base: Floats, candidate: Floats) -> dict[str, float]:
    """Whom a candidate no longer accepts of those whom the base selects among the known (Kozodoi et al. 2019)."""
    known, w = people.known, people.weight
    share = float(np.sum(w[people.accepted]) / np.sum(w))
    compared = known | people.rejected
    first, second = np.zeros(len(people)), np.zeros(len(people))
    first[known] = least_risky(base[known], w[known], share)
    second[compared] = least_risky(candidate[compared], w[compared], share)
    out, bad = w * np.clip(first - second, 0.0, None), known & (people.outcome == 1)
    good = known & ~bad
    selected = [float(np.sum((w * first)[side])) for side in (good, bad)]
    kicked = [float(np.sum(out[side])) for side in (good, bad)]
    value = kicked[1] / selected[1] - kicked[0] / selected[0] if min(selected) > 0 else np.nan
    now = least_risky(candidate, w, share)
    gone, come = (w * np.clip(side * (people.accepted - now), 0.0, None) for side in (1.0, -1.0))
    q = np.where(known, people.outcome, people.probability)
    return {
        "approved": share,
        "selected_good": selected[0],
        "selected_bad": selected[1],
        "kicked_out_good": kicked[0],
        "kicked_out_bad": kicked[1],
        "kickout": value,
        "swapped": float(np.sum(come) / np.sum(w)),
        "swapped_in_bad_rate": rate(come, q),
        "swapped_out_bad_rate": rate(gone, q),
    }


def drawn_areas(people: Applicants, risks: Mapping[str, Floats], prior: Floats, draws: int) -> dict[str, Floats]:
    """AUC (draws,) of each risk when outcomes that are not known are drawn from their prior (n,), our own draws."""
    random = np.random.default_rng(20_260)
    known, found = people.known, {name: np.zeros(draws) for name in risks}
    outcome = np.where(known, people.outcome, 0.0)
    for number in range(draws):
        outcome[~known] = random.random(int(np.sum(~known))) < prior[~known]
        for name, risk in risks.items():
            bads = metrics.components(outcome, risk, people.weight)[0]
            found[name][number] = metrics.weighted_mean(bads, people.weight[outcome == 1])
    return found
