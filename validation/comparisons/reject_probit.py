"""The bivariate probit of decision and outcome held against our own likelihood: maximum, errors, profile, tests."""

from __future__ import annotations

import math

import numpy as np
from scipy import linalg, special, stats

from validation.comparisons.reject_inference import AREA, settings_of
from validation.rebuild.applicants import Applicants, applicants_of, scored_models
from validation.rebuild.bivariate import Maximum, at_correlation, derivatives, maximise
from validation.rebuild.clusters import dense, repeat
from validation.rebuild.probit_stated import OF_DECISION, Stated, stated_probit
from validation.rebuild.workspace import DEVELOPMENT, Workspace

PROBIT, TESTS, PROFILE = f"{AREA}.probit", f"{AREA}.probit_tests", f"{AREA}.correlation_profile"
BORDER = 0.999
PROFILED = (-0.99, -0.9, -0.5, 0.0, 0.5, 0.9, 0.99)
COLUMNS = {"standard_error": "probit", "z": "probit", "p_value": "probit_test", "lower": "probit", "upper": "probit"}


def compare_probit(space: Workspace) -> None:
    """Compare estimates, errors, interval and profile of the correlation, and the tests of instrument and independence.

    Not evaluable where the plan tries the method and the package lacks the table, or ρ stands at its border.
    """
    spec, held = settings_of(space), space.package.reject_inference
    people, scored = applicants_of(space), scored_models(space)
    tried = "bivariate_probit" in (spec.get("method"), *(spec.get("compare") or ()))
    if held is None or people is None or scored is None or not tried:
        return
    first = people.of(DEVELOPMENT)
    stated = stated_probit(held, first, scored, space.package.rows_of(PROBIT))
    if stated is None or not abs(stated.rho) < BORDER:
        reason = "the package holds no such table, its terms are not those of both models, or ρ is at its border"
        space.ledger.not_evaluable(PROBIT, reason)
        return
    found = maximise(stated.data, stated.theta)
    _compare_estimates(space, stated, found)
    covariance = _covariance(stated, found, first)
    _compare_errors(space, stated, found, covariance)
    inflation = covariance[-1, -1] / float(linalg.inv(found.curvature)[-1, -1])
    _compare_interval(space, stated, found, float(inflation))
    _compare_profile(space, stated, found)
    _compare_tests(space, stated, found)


def _labels(stated: Stated) -> list[str]:
    return [f"{row['equation']} {row['term']}" for row in stated.rows]


def _compare_estimates(space: Workspace, stated: Stated, found: Maximum) -> None:
    """The derivative of our likelihood at the stated parameters, and where it is greatest."""
    slope = derivatives(stated.data, stated.theta)[0] * found.error
    labels = _labels(stated)
    nothing = [0.0] * len(labels)
    space.ledger.numbers(PROBIT, "derivative", "likelihood_derivative", nothing, slope, labels, [PROBIT])
    told = [*stated.theta[:-1].tolist(), stated.rho]
    own = [*found.theta[:-1].tolist(), math.tanh(float(found.theta[-1]))]
    space.ledger.numbers(PROBIT, "estimate", "probit", told, own, labels, [PROBIT])


def _covariance(stated: Stated, found: Maximum, people: Applicants) -> np.ndarray:
    """Inverse of the negative Hessian by (γ, β, atanh ρ), between sums of scores where clusters repeat."""
    bread = np.asarray(linalg.inv(found.curvature))
    if not repeat(people.cluster):
        return bread
    numbers, count = dense(people.cluster)
    scores = derivatives(stated.data, found.theta)[1]
    sums = np.zeros((count, scores.shape[1]))
    np.add.at(sums, numbers, scores)
    n, k = scores.shape
    factor = count / (count - 1.0) * (n - 1.0) / (n - k)
    return np.asarray(bread @ (sums.T @ sums) @ bread * factor)


def _compare_errors(space: Workspace, stated: Stated, found: Maximum, covariance: np.ndarray) -> None:
    error = np.sqrt(np.diag(covariance))
    rho = math.tanh(float(found.theta[-1]))
    half = float(special.ndtri(0.5 + space.confidence / 2.0)) * error
    z = found.theta / error
    own = {
        "standard_error": [*error[:-1], (1.0 - rho**2) * error[-1]],
        "z": z.tolist(),
        "p_value": (2.0 * special.ndtr(-np.abs(z))).tolist(),
        "lower": (found.theta - half)[:-1].tolist(),
        "upper": (found.theta + half)[:-1].tolist(),
    }
    for column, values in own.items():
        rows, labels = stated.rows[: len(values)], _labels(stated)[: len(values)]
        told = [row[column] for row in rows]
        space.ledger.numbers(PROBIT, column, COLUMNS[column], told, values, labels, [PROBIT])


