"""A test that may be looked at at any time: mixture sequential probability ratio test and confidence sequence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.evaluation._arrays import Arguments, Floats

ALWAYS_VALID = "always_valid"


def tightest_mixture(significance: float) -> float:
    """Variance m of the mixture, in units of the information at which the boundary is to be tightest (here 1).

    The root of m = 2 ln(1/significance) + ln(1 + m), where (1 + 1/m)(2 ln(1/significance) + ln(1 + m)) is least.
    """
    _check(significance)
    twice = -2.0 * float(np.log(significance))
    return float(optimize.brentq(lambda m: twice + np.log1p(m) - m, twice, 2.0 * twice + 20.0, xtol=1e-12))


def always_valid_boundary(
    times: ArrayLike, significance: float = 0.05, mixture: float | None = None
) -> NDArray[np.float64]:
    """|z| (K,) that ends the test at shares `times` (K,) of the planned information, at any number of looks.

    z² = (1 + 1/(m t))(2 ln(1/significance) + ln(1 + m t)): the normal mixture of likelihood ratios reaches
    1/significance (Robbins 1970, Annals of Mathematical Statistics 41, 1397-1409; Johari et al. 2022, Operations
    Research 70, 1806-1821). By Ville's inequality it is ever reached without a difference with probability
    `significance` at most, however often it is looked at, and beyond the planned information too. mixture m: by default
    `tightest_mixture`. Raises CreditRiskError unless times and mixture are positive and significance within (0, 1).
    """
    m, t = _mixture(mixture, significance), _times(times)
    return np.sqrt((1.0 + 1.0 / (m * t)) * (np.log1p(m * t) - 2.0 * np.log(significance)))


def always_valid_p_values(
    z: ArrayLike, times: ArrayLike, significance: float = 0.05, mixture: float | None = None
) -> NDArray[np.float64]:
    """P-values (K,) of the statistics z (K,) at rising shares of the information, each valid whenever one stops.

    The least of 1/Λ so far, Λ = (1 + m t)^(-1/2) exp(z² m t/(2 (1 + m t))), not above 1: below `significance` exactly
    where `always_valid_boundary` has been reached. significance chooses the mixture only.
    """
    arguments = Arguments()
    statistic = arguments.numbers("z", z)
    arguments.raise_if_any()
    m, t = _mixture(mixture, significance), _times(times)
    _same_length(len(statistic), len(t))
    log_ratio = statistic**2 * m * t / (2.0 * (1.0 + m * t)) - 0.5 * np.log1p(m * t)
    return np.minimum(np.minimum.accumulate(np.exp(-log_ratio)), 1.0)


def confidence_sequence(
    estimate: ArrayLike,
    standard_error: ArrayLike,
    times: ArrayLike,
    significance: float = 0.05,
    mixture: float | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bounds (K,), (K,) of a difference at rising shares of the information, which hold at all times at once.

    estimate ± z·standard_error with the z of `always_valid_boundary`, each bound the best so far (running intersection:
    where bounds cross, what was assumed does not hold). 0 is outside exactly where the test has ended.
    """
    arguments = Arguments()
    value, error = arguments.numbers("estimate", estimate), arguments.numbers("standard_error", standard_error)
    arguments.require(bool(np.all(error > 0)), "standard_error", "errors that are not positive", "range")
    arguments.raise_if_any()
    _same_length(len(value), len(_times(times)))
    half = always_valid_boundary(times, significance, mixture) * error
    return np.maximum.accumulate(value - half), np.minimum.accumulate(value + half)


def _mixture(mixture: float | None, significance: float) -> float:
    _check(significance)
    if mixture is None:
        return tightest_mixture(significance)
    if not (np.isfinite(mixture) and mixture > 0):
        raise CreditRiskError(Fault("not a variance", "range", path="mixture", found=f"{mixture}", allowed="above 0"))
    return float(mixture)


def _check(significance: float) -> None:
    if not 0.0 < significance < 1.0:
        found = f"{significance}"
        raise CreditRiskError(Fault("not an error", "range", path="significance", found=found, allowed="within (0, 1)"))


def _times(times: ArrayLike | Sequence[float]) -> Floats:
    t = np.asarray(times, dtype=np.float64)
    if t.ndim != 1 or not np.all(np.isfinite(t) & (t > 0)) or np.any(np.diff(t) < 0):
        allowed = "0 < t1 <= t2 <= ..., also above 1"
        raise CreditRiskError(Fault("shares of the information do not rise", "range", path="times", allowed=allowed))
    return t


def _same_length(values: int, times: int) -> None:
    if values != times:
        found = f"{values} values and {times} times"
        raise CreditRiskError(Fault("lengths differ", "length", path="times", found=found))
