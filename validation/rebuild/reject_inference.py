"""The rows of every method of reject inference, made again from the formulas of the format (SPECIFICATION 5.2).

Rows begin with the known outcomes, in the order of the applicants; what a method supposes of rejects follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from validation.rebuild.applicants import Applicants

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
SLACK = 1e-12
TWICE = 2.0
FLOOR, BANDS = 0.02, 10


@dataclass(frozen=True, slots=True)
class Inferred:
    """m rows: place in the snapshot, outcome 1 or 0, weight, whether the outcome is supposed. All (m,)."""

    row: NDArray[np.int64]
    outcome: Floats
    weight: Floats
    inferred: Mask

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, slots=True)
class Given:
    """What a method needs besides the applicants: the plan's settings, its seed, outcomes elsewhere (n,),

    probability of bad given rejection (n,), labels of self-learning (n,), NaN where none is given.
    """

    settings: Mapping[str, Any]
    seed: int
    elsewhere: Floats | None = None
    if_rejected: Floats | None = None
    label: Floats | None = None

    @property
    def bands(self) -> int:
        """Score bands asked for."""
        return int(self.settings.get("bands", BANDS))

    @property
    def prudence(self) -> float:
        """Factor on the odds, or the bad rate, of rejects."""
        return float(self.settings.get("prudence", 1.0))

    @property
    def floor(self) -> float:
        """Least probability of acceptance that is inverted."""
        return float((self.settings.get("acceptance") or {}).get("floor", FLOOR))


def rebuilt_rows(method: str, people: Applicants, given: Given) -> Inferred | None:
    """Return the rows of `method`, or None where it is not one that can be repeated from the package."""
    made = _METHODS.get(method)
    return None if made is None else made(people, given)


def inverse_weights(people: Applicants, floor: float) -> Floats:
    """Weight (n,) over acceptance, this at least `floor`; not scaled."""
    return people.weight / np.maximum(people.acceptance, floor)


def cuts_of(probability: Floats, weight: Floats, bands: int) -> Floats:
    """Edges of score bands: edge j is the least probability up to which j/bands of the weight lies.

    Edges that coincide are one, and the greatest probability is none. A probability is in the band whose number is
    the count of edges below it.
    """
    order = np.argsort(probability, kind="stable")
    values, reached = probability[order], np.cumsum(weight[order])
    last = np.append(values[1:] > values[:-1], True)
    values, reached = values[last], reached[last]
    edges: list[float] = []
    for j in range(1, bands):
        share = reached[-1] * j / bands * (1.0 - SLACK)
        edge = float(values[int(np.argmax(reached >= share))])
        if edge < values[-1] and (not edges or edge > edges[-1]):
            edges.append(edge)
    return np.array(edges, dtype=np.float64)


def band_of(probability: Floats, edges: Floats) -> NDArray[np.int64]:
    """(n,) how many edges lie below each probability."""
    return np.sum(probability[:, None] > edges[None, :], axis=1).astype(np.int64)


def band_sums(values: Floats, band: NDArray[np.int64], inside: Mask, count: int) -> Floats:
    """(count,) sum of `values` of the rows `inside` by band."""
    return np.array([float(np.sum(values[inside & (band == k)])) for k in range(count)])


def band_rates(people: Applicants, band: NDArray[np.int64], count: int) -> Floats:
    """(count,) weighted bad rate of the known outcomes of each band."""
    known = people.known
    bad = band_sums(people.weight * np.where(known, people.outcome, 0.0), band, known, count)
    return bad / band_sums(people.weight, band, known, count)


def prudent(probability: Floats, factor: float) -> Floats:
    """Probability (n,) whose odds are `factor` times as high."""
    return factor * probability / (1.0 + (factor - 1.0) * probability)


def wanted_cut(people: Applicants) -> float:
    """The greatest probability of a reject from which rejects of twice the accepted's bad rate are bad."""
    known, rejected = people.known, people.rejected
    rate = float(people.weight[known] @ people.outcome[known] / np.sum(people.weight[known]))
    share = min(1.0, TWICE * rate) * (1.0 - SLACK)
    values, weight = people.probability[rejected], people.weight[rejected]
    order = np.argsort(-values, kind="stable")
    falling, reached = values[order], np.cumsum(weight[order])
    last = np.append(falling[1:] < falling[:-1], True)
    falling, reached = falling[last], reached[last]
    return float(falling[int(np.argmax(reached >= reached[-1] * share))])


def _known(people: Applicants, factor: Floats | None = None) -> Inferred:
    place = np.flatnonzero(people.known)
    weight = people.weight[place] if factor is None else people.weight[place] * factor[place]
    return Inferred(people.row[place], people.outcome[place], weight, np.zeros(len(place), dtype=bool))


