"""What to do about rejected applicants, decided again: our own tests of form and selection, and the order of rules.

Are so few rejected that nothing changes; do known outcomes overlap with them; is selection on the characteristics
marked; do inverse weights move the model (DuMouchel and Duncan 1983, JASA 78, 535-543); does it lack squares beside
the inverse Mills ratio (Heckman 1979, Econometrica 47, 153-161); does an instrument predict the outcome. Covariances
by the one-step jackknife (Pregibon 1981, Annals of Statistics 9, 705-724), from a QR factor of the weighted design.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special, stats

from validation.rebuild.applicants import Applicants
from validation.rebuild.clusters import dense
from validation.rebuild.logistic import fit_logistic
from validation.rebuild.overlap import Overlap
from validation.rebuild.reject_inference import inverse_weights

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
MOST_LEVERAGE, LEAST_ACCEPTANCE = 0.99, 1e-6
SPANNED, RANK, STILL = 1e-6, 1e-10, 1e-9
KNOWN, REWEIGHT, MEND = "known_outcomes", "reweighting", "mend_model"
PROBIT, OBTAIN, EXTERNAL = "bivariate_probit", "obtain_outcomes", "external_outcomes"
NONE, WEAK, SUFFICIENT = "none", "weak", "sufficient"


@dataclass(frozen=True, slots=True)
class Wald:
    """A chi-square with its degrees and p-value; z of the term that speaks loudest; shift of the log-odds of bad."""

    chi_square: float
    degrees: int
    p_value: float
    loudest: float
    shift: float = float("nan")


@dataclass(frozen=True, slots=True)
class Instrument:
    """How strongly it moves the decision, and whether it predicts known outcomes."""

    decision: Wald
    outcome: Wald


@dataclass(frozen=True, slots=True)
class Measured:
    """What the rules go by; reweighting and curvature None where there is no overlap, instrument None where none is.

    balance: the greatest standardised difference of known outcomes from all applicants, without its sign.
    """

    overlap: Overlap
    decision_auc: float
    balance: float
    reweighting: Wald | None
    curvature: Wald | None
    instrument: Instrument | None
    external: bool


def overlap_verdict(overlap: Overlap, decision_auc: float, limits: Mapping[str, float]) -> str:
    """None, weak or sufficient by the limits."""
    if decision_auc >= limits["no_overlap_auc"] or overlap.rejected_below_known >= limits["no_overlap_share"]:
        return NONE
    weak = (
        overlap.rejected_below_floor > limits["below_floor_share"]
        or overlap.effective_share < limits["effective_share"]
        or overlap.largest_weight_share > limits["largest_weight_share"]
    )
    return WEAK if weak else SUFFICIENT


def selection_is_weak(found: Measured, limits: Mapping[str, float]) -> bool:
    """Whether the characteristics hardly tell accepted from rejected applicants."""
    return found.decision_auc <= limits["weak_decision_auc"] and not found.balance > limits["balance"]


def action(found: Measured, limits: Mapping[str, float]) -> str:
    """What the rules recommend; the first that holds decides."""
    verdict = overlap_verdict(found.overlap, found.decision_auc, limits)
    if found.overlap.rejected_share < limits["few_rejected"]:
        return KNOWN
    if found.external:
        return EXTERNAL
    if verdict == NONE or found.reweighting is None or found.curvature is None:
        return OBTAIN
    if selection_is_weak(found, limits):
        return KNOWN
    bends = wrong_form(found.curvature, limits) and bent(found.curvature, limits)
    if found.instrument is not None and strong(found.instrument, limits) and told(found.instrument, limits):
        return MEND if bends else PROBIT
    moves = found.reweighting.p_value < limits["misspecified_p_value"]
    if moves and found.reweighting.shift >= limits["moved_log_odds"] and bends:
        return REWEIGHT if verdict == SUFFICIENT else MEND
    return KNOWN


def wrong_form(curvature: Wald, limits: Mapping[str, float]) -> bool:
    """Whether squares of the characteristics are missed."""
    return curvature.p_value < limits["misspecified_p_value"]


def bent(curvature: Wald, limits: Mapping[str, float]) -> bool:
    """Whether squares add anything material."""
    return curvature.degrees > 0 and curvature.shift >= limits["moved_log_odds"]


def strong(instrument: Instrument, limits: Mapping[str, float]) -> bool:
    """Whether the instrument moves the decision."""
    return instrument.decision.chi_square >= limits["instrument_chi_square"]


def told(instrument: Instrument, limits: Mapping[str, float]) -> bool:
    """Whether the instrument predicts known outcomes."""
    return instrument.outcome.p_value < limits["selection_p_value"]


@dataclass(frozen=True, slots=True)
class Moves:
    """Coefficients (k,) of a regression, and how far each row moves them when it is left out (n, k)."""

    coefficient: Floats
    row: Floats


def moves(x: Floats, y: Floats, weight: Floats) -> Moves:
    """Fit a logistic regression on x (n, k) with its ones; raises numpy.linalg.LinAlgError where there is none."""
    fit = fit_logistic(x, y, weight)
    if not fit.converged or fit.separated:
        raise np.linalg.LinAlgError("the regression has no maximum")
    p = special.expit(x @ fit.coefficient)
    v = weight * p * (1.0 - p)
    q, r = linalg.qr(np.sqrt(v)[:, None] * x, mode="economic")
    leverage = np.minimum(np.sum(q**2, axis=1), MOST_LEVERAGE)
    residual = weight * (y - p) / (1.0 - leverage)
    by_row = linalg.solve_triangular(r, linalg.solve_triangular(r, (x * residual[:, None]).T, trans="T"))
    return Moves(fit.coefficient, np.asarray(by_row.T))


def covariance(row: Floats, cluster: NDArray[np.int64] | None) -> Floats:
    """(k, k) from the moves of rows (n, k); where there are clusters (n,), of their sums with G/(G − 1)."""
    if cluster is None:
        return np.asarray(row.T @ row)
    numbers, count = dense(cluster)
    sums = np.zeros((count, row.shape[1]))
    np.add.at(sums, numbers, row)
    return np.asarray(sums.T @ sums * (count / (count - 1.0)))


def wald(coefficient: Floats, matrix: Floats, shift: float = float("nan")) -> Wald:
    """b'V⁻b with the rank of V as its degrees, V scaled to correlations."""
    error = np.sqrt(np.diag(matrix))
    scale = np.where(error > 0, error, 1.0)
    u, values, _ = linalg.svd(matrix / np.outer(scale, scale))
    kept = values > RANK * values[0]
    parts = (u[:, kept].T @ (coefficient / scale)) / np.sqrt(values[kept])
    statistic, degrees = float(parts @ parts), int(np.count_nonzero(kept))
    z = np.where(error > 0, coefficient / scale, 0.0)
    loudest = float(z[int(np.argmax(np.abs(z)))])
    return Wald(statistic, degrees, float(stats.chi2.sf(statistic, degrees)), loudest, shift)


