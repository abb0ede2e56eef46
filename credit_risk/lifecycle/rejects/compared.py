"""Methods side by side, and what they mean for decisions: on applicants that took no part in fitting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from credit_risk._core.errors import CreditRiskError, ModelError
from credit_risk._core.evidence import Evidence, absent
from credit_risk.lifecycle.applicants import amounts
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.performance import Scored, input_files
from credit_risk.lifecycle.rejects.diagnosis import BOTH, attempted
from credit_risk.lifecycle.rejects.inference import Inference, decided_of
from credit_risk.lifecycle.rejects.models import evidence_columns
from credit_risk.models.logistic import fit_logistic
from credit_risk.plan import Plan
from credit_risk.reject_inference import (
    Decided,
    applicant_evaluation,
    comparison_table,
    kickout_table,
    sensitivity_table,
    tipping_table,
)
from credit_risk.reject_inference.spec import Method
from credit_risk.sampling.samples import OUT_OF_SAMPLE

Floats = NDArray[np.float64]
PREFIX = "reject_inference."
COMPARISON, EVALUATION, KICKOUT = (f"{PREFIX}{name}" for name in ("comparison", "applicant_evaluation", "kickout"))
SENSITIVITY, TIPPING = f"{PREFIX}sensitivity", f"{PREFIX}tipping"
IDS = (COMPARISON, EVALUATION, KICKOUT, SENSITIVITY, TIPPING)
NONE: Method = "none"
HELD_OUT = "of the out-of-sample applicants, none of whom took part in fitting"
SAME = (
    "each method's model: a regression on its rows of development, on the characteristics and classes of the model of "
    "known outcomes, so that nothing but the rows differs"
)
FACTOR_CHART = {
    "type": "line",
    "x": "prudence",
    "y": [
        *("rejected_bad_rate", "newly_approved_bad_rate", "applicant_bad_rate", "approved_bad_rate"),
        "equal_acceptance_bad_rate",
    ],
    "series": None,
    "x_title": "Odds of bad of the rejected over those of accepted ones alike",
    "y_title": "Expected bad rate",
}
ALONE = "the plan tries one method, and accepted-only is it: there is nothing to kick out"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Applicants of out-of-sample: place among all rows, and probabilities (n,) of acceptance, of bad, by method."""

    decided: Decided
    row: NDArray[np.int64]
    acceptance: Floats
    probability: Floats
    by_method: dict[str, Floats]
    coefficients: dict[str, dict[str, float]]


def held_out(prepared: Prepared, inference: Inference) -> HeldOut:
    """The applicants of out-of-sample, and what each method's model says of them.

    Raises ModelError where they lack rejected, known goods or known bads, or a method's model has no estimate.
    """
    applicants, known = inference.applicants, inference.known
    decided = decided_of(prepared, applicants, OUT_OF_SAMPLE)
    inside = applicants.of(OUT_OF_SAMPLE)
    row = applicants.row[inside]
    _, woe = evidence_columns(known.candidate.model, prepared.intake.frame.iloc[row])
    names, by_method, coefficients = list(known.names), {}, {}
    everything = {NONE: None, **inference.tried}
    for method, rows in everything.items():
        if rows is None or method == NONE:
            place, y, w = np.flatnonzero(inference.decided.known), None, None
            y, w = inference.decided.y[place], inference.decided.weights[place]
        else:
            place, y, w = rows.place, rows.y, rows.weight
        fit = fit_logistic(known.woe[place], y, names, weights=w)
        by_method[str(method)] = special.expit(fit.intercept + woe @ fit.coef[1:])
        coefficients[str(method)] = dict(zip(fit.terms, fit.coef.tolist(), strict=True))
    return HeldOut(decided, row, applicants.acceptance[inside], applicants.probability[inside], by_method, coefficients)


def compared_evidence(
    plan: Plan, prepared: Prepared, inference: Inference, scored: Scored
) -> tuple[list[Evidence], pd.DataFrame | None]:
    """Comparison, evaluation and sensitivity; and the table of tipping factors, None where there is none."""
    try:
        held = held_out(prepared, inference)
    except (CreditRiskError, ModelError) as error:
        reason = "; ".join(fault.message for fault in error.faults)
        return [absent(identifier, "not_applicable", reason) for identifier in IDS], None
    spec, seed, confidence = plan.reject_inference, plan.samples.seed, plan.evaluation.confidence
    models, s = held.by_method, held.probability
    options: dict[str, Any] = {"seed": seed, "confidence": confidence}
    notes, champion = (HELD_OUT, SAME), _champion(plan, prepared, held, scored)
    judged = (f"judged: the champion, {plan.champion.id}", HELD_OUT)
    files = (*BOTH, *input_files(scored, [plan.champion.id], plan.champion.id))
    kicked = (
        attempted(KICKOUT, lambda: kickout_table(held.decided, NONE, models, s), inputs=BOTH, notes=notes)
        if len(models) > 1
        else absent(KICKOUT, "not_applicable", ALONE)
    )
    found = [
        attempted(
            COMPARISON, lambda: _comparison(held, spec.acceptance.floor, seed, confidence), inputs=BOTH, notes=notes
        ),
        attempted(
            EVALUATION,
            lambda: applicant_evaluation(held.decided, models, s, prudence=(1.0, *_beyond(spec.prudence)), **options),
            inputs=BOTH,
            notes=notes,
        ),
        kicked,
        attempted(
            SENSITIVITY,
            lambda: sensitivity_table(
                held.decided, s, champion.risk, prudence=spec.sensitivity.prudence, **champion.rest
            ),
            inputs=files,
            notes=judged,
            chart=FACTOR_CHART,
        ),
    ]
    made: list[pd.DataFrame] = []

    def tipped() -> pd.DataFrame:
        made.append(tipping_table(held.decided, s, champion.risk, **champion.rest))
        return made[0]

    found.append(attempted(TIPPING, tipped, inputs=files, notes=judged))
    return found, made[0] if made else None


def _comparison(held: HeldOut, floor: float, seed: int, confidence: float) -> pd.DataFrame:
    return comparison_table(
        held.decided,
        held.by_method,
        held.probability,
        held.acceptance,
        held_out=np.ones(len(held.decided)),
        coefficients=held.coefficients,
        floor=floor,
        seed=seed,
        confidence=confidence,
    )


def _beyond(prudence: float) -> tuple[float, ...]:
    """The plan's own factor, where it is not 1."""
    return () if prudence == 1.0 else (prudence,)


@dataclass(frozen=True, slots=True)
class _Judged:
    """The champion on held-out applicants: probability of bad (n,); whom its cut-off approves, what is earned."""

    risk: Floats
    rest: dict[str, Any]


def _champion(plan: Plan, prepared: Prepared, held: HeldOut, scored: Scored) -> _Judged:
    predictions = scored.predictions[plan.champion.id].iloc[held.row]
    cut_off = plan.strategy.cut_off
    approved = None if cut_off is None else (predictions["score"].to_numpy(float) >= cut_off).astype(np.float64)
    good, bad = amounts(plan, prepared.intake.frame.iloc[held.row])
    known = good is not None and bad is not None and bool(np.isfinite(good).all() and np.isfinite(bad).all())
    rest = {"approved": approved, "good": good if known else None, "bad": bad if known else None}
    return _Judged(predictions["probability"].to_numpy(float), rest)
