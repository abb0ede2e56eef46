"""The law of the simulated world: intercepts, economic cycle and the strength of drift in each month.

Intercepts are solved on a pilot population of 65,536 applicants with a seed of its own, without drift and with the
cycle at zero. So they follow from the choices alone, not from the seed, the number of applicants or the block size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from credit_risk._core.errors import CreditRiskError, Fault
from credit_risk.datasets.characteristics import FEMALE, true_characteristics
from credit_risk.datasets.draws import Block, Draws, Floats, normal
from credit_risk.datasets.drift import ConceptDrift, intensity
from credit_risk.datasets.drivers import DECAYING, INSTRUMENT_COEFFICIENT, QUADRATIC, drivers, linear
from credit_risk.datasets.spec import PERFORMANCE_MONTHS, PortfolioSpec

PILOT_SEED = 20261120
PILOT_ROWS = 65_536
CYCLE_NOISE, CYCLE_PERSISTENCE = 0.15, 0.8
FOLLOWED_MONTHS = 120


@dataclass(frozen=True, slots=True)
class Process:
    """outcome_intercept, acceptance_intercept: scalars of the two indices. cycle (months + 121,): value in each month.

    cycle_ahead (months,): its mean over the 12 months after each month of application. decay, level (months,): factor
    on the coefficients of DECAYING and shift of the outcome index, by concept drift.
    """

    spec: PortfolioSpec
    outcome_intercept: float
    acceptance_intercept: float
    cycle: Floats
    cycle_ahead: Floats
    decay: Floats
    level: Floats

    @classmethod
    def of(cls, spec: PortfolioSpec) -> Process:
        """The process of `spec`; raises CreditRiskError where policy rules leave fewer than `acceptance_rate`."""
        cycle = economic_cycle(spec)
        ahead = np.array([cycle[m + 1 : m + 1 + PERFORMANCE_MONTHS].mean() for m in range(spec.months)])
        decay, level = np.ones(spec.months), np.zeros(spec.months)
        for drift in spec.drift:
            if isinstance(drift, ConceptDrift):
                strength = intensity(drift, spec.start, spec.months)
                decay *= 1.0 - drift.decay * strength
                level += drift.level * strength
        outcome, acceptance = _intercepts(spec)
        return cls(spec, outcome, acceptance, cycle, ahead, decay, level)

    def outcome_index(self, values: dict[str, Floats], month: NDArray[np.int64]) -> Floats:
        """(k,) index whose Φ is the true PD; `values` are the drivers of the true characteristics."""
        shrink = self.decay[month]
        values = values | {name: values[name] * shrink for name in DECAYING}
        drifted = self.level[month] + self.spec.cycle_amplitude * self.cycle_ahead[month]
        return self.outcome_intercept + _outcome_part(self.spec, values) + drifted


def economic_cycle(spec: PortfolioSpec) -> Floats:
    """Value in each month from the first: sin(2πm/cycle_months) + aₘ, aₘ = 0.8·aₘ₋₁ + 0.15·N(0, 1); up is a recession.

    (months + 121,), so that every account that can be followed has one.
    """
    length = spec.months + FOLLOWED_MONTHS + 1
    shock = CYCLE_NOISE * normal(Draws(spec.seed).uniform("economy/shock", 0, length))
    noise = np.zeros(length)
    for month in range(1, length):
        noise[month] = CYCLE_PERSISTENCE * noise[month - 1] + shock[month]
    return np.asarray(np.sin(2.0 * np.pi * np.arange(length) / spec.cycle_months) + noise, dtype=np.float64)


def _outcome_part(spec: PortfolioSpec, values: dict[str, Floats]) -> Floats:
    part = linear(values, 0)
    if spec.selection == "mar_misspecified":
        part += QUADRATIC * (values["bureau"] ** 2 - 1.0)
    return part


def _intercepts(spec: PortfolioSpec) -> tuple[float, float]:
    rows = np.arange(PILOT_ROWS, dtype=np.int64)
    pilot = Block(Draws(PILOT_SEED, "pilot"), 0, PILOT_ROWS, np.zeros_like(rows), rows)
    columns = true_characteristics(pilot, {}, spec.start, spec.months, spec.missing_share)
    values = drivers(columns)
    outcome = _outcome_part(spec, values)
    acceptance = linear(values, 1) - spec.disparity * (columns["sex"] == FEMALE)
    # Φ averaged over the instrument N(0, 1): E Φ(a + c·Z) = Φ(a / √(1 + c²)).
    spread = np.sqrt(1.0 + INSTRUMENT_COEFFICIENT**2) if spec.instrument else 1.0
    open_to = np.ones(PILOT_ROWS) - (values["policy_breach"] if spec.hard_policy else 0.0)
    if open_to.mean() <= spec.acceptance_rate:
        raise CreditRiskError(
            Fault(
                "the hard policy rules leave fewer applicants than are to be accepted", "conflict",
                path="acceptance_rate", found=str(spec.acceptance_rate), allowed=f"below {open_to.mean():.3f}",
                remedy="lower acceptance_rate, or hard_policy=False",
            )
        )  # fmt: skip
    return (
        _root(lambda shift: float(ndtr(outcome + shift).mean()) - spec.bad_rate),
        _root(lambda shift: float((open_to * ndtr((acceptance + shift) / spread)).mean()) - spec.acceptance_rate),
    )


def _root(function: Callable[[float], float]) -> float:
    return float(brentq(function, -50.0, 50.0, xtol=1e-12, rtol=1e-14))