def reweighting(people: Applicants, design: Floats, floor: float, clustered: bool) -> Wald:
    """Whether inverse acceptance moves the coefficients; design (n, k) without constant. clustered: some row has one.

    shift: root mean square of the move of the log-odds over rejected applicants.
    """
    known, ones = people.known, np.column_stack([np.ones(len(people)), design])
    y = people.outcome[known]
    plain = moves(ones[known], y, people.weight[known])
    inverse = moves(ones[known], y, inverse_weights(people, floor)[known])
    moved = inverse.coefficient - plain.coefficient
    if np.max(np.abs(moved)) < STILL:
        return Wald(0.0, len(moved), 1.0, 0.0, 0.0)
    rejected = people.rejected
    square = np.average((ones[rejected] @ moved) ** 2, weights=people.weight[rejected])
    matrix = covariance(inverse.row - plain.row, _clusters(people, known, clustered))
    return wald(moved, matrix, float(np.sqrt(square)))


def curvature(people: Applicants, design: Floats, clustered: bool) -> Wald:
    """Whether squares of the characteristics belong into the model beside the inverse Mills ratio of acceptance.

    shift: root mean square of what the squares add to the log-odds of all applicants; degrees 0 where none is left.
    """
    known, w = people.known, people.weight[people.known]
    z = special.ndtri(np.clip(people.acceptance[known], LEAST_ACCEPTANCE, 1.0 - LEAST_ACCEPTANCE))
    mills = np.exp(-0.5 * z * z - special.log_ndtr(z)) / np.sqrt(2.0 * np.pi)
    columns = [np.ones(len(w))]
    for column in (*design[known].T, mills):
        _append(columns, column)
    squares, held = (design - np.average(design[known], axis=0, weights=w)) ** 2, []
    for place in range(design.shape[1]):
        if _append(columns, squares[known, place]):
            held.append(place)
    if not held:
        return Wald(0.0, 0, 1.0, 0.0)
    found, k = moves(np.column_stack(columns), people.outcome[known], w), len(held)
    added = squares[:, held] @ found.coefficient[-k:]
    spread = np.average((added - np.average(added, weights=people.weight)) ** 2, weights=people.weight)
    matrix = covariance(found.row[:, -k:], _clusters(people, known, clustered))
    return wald(found.coefficient[-k:], matrix, float(np.sqrt(spread)))


def instrument(people: Applicants, design: Floats, column: Floats, others: Floats, clustered: bool) -> Instrument:
    """Tests of the instrument (n,) beside `others` (n, m) in the decision and beside `design` in known outcomes."""
    scaled = (column - np.mean(column)) / np.std(column)
    found = []
    for rows, given, y in (
        (np.ones(len(people), dtype=bool), others, people.accepted.astype(np.float64)),
        (people.known, design, people.outcome),
    ):
        x = np.column_stack([np.ones(int(np.sum(rows))), given[rows], scaled[rows]])
        one = moves(x, y[rows], people.weight[rows])
        found.append(wald(one.coefficient[-1:], covariance(one.row[:, -1:], _clusters(people, rows, clustered))))
    return Instrument(*found)


def _clusters(people: Applicants, rows: Mask, clustered: bool) -> NDArray[np.int64] | None:
    return people.cluster[rows] if clustered else None


def _append(columns: list[Floats], column: Floats) -> bool:
    """Append a column unless those before span it; whether it was appended."""
    table = np.column_stack(columns)
    rest = column - table @ linalg.lstsq(table, column)[0]
    if not float(np.linalg.norm(rest)) > SPANNED * float(np.linalg.norm(column - np.mean(column))):
        return False
    columns.append(column)
    return True
