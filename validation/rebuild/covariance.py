"""Covariance of the coefficients from the scores of rows or clusters, by the validator's own sums.

Rows i with scores s_i = w_i·(y_i − p_i)·x_i, information A, n rows, k coefficients, G clusters:
nonrobust A⁻¹; hc0 A⁻¹·Σ s_i s_i'·A⁻¹ (White 1982); hc1 that times n / (n − k);
cluster A⁻¹·Σ_g (Σ_{i in g} s_i)(Σ_{i in g} s_i)'·A⁻¹ times G / (G − 1)·(n − 1) / (n − k) (Liang and Zeger 1986).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse

from validation.rebuild.clusters import Integers, dense, repeat

Floats = NDArray[np.float64]
KINDS = ("nonrobust", "hc0", "hc1", "cluster")


def resolve(declared: str, clusters: Integers) -> str:
    """Return the covariance that a declaration means on these rows: auto is cluster where two share one."""
    if declared != "auto":
        return declared
    return "cluster" if repeat(clusters) else "nonrobust"


def factor(kind: str, rows: int, coefficients: int, clusters: int) -> float:
    """Return the small-sample factor; ValueError where it has no value."""
    if kind == "hc1":
        if rows <= coefficients:
            raise ValueError("no more rows than coefficients")
        return rows / (rows - coefficients)
    if kind == "cluster":
        if clusters < 2 or rows <= coefficients:
            raise ValueError("fewer than two clusters, or no more rows than coefficients")
        return (clusters * (rows - 1.0)) / ((clusters - 1.0) * (rows - coefficients))
    return 1.0


def covariance(kind: str, information: Floats, scores: Floats, clusters: Integers) -> Floats:
    """Return the covariance (k, k): information (k, k), scores (n, k), clusters (n,) whole numbers.

    Raises ValueError for an unknown kind and where `factor` does, numpy.linalg.LinAlgError where A is singular.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown covariance {kind}")
    if kind == "nonrobust":
        return linalg.inv(information)
    rows, coefficients = scores.shape
    numbers, count = dense(clusters)
    meat = scores.T @ scores
    if kind == "cluster":
        place = sparse.csr_array((np.ones(rows), (numbers, np.arange(rows))), shape=(count, rows))
        sums = place @ scores
        meat = sums.T @ sums
    root = linalg.cho_factor(information)
    left = linalg.cho_solve(root, meat)
    return factor(kind, rows, coefficients, count) * linalg.cho_solve(root, left.T)


def wald(coefficient: Floats, matrix: Floats) -> float:
    """Return b'V⁻¹b, or NaN where V (m, m) is singular."""
    if np.linalg.matrix_rank(matrix) < len(coefficient):
        return float("nan")
    return float(coefficient @ linalg.solve(matrix, coefficient, assume_a="sym"))
