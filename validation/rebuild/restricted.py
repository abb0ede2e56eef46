"""Logistic regression with every coefficient at most zero, and intervals of the profile likelihood.

The bounded maximum is found by L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995), then sharpened by Newton's method on the
terms below zero; the conditions of Karush, Kuhn and Tucker say whether it is the maximum. A bound of the profile
likelihood is the root, by Brent's method, of its fall less half the quantile of chi-square.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import linalg, optimize, special

from validation.rebuild.clusters import Integers
from validation.rebuild.logistic import Floats, LogisticFit, fit_logistic, log_likelihood

NEAR_ZERO = 1e-7
COLUMNS = ("standard_error", "z", "p_value", "lower", "upper", "independent_error")


def fit_negative(
    x: Floats,
    y: Floats,
    weight: Floats,
    confidence: float,
    kind: str,
    clusters: Integers,
    offset: Floats | None = None,
) -> tuple[LogisticFit, Floats]:
    """Return the fit under b_j ≤ 0 for all but the first column of x, and the derivatives (k,) of its log-likelihood.

    offset (n,) or None. Raises as `fit_logistic` does, and ValueError where the conditions of the maximum do not hold.
    """

    shift = np.zeros(len(y)) if offset is None else offset

    def loss(beta: Floats) -> tuple[float, Floats]:
        residual = weight * (y - special.expit(shift + x @ beta))
        return -log_likelihood(x, y, weight, beta, shift) / len(y), -(x.T @ residual) / len(y)

    bounds = [(None, None), *[(None, 0.0)] * (x.shape[1] - 1)]
    options = {"maxiter": 5000, "maxfun": 50000, "ftol": 0.0, "gtol": 1e-12, "maxcor": 30}
    found = optimize.minimize(loss, np.zeros(x.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B", options=options)
    held = np.asarray(found.x > -NEAR_ZERO)
    held[0] = False
    part = fit_logistic(x[:, ~held], y, weight, confidence, kind, clusters, offset)
    fit = _spread(part, held)
    derivative = x.T @ (weight * (y - special.expit(shift + x @ fit.coefficient)))
    slack = 1e-6 * max(1.0, float(np.sum(weight)))
    if np.any(fit.coefficient[1:] > 0) or np.any(derivative[held] < -slack):
        raise ValueError("the conditions of the maximum under b <= 0 do not hold")
    return fit, derivative


def _spread(part: LogisticFit, held: np.ndarray) -> LogisticFit:
    def wide(values: Floats, fill: float) -> Floats:
        result = np.full(len(held), fill)
        result[~held] = values
        return result

    covariance = np.zeros((len(held), len(held)))
    covariance[np.ix_(~held, ~held)] = part.covariance
    return replace(
        part,
        coefficient=wide(part.coefficient, 0.0),
        covariance=covariance,
        held=held,
        standard_error=wide(part.standard_error, np.nan),
        z=wide(part.z, np.nan),
        p_value=wide(part.p_value, np.nan),
        lower=wide(part.lower, np.nan),
        upper=wide(part.upper, np.nan),
        independent_error=wide(part.independent_error, np.nan),
    )


def with_profile(
    fit: LogisticFit, x: Floats, y: Floats, weight: Floats, confidence: float, offset: Floats | None = None
) -> LogisticFit:
    """Return the fit with intervals of the profile likelihood. Raises ValueError where a bound is not found."""
    shift = np.zeros(len(y)) if offset is None else offset
    free = np.flatnonzero(fit.free)
    lower, upper = fit.lower.copy(), fit.upper.copy()
    fall = 0.5 * float(special.chdtri(1, 1.0 - confidence))
    for place, term in enumerate(free):
        for bounds, sign in ((lower, -1.0), (upper, 1.0)):
            bounds[term] = _bound((x[:, free], y, weight, shift), fit, free, place, sign, fall)
    return replace(fit, lower=lower, upper=upper)


def _bound(
    data: tuple[Floats, Floats, Floats, Floats],
    fit: LogisticFit,
    free: np.ndarray,
    place: int,
    sign: float,
    fall: float,
) -> float:
    x, y, weight, shift = data
    centre, error = fit.coefficient[free[place]], fit.independent_error[free[place]]
    rest = np.delete(x, place, axis=1)
    start = np.delete(fit.coefficient[free], place)

    def excess(value: float) -> float:
        return fit.log_likelihood - fall - greatest_likelihood(rest, y, weight, start, shift + x[:, place] * value)

    step = sign * error
    for _ in range(60):
        if excess(centre + step) > 0:
            return float(optimize.brentq(excess, centre, centre + step, xtol=1e-12, rtol=1e-14))
        step *= 1.5
    raise ValueError("the profile likelihood has no bound")


def greatest_likelihood(x: Floats, y: Floats, weight: Floats, start: Floats, offset: Floats) -> float:
    """Return the greatest log-likelihood over coefficients of x (n, k), from `start` (k,), beside an offset (n,)."""
    beta, value = start, log_likelihood(x, y, weight, start, offset)
    for _ in range(100):
        p = special.expit(offset + x @ beta)
        score, information = x.T @ (weight * (y - p)), (x * (weight * p * (1.0 - p))[:, None]).T @ x
        if not len(beta):
            break
        direction = linalg.cho_solve(linalg.cho_factor(information), score)
        gain = float(score @ direction)
        scale = 1.0
        while scale > 1e-10 and (found := log_likelihood(x, y, weight, beta + scale * direction, offset)) < value:
            scale *= 0.5
        if scale > 1e-10:
            beta, value = beta + scale * direction, found
        if gain < 1e-14 * max(1.0, abs(value)):
            break
    return value
