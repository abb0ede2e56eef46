"""Fonts of a PDF as a reader needs them: what a code means, how wide it is, and which glyphs draw it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HEXADECIMAL = re.compile(rb"<([0-9A-Fa-f\s]*)>|(\[)|(\])")
SECTION = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Font:
    """A font of a page. `wide`: codes are of two bytes; `unicode` and `widths` (thousandths of an em) are by code;
    `digest` is of all that decides what is drawn and what it means."""

    name: str
    digest: str
    wide: bool
    unicode: Mapping[int, str]
    widths: Mapping[int, float]
    default: float

    def codes(self, data: bytes) -> Iterator[int]:
        """Character codes of a string of the content."""
        if self.wide:
            return (int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
        return iter(data)

    def text(self, data: bytes) -> str:
        """The string as its meaning; codes without one are written as U+FFFD."""
        return "".join(self.unicode.get(code, "\ufffd") for code in self.codes(data))

    def width(self, data: bytes) -> float:
        """Width in ems."""
        return sum(self.widths.get(code, self.default) for code in self.codes(data)) / 1000


def read_font(font: Any, digest: str) -> Font:
    """A font dictionary of pikepdf as a Font."""
    wide = str(font.get("/Subtype", "")) == "/Type0"
    inner = font.DescendantFonts[0] if wide else font
    meaning = font["/ToUnicode"].read_bytes() if "/ToUnicode" in font else b""
    widths = dict(_wide_widths(inner) if wide else _widths(inner))
    default = float(inner.get("/DW", 1000)) if wide else 0.0
    unicode = _unicode(meaning) if meaning else {} if wide else {code: chr(code) for code in range(32, 256)}
    return Font(str(font.get("/BaseFont", "/?"))[1:], digest, wide, unicode, widths, default)


def _widths(font: Any) -> Iterator[tuple[int, float]]:
    first = int(font.get("/FirstChar", 0))
    for position, width in enumerate(font.get("/Widths", ())):
        yield first + position, float(width)


def _wide_widths(font: Any) -> Iterator[tuple[int, float]]:
    entries = list(font.get("/W", ()))
    position = 0
    while position + 1 < len(entries):
        first = int(entries[position])
        if hasattr(entries[position + 1], "__len__"):
            listed = list(entries[position + 1])
            yield from ((first + i, float(width)) for i, width in enumerate(listed))
            position += 2
        else:
            last, width = int(entries[position + 1]), float(entries[position + 2])
            yield from ((code, width) for code in range(first, min(last, 65535) + 1))
            position += 3


def _unicode(cmap: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for kind, body in SECTION.findall(cmap):
        tokens = [_token(match) for match in HEXADECIMAL.finditer(body)]
        found.update(_characters(tokens) if kind == b"bfchar" else _ranges(tokens))
    return found


def _token(match: re.Match[bytes]) -> bytes | str:
    if match.group(1) is None:
        return "[" if match.group(2) else "]"
    digits = b"".join(match.group(1).split())
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))


def _text(data: bytes | str) -> str:
    return data if isinstance(data, str) else data.decode("utf-16-be", "replace")


def _number(data: bytes | str) -> int:
    return 0 if isinstance(data, str) else int.from_bytes(data, "big")


def _characters(tokens: list[bytes | str]) -> Iterator[tuple[int, str]]:
    for code, meaning in zip(tokens[::2], tokens[1::2], strict=False):
        yield _number(code), _text(meaning)


def _ranges(tokens: list[bytes | str]) -> Iterator[tuple[int, str]]:
    position = 0
    while position + 2 < len(tokens):
        first, last, meaning = tokens[position : position + 3]
        position += 3
        if meaning == "[":
            code = _number(first)
            while position < len(tokens) and tokens[position] != "]":
                yield code, _text(tokens[position])
                code, position = code + 1, position + 1
            position += 1
            continue
        start = _text(meaning)
        for code in range(_number(first), min(_number(last), _number(first) + 65535) + 1):
            yield code, start[:-1] + chr(ord(start[-1]) + code - _number(first)) if start else ""
