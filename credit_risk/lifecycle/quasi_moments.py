"""Quasi-moment matching of every candidate: the map with the plan's mean probability and implied AUC; its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from credit_risk._core.errors import CalibrationError
from credit_risk._core.evidence import Evidence, absent, table
from credit_risk.calibration.quasi_moment import MOMENT_COLUMNS, QuasiMomentFit, match_quasi_moments, moments_frame
from credit_risk.calibration.quasi_moment_spec import QuasiMomentSpec

Floats = NDArray[np.float64]
MOMENTS = "calibration.quasi_moments"
NONE_ASKED = "the plan matches no quasi-moments (calibration.quasi_moments)"
KEYS = {"target_rate": "rate", "target_auc": "auc"}
ASSUMED = (
    "mean probability and AUC are targets of the plan, from outside the sample; its outcomes decide neither slope nor "
    "intercept, and stand beside for comparison",
    "assumed: the log-odds of bad are a line in the linear score, and the rows of the sample stand for the portfolio "
    "that the targets are of; the implied AUC is that of probabilities which are true",
)


def match_moments(spec: QuasiMomentSpec, linear_score: Floats, weights: Floats | None) -> QuasiMomentFit:
    """The match on the rows of the sample (n,). Raises CalibrationError that names the key of the plan."""
    try:
        return match_quasi_moments(linear_score, spec.rate, spec.auc, weights)
    except CalibrationError as error:
        faults = [replace(fault, message=_named(fault.message, fault.path)) for fault in error.faults]
        raise CalibrationError(faults) from error


def _named(message: str, path: str | None) -> str:
    key = KEYS.get(path or "")
    return message if key is None else f"calibration.quasi_moments.{key}: {message}"


def moments_evidence(
    matched: Sequence[tuple[str, QuasiMomentFit, Floats]], y: Floats, weights: Floats | None, inputs: tuple[str, ...]
) -> Evidence:
    """Targets, what was reached, slope and intercept. matched: model, match and linear scores (n,); y, weights (n,)."""
    if not matched:
        return absent(MOMENTS, "not_applicable", NONE_ASKED)
    rows = [moments_frame(fit, y, score, weights).assign(model=model) for model, fit, score in matched]
    frame = pd.concat(rows, ignore_index=True)
    frame = frame[["model", *MOMENT_COLUMNS]]
    return table(MOMENTS, frame, inputs=(*inputs, "plan.json"), notes=ASSUMED)
