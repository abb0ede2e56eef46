"""Where in the plan's file a fault stands that came to light only while the plan was carried out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from credit_risk._core.errors import Fault, ModelError
from credit_risk._core.yaml_document import Document, Path, read_document
from credit_risk.plan.plan import Plan

PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@contextmanager
def places_told(plan: Plan) -> Iterator[None]:
    """Faults of the model (ModelError) raised inside name the file of the plan and the line of their path.

    What names a file already, and what names nothing that stands in the plan, is left as it is; so is everything where
    the plan was not read from a file.
    """
    try:
        yield
    except ModelError as error:
        if plan._path is None or plan._source_bytes is None:
            raise
        file = str(plan._path)
        faults = placed_faults(error.faults, read_document(plan._source_bytes, file), file)
        raise type(error)(faults) from error


def placed_faults(faults: Sequence[Fault], document: Document, file: str) -> list[Fault]:
    """The faults, each with the file and the line of the plan where its path (`models[0].id`) stands there."""
    return [_placed(fault, document, file) for fault in faults]


def _placed(fault: Fault, document: Document, file: str) -> Fault:
    if fault.file is not None or fault.row is not None or fault.path is None:
        return fault
    path = _parts(fault.path, document)
    line = document.line(path) if path and path[0] in document.value else None
    return fault if line is None else replace(fault, file=file, row=line)


def _parts(text: str, document: Document) -> Path:
    """`classing.overrides[0]` as its parts; a model by its id (`models.card.characteristics`) as by its place."""
    parts: list[str | int] = [int(index) if index else name for index, name in PART.findall(text)]
    models = document.value.get("models")
    if parts[:1] == ["models"] and isinstance(models, list):
        ids = [model.get("id") for model in models if isinstance(model, dict)]
        if len(parts) > 1 and parts[1] in ids:
            parts[1] = ids.index(parts[1])
    return tuple(parts)
