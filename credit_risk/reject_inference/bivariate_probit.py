"""Bivariate probit with selection: decision and outcome with correlated errors, identified by an instrument.

The likelihood is that of `probit_likelihood.py`. What the correlation ρ says of rejected applicants rests on joint
normality, on both indices being linear in what is given, and on an instrument that bears on the decision alone. Where
an index lacks a term, ρ takes its place and the estimate is worse than none: measured on simulated applicants whose
outcome depends on a square that the model lacks, and without an instrument, ρ̂ = 0.90 where the truth is 0, with a
narrow interval, and AUC .67 where the model of known outcomes has .80. The test of the form (squares of the indices)
finds this where there is an instrument; without one it does not, since ρ has already taken the place of the square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr
from scipy.stats import chi2

from credit_risk._core.errors import CreditRiskError, Fault, ModelError
from credit_risk.evaluation._arrays import Arguments, check_confidence
from credit_risk.models.covariance import Rows, chosen_covariance, coefficient_covariance, wald_chi_square
from credit_risk.reject_inference.augmentation import as_bad_and_good
from credit_risk.reject_inference.bivariate_normal import log_bivariate_normal
from credit_risk.reject_inference.correlation_profile import (
    BORDER,
    FLAT,
    TWO_MODES,
    CorrelationProfile,
    Maximum,
    profile_of,
    search,
)
from credit_risk.reject_inference.probit_design import (
    Design,
    InstrumentTest,
    check_frames,
    design_of,
    instrument_test,
    start_of,
)
from credit_risk.reject_inference.probit_likelihood import (
    LARGEST_RHO,
    ProbitData,
    by_fisher_z,
    joint_likelihood,
    maximise,
    probit_data,
)
from credit_risk.reject_inference.rows import Decided, InferredRows

Floats = NDArray[np.float64]
DOUBTFUL = 0.01
FORM_DOUBTFUL = "form_doubtful"
WEAK_INSTRUMENT = "weak_instrument"
NO_INSTRUMENT = "no_instrument"
WARNINGS = {
    BORDER: "the likelihood rises to the border of the correlation: it is not estimated",
    FLAT: "the data hardly tell one correlation from another: the interval is 1 wide or more",
    TWO_MODES: "the likelihood of the correlation has two maxima",
    WEAK_INSTRUMENT: "the instrument moves the decision weakly (Wald over degrees of freedom below 10)",
    NO_INSTRUMENT: "no instrument: the correlation is identified by the normal form alone, for comparison only",
    FORM_DOUBTFUL: "squares of the indices are missed: the correlation may stand for what the indices lack, and the "
    "probabilities of rejected applicants may be worse than those of the model of known outcomes",
}
ASSUMPTIONS = (
    "assumes that the unobserved parts of decision and outcome are jointly normal, that both indices are linear in the "
    "characteristics given, and that the instrument bears on the decision alone",
    "where an index lacks a term the correlation takes its place, and its interval does not show it",
)


@dataclass(frozen=True, slots=True)
class BivariateProbitFit:
    """Maximum likelihood of (γ, β, atanh ρ); terms begin with `intercept`.

    gamma (p,), beta (k,): coefficients of decision and outcome; covariance (p + k + 1, p + k + 1) of gamma, beta and
    atanh ρ by the observed information, or robust or clustered as `dependence` says; at the border of ρ its last row
    and column are NaN and the rest is given ρ. rho with bounds of the profile likelihood at `confidence`;
    rho_standard_error by the delta method. independence_lr: twice the fall of ln L at ρ = 0. form_wald: chi-square
    with 2 degrees of freedom of the squared indices, one added to each equation. instrument: None where there is none.
    warnings: keys of WARNINGS.
    """

    decision_terms: tuple[str, ...]
    outcome_terms: tuple[str, ...]
    gamma: Floats
    beta: Floats
    rho: float
    rho_lower: float
    rho_upper: float
    rho_standard_error: float
    covariance: Floats
    confidence: float
    log_likelihood: float
    independence_lr: float
    form_wald: float
    instrument: InstrumentTest | None
    profile: CorrelationProfile
    dependence: Rows
    applicants: int
    accepted: int
    known: int
    iterations: int
    warnings: tuple[str, ...]

    @property
    def standard_error(self) -> Floats:
        """(p + k + 1,) of gamma, beta, atanh ρ."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def form_p_value(self) -> float:
        """p of form_wald."""
        return float(chi2.sf(self.form_wald, 2))

    @property
    def independence_p_value(self) -> float:
        """p of independence_lr, of rows that are independent and not weighted."""
        return float(chi2.sf(self.independence_lr, 1))

    def acceptance(self, z: pd.DataFrame) -> Floats:
        """P(accepted | z) = Φ(γ'z), (n,)."""
        return np.asarray(ndtr(_index(z, self.decision_terms, self.gamma)), dtype=np.float64)

    def probability(self, x: pd.DataFrame) -> Floats:
        """P(bad | x) = Φ(β'x) through the door, (n,)."""
        return np.asarray(ndtr(_index(x, self.outcome_terms, self.beta)), dtype=np.float64)

    def probability_if_rejected(self, z: pd.DataFrame, x: pd.DataFrame) -> Floats:
        """P(bad | x, z, rejected) = Φ₂(−γ'z, β'x; −ρ)/Φ(−γ'z), (n,)."""
        return self._given(-_index(z, self.decision_terms, self.gamma), x, -self.rho)

    def probability_if_accepted(self, z: pd.DataFrame, x: pd.DataFrame) -> Floats:
        """P(bad | x, z, accepted) = Φ₂(γ'z, β'x; ρ)/Φ(γ'z), (n,)."""
        return self._given(_index(z, self.decision_terms, self.gamma), x, self.rho)

    def _given(self, index: Floats, x: pd.DataFrame, rho: float) -> Floats:
        both = log_bivariate_normal(index, _index(x, self.outcome_terms, self.beta), np.full(len(index), rho))
        return np.minimum(np.exp(both - log_ndtr(index)), 1.0)


