"""Covariance of the coefficients of a logistic regression: of independent rows, robust, or clustered.

With A = Σ wᵢ pᵢ(1 − pᵢ) xᵢxᵢ' the observed information and sᵢ = wᵢ(yᵢ − pᵢ)xᵢ the score of row i:

    nonrobust   A⁻¹
    hc0         A⁻¹ (Σᵢ sᵢsᵢ') A⁻¹                        (Huber 1967; White 1982, Econometrica 50, 1-25)
    hc1         n/(n − k) times hc0
    cluster     c A⁻¹ (Σ_g S_gS_g') A⁻¹, S_g = Σ_{i in g} sᵢ,   c = G/(G − 1) · (n − 1)/(n − k)
                (Liang and Zeger 1986, Biometrika 73, 13-22; CR1 factor as in Stata and statsmodels)

n rows, k coefficients with the constant, G clusters. A row is one observation whatever its weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from credit_risk._core.errors import Fault, ModelError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
CovarianceType = Literal["nonrobust", "hc0", "hc1", "cluster"]
NONROBUST: CovarianceType = "nonrobust"


@dataclass(frozen=True, slots=True)
class Rows:
    """How the rows of a fit belong together.

    kind: covariance to be made; clusters (n,): whole numbers, equal where rows share a cluster, or None where no row
    does.
    """

    kind: CovarianceType = NONROBUST
    clusters: Codes | None = None


INDEPENDENT = Rows()


def chosen_covariance(declared: str, clusters: Codes | None) -> Rows:
    """What `declared` means on these rows: auto is cluster where two of them share one, else nonrobust."""
    numbers = None if clusters is None else np.unique(clusters, return_inverse=True)[1].astype(np.int64)
    repeat = numbers is not None and len(numbers) > 0 and int(numbers.max()) + 1 < len(numbers)
    kind = declared if declared != "auto" else "cluster" if repeat else NONROBUST
    return Rows(kind, numbers)  # type: ignore[arg-type]


def small_sample_factor(kind: CovarianceType, rows: int, coefficients: int, clusters: int | None) -> float:
    """Factor of the sandwich. Raises ModelError where there are no more rows than coefficients, or one cluster."""
    if kind in ("nonrobust", "hc0"):
        return 1.0
    faults = []
    if rows <= coefficients:
        faults.append(Fault("no more rows than coefficients", code="too_few_rows", found=f"{rows} rows"))
    if kind == "cluster" and (clusters is None or clusters < 2):
        found = "no row names a cluster" if clusters is None else "all rows are one cluster"
        remedy = "write covariance: hc1 or nonrobust"
        message = "clustered standard errors need two clusters or more"
        faults.append(Fault(message, code="too_few_clusters", path="models.covariance", found=found, remedy=remedy))
    if faults:
        raise ModelError(faults)
    if kind == "hc1":
        return rows / (rows - coefficients)
    assert clusters is not None
    return clusters / (clusters - 1.0) * ((rows - 1.0) / (rows - coefficients))


def cluster_count(clusters: Codes | None) -> int | None:
    """How many clusters there are, or None where none is known. clusters (n,)."""
    return None if clusters is None else len(np.unique(clusters))


def cluster_sums(values: Floats, clusters: Codes) -> Floats:
    """Sums over the rows of each cluster, (G, k), of values (n, k); clusters (n,) numbered from 0."""
    return np.column_stack([np.bincount(clusters, column) for column in values.T])


def coefficient_covariance(bread: Floats, scores: Floats, rows: Rows) -> Floats:
    """Covariance (k, k) of the coefficients. bread (k, k): A⁻¹; scores (n, k): of the rows; see the module docstring.

    Raises ModelError as `small_sample_factor` does.
    """
    if rows.kind == NONROBUST:
        return bread
    n, k = scores.shape
    factor = small_sample_factor(rows.kind, n, k, cluster_count(rows.clusters))
    sums = scores
    if rows.kind == "cluster":
        assert rows.clusters is not None
        sums = cluster_sums(scores, rows.clusters)
    half = sums @ bread
    return factor * (half.T @ half)


def score_variance(scores: Floats, coefficients: int, rows: Rows) -> float:
    """Variance of the sum of scores (n,) of one more coefficient, the others of `coefficients` estimated, under `rows`.

    The generalised score test (Boos 1992, The American Statistician 46, 327-333): `scores` are those of the new
    coefficient with what the estimated ones explain of it taken out. Not for nonrobust, which has a closed form.
    """
    factor = small_sample_factor(rows.kind, len(scores), coefficients, cluster_count(rows.clusters))
    sums = scores if rows.clusters is None or rows.kind != "cluster" else np.bincount(rows.clusters, scores)
    return factor * float(sums @ sums)


def wald_chi_square(coef: Floats, covariance: Floats) -> float:
    """b'V⁻¹b of coefficients (m,) with covariance (m, m); NaN where V has no inverse (no more clusters than m)."""
    if np.linalg.matrix_rank(covariance) < len(coef):
        return float("nan")
    return float(coef @ np.linalg.solve(covariance, coef))
