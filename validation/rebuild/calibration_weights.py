"""Weights of the rows that calibrations are fitted on: by inverse acceptance where reject inference says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from validation.rebuild.applicants import applicants_of
from validation.rebuild.calibration_plan import calibrated_on
from validation.rebuild.workspace import Workspace

WEIGHING = ("reweighting", "score_bands", "self_learning")
"""Methods whose calibration counts by inverse acceptance where the plan does not say (SPECIFICATION 5.1)."""


def weighs_calibration(space: Workspace) -> bool:
    """Return whether known outcomes of the calibration's sample count by the inverse of their acceptance."""
    spec = space.package.plan.get("reject_inference") or {}
    if space.package.reject_inference is None:
        return False
    chosen = spec.get("calibration")
    return spec.get("method") in WEIGHING if chosen is None else chosen == "inverse_acceptance"


def calibration_space(space: Workspace) -> Workspace:
    """Return the workspace with the weights that calibrations are fitted with; the same one without such weights.

    Its frame keeps the weights of the plan. Each known outcome of the sample has its weight over
    max(acceptance, floor), times what keeps the sum of weights.
    """
    sample = calibrated_on(space.package.plan) if weighs_calibration(space) else None
    found = applicants_of(space)
    if sample is None or found is None:
        return space
    spec = space.package.plan["reject_inference"]
    mine = found.of(sample)
    mine = mine.where(mine.known)
    raised = mine.weight / np.maximum(mine.acceptance, float(spec["acceptance"]["floor"]))
    weight = space.weight.copy()
    weight[mine.row] = raised * (mine.weight.sum() / raised.sum())
    return replace(space, weight=weight)


def as_planned(space: Workspace) -> Workspace:
    """Return the workspace with the weights of the plan."""
    return replace(space, weight=space.frame["_weight"].to_numpy(np.float64))
