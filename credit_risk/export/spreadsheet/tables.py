"""Tables of a workbook that formulas look into: bins, bounds, codes, steps, reasons, constants, nodes of trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from xlsxwriter.utility import xl_col_to_name

from credit_risk.export.spreadsheet.formulas import Key

Value = float | str | None | Key
"""A number, a text, an empty cell, or the key of a calculated cell that stands here."""
BINS, LOOKUPS, STEPS, REASONS, CONSTANTS = "Bins", "Lookups", "Steps", "Reason codes", "Constants"
TREES_A_SHEET = 50


@dataclass(frozen=True, slots=True)
class Block:
    """A table on a sheet: a title (none where empty), a row of headers, rows. `top` is the row of the title, from 1."""

    sheet: str
    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    top: int

    @property
    def first(self) -> int:
        """Row of the first row of values, from 1."""
        return self.top + (2 if self.title else 1)

    def column(self, place: int) -> str:
        """The absolute address of a column of values, with its sheet."""
        letter = xl_col_to_name(place)
        return f"'{self.sheet}'!${letter}${self.first}:${letter}${self.first + len(self.rows) - 1}"

    def cell(self, place: int, row: int) -> str:
        """The absolute address of one value, with its sheet."""
        return f"'{self.sheet}'!${xl_col_to_name(place)}${self.first + row}"


@dataclass(slots=True)
class Tables:
    """All tables of a workbook, each put below the one before on its sheet."""

    blocks: list[Block] = field(default_factory=list)
    _free: dict[str, int] = field(default_factory=dict)
    _numbers: dict[str, str] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _constants: list[tuple[Value, ...]] = field(default_factory=list)

    def add(self, sheet: str, title: str, headers: Sequence[str], rows: Sequence[Sequence[Value]]) -> Block:
        """A table below those of the sheet."""
        top = self._free.get(sheet, 3)
        block = Block(sheet, title, tuple(headers), tuple(map(tuple, rows)), top)
        self._free[sheet] = block.first + len(rows) + 1
        self.blocks.append(block)
        return block

    def number(self, value: float, used: str) -> str:
        """The address of a constant number; the same number has one cell."""
        return self._constant(self._numbers, value.hex(), value, used)

    def text(self, value: str, used: str) -> str:
        """The address of a constant text: texts never stand inside formulas."""
        return self._constant(self._texts, value, value, used)

    def _constant(self, known: dict[str, str], key: str, value: Value, used: str) -> str:
        if key not in known:
            self._constants.append((value, used))
            known[key] = f"'{CONSTANTS}'!$A${len(self._constants) + 3}"
        return known[key]

    def closed(self) -> list[Block]:
        """All tables, with that of the constants."""
        constants = Block(CONSTANTS, "", ("Value", "First used by"), tuple(self._constants), 3)
        return [*self.blocks, *([constants] if self._constants else [])]
