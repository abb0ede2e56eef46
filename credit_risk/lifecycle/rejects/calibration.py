"""Known outcomes that stand for all applicants when calibrations are fitted on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from credit_risk.lifecycle.classing import Prepared
from credit_risk.lifecycle.rejects.inference import Inference, decided_of
from credit_risk.plan import Plan
from credit_risk.reject_inference.reweighting import inverse_factor


def weighed_for_calibration(plan: Plan, prepared: Prepared, inference: Inference) -> Prepared:
    """`prepared` with the known outcomes of the calibration's sample weighed by the inverse of their acceptance.

    The factor is that of `reweighting`, among the applicants of that sample; the weights keep their sum. As it is where
    the plan calibrates nothing, or on known outcomes as they are. Raises ModelError where that sample lacks accepted or
    rejected applicants, or a known good or bad.
    """
    sample, spec = plan.calibration.fitted_on, plan.reject_inference
    if sample is None or not spec.weighs_calibration:
        return prepared
    applicants = inference.applicants
    inside = applicants.of(sample)
    decided = decided_of(prepared, applicants, sample)
    factor = inverse_factor(applicants.acceptance[inside], spec.acceptance.floor, decided.known, decided.weights)
    weights = prepared.weights.astype(np.float64)
    weights[applicants.row[inside]] *= factor
    return replace(prepared, calibration=weights)
