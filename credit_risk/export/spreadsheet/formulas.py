"""Formulas as pieces: text and references to cells that get their places later, so one formula serves many layouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Key = tuple[str, str]
"""What a cell holds (`value`, `failed`, `help`, `node`, `input`) and of which name."""
MOST_CHARACTERS = 6000
MOST_DEPTH = 40
"""Below the limits of Excel (8,192 characters, 64 levels): what stands around a formula needs room too."""
_REFERENCE = 32


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to the cell of `key`."""

    key: Key


@dataclass(frozen=True, slots=True)
class Span:
    """A reference to all cells from that of `first` to that of `last`, which stand side by side."""

    first: Key
    last: Key


Piece = str | Ref | Span


@dataclass(frozen=True, slots=True)
class Formula:
    """Pieces in order, without the `=`; `depth` levels of functions; `size` characters at most."""

    pieces: tuple[Piece, ...]
    depth: int = 0
    size: int = 0

    @property
    def plain(self) -> bool:
        """Whether it is one reference or one constant."""
        return len(self.pieces) == 1 and self.depth == 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A calculated cell: `name` of the program's value, `part` in words (empty for the value itself)."""

    key: Key
    name: str
    formula: Formula
    part: str = ""
    step: str = ""
    note: str = ""


def reference(kind: str, name: str) -> Formula:
    """A formula that is the cell of a key."""
    return Formula((Ref((kind, name)),), 0, _REFERENCE)


def words(text: str) -> Formula:
    """A formula of fixed text: an address of a table, a literal."""
    return Formula((text,), 0, len(text))


def compose(template: str, *parts: Formula) -> Formula:
    """`template` with each `{}` replaced by a part; one level deeper than the deepest part."""
    texts = template.split("{}")
    if len(texts) != len(parts) + 1:
        raise ValueError(f"{template!r} has {len(texts) - 1} places for {len(parts)} parts")
    pieces: list[Piece] = [texts[0]]
    for part, text in zip(parts, texts[1:], strict=True):
        pieces += [*part.pieces, text]
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "":
            merged.append(piece)
    depth = 1 + max((one.depth for one in parts), default=0)
    return Formula(tuple(merged), depth, sum(one.size for one in parts) + sum(map(len, texts)))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell stands: its sheet, the letters of its column, and its row (None: the row of the formula)."""

    sheet: str
    column: str
    row: int | None


ROW = "\0"
"""Stands for the row of the formula until `at_row`."""


def rendered(formula: Formula, places: Mapping[Key, Place], sheet: str) -> str:
    """The formula with its `=`, for a cell on `sheet`; ROW stands for the row where places leave it open."""

    def address(place: Place) -> str:
        return f"${place.column}{ROW if place.row is None else f'${place.row}'}"

    def prefix(place: Place) -> str:
        return "" if place.sheet == sheet else f"'{place.sheet}'!"

    found = ["="]
    for piece in formula.pieces:
        if isinstance(piece, str):
            found.append(piece)
        elif isinstance(piece, Ref):
            place = places[piece.key]
            found.append(prefix(place) + address(place))
        else:
            first, last = places[piece.first], places[piece.last]
            found.append(f"{prefix(first)}{address(first)}:{address(last)}")
    return "".join(found)


def at_row(text: str, row: int) -> str:
    """A rendered formula for one row."""
    return text.replace(ROW, str(row))
