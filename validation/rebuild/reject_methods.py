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


@dataclass(frozen=True, slots=True)
class Drawn:
    """A measure of a model over our own draws of the outcomes that are not known, area and distance (draws,)."""

    area: Floats
    distance: Floats


def drawn(people: Applicants, risks: Mapping[str, Floats], prior: Floats, draws: int) -> dict[str, Drawn]:
    """AUC and Kolmogorov-Smirnov distance of each risk, unknown outcomes drawn from their prior (n,)."""
    random = np.random.default_rng(20_260)
    known, found = people.known, {name: Drawn(np.zeros(draws), np.zeros(draws)) for name in risks}
    outcome, places = np.where(known, people.outcome, 0.0), {}
    for name, risk in risks.items():
        place = np.unique(risk, return_inverse=True)[1]
        places[name] = place, np.bincount(place, weights=people.weight)
    for number in range(draws):
        outcome[~known] = random.random(int(np.sum(~known))) < prior[~known]
        mass = people.weight * outcome
        for name, (place, whole) in places.items():
            bad = np.bincount(place, weights=mass, minlength=len(whole))
            bads, goods = np.cumsum(bad), np.cumsum(whole - bad)
            ordered = float(bad @ (goods - (whole - bad) / 2.0))
            found[name].area[number] = ordered / (bads[-1] * goods[-1])
            found[name].distance[number] = float(np.max(np.abs(bads / bads[-1] - goods / goods[-1])))
    return found


@dataclass(frozen=True, slots=True)
class Expected:
    """Mean and deviation of a measure that is linear in the outcomes; both are exact."""

    mean: float
    deviation: float


def expected_losses(people: Applicants, risk: Floats, prior: Floats) -> dict[str, Expected]:
    """Brier score and log loss of probabilities (n,), unknown outcomes independent with their prior (n,).

    The log loss is infinite where a certain prediction is, or may be, wrong.
    """
    w, q, variance = people.weight / np.sum(people.weight), *_outcomes(people, prior)
    with np.errstate(divide="ignore"):
        losses = {"brier": ((1.0 - risk) ** 2, risk**2), "log_loss": (-np.log(risk), -np.log1p(-risk))}
    found = {}
    for name, (of_bad, of_good) in losses.items():
        mean = float(w @ (np.where(q > 0, q * of_bad, 0.0) + np.where(q < 1, (1.0 - q) * of_good, 0.0)))
        with np.errstate(invalid="ignore"):
            found[name] = Expected(mean, float(np.sqrt(np.sum(w**2 * (of_bad - of_good) ** 2 * variance))))
    return found


def expected_rate(people: Applicants, parts: Floats, prior: Floats) -> Expected:
    """Bad rate of those who are approved in `parts` (n,), unknown outcomes as in `expected_losses`."""
    q, variance = _outcomes(people, prior)
    w = people.weight * parts / np.sum(people.weight * parts)
    return Expected(float(w @ q), float(np.sqrt(w**2 @ variance)))


def _outcomes(people: Applicants, prior: Floats) -> tuple[Floats, Floats]:
    """Mean and variance (n,) of every outcome, none of those that are known."""
    known = people.known
    return np.where(known, people.outcome, prior), np.where(known, 0.0, prior * (1.0 - prior))
