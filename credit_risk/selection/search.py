"""Search for the model: backward, forward or stepwise, by p-value or information criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import chi2

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.covariance import INDEPENDENT, NONROBUST, Rows, score_variance
from credit_risk.models.logistic import LogisticFit, fit_bounded, fit_logistic, fitted_constant, variance_inflation
from credit_risk.models.separation import Labels
from credit_risk.selection.redundancy import INFLATED, Drop, greatest_inflation
from credit_risk.selection.spec import SelectionSpec

Floats = NDArray[np.float64]
Removal = tuple[str, str, float | None, float | None, str]


HELD = "held at zero by the bound on its sign: the fit is the same without it"
SEPARATES = "separates goods from bads: no finite coefficient, as of a characteristic that knows the outcome"


@dataclass(frozen=True, slots=True)
class SearchRules:
    """What lets a characteristic into the model, and what keeps it there.

    expected_sign: −1 or 1 of every coefficient, None where it is free; signs: the same by name, before it. kept: names
    that stay whatever the rules say. max_variance_inflation: None where it does not decide. coefficient: what one is
    called in reasons; entry_test: the test of those that wait.
    """

    method: Literal["backward", "forward", "stepwise", "all"]
    criterion: Literal["p_value", "aic", "bic"]
    max_p_value: float
    max_variance_inflation: float | None = None
    expected_sign: float | None = None
    signs: Mapping[str, float | None] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    coefficient: str = "coefficient"
    entry_test: str = "score test"

    def contradicts(self, name: str, coefficient: float) -> bool:
        """Whether the coefficient has not the sign that is expected of it."""
        sign = self.signs.get(name, self.expected_sign)
        return sign is not None and coefficient * sign <= 0

    def expected(self, name: str) -> str:
        """The sign in words."""
        return "negative" if self.signs.get(name, self.expected_sign) == -1 else "positive"


def rules_of(spec: SelectionSpec, *, bounded: bool = False) -> SearchRules:
    """The rules of a plan: coefficients on weights of evidence are negative where the sign is checked.

    bounded: the fits keep the sign themselves.
    """
    return SearchRules(
        method=spec.method,
        criterion=spec.criterion,
        max_p_value=spec.max_p_value,
        max_variance_inflation=spec.max_variance_inflation,
        expected_sign=-1.0 if spec.sign_check and not bounded else None,
        kept=frozenset(spec.included),
        coefficient="coefficient on weight of evidence",
    )


class AnyFit(Protocol):
    """What a search reads of a fit: vectors (k+1,), the constant first."""

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the coefficients."""

    @property
    def coef(self) -> Floats:
        """Coefficients."""

    @property
    def p_value(self) -> Floats:
        """p-values of the Wald tests."""

    @property
    def log_likelihood(self) -> float | None:
        """Weighted log likelihood, None where the model has none."""

    @property
    def rows(self) -> int:
        """Rows of the fit."""

    @property
    def bound(self) -> tuple[str, ...]:
        """Terms that a bound on their sign holds at zero."""

    def coefficient(self, term: str) -> float:
        """Coefficient of a term."""


FitType = TypeVar("FitType", bound=AnyFit)
FitMade = TypeVar("FitMade", bound=AnyFit, covariant=True)


class Searched(Protocol[FitMade]):
    """What a search works on: columns and weights, fits on any of them, score tests of those that wait.

    The terms of a fit begin with the constant and the columns named; others, which always stay, may follow.
    """

    @property
    def woe(self) -> Mapping[str, Floats]:
        """Columns (n,) by name."""

    @property
    def weights(self) -> Floats | None:
        """Weights (n,), or None."""

    def fit(self, names: Sequence[str]) -> FitMade:
        """The model of the named columns."""

    def score_tests(self, names: Sequence[str], candidates: Sequence[str]) -> dict[str, float]:
        """p-value of adding each candidate to the model of `names`."""


