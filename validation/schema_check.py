"""JSON Schema checks with one plain fault per breach, in place of "not valid under any of the given schemas"."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from typing import Any

import jsonschema
from jsonschema import Draft202012Validator, validators

from validation import strict_json
from validation.errors import Fault
from validation.schema_fit import fit

_DISCRIMINATORS = ("type", "kind", "method", "form")


@cache
def load(name: str) -> Any:
    """Return one of the files in `validation/schemas`, parsed; raises FileNotFoundError where it is absent."""
    return strict_json.parse(resources.files("validation").joinpath("schemas", name).read_bytes(), name)


def exists(name: str) -> bool:
    """Say whether `validation/schemas` holds the file."""
    return resources.files("validation").joinpath("schemas", name).is_file()


def check(value: Any, schema_name: str, file: str) -> list[Fault]:
    """Return one fault for each place where `value` breaks the schema; an empty list where it keeps it."""
    faults = []
    try:
        if _fits(schema_name)(value):
            return []
        for error in _validator(schema_name).iter_errors(value):
            for leaf in _leaves(error):
                faults.append(_fault(leaf, file))
    except RecursionError:
        faults.append(Fault("schema", "nested too deeply", file=file))
    return _once(faults)


def pointer(parts: Iterable[Any]) -> str:
    """Return the JSON pointer (RFC 6901) of a path of keys and indices."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


@cache
def _validator(schema_name: str) -> Draft202012Validator:
    def integer(_: Any, value: Any) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", integer)
    strict = validators.extend(Draft202012Validator, type_checker=checker)
    return strict(load(schema_name))


@cache
def _fits(schema_name: str) -> Callable[[Any], bool]:
    return fit(_validator(schema_name))


def _leaves(error: jsonschema.ValidationError) -> list[jsonschema.ValidationError]:
    """Follow the branch of a `oneOf` that the value was meant for, judged by its discriminator."""
    if error.validator not in ("oneOf", "anyOf") or not error.context:
        return [error]
    branches: dict[int, list[jsonschema.ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    meant = [inner for inner in branches.values() if not any(_is_discriminator(item) for item in inner)]
    if not meant:
        return [error]
    best = min(meant, key=lambda inner: (len(inner), -max(len(item.path) for item in inner)))
    return [leaf for inner in best for leaf in _leaves(inner)]


def _is_discriminator(error: jsonschema.ValidationError) -> bool:
    if error.validator == "const":
        return len(error.path) == 1 and error.path[-1] in _DISCRIMINATORS
    if error.validator == "oneOf" and error.context:
        return all(
            any(
                _is_discriminator(item) and item.path[-1] == "type"
                for item in error.context
                if item.schema_path[0] == i
            )
            for i in {item.schema_path[0] for item in error.context}
        )
    return False


def _fault(error: jsonschema.ValidationError, file: str) -> Fault:
    path = list(error.absolute_path)
    version = path[-1:] == ["format_version"] and error.validator == "const"
    code = "version_unknown" if version else "schema"
    message = "the version is not known" if version else error.message
    if len(message) > 300:
        message = f"breaks the rule {error.validator!r}"
    return Fault(
        code,
        message,
        file=file,
        path=pointer(path) or "/",
        found=_short(error.instance),
        allowed=_allowed(error),
    )


def _allowed(error: jsonschema.ValidationError) -> str | None:
    if error.validator in (
        "const",
        "enum",
        "type",
        "minimum",
        "maximum",
        "pattern",
        "required",
        "exclusiveMinimum",
    ):
        return _short(error.validator_value)
    return None


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else text[:117] + "..."


def _once(faults: list[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))
