"""Told of the covariance of the coefficients: evidence `scorecard.covariance.{model}`, notes of the tables it is in."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from credit_risk.models.covariance import cluster_count, small_sample_factor
from credit_risk.models.logistic import LogisticFit

FORMULAS = MappingProxyType(
    {
        "nonrobust": "inverse of the observed information",
        "hc0": "sandwich of the scores of rows (Huber 1967, White 1982), without a small-sample factor",
        "hc1": "sandwich of the scores of rows (Huber 1967, White 1982), times n/(n - k)",
        "cluster": "sandwich of the scores of clusters (Liang and Zeger 1986), times G/(G - 1) · (n - 1)/(n - k)",
    }
)
WORDS = MappingProxyType(
    {
        "nonrobust": "from the inverse observed information: rows are taken as independent",
        "hc0": "from the sandwich of the scores of rows (HC0)",
        "hc1": "from the sandwich of the scores of rows (HC1)",
        "cluster": "clustered, from the sandwich of the scores of clusters (Liang and Zeger 1986, CR1)",
    }
)
FEW_CLUSTERS = 50


def covariance_items(fit: LogisticFit, declared: str) -> dict[str, str | int | float | None]:
    """Evidence `scorecard.covariance.{model}`: which covariance, why, its formula, and what it changes."""
    kind, codes = fit.dependence.kind, fit.dependence.clusters
    clusters = cluster_count(codes)
    largest = None if codes is None else int(np.bincount(codes).max())
    repeat = largest is not None and largest > 1
    told = "rows of one cluster repeat" if repeat else "no two rows of development share a cluster"
    ratio = fit.standard_error / fit.independent_error
    return {
        "covariance": kind,
        "declared in the plan": declared,
        "rows": told,
        "formula": FORMULAS[kind],
        "n, rows": fit.rows,
        "k, coefficients": len(fit.terms) - len(fit.bound),
        "G, clusters": clusters,
        "rows of the largest cluster": largest,
        "small-sample factor": small_sample_factor(kind, fit.rows, len(fit.terms) - len(fit.bound), clusters),
        "standard errors over those of independent rows, least": float(np.nanmin(ratio)),
        "standard errors over those of independent rows, greatest": float(np.nanmax(ratio)),
    }


def covariance_notes(fit: LogisticFit, confidence: float, interval: str = "wald") -> tuple[str, ...]:
    """Notes of the tables of coefficients and fit: where intervals and tests come from, and their limits."""
    kind, codes = fit.dependence.kind, fit.dependence.clusters
    of = "Wald intervals" if interval == "wald" else "intervals of the profile likelihood (Venzon and Moolgavkar 1988)"
    notes = [f"{of} at confidence {confidence!r} and normal tests; standard errors {WORDS[kind]}"]
    if fit.bound:
        held = ", ".join(fit.bound)
        notes.append(
            f"held at zero by the bound on its sign: {held}; errors, tests and intervals are conditional on that"
        )
    repeat = codes is not None and int(np.bincount(codes).max()) > 1
    if repeat and kind != "cluster":
        notes.append("rows of one cluster repeat, which these standard errors do not allow for: they are too small")
    if repeat:
        wald = "; the Wald test does not" if kind == "cluster" else ", and so does the Wald test"
        notes.append(f"likelihood ratio and information criteria take rows as independent{wald}")
    clusters = cluster_count(codes)
    if kind == "cluster" and clusters is not None and clusters < FEW_CLUSTERS:
        notes.append(
            f"{clusters} clusters are few: below {FEW_CLUSTERS}, clustered standard errors tend to be too small"
        )
    return tuple(notes)
