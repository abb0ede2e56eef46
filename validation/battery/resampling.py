"""The coefficients of a scorecard under resampling: do their signs hold, and are the stated errors those of the data?

Rows, or whole clusters, are drawn with replacement; each draw is fitted by two steps of Newton's method from the stated
coefficients, which is the maximum up to terms of the third order (Moulton and Zeger 1991, one-step bootstrap).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from validation.battery.verdicts import not_evaluable, verdict
from validation.comparisons.regression import design
from validation.rebuild.clusters import dense
from validation.rebuild.workspace import DEVELOPMENT, Workspace
from validation.structure import scorecard_of

AREA = "sensitivity"
SIGNS, ERRORS = "signs of the coefficients under resampling", "standard errors against resampling"
SEED = 19910331
CHUNK = 2_000_000
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Resampled:
    """draws (b, k): coefficients of each draw; left_out: draws that have no estimate."""

    draws: Floats
    left_out: int

    @property
    def error(self) -> Floats:
        """(k,) standard deviation over the draws."""
        return np.asarray(np.std(self.draws, axis=0, ddof=1))

    def flips(self, coefficient: Floats) -> Floats:
        """(k,) share of draws whose coefficient has not the sign of the given one."""
        return np.asarray(np.mean(np.sign(self.draws) != np.sign(coefficient), axis=0))


def check_resampling(space: Workspace) -> None:
    """Judge sign flips and standard errors of the champion's regression on weights of evidence."""
    reason = _why_not(space)
    card = scorecard_of(space.package.model)
    if reason is not None or card is None:
        for test in (SIGNS, ERRORS):
            not_evaluable(
                space, AREA, test, "champion", reason or "the champion is no regression on weights of evidence"
            )
        return
    champion = space.package.champion_id
    x, rows = design(space, champion, card), space.known(DEVELOPMENT)
    offset = np.zeros(len(rows)) if card.offset is None else space.scored[champion][card.offset].data[rows]
    beta = np.array([card.intercept, *(term.coefficient for term in card.terms)])
    free = np.flatnonzero(beta != 0)
    count = int(space.policy.cuts["coefficient_draws"].value)
    parts = (x[:, free], space.outcome[rows], space.weight[rows], space.cluster[rows], offset)
    found = resample(*parts, beta[free], count, SEED)
    if len(found.draws) < 0.9 * count:
        for test in (SIGNS, ERRORS):
            not_evaluable(space, AREA, test, "champion", f"{found.left_out} of {count} draws have no estimate")
        return
    names = ["intercept", *(term.characteristic for term in card.terms)]
    _judge_signs(space, found, beta[free], [names[k] for k in free], count)
    _judge_errors(space, found, [names[k] for k in free])


def resample(
    x: Floats,
    y: Floats,
    weight: Floats,
    clusters: NDArray[np.int64],
    offset: Floats,
    beta: Floats,
    count: int,
    seed: int,
) -> Resampled:
    """Return `count` draws of the coefficients: x (n, k), y, weight, clusters, offset (n,), beta (k,) to start from."""
    numbers, groups = dense(clusters)
    rng = np.random.default_rng(seed)
    k = x.shape[1]
    p = special.expit(offset + x @ beta)
    scores = x * (weight * (y - p))[:, None]
    squares = (x[:, :, None] * x[:, None, :]).reshape(len(y), k * k) * (weight * p * (1.0 - p))[:, None]
    draws, left_out = [], 0
    size = max(1, min(count, CHUNK // max(1, len(y))))
    for start in range(0, count, size):
        number = min(size, count - start)
        times = np.stack([np.bincount(rng.integers(0, groups, groups), minlength=groups) for _ in range(number)])
        times = times[:, numbers].astype(np.float64)
        first, curvature = times @ scores, (times @ squares).reshape(number, k, k)
        for draw in range(number):
            try:
                at = beta + np.linalg.solve(curvature[draw], first[draw])
                q = special.expit(offset + x @ at)
                w = times[draw] * weight
                step = np.linalg.solve((x * (w * q * (1.0 - q))[:, None]).T @ x, x.T @ (w * (y - q)))
            except np.linalg.LinAlgError:
                left_out += 1
                continue
            draws.append(at + step)
    kept = np.array(draws).reshape(len(draws), k)
    sane = np.all(np.isfinite(kept), axis=1)
    return Resampled(kept[sane], left_out + int(np.count_nonzero(~sane)))


def _why_not(space: Workspace) -> str | None:
    package = space.package
    if package.outcome_type != "binary":
        return "the outcome is not binary"
    if package.reject_inference is not None:
        return "errors of the whole procedure of reject inference are drawn elsewhere"
    rows = space.known(DEVELOPMENT)
    bad = int(np.count_nonzero(space.outcome[rows] == 1))
    least = space.policy.cuts["minimum_bads"].value
    return f"fewer than {least:g} bads or goods" if min(bad, len(rows) - bad) < least else None


def _judge_signs(space: Workspace, found: Resampled, beta: Floats, names: list[str], count: int) -> None:
    flips = found.flips(beta)
    flips[0] = 0.0  # the sign of the constant means nothing
    worst = int(np.argmax(flips))
    verdict(
        space,
        AREA,
        SIGNS,
        "champion",
        f"share of draws with another sign ({names[worst]})",
        float(flips[worst]),
        review="coefficient_sign_review",
        fail="coefficient_sign_fail",
        statement=f"The coefficient of {names[worst]} has another sign in {flips[worst]:.0%} of {count} draws.",
        remedy="Leave the characteristic out, or join it with one that says the same.",
        evidence=("scorecard.coefficients",),
    )


def _judge_errors(space: Workspace, found: Resampled, names: list[str]) -> None:
    champion = space.package.champion_id
    table = space.package.rows_of(f"scorecard.coefficients.{space.package.candidate_ids[champion]}") or []
    stated = {row["term"]: row.get("standard_error") for row in table}
    pairs = [(n, stated[n], e) for n, e in zip(names, found.error, strict=True) if stated.get(n) and n != "intercept"]
    if not pairs:
        not_evaluable(space, AREA, ERRORS, "champion", "the package states no standard error")
        return
    ratios = [max(own / told, told / own) for _, told, own in pairs]
    worst = int(np.argmax(ratios))
    name, told, own = pairs[worst]
    verdict(
        space,
        AREA,
        ERRORS,
        "champion",
        f"ratio of standard errors ({name})",
        float(ratios[worst]),
        review="coefficient_error_review",
        fail="coefficient_error_fail",
        statement=f"The coefficient of {name} varies by {own:.4f} over the draws; its stated error is {told:.4f}.",
        remedy="State errors that allow for clusters and weights.",
        evidence=(f"scorecard.coefficients.{space.package.candidate_ids[champion]}",),
    )
