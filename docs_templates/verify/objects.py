"""Objects of a PDF without their bytes: a digest that survives renumbering, compression and linearisation."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pikepdf

STORAGE = frozenset({"/Length", "/Filter", "/DecodeParms", "/DL"})
UPWARD = frozenset({"/Parent", "/P", "/Prev", "/Next"})
DEEPEST = 200


def stream_data(stream: Any) -> bytes:
    """Decoded bytes of a stream, or its stored ones where no decoder is at hand (images)."""
    try:
        return bytes(stream.read_bytes())
    except pikepdf.PdfError:
        return bytes(stream.read_raw_bytes())


class Digests:
    """Digests of the objects of one open file. Pages stand for their position, so that links can be compared."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pages = {page.obj.objgen: position for position, page in enumerate(pdf.pages, start=1)}
        self._known: dict[tuple[int, int], str] = {}
        self._open: set[tuple[int, int]] = set()

    def of(self, value: Any, depth: int = 0) -> str:
        """Digest of an object and all that it holds, 24 hexadecimal digits; references upward are left out."""
        if depth > DEEPEST:
            return "too deep"
        if not isinstance(value, pikepdf.Object):
            return _short(_scalar(value))
        key = value.objgen if value.is_indirect else None
        if key is None:
            return self._made(value, depth)
        if key in self._pages:
            return f"page {self._pages[key]}"
        if key in self._open:
            return "cycle"
        if key not in self._known:
            self._open.add(key)
            self._known[key] = self._made(value, depth)
            self._open.discard(key)
        return self._known[key]

    def _made(self, value: Any, depth: int) -> str:
        return _short("".join(self._parts(value, depth)))

    def _parts(self, value: Any, depth: int) -> Iterator[str]:
        if isinstance(value, pikepdf.Array):
            yield "["
            for item in list(value):  # type: ignore[call-overload]
                yield self.of(item, depth + 1) + ","
        elif isinstance(value, (pikepdf.Dictionary, pikepdf.Stream)):
            left_out = UPWARD | (STORAGE if isinstance(value, pikepdf.Stream) else frozenset())
            yield "<"
            for name in sorted(set(value.keys()) - left_out):
                yield f"{name}:{self.of(value[name], depth + 1)},"
            if isinstance(value, pikepdf.Stream):
                yield hashlib.sha256(stream_data(value)).hexdigest()
        else:
            yield _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, (bool, type(None))):
        return repr(value)
    if isinstance(value, (int, float, Decimal)):
        return f"{float(value):.6g}"
    if isinstance(value, pikepdf.String):
        return "(" + bytes(value).hex()
    return str(value)


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:24]
