"""Generalised linear models of amounts and fractions: Tweedie, gamma, fractional logit, beta; with inference.

Weights are prior weights, as in R's `glm`: a row of weight w has variance φ·V(mu)/w, and standard errors do not change
where all weights are multiplied by one number. Beta regression has no dispersion, so there they multiply the log
likelihood.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.stats import norm
from scipy.stats import t as student

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.extras import optional_import
from credit_risk.models.beta_regression import BetaFit, fit_beta
from credit_risk.models.covariance import INDEPENDENT, NONROBUST, Rows, coefficient_covariance
from credit_risk.models.families import Family
from credit_risk.models.glm_faults import refuse_inputs

Floats = NDArray[np.float64]
SCORE_TOLERANCE = 1e-8
"""Greatest score of a coefficient, as a share of the sum of its absolute parts, at which a fit counts as converged."""
NOTHING_LEFT = 1e-20
"""Share of the squared deviations from the mean at which nothing is left to estimate a dispersion from."""


@dataclass(frozen=True, slots=True)
class GlmFit:
    """A fitted model of the mean: g(mu) = constant + x·b + offset. Vectors are (k+1,), `intercept` first.

    covariance (k+1, k+1) as `dependence` says: nonrobust is the inverse expected information times the dispersion.
    dispersion: Pearson's Σ w(y − mu)²/V(mu)/(n − k − 1); of beta 1/(1 + precision). likely_dispersion and
    log_likelihood are those of greatest likelihood, None for fractional. degrees: of Student's t for p-values and
    intervals; None where they are normal.
    """

    family: Family
    terms: tuple[str, ...]
    coef: Floats
    standard_error: Floats
    statistic: Floats
    p_value: Floats
    lower: Floats
    upper: Floats
    covariance: Floats
    dependence: Rows
    confidence: float
    degrees: float | None
    dispersion: float
    likely_dispersion: float | None
    log_likelihood: float | None
    deviance: float
    null_deviance: float
    pearson: float
    iterations: int
    rows: int
    weight: float
    precision_error: float | None = None

    @property
    def intercept(self) -> float:
        """Constant of the linear predictor."""
        return float(self.coef[0])

    @property
    def parameters(self) -> int:
        """How many numbers were estimated by likelihood: coefficients and the dispersion."""
        return len(self.coef) + 1

    @property
    def bound(self) -> tuple[str, ...]:
        """Terms that a bound on their sign holds at zero: none, for no coefficient is bounded."""
        return ()

    def coefficient(self, term: str) -> float:
        """Coefficient of a term. Raises ValueError where there is none of that name."""
        return float(self.coef[self.terms.index(term)])

    def linear_predictor(self, x: Floats, offset: Floats | None = None) -> Floats:
        """Constant + x·b + offset (n,). x (n, k) without constant."""
        return self.intercept + x @ self.coef[1:] + (0.0 if offset is None else offset)

    def mean(self, x: Floats, offset: Floats | None = None) -> Floats:
        """Expected outcome (n,)."""
        return self.family.link.inverse(self.linear_predictor(x, offset))


def fit_glm(
    x: Floats,
    y: Floats,
    names: Sequence[str],
    family: Family,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    dependence: Rows | None = None,
    confidence: float = 0.95,
    likelihood: bool = True,
) -> GlmFit:
    """Fit by iteratively reweighted least squares, or beta by Fisher scoring (McCullagh & Nelder 1989, section 2.5).

    x (n, k) without constant, y, weights, offset (n,); exposure enters as offset ln(exposure). dependence: how rows
    belong together and the covariance to be made; None: hc1 for fractional, whose variance is not assumed to be right,
    else nonrobust. likelihood: whether the dispersion of greatest likelihood is sought, and that likelihood. Raises
    ModelError where y is no outcome of the family, a term is constant or collinear, there are too few rows, or it does
    not converge.
    """
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    shift = np.zeros(len(y)) if offset is None else np.asarray(offset, float)
    x = np.asarray(x, float).reshape(len(y), len(names))
    refuse_inputs(x, y, names, family, w, shift)
    rows = dependence or usual_dependence(family)
    design = np.column_stack([np.ones(len(y)), x])
    if family.name == "beta":
        found = fit_beta(design, y, family.link, w, shift)
        return _beta_result(found, names, family, design, y, w, shift, rows, confidence)
    coef, iterations = _irls(design, y, family, w, shift)
    mu, slope = _mean_and_slope(design, coef, family, shift)
    degrees = len(y) - design.shape[1]
    residual = (y - mu) / family.variance(mu)
    pearson = float(np.sum(w * residual * (y - mu)))
    dispersion = pearson / degrees
    information = design.T @ (design * (w * slope**2 / family.variance(mu))[:, None])
    bread = np.asarray(np.linalg.inv(information), float)
    scores = design * (w * residual * slope)[:, None]
    _refuse_unfinished(scores, design * (w * (np.abs(y) + mu) / family.variance(mu) * slope)[:, None])
    _refuse_exact(y, mu, w)
    plain = rows.kind == NONROBUST
    matrix = bread * dispersion if plain else coefficient_covariance(bread, scores, rows)
    sought = likelihood and family.has_density
    likely, log_likelihood = likely_dispersion(family, y, mu, w, dispersion) if sought else (None, None)
    free = float(degrees) if plain else None
    figures: dict[str, float | int | None] = {
        "dispersion": dispersion,
        "likely_dispersion": likely,
        "log_likelihood": log_likelihood,
        "deviance": float(np.sum(w * family.deviance(y, mu))),
        "null_deviance": null_deviance(y, family, w, shift),
        "pearson": pearson,
        "iterations": iterations,
        "rows": len(y),
        "weight": float(np.sum(w)),
    }
    return _result(family, names, coef, matrix, rows, confidence, degrees=free, **figures)


def usual_dependence(family: Family) -> Rows:
    """Covariance of a family where none is asked for and rows are independent."""
    return Rows("hc1") if family.name == "fractional" else INDEPENDENT


def _result(
    family: Family,
    names: Sequence[str],
    coef: Floats,
    matrix: Floats,
    dependence: Rows,
    confidence: float,
    *,
    degrees: float | None,
    **figures: float | int | None,
) -> GlmFit:
    error = np.sqrt(np.diag(matrix))
    statistic = coef / error
    law = norm if degrees is None else student(degrees)
    reach = float(law.isf((1 - confidence) / 2)) * error
    return GlmFit(
        family=family,
        terms=("intercept", *names),
        coef=coef,
        standard_error=error,
        statistic=statistic,
        p_value=2 * law.sf(np.abs(statistic)),
        lower=coef - reach,
        upper=coef + reach,
        covariance=matrix,
        dependence=dependence,
        confidence=confidence,
        degrees=degrees,
        **figures,  # type: ignore[arg-type]
    )


def _irls(design: Floats, y: Floats, family: Family, weights: Floats, offset: Floats) -> tuple[Floats, int]:
    """Coefficients (k+1,) by statsmodels, and the number of iterations."""
    sm = optional_import("statsmodels.api", "model")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # what an iteration passes through does not matter; what it ends at is judged by its score
        warnings.simplefilter("ignore")
        model = sm.GLM(y, design, family=_statsmodels_family(family), var_weights=weights, offset=offset)
        try:
            result = model.fit(maxiter=200, tol_criterion="params", atol=1e-14, rtol=1e-13)
        except (ValueError, np.linalg.LinAlgError) as error:
            raise ModelError(_not_converged()) from error
    coef = np.asarray(result.params, float)
    if not np.isfinite(coef).all():
        raise ModelError(_not_converged())
    return coef, int(result.fit_history["iteration"])


def _statsmodels_family(family: Family) -> object:
    sm = optional_import("statsmodels.api", "model")
    families = sm.families
    link = {"log": families.links.Log, "logit": families.links.Logit, "probit": families.links.Probit}
    chosen = link[family.link.name]()
    if family.name == "tweedie":
        return families.Tweedie(link=chosen, var_power=family.variance_power)
    return families.Gamma(link=chosen) if family.name == "gamma" else families.Binomial(link=chosen)


def _mean_and_slope(design: Floats, coef: Floats, family: Family, offset: Floats) -> tuple[Floats, Floats]:
    eta = design @ coef + offset
    with np.errstate(over="ignore"):
        mu, slope = family.link.inverse(eta), family.link.slope(eta)
    inside = np.isfinite(mu) & (mu > 0) & (slope > 0)
    if family.name == "fractional":
        inside &= mu < 1
    if not inside.all():
        message = "the fitted means leave the range of the outcome: a term separates the rows, or the scale of a term"
        raise ModelError(Fault(message, "not_converged", remedy="exclude the term, or bring it to a smaller scale"))
    return mu, slope


def likely_dispersion(family: Family, y: Floats, mu: Floats, weights: Floats, start: float) -> tuple[float, float]:
    """Dispersion of greatest likelihood at given means (n,), and that log likelihood; a row of weight w has φ/w.

    Sought on the scale of ln φ between start/1000 and 1000·start. Raises ValueError for fractional.
    """

    def loss(log_phi: float) -> float:
        return -float(np.sum(family.log_density(y, mu, np.exp(log_phi) / weights)))

    centre, span = float(np.log(start)), float(np.log(1000.0))
    bounds = (centre - span, centre + span)
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-9})
    return float(np.exp(found.x)), -float(found.fun)


def null_deviance(y: Floats, family: Family, weights: Floats, offset: Floats) -> float:
    """Deviance of the constant (with the offset)."""
    coef, _ = _irls(np.ones((len(y), 1)), y, family, weights, offset)
    mu, _ = _mean_and_slope(np.ones((len(y), 1)), coef, family, offset)
    return float(np.sum(weights * family.deviance(y, mu)))


def _beta_result(
    found: BetaFit,
    names: Sequence[str],
    family: Family,
    design: Floats,
    y: Floats,
    weights: Floats,
    offset: Floats,
    dependence: Rows,
    confidence: float,
) -> GlmFit:
    """The result of beta regression in the same words: dispersion 1/(1 + precision), variance φ·mu(1 − mu)."""
    _refuse_unfinished(found.scores, found.scores)
    terms = design.shape[1]
    whole = coefficient_covariance(found.inverse_information, found.scores, dependence)
    mu = family.link.inverse(design @ found.coef + offset)
    nothing = fit_beta(design[:, :1], y, family.link, weights, offset)
    null = family.link.inverse(nothing.coef[0] + offset)
    dispersion = 1 / (1 + found.precision)
    return _result(
        family,
        names,
        found.coef,
        whole[:terms, :terms],
        dependence,
        confidence,
        degrees=None,
        dispersion=dispersion,
        likely_dispersion=dispersion,
        log_likelihood=found.log_likelihood,
        deviance=float(np.sum(weights * family.deviance(y, mu))),
        null_deviance=float(np.sum(weights * family.deviance(y, null))),
        pearson=float(np.sum(weights * (y - mu) ** 2 / family.variance(mu))),
        iterations=found.iterations,
        rows=len(y),
        weight=float(np.sum(weights)),
        precision_error=float(np.sqrt(whole[-1, -1])) * found.precision,
    )


def _refuse_unfinished(scores: Floats, parts: Floats) -> None:
    """Raise ModelError where the sum of the scores (n, k) of a coefficient is not nought beside its parts (n, k)."""
    share = np.abs(scores.sum(axis=0)) / np.maximum(np.abs(parts).sum(axis=0), 1e-300)
    if not (share <= SCORE_TOLERANCE).all():
        raise ModelError(_not_converged(f"score {float(share.max()):.3g} of its parts"))


def _refuse_exact(y: Floats, mu: Floats, weights: Floats) -> None:
    """Raise ModelError where the fitted means are the outcomes."""
    mean = np.sum(weights * y) / np.sum(weights)
    if np.sum(weights * (y - mu) ** 2) <= NOTHING_LEFT * np.sum(weights * (y - mean) ** 2):
        remedy = "exclude the term that knows the outcome"
        raise ModelError(Fault("the terms predict every outcome exactly", code="no_dispersion", remedy=remedy))


def _not_converged(found: str | None = None) -> Fault:
    remedy = "exclude terms that separate the rows or hardly vary, and bring terms to a like scale"
    return Fault("the model did not converge", code="not_converged", found=found, remedy=remedy)
