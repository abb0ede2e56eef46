"""Overlap and support, measured again: whether known outcomes can stand for rejected applicants alike.

Rosenbaum and Rubin (1983), Biometrika 70, 41-55; Kish (1965), Survey Sampling, section 11.7; Austin and Stuart (2015),
Statistics in Medicine 34, 3661-3679; Mahalanobis (1936). Our own formulas; the developer's cuts are not used.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from validation.rebuild import rates
from validation.rebuild.applicants import Applicants
from validation.rebuild.clusters import Integers, dense
from validation.rebuild.ranking import Rows
from validation.rebuild.reject_inference import inverse_weights

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
SLACK = 1e-12


def share_of(weight: Floats, base: Mask, event: Mask) -> float:
    """Weight of `event` within `base` over that of `base`, all (n,)."""
    return float(np.sum(weight[base & event]) / np.sum(weight[base]))


def effective(weight: Floats) -> float:
    """Kish's effective rows, (Σw)²/Σw²."""
    return float(np.sum(weight)) ** 2 / float(np.sum(weight**2))


def quantile(values: Floats, weight: Floats, share: float) -> float:
    """Least value up to which at least `share` of the weight lies."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    first = np.flatnonzero(reached >= share * reached[-1] * (1.0 - SLACK))
    return float(values[order][first[0] if len(first) else -1])


@dataclass(frozen=True, slots=True)
class Overlap:
    """Shares are of the weight of rejected applicants, trimmed_share of that of known outcomes."""

    rejected_share: float
    rejected_below_floor: float
    rejected_below_known: float
    rejected_below_percentile: float
    effective_rows: float
    effective_share: float
    largest_weight_share: float
    trimmed_share: float


def overlap_of(people: Applicants, floor: float) -> Overlap:
    """What inverse acceptance would make of the known outcomes, and which rejects it does not reach."""
    w, pi, known, rejected = people.weight, people.acceptance, people.known, people.rejected
    inverse = inverse_weights(people, floor)[known]
    edge = quantile(pi[known], w[known], 0.01)
    everyone = np.ones(len(people), dtype=bool)
    rows = effective(inverse)
    return Overlap(
        rejected_share=share_of(w, everyone, rejected),
        rejected_below_floor=share_of(w, rejected, pi < floor),
        rejected_below_known=share_of(w, rejected, pi < float(np.min(pi[known]))),
        rejected_below_percentile=share_of(w, rejected, pi < edge),
        effective_rows=rows,
        effective_share=rows / effective(w[known]),
        largest_weight_share=float(np.max(inverse) / np.sum(inverse)),
        trimmed_share=share_of(w, known, pi < floor),
    )


def bands_of(people: Applicants, floor: float, confidence: float) -> list[dict[str, Any]]:
    """Applicants by band of acceptance: tenths, the lowest cut at the floor; a band holds its lower end."""
    edges = sorted({0.0, floor, *(k / 10.0 for k in range(1, 11))})
    w, pi, found = people.weight, people.acceptance, []
    for lower, upper in itertools.pairwise(edges):
        inside = (pi >= lower) & ((pi < upper) | (upper == edges[-1]))
        known, mass = inside & people.known, float(np.sum(w[inside]))
        row: dict[str, Any] = {
            "band": f"{lower:g} to {upper:g}",
            "least": lower,
            "greatest": upper,
            "rows": int(np.sum(inside)),
            "accepted": int(np.sum(inside & people.accepted)),
            "rejected": int(np.sum(inside & people.rejected)),
            "known": int(np.sum(known)),
            "bad": int(np.sum(people.outcome[known])),
            "share": mass / float(np.sum(w)),
            "acceptance_rate": None,
            "mean_acceptance": None,
            **_rate_of(people, known, confidence),
        }
        if mass > 0:
            row |= {
                "acceptance_rate": float(w[inside] @ people.accepted[inside]) / mass,
                "mean_acceptance": float(w[inside] @ pi[inside]) / mass,
            }
        found.append(row)
    return found


def _rate_of(people: Applicants, known: Mask, confidence: float) -> dict[str, float | None]:
    """Weighted bad rate of known outcomes with Wilson's bounds at effective rows, allowing for clusters."""
    if not known.any():
        return dict.fromkeys(("bad_rate", "bad_rate_lower", "bad_rate_upper"))
    bad = np.where(people.known, people.outcome, 0.0) == 1.0
    rows = Rows(bad, people.acceptance, people.weight, people.cluster)
    rate, lower, upper = rates.share(rows, bad, known, confidence)
    return {"bad_rate": rate, "bad_rate_lower": lower, "bad_rate_upper": upper}


