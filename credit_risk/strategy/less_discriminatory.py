"""Search for less discriminatory alternatives of a scorecard within a stated loss of Gini; it reports, never changes.

Alternatives are fitted on part of development, chosen on the rest of it, and judged once on held-out data, so that what
is chosen is not flattered by having been chosen. Penalised path: the squared difference of mean linear scores is convex
in the coefficients (Zafar et al. 2017, AISTATS, constrain the covariance); search for linear models in general: Gillis
et al. (2024), FAccT.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from credit_risk.evaluation._arrays import Floats

Ids = NDArray[np.int64]
AS_IS = "as is"
KINDS = ("drop", "coarser", "replace", "constrained")
"""In the order of preference: of alternatives that reduce about as much, the simplest."""
PATH = tuple(10.0 ** (step / 2 - 2) for step in range(8))
NEAR = 0.9
"""A reduction of at least this share of the greatest counts as about as much."""


@dataclass(frozen=True, slots=True)
class SearchRows:
    """Rows of a sample. y (n,) 0/1; bins: by characteristic, ids (n,); weights (n,), ones where there are none."""

    y: Floats
    bins: Mapping[str, Ids]
    weights: Floats


@dataclass(frozen=True, slots=True)
class Alternative:
    """A linear score made of bins: contributions (k,) to the log-odds of bad by characteristic, which add up.

    kind: AS_IS or of KINDS; detail: the characteristic or characteristics concerned; strength: of the penalty, or None;
    admissible: whether every coefficient has the sign of weights of evidence (negative).
    """

    name: str
    kind: str
    detail: str
    strength: float | None
    admissible: bool
    contributions: Mapping[str, Floats]

    def risk(self, bins: Mapping[str, Ids]) -> Floats:
        """Linear score (n,) without its constant, added up in the order of the characteristics."""
        parts = [values[bins[name]] for name, values in self.contributions.items()]
        return np.sum(np.column_stack(parts), axis=1)


def alternatives(
    fit: SearchRows,
    values: Mapping[str, Floats],
    used: Sequence[str],
    targets: Mapping[str, NDArray[np.bool_]],
    *,
    budget: int = 60,
) -> tuple[Alternative, ...]:
    """The model as it is, refitted, and alternatives of it, at most `budget` fits in all.

    values: weight of evidence (k,) of the bins of every classed predictor; used: characteristics of the model; targets:
    by name, which rows (n,) of `fit` are in the group whose disadvantage is to be reduced. In order: every
    characteristic dropped, the penalised path of each target, every characteristic in two bins, and the two that
    contribute most to the difference of each target replaced by one that the model does not use.
    """
    found = [_fitted(fit, {name: values[name] for name in used}, (AS_IS, AS_IS, "", None))]
    for maker in (_dropped, _constrained, _coarser, _replaced):
        for made in maker(fit, values, used, targets, found[0]):
            if len(found) >= budget:
                return tuple(found)
            found.append(made)
    return tuple(found)


def _dropped(
    fit: SearchRows, values: Mapping[str, Floats], used: Sequence[str], _: object, first: Alternative
) -> Iterator[Alternative]:
    for gone in used if len(used) > 1 else ():
        kept = {name: values[name] for name in used if name != gone}
        yield _fitted(fit, kept, (f"without {gone}", "drop", gone, None))


def _constrained(
    fit: SearchRows,
    values: Mapping[str, Floats],
    used: Sequence[str],
    targets: Mapping[str, NDArray[np.bool_]],
    first: Alternative,
) -> Iterator[Alternative]:
    kept = {name: values[name] for name in used}
    for strength in PATH:
        for target, inside in targets.items():
            head = (f"constrained for {target}, {strength:.4g}", "constrained", target, strength)
            yield _fitted(fit, kept, head, inside)


def _coarser(
    fit: SearchRows, values: Mapping[str, Floats], used: Sequence[str], _: object, first: Alternative
) -> Iterator[Alternative]:
    for name in used:
        halves = two_bins(fit, name, values[name])
        if halves is not None:
            kept = {other: halves if other == name else values[other] for other in used}
            yield _fitted(fit, kept, (f"{name} in two bins", "coarser", name, None))


def _replaced(
    fit: SearchRows,
    values: Mapping[str, Floats],
    used: Sequence[str],
    targets: Mapping[str, NDArray[np.bool_]],
    first: Alternative,
) -> Iterator[Alternative]:
    worst: list[str] = []
    for inside in targets.values():
        gaps = {name: _gap(first.contributions[name][fit.bins[name]], inside, fit.weights) for name in used}
        worst += sorted(gaps, key=lambda name: -gaps[name])[:2]
    others = [name for name in values if name not in used]
    for gone in dict.fromkeys(worst):
        for other in others:
            kept = {(other if name == gone else name): values[other if name == gone else name] for name in used}
            yield _fitted(fit, kept, (f"{other} for {gone}", "replace", f"{gone} → {other}", None))


def _gap(x: Floats, inside: NDArray[np.bool_], w: Floats) -> float:
    means = [float(w[side] @ x[side]) / math.fsum(w[side]) for side in (inside, ~inside)]
    return means[0] - means[1]


def two_bins(fit: SearchRows, name: str, value: Floats) -> Floats | None:
    """Weight of evidence (k,) of the bins of a characteristic joined to two, safer and riskier, as even as can be.

    Bins are joined in the order of their weight of evidence; None where there are two or fewer, or a half without goods
    or bads.
    """
    ids, count = fit.bins[name], len(value)
    mass = np.bincount(ids, fit.weights, count)
    bad = np.bincount(ids, fit.weights * fit.y, count)
    order = [int(k) for k in np.argsort(value, kind="stable") if mass[k] > 0]
    if len(order) <= 2:
        return None
    running = np.cumsum(mass[order])[:-1]
    cut = int(np.argmin(np.abs(running - running[-1] / 2.0 - mass[order[-1]] / 2.0))) + 1
    joined = np.array(value)
    for half in (order[:cut], order[cut:]):
        bads, goods = float(bad[half].sum()), float(mass[half].sum() - bad[half].sum())
        if bads <= 0 or goods <= 0:
            return None
        joined[half] = math.log(goods / (mass.sum() - bad.sum())) - math.log(bads / bad.sum())
    return joined


def _fitted(
    fit: SearchRows,
    values: Mapping[str, Floats],
    head: tuple[str, str, str, float | None],
    inside: NDArray[np.bool_] | None = None,
) -> Alternative:
    x = np.column_stack([value[fit.bins[name]] for name, value in values.items()])
    apart = None
    if inside is not None and head[3] is not None:
        apart = np.array([_gap(column, inside, fit.weights) for column in x.T]) * math.sqrt(head[3])
    beta = penalised_logistic(x, fit.y, fit.weights, apart)
    parts = {name: value * b for (name, value), b in zip(values.items(), beta, strict=True)}
    return Alternative(*head, bool(np.all(beta <= 0.0)), parts)


def penalised_logistic(x: Floats, y: Floats, w: Floats, apart: Floats | None = None) -> Floats:
    """Coefficients (k,) without the constant that minimise −Σw·log-likelihood/Σw + (apart·b)²/2, by Newton's method.

    x (n, k), y (n,) 0/1, w (n,); apart (k,): root of the strength times the difference of means between group and rest.
    Convex. A ridge of 1e-8 keeps collinear columns apart.
    """
    design = np.column_stack([np.ones(len(y)), x])
    share = w / math.fsum(w)
    bend = np.diag(np.append(0.0, np.full(x.shape[1], 1e-8)))
    if apart is not None:
        bend[1:, 1:] += np.outer(apart, apart)
    beta = np.zeros(design.shape[1])
    beta[0] = special.logit(float(share @ y))
    for _ in range(100):
        p = special.expit(design @ beta)
        score = design.T @ (share * (y - p)) - bend @ beta
        step = np.linalg.solve(design.T @ (design * (share * p * (1.0 - p))[:, None]) + bend, score)
        beta = beta + step
        if float(score @ step) < 1e-22:
            break
    return beta[1:]


@dataclass(frozen=True, slots=True)
class Measured:
    """An alternative on the selection part: loss of Gini against the model as it is, reduction of the difference."""

    alternative: Alternative
    gini_loss: float
    reduction: float


def chosen(measured: Sequence[Measured], gini_loss: float, least_reduction: float) -> Alternative | None:
    """The admissible alternative within `gini_loss` to be judged, or None where none reduces by `least_reduction`.

    Of those that reduce at least NEAR times the greatest reduction, the first of KINDS, and of one kind the least loss.
    """
    fit = [one for one in measured if one.alternative.admissible and one.gini_loss <= gini_loss]
    fit = [one for one in fit if one.reduction >= least_reduction and one.alternative.kind != AS_IS]
    most = max((one.reduction for one in fit), default=math.nan)
    near = [one for one in fit if one.reduction >= NEAR * most]
    best = min(near, key=lambda one: (KINDS.index(one.alternative.kind), one.gini_loss), default=None)
    return None if best is None else best.alternative