@dataclass(frozen=True, slots=True)
class SearchData:
    """woe ((n,) by characteristic), y (n,), weights (n,) or None, confidence of the intervals of the final fit.

    dependence: how rows belong together, for every standard error and test; bounded: no coefficient above zero;
    labels: words for the values of woe, in which separation is told; offset (n,): log-odds that every fit starts from,
    or None.
    """

    woe: Mapping[str, Floats]
    y: Floats
    weights: Floats | None
    confidence: float
    dependence: Rows = INDEPENDENT
    bounded: bool = False
    labels: Labels | None = None
    offset: Floats | None = None

    def fit(self, names: Sequence[str]) -> LogisticFit:
        """Logistic regression on the named characteristics."""
        x = np.column_stack([self.woe[n] for n in names])
        fitted = fit_bounded if self.bounded else fit_logistic
        return fitted(
            x,
            self.y,
            names,
            weights=self.weights,
            confidence=self.confidence,
            dependence=self.dependence,
            labels=self.labels,
            offset=self.offset,
        )

    def probability(self, names: Sequence[str], design: Floats) -> Floats:
        """Probability of bad (n,) by the model of the named characteristics, whose design (n, k+1) has a constant."""
        start = np.zeros(len(self.y)) if self.offset is None else self.offset
        if names:
            return np.asarray(expit(start + design @ self.fit(names).coef))
        w = np.ones(len(self.y)) if self.weights is None else self.weights
        if self.offset is None:
            return np.full(len(self.y), np.sum(w * self.y) / np.sum(w))
        return np.asarray(expit(start + fitted_constant(self.y, w, start)))

    def score_tests(self, names: Sequence[str], candidates: Sequence[str]) -> dict[str, float]:
        """As `Searched.score_tests`."""
        return score_tests(self, names, candidates)


def information_criterion(fit: AnyFit, criterion: str) -> float:
    """AIC = 2k − 2·ln L, or BIC = k·ln n − 2·ln L (Schwarz 1978), k coefficients with the constant.

    Raises ModelError where the model has no likelihood.
    """
    if fit.log_likelihood is None:
        remedy = "write selection.criterion: p_value"
        message = f"{criterion.upper()} needs a likelihood, and the model has a quasi-likelihood only"
        raise ModelError(Fault(message, "no_likelihood", path="selection.criterion", remedy=remedy))
    k = len(fit.terms) - len(fit.bound)
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
    p = data.probability(names, design)
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
    names: Sequence[str], data: Searched[FitType], rules: SearchRules, drop: Drop
) -> tuple[list[str], FitType | None]:
    """The final names in the order given, and their fit (None where nothing is left).

    drop(name, step, value, threshold, reason) records each characteristic that does not enter or leaves. Raises
    ModelError where a kept characteristic separates the classes, or a fit does not converge.
    """
    forwards = rules.method in ("forward", "stepwise")
    chosen = _forward(list(names), data, rules, drop) if forwards else list(names)
    return _backward(chosen, data, rules, drop)


def _forward(names: list[str], data: Searched[FitType], rules: SearchRules, drop: Drop) -> list[str]:
    """Enter one at a time, the most significant by score test first; stepwise looks back after each entry."""
    model = [n for n in names if n in rules.kept]
    refused: dict[str, Removal] = {}
    while True:
        waiting = [n for n in names if n not in model and n not in refused]
        if not waiting:
            break
        p_values = data.score_tests(model, waiting)
        best = min(waiting, key=lambda n: (p_values[n], names.index(n)))
        reason = _no_entry(best, p_values[best], model, data, rules)
        if reason is not None:
            refused[best] = reason
            if reason[1] not in ("sign", "separation", "bound"):
                refused |= {n: _not_entered(n, p_values[n], rules) for n in waiting if n != best}
                break
            continue
        model.append(best)
        if rules.method == "stepwise":
            model = _look_back(model, data, rules, refused)
    for removal in refused.values():
        drop(*removal)
    return [n for n in names if n in model]


def _no_entry(
    name: str, p_value: float, model: list[str], data: Searched[FitType], rules: SearchRules
) -> Removal | None:
    """Why the best candidate may not enter, or None where it may."""
    if rules.criterion == "p_value" and p_value > rules.max_p_value:
        return _not_entered(name, p_value, rules)
    try:
        after = data.fit([*model, name])
    except ModelError as error:
        if _all_held(error):
            return name, "bound", 0.0, 0.0, HELD
        if not _separates(error):
            raise
        return name, "separation", None, None, _separates_where(error, name)
    coefficient = after.coefficient(name)
    if name in after.bound:
        return name, "bound", 0.0, 0.0, HELD
    if rules.contradicts(name, coefficient):
        return name, "sign", coefficient, 0.0, f"{rules.coefficient} would not be {rules.expected(name)}"
    if rules.criterion != "p_value":
        before = information_criterion(data.fit(model), rules.criterion) if model else np.inf
        value = information_criterion(after, rules.criterion)
        if value >= before:
            return name, "entry", value, float(before), f"{rules.criterion.upper()} would not fall"
    return None


