"""A fitted generalised linear model as model.json: terms, linear predictor with its offset, expected value."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from credit_risk.models.assemble import FORMAT_VERSION, Identity, InputColumn, ValueNames, derive_step
from credit_risk.models.glm import GlmFit
from credit_risk.models.glm_terms import Terms
from credit_risk.scoring.step_names import free_name

Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Measure:
    """What an amount or a fraction is in model.json: type, what it is in words, what it is called."""

    type: str
    event: str
    value_name: str


def offset_steps(exposure: str | None, offset: str | None, taken: Collection[str]) -> tuple[list[Step], str | None]:
    """Steps of ln(exposure) and of the offset, and the name of what the linear step adds; None where there is none.

    ln of an exposure of 0 or less is missing, and a missing offset is an error of the linear step.
    """
    if exposure is None:
        return [], offset
    name = free_name(f"ln({exposure})", taken)
    steps = [derive_step(name, {"op": "logarithm", "args": [{"ref": exposure}]}, f"natural logarithm of {exposure}")]
    if offset is None:
        return steps, name
    total = free_name(f"{offset} + {name}", {*taken, name})
    both = {"op": "add", "args": [{"ref": offset}, {"ref": name}]}
    return [*steps, derive_step(total, both, f"{offset} and the logarithm of {exposure}")], total


def glm_document(
    identity: Identity,
    measure: Measure,
    inputs: Sequence[InputColumn],
    steps: Sequence[Step],
    fit: GlmFit,
    terms: Terms,
    offset: str | None,
    names: ValueNames,
) -> Step:
    """The whole model.json. steps: what comes before the linear predictor, derivations and offset among them."""
    linear = {
        "id": "linear_score",
        "type": "linear",
        "intercept": fit.intercept,
        "offset": offset,
        "terms": [{"input": t.input, "coefficient": float(b)} for t, b in zip(terms.terms, fit.coef[1:], strict=True)],
        "output": names.linear_score,
    }
    link = {
        "id": "expected_value",
        "type": "link",
        "function": fit.family.link.name,
        "input": names.linear_score,
        "output": names.expected_value,
    }
    return {
        "format": "credit-risk-model",
        "format_version": FORMAT_VERSION,
        "model": {"id": identity.id, "name": identity.name, "version": identity.version, "type": "glm"},
        "outcome": {"type": measure.type, "event": measure.event, "value_name": measure.value_name},
        "inputs": [column.as_dict() for column in inputs],
        "steps": [*steps, *terms.steps, linear, link],
        "outputs": {
            "linear_score": names.linear_score,
            "expected_value": names.expected_value,
            "grade": None,
            "decision": [],
        },
    }
