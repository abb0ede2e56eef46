"""What a person says of a model, from a YAML file that is read strictly; all faults at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError
from pydantic.types import Strict

from credit_risk._core.errors import Fault
from credit_risk._core.spec import Spec
from credit_risk._core.spec_faults import faults_of
from credit_risk._core.yaml_document import Subject, read_document
from credit_risk.inventory.contracts import InputFacts, ModelFacts
from credit_risk.inventory.errors import InventoryError
from credit_risk.inventory.policy.objectives import objective_faults

Json = Any
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Texts = Annotated[tuple[Text, ...], Strict(False)]


class InputSpec(Spec):
    """An input of the model."""

    name: Text = Field(description="Name of the input.")
    source: Text | None = Field(default=None, description="Where it comes from.")
    kind: Literal["data", "judgement", "vendor", "model"] | None = Field(default=None, description="What it is.")


class ObjectiveSpec(Spec):
    """An objective or KPI, judged at each review."""

    id: Text = Field(description="Identifier of the objective.")
    measure: Text = Field(description="What is measured, in words.")
    direction: Literal["at_least", "at_most"] = Field(description="On which side of the target it is met.")
    target: float = Field(description="The target.")
    source: Text | None = Field(default=None, description="Where the measure is taken from.")


class DescriptionSpec(Spec):
    """What is said of a model."""

    id: Text = Field(description="Identifier of the model.")
    name: Text = Field(description="Name of the model.")
    purpose: Text | None = Field(default=None, description="What it is for.")
    intended_use: Text | None = Field(default=None, description="What it is meant to be used for.")
    actual_use: Text | None = Field(default=None, description="What it is used for.")
    boundaries: Text | None = Field(default=None, description="Within which bounds it holds.")
    vendor: Text | None = Field(default=None, description="Who made it, where another did.")
    owner: Text | None = Field(default=None, description="Person who owns it.")
    products: Texts = Field(default=(), description="Products that it decides on.")
    inputs: Annotated[tuple[InputSpec, ...], Strict(False)] = Field(default=(), description="Inputs of the model.")
    upstream: Texts = Field(default=(), description="Models whose results are inputs.")
    tier_inputs: dict[str, float | str] = Field(default={}, description="What the tiering rule asks for.")
    objectives: Annotated[tuple[ObjectiveSpec, ...], Strict(False)] = Field(
        default=(), description="Objectives and KPIs, signed at the proposal."
    )


class DescriptionError(InventoryError):
    """The description cannot be used as written."""

    headline = "description refused"


SUBJECT = Subject(
    "description",
    DescriptionError,
    "it needs at least id and name",
    "write key: value lines, beginning with id: and name:",
    "inventory",
)


def read_description(path: Path | str) -> tuple[ModelFacts, frozenset[str]]:
    """Facts of the model that a file describes, and the names of the fields that it gives.

    Raises DescriptionError with all faults: file, line, key path, found, allowed, remedy.
    """
    file = Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or type(error).__name__}"
        raise DescriptionError(Fault(message, "unreadable", str(file), remedy="name a YAML file")) from error
    document = read_document(data, str(file), SUBJECT)
    faults = list(document.faults)
    spec: DescriptionSpec | None = None
    try:
        spec = DescriptionSpec.model_validate(document.value)
    except ValidationError as error:
        faults += faults_of(error, document, DescriptionSpec, "none")
    objectives = () if spec is None else tuple(one.model_dump(exclude_none=True) for one in spec.objectives)
    faults += objective_faults(objectives)
    if faults or spec is None:
        raise DescriptionError([replace(one, file=str(file)) for one in faults])
    told: dict[str, Json] = {name: getattr(spec, name) for name in DescriptionSpec.model_fields}
    told["inputs"] = tuple(InputFacts(one.name, one.source, one.kind) for one in spec.inputs)
    told["objectives"] = objectives
    return ModelFacts(**told), frozenset(spec.model_fields_set)
