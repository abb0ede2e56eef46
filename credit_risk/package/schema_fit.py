"""Whether a JSON value keeps a schema, by functions that are made of the schema once.

jsonschema makes a validator for every value that it comes to, which is most of the time of reading a package. Nearly
every value keeps its schema; so that is asked first, here, and jsonschema only says what is wrong. The words are those
of JSON Schema 2020-12 that the schemas of the format use. A schema with another word, and a value nested more deeply
than `DEEPEST` references, are left to jsonschema.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jsonschema import Draft202012Validator

DEEPEST = 20
"""References within references that are followed."""

_Check = Callable[[Any, int], bool]
_SILENT = {"$schema", "$defs", "$comment", "title", "description", "default", "examples", "discriminator"}
_SAMPLES: tuple[tuple[Any, ...], ...] = (("",), (0, 1), (0.5, 1.0), (True, False), (None,), ({},), ([],))
_TWINS = {"then", "else", "prefixItems"}  # read by `if` and by `items`


class _NotCoveredError(Exception):
    """The schema has a word that is not among those here, or the value is nested too deeply."""


def fit(validator: Draft202012Validator) -> Callable[[Any], bool]:
    """A function that says True only where `validator.is_valid` does; False may mean that it cannot tell."""
    try:
        check = _Schema(validator).check(validator.schema, root=True)
    except _NotCoveredError:
        return lambda _: False

    def fits(value: Any) -> bool:
        try:
            return check(value, 0)
        except _NotCoveredError:
            return False

    return fits


class _Schema:
    """Makes one function of each part of a schema."""

    def __init__(self, validator: Draft202012Validator):
        self.root = validator.schema
        self.is_type = validator.is_type
        self.references: dict[str, _Check] = {}

    def check(self, schema: Any, root: bool = False) -> _Check:
        if isinstance(schema, bool):
            return lambda value, depth: schema
        if not isinstance(schema, dict):
            raise _NotCoveredError
        words = [word for word in schema if word not in _SILENT and not (root and word == "$id")]
        checks = [self._word(word, schema) for word in words if word not in _TWINS]
        if "prefixItems" in schema:
            checks.append(self._prefix(schema["prefixItems"]))
        return checks[0] if len(checks) == 1 else _all(checks)

    def _word(self, word: str, schema: dict[str, Any]) -> _Check:
        wanted = schema[word]
        if word in _SIZES:
            return _size(word, wanted)
        if word in _BOUNDS:
            return self._bound(word, wanted)
        makers: dict[str, Callable[[Any, dict[str, Any]], _Check]] = {
            "$ref": lambda to, _: self._reference(to),
            "type": lambda types, _: self._type(types),
            "const": lambda value, _: _one_of([value]),
            "enum": lambda values, _: _one_of(values),
            "pattern": lambda pattern, _: _pattern(pattern),
            "required": lambda names, _: _required(names),
            "properties": lambda parts, _: self._properties(parts),
            "additionalProperties": self._others,
            "propertyNames": lambda part, _: self._names(part),
            "items": self._items,
            "anyOf": lambda parts, _: self._any(parts),
            "oneOf": lambda parts, _: self._exactly_one(parts),
            "if": self._if,
        }
        if word not in makers:
            raise _NotCoveredError
        return makers[word](wanted, schema)

    def _reference(self, to: str) -> _Check:
        if not re.fullmatch(r"#(/[A-Za-z0-9_$.-]+)*", to):
            raise _NotCoveredError
        if to not in self.references:
            part: Any = self.root
            for key in to.split("/")[1:]:
                if not isinstance(part, dict) or key not in part:
                    raise _NotCoveredError
                part = part[key]
            self.references[to] = _never  # stands while the part, which may refer to itself, is made
            self.references[to] = self.check(part, root=part is self.root)
        references = self.references

        def check(value: Any, depth: int) -> bool:
            if depth == DEEPEST:
                raise _NotCoveredError
            return references[to](value, depth + 1)

        return check

    def _type(self, wanted: str | list[str]) -> _Check:
        types = [wanted] if isinstance(wanted, str) else wanted
        is_type = self.is_type
        surely = {type(v[0]) for v in _SAMPLES if all(any(is_type(one, t) for t in types) for one in v)}

        def check(value: Any, depth: int) -> bool:
            return type(value) in surely or any(is_type(value, one) for one in types)

        return check

    def _bound(self, word: str, bound: Any) -> _Check:
        outside, is_type = _BOUNDS[word], self.is_type
        return lambda value, depth: not (is_type(value, "number") and outside(value, bound))

    def _properties(self, parts: dict[str, Any]) -> _Check:
        checks = [(name, self.check(part)) for name, part in parts.items()]

        def check(value: Any, depth: int) -> bool:
            if isinstance(value, dict):
                for name, part in checks:
                    if name in value and not part(value[name], depth):
                        return False
            return True

        return check

    def _others(self, wanted: Any, schema: dict[str, Any]) -> _Check:
        part, known = self.check(wanted), frozenset(schema.get("properties", {}))
        if wanted is False:
            return lambda value, depth: not isinstance(value, dict) or value.keys() <= known

        def check(value: Any, depth: int) -> bool:
            if not isinstance(value, dict):
                return True
            return all(part(one, depth) for name, one in value.items() if name not in known)

        return check

    def _names(self, wanted: Any) -> _Check:
        part = self.check(wanted)
        return lambda value, depth: not isinstance(value, dict) or all(part(name, depth) for name in value)

    def _items(self, wanted: Any, schema: dict[str, Any]) -> _Check:
        part, first = self.check(wanted), len(schema.get("prefixItems", []))

        def check(value: Any, depth: int) -> bool:
            if isinstance(value, list):
                for one in value[first:] if first else value:
                    if not part(one, depth):
                        return False
            return True

        return check

    def _prefix(self, wanted: list[Any]) -> _Check:
        parts = [self.check(part) for part in wanted]

        def check(value: Any, depth: int) -> bool:
            return not isinstance(value, list) or all(part(one, depth) for part, one in zip(parts, value))

        return check

    def _any(self, wanted: list[Any]) -> _Check:
        parts = [self.check(part) for part in wanted]
        return lambda value, depth: any(part(value, depth) for part in parts)

    def _exactly_one(self, wanted: list[Any]) -> _Check:
        parts = [self.check(part) for part in wanted]
        return lambda value, depth: sum(part(value, depth) for part in parts) == 1

    def _if(self, wanted: Any, schema: dict[str, Any]) -> _Check:
        asked, yes, no = (self.check(part) for part in (wanted, schema.get("then", True), schema.get("else", True)))
        return lambda value, depth: (yes if asked(value, depth) else no)(value, depth)


def _never(value: Any, depth: int) -> bool:
    raise _NotCoveredError


def _all(checks: list[_Check]) -> _Check:
    def check(value: Any, depth: int) -> bool:
        for part in checks:  # noqa: SIM110 - a generator takes twice the time
            if not part(value, depth):
                return False
        return True

    return check


def _one_of(allowed: list[Any]) -> _Check:
    """JSON's equality: True is not 1, and 1.0 is 1."""
    if any(isinstance(one, (dict, list)) for one in allowed):
        raise _NotCoveredError
    texts = frozenset(one for one in allowed if isinstance(one, str))
    exact = [one for one in allowed if one is None or isinstance(one, bool)]
    numbers = [one for one in allowed if isinstance(one, (int, float)) and not isinstance(one, bool)]

    def check(value: Any, depth: int) -> bool:
        if isinstance(value, str):
            return value in texts
        if value is None or isinstance(value, bool):
            return any(value is one for one in exact)
        return value in numbers

    return check


def _pattern(pattern: str) -> _Check:
    search = re.compile(pattern).search
    return lambda value, depth: not isinstance(value, str) or search(value) is not None


def _required(names: list[str]) -> _Check:
    wanted = frozenset(names)
    return lambda value, depth: not isinstance(value, dict) or wanted <= value.keys()


_SIZES: dict[str, tuple[type[str] | type[list[Any]] | type[dict[str, Any]], bool]] = {
    "minLength": (str, True),
    "maxLength": (str, False),
    "minItems": (list, True),
    "maxItems": (list, False),
    "minProperties": (dict, True),
    "maxProperties": (dict, False),
}


def _size(word: str, size: int) -> _Check:
    kind, least = _SIZES[word]
    if least:
        return lambda value, depth: not isinstance(value, kind) or len(value) >= size
    return lambda value, depth: not isinstance(value, kind) or len(value) <= size


_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value < bound,
    "maximum": lambda value, bound: value > bound,
    "exclusiveMinimum": lambda value, bound: value <= bound,
    "exclusiveMaximum": lambda value, bound: value >= bound,
}