def _with(known: Inferred, row: NDArray[np.int64], outcome: Floats, weight: Floats) -> Inferred:
    return Inferred(
        np.concatenate([known.row, row]),
        np.concatenate([known.outcome, outcome]),
        np.concatenate([known.weight, weight]),
        np.concatenate([known.inferred, np.ones(len(row), dtype=bool)]),
    )


def _both_ways(people: Applicants, probability: Floats) -> Inferred:
    """Every reject as bad with its probability, then every reject as good with the rest; no row of weight zero."""
    place = np.flatnonzero(people.rejected)
    bad, good = people.weight[place] * probability[place], people.weight[place] * (1.0 - probability[place])
    first, second = place[bad > 0], place[good > 0]
    row = people.row[np.concatenate([first, second])]
    outcome = np.concatenate([np.ones(len(first)), np.zeros(len(second))])
    return _with(_known(people), row, outcome, np.concatenate([bad[bad > 0], good[good > 0]]))


def _labelled(people: Applicants, label: Floats) -> Inferred:
    place = np.flatnonzero(people.rejected)
    return _with(_known(people), people.row[place], label[place], people.weight[place])


def _none(people: Applicants, given: Given) -> Inferred:
    return _known(people)


def _reweighting(people: Applicants, given: Given) -> Inferred:
    """Inverse acceptance, scaled so that the weights of the known outcomes keep their sum."""
    known, inverse = people.known, 1.0 / np.maximum(people.acceptance, given.floor)
    scale = float(np.sum(people.weight[known])) / float(people.weight[known] @ inverse[known])
    return _known(people, inverse * scale)


def _score_bands(people: Applicants, given: Given) -> Inferred:
    known = people.known
    edges = cuts_of(people.probability[known], people.weight[known], given.bands)
    band, count = band_of(people.probability, edges), len(edges) + 1
    every = band_sums(people.weight, band, np.ones(len(people), dtype=bool), count)
    return _known(people, (every / band_sums(people.weight, band, known, count))[band])


def _extrapolation(people: Applicants, given: Given) -> Inferred:
    return _both_ways(people, people.probability)


def _fuzzy(people: Applicants, given: Given) -> Inferred:
    return _both_ways(people, prudent(people.probability, given.prudence))


def _parcelling(people: Applicants, given: Given) -> Inferred:
    """Draw k of numpy's default generator, seeded with the plan's seed, is that of reject k in the order of keys."""
    known, place = people.known, np.flatnonzero(people.rejected)
    edges = cuts_of(people.probability[known], people.weight[known], given.bands)
    band = band_of(people.probability, edges)
    limit = np.minimum(1.0, given.prudence * band_rates(people, band, len(edges) + 1))[band]
    order = sorted(place.tolist(), key=lambda one: people.key[one])
    label = np.zeros(len(people))
    draws = np.random.default_rng(given.seed).random(len(order))
    for draw, one in zip(draws.tolist(), order, strict=True):
        label[one] = float(draw < limit[one])
    return _labelled(people, label)


def _hard_cut_off(people: Applicants, given: Given) -> Inferred:
    stated = given.settings.get("cut_off")
    cut = wanted_cut(people) if stated is None else float(stated)
    return _labelled(people, (people.probability >= cut).astype(np.float64))


def _external(people: Applicants, given: Given) -> Inferred | None:
    """Rejects with an outcome elsewhere, each for its share of the rejects of its band of the score."""
    if given.elsewhere is None:
        return None
    told = people.rejected & ~np.isnan(given.elsewhere)
    edges = cuts_of(people.probability[told], people.weight[told], given.bands)
    band, count = band_of(people.probability, edges), len(edges) + 1
    every = band_sums(people.weight, band, people.rejected, count)
    factor = (every / band_sums(people.weight, band, told, count))[band]
    place = np.flatnonzero(told)
    return _with(_known(people), people.row[place], given.elsewhere[place], (people.weight * factor)[place])


def _probit(people: Applicants, given: Given) -> Inferred | None:
    return None if given.if_rejected is None else _both_ways(people, given.if_rejected)


def _self_learning(people: Applicants, given: Given) -> Inferred | None:
    """Rejects that were labelled, each once with its label."""
    if given.label is None:
        return None
    place = np.flatnonzero(~np.isnan(given.label))
    return _with(_known(people), people.row[place], given.label[place], people.weight[place])


_METHODS: Mapping[str, Callable[[Applicants, Given], Inferred | None]] = {
    "none": _none,
    "reweighting": _reweighting,
    "score_bands": _score_bands,
    "extrapolation": _extrapolation,
    "fuzzy_augmentation": _fuzzy,
    "parcelling": _parcelling,
    "hard_cut_off": _hard_cut_off,
    "external_outcomes": _external,
    "bivariate_probit": _probit,
    "self_learning": _self_learning,
}
