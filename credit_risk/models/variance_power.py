"""Profile likelihood of the Tweedie variance power: a table over powers, the best one and its interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2

from credit_risk.models.families import family_of
from credit_risk.models.glm import fit_glm

Floats = NDArray[np.float64]
LEAST, GREATEST = 1.05, 1.95
"""Powers that are looked at: nearer to 1 or 2 the density has two poles or too many terms to tell them apart."""
STEP = 0.1
PRECISION = 1e-6
COLUMNS = ["variance_power", "dispersion", "log_likelihood", "difference", "inside", "chosen"]


@dataclass(frozen=True, slots=True)
class PowerProfile:
    """powers (m,) ascending, dispersion and log likelihood (m,) of each; best: the power of greatest likelihood.

    lower, upper: where twice the log likelihood lies the chi-square point (one degree, at `confidence`) below its
    greatest; NaN where it does not within the powers looked at. at_end: whether best is the least or greatest of them.
    """

    powers: Floats
    dispersion: Floats
    log_likelihood: Floats
    best: float
    lower: float
    upper: float
    confidence: float
    at_end: bool

    def frame(self) -> pd.DataFrame:
        """Evidence `glm.variance_power.{model}`: difference is from the greatest log likelihood."""
        difference = self.log_likelihood - np.max(self.log_likelihood)
        inside = 2 * -difference <= chi2.isf(1 - self.confidence, 1) * (1 + 1e-9)
        values = (self.powers, self.dispersion, self.log_likelihood, difference, inside, self.powers == self.best)
        return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def profile_variance_power(
    x: Floats,
    y: Floats,
    names: Sequence[str],
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    confidence: float = 0.95,
) -> PowerProfile:
    """Maximise the likelihood over coefficients and dispersion at each power from LEAST to GREATEST, then over powers.

    Arguments as `fit_glm`. The best power and the ends of the interval are found to PRECISION; they stand in the table
    besides the steps (Dunn & Smyth 2005, section 6). Raises ModelError as `fit_glm`.
    """
    found: dict[float, tuple[float, float]] = {}

    def likelihood(power: float) -> float:
        if power not in found:
            family = family_of("tweedie", variance_power=power)
            fit = fit_glm(x, y, names, family, weights=weights, offset=offset)
            found[power] = (float(fit.likely_dispersion or 0.0), float(fit.log_likelihood or 0.0))
        return found[power][1]

    steps = np.round(np.append(np.arange(LEAST, GREATEST, STEP), GREATEST), 10)
    values = np.array([likelihood(float(power)) for power in steps])
    best = _best(likelihood, steps, values)
    depth = float(chi2.isf(1 - confidence, 1)) / 2
    lower = _crossing(likelihood, best, steps[0], likelihood(best) - depth)
    upper = _crossing(likelihood, best, steps[-1], likelihood(best) - depth)
    told = sorted({*map(float, steps), best, *(end for end in (lower, upper) if np.isfinite(end))})
    dispersion, log_likelihood = (np.array([found[power][i] for power in told]) for i in (0, 1))
    at_end = best in (steps[0], steps[-1])
    return PowerProfile(np.array(told), dispersion, log_likelihood, best, lower, upper, confidence, at_end)


def _best(likelihood: Callable[[float], float], steps: Floats, values: Floats) -> float:
    """The power of greatest likelihood between the neighbours of the best step."""
    i = int(np.argmax(values))
    bounds = (float(steps[max(i - 1, 0)]), float(steps[min(i + 1, len(steps) - 1)]))
    options = {"xatol": PRECISION}
    inner = minimize_scalar(lambda power: -likelihood(float(power)), bounds=bounds, method="bounded", options=options)
    return float(inner.x) if -float(inner.fun) > float(values[i]) else float(steps[i])


def _crossing(likelihood: Callable[[float], float], best: float, end: float, level: float) -> float:
    """The power between the best and an end at which the likelihood has fallen to the level; NaN where it has not."""
    end = float(end)
    if end == best or likelihood(end) >= level:
        return float("nan")
    root = float(brentq(lambda power: likelihood(float(power)) - level, best, end, xtol=PRECISION))
    likelihood(root)
    return root