def fit_bivariate_probit(
    decided: Decided,
    z: pd.DataFrame,
    x: pd.DataFrame,
    *,
    instrument: str | Sequence[str] | None,
    identified_by_form_alone: bool = False,
    covariance: str = "auto",
    confidence: float = 0.95,
) -> BivariateProbitFit:
    """Censored bivariate probit by Newton's method from the best ρ of a grid.

    z (n, p), x (n, k): numeric columns of the decision and of the outcome, without constant; instrument: columns of z
    that are not in x, all of one excluded variable. None is refused unless identified_by_form_alone, for comparison.
    covariance: nonrobust, hc0, hc1, cluster, or auto (cluster where applicants share one). Weights count as
    frequencies. Raises ModelError with all faults: columns, an instrument that is constant or predicts nothing of the
    decision, acceptance or outcome that is predicted perfectly, no maximum found.
    """
    arguments = Arguments()
    check_confidence(arguments, confidence)
    arguments.raise_if_any()
    names = (instrument,) if isinstance(instrument, str) else tuple(instrument or ())
    check_frames(decided, z, x, names, identified_by_form_alone)
    rows = chosen_covariance(covariance, decided.clusters)
    decision, outcome = design_of(z, np.ones(len(z), bool)), design_of(x, decided.known)
    start = _start(decided, decision, outcome)
    tested = instrument_test(decision, decided, names, rows) if names else None
    data = probit_data(decision.matrix, outcome.matrix, decided.y, decided.accepted, decided.weights)
    found = search(data, start)
    robust, inflation = _covariances(data, found, rows)
    profile = profile_of(data, found, confidence=confidence, inflation=inflation)
    form = _form_wald(data, found, decision, outcome, decided, rows)
    return _fit(decided, (decision, outcome), found, profile, robust, tested, form, rows, confidence)


