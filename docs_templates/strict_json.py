"""Strict JSON (SPECIFICATION section 2): NaN, infinities, overflow, duplicate keys, byte-order marks are refused."""

from __future__ import annotations

import json
import math
from typing import Any

from docs_templates.errors import DocumentError, Fault


def parse(data: bytes, file: str) -> Any:
    """The value that `data` holds. Raises DocumentError with code `json_invalid`; `file` names the source."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refusal(file, f"not UTF-8 at byte {error.start}") from error
    if text.startswith("\ufeff"):
        raise _refusal(file, "begins with a byte-order mark")
    try:
        return json.loads(
            text,
            parse_float=lambda token: _finite(token, file),
            parse_int=lambda token: _integer(token, file),
            parse_constant=lambda token: _not_finite(token, file),
            object_pairs_hook=lambda pairs: _object(pairs, file),
        )
    except (json.JSONDecodeError, RecursionError, ValueError) as error:
        raise _refusal(file, f"not readable as JSON: {error}") from error


def write(value: Any) -> bytes:
    """Canonical bytes: sorted keys, two-space indent, one newline at the end. Raises ValueError on NaN or infinity."""
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=2) + "\n").encode("utf-8")


def _finite(token: str, file: str) -> float:
    value = float(token)
    if not math.isfinite(value):
        raise _refusal(file, f"number {token} does not fit a double")
    return value


def _integer(token: str, file: str) -> int:
    _finite(token, file)
    return int(token)


def _not_finite(token: str, file: str) -> float:
    raise _refusal(file, f"number {token} is not finite")


def _object(pairs: list[tuple[str, Any]], file: str) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _refusal(file, f"key {key!r} stands twice in one object")
        result[key] = value
    return result


def _refusal(file: str, message: str) -> DocumentError:
    return DocumentError(Fault(message, "json_invalid", file=file))
