"""Lines of COBOL in the fixed format: comments, statements broken before column 73, constants of text, tables."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence

from credit_risk.export.code.imperative import Lines, readable

LAST_COLUMN = 72
AREA_B = 11
"""Columns before a statement."""
DEEPEST = 28
"""Blanks by which a nested statement stands in at most, so that room is left for it."""
PIECE = 36
"""Signs of a constant that stand in one literal."""
_TOKEN = re.compile(r'X?"(?:[^"]|"")*"\)?\.?|\S+')
DOUBLE = "PIC S9(18) COMP-5"
LEAST_BITS = -(2**63)
_NOTE = "\0"
"""Parts a statement from its comment."""


def bits(value: float) -> int:
    """The bits of a double as a signed integer; a zero has no sign."""
    found: int = struct.unpack("<q", struct.pack("<d", value + 0.0))[0]
    return found


def key(value: float) -> int:
    """An integer that is less where the double is less, equal where it is equal."""
    found = bits(value)
    return found if found >= 0 else LEAST_BITS - found


def spelled(value: str) -> list[str]:
    """A text as literals, one after the other: in quotes where it is plain ASCII, else UTF-8 in hexadecimal."""
    if all(32 <= ord(letter) < 127 for letter in value):
        parts = [value[k : k + PIECE] for k in range(0, len(value), PIECE)]
        return ['"' + part.replace('"', '""') + '"' for part in parts]
    data = value.encode("utf-8").hex().upper()
    return [f'X"{data[k : k + PIECE]}"' for k in range(0, len(data), PIECE)]


def size(literal: str) -> int:
    """Bytes of a literal that `spelled` made."""
    return (len(literal) - 3) // 2 if literal.startswith("X") else len(literal[1:-1].replace('""', '"'))


def comment(text: str, indent: int = 0) -> Lines:
    """Plain text as lines of comment, of at most 72 bytes each."""
    room = LAST_COLUMN - 8 - indent
    return [f"      * {' ' * indent}{line}".rstrip() for line in _folded(readable(text), room)]


def _folded(text: str, room: int) -> Lines:
    """Text broken at blanks, or within a word that is longer, into lines of at most `room` bytes."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if _length(joined) <= room:
            line = joined
            continue
        lines += [line] if line else []
        line = ""
        for letter in word:
            if _length(line + letter) > room:
                lines.append(line)
                line = ""
            line += letter
    return [*lines, line]


def _length(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def nested(lines: Iterable[str]) -> Lines:
    """Logical lines moved to the right."""
    return [f"    {line}" for line in lines]


def noted(line: str, text: str) -> str:
    """A logical line with a comment at its end, which `placed` puts where there is room."""
    return f"{line}{_NOTE}{readable(text)}" if text else line


def placed(lines: Iterable[str]) -> Lines:
    """Logical lines (statements and `*` comments, moved in by blanks) as lines of the source."""
    found: Lines = []
    for line in lines:
        plain = line.lstrip(" ")
        indent = min(len(line) - len(plain), DEEPEST)
        if plain.startswith("*"):
            found += comment(plain[1:].strip(), AREA_B - 7 + indent)
            continue
        statement, _, told = plain.partition(_NOTE)
        rows = _broken(statement, AREA_B + indent)
        if told and _length(rows[-1]) + _length(told) + 5 <= LAST_COLUMN:
            rows[-1] += f"  *> {told}"
        elif told:
            found += comment(told, AREA_B - 7 + indent)
        found += rows
    return found


def paragraph(lines: Sequence[str]) -> Lines:
    """Logical lines as the lines of a paragraph: a period after the last statement."""
    last = max((k for k, line in enumerate(lines) if not line.lstrip().startswith("*")), default=-1)
    if last < 0:
        return [*placed(lines), *placed(["CONTINUE."])]
    statement, mark, told = lines[last].partition(_NOTE)
    return placed([*lines[:last], f"{statement}.{mark}{told}", *lines[last + 1 :]])


def _broken(statement: str, indent: int) -> Lines:
    """A statement in lines that end before column 73; those that go on stand in further."""
    rows: Lines = []
    row = ""
    for token in _TOKEN.findall(statement):
        margin = indent if not rows else min(indent + 4, AREA_B + DEEPEST + 4)
        joined = f"{row} {token}" if row else " " * margin + token
        if len(joined) > LAST_COLUMN and row:
            rows.append(row)
            joined = " " * min(indent + 4, AREA_B + DEEPEST + 4) + token
        row = joined
    return [*rows, row]


def table(name: str, item: str, values: Sequence[str], notes: Sequence[str] = (), picture: str = DOUBLE) -> Lines:
    """Lines of working storage: constants one after the other, and `item` that tells them apart."""
    lines = [f"       01  {name}."]
    for place, value in enumerate(values):
        lines += comment(notes[place], 4) if notes else []
        lines.append(f"           05  {picture} VALUE {value}.")
    return [
        *lines,
        f"       01  FILLER REDEFINES {name}.",
        f"           05  {item} {picture} OCCURS {len(values)}.",
    ]


def filled(literals: Sequence[str], width: int) -> Lines:
    """Unnamed items of working storage that hold a text with blanks behind it, `width` bytes together."""
    lines = [f"           05  PIC X({size(one)}) VALUE {one}." for one in literals[:-1]]
    left = width - sum(map(size, literals[:-1]))
    if literals:
        lines.append(f"           05  PIC X({left}) VALUE {literals[-1]}.")
    else:
        lines.append(f"           05  PIC X({left}) VALUE SPACES.")
    return lines
