"""The bivariate probit of decision and outcome held against our own likelihood: maximum, errors, profile, tests."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

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
INSTRUMENT = "instrument"
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
    _compare_tests(space, stated, found, first)


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
    return _between(np.asarray(linalg.inv(found.curvature)), derivatives(stated.data, found.theta)[1], people)


def _between(bread: np.ndarray, scores: np.ndarray, people: Applicants) -> np.ndarray:
    """bread (k, k), with the sums of scores (n, k) over clusters between two of it where clusters repeat."""
    if not repeat(people.cluster):
        return bread
    numbers, count = dense(people.cluster)
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


@dataclass(frozen=True, slots=True)
class _Test:
    """A statistic, its degrees of freedom, and the rule that compares it."""

    statistic: float
    degrees: int
    rule: str


def _compare_tests(space: Workspace, stated: Stated, found: Maximum, people: Applicants) -> None:
    """Independence by the likelihood at ρ = 0, the instrument by a probit of the decision alone, form by squares."""
    table = {row["test"]: row for row in space.package.rows_of(TESTS) or []}
    flat = at_correlation(stated.data, found.theta, found.curvature, 0.0)
    own = {"independence": _Test(max(2.0 * (found.value - flat), 0.0), 1, "probit_fall")}
    own |= _instrument_tests(space, stated, people)
    form = _form(stated, found, people)
    if form is not None:
        own["form"] = _Test(form, 2, "probit")
    expected = {*own, "form"}
    space.ledger.words(TESTS, "tests", sorted(table), sorted(expected), "test", [TESTS])
    names = [name for name in own if name in table and table[name]["statistic"] is not None]
    for rule in ("probit", "probit_fall"):
        some = [name for name in names if own[name].rule == rule]
        values = [own[name].statistic for name in some]
        space.ledger.numbers(TESTS, "statistic", rule, [table[n]["statistic"] for n in some], values, some, [TESTS])
    figures: dict[str, tuple[str, list[float | None]]] = {
        "degrees_of_freedom": ("rows", [float(own[name].degrees) for name in names]),
        "p_value": ("probit_test", [float(stats.chi2.sf(own[n].statistic, own[n].degrees)) for n in names]),
        "strength": ("probit", [own[name].statistic if name == INSTRUMENT else None for name in names]),
    }
    for column, (rule, mine) in figures.items():
        space.ledger.numbers(TESTS, column, rule, [table[name][column] for name in names], mine, names, [TESTS])
    left = [name for name in table if name not in names]
    if left:
        space.ledger.not_evaluable(f"{TESTS}: {', '.join(left)}", "one side finds no maximum of the wider model")


def _instrument_tests(space: Workspace, stated: Stated, people: Applicants) -> dict[str, _Test]:
    """Wald and likelihood ratio of the instrument in a probit of the decision alone; none where there is none."""
    instrument = f"{settings_of(space).get('instrument')}{OF_DECISION}"
    terms = [row["term"] for row in stated.rows if row["equation"] == "decision"]
    if instrument not in terms:
        return {}
    z, side = stated.data.z, np.where(stated.data.accepted, 1.0, -1.0)
    place = terms.index(instrument)
    beta, value = _probit(z, side, stated.data.weight)
    gap = value - _probit(np.delete(z, place, axis=1), side, stated.data.weight)[1]
    step = 1e-5 * np.maximum(1.0, np.abs(beta))
    ends = [
        [_slopes(z, side, stated.data.weight, beta + s * h * e).sum(axis=0) for s in (1.0, -1.0)]
        for h, e in zip(step, np.eye(len(beta)), strict=True)
    ]
    hessian = np.array([(up - down) / (2.0 * h) for (up, down), h in zip(ends, step, strict=True)])
    bread = np.asarray(linalg.inv(-0.5 * (hessian + hessian.T)))
    matrix = _between(bread, _slopes(z, side, stated.data.weight, beta), people)
    return {
        INSTRUMENT: _Test(float(beta[place] ** 2 / matrix[place, place]), 1, "probit"),
        f"{INSTRUMENT}_likelihood_ratio": _Test(2.0 * gap, 1, "probit_fall"),
    }


def _form(stated: Stated, found: Maximum, people: Applicants) -> float | None:
    """Wald's chi-square of both squared indices, one added to each equation; None where no maximum is found."""
    gamma, beta, _ = stated.data.split(found.theta)
    data, p = stated.data, len(gamma)
    squares = [index**2 for index in (data.z @ gamma, data.x @ beta)]
    squares = [(one - np.mean(one)) / (np.std(one) or 1.0) for one in squares]
    wider = replace(data, z=np.column_stack([data.z, squares[0]]), x=np.column_stack([data.x, squares[1]]))
    for table in (wider.z, wider.x[data.known]):
        if np.linalg.matrix_rank(table) < table.shape[1]:
            return None
    start = np.concatenate([gamma, [0.0], beta, [0.0], found.theta[-1:]])
    best = maximise(wider, start)
    if not best.converged or abs(math.tanh(float(best.theta[-1]))) >= BORDER:
        return None
    matrix = _between(np.asarray(linalg.pinvh(best.curvature)), derivatives(wider, best.theta)[1], people)
    tested = [p, len(start) - 2]
    return float(best.theta[tested] @ linalg.solve(matrix[np.ix_(tested, tested)], best.theta[tested]))


def _slopes(z: np.ndarray, side: np.ndarray, weight: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Scores (n, p) of a probit of one equation: z (n, p) with its ones, side (n,) 1 or −1."""
    t = side * (z @ beta)
    mills = np.exp(-0.5 * t * t - special.log_ndtr(t)) / np.sqrt(2.0 * np.pi)
    return np.asarray(z * (weight * side * mills)[:, None])


def _probit(z: np.ndarray, side: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Coefficients (p,) and log-likelihood of a probit of one equation at its maximum, by Newton's method."""
    beta = np.zeros(z.shape[1])
    value = -np.inf
    for _ in range(60):
        t = side * (z @ beta)
        mills = np.exp(-0.5 * t * t - special.log_ndtr(t)) / np.sqrt(2.0 * np.pi)
        found = float(weight @ special.log_ndtr(t))
        information = (z * (weight * mills * (mills + t))[:, None]).T @ z
        beta = beta + linalg.solve(information, z.T @ (weight * side * mills), assume_a="pos")
        if abs(found - value) < 1e-12 * abs(found):
            break
        value = found
    return beta, found


def correlation_width(space: Workspace) -> float:
    """Width of the stated interval of the correlation; NaN where the package states none."""
    for row in space.package.rows_of(PROBIT) or []:
        if row["equation"] == "correlation" and row["lower"] is not None and row["upper"] is not None:
            return float(row["upper"]) - float(row["lower"])
    return math.nan
