"""Pydantic's errors in the words of a plan or a policy: key path, line, what was found, what is allowed, what to do."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError

from credit_risk._core.errors import Fault
from credit_risk._core.spec import Spec
from credit_risk._core.yaml_document import Document, Path, path_text

ALLOWED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "finite_number": "a finite number",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "tuple_type": "a list, as [a, b]",
    "list_type": "a list, as [a, b]",
    "none_required": "nothing (null)",
}
BOUNDS = {
    "greater_than": "> {gt}",
    "greater_than_equal": ">= {ge}",
    "less_than": "< {lt}",
    "less_than_equal": "<= {le}",
}
PATTERNS = {
    "id": "a lower-case letter or digit, then at most 99 of a-z 0-9 _ . -",
    "date": "a date as 2026-11-20",
}


def faults_of(error: ValidationError, document: Document, root: type[Spec], skip: str) -> list[Fault]:
    """One fault for each place in the plan that pydantic refused; `skip` is an error type told elsewhere."""
    places: dict[Path, list[Any]] = {}
    for item in error.errors(include_url=False):
        if item["type"] == skip:
            continue
        path = resolve(item["loc"], document.value, item["type"])
        places.setdefault(path, []).append(item)
    deepest = [path for path in places if not any(path == other[: len(path)] for other in places if other != path)]
    return [fault_at(path, places[path], document, root) for path in deepest]


def key_paths(error: ValidationError, value: dict[str, Any], skip: str) -> list[Path]:
    """Key paths of the errors; of a missing key, the path of the mapping that lacks it."""
    items = [item for item in error.errors(include_url=False) if item["type"] != skip]
    paths = [(resolve(item["loc"], value, item["type"]), item["type"]) for item in items]
    return [path[:-1] if kind == "missing" else path for path, kind in paths]


def resolve(location: tuple[Any, ...], value: Any, kind: str) -> Path:
    """The key path of an error: pydantic's location without the names of union branches."""
    path: list[str | int] = []
    for index, part in enumerate(location):
        last = index == len(location) - 1
        if (isinstance(value, dict) and part in value) or (
            isinstance(value, list) and isinstance(part, int) and part < len(value)
        ):
            value = value[part]
        elif not (last and kind == "missing"):
            continue
        path.append(part)
    return tuple(path)


def _holds(value: Any, part: Any) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def fault_at(path: Path, items: list[Any], document: Document, root: type[Spec]) -> Fault:
    """One fault of what pydantic refused at a key path."""
    kind, context, value = items[0]["type"], items[0].get("ctx", {}), _value(document.value, path)
    place: dict[str, Any] = {"file": None, "path": path_text(path), "row": document.line(path)}
    if kind == "missing" and isinstance(path[-1], int):
        place["path"] = path_text(path[:-1])
        found = _words(_value(document.value, path[:-1]))
        return Fault("a value is missing", code="value", found=found, allowed="two values", **place)
    if kind == "missing":
        message = f"{path[-1]} is missing"
        return Fault(message, code="missing_key", allowed=_description(root, path, document), **place)
    if kind == "extra_forbidden":
        return _unknown_key(path, root, document, place)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        where = (*path, "type")
        has_type = isinstance(value, dict) and "type" in value
        message = "no such type of model" if has_type else "type is missing"
        place = {"file": None, "path": path_text(where), "row": document.line(where)}
        allowed = context.get("expected_tags", "scorecard, monotone_boosting, expert").replace("'", "")
        told: dict[str, Any] = (
            {"code": "value", "found": _words(value["type"])} if has_type else {"code": "missing_key"}
        )
        return Fault(message, allowed=allowed, **told, **place)
    allowed = " or ".join(dict.fromkeys(_allowed(item, path) for item in items))
    remedy = _remedy(items, value)
    return Fault("not allowed here", code="value", found=_words(value), allowed=allowed, remedy=remedy, **place)


def _allowed(item: Any, path: Path) -> str:
    kind, context = item["type"], item.get("ctx", {})
    if kind in BOUNDS:
        return BOUNDS[kind].format(**context)
    if kind == "literal_error":
        return str(context["expected"]).replace("'", "")
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(str(path[-1]), f"text of the form {context['pattern']}")
    if kind in ("string_too_short", "too_short"):
        return "at least one character" if kind == "string_too_short" else f"at least {context['min_length']} items"
    if kind == "too_long":
        return f"at most {context['max_length']} items"
    return ALLOWED.get(kind, str(item["msg"]))


