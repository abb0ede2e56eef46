"""Standard errors of a model fitted on inferred rows: applicants are drawn again and everything is done again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from credit_risk._core.errors import CreditRiskError, Fault, ModelError
from credit_risk.evaluation._arrays import Arguments, check_confidence
from credit_risk.reject_inference.dispatch import NEEDS, infer_rows
from credit_risk.reject_inference.quick_logit import naive_errors, weighted_logit, with_constant
from credit_risk.reject_inference.rows import Decided, Floats, InferredRows, Places
from credit_risk.reject_inference.spec import Method, RejectInferenceSpec

PROCEDURE_COLUMNS = (
    *("term", "coefficient", "naive_error", "standard_error", "error_ratio", "lower", "upper"),
    *("replicates", "left_out"),
)
GivenRejection = Callable[[Decided, Floats, Floats], Floats]
FEWEST = 2


@dataclass(frozen=True, slots=True)
class ProcedureErrors:
    """Coefficients on the inferred rows with two standard errors; vectors are (k+1,), terms begin with `intercept`.

    naive_error: as if the weighted rows were so many applicants with known outcomes. standard_error: deviation of the
    coefficients over the replicates; lower and upper: coefficient ± the normal quantile times it. replicates: those
    used; left_out: those in which a model could not be fitted. drawn: what was drawn again, in words.
    """

    method: str
    terms: tuple[str, ...]
    coef: Floats
    naive_error: Floats
    standard_error: Floats
    lower: Floats
    upper: Floats
    confidence: float
    replicates: int
    left_out: int
    drawn: str

    def frame(self) -> pd.DataFrame:
        """One row a term, `PROCEDURE_COLUMNS`; error_ratio: bootstrap over naive."""
        columns = {
            "term": self.terms,
            "coefficient": self.coef,
            "naive_error": self.naive_error,
            "standard_error": self.standard_error,
            "error_ratio": self.standard_error / self.naive_error,
            "lower": self.lower,
            "upper": self.upper,
            "replicates": self.replicates,
            "left_out": self.left_out,
        }
        return pd.DataFrame(columns, columns=list(PROCEDURE_COLUMNS))


@dataclass(frozen=True, slots=True)
class _Procedure:
    """Applicants with their designs (n, k+1) and (n, m+1), and what the method needs besides."""

    spec: RejectInferenceSpec
    method: Method
    decided: Decided
    design: Floats
    decision: Floats
    external: Floats | None
    given_rejection: GivenRejection | None
    starts: tuple[Floats, Floats, Floats]

    def drawn(self, place: Places) -> _Procedure:
        """The same on applicants drawn again."""
        old = self.decided
        return replace(
            self,
            decided=Decided(old.y[place], old.accepted[place], old.weights[place]),
            design=self.design[place],
            decision=self.decision[place],
            external=None if self.external is None else self.external[place],
        )


def bootstrap_procedure(
    spec: RejectInferenceSpec,
    decided: Decided,
    x: ArrayLike,
    names: Sequence[str],
    *,
    decision_x: ArrayLike | None = None,
    method: Method | None = None,
    external: ArrayLike | None = None,
    given_rejection: GivenRejection | None = None,
    keys: ArrayLike | None = None,
    replicates: int | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> ProcedureErrors:
    """Errors of a logistic regression on inferred rows, by drawing applicants again and repeating the whole procedure:

    the model of the decision, the model of known outcomes, weights or labels, and the regression on the rows
    (Efron and Tibshirani 1993). Clusters of `decided` are drawn whole. Columns are as given: classing is not repeated.

    x (n, k): columns of all applicants for the model of known outcomes and the regression, such as weights of
    evidence, with names (k,). decision_x (n, m): columns of the model of the decision, with the instrument; None: x.
    external (n,): outcomes elsewhere (`external_values`). given_rejection: function of (Decided, x, decision_x) that
    gives probabilities of bad given rejection, for the bivariate probit. replicates None: spec.replicates. Labels of a
    replicate are drawn anew. Raises CreditRiskError on arrays that do not fit and on fewer than 2 replicates,
    ModelError where a model cannot be fitted on the applicants themselves, or in more than half of the replicates.
    """
    asked = spec.replicates if replicates is None else replicates
    chosen = spec.method if method is None else method
    columns, decision = _checked(decided, x, names, decision_x, asked, confidence)
    elsewhere = None if external is None else np.asarray(external, dtype=np.float64)
    zero = np.zeros(decision.shape[1]), np.zeros(columns.shape[1]), np.zeros(columns.shape[1])
    first = _Procedure(spec, chosen, decided, columns, decision, elsewhere, given_rejection, zero)
    rows, starts = _rows_of(first, seed, keys)
    design = columns[rows.place]
    coef = _fitted(design, rows.y, rows.weight, starts[2], "the regression on the inferred rows")
    found, left_out = _replicated(replace(first, starts=(starts[0], starts[1], coef)), asked, seed)
    if left_out > asked / 2:
        text = "the procedure cannot be repeated: a model fails in most replicates"
        raise ModelError(Fault(text, "bootstrap", found=f"{left_out:,} of {asked:,}", remedy="use fewer columns"))
    error = found.std(axis=0, ddof=1)
    half = -special.ndtri((1 - confidence) / 2) * error
    return ProcedureErrors(
        method=chosen,
        terms=("intercept", *names),
        coef=coef,
        naive_error=naive_errors(design, rows.weight, coef),
        standard_error=error,
        lower=coef - half,
        upper=coef + half,
        confidence=confidence,
        replicates=len(found),
        left_out=left_out,
        drawn="applicants" if decided.clusters is None else "whole clusters of applicants",
    )


def _replicated(procedure: _Procedure, replicates: int, seed: int) -> tuple[Floats, int]:
    """Coefficients (r, k+1) of the replicates in which all models are fitted, and the number of the others."""
    found: list[Floats] = []
    for random in (np.random.default_rng([seed, k]) for k in range(replicates)):
        try:
            again = procedure.drawn(_draw(procedure.decided, random))
            rows, _ = _rows_of(again, int(random.integers(2**31)), None)
            coef = weighted_logit(again.design[rows.place], rows.y, rows.weight, procedure.starts[2])
        except CreditRiskError:  # the draw has one class, no overlap, or a model without a maximum
            continue
        if coef is not None:
            found.append(coef)
    return np.array(found).reshape(len(found), procedure.design.shape[1]), replicates - len(found)


def _rows_of(
    procedure: _Procedure, seed: int, keys: ArrayLike | None
) -> tuple[InferredRows, tuple[Floats, Floats, Floats]]:
    """Rows of the method, and the coefficients of both models beside those of the start of the third."""
    decided, needs = procedure.decided, NEEDS[procedure.method]
    decision, known, last = procedure.starts
    acceptance = probability = given = None
    if "acceptance" in needs:
        y = decided.accepted.astype(np.float64)
        decision = _fitted(procedure.decision, y, decided.weights, decision, "the model of the decision")
        acceptance = special.expit(procedure.decision @ decision)
    if "probability" in needs:
        inside = decided.known
        parts = procedure.design[inside], decided.y[inside], decided.weights[inside]
        known = _fitted(*parts, known, "the model of known outcomes")
        probability = special.expit(procedure.design @ known)
    if "probability_if_rejected" in needs and procedure.given_rejection is not None:
        given = procedure.given_rejection(decided, procedure.design[:, 1:], procedure.decision[:, 1:])
    rows = infer_rows(
        procedure.spec,
        decided,
        acceptance=acceptance,
        probability=probability,
        seed=seed,
        keys=keys,
        external=procedure.external,
        probability_if_rejected=given,
        features=procedure.design[:, 1:],
        method=procedure.method,
    )
    return rows, (decision, known, last)


def _fitted(design: Floats, y: Floats, weights: Floats, start: Floats, name: str) -> Floats:
    coef = weighted_logit(design, y, weights, start)
    if coef is None:
        remedy = "leave out columns that are constant, collinear, or separate the classes"
        raise ModelError(Fault(f"{name} has no estimate", "not_converged", remedy=remedy))
    return coef


def _draw(decided: Decided, random: np.random.Generator) -> Places:
    """Places of as many applicants, or of as many clusters, as there are, drawn with replacement."""
    if decided.clusters is None:
        return random.integers(0, len(decided), len(decided))
    order = np.argsort(decided.clusters, kind="stable")
    size = np.bincount(decided.clusters)
    start = np.cumsum(size) - size
    picked = random.integers(0, len(size), len(size))
    taken = size[picked]
    within = np.arange(int(taken.sum())) - np.repeat(np.cumsum(taken) - taken, taken)
    return order[np.repeat(start[picked], taken) + within]


def _checked(
    decided: Decided,
    x: ArrayLike,
    names: Sequence[str],
    decision_x: ArrayLike | None,
    replicates: int,
    confidence: float,
) -> tuple[Floats, Floats]:
    arguments = Arguments()
    check_confidence(arguments, confidence)
    enough = isinstance(replicates, int) and replicates >= FEWEST
    allowed = f"{FEWEST} or more"
    arguments.require(enough, "replicates", "too few replicates", "range", found=repr(replicates), allowed=allowed)
    columns = np.asarray(x, dtype=np.float64)
    decision = columns if decision_x is None else np.asarray(decision_x, dtype=np.float64)
    for name, values, width in (("x", columns, len(names)), ("decision_x", decision, None)):
        fits = values.ndim == 2 and len(values) == len(decided) and (width is None or values.shape[1] == width)
        wanted = f"({len(decided)}, {'m' if width is None else width})"
        arguments.require(
            fits, name, "columns do not fit the applicants", "shape", found=str(values.shape), allowed=wanted
        )
        finite = bool(np.isfinite(values).all())
        arguments.require(finite, name, "missing or infinite values", "missing", allowed="finite numbers")
    arguments.raise_if_any()
    return with_constant(columns), with_constant(decision)
