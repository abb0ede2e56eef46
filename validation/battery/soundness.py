"""Conceptual soundness: leakage, inputs that may not be or are not told of, samples that are not what they are said."""

from __future__ import annotations

from validation.battery import soundness_inputs, soundness_leakage, soundness_samples
from validation.rebuild.workspace import Workspace


def check_soundness(space: Workspace) -> None:
    """Run every check that the package's kind of outcome allows; outcomes and findings go to the ledger."""
    soundness_inputs.check_contract(space)
    soundness_inputs.check_outcome_inputs(space)
    if space.package.outcome_type == "binary":
        soundness_leakage.check_leakage(space)
        soundness_inputs.check_expectations(space)
        soundness_inputs.check_proxies(space)
    soundness_samples.check_time(space)
    soundness_samples.check_duplicates(space)
    soundness_samples.check_window(space)
    soundness_samples.check_seeds(space)
    soundness_samples.check_owners(space)