def _remedy(items: list[Any], value: Any) -> str | None:
    kinds = {item["type"] for item in items}
    scalar = isinstance(value, str | int | float) and not isinstance(value, bool)
    if "string_type" in kinds and kinds <= {"string_type", "none_required", "model_type"} and scalar:
        return f'put it in quotes: "{value}"'
    if kinds & {"int_type", "float_type"} and isinstance(value, str) and _looks_numeric(value):
        return "write it without quotes and without a leading zero"
    if kinds & {"bool_type"} and isinstance(value, str) and value.lower() in ("yes", "no", "on", "off"):
        return f"write {'true' if value.lower() in ('yes', 'on') else 'false'}"
    if kinds & {"tuple_type", "list_type"} and scalar:
        return f"write [{value}]"
    return None


def _looks_numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _unknown_key(path: Path, root: type[Spec], document: Document, place: dict[str, Any]) -> Fault:
    key, parent = str(path[-1]), path[:-1]
    spec = spec_at(root, parent, document.value)
    names = list(spec.model_fields) if spec is not None else []
    near = difflib.get_close_matches(key, names, 1, 0.6) or [name for name in names if name.lower() == key.lower()]
    elsewhere = [path_text(other) for other in _keys_of(root) if other[-1] == key and other[0] not in path[:1]]
    remedy = f"did you mean {near[0]}?" if near else None
    if not near and elsewhere:
        remedy = f"it belongs at {elsewhere[0]}"
    elif not near and _value(document.value, path) is None:
        remedy = "if this is part of a text or an expression with commas, put the whole text in quotes"
    message = f"unknown key {key!r}" + (f" in {path_text(parent)}" if parent else "")
    return Fault(message, code="unknown_key", found=key, allowed=", ".join(names) or None, remedy=remedy, **place)


def _keys_of(root: type[Spec]) -> Iterator[Path]:
    for section, info in root.model_fields.items():
        yield (section,)
        for spec in _specs_in(info.annotation):
            yield from ((section, name) for name in spec.model_fields)


def _description(root: type[Spec], path: Path, document: Document) -> str | None:
    spec = spec_at(root, path[:-1], document.value)
    info = spec.model_fields.get(str(path[-1])) if spec is not None else None
    return info.description if info is not None else None


def spec_at(root: type[Spec], path: Path, value: Any) -> type[Spec] | None:
    """The Spec that describes the mapping at `path`, or None where keys are free (a mapping of names)."""
    annotation: Any = root
    for part in path:
        value = _value(value, (part,))
        annotation = _inside(annotation, part, value)
    specs = [annotation] if isinstance(annotation, type) else []
    return specs[0] if specs and issubclass(specs[0], Spec) else None


def _inside(annotation: Any, part: str | int, value: Any) -> Any:
    """The annotation of what stands at `part` inside something annotated so; `value` settles a union by its `type`."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        info = annotation.model_fields.get(str(part))
        inner = info.annotation if info is not None else None
    else:
        options = [o for o in _options(annotation) if get_origin(o) is (dict if isinstance(part, str) else tuple)]
        arguments = [a for a in get_args(options[0]) if a is not Ellipsis] if options else [None]
        inner = arguments[-1]
    specs = [o for o in _options(inner) if isinstance(o, type) and issubclass(o, Spec)]
    tagged = [s for s in specs if isinstance(value, dict) and _tag(s) == value.get("type")]
    chosen = tagged or specs
    return chosen[0] if chosen else inner


def _options(annotation: Any) -> list[Any]:
    """The branches of a union, `Annotated` taken off."""
    if get_origin(annotation) is Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [option for argument in get_args(annotation) for option in _options(argument)]
    return [annotation]


def _tag(spec: type[Spec]) -> str | None:
    info = spec.model_fields.get("type")
    if info is None or get_origin(info.annotation) is not Literal or len(get_args(info.annotation)) != 1:
        return None
    return get_args(info.annotation)[0] if info.is_required() else None


def _specs_in(annotation: Any) -> Iterator[type[Spec]]:
    """Spec classes anywhere inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, Spec):
        yield annotation
    elif get_origin(annotation) in (Annotated, Union, types.UnionType, tuple, list, dict, Mapping):
        for argument in get_args(annotation):
            yield from _specs_in(argument)


def _value(value: Any, path: Path) -> Any:
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return None
    return value


def _words(value: Any) -> str:
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return f"{str(value).lower()} (true/false)"
    if isinstance(value, dict | list):
        return f"a {'mapping' if isinstance(value, dict) else 'list'} of {len(value)}"
    kind = "text" if isinstance(value, str) else "number"
    shown = str(value) if len(str(value)) <= 80 else str(value)[:77] + "..."
    return f"{shown} ({kind})"
