"""What the plan says of calibration, read our own way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NONE = "none"


def methods_of(plan: Mapping[str, Any]) -> list[str]:
    """Return the methods that the plan tries; `none` where it says nothing."""
    return [str(name) for name in (plan.get("calibration") or {}).get("methods") or [NONE]]


def moves_level(plan: Mapping[str, Any]) -> bool:
    """Return whether the plan sets the level of the probability: by a target, population, bands or moments."""
    spec = plan.get("calibration") or {}
    return any(spec.get(key) is not None for key in ("target", "resampling", "external", "quasi_moments"))


def calibrated_on(plan: Mapping[str, Any]) -> str | None:
    """Return the sample that calibrations are fitted on, or None where the plan asks for none."""
    spec = plan.get("calibration") or {}
    if methods_of(plan) == [NONE] and not moves_level(plan):
        return None
    return str(spec.get("sample") or "calibration")
