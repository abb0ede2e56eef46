"""The test battery: checks that judge the model rather than recompute it, each with its cut from the policy."""

from __future__ import annotations

from validation.battery import (
    inputs,
    performance,
    rating,
    registers,
    regression,
    reject_inference,
    segments,
    soundness,
    texts,
)
from validation.rebuild.logistic import LogisticFit
from validation.rebuild.segments import is_segmented
from validation.rebuild.workspace import Workspace


def run_battery(space: Workspace, fit: LogisticFit | None) -> None:
    """Run every check; outcomes and findings go to the ledger. `fit` is our refit of a scorecard, or None."""
    inputs.check_inputs(space)
    inputs.check_samples(space)
    soundness.check_soundness(space)
    if is_segmented(space.package.model):
        segments.check_segments(space)
    else:
        regression.check_regression(space, fit)
    reject_inference.check_reject_inference(space)
    performance.check_performance(space)
    registers.check_registers(space)
    rating.check_rating(space)
    texts.check_texts(space.package, space.policy, space.ledger)
