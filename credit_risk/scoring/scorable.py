"""What the format allows and scoring refuses: models that can be read and compared, but not meaningfully scored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from credit_risk._core.errors import Fault
from credit_risk.scoring.columns import REASONS

Step = Mapping[str, Any]


def unscorable_faults(model: Mapping[str, Any], kinds: Mapping[str, str], file: str) -> list[Fault]:
    """Faults `schema` of a model without faults of the format; `kinds` are those of its names.

    A baseline that is not reference_points − rank_step·rank (to 1e-12; the validator reports it as a finding), and a
    `switch` among reason lists.
    """
    return [
        Fault(message, "schema", file, f"/steps/{index}{place}", found=found)
        for index, step in enumerate(model["steps"])
        for message, place, found in _step(step, kinds)
    ]


def _step(step: Step, kinds: Mapping[str, str]) -> Iterator[tuple[str, str, str | None]]:
    if step["type"] == "switch" and kinds[step["output"]] == REASONS:
        yield "chooses among reason lists", "/cases", None
    if step["type"] == "reasons":
        for rank, part in enumerate(step["characteristics"], start=1):
            expected = part["reference_points"] - step["rank_step"] * rank
            if not math.isclose(part["baseline"], expected, rel_tol=1e-12, abs_tol=1e-12):
                place = f"/characteristics/{rank - 1}/baseline"
                yield f"is not reference_points − rank_step·{rank}", place, repr(part["baseline"])
