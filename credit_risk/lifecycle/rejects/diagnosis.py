"""Diagnosis of reject inference as evidence: overlap, support, the probit, sensitivity, comparison, recommendation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import CreditRiskError
from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.rejects.inference import Inference
from credit_risk.lifecycle.rejects.models import AcceptanceModel, fit_decision
from credit_risk.package.layout import ACCEPTANCE_FILE, APPLICANTS_FILE, KNOWN_OUTCOMES_FILE
from credit_risk.plan import Plan
from credit_risk.reject_inference import (
    balance_table,
    correlation_profile_table,
    joint_support_table,
    overlap_bands,
    overlap_table,
    probit_table,
    probit_test_table,
    recommend,
    support_table,
    threshold_table,
)
from credit_risk.reject_inference.self_learning import self_learning_table

Floats = NDArray[np.float64]
PREFIX = "reject_inference."
OVERLAP, BANDS, BALANCE = (f"{PREFIX}{name}" for name in ("overlap", "overlap_bands", "balance"))
SUPPORT, JOINT = f"{PREFIX}support", f"{PREFIX}joint_support"
RECOMMENDATION, THRESHOLDS = f"{PREFIX}recommendation", f"{PREFIX}thresholds"
PROBIT, TESTS, PROFILE = (f"{PREFIX}{name}" for name in ("probit", "probit_tests", "correlation_profile"))
LEARNED = f"{PREFIX}self_learning"
IDS = (OVERLAP, BANDS, BALANCE, SUPPORT, JOINT, RECOMMENDATION, THRESHOLDS, PROBIT, TESTS, PROFILE, LEARNED)
NO_PROBIT = "no bivariate probit is among the methods that the plan tries"
NOT_LEARNED = "no self-learning is among the methods that the plan tries"
PROFILE_CHART = {
    "type": "line",
    "x": "rho",
    "y": ["relative"],
    "series": None,
    "x_title": "Correlation of decision and outcome",
    "y_title": "Log likelihood less its maximum",
}
BAND_CHART = {
    "type": "bar_line",
    "x": "band",
    "y": ["accepted", "rejected"],
    "series": None,
    "line": ["bad_rate"],
    "lower": "bad_rate_lower",
    "upper": "bad_rate_upper",
    "x_title": "Probability of acceptance",
    "y_title": "Applicants",
    "line_title": "Bad rate of known outcomes",
}
FILES = ("data/snapshot.parquet", APPLICANTS_FILE)
BOTH = (*FILES, ACCEPTANCE_FILE, KNOWN_OUTCOMES_FILE)
WITHOUT = "acceptance by the model of the decision without the instrument, on its other characteristics"


def attempted(identifier: str, make: Callable[[], pd.DataFrame], **options: Any) -> Evidence:
    """A table, or why it cannot be made of these applicants."""
    try:
        return table(identifier, make(), **options)
    except CreditRiskError as error:
        return absent(identifier, "not_applicable", "; ".join(fault.message for fault in error.faults))


def diagnosis_evidence(
    plan: Plan, prepared: Prepared, inference: Inference, tipping: pd.DataFrame | None
) -> list[Evidence]:
    """Overlap, support, the probit and the recommendation on the applicants of development.

    prepared: the rows as they came; tipping: `tipping_table`, or None where there is none.
    """
    spec, decided, known = plan.reject_inference, inference.decided, inference.known
    inside = inference.applicants.of("development")
    p, s = inference.applicants.acceptance[inside], inference.applicants.probability[inside]
    row, confidence = inference.applicants.row[inside], plan.evaluation.confidence
    floor = spec.acceptance.floor
    frame = prepared.intake.frame.iloc[row]
    raw = {name: frame[name].to_numpy() for name in known.names}
    bins = {name: known.woe[:, place].astype(str) for place, name in enumerate(known.names)}
    woe = dict(zip(known.names, known.woe.T, strict=True))
    overlap: dict[str, Any] = {"floor": floor, "confidence": confidence}
    return [
        attempted(OVERLAP, lambda: overlap_table(decided, p, **overlap), inputs=(*FILES, ACCEPTANCE_FILE)),
        attempted(
            BANDS, lambda: overlap_bands(decided, p, **overlap), inputs=(*FILES, ACCEPTANCE_FILE), chart=BAND_CHART
        ),
        attempted(BALANCE, lambda: balance_table(decided, p, woe, floor=floor), inputs=BOTH),
        attempted(SUPPORT, lambda: support_table(decided, raw, bins), inputs=BOTH, notes=(BINS,)),
        attempted(JOINT, lambda: joint_support_table(decided, known.woe, s), inputs=BOTH),
        attempted(RECOMMENDATION, lambda: _recommended(plan, inference, p, tipping), inputs=BOTH, notes=_alone(plan)),
        attempted(THRESHOLDS, threshold_table),
        *_probit(inference),
        _learned(inference),
    ]


BINS = "a bin is what shares a weight of evidence in the model of known outcomes"


def _alone(plan: Plan) -> tuple[str, ...]:
    return () if plan.reject_inference.instrument is None else (WITHOUT,)


def _recommended(plan: Plan, inference: Inference, p: Floats, tipping: pd.DataFrame | None) -> pd.DataFrame:
    spec, decided, known = plan.reject_inference, inference.decided, inference.known
    column, others, without = _parted(inference.acceptance, spec.instrument)
    rho = None if inference.probit is None else inference.probit
    found = recommend(
        decided,
        known.woe,
        p if without is None else without,
        list(known.names),
        floor=spec.acceptance.floor,
        instrument=column,
        decision_design=others,
        correlation=None if rho is None else (rho.rho, rho.rho_lower, rho.rho_upper),
        external=spec.external is not None,
        tipping=tipping,
    )
    return found.table


def _parted(model: AcceptanceModel, instrument: str | None) -> tuple[Floats | None, Floats | None, Floats | None]:
    """The instrument's column (n,), the other columns (n, m), and acceptance without it; None where there is none."""
    names = list(model.fit.terms[1:])
    if instrument is None or instrument not in names or len(names) == 1:
        return None, None, None
    place = names.index(instrument)
    others = np.delete(model.woe, place, axis=1)
    kept = [name for name in names if name != instrument]
    fit = fit_decision(others, model.rejected, kept, model.weights, {})
    index = fit.intercept + others @ fit.coef[1:]
    return model.woe[:, place], others, 1.0 / (1.0 + np.exp(index))


def _probit(inference: Inference) -> list[Evidence]:
    fit = inference.probit
    if fit is None:
        return [absent(identifier, "not_applicable", NO_PROBIT) for identifier in (PROBIT, TESTS, PROFILE)]
    return [
        table(PROBIT, probit_table(fit), inputs=BOTH),
        table(TESTS, probit_test_table(fit), inputs=BOTH),
        table(PROFILE, correlation_profile_table(fit), inputs=BOTH, chart=PROFILE_CHART),
    ]


def _learned(inference: Inference) -> Evidence:
    run = inference.learned
    if run is None:
        return absent(LEARNED, "not_applicable", NOT_LEARNED)
    return table(LEARNED, self_learning_table(run), inputs=BOTH)
