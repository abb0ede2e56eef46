"""Calibration of probabilities and the rating scale: arrays in, frozen results out."""

from __future__ import annotations

from credit_risk.calibration.master_scale import MasterScale, geometric_edges, given_scale, scale_frame
from credit_risk.calibration.scale_design import ScaleDesign, ScaleRules, TriedScale, design_scale

__all__ = [
    "MasterScale",
    "ScaleDesign",
    "ScaleRules",
    "TriedScale",
    "design_scale",
    "geometric_edges",
    "given_scale",
    "scale_frame",
]
