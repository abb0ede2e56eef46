"""Canonical JSON: one value, one byte sequence (SPECIFICATION section 2), and a strict reader.

The writer sorts keys, writes doubles in the shortest form that reads back to the same double and refuses what
JSON cannot hold. The reader refuses NaN, Infinity, numbers (integers too) beyond a double, lone surrogates and
duplicate keys, all of which Python's own reader accepts.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from credit_risk._core.errors import Fault, PackageError

Json = Any
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN = 40


def to_bytes(value: Json) -> bytes:
    """Return the canonical bytes of `value`; raise ValueError on NaN, infinity, or a type that JSON does not have."""
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True, indent=2)
    return (text + "\n").encode("utf-8")


def from_bytes(data: bytes, file: str) -> Json:
    """Read strict JSON. `file` names the source in the error.

    Raises PackageError with codes `json_invalid`, `json_not_finite` or `json_duplicate_key`.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refuse(file, "json_invalid", f"not UTF-8 at byte {error.start}") from error
    if text.startswith("\ufeff"):
        raise _refuse(file, "json_invalid", "begins with a byte-order mark")

    def constant(token: str) -> None:
        raise _refuse(file, "json_not_finite", f"number {token} is not finite")

    def number(token: str) -> float:
        value = float(token)
        if not math.isfinite(value):
            raise _refuse(file, "json_not_finite", f"number {_short(token)} does not fit a double")
        return value

    def integer(token: str) -> int:
        number(token)
        return int(token)

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        result: dict[str, Json] = {}
        for key, value in items:
            if key in result:
                raise _refuse(file, "json_duplicate_key", f"key {key!r} stands twice in one object")
            result[key] = value
        return result

    try:
        value = json.loads(
            text, parse_constant=constant, parse_float=number, parse_int=integer, object_pairs_hook=pairs
        )
    except json.JSONDecodeError as error:
        message = f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        raise _refuse(file, "json_invalid", message) from error
    except (RecursionError, ValueError) as error:
        raise _refuse(file, "json_invalid", f"not readable JSON: {error}") from error
    if "\\u" in text:  # in UTF-8 nothing but an escape can give half of a surrogate pair
        _refuse_surrogates(value, file)
    return value


def _refuse_surrogates(value: Json, file: str) -> None:
    """Raise PackageError where a text or a key holds half of a surrogate pair; without recursion."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, str) and _SURROGATE.search(item):
            raise _refuse(file, "json_invalid", f"text {_short(ascii(item))} holds half of a surrogate pair")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _refuse(file: str, code: str, message: str) -> PackageError:
    return PackageError(Fault(message, code=code, file=file))


def _plain(value: Json) -> Json:
    """Turn numpy scalars and arrays, tuples and mappings into plain JSON values; refuse the rest."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _finite(float(value))
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("JSON object keys are text")
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    raise ValueError(f"JSON has no {type(value).__name__}")


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"JSON has no {value!r}; missing is null")
    return value
