"""Reject inference between samples and classing: who belongs to development, and what candidates are fitted on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import CreditRiskError, Fault, ModelError
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.performance import DEVELOPMENT
from credit_risk.lifecycle.rejects.models import (
    AcceptanceModel,
    KnownModel,
    evidence_columns,
    fit_acceptance,
    fit_known_outcomes,
    probabilities,
)
from credit_risk.lifecycle.rejects.retaken import retaken
from credit_risk.plan import Plan
from credit_risk.reject_inference import (
    BivariateProbitFit,
    Decided,
    InferredRows,
    bivariate_probit_rows,
    external_values,
    fit_bivariate_probit,
    infer_rows,
)
from credit_risk.reject_inference.given_rejection import of_decision
from credit_risk.reject_inference.self_learning import SelfLearning, fit_self_learning
from credit_risk.reject_inference.spec import Method
from credit_risk.sampling.applicants import label_applicants
from credit_risk.sampling.clusters import cluster_numbers

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
KEY = "reject_inference"
PROBIT: Method = "bivariate_probit"
LEARNED: Method = "self_learning"
WEIGHTING: tuple[Method, ...] = ("reweighting", "score_bands")
"""Methods that only weigh known outcomes, and so can weigh those of any sample."""


@dataclass(frozen=True, slots=True)
class Applicants:
    """Applicants with a decision who are in a sample, ascending in `row` (place among all rows). All (n,).

    sample: of each; accepted: the decision; acceptance: probability of it; probability: of bad by the model of known
    outcomes.
    """

    row: Places
    sample: NDArray[np.object_]
    accepted: NDArray[np.bool_]
    acceptance: Floats
    probability: Floats

    def of(self, sample: str) -> NDArray[np.bool_]:
        """Which of them are in a sample (n,)."""
        return np.asarray(self.sample == sample, dtype=bool)

    def frame(self) -> pd.DataFrame:
        """As `reject_inference/applicants.parquet` holds them."""
        return pd.DataFrame(
            {
                "row": self.row,
                "_sample": pd.Series(self.sample, dtype=object),
                "_accepted": self.accepted.astype(np.int64),
                "_acceptance": self.acceptance,
                "_probability": self.probability,
            }
        )


@dataclass(frozen=True, slots=True)
class Inference:
    """Reject inference of a development. rows: those that candidates are fitted on; place: of each among all rows.

    decided: the applicants of development, in the order of `applicants`; tried: rows of every method that the plan
    tries, by name; failed: why a method for comparison makes none; probit, learned: bivariate probit and
    self-learning, where they were tried; prepared: the samples with development made of the rows.
    """

    applicants: Applicants
    decided: Decided
    acceptance: AcceptanceModel
    known: KnownModel
    probit: BivariateProbitFit | None
    learned: SelfLearning | None
    rows: InferredRows
    place: Places
    tried: dict[Method, InferredRows]
    failed: dict[Method, str]
    prepared: Prepared

    def rows_frame(self) -> pd.DataFrame:
        """As `reject_inference/rows.parquet` holds them."""
        rows = self.rows
        outcome, inferred = rows.y.astype(np.float64), rows.inferred.astype(np.int64)
        return pd.DataFrame({"row": self.place, "_outcome": outcome, "_weight": rows.weight, "_inferred": inferred})

    @property
    def detail(self) -> str:
        """What was done, in words."""
        d = self.decided
        method = self.rows.method.replace("_", " ")
        counts = f"{int(d.accepted.sum()):,} accepted, {int(d.rejected.sum()):,} rejected in development"
        made = f"{len(self.rows):,} fitting rows, {int(self.rows.inferred.sum()):,} of them inferred"
        return f"reject inference: {method} ({counts}; {made})"


def infer(plan: Plan, prepared: Prepared, report: Callable[[str], None]) -> Inference | None:
    """Both models, the rows of every method, and the samples to fit on; None where the plan asks for nothing.

    Raises ModelError with what the applicants of development cannot serve: no rejected, only rejected, a decision that
    is predicted perfectly, or what the method cannot do.
    """
    spec = plan.reject_inference
    if not spec.tried:
        return None
    found = label_applicants(prepared.intake, plan.samples, plan.time_column, prepared.labels)
    row = np.flatnonzero(pd.notna(found.labels))
    sample, accepted = found.labels[row], found.accepted[row]
    inside = sample == DEVELOPMENT
    decided = _decided(prepared, row[inside], accepted[inside])
    report("model of the decision")
    acceptance = fit_acceptance(plan, prepared, row[inside], decided.rejected.astype(np.float64))
    report("model of known outcomes")
    candidate = fit_known_outcomes(plan, prepared, report)
    frame = prepared.intake.frame.iloc[row]
    known = KnownModel(candidate, *evidence_columns(candidate.model, frame[inside]))
    applicants = Applicants(
        row, sample, accepted, acceptance.acceptance(frame), probabilities(candidate.compiled, frame)
    )
    stand = Standing(plan, prepared, applicants, decided, acceptance, known)
    tried: dict[Method, InferredRows] = {}
    failed: dict[Method, str] = {}
    for method in spec.tried:
        report(method.replace("_", " "))
        try:
            tried[method], stand = method_rows(stand, method)
        except ModelError as error:
            if method == spec.method:
                raise
            failed[method] = "; ".join(fault.message for fault in error.faults)
    rows = tried[spec.method]
    place = row[inside][rows.place]
    fitted = prepared if spec.method == "none" else retaken(prepared, place, rows.y, rows.weight)
    fits = (stand.probit, stand.learned)
    return Inference(applicants, decided, acceptance, known, *fits, rows, place, tried, failed, fitted)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the methods stand on: the applicants of development, both models, and the bivariate probit."""

    plan: Plan
    prepared: Prepared
    applicants: Applicants
    decided: Decided
    acceptance: AcceptanceModel
    known: KnownModel
    probit: BivariateProbitFit | None = None
    learned: SelfLearning | None = None

    @property
    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Columns of the bivariate probit, of decision and outcome."""
        return probit_frames(self.acceptance, self.known)


def method_rows(stand: Standing, method: Method) -> tuple[InferredRows, Standing]:
    """Rows of a method on the applicants of development, and `stand` with the probit where it was fitted.

    Raises ModelError with what the method cannot do.
    """
    inside = stand.applicants.of(DEVELOPMENT)
    row, spec = stand.applicants.row[inside], stand.plan.reject_inference
    try:
        if method == PROBIT:
            fit = _probit(stand.plan, stand.decided, stand.acceptance, stand.known)
            return bivariate_probit_rows(stand.decided, fit, *stand.frames), replace(stand, probit=fit)
        if method == LEARNED:
            run = fit_self_learning(stand.decided, stand.known.woe, spec.self_learning, seed=stand.plan.samples.seed)
            return run.rows, replace(stand, learned=run)
        rows = infer_rows(
            spec,
            stand.decided,
            acceptance=stand.applicants.acceptance[inside],
            probability=stand.applicants.probability[inside],
            seed=stand.plan.samples.seed,
            keys=np.asarray(stand.prepared.intake.key)[row],
            external=external_of(stand.plan, stand.prepared, row) if method == "external_outcomes" else None,
            method=method,
        )
    except CreditRiskError as error:
        raise ModelError([_of_method(fault, method) for fault in error.faults]) from error
    return rows, stand


def _probit(plan: Plan, decided: Decided, acceptance: AcceptanceModel, known: KnownModel) -> BivariateProbitFit:
    """The bivariate probit on weights of evidence. Raises ModelError where it has no estimate."""
    instrument = str(plan.reject_inference.instrument)
    if instrument not in acceptance.fit.terms:
        message = f"the instrument {instrument!r} predicts nothing of the decision"
        found, remedy = acceptance.left_out.get(instrument, "no term"), "name another instrument, or use another method"
        path = "reject_inference.instrument"
        raise ModelError(Fault(message, "instrument_predicts_nothing", path=path, found=found, remedy=remedy))
    z, x = probit_frames(acceptance, known)
    confidence = plan.evaluation.confidence
    return fit_bivariate_probit(decided, z, x, instrument=of_decision(instrument), confidence=confidence)


def probit_frames(acceptance: AcceptanceModel, known: KnownModel) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Weights of evidence of the decision, named apart, and of the outcome."""
    z = pd.DataFrame(acceptance.woe, columns=[of_decision(name) for name in acceptance.fit.terms[1:]])
    return z, pd.DataFrame(known.woe, columns=list(known.names))


