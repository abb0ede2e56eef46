"""Tests that part a model that does not bend enough from outcomes that are not missing at random.

Under outcomes missing at random (MAR) and a model of the right form, weighted and unweighted coefficients estimate the
same. They part where the form is wrong *or* where selection rests on something unobserved, so that the first test alone
does not say which; the other two do, as far as data can:

    reweighting   H = q' V⁻¹ q, q = β(w/π) − β(w), V from how far each row moves q (jackknife; of clusters, their
                  sums): DuMouchel and Duncan (1983), Pfeffermann (1993) as a Hausman (1978) test
    curvature     Wald test of squares of the characteristics beside the inverse Mills ratio φ(z)/Φ(z), z = Φ⁻¹(π),
                  which stands for selection on the unobserved (Heckman 1979, Econometrica 47, 153-161): what is left
                  to the squares is the form of the model
    instrument    a characteristic that moved the decision and not the outcome must not predict the outcome among the
                  accepted under MAR; where it does, selection rests on the unobserved, or it is no instrument

Only the last can tell selection on the unobserved, and only if the exclusion holds, which no data can show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special, stats

from credit_risk._core.errors import CreditRiskError, Fault, ModelError
from credit_risk.evaluation._arrays import Arguments, Floats
from credit_risk.evaluation.clustered import Codes
from credit_risk.reject_inference.overlap import checked_acceptance, inverse_weights
from credit_risk.reject_inference.rows import Decided

ROUNDS, TOLERANCE, MOST_LEVERAGE = 50, 1e-10, 0.99
LEAST_ACCEPTANCE = 1e-6


@dataclass(frozen=True, slots=True)
class SpecificationTest:
    """A chi-square of `degrees` with its p-value; largest: the term that speaks loudest, with its z.

    shift: root mean square of what it adds to the log-odds of bad: reweighting over the rejected, squares over all
    applicants; NaN where it has no such meaning.
    """

    chi_square: float
    degrees: int
    p_value: float
    largest: str
    largest_z: float
    shift: float = float("nan")


@dataclass(frozen=True, slots=True)
class _Fit:
    """Coefficients (k,) of a logistic regression and how far each row moves them (n, k).

    That is A⁻¹xᵢwᵢ(yᵢ − pᵢ)/(1 − hᵢ), h its leverage: the one-step jackknife (Pregibon 1981, Annals of Statistics 9,
    705-724; HC3 of MacKinnon and White 1985), which heavy inverse weights do not make too sure.
    """

    coef: Floats
    influence: Floats


def reweighting_test(
    decided: Decided, design: ArrayLike, acceptance: ArrayLike, names: Sequence[str], *, floor: float = 0.02
) -> SpecificationTest:
    """Whether inverse-acceptance weights move the coefficients of the model of known outcomes.

    design (n, k) without constant, named by `names`; acceptance (n,). Constant acceptance moves nothing: chi-square 0,
    p-value 1. Raises CreditRiskError on other shapes, ModelError where a fit is separated or collinear.
    """
    x, p = checked_design(decided, design, names), checked_acceptance(decided, acceptance, floor)
    known = decided.known
    y, rows = decided.y[known], _with_constant(x[known])
    plain = _fit(rows, y, decided.weights[known])
    weighted = _fit(rows, y, inverse_weights(decided, p, floor)[known])
    moved = weighted.coef - plain.coef
    rejected = decided.rejected
    mass = decided.weights[rejected] / decided.weights[rejected].sum()
    if float(np.abs(moved).max()) < 1e-9:
        return SpecificationTest(0.0, len(moved), 1.0, "", 0.0, 0.0)
    covariance = _covariance(weighted.influence - plain.influence, _codes(decided))
    found = _wald(moved, covariance, ("intercept", *names))
    shifts = _with_constant(x[rejected]) @ moved
    return SpecificationTest(*found, shift=float(np.sqrt(mass @ np.square(shifts))))


def curvature_test(
    decided: Decided, design: ArrayLike, acceptance: ArrayLike, names: Sequence[str]
) -> SpecificationTest:
    """Whether squares of the characteristics belong into the model of known outcomes, selection allowed for.

    A characteristic of two values has no square; squares that the others already span are left out. Degrees 0 and
    p-value 1 where none is left. Arguments and errors as `reweighting_test`.
    """
    x, p = checked_design(decided, design, names), checked_acceptance(decided, acceptance, 0.5)
    known, names = decided.known, list(names)
    w, y, rows = decided.weights[known], decided.y[known], x[known]
    z = special.ndtri(np.clip(p[known], LEAST_ACCEPTANCE, 1.0 - LEAST_ACCEPTANCE))
    mills = np.exp(-z * z / 2.0) / (np.sqrt(2.0 * np.pi) * special.ndtr(z))
    kept: list[str] = []
    squares: list[Floats] = []
    basis = _Basis(_with_constant(rows))
    basis.add(mills)
    for place, name in enumerate(names):
        centre = float(w @ rows[:, place]) / float(w.sum())
        if basis.add(np.square(rows[:, place] - centre)):
            kept.append(name)
            squares.append(np.square(x[:, place] - centre))
    if not kept:
        return SpecificationTest(0.0, 0, 1.0, "", 0.0)
    fit = _fit(np.column_stack(basis.columns), y, w)
    covariance = _covariance(fit.influence, _codes(decided))
    k = len(kept)
    bent = np.column_stack(squares) @ fit.coef[-k:]
    mass = decided.weights / decided.weights.sum()
    shift = float(np.sqrt(mass @ np.square(bent - mass @ bent)))
    return SpecificationTest(*_wald(fit.coef[-k:], covariance[-k:, -k:], kept), shift=shift)


def instrument_tests(
    decided: Decided,
    design: ArrayLike,
    instrument: ArrayLike,
    *,
    decision_design: ArrayLike | None = None,
) -> tuple[SpecificationTest, SpecificationTest]:
    """Wald tests of the instrument (n,) in the model of the decision (strength) and of known outcomes (selection).

    design (n, k): of the outcome; decision_design (n, m): of the decision (None: the same). Jackknife errors, of
    clusters where there are any. Raises CreditRiskError on other shapes or a constant instrument, ModelError as
    `reweighting_test`.
    """
    x = checked_design(decided, design)
    z = x if decision_design is None else checked_design(decided, decision_design)
    arguments = Arguments()
    arguments.length = len(decided)
    column = arguments.numbers("instrument", instrument)
    varied = len(column) == 0 or bool(np.ptp(column[decided.known]) > 0)
    remedy = "declare no instrument"
    arguments.require(varied, "instrument", "the instrument is constant", "constant", remedy=remedy)
    arguments.raise_if_any()
    scaled = (column - column.mean()) / column.std()
    every, known = np.ones(len(decided), dtype=bool), decided.known
    found = []
    for rows, given, y in ((every, z, decided.accepted.astype(np.float64)), (known, x, decided.y)):
        table = np.column_stack([_with_constant(given[rows]), scaled[rows]])
        fit = _fit(table, y[rows], decided.weights[rows])
        codes = None if decided.clusters is None else decided.clusters[rows]
        covariance = _covariance(fit.influence, codes)
        found.append(SpecificationTest(*_wald(fit.coef[-1:], covariance[-1:, -1:], ("instrument",))))
    return found[0], found[1]


def checked_design(decided: Decided, design: ArrayLike, names: Sequence[str] | None = None) -> Floats:
    """Numbers (n, k) of the characteristics; raises CreditRiskError with all faults."""
    arguments = Arguments()
    x = np.asarray(design, dtype=np.float64)
    good = x.ndim == 2 and len(x) == len(decided) and x.shape[1] > 0
    found, allowed = f"shape {x.shape}", f"({len(decided)}, k), k >= 1"
    arguments.require(good, "design", "not a table of the applicants", "shape", found=found, allowed=allowed)
    arguments.require(bool(np.isfinite(x).all()), "design", "missing or infinite values", "missing")
    if good and names is not None:
        fits = len(names) == x.shape[1]
        arguments.require(fits, "names", "not one name a column", "length", found=f"{len(names)} names")
    arguments.raise_if_any()
    return x


def _with_constant(x: Floats) -> Floats:
    return np.column_stack([np.ones(len(x)), x])


def _codes(decided: Decided) -> Codes | None:
    return None if decided.clusters is None else decided.clusters[decided.known]


def _fit(x: Floats, y: Floats, w: Floats) -> _Fit:
    """Weighted maximum likelihood of ln(p/(1 − p)) = x·b by Newton's steps."""
    beta = np.zeros(x.shape[1])
    for _ in range(ROUNDS):
        p = special.expit(x @ beta)
        score, information = x.T @ (w * (y - p)), (x * (w * p * (1.0 - p))[:, None]).T @ x
        step = _solve(information, score)
        beta = beta + step
        if float(np.abs(step).max()) <= TOLERANCE * max(1.0, float(np.abs(beta).max())):
            p = special.expit(x @ beta)
            v = w * p * (1.0 - p)
            inverse = _solve((x * v[:, None]).T @ x, np.eye(x.shape[1]))
            own = np.minimum(v * np.sum((x @ inverse) * x, axis=1), MOST_LEVERAGE)
            return _Fit(beta, (x @ inverse) * (w * (y - p) / (1.0 - own))[:, None])
    raise ModelError(
        Fault(
            "a logistic regression of the diagnosis does not converge",
            "separated",
            path="design",
            remedy="leave out characteristics that separate the classes",
        )
    )


