"""What the format allows and scoring refuses: models that can be read and compared, but not meaningfully scored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from credit_risk._core.errors import Fault

Step = Mapping[str, Any]


def unscorable_faults(model: Mapping[str, Any], file: str) -> list[Fault]:
    """Faults `schema` of a model without faults of the format.

    A baseline that is not reference_points − rank_step·rank (to 1e-12; the validator reports it as a finding).
    """
    return [
        Fault(message, "schema", file, f"/steps/{index}{place}", found=found)
        for index, step in enumerate(model["steps"])
        for message, place, found in _step(step)
    ]


def _step(step: Step) -> Iterator[tuple[str, str, str | None]]:
    if step["type"] == "reasons":
        for rank, part in enumerate(step["characteristics"], start=1):
            expected = part["reference_points"] - step["rank_step"] * rank
            if not math.isclose(part["baseline"], expected, rel_tol=1e-12, abs_tol=1e-12):
                place = f"/characteristics/{rank - 1}/baseline"
                yield f"is not reference_points − rank_step·{rank}", place, repr(part["baseline"])
