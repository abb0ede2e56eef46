"""Strict JSON (SPECIFICATION section 2): what Python's own reader lets through is refused here.

Refused: NaN and infinities, numbers that overflow a double (integers too), duplicate keys, a byte-order mark, bytes
that are not UTF-8, lone surrogates. Integers and floats stay apart, so that a schema's `integer` refuses `1.0`.
"""

from __future__ import annotations

import json
import math
from typing import Any

from validation.errors import Fault, ValidationInputError

MAXIMUM_BYTES = 512 * 1024 * 1024


def parse(data: bytes, file: str) -> Any:
    """Return the value that `data` holds; `file` names the source in the error.

    Raises ValidationInputError with code `json_invalid`, `json_not_finite` or `json_duplicate_key`.
    """
    if len(data) > MAXIMUM_BYTES:
        raise _refuse(file, "json_invalid", f"longer than {MAXIMUM_BYTES} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refuse(file, "json_invalid", f"not UTF-8 at byte {error.start}") from error
    if text.startswith("\ufeff"):
        raise _refuse(file, "json_invalid", "begins with a byte-order mark")
    decoder = _decoder(file)
    try:
        value = decoder(text)
    except json.JSONDecodeError as error:
        message = f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        raise _refuse(file, "json_invalid", message) from error
    except (RecursionError, ValueError) as error:
        raise _refuse(file, "json_invalid", f"not readable as JSON: {error}") from error
    if "\\u" in text:
        _refuse_surrogates(value, file)
    return value


def write(value: Any) -> bytes:
    """Return the canonical bytes of `value`: sorted keys, two-space indent, shortest doubles, one newline at the end.

    Raises ValueError on NaN or infinity: missing is null.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=2)
    return (text + "\n").encode("utf-8")


def _decoder(file: str) -> Any:
    def constant(token: str) -> None:
        raise _refuse(file, "json_not_finite", f"number {token} is not finite")

    def real(token: str) -> float:
        value = float(token)
        if not math.isfinite(value):
            raise _refuse(file, "json_not_finite", f"number {token[:40]} does not fit a double")
        return value

    def integer(token: str) -> int:
        if not math.isfinite(float(token)):
            raise _refuse(file, "json_not_finite", f"number {token[:40]} does not fit a double")
        return int(token)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in items:
            if key in result:
                raise _refuse(file, "json_duplicate_key", f"key {key!r} stands twice in one object")
            result[key] = value
        return result

    return json.JSONDecoder(
        parse_constant=constant, parse_float=real, parse_int=integer, object_pairs_hook=pairs
    ).decode


def _refuse_surrogates(value: Any, file: str) -> None:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if any("\ud800" <= character <= "\udfff" for character in item):
                raise _refuse(file, "json_invalid", "a string holds a lone surrogate")
        elif isinstance(item, dict):
            stack.extend(item.keys())
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


def _refuse(file: str, code: str, message: str) -> ValidationInputError:
    return ValidationInputError(Fault(code, message, file=file))