def _fit(
    decided: Decided,
    designs: tuple[Design, Design],
    found: Maximum,
    profile: CorrelationProfile,
    covariance: Floats,
    tested: InstrumentTest | None,
    form: float,
    rows: Rows,
    confidence: float,
) -> BivariateProbitFit:
    """What was found, told by the columns as they were."""
    decision, outcome = designs
    warnings = list(profile.warnings)
    warnings += [NO_INSTRUMENT] if tested is None else [WEAK_INSTRUMENT] if tested.weak else []
    warnings += [FORM_DOUBTFUL] if chi2.sf(form, 2) < DOUBTFUL else []
    p = len(decision.terms)
    back = np.zeros_like(covariance)
    back[:p, :p], back[p:-1, p:-1], back[-1, -1] = decision.back, outcome.back, 1.0
    independent = float(found.values[found.grid == 0.0][0])
    return BivariateProbitFit(
        decision_terms=decision.terms,
        outcome_terms=outcome.terms,
        gamma=decision.back @ found.coef[:p],
        beta=outcome.back @ found.coef[p:],
        rho=found.rho,
        rho_lower=profile.lower,
        rho_upper=profile.upper,
        rho_standard_error=float(np.sqrt(covariance[-1, -1]) * (1.0 - found.rho**2)),
        covariance=_carried(back, covariance),
        confidence=confidence,
        log_likelihood=found.value,
        independence_lr=max(2.0 * (found.value - independent), 0.0),
        form_wald=form,
        instrument=tested,
        profile=profile,
        dependence=rows,
        applicants=len(decided),
        accepted=int(np.count_nonzero(decided.accepted)),
        known=int(np.count_nonzero(decided.known)),
        iterations=found.iterations,
        warnings=tuple(warnings),
    )


def probability_given_rejection(decided: Decided, z: pd.DataFrame, x: pd.DataFrame) -> Floats:
    """P(bad | x, z, rejected) (n,) at the maximum that Newton's method finds from ρ = 0: no profile, error or test.

    For repeated fits, as of a bootstrap; `fit_bivariate_probit` searches all ρ. Raises ModelError where there is no
    maximum.
    """
    decision, outcome = design_of(z, np.ones(len(z), bool)), design_of(x, decided.known)
    start = _start(decided, decision, outcome)
    data = probit_data(decision.matrix, outcome.matrix, decided.y, decided.accepted, decided.weights)
    coef, rho, _, _, converged = maximise(data, 0.0, start)
    if not converged:
        raise ModelError(Fault("the likelihood has no maximum that can be found", code="not_converged"))
    index = -(decision.matrix @ coef[: data.split])
    both = log_bivariate_normal(index, outcome.matrix @ coef[data.split :], np.full(len(index), -rho))
    return np.minimum(np.exp(both - log_ndtr(index)), 1.0)


def bivariate_probit_rows(decided: Decided, fit: BivariateProbitFit, z: pd.DataFrame, x: pd.DataFrame) -> InferredRows:
    """Known outcomes as they are; each reject as bad with weight w·P(bad | rejected), as good with the rest.

    Raises ModelError where ρ is at its border: what it says of rejected applicants is not estimated.
    """
    if BORDER in fit.warnings:
        raise ModelError(
            Fault(
                "the correlation of decision and outcome is at its border",
                code="rho_border",
                path="reject_inference.method",
                found=f"correlation {fit.rho:.3f}, interval {fit.rho_lower:.3f} to {fit.rho_upper:.3f}",
                allowed=f"within {LARGEST_RHO:g} of 0",
                remedy="mend the characteristics or the instrument of the bivariate probit, or use another method",
            )
        )
    told = (
        f"correlation {fit.rho:.3f}, interval {fit.rho_lower:.3f} to {fit.rho_upper:.3f}",
        *(WARNINGS[name] for name in fit.warnings),
    )
    p = fit.probability_if_rejected(z, x)
    return as_bad_and_good(decided, p, "bivariate_probit", (*ASSUMPTIONS, *told))


