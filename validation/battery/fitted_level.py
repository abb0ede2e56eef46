"""How far the level of a probability is known: it was fitted on rows by which it errs too."""

from __future__ import annotations

import numpy as np

from validation.rebuild import clustered
from validation.rebuild.calibration_plan import calibrated_on
from validation.rebuild.workspace import DEVELOPMENT, Workspace


def level_effect(space: Workspace, model_id: str, sample: str) -> float:
    """Return by how much the error of the level raises the variance of bads less expected ones, at least 1.

    Fitted on the sample F, the level errs in log-odds by Σw(y − p)/I_F, I = Σwp(1 − p), of which the expected bads of
    another sample J move by I_J times as much: the variance is V_J + (I_J/I_F)²·V_F, V that of Σw(y − p). F is the
    sample of the calibration, else development. 1 on F itself, whose level is right by its fit. (Of rows drawn
    independently, twice as many as the level was fitted on, a good level would else fail 7 times in 100 at 0.1 %.)
    """
    fitted = calibrated_on(space.package.plan) or DEVELOPMENT
    fitted = fitted if fitted in space.rows else DEVELOPMENT
    if sample == fitted or fitted not in space.rows:
        return 1.0
    (own, level), (theirs, base) = (_moments(space, model_id, name) for name in (sample, fitted))
    return 1.0 + (level / base) ** 2 * theirs / own if own > 0 and base > 0 else 1.0


def _moments(space: Workspace, model_id: str, sample: str) -> tuple[float, float]:
    """Variance of Σw(y − p) over a sample, and Σwp(1 − p)."""
    value = space.output(model_id, "probability")
    rows = space.judged(model_id, sample)
    if value is None or not len(rows):
        return 0.0, 0.0
    p, y, w = value.data[rows], space.outcome[rows], space.weight[rows]
    variance = clustered.residual_variance(y, p, space.cluster[rows], w)
    return variance, float(np.sum(w * p * (1.0 - p)))
