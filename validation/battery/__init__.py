"""The test battery: checks that judge the model rather than recompute it, each with its cut from the policy."""

from __future__ import annotations

from typing import Any

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
from validation.guard import guarded
from validation.rebuild.logistic import LogisticFit
from validation.rebuild.segments import is_segmented
from validation.rebuild.workspace import Workspace


def run_battery(space: Workspace, fit: LogisticFit | None) -> None:
    """Run every check; outcomes and findings go to the ledger. `fit` is our refit of a scorecard, or None."""
    checks: list[tuple[Any, ...]] = [(inputs.check_inputs,), (inputs.check_samples,), (soundness.check_soundness,)]
    segmented = is_segmented(space.package.model)
    checks.append((segments.check_segments,) if segmented else (regression.check_regression, fit))
    checks += [
        (reject_inference.check_reject_inference,),
        (performance.check_performance,),
        (discrimination.check_discrimination,),
        (calibration_tests.check_calibration,),
        (periods.check_periods,),
        (stability.check_stability,),
        (registers.check_registers,),
        (rating.check_rating,),
    ]
    for check, *more in checks:
        guarded(space.ledger, None, check, space, *more)
    check_use(space)
    texts.check_texts(space.package, space.policy, space.ledger)


def check_use(space: Workspace) -> None:
    """Run the checks of what the model is used on and how it answers, for outcomes of every type."""
    for check in (
        representativeness.check_representativeness,
        data_process.check_data_process,
        benchmark.check_benchmark,
        sensitivity.check_sensitivity,
        resampling.check_resampling,
        overrides.check_overrides,
        fairness.check_fairness,
        reproducibility.check_reproducibility,
    ):
        guarded(space.ledger, None, check, space)