def _not_entered(name: str, p_value: float, rules: SearchRules) -> Removal:
    if rules.criterion == "p_value":
        return name, "entry", p_value, rules.max_p_value, f"{rules.entry_test} above the threshold"
    return name, "entry", p_value, None, f"{rules.criterion.upper()} would not fall with a more significant one"


def _look_back(model: list[str], data: Searched[FitType], rules: SearchRules, refused: dict[str, Removal]) -> list[str]:
    """Stepwise: after an entry those that have become insignificant or changed sign leave for good."""
    while len(model) > 1:
        removal = next_removal(model, data, data.fit(model), rules, inflation=False)
        if removal is None:
            break
        refused[removal[0]] = removal
        model = [n for n in model if n != removal[0]]
    return model


def _backward(
    names: list[str], data: Searched[FitType], rules: SearchRules, drop: Drop
) -> tuple[list[str], FitType | None]:
    while names:
        try:
            fit = data.fit(names)
        except ModelError as error:
            removal = _held_removal(names, names, rules) if _all_held(error) else _separator(error, rules)
            if removal is None:
                raise
        else:
            removal = next_removal(names, data, fit, rules)
            if removal is None and rules.method != "all":
                removal = _held_removal(names, fit.bound, rules)
            if removal is None:
                return names, fit
        drop(*removal)
        names = [n for n in names if n != removal[0]]
    return names, None


def _all_held(error: ModelError) -> bool:
    return any(fault.code == "all_held" for fault in error.faults)


def _held_removal(names: Sequence[str], held: Sequence[str], rules: SearchRules) -> Removal | None:
    """The last of the characteristics held at zero that may leave, or None."""
    free = [name for name in names if name in held and name not in rules.kept]
    return (free[-1], "bound", 0.0, 0.0, HELD) if free else None


def _separates(error: ModelError) -> bool:
    return all(fault.code == "separation" for fault in error.faults)


def _separator(error: ModelError, rules: SearchRules) -> Removal | None:
    """The strongest separator that may leave, or None where there is none, or the fit failed for another reason."""
    free = [str(fault.path) for fault in error.faults if fault.path not in rules.kept]
    if not free or not _separates(error):
        return None
    return free[0], "separation", None, None, _separates_where(error, free[0])


def _separates_where(error: ModelError, name: str) -> str:
    """The reason, with what separates as the fit tells it of the characteristic."""
    told = next((fault.found for fault in error.faults if fault.path == name), None)
    return f"{SEPARATES} ({told})" if told else SEPARATES


def next_removal(
    names: Sequence[str], data: Searched[FitType], fit: FitType, rules: SearchRules, *, inflation: bool = True
) -> Removal | None:
    """What must leave next: wrong sign first, then the criterion, then variance inflation; None where all pass."""
    free = [i for i, n in enumerate(names) if n not in rules.kept and n not in fit.bound]
    coefficient = fit.coef[1:]
    wrong = [i for i in free if rules.contradicts(names[i], float(coefficient[i]))]
    if wrong:
        i = max(wrong, key=lambda j: abs(coefficient[j]))
        reason = f"{rules.coefficient} is not {rules.expected(names[i])}"
        return names[i], "sign", float(coefficient[i]), 0.0, reason
    if rules.method != "all":
        removal = _by_criterion(names, free, data, fit, rules)
        if removal is not None:
            return removal
    if not inflation or rules.max_variance_inflation is None:
        return None
    factors = variance_inflation(np.column_stack([data.woe[n] for n in names]), data.weights)
    found = greatest_inflation(names, factors, rules.max_variance_inflation, rules.kept)
    return None if found is None else (found[0], "variance inflation", found[1], rules.max_variance_inflation, INFLATED)


def _by_criterion(
    names: Sequence[str], free: Sequence[int], data: Searched[FitType], fit: FitType, rules: SearchRules
) -> Removal | None:
    if rules.criterion == "p_value":
        p_value = fit.p_value[1:]
        weak = [i for i in free if p_value[i] > rules.max_p_value]
        if not weak:
            return None
        i = max(weak, key=lambda j: p_value[j])
        return names[i], "p-value", float(p_value[i]), rules.max_p_value, "p-value above the threshold"
    if len(names) < 2 or not free:
        return None
    criterion = rules.criterion
    current = information_criterion(fit, criterion)
    without = {i: information_criterion(data.fit([n for n in names if n != names[i]]), criterion) for i in free}
    i = min(without, key=lambda j: without[j])
    if without[i] >= current:
        return None
    return names[i], criterion.upper(), without[i], current, f"{criterion.upper()} falls without it"
