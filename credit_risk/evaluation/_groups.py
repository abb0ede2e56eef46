"""Cutting rows into classes [a, b) of a number, with ties kept together."""

from __future__ import annotations

import numpy as np

from credit_risk.evaluation._arrays import Floats


def quantile_edges(values: Floats, classes: int, weights: Floats | None = None) -> Floats:
    """Interior edges of at most `classes` classes [a, b) of about equal (weighted) size, ascending.

    Edge k is the smallest observed value with at least k/classes of the rows below or at the place before
    it: the inverse of the empirical distribution function just above k/classes, so edges are values that
    occur and no class is empty on `values`. Ties may leave fewer classes.
    """
    distinct, inverse = np.unique(values, return_inverse=True)
    mass = np.bincount(inverse, weights, len(distinct)).astype(np.float64)
    below = np.concatenate([[0.0], np.cumsum(mass)[:-1]])  # rows strictly below each distinct value
    targets = np.arange(1, classes) * (mass.sum() / classes)
    after = np.searchsorted(below, targets, side="left")  # first value with at least the target below it
    before = np.maximum(after - 1, 0)
    reachable = np.minimum(after, len(distinct) - 1)
    nearer = np.abs(below[before] - targets) < np.abs(below[reachable] - targets)
    chosen = np.unique(np.where(nearer, before, reachable))
    return distinct[chosen[chosen > 0]]


def class_numbers(values: Floats, edges: Floats) -> np.ndarray:
    """Class 0 ... len(edges) of each value; class k holds edges[k-1] <= value < edges[k]."""
    return np.searchsorted(edges, values, side="right")
