"""Errors of a model fitted on inferred rows, by our own bootstrap: applicants drawn again, everything fitted again.

Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 6. Clusters are drawn whole; classes stay. The
bivariate probit climbs from its maximum over all applicants, self-learning draws its lots anew in every replicate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from validation.rebuild.applicants import Applicants
from validation.rebuild.bivariate import (
    Maximum,
    Selection,
    bad_given_rejected,
    derivatives,
    log_likelihood,
    maximise,
)
from validation.rebuild.clusters import dense
from validation.rebuild.reject_inference import Given, rebuilt_rows
from validation.rebuild.self_learning import self_learned

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
SEED = 20_261
STEPS, SMALL, WILD = 30, 1e-8, 60.0
NORMAL_KURTOSIS = 3.0
LOGIT_TO_PROBIT = 1.7
OF_DECISION = ("reweighting",)
REPEATED = (
    *(*OF_DECISION, "score_bands", "extrapolation", "fuzzy_augmentation", "parcelling", "hard_cut_off"),
    "external_outcomes",
)
"""Methods whose rows follow from a logistic regression, which is fitted again in every replicate."""
PROBIT, LEARNING = "bivariate_probit", "self_learning"
DEAR = (PROBIT, LEARNING)
"""Methods of which a replicate costs a hundred regressions."""
NEAR, DECREMENT = 1e-3, 1e-4


@dataclass(frozen=True, slots=True)
class Designs:
    """Columns of n applicants, ones first: outcome (n, k + 1) of the model, decision (n, m + 1)."""

    outcome: Floats
    decision: Floats


@dataclass(frozen=True, slots=True)
class Repeated:
    """deviation and kurtosis (k + 1,) of the coefficients over the replicates in which every model was fitted."""

    deviation: Floats
    kurtosis: Floats
    replicates: int

    def log_error(self, replicates: int) -> Floats:
        """Standard error (k + 1,) of ln(a deviation over so many replicates / ours).

        The variance of the logarithm of a deviation over B draws is (kurtosis − 1) / (4·B): 1 / (2·B) if normal.
        """
        heavy = np.maximum(self.kurtosis, NORMAL_KURTOSIS) - 1.0
        return np.asarray(np.sqrt(heavy / 4.0 * (1.0 / replicates + 1.0 / self.replicates)))


@dataclass(frozen=True, slots=True)
class _Starts:
    """Where the fits of replicates begin: decision and known outcomes; both equations of the probit, where it is."""

    decision: Floats
    known: Floats
    joint: Maximum | None = None


def repeated(method: str, people: Applicants, given: Given, designs: Designs, replicates: int) -> Repeated | None:
    """Draw applicants `replicates` times and repeat both models, rows and regression; None where most draws fail."""
    found = []
    numbers, count = dense(people.cluster)
    order = np.argsort(numbers, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(numbers))[:-1])
    starts = _starts(method, people, designs)
    for number in range(replicates):
        random = np.random.default_rng([SEED, number])
        picked = random.integers(0, count, count)
        place = np.sort(order[picked] if count == len(people) else np.concatenate([groups[k] for k in picked]))
        coefficient = _once(method, _drawn(people, place), _given(given, place, number), _taken(designs, place), starts)
        if coefficient is not None:
            found.append(coefficient)
    if len(found) <= replicates / 2:
        return None
    values = np.array(found)
    deviation = values.std(axis=0, ddof=1)
    kurtosis = np.mean((values - values.mean(axis=0)) ** 4, axis=0) / values.var(axis=0) ** 2
    return Repeated(deviation, kurtosis, len(found))


def _starts(method: str, people: Applicants, designs: Designs) -> _Starts:
    """Coefficients of the models of the applicants as they are; zeros where there are none."""
    known, found = people.known, []
    for x, y, weight in (
        (designs.decision, people.accepted.astype(np.float64), people.weight),
        (designs.outcome[known], people.outcome[known], people.weight[known]),
    ):
        try:
            found.append(_maximum(x, y, weight, np.zeros(x.shape[1])))
        except np.linalg.LinAlgError:
            found.append(np.zeros(x.shape[1]))
    joint = None
    if method == PROBIT:
        first = np.concatenate([found[0] / LOGIT_TO_PROBIT, found[1] / LOGIT_TO_PROBIT, [0.0]])
        joint = maximise(_selection(people, designs), first)
    return _Starts(found[0], found[1], joint)


def _selection(people: Applicants, designs: Designs) -> Selection:
    return Selection(designs.decision, designs.outcome, people.outcome, people.accepted, people.weight)


def _bad_if_rejected(people: Applicants, designs: Designs, start: Maximum) -> Floats:
    """Probability of bad given rejection (n,) at the greatest likelihood, by quasi-Newton steps from that of all.

    Raises numpy.linalg.LinAlgError where the climb does not end.
    """
    data = _selection(people, designs)
    inverse = linalg.pinvh(start.curvature)

    def loss(theta: Floats) -> tuple[float, Floats]:
        return -log_likelihood(data, theta), -derivatives(data, theta)[0]

    options = {"gtol": NEAR, "hess_inv0": 0.5 * (inverse + inverse.T)}
    found = optimize.minimize(loss, start.theta, jac=True, method="BFGS", options=options)
    if not np.isfinite(found.fun) or not found.jac @ inverse @ found.jac < DECREMENT:
        raise np.linalg.LinAlgError("the likelihood has no maximum")
    gamma, beta, rho = data.split(found.x)
    return bad_given_rejected(data.z @ gamma, data.x @ beta, rho)


def _drawn(people: Applicants, place: Places) -> Applicants:
    """Applicants drawn again, numbered anew: `row` and `key` are places among those drawn."""
    number = np.arange(len(place), dtype=np.int64)
    return Applicants(
        row=number,
        sample=people.sample[place],
        accepted=people.accepted[place],
        acceptance=people.acceptance[place],
        probability=people.probability[place],
        outcome=people.outcome[place],
        weight=people.weight[place],
        cluster=people.cluster[place],
        key=number.astype(object),
    )


def _given(given: Given, place: Places, number: int) -> Given:
    """What a replicate is given: labels are drawn anew."""
    return replace(given, seed=SEED + number, elsewhere=None if given.elsewhere is None else given.elsewhere[place])


def _taken(designs: Designs, place: Places) -> Designs:
    return Designs(designs.outcome[place], designs.decision[place])


def _once(method: str, people: Applicants, given: Given, designs: Designs, starts: _Starts) -> Floats | None:
    """Coefficients (k + 1,) of one draw; None where a model has no maximum, or the method no rows."""
    known, x = people.known, designs.outcome
    try:
        with np.errstate(divide="ignore", invalid="ignore"):
            if method in OF_DECISION:
                gamma = _maximum(designs.decision, people.accepted.astype(np.float64), people.weight, starts.decision)
                people = replace(people, acceptance=_logistic(designs.decision @ gamma))
            elif method == PROBIT and starts.joint is not None:
                given = replace(given, if_rejected=_bad_if_rejected(people, designs, starts.joint))
            elif method == LEARNING:
                told = given.settings.get(LEARNING) or {}
                learned = self_learned(x[:, 1:], people.outcome, people.rejected, people.weight, told, given.seed)
                given = replace(given, label=learned.labels)
            else:
                beta = _maximum(x[known], people.outcome[known], people.weight[known], starts.known)
                people = replace(people, probability=_logistic(x @ beta))
            rows = rebuilt_rows(method, people, given)
        if rows is None or not np.isfinite(rows.weight).all():
            return None
        return _maximum(x[rows.row], rows.outcome, rows.weight, starts.known)
    except (np.linalg.LinAlgError, ValueError, IndexError):
        return None


def _logistic(eta: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-eta)))


def _maximum(x: Floats, y: Floats, weight: Floats, start: Floats) -> Floats:
    """Coefficients of greatest likelihood by Newton's method.

    Raises numpy.linalg.LinAlgError where there is none: collinear columns, separated classes.
    """
    beta = start
    for _ in range(STEPS):
        eta = x @ beta
        if not np.max(np.abs(eta)) <= WILD:
            break
        p = _logistic(eta)
        step = np.linalg.solve((x * (weight * p * (1.0 - p))[:, None]).T @ x, x.T @ (weight * (y - p)))
        beta = beta + step
        if np.max(np.abs(step)) < SMALL:
            return beta
    raise np.linalg.LinAlgError("no maximum of the likelihood")
