"""Likelihood of the censored bivariate probit with its derivatives, and Newton's method on it.

An applicant is accepted where γ'z + u > 0 and bad where β'x + e > 0; u, e are standard normal with correlation ρ, and
the outcome is seen of accepted applicants only. With q = 1 for a bad and −1 for a good,

    ln L = Σ w ln Φ₂(γ'z, q β'x; q ρ)  over accepted with a known outcome
         + Σ w ln Φ(γ'z)              over accepted without one
         + Σ w ln Φ(−γ'z)             over rejected

(van de Ven and van Praag 1981, Journal of Econometrics 17, 229-252; Boyes, Hoffman and Low 1989, Journal of
Econometrics 40, 3-14). At a given ρ it is concave in (γ, β), since Φ₂ is log-concave and its arguments are linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from credit_risk.reject_inference.bivariate_normal import log_bivariate_derivatives

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
STEPS = 100
DECREMENT = 1e-13
STALLED = 1e-6
"""Least gain that counts where rounding keeps ln L from rising."""
LARGEST_RHO = 0.999
_LOG_ROOT_2PI = 0.5 * np.log(2.0 * np.pi)


@dataclass(frozen=True, slots=True)
class ProbitData:
    """Designs with a column of ones first: z (n, p) of the decision, x (m, k) of the outcome of the known rows (m,).

    known: their places; q (m,): 1 bad, −1 good; w (n,): weights; others: places of the other rows, side: 1 where
    accepted without an outcome, −1 where rejected.
    """

    z: Floats
    x: Floats
    q: Floats
    w: Floats
    known: NDArray[np.int64]
    others: NDArray[np.int64]
    side: Floats

    @property
    def split(self) -> int:
        """Number of γ's coefficients."""
        return self.z.shape[1]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """ln L with gradient (p + k + 1,), Hessian and scores of the rows (n, p + k + 1), by (γ, β, ρ) or (γ, β, atanh ρ).

    scores is None unless asked for.
    """

    value: float
    gradient: Floats
    hessian: Floats
    scores: Floats | None = None


def probit_data(z: Floats, x: Floats, y: Floats, accepted: Mask, w: Floats) -> ProbitData:
    """z (n, p), x (n, k) with ones, y (n,) with NaN where not known, accepted (n,), w (n,)."""
    finite = np.isfinite(y)
    known, others = np.flatnonzero(finite), np.flatnonzero(~finite)
    side = np.where(accepted[others], 1.0, -1.0)
    return ProbitData(z, x[known], 2.0 * y[known] - 1.0, w, known, others, side)


def joint_likelihood(data: ProbitData, coef: Floats, rho: float, *, rows: bool = False) -> Likelihood:
    """ln L at coef (p + k,) = (γ, β) and ρ, derivatives by (γ, β, ρ); rows: scores of the rows too."""
    p, total = data.split, len(coef) + 1
    index = data.z @ coef[:p]
    q, w = data.q, data.w[data.known]
    told = log_bivariate_derivatives(index[data.known], q * (data.x @ coef[p:]), q * rho)
    single = data.side * index[data.others]
    log_single = log_ndtr(single)
    mills = np.exp(-0.5 * single * single - _LOG_ROOT_2PI - log_single)
    w_other = data.w[data.others]
    by_index = np.empty(len(data.w))
    by_index[data.known], by_index[data.others] = w * told.h, w_other * data.side * mills
    by_outcome, by_rho = w * q * told.k, w * q * told.r
    curve = np.empty(len(data.w))
    curve[data.known], curve[data.others] = w * told.hh, -w_other * mills * (mills + single)
    z_known = data.z[data.known]
    hessian = np.empty((total, total))
    hessian[:p, :p] = (data.z * curve[:, None]).T @ data.z
    hessian[:p, p:-1] = (z_known * (w * q * told.hk)[:, None]).T @ data.x
    hessian[p:-1, p:-1] = (data.x * (w * told.kk)[:, None]).T @ data.x
    hessian[:p, -1] = z_known.T @ (w * q * told.hr)
    hessian[p:-1, -1] = data.x.T @ (w * told.kr)
    hessian[-1, -1] = float(w @ told.rr)
    lower = np.tril_indices(total, -1)
    hessian[lower] = hessian.T[lower]
    gradient = np.concatenate([data.z.T @ by_index, data.x.T @ by_outcome, [by_rho.sum()]])
    scores = None
    if rows:
        scores = np.zeros((len(data.w), total))
        scores[:, :p] = data.z * by_index[:, None]
        scores[data.known, p:-1] = data.x * by_outcome[:, None]
        scores[data.known, -1] = by_rho
    return Likelihood(float(w @ told.value + w_other @ log_single), gradient, hessian, scores)


