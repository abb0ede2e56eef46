"""One plan seed; every stage draws its own stream by name, so that adding a stage does not move another's numbers."""

from __future__ import annotations

import numpy as np

from credit_risk._core.hashing import sha256_bytes


def stage_seed(seed: int, stage: str) -> int:
    """A 32-bit seed for `stage`, from the plan's seed and the stage's name alone."""
    return int(sha256_bytes(f"{seed}/{stage}".encode())[:8], 16)


def stage_generator(seed: int, stage: str) -> np.random.Generator:
    """A PCG64 generator for `stage`; numpy keeps PCG64's raw stream stable across versions."""
    return np.random.Generator(np.random.PCG64(stage_seed(seed, stage)))