def _start(decided: Decided, decision: Design, outcome: Design) -> Floats:
    starts: list[Floats] = []
    faults: list[Fault] = []
    known = decided.known
    of_known = Design(outcome.terms, outcome.matrix[known], outcome.back)
    for design, event, w, words in (
        (decision, decided.accepted, decided.weights, ("decision", "accepted", "rejected applicants")),
        (of_known, decided.y[known] == 1.0, decided.weights[known], ("outcome", "known bads", "known goods")),
    ):
        try:
            starts.append(start_of(design, event, w, words))
        except ModelError as error:
            faults += error.faults
    if faults:
        raise ModelError(faults)
    return np.concatenate(starts)


def _covariances(data: ProbitData, found: Maximum, rows: Rows) -> tuple[Floats, float]:
    """Covariance by `rows`, and what it is over that of the information, for atanh ρ."""
    border = abs(found.rho) >= LARGEST_RHO
    information = found.information[:-1, :-1] if border else found.information
    bread: Floats = np.asarray(np.linalg.inv(information), dtype=np.float64)
    robust = bread
    if rows.kind != "nonrobust":
        scores = by_fisher_z(joint_likelihood(data, found.coef, found.rho, rows=True), found.rho).scores
        assert scores is not None
        robust = coefficient_covariance(bread, scores[:, : len(bread)], rows)
    if border:
        grown = np.full((len(bread) + 1, len(bread) + 1), np.nan)
        grown[:-1, :-1] = robust
        return grown, 1.0
    return robust, float(robust[-1, -1] / bread[-1, -1])


def _carried(back: Floats, covariance: Floats) -> Floats:
    """Covariance of the coefficients of the columns as they were; NaN of ρ at the border stays where it is."""
    carried = covariance.copy()
    carried[:-1, :-1] = back[:-1, :-1] @ covariance[:-1, :-1] @ back[:-1, :-1].T
    carried[:-1, -1] = carried[-1, :-1] = back[:-1, :-1] @ covariance[:-1, -1]
    return carried


def _form_wald(
    data: ProbitData, found: Maximum, decision: Design, outcome: Design, decided: Decided, rows: Rows
) -> float:
    """Wald's chi-square of the squared indices (Ramsey 1969, Journal of the Royal Statistical Society B 31, 350-371).

    NaN where they are collinear with the rest, or the larger model has no maximum that is found.
    """
    p = data.split
    squares = [decision.matrix @ found.coef[:p], outcome.matrix @ found.coef[p:]]
    squares = [(index**2 - np.mean(index**2)) / (np.std(index**2) or 1.0) for index in squares]
    z, x = np.column_stack([decision.matrix, squares[0]]), np.column_stack([outcome.matrix, squares[1]])
    for matrix in (z, x[decided.known]):
        if np.linalg.matrix_rank(matrix) < matrix.shape[1]:
            return float("nan")
    wider = probit_data(z, x, decided.y, decided.accepted, decided.weights)
    start = np.concatenate([found.coef[:p], [0.0], found.coef[p:], [0.0]])
    coef, rho, at, _, converged = maximise(wider, found.rho, start)
    if not converged:
        return float("nan")
    border = abs(rho) >= LARGEST_RHO
    size = len(coef) if border else len(coef) + 1
    bread: Floats = np.asarray(np.linalg.pinv(-at.hessian[:size, :size]), dtype=np.float64)
    scores = by_fisher_z(joint_likelihood(wider, coef, rho, rows=True), rho).scores
    assert scores is not None
    covariance = coefficient_covariance(bread, scores[:, :size], rows)
    tested = np.array([p, len(coef) - 1])
    return wald_chi_square(coef[tested], covariance[np.ix_(tested, tested)])


def _index(frame: pd.DataFrame, terms: tuple[str, ...], coef: Floats) -> Floats:
    absent = [name for name in terms[1:] if name not in frame.columns]
    if absent:
        raise CreditRiskError([Fault("column is absent", code="column_absent", path=name) for name in absent])
    values = frame[list(terms[1:])].to_numpy(dtype=np.float64)
    return np.asarray(coef[0] + values @ coef[1:], dtype=np.float64)
