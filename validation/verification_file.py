"""verification.csv (SPECIFICATION section 6): inputs and every value that the model gives for them."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from validation.errors import Fault, ValidationInputError

MAXIMUM_BYTES = 256 * 1024 * 1024
Cell = float | str | None
PUBLISHED = ("linear_score", "probability", "probability_with_margin", "expected_value", "score", "grade")
"""Published results but for the reasons, in the order of their columns."""


@dataclass(frozen=True, slots=True)
class Verification:
    """`header` the column names, `columns` their cells in row order: float, text, or None where the field is empty."""

    header: tuple[str, ...]
    columns: dict[str, tuple[Cell, ...]]

    @property
    def rows(self) -> int:
        """The number of cases."""
        return len(self.columns[self.header[0]])


def expected_header(model: dict[str, Any]) -> list[str]:
    """Return the header that the model asks for, in the order of SPECIFICATION section 6."""
    header = ["case", *(f"in:{item['name']}" for item in model["inputs"])]
    for step in model["steps"]:
        if step["type"] == "classing":
            name = classing_name(model, step)
            header += [f"bin:{name}", f"woe:{name}"]
    for step in model["steps"]:
        if step["type"] == "scale" and step["form"] == "points":
            header += [f"points:{points_name(model, step, item)}" for item in step["characteristics"]]
    for step, item in attributed(model):
        header.append(f"attribution:{attribution_name(model, step, item)}")
    outputs = model["outputs"]
    header += [name for name in PUBLISHED if outputs.get(name) is not None]
    if outputs.get("reasons") is not None:
        header += [f"reason_{number}" for number in range(1, maximum_reasons(model) + 1)]
    header += decided(model)
    return list(dict.fromkeys(header))


def decided(model: Mapping[str, Any]) -> list[str]:
    """Return the columns of published flags, `decision:<name>`, and of the overall decision, if any."""
    outputs = model["outputs"]
    names = [f"decision:{name}" for name in outputs.get("decision") or []]
    return names + (["overall_decision"] if outputs.get("overall_decision") is not None else [])


def classing_name(model: Mapping[str, Any], step: Mapping[str, Any]) -> str:
    """Return the name of a classing in the header: its input, with `@<step id>` where the input is classed twice."""
    inputs = [item["input"] for item in model["steps"] if item["type"] == "classing"]
    name = str(step["input"])
    return name if inputs.count(name) == 1 else f"{name}@{step['id']}"


def points_name(model: Mapping[str, Any], step: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """Return the name of a characteristic's points in the header, with `@<step id>` where it is scored twice."""
    steps = [other for other in model["steps"] if other["type"] == "scale" and other["form"] == "points"]
    names = [other["characteristic"] for found in steps for other in found["characteristics"]]
    name = str(item["characteristic"])
    return name if names.count(name) == 1 else f"{name}@{step['id']}"


def attributed(model: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Return every attribution step with each of its characteristics, in order."""
    steps = [step for step in model["steps"] if step["type"] == "attribution"]
    return [(step, item) for step in steps for item in step["characteristics"]]


def attribution_name(model: Mapping[str, Any], step: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    """Return the name of an attribution in the header, with `@<step id>` where the characteristic has two."""
    names = [other["characteristic"] for _, other in attributed(model)]
    name = str(item["characteristic"])
    return name if names.count(name) == 1 else f"{name}@{step['id']}"


def maximum_reasons(model: dict[str, Any]) -> int:
    """Return how many reason codes the published reason list holds at most; 0 where the model gives none."""
    lengths: dict[str | None, int] = {None: 0}
    for step in model["steps"]:
        if step["type"] == "reasons":
            lengths[step["output"]] = int(step["maximum"]) + ("inquiries" in step)
        elif step["type"] == "switch":
            chosen = [*(case["value"] for case in step["cases"]), step["default"]]
            lengths[step["output"]] = max(lengths.get(name, 0) for name in chosen)
    return lengths.get(model["outputs"].get("reasons"), 0)


def parse(data: bytes, model: dict[str, Any], file: str = "verification.csv") -> Verification:
    """Return the cases; raises ValidationInputError with code `verification_invalid`, all faults at once."""
    try:
        text = data.decode("utf-8")
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValidationInputError(Fault("verification_invalid", f"not readable as CSV: {error}", file)) from error
    if "\r\n" in text or not text.endswith("\n"):
        fault = Fault("verification_invalid", "lines do not end with LF", file, None, None, None, "LF, also at the end")
        raise ValidationInputError(fault)
    header, expected = (lines[0] if lines else []), expected_header(model)
    if header != expected:
        fault = Fault("verification_invalid", "other header", file, None, 1, ",".join(header), ",".join(expected))
        raise ValidationInputError(fault)
    faults = []
    if len(lines) < 2:
        faults.append(Fault("verification_invalid", "holds no case", file))
    texts = _text_columns(model)
    columns: list[list[Cell]] = [[] for _ in header]
    for row, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            message = f"{len(line)} fields instead of {len(header)}"
            faults.append(Fault("verification_invalid", message, file, None, row))
            continue
        for name, cells, field in zip(header, columns, line, strict=True):
            try:
                cells.append(_cell(field, name in texts))
            except ValueError:
                faults.append(Fault("verification_invalid", "not a finite number", file, name, row, field))
    if faults:
        raise ValidationInputError(faults)
    return Verification(tuple(header), {name: tuple(cells) for name, cells in zip(header, columns, strict=True)})


def _text_columns(model: dict[str, Any]) -> set[str]:
    names = {"case", "grade", "overall_decision", *(f"reason_{number}" for number in range(1, 12))}
    return names | {f"in:{item['name']}" for item in model["inputs"] if item["type"] == "string"}


def _cell(field: str, text: bool) -> Cell:
    if field == "":
        return None
    if text:
        return field
    value = float(field)
    if not math.isfinite(value) or field != field.strip() or "_" in field or not field.isascii():
        raise ValueError(field)
    return value
