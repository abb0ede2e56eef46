"""Designs of the bivariate probit: checked, standardised, with a way back; and how strongly the instrument acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2

from credit_risk._core.errors import Fault, ModelError
from credit_risk.models.collinear import independent
from credit_risk.models.covariance import Rows, coefficient_covariance, wald_chi_square
from credit_risk.models.separation import find_separation
from credit_risk.reject_inference.probit_likelihood import probit_newton, probit_scores
from credit_risk.reject_inference.rows import Decided

Floats = NDArray[np.float64]
SURE_INDEX = 6.0
SIGNIFICANCE = 0.05
STRONG = 10.0
NO_INSTRUMENT = (
    "the bivariate probit needs an instrument: without one, the correlation is identified by the normal form alone"
)


@dataclass(frozen=True, slots=True)
class Design:
    """matrix (n, k + 1): ones, then columns of mean 0 and variance 1 over the rows that count; terms of the columns.

    back (k + 1, k + 1): coefficients by the columns as they were are back @ coefficients.
    """

    terms: tuple[str, ...]
    matrix: Floats
    back: Floats


@dataclass(frozen=True, slots=True)
class InstrumentTest:
    """Whether the instrument moves the decision, in a probit of the decision alone.

    wald, likelihood_ratio: chi-square with `df` degrees of freedom, the former by the covariance of the fit;
    strength: wald/df, below 10 weak by the usual rule for F (Staiger and Stock 1997, Econometrica 65, 557-586).
    """

    terms: tuple[str, ...]
    wald: float
    likelihood_ratio: float
    df: int
    p_value: float
    strength: float

    @property
    def weak(self) -> bool:
        """Strength below 10."""
        return self.strength < STRONG


def check_frames(
    decided: Decided, z: pd.DataFrame, x: pd.DataFrame, instrument: Sequence[str], by_form_alone: bool
) -> None:
    """Raises ModelError with all faults of the two frames and of the instrument."""
    faults: list[Fault] = []
    n = len(decided)
    for where, frame, counts in (("decision", z, np.ones(n, bool)), ("outcome", x, decided.known)):
        if len(frame) != n:
            found, allowed = f"{len(frame):,} rows", f"{n:,} rows"
            text = "length differs from the applicants"
            faults.append(Fault(text, code="length", path=where, found=found, allowed=allowed))
            continue
        faults += _column_faults(where, frame, counts)
    faults += _instrument_faults(z, x, instrument, by_form_alone)
    if faults:
        raise ModelError(faults)
    faults = _collinear_faults("decision", z, np.ones(n, bool)) + _collinear_faults("outcome", x, decided.known)
    if faults:
        raise ModelError(faults)


def _column_faults(where: str, frame: pd.DataFrame, counts: NDArray[np.bool_]) -> list[Fault]:
    faults = []
    names = [str(name) for name in frame.columns]
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(Fault("the name is given twice", code="repeated", path=f"{where}.{name}"))
    for place, name in enumerate(names):
        column = frame.iloc[:, place]
        path = f"{where}.{name}"
        if column.dtype.kind not in "iufb":
            faults.append(Fault("not numeric", code="type", path=path, found=str(column.dtype), allowed="numbers"))
            continue
        values = column.to_numpy(dtype=np.float64)
        odd = ~np.isfinite(values)
        if odd.any():
            row = int(np.flatnonzero(odd)[0]) + 1
            text, found = "missing or infinite values", f"{np.count_nonzero(odd):,} rows"
            faults.append(Fault(text, code="missing", path=path, row=row, found=found))
        elif np.ptp(values[counts]) == 0.0:
            of = "" if counts.all() else " on the rows whose outcome is known"
            faults.append(Fault(f"{name} is constant{of}", code="constant_term", path=path))
    return faults


def _instrument_faults(z: pd.DataFrame, x: pd.DataFrame, instrument: Sequence[str], alone: bool) -> list[Fault]:
    faults = []
    if not instrument and not alone:
        remedy = (
            "declare an instrument; or, for comparison only, give instrument=None and identified_by_form_alone=True"
        )
        faults.append(Fault(NO_INSTRUMENT, code="no_instrument", path="instrument", remedy=remedy))
    for name in instrument:
        if name not in z.columns:
            found = ", ".join(str(one) for one in z.columns)
            text = f"the instrument {name} is no column of the decision"
            faults.append(Fault(text, code="column_absent", path="instrument", found=found))
        if name in x.columns:
            text = f"the instrument {name} is a column of the outcome too"
            faults.append(Fault(text, code="instrument_in_outcome", path="instrument", remedy="leave it out there"))
    return faults


def _collinear_faults(where: str, frame: pd.DataFrame, counts: NDArray[np.bool_]) -> list[Fault]:
    faults: list[Fault] = []

    def drop(name: str, code: str, first: float | None, second: float | None, text: str) -> None:
        path = f"{where}.{name}"
        faults.append(Fault(f"{name} is {text}", code="collinear", path=path, remedy=f"leave out {name} there"))

    columns = {str(name): frame[name].to_numpy(dtype=np.float64)[counts] for name in frame.columns}
    independent(list(columns), columns, drop, kept=())
    return faults


def design_of(frame: pd.DataFrame, counts: NDArray[np.bool_]) -> Design:
    """The columns of `frame` standardised over the rows that count (n,)."""
    values = frame.to_numpy(dtype=np.float64)
    mean, spread = values[counts].mean(axis=0), values[counts].std(axis=0)
    back = np.diag(np.append(1.0, 1.0 / spread))
    back[0, 1:] = -mean / spread
    matrix = np.column_stack([np.ones(len(values)), (values - mean) / spread])
    return Design(("intercept", *(str(name) for name in frame.columns)), matrix, back)


def start_of(design: Design, event: NDArray[np.bool_], w: Floats, words: tuple[str, str, str]) -> Floats:
    """Coefficients (k + 1,) of a probit of one event (n,). words: where, and what the two classes are.

    Raises ModelError where a plane separates the classes, or the likelihood has no maximum that is found.
    """
    side = np.where(event, 1.0, -1.0)
    coef, _, _, converged = probit_newton(design.matrix, side, w)
    sure = float(np.max(np.abs(design.matrix @ coef))) > SURE_INDEX
    where, one, other = words
    if sure or not converged:
        plane = find_separation(design.matrix[:, 1:], event.astype(np.float64), design.terms[1:])
        if plane is not None:
            names = ", ".join(plane.direction)
            text = f"{one} and {other} are separated by {names} ({plane.kind}, {plane.apart:,} of {plane.rows:,} rows)"
            remedy = "leave out what decides by itself, or join its classes"
            raise ModelError(Fault(text, code="separated", path=where, remedy=remedy))
    if not converged:
        raise ModelError(Fault("the probit does not converge", code="not_converged", path=where))
    return coef


def instrument_test(design: Design, decided: Decided, instrument: Sequence[str], rows: Rows) -> InstrumentTest:
    """Wald and likelihood-ratio test that the instrument's coefficients in the decision are zero.

    Raises ModelError where p of Wald's test is SIGNIFICANCE or more: an instrument that predicts nothing.
    """
    side = np.where(decided.accepted, 1.0, -1.0)
    coef, value, information, _ = probit_newton(design.matrix, side, decided.weights)
    tested = np.isin(design.terms, list(instrument))
    _, without, _, _ = probit_newton(design.matrix[:, ~tested], side, decided.weights)
    scores = probit_scores(design.matrix, side, decided.weights, coef)
    bread = np.asarray(np.linalg.inv(information), dtype=np.float64)
    covariance = coefficient_covariance(bread, scores, rows)
    df = int(tested.sum())
    wald = wald_chi_square(coef[tested], covariance[np.ix_(tested, tested)])
    p = float(chi2.sf(wald, df))
    if not p < SIGNIFICANCE:
        raise ModelError(
            Fault(
                f"the instrument {', '.join(instrument)} predicts nothing of the decision, given the characteristics",
                code="instrument_predicts_nothing",
                path="instrument",
                found=f"Wald chi-square {wald:.3g} with {df} degrees of freedom, p = {p:.3g}",
                allowed=f"p below {SIGNIFICANCE:g}",
                remedy="use an instrument that moved decisions, or another method",
            )
        )
    return InstrumentTest(tuple(instrument), wald, 2.0 * (value - without), df, p, wald / df)