def balance_of(people: Applicants, values: Mapping[str, Floats], floor: float) -> list[dict[str, Any]]:
    """Standardised mean differences of known outcomes from all applicants, as they are and by inverse acceptance."""
    w, known = people.weight, people.known
    inverse = inverse_weights(people, floor)[known]
    found = []
    for name, x in values.items():
        mean = float(np.average(x, weights=w))
        spread = float(np.sqrt(np.average((x - mean) ** 2, weights=w)))
        plain, again = float(np.average(x[known], weights=w[known])), float(np.average(x[known], weights=inverse))
        row: dict[str, Any] = {
            "characteristic": name,
            "mean_applicants": mean,
            "mean_known": plain,
            "mean_reweighted": again,
            "difference_known": None,
            "difference_reweighted": None,
        }
        if spread > SLACK * max(1.0, abs(mean)):
            row |= {"difference_known": (plain - mean) / spread, "difference_reweighted": (again - mean) / spread}
        found.append(row)
    return found


def distances(x: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weighted mean (k,) and covariance (k, k) of x (n, k)."""
    mean = np.average(x, axis=0, weights=weight)
    centred = x - mean
    return mean, (centred * weight[:, None]).T @ centred / np.sum(weight)


def joint_measures(people: Applicants, design: Floats) -> dict[str, Floats]:
    """Risk, squared Mahalanobis distance from the known outcomes, and variance of the log-odds at each applicant (n,).

    design (n, k): what the model of known outcomes is linear in, without its constant. Raises numpy.linalg.LinAlgError
    where it is collinear among the known outcomes.
    """
    known, w = people.known, people.weight[people.known]
    mean, covariance = distances(design[known], w)
    ones = np.column_stack([np.ones(len(design)), design])
    p = people.probability[known]
    information = (ones[known] * (w * p * (1.0 - p))[:, None]).T @ ones[known]
    return {
        "risk": people.probability,
        "distance": _form(design - mean, covariance),
        "leverage": _form(ones, information),
    }


def _form(x: Floats, matrix: Floats) -> Floats:
    """Quadratic form x' M⁻¹ x of each row of x."""
    return np.asarray(np.einsum("ij,ij->i", x, linalg.cho_solve(linalg.cho_factor(matrix), x.T).T))


def joint_support(people: Applicants, measures: Mapping[str, Floats], share: float) -> list[dict[str, Any]]:
    """How many rejects lie beyond a quantile, and beyond the greatest, of the known outcomes, by measure."""
    w, known, rejected, found = people.weight, people.known, people.rejected, []
    for name, one in measures.items():
        edge, most = quantile(one[known], w[known], share), float(np.max(one[known]))
        found.append(
            {
                "measure": name,
                "known_median": quantile(one[known], w[known], 0.5),
                "known_quantile": edge,
                "known_greatest": most,
                "rejected_median": quantile(one[rejected], w[rejected], 0.5),
                "rejected_beyond_quantile": share_of(w, rejected, one > edge * (1.0 + SLACK)),
                "rejected_beyond_greatest": share_of(w, rejected, one > most * (1.0 + SLACK)),
            }
        )
    return found


def support_of(people: Applicants, raw: NDArray[Any], bins: Integers | None, least: int) -> dict[str, Any]:
    """Rejects outside what known outcomes cover of one characteristic; raw (n,): numbers or texts, bins (n,) or None.

    least: known outcomes below which a bin is sparse.
    """
    w, known, rejected = people.weight, people.known, people.rejected
    row: dict[str, Any] = {"known_least": None, "known_greatest": None, "kind": "category"}
    if raw.dtype.kind == "f":
        missing = np.isnan(raw)
        seen = raw[known & ~missing]
        row["kind"], unseen = "number", np.zeros(len(raw), dtype=bool)
        below = above = unseen
        if len(seen):
            row |= {"known_least": float(np.min(seen)), "known_greatest": float(np.max(seen))}
            below, above = ~missing & (raw < np.min(seen)), ~missing & (raw > np.max(seen))
        else:
            unseen = ~missing
    else:
        missing = np.array([item is None or item != item for item in raw.tolist()], dtype=bool)
        met = {item for item, is_known in zip(raw.tolist(), known.tolist(), strict=True) if is_known}
        unseen = np.array([item not in met for item in raw.tolist()], dtype=bool) & ~missing
        below = above = np.zeros(len(raw), dtype=bool)
    alone = missing & (not np.any(missing & known))
    outside = below | above | alone | unseen
    row |= {
        "rejected_below": share_of(w, rejected, below),
        "rejected_above": share_of(w, rejected, above),
        "rejected_missing_unseen": share_of(w, rejected, alone),
        "rejected_unseen": share_of(w, rejected, unseen),
        "bins": None,
        "sparse_bins": None,
        "rejected_in_sparse": None,
    }
    if bins is not None:
        numbers, count = dense(bins)
        sparse = np.bincount(numbers[known], minlength=count) < least
        thin = sparse[numbers]
        outside = outside | thin
        told = {"bins": count, "sparse_bins": int(np.sum(sparse)), "rejected_in_sparse": share_of(w, rejected, thin)}
        row |= told
    return row | {"rejected_outside": share_of(w, rejected, outside)}
