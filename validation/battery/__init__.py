"""The test battery: checks that judge the model rather than recompute it, each with its cut from the policy."""

from __future__ import annotations

from validation.battery import (
    benchmark,
    calibration_tests,
    data_process,
    discrimination,
    fairness,
    inputs,
    overrides,
    performance,
    periods,
    rating,
    registers,
    regression,
    reject_inference,
    representativeness,
    reproducibility,
    resampling,
    segments,
    sensitivity,
    soundness,
    stability,
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
    discrimination.check_discrimination(space)
    calibration_tests.check_calibration(space)
    periods.check_periods(space)
    stability.check_stability(space)
    registers.check_registers(space)
    rating.check_rating(space)
    check_use(space)
    texts.check_texts(space.package, space.policy, space.ledger)


def check_use(space: Workspace) -> None:
    """Run the checks of what the model is used on and how it answers, for outcomes of every type."""
    representativeness.check_representativeness(space)
    data_process.check_data_process(space)
    benchmark.check_benchmark(space)
    sensitivity.check_sensitivity(space)
    resampling.check_resampling(space)
    overrides.check_overrides(space)
    fairness.check_fairness(space)
    reproducibility.check_reproducibility(space)
