"""How much riskier rejects must be than accepted applicants alike to change a decision, counted our own way.

Rejected applicants are supposed to have odds of bad `factor` times those by the model of known outcomes; known outcomes
count as they are, accepted applicants without one at that model's probability. Rosenbaum (2002), Observational Studies,
chapter 4; Manski (1989), Journal of Human Resources 24, 343-360.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from validation.rebuild.applicants import Applicants
from validation.rebuild.reject_inference import prudent

Floats = NDArray[np.float64]
MOST = 1e6


@dataclass(frozen=True, slots=True)
class Policy:
    """Who is approved: approved (n,) part of each applicant by the cut-off, equal (n,) when as many are as were.

    money: earned of a good and lost of a bad (n,), where it is declared and known of everyone.
    """

    risk: Floats
    approved: Floats
    equal: Floats
    money: tuple[Floats, Floats] | None = None


def least_risky(risk: Floats, weight: Floats, share: float) -> Floats:
    """(n,) part of each row that is approved when the `share` of least risk is; equal risks in equal parts."""
    parts = np.zeros(len(risk))
    left = share * float(np.sum(weight))
    values, place = np.unique(risk, return_inverse=True)
    mass = np.bincount(place, weights=weight, minlength=len(values))
    for k in range(len(values)):
        part = min(1.0, max(0.0, left / float(mass[k])))
        parts[place == k] = part
        left -= float(mass[k])
        if left <= 0:
            break
    return parts


def policy_of(
    people: Applicants, risk: Floats, approved: Floats | None, money: tuple[Floats, Floats] | None = None
) -> Policy:
    """The approvals of a model; approved None: as many of least risk as were accepted."""
    share = float(np.sum(people.weight[people.accepted]) / np.sum(people.weight))
    equal = least_risky(risk, people.weight, share)
    return Policy(risk, equal if approved is None else approved, equal, money)


def supposed(people: Applicants, of_rejects: Floats) -> Floats:
    """(n,) probability of bad: the known outcome, else that of the rejects, else that of the model."""
    others = np.where(people.rejected, of_rejects, people.probability)
    return np.where(people.known, people.outcome, others)


def at_factor(people: Applicants, factor: float) -> Floats:
    """(n,) supposed probabilities under a factor."""
    return supposed(people, prudent(people.probability, factor))


def rate(mass: Floats, q: Floats) -> float:
    """Expected bad rate of a mass (n,); NaN where there is none."""
    total = float(np.sum(mass))
    return float(mass @ q) / total if total > 0 else math.nan


def expected_area(risk: Floats, weight: Floats, q: Floats) -> float:
    """Expected mass of pairs of a bad and a good in order (ties half) over that of all pairs, but of a row and itself.

    q (n,): probability of bad, independent between rows.
    """
    values, place = np.unique(risk, return_inverse=True)
    bad = np.bincount(place, weights=weight * q, minlength=len(values))
    good = np.bincount(place, weights=weight * (1.0 - q), minlength=len(values))
    below = np.concatenate([[0.0], np.cumsum(good)[:-1]])
    itself = float(np.sum(weight**2 * q * (1.0 - q)))
    ordered = float(bad @ (below + good / 2.0)) - itself / 2.0
    return ordered / (float(np.sum(bad)) * float(np.sum(good)) - itself)


def area_bounds(people: Applicants, risk: Floats) -> tuple[float, float]:
    """Least and greatest expected AUC over labels of the rejects that a threshold of the risk makes.

    From all rejects bad (good), those of one value of the risk after another, the least first, are turned good (bad).
    """
    w, rejected = people.weight, people.rejected
    values, place = np.unique(risk, return_inverse=True)
    q = np.where(people.known, people.outcome, people.probability)
    fixed = w * ~rejected
    bad, good, mass = (
        np.bincount(place, weights=part, minlength=len(values)) for part in (fixed * q, fixed * (1.0 - q), w * rejected)
    )
    itself = float(np.sum(fixed**2 * q * (1.0 - q)))
    below_good, below_mass = (np.concatenate([[0.0], np.cumsum(part)[:-1]]) for part in (good, mass))
    above_bad, above_mass = (np.sum(part) - np.cumsum(part) for part in (bad, mass))
    found = []
    for turned_good in (True, False):
        first_bad, first_good = (bad + mass, good) if turned_good else (bad, good + mass)
        below = np.concatenate([[0.0], np.cumsum(first_good)[:-1]])
        start = float(first_bad @ (below + first_good / 2.0)) - itself / 2.0
        as_bad = below_good + (below_mass if turned_good else 0.0) + good / 2.0
        as_good = above_bad + (above_mass if turned_good else 0.0) + bad / 2.0
        step = mass * (as_good - as_bad) * (1.0 if turned_good else -1.0)
        ordered = start + np.concatenate([[0.0], np.cumsum(step)])
        moved = np.concatenate([[0.0], np.cumsum(mass)]) * (1.0 if turned_good else -1.0)
        pairs = (np.sum(first_bad) - moved) * (np.sum(first_good) + moved) - itself
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append(ordered / pairs)
    return float(np.min(found[1])), float(np.max(found[0]))


def case_of(people: Applicants, policy: Policy, q: Floats) -> dict[str, Any]:
    """What the table of sensitivity says of supposed probabilities q (n,)."""
    w, whole = people.weight, float(np.sum(people.weight))
    mean, all_rate = float(w @ policy.risk) / whole, rate(w, q)
    new = w * policy.approved * people.rejected
    area = expected_area(policy.risk, w, q)
    return {
        "rejected_bad_rate": rate(w * people.rejected, q),
        "applicant_bad_rate": all_rate,
        "mean_probability": mean,
        "probability_over_bad_rate": mean / all_rate if all_rate > 0 else math.nan,
        "auc": area,
        "gini": 2.0 * area - 1.0,
        "newly_approved": float(np.sum(new)) / whole,
        "newly_approved_bad_rate": rate(new, q),
        "approved": float(np.sum(w * policy.approved)) / whole,
        "approved_bad_rate": rate(w * policy.approved, q),
        "equal_acceptance_approved": float(np.sum(w * policy.equal)) / whole,
        "equal_acceptance_bad_rate": rate(w * policy.equal, q),
        "profit": profit(people, policy, q),
    }


def profit(people: Applicants, policy: Policy, q: Floats) -> float:
    """Expected profit of the newly approved, an applicant of all; NaN where no amounts are known."""
    if policy.money is None:
        return math.nan
    earned, lost = policy.money
    mass = people.weight * policy.approved * people.rejected
    return float(mass @ (earned - (earned + lost) * q)) / float(np.sum(people.weight))


def cases_of(people: Applicants, policy: Policy, factors: Sequence[float]) -> list[dict[str, Any]]:
    """A row a factor, then all rejects good and all bad."""
    rows = [
        {"case": f"{k:g} times the odds", "prudence": float(k), **case_of(people, policy, at_factor(people, k))}
        for k in factors
    ]
    for name, value in (("all rejected good", 0.0), ("all rejected bad", 1.0)):
        q = supposed(people, np.full(len(people), value))
        rows.append({"case": name, "prudence": None, **case_of(people, policy, q)})
    return rows


def tipping(measure: Callable[[float], float], limit: float, all_bad: float) -> float | None:
    """The factor from which `measure` exceeds `limit`; None where it does at 1 already, or never.

    A measure that falls with the factor is given, with its limit, with the other sign.
    """
    if not measure(1.0) <= limit or not all_bad > limit or not measure(MOST) > limit:
        return None
    found = optimize.bisect(lambda t: measure(math.exp(t)) - limit, 0.0, math.log(MOST), xtol=1e-12, rtol=1e-14)
    return math.exp(float(found))
