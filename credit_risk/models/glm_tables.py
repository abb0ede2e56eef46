"""Tables and figures of a generalised linear model, with the columns of the evidence catalogue."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from credit_risk.evaluation.intervals import normal_quantile
from credit_risk.evaluation.measure_bands import even_edges
from credit_risk.models.covariance import cluster_count
from credit_risk.models.glm import GlmFit
from credit_risk.models.glm_spec import GlmSpec
from credit_risk.models.glm_terms import CLASSED, Terms
from credit_risk.models.logistic import variance_inflation
from credit_risk.models.residuals import Residuals
from credit_risk.models.variance_power import PowerProfile

Floats = NDArray[np.float64]
SHOWN_ROWS, SHOWN_QUANTILES, RESIDUAL_BANDS = 1_000, 200, 20
COVARIANCES = MappingProxyType(
    {
        "nonrobust": "inverse of the expected information, times the dispersion (none for beta)",
        "hc0": "sandwich of the scores of rows",
        "hc1": "sandwich of the scores of rows, times n/(n − k)",
        "cluster": "sandwich of the scores of clusters, times G/(G − 1)·(n − 1)/(n − k)",
    }
)
COEFFICIENT_COLUMNS = [
    *("term", "kind", "coefficient", "standard_error", "statistic", "p_value", "lower", "upper"),
    *("variance_inflation", "expected_sign", "sign_agrees"),
]


def coefficient_frame(fit: GlmFit, terms: Terms, x: Floats, weights: Floats) -> pd.DataFrame:
    """Evidence `glm.coefficients.{model}`. x (n, k): columns of the terms; classed ones are expected to be positive."""
    kinds = ["intercept", *(t.kind for t in terms.terms)]
    inflation = [np.nan, *(variance_inflation(x, weights) if x.shape[1] else ())]
    expected = ["positive" if kind == CLASSED else None for kind in kinds]
    agrees = [None if e is None else bool(b > 0) for e, b in zip(expected, fit.coef, strict=True)]
    values = (fit.terms, kinds, fit.coef, fit.standard_error, fit.statistic, fit.p_value, fit.lower, fit.upper)
    frame = pd.DataFrame(dict(zip(COEFFICIENT_COLUMNS, values, strict=False)))
    frame["variance_inflation"] = inflation
    frame["expected_sign"], frame["sign_agrees"] = expected, pd.Series(agrees, dtype=object)
    return frame


def inference_note(fit: GlmFit) -> str:
    """What intervals and p-values are of."""
    law = (
        "the normal distribution" if fit.degrees is None else f"Student's t with {fit.degrees:,.0f} degrees of freedom"
    )
    kind = COVARIANCES[fit.dependence.kind]
    return f"intervals at confidence {fit.confidence!r} and p-values by {law}; covariance: {kind}"


def fit_frame(fit: GlmFit, estimated: int) -> pd.DataFrame:
    """Evidence `glm.fit.{model}`. estimated: how many numbers were estimated by likelihood, the variance power too."""
    items: dict[str, float | None] = {
        "deviance": fit.deviance,
        "deviance of the constant": fit.null_deviance,
        "deviance explained": 1 - fit.deviance / fit.null_deviance,
        "Pearson chi-square": fit.pearson,
        "dispersion": fit.dispersion,
        "dispersion of greatest likelihood": fit.likely_dispersion,
        "log likelihood": fit.log_likelihood,
    }
    if fit.log_likelihood is not None:
        items["Akaike information criterion"] = 2 * estimated - 2 * fit.log_likelihood
        items["Bayesian information criterion"] = estimated * float(np.log(fit.rows)) - 2 * fit.log_likelihood
    if fit.precision_error is not None:
        items["precision"], items["standard error of the precision"] = 1 / fit.dispersion - 1, fit.precision_error
    items |= {
        "numbers estimated": float(estimated),
        "degrees of freedom": float(fit.rows - len(fit.coef)),
        "rows": float(fit.rows),
        "weight": fit.weight,
        "iterations": float(fit.iterations),
    }
    told = {name: value for name, value in items.items() if value is not None}
    return pd.DataFrame({"item": list(told), "value": list(told.values())})


def parameter_items(
    spec: GlmSpec,
    fit: GlmFit,
    terms: Terms,
    *,
    exposure: str | None,
    squeezed: int | None,
    profile: PowerProfile | None,
) -> dict[str, str]:
    """Evidence `glm.parameters.{model}`: every choice that the fit rests on. squeezed: rows of the squeeze, or None."""
    family = fit.family
    items = {"family": family.name, "link": family.link.name}
    if family.variance_power is not None:
        items["variance power"] = repr(family.variance_power)
        items["variance power, source"] = "plan" if profile is None else _told(profile)
    if spec.family == "beta":
        items["transformation of the fractions"] = (
            "none" if squeezed is None else f"(y·(n − 1) + 0.5)/n with n = {squeezed} (Smithson & Verkuilen 2006)"
        )
    items["exposure"] = "none" if exposure is None else f"offset ln({exposure})"
    items["offset"] = spec.offset or "none"
    items["covariance"] = f"{fit.dependence.kind}: {COVARIANCES[fit.dependence.kind]}"
    items["covariance, declared"] = spec.covariance
    clusters = cluster_count(fit.dependence.clusters)
    if fit.dependence.kind == "cluster" and clusters is not None:
        items["clusters"] = str(clusters)
    items["weights"] = "prior weights: variance φ·V(μ)/w" if spec.family != "beta" else "of the log likelihood"
    items["confidence"] = repr(spec.confidence)
    return items | {f"raw term {name}": words for name, words in terms.settled.items()}


def _told(profile: PowerProfile) -> str:
    ends = ", ".join("outside" if np.isnan(end) else repr(end) for end in (profile.lower, profile.upper))
    told = f"profile likelihood, interval ({ends}) at confidence {profile.confidence!r}"
    return told + (", at the end of the powers looked at: no inner power is more likely" if profile.at_end else "")


POWER_CHART: dict[str, Any] = {
    "type": "line",
    "x": "variance_power",
    "y": ["log_likelihood"],
    "x_title": "Variance power",
    "y_title": "Log likelihood",
}
RESIDUAL_CHART: dict[str, Any] = {
    "type": "scatter",
    "x": "linear_predictor",
    "y": ["deviance_residual"],
    "x_title": "Linear predictor",
    "y_title": "Deviance residual",
    "reference": "zero",
}
MEAN_CHART: dict[str, Any] = {
    "type": "interval",
    "x": "linear_predictor",
    "y": ["mean_residual"],
    "lower": "lower",
    "upper": "upper",
    "x_title": "Mean linear predictor of the band",
    "y_title": "Mean deviance residual",
    "reference": "zero",
}
QUANTILE_CHART: dict[str, Any] = {
    "type": "scatter",
    "x": "normal_quantile",
    "y": ["residual"],
    "x_title": "Normal quantile",
    "y_title": "Quantile residual",
    "reference": "diagonal",
}


def residual_frame(linear: Floats, found: Residuals) -> pd.DataFrame:
    """Data of figure `glm.residuals.{model}`: rows in the order of the linear predictor (n,), at most SHOWN_ROWS.

    They are taken evenly in that order, so that what is shown depends on the rows alone.
    """
    order = np.lexsort((found.deviance, linear))
    kept = order[evenly(len(order), SHOWN_ROWS)]
    return pd.DataFrame({"linear_predictor": linear[kept], "deviance_residual": found.deviance[kept]})


def evenly(rows: int, most: int) -> NDArray[np.int64]:
    """At most `most` of the places 0..rows−1, the first and the last among them."""
    return np.unique(np.linspace(0, rows - 1, min(rows, most)).astype(np.int64))


def residual_mean_frame(linear: Floats, found: Residuals, confidence: float) -> pd.DataFrame:
    """Data of figure `glm.residual_means.{model}`: mean deviance residual by band of the linear predictor (n,).

    Bands hold like numbers of rows, those of one linear predictor together; the interval takes rows as independent.
    """
    edges = even_edges(linear, np.ones(len(linear)), RESIDUAL_BANDS)
    band = np.searchsorted(edges, linear, side="right")
    rows = []
    for number in range(len(edges) + 1):
        part = np.flatnonzero(band == number)
        values = found.deviance[part]
        mean = float(np.mean(values))
        half = (
            normal_quantile(confidence) * float(np.std(values, ddof=1)) / len(part) ** 0.5 if len(part) > 1 else np.nan
        )
        rows.append((float(np.mean(linear[part])), mean, mean - half, mean + half, len(part)))
    return pd.DataFrame(rows, columns=["linear_predictor", "mean_residual", "lower", "upper", "rows"])


def quantile_frame(quantile: Floats) -> pd.DataFrame:
    """Data of figure `glm.residual_quantiles.{model}`: order statistics against normal quantiles at (i − ½)/n."""
    ordered = np.sort(quantile)
    kept = evenly(len(ordered), SHOWN_QUANTILES)
    return pd.DataFrame({"normal_quantile": ndtri((kept + 0.5) / len(ordered)), "residual": ordered[kept]})
