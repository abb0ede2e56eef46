"""Logistic regression, fitted by statsmodels; covariance of the coefficients by `covariance.py`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.extras import optional_import
from credit_risk.models.bounded import held_at_zero
from credit_risk.models.covariance import INDEPENDENT, Rows, coefficient_covariance, wald_chi_square
from credit_risk.models.profile import profile_intervals
from credit_risk.models.separation import Labels, Separation, find_separation, separated_words

Floats = NDArray[np.float64]
SEPARATION_COEFFICIENT = 30.0
PERFECT_DEVIANCE = 1e-8
SURE = 20.0


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """Fit of log-odds of bad. terms (k+1,) begin with `intercept`; the other vectors are (k+1,) in that order.

    covariance (k+1, k+1) is that of `dependence.kind` (`covariance.py`); errors, tests and intervals follow from it;
    independent_error (k+1,): standard errors were rows independent. Log likelihoods are weighted. bound: terms held at
    zero by a bound on their sign, without error, test and interval; the others are as if those were known to be zero.
    score (k+1,): derivative of the log likelihood at the coefficients, zero where no bound holds one.
    """

    terms: tuple[str, ...]
    coef: Floats
    standard_error: Floats
    z: Floats
    p_value: Floats
    lower: Floats
    upper: Floats
    covariance: Floats
    log_likelihood: float
    null_log_likelihood: float
    iterations: int
    rows: int
    bads: float
    dependence: Rows
    independent_error: Floats
    score: Floats
    bound: tuple[str, ...] = ()

    @property
    def free(self) -> NDArray[np.bool_]:
        """(k+1,) terms that no bound holds at zero."""
        return np.array([term not in self.bound for term in self.terms])

    @property
    def intercept(self) -> float:
        """Constant of the linear predictor."""
        return float(self.coef[0])

    def coefficient(self, term: str) -> float:
        """Coefficient of a term. Raises ValueError where there is none of that name."""
        return float(self.coef[self.terms.index(term)])


def fit_logistic(
    x: Floats,
    y: Floats,
    names: Sequence[str],
    *,
    weights: Floats | None = None,
    confidence: float = 0.95,
    dependence: Rows = INDEPENDENT,
    offset: Floats | None = None,
    labels: Labels | None = None,
) -> LogisticFit:
    """Maximum likelihood of ln(p/(1−p)) = offset + a + x·b by iteratively reweighted least squares.

    McCullagh & Nelder (1989), chapter 4.

    x (n, k) without constant, y (n,) 0/1 with 1 = bad, weights (n,) frequency-type, offset (n,) or none; labels: words
    for the values of x, by term, in which separation is told. Intervals are Wald at `confidence` and, like z and p,
    normal, from the covariance that `dependence` says. Raises ModelError where a term is constant or
    collinear, the classes are separated, it does not converge, or the covariance cannot be estimated.
    """
    sm = optional_import("statsmodels.api", "model")
    tools = optional_import("statsmodels.tools.sm_exceptions", "model")
    _refuse_collinear(x, names)
    design = np.column_stack([np.ones(len(y)), x])
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    with warnings.catch_warnings(), np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        # a separated fit overflows on its way; what it ends at is judged below
        warnings.simplefilter("ignore", category=tools.PerfectSeparationWarning)
        model = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=w, offset=offset)
        result = model.fit(maxiter=100, tol=1e-13, rtol=1e-14, tol_criterion="deviance")
    shift = np.zeros(len(y)) if offset is None else np.asarray(offset, float)
    _refuse_separation(result, x, y, w, names, labels or {})
    coef = np.asarray(result.params, float)
    p = special.expit(shift + design @ coef)
    # at the final coefficients: statsmodels' own is of the step before
    bread = np.linalg.inv((design * (w * p * (1.0 - p))[:, None]).T @ design)
    scores = design * (w * (y - p))[:, None]
    covariance = coefficient_covariance(bread, scores, dependence)
    error = np.sqrt(np.diag(covariance))
    z, half = coef / error, -special.ndtri((1 - confidence) / 2) * error
    return LogisticFit(
        terms=("intercept", *names),
        coef=coef,
        standard_error=error,
        z=z,
        p_value=2.0 * special.ndtr(-np.abs(z)),
        lower=coef - half,
        upper=coef + half,
        covariance=covariance,
        log_likelihood=float(result.llf),
        null_log_likelihood=_null_likelihood(y, w, offset),
        iterations=int(result.fit_history["iteration"]),
        rows=len(y),
        bads=float(np.sum(w * y)),
        dependence=dependence,
        independent_error=np.sqrt(np.diag(bread)),
        score=scores.sum(axis=0),
    )


def fit_bounded(
    x: Floats,
    y: Floats,
    names: Sequence[str],
    *,
    weights: Floats | None = None,
    confidence: float = 0.95,
    dependence: Rows = INDEPENDENT,
    offset: Floats | None = None,
    labels: Labels | None = None,
) -> LogisticFit:
    """As `fit_logistic`, with every coefficient but the constant at most zero (`bounded.py`).

    Errors, tests and intervals are those of the terms that are not held at zero, as if the others were known to be
    zero: conditional on the bounds that hold. Raises ModelError as `fit_logistic` does, and where every term is held.
    """
    _refuse_collinear(x, names)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    shift = np.zeros(len(y)) if offset is None else np.asarray(offset, float)
    try:
        held = held_at_zero(x, y, w, shift)
    except np.linalg.LinAlgError as error:  # all rows are predicted surely on the way, which only separation brings
        raise _not_bounded(x, y, w, names, labels or {}) from error
    if held.all():
        text = "every coefficient is held at zero by its bound"
        raise ModelError(Fault(text, code="all_held", remedy="write coefficients: any, or use other characteristics"))
    fit = fit_logistic(
        x[:, ~held],
        y,
        [n for n, h in zip(names, held, strict=True) if not h],
        weights=weights,
        confidence=confidence,
        dependence=dependence,
        offset=offset,
        labels=labels,
    )
    return _with_held(fit, np.column_stack([np.ones(len(y)), x]), y, w, shift, names, held)


def _with_held(
    fit: LogisticFit,
    design: Floats,
    y: Floats,
    w: Floats,
    shift: Floats,
    names: Sequence[str],
    held: NDArray[np.bool_],
) -> LogisticFit:
    free = np.r_[True, ~held]

    def spread(values: Floats, fill: float) -> Floats:
        found = np.full(len(free), fill)
        found[free] = values
        return found

    coef = spread(fit.coef, 0.0)
    covariance = np.zeros((len(free), len(free)))
    covariance[np.ix_(free, free)] = fit.covariance
    return replace(
        fit,
        terms=("intercept", *names),
        coef=coef,
        covariance=covariance,
        score=design.T @ (w * (y - special.expit(shift + design @ coef))),
        bound=tuple(n for n, h in zip(names, held, strict=True) if h),
        standard_error=spread(fit.standard_error, np.nan),
        z=spread(fit.z, np.nan),
        p_value=spread(fit.p_value, np.nan),
        lower=spread(fit.lower, np.nan),
        upper=spread(fit.upper, np.nan),
        independent_error=spread(fit.independent_error, np.nan),
    )


def with_profile(
    fit: LogisticFit,
    x: Floats,
    y: Floats,
    *,
    weights: Floats | None = None,
    confidence: float = 0.95,
    offset: Floats | None = None,
) -> LogisticFit:
    """The fit with intervals of the profile likelihood at `confidence` in place of Wald's; x (n, k), y (n,) of it.

    Terms held at zero stay without. Raises ModelError where the covariance is robust or clustered, which the likelihood
    does not know, and where a bound is not found.
    """
    if fit.dependence.kind != "nonrobust":
        text = "intervals of the profile likelihood take rows as independent"
        remedy = "write interval: wald, or covariance: nonrobust"
        raise ModelError(Fault(text, code="profile_of_clusters", found=fit.dependence.kind, remedy=remedy))
    free = fit.free
    design = np.column_stack([np.ones(len(y)), x])[:, free]
    found = profile_intervals(
        design,
        y,
        fit.coef[free],
        tuple(term for term, is_free in zip(fit.terms, free, strict=True) if is_free),
        weights=np.ones(len(y)) if weights is None else weights,
        offset=np.zeros(len(y)) if offset is None else offset,
        confidence=confidence,
    )
    lower, upper = fit.lower.copy(), fit.upper.copy()
    lower[free], upper[free] = found
    return replace(fit, lower=lower, upper=upper)


def fitted_constant(y: Floats, w: Floats, offset: Floats) -> float:
    """The constant of greatest likelihood beside an offset, a: Σ w·(y − expit(offset + a)) = 0. All (n,)."""
    a = 0.0
    for _ in range(100):
        p = special.expit(offset + a)
        step = float(np.sum(w * (y - p)) / np.sum(w * p * (1 - p)))
        a += min(max(step, -2.0), 2.0)
        if abs(step) < 1e-13 * (1 + abs(a)):
            break
    return a


def _null_likelihood(y: Floats, w: Floats, offset: Floats | None) -> float:
    """Log likelihood of the constant alone, beside the offset."""
    if offset is None:
        rate = float(np.sum(w * y) / np.sum(w))
        return float(np.sum(w) * (rate * np.log(rate) + (1 - rate) * np.log1p(-rate)))
    eta = offset + fitted_constant(y, w, offset)
    return float(np.sum(w * (y * eta - np.logaddexp(0.0, eta))))


def _refuse_collinear(x: Floats, names: Sequence[str]) -> None:
    constant = [name for name, column in zip(names, x.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise ModelError([Fault(f"{name} is constant", code="constant_term", path=name) for name in constant])
    if x.shape[1] and np.linalg.matrix_rank(x - x.mean(axis=0)) < x.shape[1]:
        text = "some characteristics are linear combinations of others"
        raise ModelError(
            Fault(text, code="collinear", remedy="lower selection.max_correlation, or exclude one of them")
        )


def _refuse_separation(result: object, x: Floats, y: Floats, w: Floats, names: Sequence[str], labels: Labels) -> None:
    """Faults of the terms that separate, the strongest first: without end, all rows predicted perfectly, or a plane

    between the classes, which is looked for where a coefficient is huge or rows are predicted all but surely. A huge
    coefficient by itself is none: a column of small spread may have one.
    """
    params = np.asarray(result.params)[1:]  # type: ignore[attr-defined]
    wild = ~np.isfinite(params)
    if float(result.fit_history["deviance"][-1]) < PERFECT_DEVIANCE * float(np.sum(w)):  # type: ignore[attr-defined]
        wild = np.ones(len(params), bool)
    plane = None
    if wild.any() or np.max(np.abs(params), initial=0.0) > SEPARATION_COEFFICIENT or _all_but_sure(result):
        plane = find_separation(x[w > 0], y[w > 0], names)
    if plane is not None and not wild.any():
        wild = np.array([name in plane.direction for name in names])
    if wild.any():
        strength = np.where(np.isfinite(params), np.abs(params), np.inf) * x.std(axis=0)
        order = sorted(map(int, np.flatnonzero(wild)), key=lambda i: (-strength[i], i))
        also = _of_plane(plane, labels)
        raise ModelError(
            [
                Fault(
                    f"{names[i]} separates good from bad",
                    "separation",
                    path=names[i],
                    found=f"coefficient {float(params[i])!r}" + also.get(names[i], ""),
                    remedy="exclude it",
                )
                for i in order
            ]
        )
    if not result.converged:  # type: ignore[attr-defined]
        raise ModelError(Fault("the logistic regression did not converge", code="not_converged"))


def _not_bounded(x: Floats, y: Floats, w: Floats, names: Sequence[str], labels: Labels) -> ModelError:
    """The error where the likelihood has no maximum under bounds, in the terms that separate."""
    told = _of_plane(find_separation(x[w > 0], y[w > 0], names), labels)
    if not told:
        return ModelError(Fault("the logistic regression did not converge", code="not_converged"))
    return ModelError(
        [
            Fault(f"{n} separates good from bad", "separation", path=n, found=t.removeprefix("; "), remedy="exclude it")
            for n, t in told.items()
        ]
    )


def _all_but_sure(result: object) -> bool:
    """Whether a row that is not left out has a linear predictor beyond what data without separation give."""
    eta = np.asarray(result.predict(which="linear"))  # type: ignore[attr-defined]
    return bool(np.max(np.abs(eta), initial=0.0) > SURE)


def _of_plane(found: Separation | None, labels: Labels) -> dict[str, str]:
    """By term, what the plane that separates the classes says of it, in words; nothing where there is no plane."""
    if found is None:
        return {}
    of = f"{found.kind} separation of {found.apart} of {found.rows} rows"
    return {name: f"; {of}, {separated_words(values, labels.get(name))}" for name, values in found.values.items()}


def correlation_matrix(x: Floats, weights: Floats | None = None) -> Floats:
    """Pearson correlations (k, k) of the columns of x (n, k), none constant; weights (n,) frequency-type."""
    if weights is None or np.all(weights == weights[0]):
        return np.corrcoef(x, rowvar=False).reshape(x.shape[1], x.shape[1])
    covariance = np.atleast_2d(np.cov(x, rowvar=False, aweights=weights, ddof=0))
    deviation = np.sqrt(np.diag(covariance))
    return covariance / np.outer(deviation, deviation)


def variance_inflation(x: Floats, weights: Floats | None = None) -> Floats:
    """Variance inflation factors (k,) of the columns of x (n, k): diagonal of the inverse correlation matrix.

    Belsley, Kuh & Welsch (1980), section 3.2. Infinite where a column is a combination of the others. weights (n,)
    frequency-type.
    """
    if x.shape[1] == 1:
        return np.ones(1)
    try:
        return np.diag(np.linalg.inv(correlation_matrix(x, weights))).copy()
    except np.linalg.LinAlgError:
        return np.full(x.shape[1], np.inf)


def coefficient_frame(fit: LogisticFit, x: Floats, weights: Floats | None = None) -> pd.DataFrame:
    """Evidence `scorecard.coefficients.{model}`. On weights of evidence coefficients of a model of bads are negative.

    x (n, k) of the fit and its weights (n,), for the variance inflation.
    """
    inflation = [np.nan, *variance_inflation(x, weights)]
    agrees = [None, *(None if held else bool(b < 0) for b, held in zip(fit.coef[1:], ~fit.free[1:], strict=True))]
    return pd.DataFrame(
        {
            "term": fit.terms,
            "coefficient": fit.coef,
            "standard_error": fit.standard_error,
            "z": fit.z,
            "p_value": fit.p_value,
            "lower": fit.lower,
            "upper": fit.upper,
            "variance_inflation": inflation,
            "expected_sign": [None, *(["negative"] * (len(fit.terms) - 1))],
            "sign_agrees": pd.Series(agrees, dtype=object),
        }
    )


def fit_frame(fit: LogisticFit) -> pd.DataFrame:
    """Evidence `scorecard.fit.{model}`: likelihoods, information criteria, counts."""
    free = fit.free
    k, others = int(free.sum()), np.flatnonzero(free)[1:]
    wald = wald_chi_square(fit.coef[others], fit.covariance[np.ix_(others, others)])
    items = {
        "log likelihood": fit.log_likelihood,
        "log likelihood of the constant": fit.null_log_likelihood,
        "likelihood ratio chi-square": 2 * (fit.log_likelihood - fit.null_log_likelihood),
        "degrees of freedom": float(k - 1),
        "Wald chi-square": wald,
        "Wald p-value": float(special.chdtrc(k - 1, wald)),
        "McFadden pseudo R-squared": 1 - fit.log_likelihood / fit.null_log_likelihood,
        "Akaike information criterion": 2 * k - 2 * fit.log_likelihood,
        "Bayesian information criterion": k * float(np.log(fit.rows)) - 2 * fit.log_likelihood,
        "rows": float(fit.rows),
        "bads": fit.bads,
        "bads per coefficient": fit.bads / max(k - 1, 1),
        "iterations": float(fit.iterations),
    }
    return pd.DataFrame({"item": list(items), "value": list(items.values())})


def correlation_frame(x: Floats, names: Sequence[str], weights: Floats | None = None) -> pd.DataFrame:
    """Evidence `scorecard.correlation.{model}`: each pair once, strongest first. x (n, k), weights (n,)."""
    matrix = correlation_matrix(x, weights)
    pairs = [(names[i], names[j], float(matrix[i, j])) for i in range(len(names)) for j in range(i)]
    pairs.sort(key=lambda row: (-abs(row[2]), row[0], row[1]))
    return pd.DataFrame(pairs, columns=["characteristic", "other", "correlation"])