def by_fisher_z(found: Likelihood, rho: float) -> Likelihood:
    """Derivatives by atanh ρ in place of those by ρ: dρ/da = 1 − ρ², d²ρ/da² = −2ρ(1 − ρ²)."""
    slope = 1.0 - rho * rho
    gradient, hessian = found.gradient.copy(), found.hessian.copy()
    hessian[-1] *= slope
    hessian[:, -1] *= slope
    hessian[-1, -1] += -2.0 * rho * slope * gradient[-1]
    gradient[-1] *= slope
    scores = None
    if found.scores is not None:
        scores = found.scores.copy()
        scores[:, -1] *= slope
    return Likelihood(found.value, gradient, hessian, scores)


def probit_newton(design: Floats, side: Floats, w: Floats) -> tuple[Floats, float, Floats, bool]:
    """Probit of one equation: coefficients, ln L, minus the Hessian, whether it converged. design with ones (n, k).

    side (n,): 1 for the event, −1 for its contrary.
    """
    coef = np.zeros(design.shape[1])

    def at(b: Floats) -> tuple[float, Floats, Floats]:
        t = side * (design @ b)
        log_p = log_ndtr(t)
        mills = np.exp(-0.5 * t * t - _LOG_ROOT_2PI - log_p)
        information = (design * (w * mills * (mills + t))[:, None]).T @ design
        return float(w @ log_p), design.T @ (w * side * mills), information

    value, gradient, information = at(coef)
    for _ in range(STEPS):
        step = _solved(information, gradient)
        if step is None:
            return coef, value, information, False
        if float(gradient @ step) < DECREMENT:
            return coef, value, information, True
        for half in range(40):
            trial = at(coef + step * 0.5**half)
            if trial[0] >= value - 1e-12 * abs(value):
                break
        coef = coef + step * 0.5**half
        value, gradient, information = trial
    return coef, value, information, False


def probit_scores(design: Floats, side: Floats, w: Floats, coef: Floats) -> Floats:
    """Scores of the rows (n, k) of a probit of one equation; arguments as in `probit_newton`."""
    t = side * (design @ coef)
    mills = np.exp(-0.5 * t * t - _LOG_ROOT_2PI - log_ndtr(t))
    return np.asarray(design * (w * side * mills)[:, None], dtype=np.float64)


def maximise_at(data: ProbitData, rho: float, start: Floats) -> tuple[Floats, Likelihood, bool]:
    """(γ, β) that maximise ln L at ρ, from `start`; the likelihood there, and whether the search converged."""
    coef, found = start, joint_likelihood(data, start, rho)
    for _ in range(STEPS):
        gradient, information = found.gradient[:-1], -found.hessian[:-1, :-1]
        step = _solved(information, gradient)
        if step is None:
            return coef, found, False
        if float(gradient @ step) < DECREMENT * max(1.0, abs(found.value)):
            return coef, found, True
        coef, found, moved = _halved(data, coef, rho, found, np.append(step, 0.0))[:3]
        if not moved:
            return coef, found, float(gradient @ step) < STALLED
    return coef, found, False


def maximise(data: ProbitData, rho: float, start: Floats) -> tuple[Floats, float, Likelihood, int, bool]:
    """(γ, β) and ρ that maximise ln L, with the likelihood by atanh ρ, the number of steps, whether it converged.

    Newton's method with eigenvalues of the wrong sign turned round; |ρ| stays within LARGEST_RHO.
    """
    coef, found = start, by_fisher_z(joint_likelihood(data, start, rho), rho)
    for count in range(STEPS):
        values, vectors = np.linalg.eigh(-found.hessian)
        firm = np.maximum(np.abs(values), 1e-10 * float(np.abs(values).max()))
        step = vectors @ ((vectors.T @ found.gradient) / firm)
        decrement = float(found.gradient @ step)
        if decrement < DECREMENT * max(1.0, abs(found.value)):
            return coef, rho, found, count, True
        if abs(rho) >= LARGEST_RHO and step[-1] * rho > 0:  # held at the border: the rest is concave
            coef, inner, converged = maximise_at(data, rho, coef)
            return coef, rho, by_fisher_z(inner, rho), count, converged
        step *= min(1.0, 0.5 / max(abs(step[-1]), 1e-300))
        coef, raw, moved, rho = _halved(data, coef, rho, found, step)
        found = by_fisher_z(raw, rho) if moved else found
        if not moved:
            return coef, rho, found, count, decrement < STALLED
    return coef, rho, found, STEPS, False


def _halved(
    data: ProbitData, coef: Floats, rho: float, found: Likelihood, step: Floats
) -> tuple[Floats, Likelihood, bool, float]:
    """The first of step, step/2, ... that does not lower ln L; whether there is one. step[-1] is of atanh ρ."""
    for half in range(40):
        part = step * 0.5**half
        trial_rho = rho
        if part[-1] != 0.0:
            trial_rho = float(np.clip(np.tanh(np.arctanh(rho) + part[-1]), -LARGEST_RHO, LARGEST_RHO))
        trial = joint_likelihood(data, coef + part[:-1], trial_rho)
        if trial.value > found.value:
            return coef + part[:-1], trial, True, trial_rho
    return coef, found, False, rho


def _solved(information: Floats, gradient: Floats) -> Floats | None:
    try:
        step = np.asarray(np.linalg.solve(information, gradient), dtype=np.float64)
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None
