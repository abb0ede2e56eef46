"""JSON Schema with readable faults.

Two traps of the usual tools are closed: `1.0` is not an integer here, and a value that fits no branch of a `oneOf` is
reported against the branch that its discriminator (`type`, `kind`, `form`, `method`) names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from credit_risk._core.errors import Fault
from credit_risk.package.schema_fit import fit

_DISCRIMINATORS = ("type", "kind", "form", "method", "op")
_LONGEST = 120


def _is_integer(_: Any, value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_: Any, value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
_Strict = extend(Draft202012Validator, type_checker=_TYPES)


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of `schemas/<name>.schema.json`."""
    text = (files("credit_risk") / "package" / "schemas" / f"{name}.schema.json").read_text("utf-8")
    return _Strict(json.loads(text))


@cache
def _fits(name: str) -> Callable[[Any], bool]:
    return fit(validator(name))


def schema_faults(name: str, value: Any, file: str) -> list[Fault]:
    """Every fault of `value` against a schema: codes `schema`, `version_unknown`, `step_unknown`."""
    try:
        if _fits(name)(value):
            return []
        return [_fault(error, file) for error in _leaves(validator(name).iter_errors(value))]
    except RecursionError:
        return [Fault("is nested too deeply", "schema", file)]


def _leaves(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    """Replace each failed `oneOf` by the errors of the branch that was meant."""
    for error in errors:
        if error.validator != "oneOf" or not isinstance(error.instance, dict) or not error.context:
            yield error
            continue
        branches: dict[int, list[ValidationError]] = {}
        for sub in error.context:
            branches.setdefault(sub.schema_path[0], []).append(sub)
        meant = _meant(error.schema["oneOf"], error.instance)
        if meant is None or meant not in branches:
            yield error
        else:
            yield from _leaves(iter(branches[meant]))


def _meant(branches: list[dict[str, Any]], instance: dict[str, Any]) -> int | None:
    """Index of the one branch whose constants agree with the instance, or, for expressions, whose key it has."""
    fitting = [i for i, branch in enumerate(branches) if _agrees(branch, instance)]
    return fitting[0] if len(fitting) == 1 else None


def _agrees(branch: dict[str, Any], instance: dict[str, Any]) -> bool:
    if "oneOf" in branch:
        nested = branch["oneOf"]
        return any(_constants(b).get("type") == instance.get("type") for b in nested)
    constants = _constants(branch)
    if constants:
        return all(instance.get(key) == value for key, value in constants.items())
    return bool(set(branch.get("required", [])) & set(instance))


def _constants(branch: dict[str, Any]) -> dict[str, Any]:
    properties = branch.get("properties", {})
    return {key: properties[key]["const"] for key in _DISCRIMINATORS if "const" in properties.get(key, {})}


def _fault(error: ValidationError, file: str) -> Fault:
    path = "/" + "/".join(str(part) for part in error.absolute_path)
    found = json.dumps(error.instance, ensure_ascii=False, default=str)
    found = found if len(found) <= _LONGEST else found[: _LONGEST - 3] + "..."
    if error.validator == "oneOf":
        return _no_branch(error, file, path, found)
    if error.validator == "const" and path.endswith("/format_version"):
        message = "is a version that this reader does not know"
        return Fault(message, "version_unknown", file, path, found=found, allowed=error.validator_value)
    message, allowed = _words(error)
    shown = None if error.validator in ("required", "additionalProperties") else found
    return Fault(message, "schema", file, path, found=shown, allowed=allowed)


def _words(error: ValidationError) -> tuple[str, str | None]:
    """The message and what is allowed, for the keywords that the schemas use."""
    value = error.validator_value
    if error.validator == "required":
        absent = [key for key in value if key not in error.instance]
        return f"lacks {', '.join(absent)}", None
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        extra = sorted(set(error.instance) - set(error.schema.get("properties", {})))
        return f"has unknown {', '.join(extra)}", ", ".join(sorted(error.schema.get("properties", {})))
    if error.validator == "type":
        return "has the wrong type", " or ".join(value) if isinstance(value, list) else value
    if error.validator in ("const", "enum"):
        return "is not allowed", json.dumps(value, ensure_ascii=False)
    return f"does not keep {error.validator}", json.dumps(value, ensure_ascii=False)[:_LONGEST]


def _no_branch(error: ValidationError, file: str, path: str, found: str) -> Fault:
    branches = [b for branch in error.schema["oneOf"] for b in branch.get("oneOf", [branch])]
    for key in _DISCRIMINATORS:
        known = sorted({str(_constants(branch)[key]) for branch in branches if key in _constants(branch)})
        given = error.instance.get(key) if isinstance(error.instance, dict) else None
        if known and given not in known:
            step = key == "type" and path.startswith("/steps/")
            message = (
                f"is a step type that this reader does not know: {given!r}" if step else f"has unknown {key} {given!r}"
            )
            return Fault(message, "step_unknown" if step else "schema", file, path, allowed=", ".join(known))
    return Fault("fits none of the allowed forms", "schema", file, path, found=found)
