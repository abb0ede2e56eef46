"""The validator's own simple model: ridge logistic regression on the log-odds of its own classes, and cross-fitting.

Everything is additive in the characteristics, so that the model is readable: each class of each characteristic has one
number. It serves as a challenger of the champion and as the classifier that tells two samples, or two groups, apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

from validation.rebuild.characteristics import Classes
from validation.rebuild.clusters import Integers, dense

Floats = NDArray[np.float64]
PRIOR_ROWS = 20.0
RIDGE = 1.0
STEPS = 25
CLOSE = 1e-9
MINIMUM_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class Additive:
    """A model Σ coefficient·log-odds of the class. names (k,) and tables (k) of shrunk log-odds less their mean,
    coefficient (k,); ridge and prior as fitted."""

    names: tuple[str, ...]
    tables: tuple[Floats, ...]
    coefficient: Floats
    intercept: float

    def score(self, classes: Sequence[Classes], rows: Integers) -> Floats:
        """Return the log-odds of the event for some rows."""
        held = {one.name: one for one in classes}
        total = np.full(len(rows), self.intercept)
        for name, table, slope in zip(self.names, self.tables, self.coefficient, strict=True):
            total += slope * table[held[name].ids[rows]]
        return total


def log_odds(ids: Integers, size: int, event: Floats, weight: Floats, prior: float = PRIOR_ROWS) -> Floats:
    """Return of each class (size,) ln(p/(1 − p)) less that of all, p = (events + prior·rate)/(weight + prior).

    The prior (in rows of weight 1) draws small classes to the rate of all, so that none is infinite.
    """
    total, events = np.bincount(ids, weight, size), np.bincount(ids, weight * event, size)
    rate = float(np.sum(events) / np.sum(total))
    return np.asarray(special.logit((events + prior * rate) / (total + prior)) - special.logit(rate))


def fit(
    classes: Sequence[Classes], rows: Integers, event: Floats, weight: Floats, ridge: float = RIDGE
) -> Additive | None:
    """Fit on some rows: event (m,) 1 or 0 and weight (m,) of these rows. None where one class or no characteristic.

    Minimises −Σw·ln L + ridge/2·Σ(b − 1)²·v, v the weighted sum of squares of the column over the rows' weight, so that
    without data each characteristic counts with its own log-odds; Newton's method, at most 25 steps.
    """
    if len(np.unique(event)) < 2:
        return None
    weight = weight * len(weight) / float(np.sum(weight))
    names, tables, columns = [], [], []
    for one in classes:
        table = log_odds(one.ids[rows], one.size, event, weight)
        column = table[one.ids[rows]]
        if np.ptp(column) > MINIMUM_SPREAD:
            names.append(one.name)
            tables.append(table)
            columns.append(column)
    if not names:
        return None
    x = np.column_stack([np.ones(len(rows)), *columns])
    penalty = ridge * np.append(0.0, weight @ x[:, 1:] ** 2 / np.sum(weight))
    beta = np.append(float(special.logit(weight @ event / np.sum(weight))), np.full(len(names), 1.0))
    centre = np.append(0.0, np.ones(len(names)))
    beta = newton(x, event, weight, beta, penalty, centre)
    return Additive(tuple(names), tuple(tables), beta[1:], float(beta[0]))


def newton(x: Floats, y: Floats, weight: Floats, beta: Floats, penalty: Floats, centre: Floats) -> Floats:
    """Return the minimum over b (k,) of −Σw·ln L(y | xb) + Σpenalty/2·(b − centre)², from `beta`, steps halved."""

    def loss(b: Floats) -> float:
        eta = x @ b
        return float(weight @ (np.logaddexp(0.0, eta) - y * eta) + 0.5 * penalty @ (b - centre) ** 2)

    value = loss(beta)
    for _ in range(STEPS):
        p = special.expit(x @ beta)
        gradient = x.T @ (weight * (y - p)) - penalty * (beta - centre)
        curvature = (x * (weight * p * (1.0 - p))[:, None]).T @ x + np.diag(penalty)
        curvature[np.diag_indices_from(curvature)] += 1e-10 * np.trace(curvature) / len(beta)
        step = linalg.solve(curvature, gradient, assume_a="pos")
        for power in range(20):
            trial = beta + step * 0.5**power
            found = loss(trial)
            if found <= value:
                break
        else:
            return beta
        beta, gain, value = trial, value - found, found
        if gain <= CLOSE * max(1.0, abs(value)):
            break
    return beta


def folds_of(clusters: Integers, folds: int, seed: int) -> Integers:
    """Return the fold (n,) of each row: whole clusters, dealt in an order drawn from the seed."""
    numbers, count = dense(clusters)
    order = np.random.default_rng(seed).permutation(count)
    return np.asarray(order[numbers] % folds, dtype=np.int64)


def cross_fitted(
    classes: Sequence[Classes],
    rows: Integers,
    event: Floats,
    weight: Floats,
    clusters: Integers,
    folds: int,
    seed: int,
    ridge: float = RIDGE,
) -> Floats | None:
    """Return the log-odds (m,) of each row by a model that never saw its fold; None where a fold cannot be fitted."""
    part = folds_of(clusters, folds, seed)
    score = np.zeros(len(rows))
    for number in range(folds):
        inside = part == number
        if not inside.any():
            continue
        found = fit(classes, rows[~inside], event[~inside], weight[~inside], ridge)
        if found is None:
            return None
        score[inside] = found.score(classes, rows[inside])
    return score
