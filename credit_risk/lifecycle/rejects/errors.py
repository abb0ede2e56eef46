"""Standard errors of the whole procedure, beside the naive ones, for every scorecard that was fitted on its rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from credit_risk._core.errors import CreditRiskError
from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.lifecycle.candidates import Candidate
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.rejects.diagnosis import BOTH
from credit_risk.lifecycle.rejects.inference import PROBIT, Inference, external_of
from credit_risk.lifecycle.rejects.models import evidence_columns
from credit_risk.plan import Plan
from credit_risk.reject_inference.given_rejection import given_rejection
from credit_risk.reject_inference.procedure_errors import ProcedureErrors, bootstrap_procedure

COEFFICIENTS = "reject_inference.coefficients"
COLUMNS = (
    *("model", "term", "coefficient", "naive_error", "standard_error", "error_ratio", "lower", "upper"),
    *("replicates", "left_out"),
)
FEWEST = 2
REASONS = {
    "none": "no method of reject inference made the rows: the errors of scorecard.coefficients hold",
    "replicates": "the plan asks for no replicates (reject_inference.replicates)",
    "scorecard": "no candidate is a scorecard of one stage",
}
NOTES = (
    "naive: weights and supposed outcomes taken as given; standard error: deviation over replicates in which "
    "applicants (clusters) are drawn again and both models, the rows and the regression made anew, on classes as they "
    "are",
    "lower and upper: coefficient less and plus the normal quantile times the standard error",
)


def errors_evidence(
    plan: Plan, prepared: Prepared, inference: Inference, candidates: Sequence[Candidate]
) -> list[Evidence]:
    """Evidence `reject_inference.coefficients`, of the candidates that are scorecards of one stage."""
    spec = plan.reject_inference
    own = [c for c in candidates if c.type == "scorecard" and c.regression is not None and not c.stages]
    lacking = (
        "none" if spec.method == "none" else "replicates" if spec.replicates < FEWEST else "" if own else "scorecard"
    )
    if lacking:
        return [absent(COEFFICIENTS, "not_applicable", REASONS[lacking])]
    rows, faults = [], []
    for candidate in own:
        try:
            rows.append(
                _rows(candidate, plan.evaluation.confidence, _bootstrapped(plan, prepared, inference, candidate))
            )
        except CreditRiskError as error:
            faults += [f"{candidate.id}: {fault.message}" for fault in error.faults]
    if not rows:
        return [absent(COEFFICIENTS, "not_applicable", "; ".join(faults))]
    frame = pd.concat(rows, ignore_index=True)
    return [table(COEFFICIENTS, frame, inputs=BOTH, notes=(*NOTES, *faults))]


def _bootstrapped(plan: Plan, prepared: Prepared, inference: Inference, candidate: Candidate) -> ProcedureErrors:
    spec, decision = plan.reject_inference, inference.acceptance
    inside = inference.applicants.of("development")
    row = inference.applicants.row[inside]
    names, woe = evidence_columns(candidate.model, prepared.intake.frame.iloc[row])
    terms = list(decision.fit.terms[1:])
    external = external_of(plan, prepared, row) if spec.method == "external_outcomes" else None
    given = given_rejection(terms, list(names), spec.instrument) if spec.method == PROBIT else None
    return bootstrap_procedure(
        spec,
        inference.decided,
        woe,
        list(names),
        decision_x=decision.woe,
        external=external,
        given_rejection=given,
        keys=np.asarray(prepared.intake.key)[row],
        confidence=plan.evaluation.confidence,
        seed=plan.samples.seed,
    )


def _rows(candidate: Candidate, confidence: float, found: ProcedureErrors) -> pd.DataFrame:
    """The candidate's own coefficients with their naive errors, and the errors of the procedure."""
    fit = candidate.regression
    assert fit is not None
    error = dict(zip(found.terms, found.standard_error.tolist(), strict=True))
    coef = np.array([fit.coefficient(term) for term in found.terms])
    naive = np.array([fit.standard_error[fit.terms.index(term)] for term in found.terms])
    mine = np.array([error[term] for term in found.terms])
    half = -float(special.ndtri((1.0 - confidence) / 2.0)) * mine
    frame = pd.DataFrame({"term": list(found.terms), "coefficient": coef, "naive_error": naive, "standard_error": mine})
    frame["error_ratio"] = mine / naive
    frame["lower"], frame["upper"] = coef - half, coef + half
    frame["replicates"], frame["left_out"], frame["model"] = found.replicates, found.left_out, candidate.id
    return frame[list(COLUMNS)]
