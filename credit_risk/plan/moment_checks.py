"""What must hold between `calibration.quasi_moments` and the rest of the calibration. Works on plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk._core.yaml_document import Path

OTHERS = ("target", "resampling", "external")


def moment_faults(spec: Mapping[str, Any], methods: list[Any]) -> Iterator[tuple[Path, Fault]]:
    """Quasi-moments set slope and level: nothing else may; all that does is told in one fault."""
    if spec.get("quasi_moments") is None:
        return
    others = [key for key in OTHERS if spec.get(key) is not None] + (["methods"] if methods != ["none"] else [])
    if others:
        message = f"quasi-moments set slope and level of the probability, and so does: {', '.join(others)}"
        yield ("calibration", "quasi_moments"), Fault(message, "exclusive", remedy="keep one of them")
