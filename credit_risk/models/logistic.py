"""Logistic regression with statsmodels' inference."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.extras import optional_import

Floats = NDArray[np.float64]
SEPARATION_COEFFICIENT = 30.0


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """Fit of log-odds of bad. terms (k+1,) begin with `intercept`; the other vectors are (k+1,) in that order.

    covariance (k+1, k+1) is the inverse observed information (Wald). Log likelihoods are weighted.
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
) -> LogisticFit:
    """Maximum likelihood of ln(p/(1−p)) = a + x·b by iteratively reweighted least squares.

    McCullagh & Nelder (1989), chapter 4.

    x (n, k) without constant, y (n,) 0/1 with 1 = bad, weights (n,) frequency-type. Intervals are Wald at `confidence`.
    Raises ModelError where a term is constant or collinear, the classes are separated, or it does not converge.
    """
    sm = optional_import("statsmodels.api", "model")
    tools = optional_import("statsmodels.tools.sm_exceptions", "model")
    _refuse_collinear(x, names)
    design = np.column_stack([np.ones(len(y)), x])
    w = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    with warnings.catch_warnings(), np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        # a separated fit overflows on its way; what it ends at is judged below
        warnings.simplefilter("ignore", category=tools.PerfectSeparationWarning)
        model = sm.GLM(y, design, family=sm.families.Binomial(), freq_weights=w)
        result = model.fit(maxiter=100, tol=1e-13, tol_criterion="deviance")
    _refuse_separation(result, names)
    bounds = result.conf_int(alpha=1 - confidence)
    rate = float(np.sum(w * y) / np.sum(w))
    null = float(np.sum(w) * (rate * np.log(rate) + (1 - rate) * np.log1p(-rate)))
    return LogisticFit(
        terms=("intercept", *names),
        coef=np.asarray(result.params, float),
        standard_error=np.asarray(result.bse, float),
        z=np.asarray(result.tvalues, float),
        p_value=np.asarray(result.pvalues, float),
        lower=np.asarray(bounds[:, 0], float),
        upper=np.asarray(bounds[:, 1], float),
        covariance=np.asarray(result.cov_params(), float),
        log_likelihood=float(result.llf),
        null_log_likelihood=null,
        iterations=int(result.fit_history["iteration"]),
        rows=len(y),
        bads=float(np.sum(w * y)),
    )


def _refuse_collinear(x: Floats, names: Sequence[str]) -> None:
    constant = [name for name, column in zip(names, x.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise ModelError([Fault(f"{name} is constant", code="constant_term", path=name) for name in constant])
    if x.shape[1] and np.linalg.matrix_rank(x - x.mean(axis=0)) < x.shape[1]:
        text = "some characteristics are linear combinations of others"
        raise ModelError(
            Fault(text, code="collinear", remedy="lower selection.max_correlation, or exclude one of them")
        )


def _refuse_separation(result: object, names: Sequence[str]) -> None:
    params = np.asarray(result.params)  # type: ignore[attr-defined]
    wild = [n for n, b in zip(names, params[1:], strict=True) if not np.isfinite(b) or abs(b) > SEPARATION_COEFFICIENT]
    if wild:
        faults = [Fault(f"{n} separates good from bad", code="separation", path=n, remedy="exclude it") for n in wild]
        raise ModelError(faults)
    if not result.converged:  # type: ignore[attr-defined]
        raise ModelError(Fault("the logistic regression did not converge", code="not_converged"))


def variance_inflation(x: Floats) -> Floats:
    """Variance inflation factors (k,) of the columns of x (n, k): diagonal of the inverse correlation matrix.

    Belsley, Kuh & Welsch (1980), section 3.2. Infinite where a column is a combination of the others.
    """
    if x.shape[1] == 1:
        return np.ones(1)
    correlation = np.corrcoef(x, rowvar=False)
    try:
        return np.diag(np.linalg.inv(correlation)).copy()
    except np.linalg.LinAlgError:
        return np.full(x.shape[1], np.inf)


def coefficient_frame(fit: LogisticFit, x: Floats) -> pd.DataFrame:
    """Evidence `model.coefficients`. On weights of evidence the sign of a bad-probability model is negative."""
    inflation = [np.nan, *variance_inflation(x)]
    agrees = [None, *(bool(b < 0) for b in fit.coef[1:])]
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
    """Evidence `model.fit`: likelihoods, information criteria, counts."""
    k = len(fit.terms)
    items = {
        "log likelihood": fit.log_likelihood,
        "log likelihood of the constant": fit.null_log_likelihood,
        "likelihood ratio chi-square": 2 * (fit.log_likelihood - fit.null_log_likelihood),
        "degrees of freedom": float(k - 1),
        "McFadden pseudo R-squared": 1 - fit.log_likelihood / fit.null_log_likelihood,
        "Akaike information criterion": 2 * k - 2 * fit.log_likelihood,
        "Bayesian information criterion": k * float(np.log(fit.rows)) - 2 * fit.log_likelihood,
        "rows": float(fit.rows),
        "bads": fit.bads,
        "bads per coefficient": fit.bads / max(k - 1, 1),
        "iterations": float(fit.iterations),
    }
    return pd.DataFrame({"item": list(items), "value": list(items.values())})


def correlation_frame(x: Floats, names: Sequence[str]) -> pd.DataFrame:
    """Evidence `model.correlation`: each pair once, strongest first."""
    matrix = np.corrcoef(x, rowvar=False).reshape(len(names), len(names))
    pairs = [(names[i], names[j], float(matrix[i, j])) for i in range(len(names)) for j in range(i)]
    pairs.sort(key=lambda row: (-abs(row[2]), row[0], row[1]))
    return pd.DataFrame(pairs, columns=["characteristic", "other", "correlation"])