def _solve(matrix: Floats, right: Floats) -> Floats:
    scale = np.sqrt(np.maximum(np.diag(matrix), 1e-300))
    scaled = matrix / np.outer(scale, scale)
    if not np.isfinite(scaled).all() or float(np.linalg.cond(scaled)) > 1e13:
        fault = Fault(
            "characteristics are collinear, or separate the classes",
            "collinear",
            path="design",
            remedy="leave out constant and repeated characteristics",
        )
        raise ModelError(fault)
    wide = scale if right.ndim == 1 else scale[:, None]
    return np.asarray(np.linalg.solve(scaled, right / wide) / wide)


def _covariance(influence: Floats, codes: Codes | None) -> Floats:
    """Sum of outer products of influences, of clusters their sums with G/(G − 1)."""
    if codes is None:
        return np.asarray(influence.T @ influence)
    dense = np.unique(codes, return_inverse=True)[1]
    sums = np.column_stack([np.bincount(dense, column) for column in influence.T])
    count = len(sums)
    if count < 2:
        raise CreditRiskError(Fault("one cluster only", "too_few_clusters", path="clusters", allowed="2 or more"))
    return np.asarray(sums.T @ sums * (count / (count - 1.0)))


def _wald(coef: Floats, covariance: Floats, names: Sequence[str]) -> tuple[float, int, float, str, float]:
    """Chi-square, degrees (the rank of the covariance), p-value, and the term of the largest |z| with it."""
    error = np.sqrt(np.diag(covariance))
    scale = np.where(error > 0, error, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(scale, scale))
    kept = values > 1e-10 * values.max()
    projected = vectors[:, kept].T @ (coef / scale)
    chi_square, degrees = float(np.sum(projected**2 / values[kept])), int(kept.sum())
    z = np.where(error > 0, coef / scale, 0.0)
    place = int(np.argmax(np.abs(z)))
    return chi_square, degrees, float(stats.chi2.sf(chi_square, degrees)), str(names[place]), float(z[place])


class _Basis:
    """Columns (n,) none of which is spanned by those before it; told by Gram and Schmidt, twice."""

    def __init__(self, table: Floats):
        self.columns: list[Floats] = []
        self._unit: list[Floats] = []
        for column in table.T:
            self.add(column)

    def add(self, column: Floats) -> bool:
        """Add a column unless those before span it; returns whether it was added."""
        rest, size = column.astype(np.float64), float(np.linalg.norm(column - column.mean()))
        if not self.columns:
            size = float(np.linalg.norm(column))
        for _ in range(2):
            for unit in self._unit:
                rest = rest - (unit @ rest) * unit
        left = float(np.linalg.norm(rest))
        if not left > 1e-6 * size:
            return False
        self.columns.append(column)
        self._unit.append(rest / left)
        return True
