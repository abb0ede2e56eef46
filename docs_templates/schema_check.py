"""JSON Schemas of the format, read from this package's own byte-identical copies."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from docs_templates import strict_json
from docs_templates.errors import Fault
from docs_templates.schema_fit import fit

EVIDENCE = "evidence.schema.json"


def load(name: str) -> Any:
    """A JSON file of `docs_templates/schemas`."""
    return strict_json.parse((files("docs_templates") / "schemas" / name).read_bytes(), name)


def check(value: Any, schema: str, file: str) -> list[Fault]:
    """The faults of `value` against a schema, at most twenty, in document order."""
    if _fits(schema)(value):
        return []
    errors = sorted(_validator(schema).iter_errors(value), key=lambda e: [str(p) for p in e.absolute_path])
    return [_fault(error, file) for error in errors[:20]]


def check_evidence(value: Any, file: str) -> list[Fault]:
    """The faults of one item of evidence, told against the form of its kind only."""
    kind = value.get("kind") if isinstance(value, dict) else None
    forms = _evidence_forms()
    if kind not in forms:
        return [Fault("unknown kind of evidence", "schema", file, "/kind", found=repr(kind), allowed=", ".join(forms))]
    form, fits = forms[kind]
    faults = [] if fits(value) else [_fault(error, file) for error in list(form.iter_errors(value))[:20]]
    if not faults and kind in ("table", "figure"):
        faults = _shape(value, file)
    return faults


@cache
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(load(schema))


@cache
def _fits(schema: str) -> Callable[[Any], bool]:
    return fit(_validator(schema))


@cache
def _evidence_forms() -> dict[str, tuple[Draft202012Validator, Callable[[Any], bool]]]:
    validators = [Draft202012Validator(form) for form in load(EVIDENCE)["oneOf"]]
    return {one.schema["properties"]["kind"]["const"]: (one, fit(one)) for one in validators}


def _fault(error: Any, file: str) -> Fault:
    path = "/" + "/".join(str(part) for part in error.absolute_path)
    return Fault(error.message[:300], "schema", file=file, path=path)


def _shape(value: dict[str, Any], file: str) -> list[Fault]:
    names = [column["name"] for column in value["columns"]]
    faults = [
        Fault(f"{len(row)} cells for {len(names)} columns", "schema", file, f"/rows/{index}")
        for index, row in enumerate(value["rows"])
        if len(row) != len(names)
    ]
    if len(set(names)) != len(names):
        faults.append(Fault("two columns of one name", "schema", file, "/columns"))
    chart = value.get("chart")
    if chart is not None:
        used = [chart["x"], *chart["y"], *chart.get("line", [])]
        used += [chart[key] for key in ("series", "panels", "lower", "upper") if chart.get(key) is not None]
        unknown = sorted(set(used) - set(names))
        faults += [Fault("the chart names no column", "schema", file, "/chart", found=name) for name in unknown]
    return faults
