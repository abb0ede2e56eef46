"""Search for the model: backward, forward or stepwise, by p-value or information criterion."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2

from credit_risk.models.covariance import INDEPENDENT, NONROBUST, Rows, score_variance
from credit_risk.models.logistic import LogisticFit, fit_logistic, variance_inflation
from credit_risk.selection.spec import SelectionSpec

Floats = NDArray[np.float64]
Removal = tuple[str, str, float, float | None, str]


@dataclass(frozen=True, slots=True)
class SearchData:
    """woe ((n,) by characteristic), y (n,), weights (n,) or None, confidence of the intervals of the final fit.

    dependence: how rows belong together, for every standard error and test.
    """

    woe: Mapping[str, Floats]
    y: Floats
    weights: Floats | None
    confidence: float
    dependence: Rows = INDEPENDENT

    def fit(self, names: Sequence[str]) -> LogisticFit:
        """Logistic regression on the named characteristics."""
        x = np.column_stack([self.woe[n] for n in names])
        return fit_logistic(
            x, self.y, names, weights=self.weights, confidence=self.confidence, dependence=self.dependence
        )


def information_criterion(fit: LogisticFit, criterion: str) -> float:
    """AIC = 2k − 2·ln L, or BIC = k·ln n − 2·ln L (Schwarz 1978), k coefficients with the constant."""
    k = len(fit.terms)
    penalty = 2.0 * k if criterion == "aic" else k * float(np.log(fit.rows))
    return penalty - 2.0 * fit.log_likelihood


def score_tests(data: SearchData, names: Sequence[str], candidates: Sequence[str]) -> dict[str, float]:
    """p-values of Rao's score test for adding each candidate to the model of `names` (one degree of freedom).

    No candidate is fitted. Statistic: (z'(y − p))² / (z'Wz − z'WX (X'WX)⁻¹ X'Wz), W = w·p(1 − p)
    (Rao 1948; Hosmer, Lemeshow & Sturdivant 2013, section 4.3). With a robust or clustered covariance the denominator
    is the variance of the scores of z less its projection on X (`score_variance`).
    """
    w = np.ones(len(data.y)) if data.weights is None else data.weights
    design = np.column_stack([np.ones(len(data.y)), *(data.woe[n] for n in names)])
    rate = np.sum(w * data.y) / np.sum(w)
    p = expit(design @ data.fit(names).coef) if names else np.full(len(data.y), rate)
    v, residual = w * p * (1 - p), w * (data.y - p)
    inverse = np.linalg.inv(design.T @ (design * v[:, None]))
    found = {}
    for name in candidates:
        z = data.woe[name]
        cross, total = design.T @ (v * z), float(z @ (v * z))
        projection = inverse @ cross
        variance = total - float(cross @ projection)
        if data.dependence.kind != NONROBUST and variance > 1e-12 * total:
            apart = (z - design @ projection) * residual
            variance = score_variance(apart, design.shape[1] + 1, data.dependence)
        statistic = float(z @ residual) ** 2 / variance if variance > 1e-12 * total else 0.0
        found[name] = float(chi2.sf(statistic, 1))
    return found


def search(
    names: Sequence[str], data: SearchData, spec: SelectionSpec, drop: Callable[..., None]
) -> tuple[list[str], LogisticFit | None]:
    """The final names in the order given, and their fit (None where nothing is left).

    drop(name, step, value, threshold, reason) records each characteristic that does not enter or leaves.
    """
    kept = set(spec.included)
    if spec.method in ("forward", "stepwise"):
        chosen = _forward(list(names), data, spec, kept, drop)
    else:
        chosen = list(names)
    return _backward(chosen, data, spec, kept, drop)


def _forward(
    names: list[str], data: SearchData, spec: SelectionSpec, kept: Collection[str], drop: Callable[..., None]
) -> list[str]:
    """Enter one at a time, the most significant by score test first; stepwise looks back after each entry."""
    model = [n for n in names if n in kept]
    refused: dict[str, Removal] = {}
    while True:
        waiting = [n for n in names if n not in model and n not in refused]
        if not waiting:
            break
        p_values = score_tests(data, model, waiting)
        best = min(waiting, key=lambda n: (p_values[n], names.index(n)))
        reason = _no_entry(best, p_values[best], model, data, spec)
        if reason is not None:
            refused[best] = reason
            if reason[1] != "sign":
                refused |= {n: _not_entered(n, p_values[n], spec) for n in waiting if n != best}
                break
            continue
        model.append(best)
        if spec.method == "stepwise":
            model = _look_back(model, data, spec, kept, refused)
    for removal in refused.values():
        drop(*removal)
    return [n for n in names if n in model]


def _no_entry(name: str, p_value: float, model: list[str], data: SearchData, spec: SelectionSpec) -> Removal | None:
    """Why the best candidate may not enter, or None where it may."""
    if spec.criterion == "p_value" and p_value > spec.max_p_value:
        return _not_entered(name, p_value, spec)
    after = data.fit([*model, name])
    if spec.sign_check and after.coefficient(name) >= 0:
        return name, "sign", after.coefficient(name), 0.0, "coefficient on weight of evidence would not be negative"
    if spec.criterion != "p_value":
        before = information_criterion(data.fit(model), spec.criterion) if model else np.inf
        value = information_criterion(after, spec.criterion)
        if value >= before:
            reason = f"{spec.criterion.upper()} would not fall"
            return name, "entry", value, float(before), reason
    return None


def _not_entered(name: str, p_value: float, spec: SelectionSpec) -> Removal:
    if spec.criterion == "p_value":
        return name, "entry", p_value, spec.max_p_value, "score test above the threshold"
    return name, "entry", p_value, None, f"{spec.criterion.upper()} would not fall with a more significant one"


def _look_back(
    model: list[str], data: SearchData, spec: SelectionSpec, kept: Collection[str], refused: dict[str, Removal]
) -> list[str]:
    """Stepwise: after an entry those that have become insignificant or changed sign leave for good."""
    while len(model) > 1:
        removal = next_removal(model, data, data.fit(model), spec, kept, inflation=False)
        if removal is None:
            break
        refused[removal[0]] = removal
        model = [n for n in model if n != removal[0]]
    return model


def _backward(
    names: list[str], data: SearchData, spec: SelectionSpec, kept: Collection[str], drop: Callable[..., None]
) -> tuple[list[str], LogisticFit | None]:
    while names:
        fit = data.fit(names)
        removal = next_removal(names, data, fit, spec, kept)
        if removal is None:
            return names, fit
        drop(*removal)
        names = [n for n in names if n != removal[0]]
    return names, None


def next_removal(
    names: Sequence[str],
    data: SearchData,
    fit: LogisticFit,
    spec: SelectionSpec,
    kept: Collection[str],
    *,
    inflation: bool = True,
) -> Removal | None:
    """The next to leave: wrong sign, then the criterion, then variance inflation; None where all pass."""
    free = [i for i, n in enumerate(names) if n not in kept]
    coefficient = fit.coef[1:]
    wrong = [i for i in free if coefficient[i] >= 0]
    if spec.sign_check and wrong:
        i = max(wrong, key=lambda j: coefficient[j])
        return names[i], "sign", float(coefficient[i]), 0.0, "coefficient on weight of evidence is not negative"
    if spec.method != "all":
        removal = _by_criterion(names, free, data, fit, spec)
        if removal is not None:
            return removal
    if not inflation:
        return None
    factors = variance_inflation(np.column_stack([data.woe[n] for n in names]))
    inflated = [i for i in free if factors[i] > spec.max_variance_inflation]
    if not inflated:
        return None
    i = max(inflated, key=lambda j: factors[j])
    text = "variance inflation above the threshold"
    return names[i], "variance inflation", float(factors[i]), spec.max_variance_inflation, text


def _by_criterion(
    names: Sequence[str], free: Sequence[int], data: SearchData, fit: LogisticFit, spec: SelectionSpec
) -> Removal | None:
    if spec.criterion == "p_value":
        p_value = fit.p_value[1:]
        weak = [i for i in free if p_value[i] > spec.max_p_value]
        if not weak:
            return None
        i = max(weak, key=lambda j: p_value[j])
        return names[i], "p-value", float(p_value[i]), spec.max_p_value, "p-value above the threshold"
    if len(names) < 2 or not free:
        return None
    current = information_criterion(fit, spec.criterion)
    without = {i: information_criterion(data.fit([n for n in names if n != names[i]]), spec.criterion) for i in free}
    i = min(without, key=lambda j: without[j])
    if without[i] >= current:
        return None
    return names[i], spec.criterion.upper(), without[i], current, f"{spec.criterion.upper()} falls without it"