def _compare_interval(space: Workspace, stated: Stated, found: Maximum, inflation: float) -> None:
    """Twice the fall of the likelihood at both ends of the interval is the quantile of chi-square."""
    wanted = float(stats.chi2.ppf(space.confidence, 1)) * inflation
    ends = [(name, stated.rows[-1][name]) for name in ("lower", "upper")]
    known = [(name, float(value)) for name, value in ends if value is not None and abs(value) < BORDER]
    own = [2.0 * (found.value - at_correlation(stated.data, found.theta, found.curvature, rho)) for _, rho in known]
    labels = [f"rho {name}" for name, _ in known]
    space.ledger.numbers(PROBIT, "fall of the likelihood", "probit", [wanted] * len(own), own, labels, [PROBIT])


def _compare_profile(space: Workspace, stated: Stated, found: Maximum) -> None:
    table = space.package.rows_of(PROFILE)
    if table is None:
        space.ledger.not_evaluable(PROFILE, "the package holds no such table")
        return
    rows = [row for row in table if row["maximum"] or any(abs(row["rho"] - one) < 1e-9 for one in PROFILED)]
    own = [
        found.value if row["maximum"] else at_correlation(stated.data, found.theta, found.curvature, float(row["rho"]))
        for row in rows
    ]
    labels = [f"rho {row['rho']:g}" for row in rows]
    told = [row["log_likelihood"] for row in rows]
    space.ledger.numbers(PROFILE, "log_likelihood", "log_likelihood", told, own, labels, [PROFILE])
    relative = [row["relative"] for row in rows]
    mine = [value - found.value for value in own]
    space.ledger.numbers(PROFILE, "relative", "probit_fall", relative, mine, labels, [PROFILE])
    tops = [row["rho"] for row in table if row["maximum"]]
    space.ledger.numbers(PROFILE, "maximum", "probit", tops, [math.tanh(float(found.theta[-1]))], "rho", [PROFILE])


def _compare_tests(space: Workspace, stated: Stated, found: Maximum) -> None:
    """Independence by the likelihood at ρ = 0; the instrument by a probit of the decision alone, where rows are
    independent."""
    table = {row["test"]: row for row in space.package.rows_of(TESTS) or []}
    own: dict[str, tuple[float, int]] = {}
    flat = at_correlation(stated.data, found.theta, found.curvature, 0.0)
    own["independence"] = (max(2.0 * (found.value - flat), 0.0), 1)
    instrument = f"{settings_of(space).get('instrument')}{OF_DECISION}"
    terms = [row["term"] for row in stated.rows if row["equation"] == "decision"]
    if instrument in terms:
        z, side = stated.data.z, np.where(stated.data.accepted, 1.0, -1.0)
        without = np.array([term != instrument for term in terms])
        gap = _probit(z, side, stated.data.weight) - _probit(z[:, without], side, stated.data.weight)
        own["instrument_likelihood_ratio"] = (2.0 * gap, 1)
    names = [name for name in own if name in table]
    for column, values in (
        ("statistic", [own[name][0] for name in names]),
        ("p_value", [float(stats.chi2.sf(*own[name])) for name in names]),
    ):
        rule = "probit_fall" if column == "statistic" else "probit_test"
        space.ledger.numbers(TESTS, column, rule, [table[name][column] for name in names], values, names, [TESTS])
    left = [name for name in table if name not in own]
    if left:
        space.ledger.not_evaluable(f"{TESTS}: {', '.join(left)}", "tests of a wider model, which we do not fit")


def _probit(z: np.ndarray, side: np.ndarray, weight: np.ndarray) -> float:
    """Greatest log-likelihood of a probit of one equation: z (n, p) with its ones, side (n,) 1 or −1."""
    beta = np.zeros(z.shape[1])
    value = -np.inf
    for _ in range(60):
        t = side * (z @ beta)
        mills = np.exp(-0.5 * t * t - special.log_ndtr(t)) / np.sqrt(2.0 * np.pi)
        found = float(weight @ special.log_ndtr(t))
        if abs(found - value) < 1e-12 * abs(found):
            break
        value = found
        information = (z * (weight * mills * (mills + t))[:, None]).T @ z
        beta = beta + linalg.solve(information, z.T @ (weight * side * mills), assume_a="pos")
    return value


def correlation_width(space: Workspace) -> float:
    """Width of the stated interval of the correlation; NaN where the package states none."""
    for row in space.package.rows_of(PROBIT) or []:
        if row["equation"] == "correlation" and row["lower"] is not None and row["upper"] is not None:
            return float(row["upper"]) - float(row["lower"])
    return math.nan