def decided_of(prepared: Prepared, applicants: Applicants, sample: str) -> Decided:
    """The applicants of a sample."""
    inside = applicants.of(sample)
    return _decided(prepared, applicants.row[inside], applicants.accepted[inside], sample)


def _decided(prepared: Prepared, row: Places, accepted: NDArray[np.bool_], sample: str = DEVELOPMENT) -> Decided:
    """Raises ModelError with what is wrong with them, in the words of the plan."""
    clusters = prepared.clusters[row]
    named = None if not pd.notna(clusters).any() else cluster_numbers(clusters)
    try:
        return Decided(prepared.intake.outcome[row], accepted, prepared.weights[row], clusters=named)
    except CreditRiskError as error:
        raise ModelError([_of_sample(fault, sample) for fault in error.faults]) from error


def external_of(plan: Plan, prepared: Prepared, row: Places) -> Floats:
    external = plan.reject_inference.external
    assert external is not None
    values = prepared.intake.frame[external.column].iloc[row]
    return external_values(values, external.bad)


def _of_sample(fault: Fault, sample: str) -> Fault:
    return Fault(f"sample {sample}: {fault.message}", fault.code, path=KEY, found=fault.found, remedy=fault.remedy)


def _of_method(fault: Fault, method: str) -> Fault:
    if str(fault.path).startswith(KEY):
        return fault
    message = f"{method}: {fault.message}"
    return Fault(message, fault.code, path=KEY, found=fault.found, allowed=fault.allowed, remedy=fault.remedy)
