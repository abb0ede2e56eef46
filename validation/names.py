"""Names and texts that others wrote: which file names are safe, and how a text is shown on a terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST_SEGMENT, LONGEST_NAME = 255, 1024
_DRIVE = re.compile(r"[A-Za-z]:")
_RESERVED = frozenset(["con", "prn", "aux", "nul", *(f"{word}{n}" for word in ("com", "lpt") for n in range(1, 10))])
_UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")


def hostile(name: str) -> str | None:
    """Say why `name` is not a safe relative file name, or return None where it is one (SPECIFICATION section 1)."""
    if not name or name.startswith("/"):
        return "is empty or absolute"
    if "\\" in name:
        return "holds a backslash"
    if _DRIVE.match(name):
        return "begins with a drive letter"
    if any(unicodedata.category(character) in _UNSEEN for character in name):
        return "holds a control character"
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "has an empty, '.' or '..' segment"
    if len(name.encode("utf-8")) > LONGEST_NAME or any(len(part.encode("utf-8")) > LONGEST_SEGMENT for part in parts):
        return f"is longer than {LONGEST_NAME} bytes, or {LONGEST_SEGMENT} in a segment"
    if any(part.split(".", 1)[0].rstrip(" ").casefold() in _RESERVED for part in parts):
        return "has a segment that names a device of Windows"
    if any(part.endswith((".", " ")) or ":" in part for part in parts):
        return "has a segment that ends with a dot or blank, or holds a colon"
    return None


def colliding(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of names that are one file where case or the form of accents does not count."""
    first: dict[str, str] = {}
    pairs = []
    for name in sorted(names):
        key = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
        if first.setdefault(key, name) != name:
            pairs.append((first[key], name))
    return pairs


def printable(text: str) -> str:
    """Return a text for one line of a terminal: control, direction and lone surrogate characters as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _UNSEEN else c for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
